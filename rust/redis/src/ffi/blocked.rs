//! Clients that wait for the end of a training.
//!
//! A client is made to wait once and let go once: by [`Waiter::wake`], by its timeout, or when it goes away. Whichever comes
//! first takes the [`Waiter`] out of the list of those who wait; the server's handle is never touched after that.
//!
//! Timeouts are timers of our own. Rejected: the server's, which Redis 7.0 looks at between waking a client and answering
//! it: one that is woken when its time is over gets no answer at all, neither of the two.

use std::borrow::Cow;
use std::ffi::{c_int, c_void};
use std::ptr::{self, NonNull};

use redis_module::raw;

use super::boundary;
use super::context::Context;
use super::module_context;
use super::reply::Reply;
use crate::trainings;

/// A client that waits.
#[derive(Debug)]
pub(crate) struct Waiter {
    client: NonNull<raw::RedisModuleBlockedClient>,
    /// What ends the waiting, unless it is for ever.
    timer: Option<raw::RedisModuleTimerID>,
}

/// Makes the client of a command wait, for so many milliseconds or, if 0, for ever. In transactions and scripts, where
/// nobody waits, there is no waiter; see [`Context::may_block`].
pub(crate) fn block(ctx: Context, milliseconds: i64) -> Option<Waiter> {
    // SAFETY: the live context of a command whose client may wait; the callbacks have the types that are asked for.
    unsafe {
        let client = call!(RedisModule_BlockClient(ctx.raw(), Some(woken), Some(timed_out), Some(free_answer), 0));
        let client = NonNull::new(client)?;
        call!(RedisModule_SetDisconnectCallback(client.as_ptr(), Some(disconnected)));
        let timer = (milliseconds > 0).then(|| {
            let context = module_context::get();
            call!(RedisModule_CreateTimer(context, milliseconds, Some(expired), client.as_ptr().cast()))
        });
        Some(Waiter { client, timer })
    }
}

impl Waiter {
    /// Tells clients that wait apart.
    pub(crate) fn id(&self) -> usize {
        self.client.as_ptr().addr()
    }

    /// Answers the client with a word.
    pub(crate) fn wake(self, word: Cow<'static, str>) {
        let answer = Box::into_raw(Box::new(Reply::Word(word)));
        self.unblock(answer.cast());
    }

    /// Lets the client go: with null, unless it has been answered or is no more.
    fn release(self) {
        self.unblock(ptr::null_mut());
    }

    fn unblock(self, answer: *mut c_void) {
        // SAFETY: the client has not been let go, or this would be gone, and so its timer has not run; the answer becomes
        // `free_answer`'s.
        unsafe {
            if let Some(timer) = self.timer {
                call!(RedisModule_StopTimer(module_context::get(), timer, ptr::null_mut()));
            }
            call!(RedisModule_UnblockClient(self.client.as_ptr(), answer));
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

/// The time is over.
extern "C" fn expired(_: *mut raw::RedisModuleCtx, client: *mut c_void) {
    boundary::guard(|| {
        if let Some(waiter) = taken(client.cast()) {
            // The server is about to free the timer itself.
            Waiter { timer: None, ..waiter }.release();
        }
    });
}

/// CLIENT UNBLOCK ends the waiting as if its time were over.
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
    if let Some(waiter) = taken(client) {
        waiter.release();
    }
}

/// Takes a client out of those who wait, if it is among them.
fn taken(client: *mut raw::RedisModuleBlockedClient) -> Option<Waiter> {
    trainings::forget(&Waiter { client: NonNull::new(client)?, timer: None })
}

unsafe extern "C" fn free_answer(_: *mut raw::RedisModuleCtx, answer: *mut c_void) {
    if !answer.is_null() {
        // SAFETY: `wake` made the pointer from this type, and the server passes it once.
        boundary::guard(|| drop(unsafe { Box::from_raw(answer.cast::<Reply>()) }));
    }
}
