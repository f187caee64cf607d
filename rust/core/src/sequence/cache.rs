//! The hidden states of the sequences that were asked about last, so that an answer processes only the events since then.
//!
//! A hidden state is a function of the events, their scaling and the GRU cells, and the cache looks it up by these: by the bytes of
//! all stored events. So there is nothing to invalidate when a sequence goes on, loses its first events, is forgotten or begins
//! again, and an answer is the same with and without the cache. The cache is not saved and not compared, and a copy of a network
//! begins with an empty one.

use std::sync::{Arc, Mutex, Weak};

use super::gru::Gru;
use super::held::{Heard, Held};
use crate::memory::{self, Taken};
use crate::normalization::Scaling;

/// Sequences at most.
const MOST: usize = 32;
/// Bytes of the events of one at most.
const MOST_BYTES: usize = 32 << 10;

/// The states of the sequences that were asked about last.
#[derive(Debug, Default)]
pub(crate) struct Cache(Mutex<States>);

#[derive(Debug, Default)]
struct States {
    learned: Learned,
    /// In the order of the questions, the latest at the end.
    states: Vec<Known>,
}

/// What all states of the cache were computed with.
#[derive(Debug, Default)]
struct Learned {
    scaling: Option<Scaling>,
    /// Weak: after a training, the cache does not keep the cells before it. Their address is not used again as long as this is here.
    gru: Option<Weak<Gru>>,
}

impl Learned {
    fn of(heard: Heard<'_>) -> Self {
        Self { scaling: heard.scaling.cloned(), gru: heard.gru.map(Arc::downgrade) }
    }

    fn is_of(&self, heard: Heard<'_>) -> bool {
        let gru = self.gru.as_ref().map(Weak::as_ptr);
        gru == heard.gru.map(Arc::as_ptr) && self.scaling.as_ref() == heard.scaling
    }
}

/// The state after some events.
#[derive(Debug)]
pub(super) struct Known {
    pub(super) events: Vec<u8>,
    pub(super) state: Held,
}

impl Cache {
    /// Takes the state after the longest known beginning of these events out of the cache.
    pub(super) fn take(&self, heard: Heard<'_>, events: &[u8]) -> Option<Known> {
        // While another thread has the lock, the cache counts as empty.
        let mut held = self.0.try_lock().ok()?;
        if !held.learned.is_of(heard) {
            held.states.clear();
            return None;
        }
        let longest = held.longest(events)?;
        Some(held.states.remove(longest))
    }

    /// Bytes of the longest beginning of these events whose state is known.
    pub(super) fn known(&self, heard: Heard<'_>, events: &[u8]) -> usize {
        let Ok(held) = self.0.try_lock() else { return 0 };
        let longest = held.longest(events).filter(|_| held.learned.is_of(heard));
        longest.map_or(0, |at| held.states[at].events.len())
    }

    pub(super) fn put(&self, heard: Heard<'_>, known: Known) {
        if known.events.len() > MOST_BYTES {
            return;
        }
        let Ok(mut held) = self.0.try_lock() else { return };
        if !held.learned.is_of(heard) {
            held.states.clear();
            held.learned = Learned::of(heard);
        }
        if held.states.len() == MOST {
            held.states.remove(0);
        }
        held.states.push(known);
    }

    /// Bytes beyond the cache itself.
    pub(super) fn bytes_by(&self, taken: Taken<'_>) -> usize {
        let Ok(held) = self.0.try_lock() else { return 0 };
        let of_states =
            held.states.iter().map(|known| memory::of_vec(&known.events, taken) + known.state.bytes_by(taken));
        memory::of_vec(&held.states, taken) + of_states.sum::<usize>()
    }
}

impl States {
    /// The place of the state after the longest known beginning of these events.
    fn longest(&self, events: &[u8]) -> Option<usize> {
        let begin_so = self.states.iter().enumerate().filter(|(_, known)| events.starts_with(&known.events));
        begin_so.max_by_key(|(_, known)| known.events.len()).map(|(at, _)| at)
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
