//! A queue that is fair to owners: they take turns, and the items of each are served in the order in which they came.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;

/// Whom a training is done for: any bytes, such as a user's name. Owners share a pool evenly, however many trainings
/// each has.
pub type Owner = Arc<[u8]>;

/// Waiting items by owner and ticket.
pub(super) struct Turns<T> {
    /// Owners with waiting items; the front one is next.
    order: VecDeque<Owner>,
    /// The waiting items of each owner, by ticket. No owner's map is empty.
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

    /// Adds an item. Tickets must increase, so that it comes after the earlier items of its owner.
    pub(super) fn push(&mut self, owner: &Owner, ticket: u64, item: T) {
        self.len += 1;
        if let Some(items) = self.of.get_mut(owner) {
            items.insert(ticket, item);
        } else {
            self.of.insert(Arc::clone(owner), BTreeMap::from([(ticket, item)]));
            self.order.push_back(Arc::clone(owner));
        }
    }

    /// Removes the item of a ticket, if it is waiting.
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

    /// The ticket that is next.
    pub(super) fn first(&self) -> Option<u64> {
        self.of[self.order.front()?].keys().next().copied()
    }

    /// Removes the next item whose owner satisfies `may`, and returns it with its owner, which then goes to the end of
    /// the order.
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
