//! What a reservoir holds of the sequences that were asked last, so that an answer goes through the events since then alone.
//!
//! A state follows from events and their scaling, and is found by just these: by the bytes of the events, from the first that is kept
//! on. So nothing has to be told when a sequence goes on, loses events, is forgotten or begun again, and no answer is ever another one
//! than without it. It is no part of what a network is: it is neither saved nor compared, and a copy begins with none.

use std::sync::Mutex;

use super::held::Held;
use crate::memory::{self, Taken};
use crate::normalization::Scaling;

/// Sequences at most.
const MOST: usize = 32;
/// Bytes of the events of one at most.
const MOST_BYTES: usize = 32 << 10;

/// States of sequences, those that were asked last.
#[derive(Debug, Default)]
pub(crate) struct Cache(Mutex<States>);

#[derive(Debug, Default)]
struct States {
    /// The scaling that all of them are of.
    scaling: Option<Scaling>,
    /// The one that was asked last comes last.
    states: Vec<Known>,
}

/// The state after some events.
#[derive(Debug)]
pub(super) struct Known {
    pub(super) events: Vec<u8>,
    pub(super) state: Held,
}

impl Cache {
    /// The state after as many of the first of these events as there is one of. It is in the cache no more.
    pub(super) fn take(&self, scaling: Option<&Scaling>, events: &[u8]) -> Option<Known> {
        // Another thread has it for a moment: then it is as if nothing was known.
        let mut held = self.0.try_lock().ok()?;
        if held.scaling.as_ref() != scaling {
            held.states.clear();
            return None;
        }
        let longest = held.longest(events)?;
        Some(held.states.remove(longest))
    }

    /// Of how many bytes of these events a state is known.
    pub(super) fn known(&self, scaling: Option<&Scaling>, events: &[u8]) -> usize {
        let Ok(held) = self.0.try_lock() else { return 0 };
        let longest = held.longest(events).filter(|_| held.scaling.as_ref() == scaling);
        longest.map_or(0, |at| held.states[at].events.len())
    }

    pub(super) fn put(&self, scaling: Option<&Scaling>, known: Known) {
        if known.events.len() > MOST_BYTES {
            return;
        }
        let Ok(mut held) = self.0.try_lock() else { return };
        if held.scaling.as_ref() != scaling {
            held.states.clear();
            held.scaling = scaling.cloned();
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
    /// The place of the state after as many of the first of these events as there is one of.
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
