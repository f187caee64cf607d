//! The trainings under way: whose they are, who waits for them, and what becomes of their results.
//!
//! A training works on a snapshot, on threads that never touch the server. When it has ended its thread posts a job to the
//! main thread, which by a timer, between commands, looks for the network that it was started from and swaps the result in.
//! Identity is that of the network's id and of the training itself, so a network that was deleted, overwritten or reset meanwhile
//! is never mistaken for it. Where the network is now is followed by events: RENAME, MOVE, SWAPDB. Whatever is not
//! found is dropped.
//!
//! Some servers do not tell of every move, or are not asked to ([`crate::ffi::events`]): if the network is not where it was though it has not
//! been freed, which would have cancelled its training, all keys are looked at, a few at a time.
//!
//! Rejected: to poll, as the original did in each of its commands, which leaves results lying while nobody asks; and to take
//! the server's lock on the training's thread, which holds up the server and on Redis 7.0 is racy.

use std::borrow::Cow;
use std::cell::RefCell;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use neuralredis_core::training::{Job, Outcome, Pool, Reason, TrainOptions};

use crate::commands::replayed;
use crate::error::{Refusal, shown};
use crate::ffi::blocked::{self, Waiter};
use crate::ffi::context::{self, Context, Strings};
use crate::ffi::event_loop::{self, MainThread};
use crate::ffi::key::Key;
use crate::ffi::log;
use crate::ffi::scan::Scan;
use crate::info::{self, DROPPED, FAILED, FINISHED};
use crate::memory;
use crate::value::Value;

/// How long a result waits, while the server asks for no writes, before it looks again.
const RETRY: Duration = Duration::from_millis(10);
/// How long the server is held up at a time while a network is looked for, and left alone in between.
const MOMENT: Duration = Duration::from_millis(1);
/// How long the server's end waits for trainings that it has cancelled.
const LAST_WAIT: Duration = Duration::from_millis(200);
/// What takes more bytes than this is freed on a thread of its own.
const FREED_HERE: usize = 1 << 20;

/// A training that has been asked for and not been done with.
struct Entry {
    /// The network that it was started from.
    id: u64,
    job: Arc<Job>,
    /// Where that network is.
    db: i32,
    key: Vec<u8>,
    waiters: Vec<Waiter>,
}

/// A training that has ended.
struct Ended {
    job: Arc<Job>,
    /// Its result, as replicas and the AOF are sent it, or why there is none.
    sent: Result<Strings, neuralredis_core::Error>,
}

impl Ended {
    /// On the training's thread.
    fn new(job: &Arc<Job>) -> Self {
        let sent = match job.outcome() {
            // As bytes, and as the server's strings.
            Some(Outcome::Trained(trained, report)) if !job.is_cancelled() => {
                memory::check(2 * memory::PARAMETER * job.task().parameters())
                    .map(|()| replayed::trained::frames(&trained, &report))
            }
            _ => Ok(Strings::default()),
        };
        Self { job: Arc::clone(job), sent }
    }
}

thread_local! {
    // Of the main thread: nobody else has any, and none is lent while anything of the server's is called.
    static ENTRIES: RefCell<Vec<Entry>> = const { RefCell::new(Vec::new()) };
}

fn entries<R>(body: impl FnOnce(&mut Vec<Entry>) -> R) -> R {
    ENTRIES.with_borrow_mut(body)
}

/// The threads that all trainings share. It has none before the first.
pub(crate) fn pool() -> &'static Arc<Pool> {
    static POOL: OnceLock<Arc<Pool>> = OnceLock::new();
    POOL.get_or_init(|| Pool::new(1, 1))
}

/// Starts or queues a training of the network at a key.
pub(crate) fn start(ctx: Context, key: &[u8], value: &mut Value, options: TrainOptions) -> Result<(), Refusal> {
    let job = value.live.train(options, pool(), |job| {
        let ended = Ended::new(job);
        event_loop::post(|main| event_loop::after(main, Duration::ZERO, |main, ctx| conclude(main, ctx, ended)));
    })?;
    let entry = Entry { id: value.id, job, db: ctx.selected(), key: key.to_vec(), waiters: Vec::new() };
    entries(|entries| entries.push(entry));
    Ok(())
}

