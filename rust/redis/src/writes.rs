//! The last step of long writes, which the main thread runs between commands, in turns.
//!
//! A thread has done the expensive part of a write ([`crate::work`]). The rest changes the keyspace, so the main thread
//! does it, in a timer, which is an execution unit that may replicate. However many writes end at the same time, they
//! stall the server for at most about [`TURN`] at a time; a write with more to do goes to the end of the queue.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::time::{Duration, Instant};

use neuralredis_server::{Context, Deferred, MainThread, Reply, event_loop};

use crate::error::Refusal;
use crate::work;

/// How long the main thread works on writes before it serves commands again.
const TURN: Duration = Duration::from_millis(3);

/// How long to wait before trying again while the server accepts no writes.
const RETRY: Duration = Duration::from_millis(10);

/// The result of one step of a write.
pub(crate) enum Step {
    Done(Reply),
    /// The write continues after other clients were served.
    More(Write),
    /// The write continues on a thread, which takes over the client.
    Elsewhere(Box<dyn FnOnce(Deferred) + Send>),
}

pub(crate) type Write = Box<dyn FnOnce(Context) -> Result<Step, Refusal>>;

struct Waiting {
    client: Deferred,
    write: Write,
    /// Whether the write has not run any step yet.
    is_first: bool,
}

thread_local! {
    // Used on the main thread only.
    static WAITING: RefCell<VecDeque<Waiting>> = const { RefCell::new(VecDeque::new()) };
    // Whether a timer is set for `WAITING`.
    static IS_SET: Cell<bool> = const { Cell::new(false) };
}

/// Runs the last step of a write on the main thread, and sends its result to the client. Callable on any thread.
///
/// A write does not begin if its client has disconnected, or has already received an error from the server, for
/// instance because the cluster is down.
pub(crate) fn conclude(client: Deferred, write: impl FnOnce(Context) -> Result<Step, Refusal> + Send + 'static) {
    event_loop::post(move |main| {
        let waiting = Waiting { client, write: Box::new(write), is_first: true };
        WAITING.with_borrow_mut(|all| all.push_back(waiting));
        set_timer(main, Duration::ZERO);
    });
}

fn set_timer(main: MainThread, delay: Duration) {
    if !IS_SET.replace(true) {
        event_loop::after(main, delay, write_some);
    }
}

fn write_some(main: MainThread, ctx: Context) {
    IS_SET.set(false);
    if ctx.avoids_replica_traffic() || ctx.is_loading() {
        set_timer(main, RETRY);
        return;
    }
    let end = Instant::now() + TURN;
    while let Some(Waiting { client, write, is_first }) = WAITING.with_borrow_mut(VecDeque::pop_front) {
        if is_first && !client.is_awaited() {
            continue;
        }
        match if ctx.is_read_only() { Err(Refusal::ReadOnly) } else { write(ctx) } {
            Ok(Step::Done(reply)) => client.answer(&Ok::<_, Refusal>(reply)),
            Ok(Step::More(write)) => {
                let waiting = Waiting { client, write, is_first: false };
                WAITING.with_borrow_mut(|all| all.push_back(waiting));
            }
            Ok(Step::Elsewhere(job)) => work::spawn(move || job(client)),
            Err(refusal) => client.answer(&Err(refusal)),
        }
        if Instant::now() >= end {
            break;
        }
    }
    if WAITING.with_borrow(|all| !all.is_empty()) {
        set_timer(main, Duration::ZERO);
    }
}
