//! Work that would hold up the server: it is done on a thread, while its client waits and all others are served.
//!
//! What a command is about to do is estimated beforehand. Up to 5 ms it is done at once, which costs nothing more than
//! it takes. Beyond, the client is made to wait and the work goes to a thread that sees a snapshot. Where a client cannot wait, in a
//! transaction or a script, the work is done at once after all if it takes no more than `neuralredis.max-blocking-ms`, and
//! refused otherwise.

use std::cell::Cell;
use std::collections::VecDeque;
use std::ops::Add;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use neuralredis_core::training::lower_priority;
use neuralredis_server::{Context, Deferred, Reply, boundary, deferred};

use crate::config;
use crate::error::Refusal;

/// How long a command may hold up the server by its own work.
const BRIEF: Duration = Duration::from_millis(5);

#[cfg(not(feature = "pauses"))]
fn brief() -> Duration {
    BRIEF
}

/// In the module that tests build for themselves nothing is brief where they say so: all that can be done on threads is.
#[cfg(feature = "pauses")]
fn brief() -> Duration {
    use std::sync::OnceLock;

    static CHOSEN: OnceLock<Duration> = OnceLock::new();
    *CHOSEN
        .get_or_init(|| if std::env::var_os("NEURALREDIS_NOTHING_IS_BRIEF").is_some() { Duration::ZERO } else { BRIEF })
}

/// Threads at most; what comes beyond waits for one. So many that no one client's long requests keep those of others from
/// starting: the system shares the cores among them.
const MOST_THREADS: usize = 64;

/// How long something takes, about: on the slow side of the processors that servers have.
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

    /// Rows that go through so many parameters each: 4 multiply-adds a nanosecond, which AVX2 doubles or trebles.
    pub(crate) fn of_rows(rows: usize, parameters: usize) -> Self {
        Self::picoseconds(rows.saturating_mul(parameters), 250)
    }

    /// Bytes that are read, checked and copied: 1 GB a second.
    pub(crate) fn of_bytes(bytes: usize) -> Self {
        Self::picoseconds(bytes, 1000)
    }

    /// Numbers that are written as text, or items of a reply: 10 million a second.
    pub(crate) fn of_items(items: usize) -> Self {
        Self::picoseconds(items, 100_000)
    }

    /// Initial weights that are drawn, 7 ns each.
    pub(crate) fn of_drawing(parameters: usize) -> Self {
        Self::picoseconds(parameters, 7000)
    }

    /// Whether it may be done at once.
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

/// What costs less is not counted: looking at the clock would cost as much.
const UNCOUNTED: Cost = Cost(Duration::from_micros(20));

/// The time in which commands together may do at once what one may.
const WINDOW: Duration = Duration::from_millis(10);

/// Whether a command may do its work at once: if it is brief, and if it is with what others have done in this moment. The
/// server runs what a client has pipelined one after the other, and serves nobody else meanwhile; what goes to a thread ends
/// that.
pub(crate) fn is_free(cost: Cost) -> bool {
    thread_local! {
        // When the present window began, and what has been done in it.
        static DONE: Cell<Option<(Instant, Cost)>> = const { Cell::new(None) };
    }
    if cost <= UNCOUNTED {
        return cost.is_brief();
    }
    let now = Instant::now();
    let (began, done) = DONE.get().filter(|(began, _)| now - *began < WINDOW).unwrap_or((now, Cost::NONE));
    let is_free = (done + cost).is_brief();
    if is_free {
        DONE.set(Some((began, done + cost)));
    }
    is_free
}

/// Asks work that goes on for long whether its answer is still wanted.
pub(crate) type KeepOn<'a> = &'a dyn Fn() -> bool;

/// Answers the client with what the job comes to, from a thread where it takes long.
pub(crate) fn answer(
    ctx: Context,
    cost: Cost,
    job: impl FnOnce(KeepOn<'_>) -> Result<Reply, Refusal> + Send + 'static,
) -> Result<Reply, Refusal> {
    if is_free(cost) { job(&|| true) } else { defer(ctx, cost, job) }
}

/// Answers the client with what the job comes to, from a thread if the client can wait.
pub(crate) fn defer(
    ctx: Context,
    cost: Cost,
    job: impl FnOnce(KeepOn<'_>) -> Result<Reply, Refusal> + Send + 'static,
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

/// Makes the client wait for work that takes long; none if it is to be done at once.
pub(crate) fn begin(ctx: Context, cost: Cost) -> Result<Option<Deferred>, Refusal> {
    if is_free(cost) || ctx.is_replayed() {
        return Ok(None);
    }
    let client = deferred::block(ctx);
    if client.is_none() {
        check_blocking(ctx, cost)?;
    }
    Ok(client)
}

/// Refuses work that would hold up the server for too long, which another client could wait for.
pub(crate) fn check_blocking(ctx: Context, cost: Cost) -> Result<(), Refusal> {
    check_here(ctx, cost, "in a transaction or a script, where the client cannot wait")
}

/// The same of work that the main thread alone can do; `otherwise` says when it would be done.
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

/// Does something on a thread of lower priority, now or when one is free.
pub(crate) fn spawn(job: impl FnOnce() + Send + 'static) {
    let is_room = threads(|threads| {
        threads.waiting.push_back(Box::new(job));
        let is_room = threads.running < MOST_THREADS;
        threads.running += usize::from(is_room);
        is_room
    });
    if is_room && std::thread::Builder::new().name("nr-work".into()).spawn(|| work(true)).is_err() {
        // No thread to be had: one that runs takes the job, or else this one does.
        work(false);
    }
}

/// What takes more bytes than this is freed on a thread.
const FREED_HERE: usize = 1 << 20;

/// Drops what takes so many bytes where nobody waits for it. Not behind work that waits for a thread: it would stay as long.
pub(crate) fn dispose(bytes: usize, value: impl Send + 'static) {
    if bytes > FREED_HERE {
        // Without a thread it is dropped here: the closure is, with what it holds.
        let _ = std::thread::Builder::new().name("nr-free".into()).spawn(move || drop(value));
    }
}

/// Does what waits, until nothing does.
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
    fn commands_one_after_the_other_do_together_what_one_may() {
        let millisecond = Cost::of_bytes(1_000_000);
        let done = (0..100).filter(|_| is_free(millisecond)).count();
        assert_eq!(done, 5, "of a hundred at one moment");
        assert!((0..1_000_000).all(|_| is_free(Cost::of_rows(1, 1000))), "a small network is always answered at once");
        std::thread::sleep(WINDOW);
        assert!(is_free(millisecond));
    }

    #[test]
    fn all_jobs_are_done_also_after_one_that_panics() {
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
