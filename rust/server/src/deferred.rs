//! Clients whose reply is computed on another thread.
//!
//! The server blocks such a client, so its commands keep their order, and serves all others meanwhile. The thread
//! writes the reply into a buffer of its own, which the server then appends to the client's output: even a reply of
//! hundreds of megabytes costs the main thread nothing. Writing it takes no lock of the server.

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

/// A blocked client that waits for its reply. If this is dropped without a reply, the client receives an internal
/// error.
pub struct Deferred {
    client: *mut raw::RedisModuleBlockedClient,
    /// The context that the reply is written to.
    ctx: *mut raw::RedisModuleCtx,
    resp3: bool,
    gone: Arc<AtomicBool>,
    answered: bool,
}

// SAFETY: the API allows any thread to use both pointers, one thread at a time, which ownership ensures. The server
// keeps what they point at until `drop`.
unsafe impl Send for Deferred {}

thread_local! {
    // Used on the main thread only. Maps the address of each blocked client's handle to the flag of its `Deferred`.
    static WAITING: RefCell<HashMap<usize, Arc<AtomicBool>>> = RefCell::default();
}

/// Blocks the client of the running command; `None` where it cannot be blocked, see [`Context::may_block`].
pub fn block(ctx: Context) -> Option<Deferred> {
    if !ctx.may_block() {
        return None;
    }
    let gone = Arc::new(AtomicBool::new(false));
    let resp3 = ctx.is_resp3();
    // SAFETY: the server keeps `ctx` valid until the command returns, and `may_block` has shown that its client can be
    // blocked. The callbacks have the signatures of the API. The thread-safe context is created here and not on the
    // other thread, because creating it reads the client, which the main thread may be freeing by then.
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
    /// Whether the client still waits: false once it has disconnected or was unblocked.
    pub fn is_awaited(&self) -> bool {
        !self.gone.load(Ordering::Relaxed)
    }

    /// Sends the reply to the client. Callable on any thread.
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
            // SAFETY: `block` received both pointers from the server; nothing else frees them, and `drop` runs once.
            // The last argument is not dereferenced: `forget` only uses it as a key.
            unsafe {
                call!(RedisModule_FreeThreadSafeContext(self.ctx));
                call!(RedisModule_BlockedClientMeasureTimeEnd(self.client));
                call!(RedisModule_UnblockClient(self.client, self.client.cast()));
            }
        });
    }
}

/// The disconnect callback. CLIENT KILL and a change of the server's role call it, too. The server still expects
/// `UnblockClient` afterwards.
unsafe extern "C" fn disconnected(_: *mut raw::RedisModuleCtx, client: *mut raw::RedisModuleBlockedClient) {
    boundary::guard(|| {
        WAITING.with_borrow(|waiting| {
            if let Some(gone) = waiting.get(&(client as usize)) {
                gone.store(true, Ordering::Relaxed);
            }
        });
    });
}

/// Frees the private data: the last callback of a blocked client, after its reply was sent or discarded.
unsafe extern "C" fn forget(_: *mut raw::RedisModuleCtx, client: *mut c_void) {
    boundary::guard(|| WAITING.with_borrow_mut(|waiting| waiting.remove(&(client as usize))));
}
