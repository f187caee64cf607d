//! The hidden states of the most recently answered sequences, so that an answer only processes the events since then.
//!
//! A hidden state is a function of the events, their scaling and the GRU cells, and the cache looks it up by these: by
//! the bytes of all stored events. Nothing has to be invalidated when a sequence grows, drops its first events, is
//! removed or starts again, and an answer is the same with and without the cache. The cache is neither saved nor
//! compared, and that of a copied network is empty. A snapshot shares it: words keep their numbers, so the events of a
//! snapshot mean the same in the network.

use std::sync::{Arc, Mutex, Weak};

use super::gru::Gru;
use super::hidden_state::{CellParameters, HiddenState};
use crate::memory::{self, Taken};
use crate::normalization::Scaling;

/// Largest number of hidden states.
const MOST: usize = 32;
/// Largest size of the events of a hidden state, in bytes. Longer sequences are not cached.
const MOST_BYTES: usize = 32 << 10;

/// The most recently used hidden states.
#[derive(Debug, Default)]
pub(crate) struct Cache(Arc<Mutex<States>>);

#[derive(Debug, Default)]
struct States {
    computed_with: ComputedWith,
    /// In order of use, the most recent last.
    states: Vec<CachedState>,
}

/// The parameters that all states of the cache were computed with.
#[derive(Debug, Default)]
struct ComputedWith {
    scaling: Option<Scaling>,
    /// Weak, so that the cache does not keep the cells alive after a training. Their address is not reused while the
    /// weak reference exists, so comparing addresses is enough.
    gru: Option<Weak<Gru>>,
}

impl ComputedWith {
    fn of(parameters: CellParameters<'_>) -> Self {
        Self { scaling: parameters.scaling.cloned(), gru: parameters.gru.map(Arc::downgrade) }
    }

    fn is_of(&self, parameters: CellParameters<'_>) -> bool {
        let gru = self.gru.as_ref().map(Weak::as_ptr);
        gru == parameters.gru.map(Arc::as_ptr) && self.scaling.as_ref() == parameters.scaling
    }
}

/// A hidden state, and the serialized events that it was computed from.
#[derive(Debug)]
pub(super) struct CachedState {
    pub(super) events: Vec<u8>,
    pub(super) state: HiddenState,
}

impl Cache {
    /// Removes and returns the state whose events are the longest prefix of `events`.
    pub(super) fn take(&self, parameters: CellParameters<'_>, events: &[u8]) -> Option<CachedState> {
        // While another thread has the lock, the cache counts as empty.
        let mut cache = self.0.try_lock().ok()?;
        if !cache.computed_with.is_of(parameters) {
            cache.states.clear();
            return None;
        }
        let longest = cache.longest(events)?;
        Some(cache.states.remove(longest))
    }

    /// Returns the length in bytes of the longest prefix of `events` whose state is cached.
    pub(super) fn cached_bytes(&self, parameters: CellParameters<'_>, events: &[u8]) -> usize {
        let Ok(cache) = self.0.try_lock() else { return 0 };
        let longest = cache.longest(events).filter(|_| cache.computed_with.is_of(parameters));
        longest.map_or(0, |at| cache.states[at].events.len())
    }

    /// Adds a state, and evicts the least recently used one if the cache is full.
    pub(super) fn put(&self, parameters: CellParameters<'_>, known: CachedState) {
        if known.events.len() > MOST_BYTES {
            return;
        }
        let Ok(mut cache) = self.0.try_lock() else { return };
        if !cache.computed_with.is_of(parameters) {
            cache.states.clear();
            cache.computed_with = ComputedWith::of(parameters);
        }
        if cache.states.len() == MOST {
            cache.states.remove(0);
        }
        cache.states.push(known);
    }

    /// Returns the same cache, for a snapshot.
    pub(super) fn shared(&self) -> Self {
        Self(Arc::clone(&self.0))
    }

    /// Forgets all states, unless another thread is using them.
    pub(crate) fn clear(&self) {
        if let Ok(mut states) = self.0.try_lock() {
            *states = States::default();
        }
    }

    /// Returns the bytes on the heap; 0 while another thread has the lock.
    pub(super) fn bytes_by(&self, taken: Taken<'_>) -> usize {
        let Ok(cache) = self.0.try_lock() else { return 0 };
        let of_states =
            cache.states.iter().map(|known| memory::of_vec(&known.events, taken) + known.state.bytes_by(taken));
        memory::of_shared::<Mutex<States>>(taken) + memory::of_vec(&cache.states, taken) + of_states.sum::<usize>()
    }
}

impl States {
    /// Returns the index of the state whose events are the longest prefix of `events`.
    fn longest(&self, events: &[u8]) -> Option<usize> {
        let prefixes = self.states.iter().enumerate().filter(|(_, known)| events.starts_with(&known.events));
        prefixes.max_by_key(|(_, known)| known.events.len()).map(|(at, _)| at)
    }
}

impl Clone for Cache {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl PartialEq for Cache {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}
