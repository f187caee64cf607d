//! A context that belongs to the module and to no command, kept from load until the server ends.

use std::cell::Cell;
use std::ptr;
use std::sync::atomic::{AtomicPtr, Ordering};

use crate::raw;

thread_local! {
    static IS_MAIN: Cell<bool> = const { Cell::new(false) };
}

static DETACHED: AtomicPtr<raw::RedisModuleCtx> = AtomicPtr::new(ptr::null_mut());

/// Makes the context, out of the one that the server gave to `OnLoad`.
pub(crate) fn set(loading: *mut raw::RedisModuleCtx) {
    // SAFETY: called on the main thread with a live context; the entry is read by value after load.
    let detached = unsafe { raw::RedisModule_GetDetachedThreadSafeContext.map(|detach| detach(loading)) };
    DETACHED.store(detached.unwrap_or(ptr::null_mut()), Ordering::Release);
    IS_MAIN.set(true);
}

/// Whether this is the thread that the server loaded the module on and runs commands on, here or in a forked child.
pub fn is_main_thread() -> bool {
    IS_MAIN.get()
}

/// The context, or null before [`set`]. Off the main thread it is good for logging and nothing else.
pub(crate) fn get() -> *mut raw::RedisModuleCtx {
    DETACHED.load(Ordering::Acquire)
}