/// Makes the client wait for a network's training, for so many milliseconds or, if 0, for ever. False if there is none or
/// the client cannot wait.
pub(crate) fn wait(ctx: Context, value: &Value, milliseconds: i64) -> bool {
    let Some(job) = value.live.job() else { return false };
    let is_known = |entry: &Entry| Arc::ptr_eq(&entry.job, job);
    if !ctx.may_block() || !entries(|entries| entries.iter().any(is_known)) {
        return false;
    }
    let Some(waiter) = blocked::block(ctx, milliseconds) else { return false };
    entries(|entries| {
        if let Some(entry) = entries.iter_mut().find(|entry| is_known(entry)) {
            entry.waiters.push(waiter);
        }
    });
    true
}

/// Takes a client out of those who wait, if it is still among them.
pub(crate) fn forget(waiter: &Waiter) -> Option<Waiter> {
    entries(|entries| {
        entries.iter_mut().find_map(|entry| {
            let at = entry.waiters.iter().position(|other| other == waiter)?;
            Some(entry.waiters.swap_remove(at))
        })
    })
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
        let wanted = entries.iter().filter(|entry| !entry.job.is_cancelled());
        wanted
            .map(|Entry { id, db, key, job, .. }| Listed { id: *id, db: *db, key: key.clone(), job: Arc::clone(job) })
            .collect()
    })
}

/// A key has been renamed or moved to where the context points: if its network is being trained, that is where it is.
pub(crate) fn moved(ctx: Context, name: &[u8]) {
    if entries(|entries| entries.is_empty()) {
        return;
    }
    let Some(id) = Key::open(ctx, name).value().map(|value| value.id) else { return };
    let db = ctx.selected();
    entries(|entries| {
        for entry in entries.iter_mut().filter(|entry| entry.id == id) {
            (entry.db, entry.key) = (db, name.to_vec());
        }
    });
}

/// Two databases have changed places.
pub(crate) fn swapped(first: i32, second: i32) {
    entries(|entries| {
        for entry in entries {
            entry.db = match entry.db {
                db if db == first => second,
                db if db == second => first,
                db => db,
            };
        }
    });
}

/// Cancels all trainings: this server is a replica now, and receives results.
pub(crate) fn cancel_all() {
    for job in entries(|entries| entries.iter().map(|entry| Arc::clone(&entry.job)).collect::<Vec<_>>()) {
        job.cancel();
    }
}

/// Cancels all trainings and waits a little for their threads: the server ends.
pub(crate) fn end_all() {
    cancel_all();
    let deadline = Instant::now() + LAST_WAIT;
    for job in entries(|entries| entries.iter().map(|entry| Arc::clone(&entry.job)).collect::<Vec<_>>()) {
        job.wait(deadline.saturating_duration_since(Instant::now()));
    }
}

/// Between commands, after a training has ended.
fn conclude(main: MainThread, ctx: Context, ended: Ended) {
    let job = &ended.job;
    let wanted = ctx.is_primary() && !job.is_cancelled();
    if wanted && (context::avoids_replica_traffic() || ctx.is_loading()) {
        event_loop::after(main, RETRY, |main, ctx| conclude(main, ctx, ended));
        return;
    }
    if wanted && !is_in_place(ctx, job) {
        search(main, ctx, Scan::new(), ended);
        return;
    }
    let entry = entries(|entries| {
        let at = entries.iter().position(|entry| Arc::ptr_eq(&entry.job, job))?;
        Some(entries.remove(at))
    });
    let Some(entry) = entry else { return };
    let (end, bytes) = settle(ctx, &entry, wanted, ended.sent);
    info::count(
        match end {
            End::Installed { .. } => &FINISHED,
            End::Dropped => &DROPPED,
            End::Failed(_) => &FAILED,
        },
        1,
    );
    for waiter in entry.waiters {
        waiter.wake(end.word());
    }
    // The snapshot of the rows, of which the network may have changed many meanwhile.
    elsewhere(bytes, (entry.job, ended.job));
}

