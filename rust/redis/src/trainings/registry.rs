//! The registry of trainings whose results are not installed or dropped yet: their networks, the networks' keys, and
//! the clients that wait.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use neuralredis_core::training::Job;
use neuralredis_server::{Context, Waiter};

use crate::value::Key;

/// How long shutting down waits for cancelled trainings.
const LAST_WAIT: Duration = Duration::from_millis(200);

/// A training that was requested and is not concluded.
pub(super) struct Entry {
    /// The id of the network that it was started from.
    pub(super) id: u64,
    pub(super) job: Arc<Job>,
    /// The database and the key of that network.
    pub(super) db: i32,
    pub(super) key: Vec<u8>,
    /// Clients that wait for its end.
    pub(super) waiters: BTreeSet<Waiter>,
}

/// All trainings by increasing tickets, that is, in the order of the requests.
pub(super) struct Entries {
    pub(super) of: BTreeMap<u64, Entry>,
    /// The last training of each network, by the network's id.
    of_network: BTreeMap<u64, u64>,
    pub(super) next_ticket: u64,
    /// Bytes that all of them use together.
    pub(super) bytes: usize,
}

impl Entries {
    const fn new() -> Self {
        Self { of: BTreeMap::new(), of_network: BTreeMap::new(), next_ticket: 0, bytes: 0 }
    }

    pub(super) fn add(&mut self, ticket: u64, entry: Entry) {
        self.bytes += entry.job.bytes();
        self.of_network.insert(entry.id, ticket);
        self.of.insert(ticket, entry);
    }

    pub(super) fn remove(&mut self, ticket: u64) -> Option<Entry> {
        let entry = self.of.remove(&ticket)?;
        self.bytes -= entry.job.bytes();
        if self.of_network.get(&entry.id) == Some(&ticket) {
            self.of_network.remove(&entry.id);
        }
        Some(entry)
    }

    /// The last training of a network.
    pub(super) fn of_network(&mut self, id: u64) -> Option<(u64, &mut Entry)> {
        let ticket = *self.of_network.get(&id)?;
        Some((ticket, self.of.get_mut(&ticket)?))
    }
}

thread_local! {
    // Used on the main thread only. Never borrowed while a function of the server is called, which could call back.
    static ENTRIES: RefCell<Entries> = const { RefCell::new(Entries::new()) };
}

pub(super) fn entries<R>(body: impl FnOnce(&mut Entries) -> R) -> R {
    ENTRIES.with_borrow_mut(body)
}

/// A training in the reply of NR.THREADS.
pub(crate) struct Listed {
    pub(crate) id: u64,
    pub(crate) db: i32,
    pub(crate) key: Vec<u8>,
    pub(crate) job: Arc<Job>,
}

/// The running and queued trainings, in the order of the requests.
pub(crate) fn list() -> Vec<Listed> {
    entries(|entries| {
        let active = entries.of.values().filter(|entry| !entry.job.is_cancelled());
        active
            .map(|Entry { id, db, key, job, .. }| Listed { id: *id, db: *db, key: key.clone(), job: Arc::clone(job) })
            .collect()
    })
}

/// Called when a key was renamed or moved to this name in the selected database: updates the key of its network if that
/// is being trained.
pub(crate) fn moved(ctx: Context, name: &[u8]) {
    if entries(|entries| entries.of.is_empty()) {
        return;
    }
    let Some(id) = Key::open(ctx, name).value().map(|value| value.id) else { return };
    place(id, ctx.selected(), name.to_vec());
}

/// Sets the database and key of a network, if it is being trained.
pub(super) fn place(id: u64, db: i32, key: Vec<u8>) {
    entries(|entries| {
        if let Some((_, entry)) = entries.of_network(id) {
            (entry.db, entry.key) = (db, key);
        }
    });
}

/// The network of a training, with its last known database and key.
pub(super) fn place_of(ticket: u64) -> Option<(u64, i32, Vec<u8>)> {
    entries(|entries| entries.of.get(&ticket).map(|entry| (entry.id, entry.db, entry.key.clone())))
}

/// Whether a key holds this network.
pub(super) fn is_at(ctx: Context, id: u64, db: i32, key: &[u8]) -> bool {
    ctx.select(db) && Key::open(ctx, key).value().is_some_and(|value| value.id == id)
}

/// Called when two databases were swapped.
pub(crate) fn swapped(first: i32, second: i32) {
    entries(|entries| {
        for entry in entries.of.values_mut() {
            entry.db = match entry.db {
                db if db == first => second,
                db if db == second => first,
                db => db,
            };
        }
    });
}

fn jobs() -> Vec<Arc<Job>> {
    entries(|entries| entries.of.values().map(|entry| Arc::clone(&entry.job)).collect())
}

/// Cancels all trainings: the server became a replica, which receives results from its primary.
pub(crate) fn cancel_all() {
    for job in jobs() {
        job.cancel();
    }
}

/// Cancels all trainings and waits briefly for their threads: the server shuts down.
pub(crate) fn end_all() {
    cancel_all();
    let deadline = Instant::now() + LAST_WAIT;
    for job in jobs() {
        job.wait(deadline.saturating_duration_since(Instant::now()));
    }
}
