//! Clients that a command blocks until a training ends, they time out, or they disconnect.
//!
//! A client is blocked once and unblocked once: by [`Waiter::wake`], by its timeout, or when it disconnects. Whichever
//! comes first removes it from `WAITING`; the server's handle is not used after that.
//!
//! Timeouts are timers of the module. Rejected: the timeout of `BlockClient`. Redis 7.0 checks it between unblocking a
//! client and calling the reply callback, so a client that is woken just as its time runs out receives no reply.

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::HashMap;
use std::ffi::{c_int, c_void};
use std::ptr::{self, NonNull};

use crate::raw;

use super::boundary;
use super::context::Context;
use super::module_context;
use super::reply::Reply;

type Client = NonNull<raw::RedisModuleBlockedClient>;

/// A handle of a blocked client, which may meanwhile have been unblocked.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Waiter(Client);

/// The state of a blocked client.
struct Waiting {
    /// The timer that unblocks the client; `None` without a timeout.
    timer: Option<raw::RedisModuleTimerID>,
    on_leave: Box<dyn FnOnce(&Waiter)>,
}

thread_local! {
    // Used on the main thread only: all callbacks and `Waiter::wake` run there.
    static WAITING: RefCell<HashMap<Client, Waiting>> = RefCell::default();
}

/// Blocks the client of a command for `milliseconds`, or without a timeout if that is 0. `on_leave` is called if the
/// client disconnects or times out before it is woken. Returns `None` in transactions and scripts, where a client
/// cannot be blocked; see [`Context::may_block`].
pub fn block(ctx: Context, milliseconds: i64, on_leave: impl FnOnce(&Waiter) + 'static) -> Option<Waiter> {
    if !ctx.may_block() {
        return None;
    }
    // SAFETY: `ctx` is the context of a running command: the server keeps it valid until the callback returns, and
    // `may_block` has shown that its client can be blocked. The callbacks have the signatures of the API. The handle
    // stays valid until the client is unblocked, and `unblock` stops the timer that points at it.
    let (client, timer) = unsafe {
        let client = call!(RedisModule_BlockClient(ctx.raw(), Some(woken), Some(timed_out), Some(free_answer), 0));
        let client = NonNull::new(client)?;
        call!(RedisModule_SetDisconnectCallback(client.as_ptr(), Some(disconnected)));
        let timer = (milliseconds > 0).then(|| {
            let context = module_context::get();
            call!(RedisModule_CreateTimer(context, milliseconds, Some(expired), client.as_ptr().cast()))
        });
        (client, timer)
    };
    WAITING.with_borrow_mut(|all| all.insert(client, Waiting { timer, on_leave: Box::new(on_leave) }));
    Some(Waiter(client))
}

impl Waiter {
    /// Unblocks the client and replies with a simple string. Does nothing if it was unblocked already.
    pub fn wake(self, word: Cow<'static, str>) {
        if let Some(Waiting { timer, .. }) = take_waiting(self.0) {
            unblock(self.0, timer, Some(Box::new(Reply::Word(word))));
        }
    }
}

/// Removes a client from `WAITING`; `None` if it was unblocked already.
fn take_waiting(client: Client) -> Option<Waiting> {
    WAITING.with_borrow_mut(|all| all.remove(&client))
}

/// Unblocks a client that [`take_waiting`] has just returned. The reply is null unless there is an answer.
fn unblock(client: Client, timer: Option<raw::RedisModuleTimerID>, answer: Option<Box<Reply>>) {
    let answer = answer.map_or(ptr::null_mut(), Box::into_raw);
    // SAFETY: the caller has just removed the client from `WAITING`, which happens once a client, so its handle is
    // still valid and passed to UnblockClient once. A timer that is given has not fired. UnblockClient takes ownership
    // of the answer, and the server passes it to `free_answer`.
    unsafe {
        if let Some(timer) = timer {
            call!(RedisModule_StopTimer(module_context::get(), timer, ptr::null_mut()));
        }
        call!(RedisModule_UnblockClient(client.as_ptr(), answer.cast()));
    }
}

/// Unblocks a client that disconnected or timed out. Does nothing if it was just woken: the server then handles it.
fn leave(client: *mut raw::RedisModuleBlockedClient, has_expired: bool) {
    boundary::guard(|| {
        let Some(client) = NonNull::new(client) else { return };
        if let Some(Waiting { timer, on_leave }) = take_waiting(client) {
            // A timer that has fired must not be stopped: the server frees it after this callback.
            unblock(client, timer.filter(|_| !has_expired), None);
            on_leave(&Waiter(client));
        }
    });
}

/// The reply callback: the client was unblocked.
extern "C" fn woken(ctx: *mut raw::RedisModuleCtx, _: *mut *mut raw::RedisModuleString, _: c_int) -> c_int {
    boundary::guard(|| {
        // SAFETY: the server calls this with the context of a client that `unblock` has unblocked. Its private data is
        // null or the `Box<Reply>` of `unblock`, which lives until `free_answer`.
        unsafe {
            let answer = call!(RedisModule_GetBlockedClientPrivateData(ctx)).cast::<Reply>();
            answer.as_ref().unwrap_or(&Reply::Null).send(Context::new(ctx));
        }
    });
    raw::REDISMODULE_OK as c_int
}

/// The callback of the timer.
extern "C" fn expired(_: *mut raw::RedisModuleCtx, client: *mut c_void) {
    leave(client.cast(), true);
}

/// The timeout callback, which CLIENT UNBLOCK calls.
extern "C" fn timed_out(ctx: *mut raw::RedisModuleCtx, _: *mut *mut raw::RedisModuleString, _: c_int) -> c_int {
    boundary::guard(|| Reply::Null.send(Context::new(ctx)));
    // SAFETY: the server calls this with the context of a blocked client, which has a handle.
    leave(unsafe { call!(RedisModule_GetBlockedClientHandle(ctx)) }, false);
    raw::REDISMODULE_OK as c_int
}

/// The disconnect callback. CLIENT UNBLOCK, CLIENT KILL and a change of the server's role call it, too.
unsafe extern "C" fn disconnected(_: *mut raw::RedisModuleCtx, client: *mut raw::RedisModuleBlockedClient) {
    leave(client, false);
}

unsafe extern "C" fn free_answer(_: *mut raw::RedisModuleCtx, answer: *mut c_void) {
    if !answer.is_null() {
        // SAFETY: a pointer that is not null is the `Box<Reply>` of `unblock`, and the server passes it to this
        // callback once.
        boundary::guard(|| drop(unsafe { Box::from_raw(answer.cast::<Reply>()) }));
    }
}
