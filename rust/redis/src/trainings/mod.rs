//! The trainings under way: whose they are, who waits for them, and what becomes of their results.
//!
//! A training works on a snapshot, on threads that never touch the server. When it has ended its thread posts a job to the
//! main thread, which by a timer, between commands, looks for the network that it was started from and swaps the result in
//! ([`results`]). Identity is that of the network's id and of the training itself, so a network that was deleted, overwritten
//! or reset meanwhile is never mistaken for it. Where the network is now is followed by events: RENAME, MOVE, SWAPDB; if it
//! is not there, it is looked for ([`search`]). Whatever is not found is dropped.
//!
//! Nothing here costs more the more trainings there are, but for the few requests that concern them all.
//!
//! Rejected: to poll, as the original did in each of its commands, which leaves results lying while nobody asks; and to take
//! the server's lock on the training's thread, which holds up the server and on Redis 7.0 is racy.

mod results;
mod room;
mod search;

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use neuralredis_core::Error;
use neuralredis_core::training::{Job, Owner, Pool, Task, TrainOptions};
use neuralredis_server::Context;
use neuralredis_server::blocked::{self, Waiter};

use crate::config;
use crate::error::Refusal;
use crate::value::{Key, Value};

/// How long the server is held up at a time by what can wait, and left alone in between.
const MOMENT: Duration = Duration::from_millis(1);
/// How long the server's end waits for trainings that it has cancelled.
const LAST_WAIT: Duration = Duration::from_millis(200);

/// A training that has been asked for and not been done with.
struct Entry {
    /// The network that it was started from.
    id: u64,
    job: Arc<Job>,
    /// Where that network is.
    db: i32,
    key: Vec<u8>,
    /// Clients that wait for its end.
    waiters: BTreeSet<Waiter>,
}

/// All of them, by tickets that increase: in the order in which they were asked for.
struct Entries {
    of: BTreeMap<u64, Entry>,
    /// The last training of each network, by the network's id.
    of_network: BTreeMap<u64, u64>,
    next_ticket: u64,
    /// Bytes of memory that they need together.
    bytes: usize,
}

impl Entries {
    const fn new() -> Self {
        Self { of: BTreeMap::new(), of_network: BTreeMap::new(), next_ticket: 0, bytes: 0 }
    }

    fn add(&mut self, ticket: u64, entry: Entry) {
        self.bytes += entry.job.bytes();
        self.of_network.insert(entry.id, ticket);
        self.of.insert(ticket, entry);
    }

    fn remove(&mut self, ticket: u64) -> Option<Entry> {
        let entry = self.of.remove(&ticket)?;
        self.bytes -= entry.job.bytes();
        if self.of_network.get(&entry.id) == Some(&ticket) {
            self.of_network.remove(&entry.id);
        }
        Some(entry)
    }

    /// The last training of a network.
    fn of_network(&mut self, id: u64) -> Option<(u64, &mut Entry)> {
        let ticket = *self.of_network.get(&id)?;
        Some((ticket, self.of.get_mut(&ticket)?))
    }
}

thread_local! {
    // Of the main thread: nobody else has any, and none is lent while anything of the server's is called.
    static ENTRIES: RefCell<Entries> = const { RefCell::new(Entries::new()) };
}

fn entries<R>(body: impl FnOnce(&mut Entries) -> R) -> R {
    ENTRIES.with_borrow_mut(body)
}

/// The threads that all trainings share. It has none before the first.
pub(crate) fn pool() -> &'static Arc<Pool> {
    static POOL: OnceLock<Arc<Pool>> = OnceLock::new();
    POOL.get_or_init(|| Pool::new(1, 1))
}

/// Starts or queues a training of the network at a key, on behalf of the client's user.
pub(crate) fn start(ctx: Context, key: &[u8], value: &mut Value, options: TrainOptions) -> Result<(), Refusal> {
    if value.live.job().is_some() {
        return Err(Error::AlreadyTraining.into());
    }
    let owner = Owner::from(ctx.user().unwrap_or_default());
    if !pool().has_place_for(&owner) {
        config::check_queue(pool().counts().1)?;
    }
    room::check(ctx, Task::new(value.live.network(), options)?.bytes(pool().threads()))?;
    let ticket = entries(|entries| {
        entries.next_ticket += 1;
        entries.next_ticket
    });
    let ended = move |job: &Arc<Job>| results::ended(ticket, job);
    let job = value.live.train_for(&owner, options, pool(), room::at_its_turn, ended)?;
    let entry = Entry { id: value.id, job, db: ctx.selected(), key: key.to_vec(), waiters: BTreeSet::new() };
    entries(|entries| entries.add(ticket, entry));
    Ok(())
}

/// Makes the client wait for a network's training, for so many milliseconds or, if 0, for ever. False if there is none or
/// the client cannot wait.
pub(crate) fn wait(ctx: Context, value: &Value, milliseconds: i64) -> bool {
    let Some(job) = value.live.job() else { return false };
    let last = entries(|entries| {
        let (ticket, entry) = entries.of_network(value.id)?;
        Arc::ptr_eq(&entry.job, job).then_some(ticket)
    });
    let Some(ticket) = last else { return false };
    let on_leave = move |waiter: &Waiter| {
        entries(|entries| entries.of.get_mut(&ticket).map(|entry| entry.waiters.remove(waiter)));
    };
    let Some(waiter) = blocked::block(ctx, milliseconds, on_leave) else { return false };
    entries(|entries| entries.of.get_mut(&ticket).map(|entry| entry.waiters.insert(waiter)));
    true
}

/// A training, for NR.THREADS.
pub(crate) struct Listed {
    pub(crate) id: u64,
    pub(crate) db: i32,
    pub(crate) key: Vec<u8>,
    pub(crate) job: Arc<Job>,
}

/// The trainings that run or are queued, in the order in which they were asked for.
pub(crate) fn list() -> Vec<Listed> {
    entries(|entries| {
        let wanted = entries.of.values().filter(|entry| !entry.job.is_cancelled());
        wanted
            .map(|Entry { id, db, key, job, .. }| Listed { id: *id, db: *db, key: key.clone(), job: Arc::clone(job) })
            .collect()
    })
}

/// A key has been renamed or moved to where the context points: if its network is being trained, that is where it is.
pub(crate) fn moved(ctx: Context, name: &[u8]) {
    if entries(|entries| entries.of.is_empty()) {
        return;
    }
    let Some(id) = Key::open(ctx, name).value().map(|value| value.id) else { return };
    place(id, ctx.selected(), name.to_vec());
}

/// Notes where a network is, if it is being trained.
fn place(id: u64, db: i32, key: Vec<u8>) {
    entries(|entries| {
        if let Some((_, entry)) = entries.of_network(id) {
            (entry.db, entry.key) = (db, key);
        }
    });
}

/// Two databases have changed places.
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

/// Cancels all trainings: this server is a replica now, and receives results.
pub(crate) fn cancel_all() {
    for job in jobs() {
        job.cancel();
    }
}

/// Cancels all trainings and waits a little for their threads: the server ends.
pub(crate) fn end_all() {
    cancel_all();
    let deadline = Instant::now() + LAST_WAIT;
    for job in jobs() {
        job.wait(deadline.saturating_duration_since(Instant::now()));
    }
}
