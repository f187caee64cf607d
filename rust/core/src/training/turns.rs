//! Trainings that wait, in the order in which they came; those of several owners in turn.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;

/// On whose behalf a training is done. Owners share a pool evenly, however many trainings each has.
pub type Owner = Arc<[u8]>;

/// What waits, by owner and ticket.
pub(super) struct Turns<T> {
    /// Owners of whom something waits, the next first.
    order: VecDeque<Owner>,
    /// What waits, by ticket. No owner's map is empty.
    of: HashMap<Owner, BTreeMap<u64, T>>,
    len: usize,
}

impl<T> Turns<T> {
    pub(super) fn new() -> Self {
        Self { order: VecDeque::new(), of: HashMap::new(), len: 0 }
    }

    pub(super) fn len(&self) -> usize {
        self.len
    }

    pub(super) fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Adds what waits, after what its owner has added before: tickets increase.
    pub(super) fn push(&mut self, owner: &Owner, ticket: u64, item: T) {
        self.len += 1;
        if let Some(items) = self.of.get_mut(owner) {
            items.insert(ticket, item);
        } else {
            self.of.insert(Arc::clone(owner), BTreeMap::from([(ticket, item)]));
            self.order.push_back(Arc::clone(owner));
        }
    }

    /// Takes out what waits under a ticket, if it does.
    pub(super) fn remove(&mut self, owner: &Owner, ticket: u64) -> Option<T> {
        let items = self.of.get_mut(owner)?;
        let item = items.remove(&ticket)?;
        self.len -= 1;
        if items.is_empty() {
            self.of.remove(owner);
            self.order.retain(|other| other != owner);
        }
        Some(item)
    }

    /// The ticket whose turn it is.
    pub(super) fn first(&self) -> Option<u64> {
        self.of[self.order.front()?].keys().next().copied()
    }

    /// Takes out whose turn it is among the owners who `may`, with its owner, who then waits until all others had a turn.
    pub(super) fn pop(&mut self, may: impl Fn(&Owner) -> bool) -> Option<(Owner, T)> {
        let at = self.order.iter().position(may)?;
        let owner = self.order.remove(at)?;
        let items = self.of.get_mut(&owner)?;
        let (_, item) = items.pop_first()?;
        self.len -= 1;
        if items.is_empty() {
            self.of.remove(&owner);
        } else {
            self.order.push_back(Arc::clone(&owner));
        }
        Some((owner, item))
    }
}
