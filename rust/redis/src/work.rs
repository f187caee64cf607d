//! Long commands: their work runs on a thread while the client is blocked and all others are served.
//!
//! A command estimates its cost first. Up to 5 ms of work is done at once. Beyond that, the client is blocked and a
//! thread works on a snapshot. Where a client cannot be blocked, in a transaction or a script, the work is done at once
//! if it takes at most `neuralredis.max-blocking-ms`, and rejected otherwise.

use std::cell::Cell;
use std::collections::VecDeque;
use std::ops::Add;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use neuralredis_core::training::lower_priority;
use neuralredis_server::{Context, Deferred, Reply, boundary, deferred};

use crate::config;
use crate::error::Refusal;

/// How long a command may stall the server by work that is done at once.
const BRIEF: Duration = Duration::from_millis(5);

#[cfg(not(feature = "pauses"))]
fn brief() -> Duration {
    BRIEF
}

/// In the module that tests build with the feature `pauses`, an environment variable sends all work that can run on a
/// thread to one.
#[cfg(feature = "pauses")]
fn brief() -> Duration {
    use std::sync::OnceLock;

    static CHOSEN: OnceLock<Duration> = OnceLock::new();
    *CHOSEN
        .get_or_init(|| if std::env::var_os("NEURALREDIS_NOTHING_IS_BRIEF").is_some() { Duration::ZERO } else { BRIEF })
}

/// The most threads; further work waits for one. There are many, so that the long requests of one client do not keep
/// those of others from starting: the system shares the cores among the threads.
const MOST_THREADS: usize = 64;

/// The estimated time of some work, on a slow server processor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Cost(Duration);

impl Cost {
    pub(crate) const NONE: Self = Self(Duration::ZERO);

    pub(crate) fn of(time: Duration) -> Self {
        Self(time)
    }

    fn picoseconds(count: usize, each: u64) -> Self {
        Self(Duration::from_nanos((count as u64).saturating_mul(each) / 1000))
    }

    /// Rows that pass through `parameters` parameters each: 4 multiply-adds a nanosecond. AVX2 does two to three times
    /// as many.
    pub(crate) fn of_rows(rows: usize, parameters: usize) -> Self {
        Self::picoseconds(rows.saturating_mul(parameters), 250)
    }

    /// Bytes that are read, checked and copied: 1 GB a second.
    pub(crate) fn of_bytes(bytes: usize) -> Self {
        Self::picoseconds(bytes, 1000)
    }

    /// Numbers that are formatted as text, or items of a reply: 10 million a second.
    pub(crate) fn of_items(items: usize) -> Self {
        Self::picoseconds(items, 100_000)
    }

    /// Initial weights that are drawn: 7 ns each.
    pub(crate) fn of_drawing(parameters: usize) -> Self {
        Self::picoseconds(parameters, 7000)
    }

    /// Whether the work may be done at once.
    pub(crate) fn is_brief(self) -> bool {
        self.0 <= brief()
    }
}

