//! Clients whose answer is made on another thread.
//!
//! The server makes such a client wait, so its commands keep their order, and serves all others meanwhile. The reply is
//! written on the thread that has made it, into a buffer of its own that the server then appends to the client's: even a
//! reply of hundreds of megabytes costs the main thread nothing. For that no lock of the server's is taken.

use std::cell::RefCell;
use std::collections::HashMap;
use std::ffi::c_void;
use std::fmt::Display;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::raw;

use super::boundary;
use super::context::Context;
use super::reply::{self, Reply};

/// A client that waits for an answer. Dropped without one, it is answered with an internal error.
pub struct Deferred {
    client: *mut raw::RedisModuleBlockedClient,
    /// Where the reply is written.
    ctx: *mut raw::RedisModuleCtx,
    resp3: bool,
    gone: Arc<AtomicBool>,
    answered: bool,
}

// SAFETY: the server lets both pointers be used on any one thread at a time, and keeps what they point at until `drop`.
unsafe impl Send for Deferred {}

thread_local! {
    // Of the main thread: the flag of each client that waits, by the address of the server's handle.
    static WAITING: RefCell<HashMap<usize, Arc<AtomicBool>>> = RefCell::default();
}

/// Makes the client of the command being run wait; none where it cannot. See [`Context::may_block`].
pub fn block(ctx: Context) -> Option<Deferred> {
    if !ctx.may_block() {
        return None;
    }
    let gone = Arc::new(AtomicBool::new(false));
    let resp3 = ctx.is_resp3();
    // SAFETY: the live context of a command whose client may wait. The context of the reply is made here, not on the other
    // thread: to make it the server reads the client, which the main thread may be freeing by then.
    unsafe {
        let client = call!(RedisModule_BlockClient(ctx.raw(), None, None, Some(forget), 0));
        if client.is_null() {
            return None;
        }
        call!(RedisModule_SetDisconnectCallback(client, Some(disconnected)));
        let ctx = call!(RedisModule_GetThreadSafeContext(client));
        call!(RedisModule_BlockedClientMeasureTimeStart(client));
        WAITING.with_borrow_mut(|waiting| waiting.insert(client as usize, Arc::clone(&gone)));
        Some(Deferred { client, ctx, resp3, gone, answered: false })
    }
}

impl Deferred {
    /// Whether the client still waits: it may have closed its connection, or been closed.
    pub fn is_awaited(&self) -> bool {
        !self.gone.load(Ordering::Relaxed)
    }

    /// Answers the client, from any thread.
    pub fn answer(mut self, result: &Result<Reply, impl Display>) {
        self.send(result);
    }

    fn send(&mut self, result: &Result<Reply, impl Display>) {
        self.answered = true;
        if self.is_awaited() {
            let ctx = Context::new(self.ctx);
            match result {
                Ok(answer) => answer.send_in(ctx, self.resp3),
                Err(refusal) => reply::error(ctx, &refusal.to_string()),
            }
        }
    }
}

impl Drop for Deferred {
    fn drop(&mut self) {
        boundary::guard(|| {
            if !self.answered {
                self.send(&Err(reply::INTERNAL_ERROR));
            }
            // SAFETY: both pointers are the server's, live until here and used no more; `forget` compares a number.
            unsafe {
                call!(RedisModule_FreeThreadSafeContext(self.ctx));
                call!(RedisModule_BlockedClientMeasureTimeEnd(self.client));
                call!(RedisModule_UnblockClient(self.client, self.client.cast()));
            }
        });
    }
}

/// The client has gone away, or is made to by CLIENT KILL or a change of role. Its answer is still awaited by the server.
unsafe extern "C" fn disconnected(_: *mut raw::RedisModuleCtx, client: *mut raw::RedisModuleBlockedClient) {
    boundary::guard(|| {
        WAITING.with_borrow(|waiting| {
            if let Some(gone) = waiting.get(&(client as usize)) {
                gone.store(true, Ordering::Relaxed);
            }
        });
    });
}

/// The client has been answered, if it was still there.
unsafe extern "C" fn forget(_: *mut raw::RedisModuleCtx, client: *mut c_void) {
    boundary::guard(|| WAITING.with_borrow_mut(|waiting| waiting.remove(&(client as usize))));
}
