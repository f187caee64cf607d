//! Networks of which some frames are still missing ([`super::load`]).
//!
//! A partial network belongs to the client that sends it and is dropped when that client disconnects (the end of an AOF
//! counts as one), since no other client sends the rest. Flushing a database drops its partial networks. At most
//! [`MAX_PARTIALS`] exist; a further one replaces the one whose last frame came first. No more servers than that
//! migrate slots here at a time, and each sends one network after the other.

use std::cell::RefCell;

use neuralredis_core::codec::Decoder;

/// The most partial networks.
const MAX_PARTIALS: usize = 64;

/// A network of which some frames are missing.
pub(super) struct Partial {
    pub(super) source: Source,
    /// The index of the next frame.
    pub(super) next: u64,
    /// Bytes received so far.
    pub(super) bytes: usize,
    pub(super) decoder: Decoder,
}

impl Partial {
    pub(super) fn new(source: Source) -> Self {
        Self { source, next: 0, bytes: 0, decoder: Decoder::new() }
    }
}

/// Identifies a partial network by its client, database and key.
#[derive(PartialEq, Eq)]
pub(super) struct Source {
    pub(super) client: u64,
    pub(super) db: i32,
    pub(super) key: Vec<u8>,
}

thread_local! {
    // Used on the main thread only. Ordered by the arrival of the last frame.
    static PARTIALS: RefCell<Vec<Partial>> = const { RefCell::new(Vec::new()) };
}

/// Removes and returns the partial network of a key.
pub(super) fn take(source: &Source) -> Option<Partial> {
    PARTIALS.with_borrow_mut(|partials| {
        let at = partials.iter().position(|partial| partial.source == *source)?;
        Some(partials.remove(at))
    })
}

/// Keeps a partial network until its next frame.
pub(super) fn keep(partial: Partial) {
    PARTIALS.with_borrow_mut(|partials| {
        if partials.len() == MAX_PARTIALS {
            partials.remove(0);
        }
        partials.push(partial);
    });
}

/// Called when a client has disconnected.
pub(crate) fn forget_client(client: u64) {
    PARTIALS.with_borrow_mut(|partials| partials.retain(|partial| partial.source.client != client));
}

/// Called when a database was flushed; `None` stands for all databases.
pub(crate) fn forget_database(flushed: Option<i32>) {
    PARTIALS.with_borrow_mut(|partials| {
        partials.retain(|partial| flushed.is_some_and(|db| db != partial.source.db));
    });
}

/// The number of partial networks, and the bytes received for them.
pub(crate) fn counts() -> (usize, usize) {
    PARTIALS.with_borrow(|partials| (partials.len(), partials.iter().map(|partial| partial.bytes).sum()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn begin(client: u64, db: i32, bytes: usize) {
        let source = Source { client, db, key: b"net".to_vec() };
        keep(Partial { bytes, ..Partial::new(source) });
    }

    #[test]
    fn a_partial_network_is_dropped_with_its_client_and_its_database() {
        for client in [1, 2] {
            for db in [0, 1] {
                begin(client, db, 10);
            }
        }
        forget_client(1);
        assert_eq!(counts(), (2, 20));
        forget_database(Some(0));
        assert_eq!(counts(), (1, 10));
        forget_database(None);
        assert_eq!(counts(), (0, 0));
    }

    #[test]
    fn a_further_partial_network_replaces_the_oldest() {
        for client in 0..=MAX_PARTIALS as u64 {
            begin(client, 0, 1);
        }
        assert_eq!(counts(), (MAX_PARTIALS, MAX_PARTIALS));
        assert!(take(&Source { client: 0, db: 0, key: b"net".to_vec() }).is_none());
        forget_database(None);
    }
}
