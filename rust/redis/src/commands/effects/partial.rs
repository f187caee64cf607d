//! Networks of which not all frames have come ([`super::load`]).
//!
//! One belongs to the client that sends it, and goes when that client goes, since nobody else sends the rest; the AOF ends
//! like a client. A flushed database takes its own along. A client may begin many, so that the one that has waited longest
//! makes room: more servers than [`MAX_PARTIALS`] do not send slots at a time, and each sends one network after the other.

use std::cell::RefCell;

use neuralredis_core::codec::Decoder;

/// Networks at most.
const MAX_PARTIALS: usize = 64;

/// A network of which not all frames have come.
pub(super) struct Partial {
    pub(super) whose: Whose,
    /// The frame that comes next.
    pub(super) next: u64,
    /// Bytes that have come.
    pub(super) bytes: usize,
    pub(super) decoder: Decoder,
}

impl Partial {
    pub(super) fn new(whose: Whose) -> Self {
        Self { whose, next: 0, bytes: 0, decoder: Decoder::new() }
    }
}

/// Which network it is.
#[derive(PartialEq, Eq)]
pub(super) struct Whose {
    pub(super) client: u64,
    pub(super) db: i32,
    pub(super) key: Vec<u8>,
}

thread_local! {
    // Of the main thread. The one of which a frame came last is the last.
    static PARTIALS: RefCell<Vec<Partial>> = const { RefCell::new(Vec::new()) };
}

/// Takes what has come of a network so far.
pub(super) fn taken(whose: &Whose) -> Option<Partial> {
    PARTIALS.with_borrow_mut(|partials| {
        let at = partials.iter().position(|partial| partial.whose == *whose)?;
        Some(partials.remove(at))
    })
}

/// Keeps it until the next frame comes.
pub(super) fn keep(partial: Partial) {
    PARTIALS.with_borrow_mut(|partials| {
        if partials.len() == MAX_PARTIALS {
            partials.remove(0);
        }
        partials.push(partial);
    });
}

/// A client has gone.
pub(crate) fn forget_client(client: u64) {
    PARTIALS.with_borrow_mut(|partials| partials.retain(|partial| partial.whose.client != client));
}

/// A database has been flushed, or all.
pub(crate) fn forget_database(flushed: Option<i32>) {
    PARTIALS.with_borrow_mut(|partials| {
        partials.retain(|partial| flushed.is_some_and(|db| db != partial.whose.db));
    });
}

/// How many there are, and how many bytes of them have come.
pub(crate) fn counts() -> (usize, usize) {
    PARTIALS.with_borrow(|partials| (partials.len(), partials.iter().map(|partial| partial.bytes).sum()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn begin(client: u64, db: i32, bytes: usize) {
        let whose = Whose { client, db, key: b"net".to_vec() };
        keep(Partial { bytes, ..Partial::new(whose) });
    }

    #[test]
    fn they_go_with_their_client_and_with_their_database() {
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
    fn the_one_that_has_waited_longest_makes_room() {
        for client in 0..=MAX_PARTIALS as u64 {
            begin(client, 0, 1);
        }
        assert_eq!(counts(), (MAX_PARTIALS, MAX_PARTIALS));
        assert!(taken(&Whose { client: 0, db: 0, key: b"net".to_vec() }).is_none());
        forget_database(None);
    }
}
