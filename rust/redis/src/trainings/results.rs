//! Installing the results of trainings that have ended.
//!
//! However many end at the same time, for instance because all keys were deleted, the main thread works on them in
//! short time slices.

use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use neuralredis_core::training::{Job, Outcome, Reason};
use neuralredis_server::{Context, MainThread, Strings, event_loop, log};

use super::registry::{self, Entry, entries};
use super::search::{self, TIME_SLICE};
use crate::commands::effects;
use crate::error::shown;
use crate::info::{self, DROPPED, FAILED, FINISHED};
use crate::memory;
use crate::value::{Key, Value};
use crate::work;

/// How long to wait before trying again while the server accepts no writes.
const RETRY: Duration = Duration::from_millis(10);

/// A training that has ended.
struct Ended {
    ticket: u64,
    job: Arc<Job>,
    /// The result as replicas and the AOF receive it, or why there is none.
    sent: Result<Strings, neuralredis_core::Error>,
}

impl Ended {
    /// Encodes the result. Runs on the training's thread.
    fn new(ticket: u64, job: &Arc<Job>) -> Self {
        let sent = match job.outcome() {
            // Twice: as bytes, and as strings of the server.
            Some(Outcome::Trained(trained, report)) if !job.is_cancelled() => {
                memory::check(2 * job.task().result_bytes())
                    .map(|()| effects::trained::frames(job.task().kind(), &trained, &report))
            }
            _ => Ok(Strings::default()),
        };
        Self { ticket, job: Arc::clone(job), sent }
    }
}

/// Trainings that have ended, on their way to the main thread.
static ENDED: Mutex<Vec<Ended>> = Mutex::new(Vec::new());

thread_local! {
    // Used on the main thread only: trainings that have ended and are not concluded.
    static PENDING: RefCell<VecDeque<Ended>> = const { RefCell::new(VecDeque::new()) };
    // Whether a timer is set for `PENDING`.
    static IS_SET: Cell<bool> = const { Cell::new(false) };
}

/// Called when a training has ended, on its thread, or on the thread that cancelled it.
pub(super) fn ended(ticket: u64, job: &Arc<Job>) {
    let ended = Ended::new(ticket, job);
    let mut all = ENDED.lock().unwrap_or_else(PoisonError::into_inner);
    all.push(ended);
    let is_first = all.len() == 1;
    drop(all);
    if is_first {
        event_loop::post(|main| {
            let all = std::mem::take(&mut *ENDED.lock().unwrap_or_else(PoisonError::into_inner));
            PENDING.with_borrow_mut(|pending| pending.extend(all));
            set_timer(main, Duration::ZERO);
        });
    }
}

/// Continues after the search for the network of a training: if it was found, the entry has its key now.
fn retry(main: MainThread, ended: Ended) {
    PENDING.with_borrow_mut(|pending| pending.push_back(ended));
    set_timer(main, RETRY);
}

fn set_timer(main: MainThread, delay: Duration) {
    if !IS_SET.replace(true) {
        event_loop::after(main, delay, conclude_some);
    }
}

/// Concludes trainings for one time slice, between commands.
fn conclude_some(main: MainThread, ctx: Context) {
    IS_SET.set(false);
    let end = Instant::now() + TIME_SLICE;
    let mut takes_no_writes = None;
    let mut round = PENDING.with_borrow(VecDeque::len);
    while round > 0 && Instant::now() < end {
        round -= 1;
        let Some(ended) = PENDING.with_borrow_mut(VecDeque::pop_front) else { return };
        let installs = ctx.is_primary() && !ended.job.is_cancelled();
        if installs
            && *takes_no_writes
                .get_or_insert_with(|| ctx.avoids_replica_traffic() || ctx.is_loading() || ctx.refuses_writes())
        {
            PENDING.with_borrow_mut(|pending| pending.push_back(ended));
        } else {
            conclude(main, ctx, ended, installs);
        }
    }
    if PENDING.with_borrow(|pending| !pending.is_empty()) {
        set_timer(main, if round > 0 { TIME_SLICE } else { RETRY });
    }
}

fn conclude(main: MainThread, ctx: Context, ended: Ended, installs: bool) {
    if installs
        && let Some((id, db, key)) = registry::place_of(ended.ticket)
        && !registry::is_at(ctx, id, db, &key)
    {
        search::begin(main, id, Arc::clone(&ended.job), move |main| retry(main, ended));
        return;
    }
    let Some(entry) = entries(|entries| entries.remove(ended.ticket)) else { return };
    let end = finish(ctx, &entry, installs, ended.sent);
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
    // Frees the snapshot of the rows; the network may have replaced many of them meanwhile.
    work::dispose(ended.job.task().shared_bytes(), (entry.job, ended.job));
}

/// How a training was concluded.
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

/// Installs the outcome of a training in its network, if the key of its entry holds that network and it still waits for
/// this training.
fn finish(ctx: Context, entry: &Entry, installs: bool, sent: Result<Strings, neuralredis_core::Error>) -> End {
    ctx.select(entry.db);
    let mut key = Key::open(ctx, &entry.key[..]);
    let still_awaits = |value: &&mut Value| value.id == entry.id && value.live.awaits(&entry.job);
    let Some(value) = key.value_mut().filter(still_awaits) else { return End::Dropped };
    if !installs {
        value.live.cancel();
        return End::Dropped;
    }
    let (bytes, replaced) = (value.live.network().bytes(), Arc::clone(value.live.network().trained()));
    let (outcome, sent) = match sent {
        Ok(sent) => {
            // Weights may be pending, if a client has sent internal commands meanwhile.
            value.settle();
            (value.live.collect(), sent)
        }
        Err(error) => {
            value.live.cancel();
            (Some(Outcome::Failed(error.to_string())), Strings::default())
        }
    };
    match outcome {
        Some(Outcome::Trained(_, report)) => {
            effects::trained::send(ctx, &entry.key, &sent);
            key.changed();
            ctx.notify(c"nr.trained", &entry.key[..]);
            work::dispose(bytes, replaced);
            End::Installed { stopped: report.reason == Reason::Stopped }
        }
        Some(Outcome::Failed(reason)) => {
            log::warning(&format!("the training of network {} failed: {reason}", entry.id));
            End::Failed(reason)
        }
        Some(Outcome::Dropped) | None => End::Dropped,
    }
}
