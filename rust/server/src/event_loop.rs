//! Runs jobs of any thread on the main thread, without the server's lock.
//!
//! A thread that took the lock would stall the server, and on Redis 7.0 releasing the lock has a race. Instead:
//!
//! 1. [`post`] appends a job to the server's list of one-shot events and wakes its event loop through a pipe.
//! 2. The event loop runs the job on the main thread, outside any command: perhaps while a script that has exceeded
//!    `busy-reply-threshold` is still running, or while a data set is loading. So the job must not change the data set.
//! 3. A job that changes the data set runs in a timer, by [`after`]. Timers run between commands, never inside one,
//!    each as an execution unit of its own: what it replicates is sent as one transaction when it returns.

use std::ffi::c_void;
use std::marker::PhantomData;
use std::time::Duration;

use crate::raw;

use super::context::Context;
use super::{boundary, module_context};

/// Proof that the code runs on the server's main thread. It is not `Send`.
#[derive(Clone, Copy)]
pub struct MainThread(PhantomData<*const ()>);

/// The module's own context, for queries; it must not be used to change the data set.
pub fn context(_: MainThread) -> Context<'static> {
    Context::new(module_context::get())
}

type Job = Box<dyn FnOnce(MainThread) + Send>;
type Timed = Box<dyn FnOnce(MainThread, Context)>;

/// Runs `job` on the main thread, at once if the server is idle. Callable from any thread.
pub fn post(job: impl FnOnce(MainThread) + Send + 'static) {
    // Boxed twice: a pointer to a trait object has two words, and the server passes one.
    let job: Box<Job> = Box::new(Box::new(job));
    // SAFETY: EventLoopAddOneShot may be called from any thread. The box is passed on to `run_posted`, which the server
    // calls once with it.
    unsafe {
        call!(RedisModule_EventLoopAddOneShot(Some(run_posted), Box::into_raw(job).cast()));
    }
}

extern "C" fn run_posted(job: *mut c_void) {
    // SAFETY: `post` made the pointer from a `Box<Job>`, and the server passes it to this callback once.
    let job = unsafe { Box::from_raw(job.cast::<Job>()) };
    boundary::guard(|| job(MainThread(PhantomData)));
}

/// Runs `job` after a delay (whole milliseconds) as an execution unit, with a context in which it may write.
pub fn after(_: MainThread, delay: Duration, job: impl FnOnce(MainThread, Context) + 'static) {
    let job: Box<Timed> = Box::new(Box::new(job));
    let milliseconds = i64::try_from(delay.as_millis()).unwrap_or(i64::MAX);
    // SAFETY: `MainThread` proves that this is the main thread. The module's context lives as long as the server. The
    // box is passed on to `run_timed`, which the server calls once with it.
    unsafe {
        call!(RedisModule_CreateTimer(module_context::get(), milliseconds, Some(run_timed), Box::into_raw(job).cast()));
    }
}

extern "C" fn run_timed(ctx: *mut raw::RedisModuleCtx, job: *mut c_void) {
    // SAFETY: `after` made the pointer from a `Box<Timed>`, and the server passes it to this callback once.
    let job = unsafe { Box::from_raw(job.cast::<Timed>()) };
    boundary::guard(|| job(MainThread(PhantomData), Context::new(ctx)));
}
