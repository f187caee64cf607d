//! Clients that wait for the end of a training.
//!
//! A client is made to wait once and let go once: by [`Waiter::wake`], by its timeout, or when it goes away. Whichever comes
//! first takes the [`Waiter`] out of the list of those who wait; the server's handle is never touched after that.

use std::borrow::Cow;
use std::ffi::{c_int, c_void};
use std::ptr::{self, NonNull};

use redis_module::raw;

use super::boundary;
use super::context::Context;
use super::reply::Reply;
use crate::trainings;

/// A client that waits.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Waiter(NonNull<raw::RedisModuleBlockedClient>);

/// Makes the client of a command wait, for so many milliseconds or, if 0, for ever. In transactions and scripts, where
/// nobody waits, there is no waiter; see [`Context::may_block`].
pub(crate) fn block(ctx: Context, milliseconds: i64) -> Option<Waiter> {
    // SAFETY: the live context of a command whose client may wait; the callbacks have the types that are asked for.
    unsafe {
        let client =
            call!(RedisModule_BlockClient(ctx.raw(), Some(woken), Some(timed_out), Some(free_answer), milliseconds));
        let client = NonNull::new(client)?;
        call!(RedisModule_SetDisconnectCallback(client.as_ptr(), Some(disconnected)));
        Some(Waiter(client))
    }
}

impl Waiter {
    /// Answers the client with a word.
    pub(crate) fn wake(self, word: Cow<'static, str>) {
        let answer = Box::into_raw(Box::new(Reply::Word(word)));
        // SAFETY: the client has not been let go, or this would be gone; the answer becomes `free_answer`'s.
        unsafe {
            call!(RedisModule_UnblockClient(self.0.as_ptr(), answer.cast()));
        }
    }

    /// Lets the client go: it has been answered, or is no more.
    fn release(self) {
        // SAFETY: as for `wake`.
        unsafe {
            call!(RedisModule_UnblockClient(self.0.as_ptr(), ptr::null_mut()));
        }
    }
}

extern "C" fn woken(ctx: *mut raw::RedisModuleCtx, _: *mut *mut raw::RedisModuleString, _: c_int) -> c_int {
    boundary::guard(|| {
        // SAFETY: the context of a client that `wake` has woken, with the answer that it left, or none.
        unsafe {
            let answer = call!(RedisModule_GetBlockedClientPrivateData(ctx)).cast::<Reply>();
            answer.as_ref().unwrap_or(&Reply::Null).send(Context::new(ctx));
        }
    });
    raw::REDISMODULE_OK as c_int
}

extern "C" fn timed_out(ctx: *mut raw::RedisModuleCtx, _: *mut *mut raw::RedisModuleString, _: c_int) -> c_int {
    boundary::guard(|| {
        // SAFETY: the context of a client that waits.
        let client = unsafe { call!(RedisModule_GetBlockedClientHandle(ctx)) };
        Reply::Null.send(Context::new(ctx));
        forget(client);
    });
    raw::REDISMODULE_OK as c_int
}

/// Also called when CLIENT UNBLOCK, CLIENT KILL or a change of role ends the waiting.
unsafe extern "C" fn disconnected(_: *mut raw::RedisModuleCtx, client: *mut raw::RedisModuleBlockedClient) {
    boundary::guard(|| forget(client));
}

/// Lets a client go that waits no more. One that has just been woken is in the server's hands already.
fn forget(client: *mut raw::RedisModuleBlockedClient) {
    if let Some(waiter) = NonNull::new(client).and_then(|client| trainings::forget(&Waiter(client))) {
        waiter.release();
    }
}

unsafe extern "C" fn free_answer(_: *mut raw::RedisModuleCtx, answer: *mut c_void) {
    if !answer.is_null() {
        // SAFETY: `wake` made the pointer from this type, and the server passes it once.
        boundary::guard(|| drop(unsafe { Box::from_raw(answer.cast::<Reply>()) }));
    }
}
