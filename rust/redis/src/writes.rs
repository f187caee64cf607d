//! The last part of long writes: on the main thread, between commands, in turns.
//!
//! A thread has done the long part of a write ([`crate::work`]). What is left changes the keyspace, so the main thread does it, by
//! a timer, which is an execution unit that may replicate. However many writes are to be ended at one moment, the server is
//! held up for [`TURN`] at a time; one that has more to do goes to the end of the queue.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::time::{Duration, Instant};

use neuralredis_server::{Context, Deferred, MainThread, Reply, event_loop};

use crate::error::Refusal;
use crate::work;

/// How long the main thread writes before others have their turn.
const TURN: Duration = Duration::from_millis(3);

/// How long writes wait, while the server asks for none, before they are tried again.
const RETRY: Duration = Duration::from_millis(10);

/// What a part of a write comes to.
pub(crate) enum Step {
    Done(Reply),
    /// There is more to do, after others have had their turn.
    More(Write),
    /// There is more to do on a thread, which is given the client.
    Elsewhere(Box<dyn FnOnce(Deferred) + Send>),
}

pub(crate) type Write = Box<dyn FnOnce(Context) -> Result<Step, Refusal>>;

struct Waiting {
    client: Deferred,
    write: Write,
    /// Whether nothing has been written yet.
    is_first: bool,
}

thread_local! {
    // Of the main thread.
    static WAITING: RefCell<VecDeque<Waiting>> = const { RefCell::new(VecDeque::new()) };
    // Whether a timer will see to them.
    static IS_SET: Cell<bool> = const { Cell::new(false) };
}

/// Ends a write and answers its client with what it comes to. Called from the thread that has done the long part.
///
/// A write is not begun if its client has gone, or has been told of an error by the server, as when a cluster fails.
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