/// Whether a network is where it was when last seen.
fn is_in_place(ctx: Context, job: &Arc<Job>) -> bool {
    let place = entries(|entries| {
        let entry = entries.iter().find(|entry| Arc::ptr_eq(&entry.job, job))?;
        Some((entry.id, entry.db, entry.key.clone()))
    });
    place
        .is_some_and(|(id, db, key)| ctx.select(db) && Key::open(ctx, &key).value().is_some_and(|value| value.id == id))
}

/// Looks for a network among all keys, for a moment at a time, until it is found, or freed, which cancels its training.
fn search(main: MainThread, ctx: Context, mut scan: Scan, ended: Ended) {
    let job = &ended.job;
    let end = Instant::now() + MOMENT;
    let mut place = None;
    let mut more = true;
    while more && place.is_none() && Instant::now() < end {
        more = scan.step(ctx, &mut |db, name, value| {
            if value.live.job().is_some_and(|other| Arc::ptr_eq(other, job)) {
                place = Some((db, name.to_vec()));
            }
        });
    }
    match place {
        Some((db, key)) => {
            entries(|entries| {
                if let Some(entry) = entries.iter_mut().find(|entry| Arc::ptr_eq(&entry.job, job)) {
                    (entry.db, entry.key) = (db, key);
                }
            });
            // Not at once: a key that has expired may be met by the walk, and be there for nobody else.
            event_loop::after(main, MOMENT, |main, ctx| conclude(main, ctx, ended));
        }
        None if more && !job.is_cancelled() => {
            event_loop::after(main, MOMENT, |main, ctx| search(main, ctx, scan, ended));
        }
        // It may have moved from where the walk had yet to come to where it had been.
        None => event_loop::after(main, RETRY, |main, ctx| conclude(main, ctx, ended)),
    }
}

/// What became of a training.
enum End {
    Installed { stopped: bool },
    Dropped,
    Failed(String),
}

impl End {
    fn word(&self) -> Cow<'static, str> {
        match self {
            Self::Installed { stopped: false } => "finished".into(),
            Self::Installed { stopped: true } => "stopped".into(),
            Self::Dropped => "dropped".into(),
            Self::Failed(reason) => format!("failed: {}", shown(reason.as_bytes())).into(),
        }
    }
}

/// Gives a training's outcome to its network, if that is where it is thought to be and still waits for it. Also tells how
/// many bytes may be dropped with it.
fn settle(ctx: Context, entry: &Entry, wanted: bool, sent: Result<Strings, neuralredis_core::Error>) -> (End, usize) {
    ctx.select(entry.db);
    let mut key = Key::open(ctx, &entry.key);
    let waits =
        |value: &&mut Value| value.id == entry.id && value.live.job().is_some_and(|job| Arc::ptr_eq(job, &entry.job));
    let Some(value) = key.value_mut().filter(waits) else { return (End::Dropped, usize::MAX) };
    let bytes = value.live.network().bytes();
    if !wanted {
        value.live.cancel();
        return (End::Dropped, bytes);
    }
    let replaced = Arc::clone(value.live.network().trained());
    let (outcome, sent) = match sent {
        Ok(sent) => (value.live.collect(), sent),
        Err(error) => {
            value.live.cancel();
            (Some(Outcome::Failed(error.to_string())), Strings::default())
        }
    };
    let end = match outcome {
        Some(Outcome::Trained(_, report)) => {
            replayed::trained::send(ctx, &entry.key, &sent);
            key.changed();
            ctx.notify(c"nr.trained", &entry.key);
            elsewhere(bytes, replaced);
            End::Installed { stopped: report.reason == Reason::Stopped }
        }
        Some(Outcome::Failed(reason)) => {
            log::warning(&format!("the training of network {} failed: {reason}", entry.id));
            End::Failed(reason)
        }
        Some(Outcome::Dropped) | None => End::Dropped,
    };
    (end, bytes)
}

/// Drops what may be large where nobody waits for it.
fn elsewhere(bytes: usize, value: impl Send + 'static) {
    if bytes > FREED_HERE {
        // Without a thread it is dropped here: the closure is, with what it holds.
        let _ = std::thread::Builder::new().name("nr-free".into()).spawn(move || drop(value));
    }
}
