//! From any thread to the main thread, without the server's lock.
//!
//! A thread that took the lock would hold up the server, and on Redis 7.0 giving the lock back is racy. Instead:
//!
//! 1. [`post`] puts a job in the server's list of one-shot events and wakes its event loop by a pipe.
//! 2. The event loop runs the job, on the main thread but in no context of a command or a module: it may even be inside
//!    a script that has outlived `busy-reply-threshold`, or while a data set is loading. So it changes nothing.
//! 3. [`after`] gives what changes the data set to a timer. Timers run between commands, never inside one,
//!    each as an execution unit of its own: what it replicates is wrapped and sent when it returns.

use std::ffi::c_void;
use std::marker::PhantomData;
use std::time::Duration;

use crate::raw;

use super::context::Context;
use super::{boundary, module_context};

/// Proof that the code runs on the server's main thread. It cannot be sent to another.
#[derive(Clone, Copy)]
pub struct MainThread(PhantomData<*const ()>);

/// The module's own context: good for questions, not for changes.
pub fn context(_: MainThread) -> Context<'static> {
    Context::new(module_context::get())
}

type Job = Box<dyn FnOnce(MainThread) + Send>;
type Timed = Box<dyn FnOnce(MainThread, Context)>;

/// Runs `job` on the main thread, at once if the server is idle. Callable from any thread.
pub fn post(job: impl FnOnce(MainThread) + Send + 'static) {
    // Boxed twice: a pointer to a trait object is too wide for the server's one word.
    let job: Box<Job> = Box::new(Box::new(job));
    // SAFETY: the entry is read by value after load; the box becomes the callback's, which runs once.
    unsafe {
        call!(RedisModule_EventLoopAddOneShot(Some(run_posted), Box::into_raw(job).cast()));
    }
}

extern "C" fn run_posted(job: *mut c_void) {
    // SAFETY: `post` made the pointer from this type, and the server passes it once.
    let job = unsafe { Box::from_raw(job.cast::<Job>()) };
    boundary::guard(|| job(MainThread(PhantomData)));
}

/// Runs `job` after a delay (whole milliseconds), as an execution unit, with a context in which it may write.
pub fn after(_: MainThread, delay: Duration, job: impl FnOnce(MainThread, Context) + 'static) {
    let job: Box<Timed> = Box::new(Box::new(job));
    let milliseconds = i64::try_from(delay.as_millis()).unwrap_or(i64::MAX);
    // SAFETY: on the main thread, with the module's own context, which lives as long as the server; the box becomes
    // the callback's, which runs once.
    unsafe {
        call!(RedisModule_CreateTimer(module_context::get(), milliseconds, Some(run_timed), Box::into_raw(job).cast()));
    }
}

extern "C" fn run_timed(ctx: *mut raw::RedisModuleCtx, job: *mut c_void) {
    // SAFETY: `after` made the pointer from this type, and the server passes it once.
    let job = unsafe { Box::from_raw(job.cast::<Timed>()) };
    boundary::guard(|| job(MainThread(PhantomData), Context::new(ctx)));
}