impl Add for Cost {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

/// Cheaper work is not added up: reading the clock would take as long.
const UNCOUNTED: Cost = Cost(Duration::from_micros(20));

/// The interval in which all commands together may do as much at once as one command.
const WINDOW: Duration = Duration::from_millis(10);

/// Whether a command may do its work at once: if it is brief, even together with what other commands did in the present
/// window. The server runs pipelined commands of one client one after the other and serves no other client meanwhile;
/// deferring one to a thread interrupts that.
pub(crate) fn may_run_now(cost: Cost) -> bool {
    thread_local! {
        // The start of the present window, and the work done in it.
        static DONE: Cell<Option<(Instant, Cost)>> = const { Cell::new(None) };
    }
    if cost <= UNCOUNTED {
        return cost.is_brief();
    }
    let now = Instant::now();
    let (began, done) = DONE.get().filter(|(began, _)| now - *began < WINDOW).unwrap_or((now, Cost::NONE));
    let may_run_now = (done + cost).is_brief();
    if may_run_now {
        DONE.set(Some((began, done + cost)));
    }
    may_run_now
}

/// Returns whether the client still waits; long work checks it and stops if not.
pub(crate) type IsAwaited<'a> = &'a dyn Fn() -> bool;

/// Replies with the result of the job, which runs on a thread if it takes long.
pub(crate) fn answer(
    ctx: Context,
    cost: Cost,
    job: impl FnOnce(IsAwaited<'_>) -> Result<Reply, Refusal> + Send + 'static,
) -> Result<Reply, Refusal> {
    if may_run_now(cost) { job(&|| true) } else { defer(ctx, cost, job) }
}

/// Replies with the result of the job, which runs on a thread if the client can be blocked.
pub(crate) fn defer(
    ctx: Context,
    cost: Cost,
    job: impl FnOnce(IsAwaited<'_>) -> Result<Reply, Refusal> + Send + 'static,
) -> Result<Reply, Refusal> {
    let Some(client) = deferred::block(ctx) else {
        check_blocking(ctx, cost)?;
        return job(&|| true);
    };
    spawn(move || {
        let result = job(&|| client.is_awaited());
        client.answer(&result);
    });
    Ok(Reply::Later)
}

/// Blocks the client for work that takes long; `None` if the work is to be done at once.
pub(crate) fn begin(ctx: Context, cost: Cost) -> Result<Option<Deferred>, Refusal> {
    if may_run_now(cost) || ctx.is_replayed() {
        return Ok(None);
    }
    let client = deferred::block(ctx);
    if client.is_none() {
        check_blocking(ctx, cost)?;
    }
    Ok(client)
}

/// Returns an error if work would stall the server for too long because its client cannot be blocked.
pub(crate) fn check_blocking(ctx: Context, cost: Cost) -> Result<(), Refusal> {
    check_here(ctx, cost, "in a transaction or a script, where the client cannot wait")
}

/// The same for work that only the main thread can do; `otherwise` is the end of the error, which says when it would be
/// possible.
pub(crate) fn check_here(ctx: Context, cost: Cost, otherwise: &str) -> Result<(), Refusal> {
    let most = config::max_blocking();
    if cost.0 <= most || ctx.is_replayed() {
        return Ok(());
    }
    Err(Refusal::because(format!(
        "this would hold up the server for about {} ms: expected at most {}, the limit neuralredis.max-blocking-ms, \
         {otherwise}",
        cost.0.as_millis(),
        most.as_millis(),
    )))
}

type Job = Box<dyn FnOnce() + Send>;

struct Threads {
    running: usize,
    waiting: VecDeque<Job>,
}

static THREADS: Mutex<Threads> = Mutex::new(Threads { running: 0, waiting: VecDeque::new() });

fn threads<R>(body: impl FnOnce(&mut Threads) -> R) -> R {
    body(&mut THREADS.lock().unwrap_or_else(PoisonError::into_inner))
}

/// Runs a job on a thread of lower priority, as soon as one is free.
pub(crate) fn spawn(job: impl FnOnce() + Send + 'static) {
    let is_room = threads(|threads| {
        threads.waiting.push_back(Box::new(job));
        let is_room = threads.running < MOST_THREADS;
        threads.running += usize::from(is_room);
        is_room
    });
    if is_room && std::thread::Builder::new().name("nr-work".into()).spawn(|| work(true)).is_err() {
        // The system has no more threads: a running one takes the job, or if there is none this one does.
        work(false);
    }
}

/// Values of more bytes are freed on a thread.
const FREED_AT_ONCE_BYTES: usize = 1 << 20;

/// Frees a value of `bytes` bytes without stalling the server. It gets a thread of its own, because behind other work
/// it would stay in memory as long as that takes.
pub(crate) fn dispose(bytes: usize, value: impl Send + 'static) {
    if bytes > FREED_AT_ONCE_BYTES {
        // If no thread can be started, the closure is dropped here, and `value` with it.
        let _ = std::thread::Builder::new().name("nr-free".into()).spawn(move || drop(value));
    }
}

/// Runs waiting jobs until there are none.
fn work(has_thread: bool) {
    if has_thread {
        lower_priority();
    }
    loop {
        let job = threads(|threads| {
            let others = threads.running > 1;
            let job = if has_thread || !others { threads.waiting.pop_front() } else { None };
            threads.running -= usize::from(job.is_none());
            job
        });
        let Some(job) = job else { return };
        boundary::guard(job);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[test]
    fn costs_add_up_and_never_overflow() {
        assert!(Cost::of_rows(1000, 200).is_brief());
        assert!(!Cost::of_rows(20_000, 15_700_000).is_brief());
        assert!(!Cost::of_rows(usize::MAX, usize::MAX).is_brief());
        assert!(!(Cost::of_bytes(usize::MAX) + Cost::of_bytes(usize::MAX)).is_brief());
        assert!((Cost::of_bytes(1 << 20) + Cost::of_items(10_000)).is_brief());
        assert!(!(Cost::of_bytes(4 << 20) + Cost::of_items(10_000)).is_brief());
    }

    #[test]
    fn pipelined_commands_share_the_budget_of_one() {
        let millisecond = Cost::of_bytes(1_000_000);
        let done = (0..100).filter(|_| may_run_now(millisecond)).count();
        assert_eq!(done, 5, "5 of 100 commands of 1 ms each run at once");
        assert!(
            (0..1_000_000).all(|_| may_run_now(Cost::of_rows(1, 1000))),
            "a small network is always answered at once"
        );
        std::thread::sleep(WINDOW);
        assert!(may_run_now(millisecond));
    }

    #[test]
    fn all_jobs_run_even_after_one_that_panics() {
        let (sender, receiver) = mpsc::channel();
        for number in 0..500 {
            let sender = sender.clone();
            spawn(move || {
                assert!(number != 7, "a bug");
                sender.send(number).unwrap();
            });
        }
        drop(sender);
        let mut numbers: Vec<i32> = receiver.iter().collect();
        numbers.sort_unstable();
        assert_eq!(numbers, (0..500).filter(|number| *number != 7).collect::<Vec<_>>());
    }
}
