//! The module's own context, which belongs to no command and lives from load until the server ends.

use std::cell::Cell;
use std::ptr;
use std::sync::atomic::{AtomicPtr, Ordering};

use crate::raw;

thread_local! {
    static IS_MAIN: Cell<bool> = const { Cell::new(false) };
}

static DETACHED: AtomicPtr<raw::RedisModuleCtx> = AtomicPtr::new(ptr::null_mut());

/// Creates the context from the one of `OnLoad`.
pub(crate) fn set(loading: *mut raw::RedisModuleCtx) {
    // SAFETY: `on_load` calls this on the main thread with its valid context; the function table was filled before.
    let detached = unsafe { raw::RedisModule_GetDetachedThreadSafeContext.map(|detach| detach(loading)) };
    DETACHED.store(detached.unwrap_or(ptr::null_mut()), Ordering::Release);
    IS_MAIN.set(true);
}

/// Whether this is the main thread, on which the server loaded the module and runs commands, or the same thread in a
/// forked child.
pub fn is_main_thread() -> bool {
    IS_MAIN.get()
}

/// The context, or null before [`set`]. On other threads than the main thread it may be used for logging only.
pub(crate) fn get() -> *mut raw::RedisModuleCtx {
    DETACHED.load(Ordering::Acquire)
}
