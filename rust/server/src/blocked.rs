//! Clients that wait for something to end.
//!
//! A client is blocked once and unblocked once: by [`Waiter::wake`], by its timeout, or when it leaves. Whichever comes first
//! takes it out of the list of those that wait; the server's handle is never touched after that.
//!
//! Timeouts are timers of our own. Rejected: the server's, which Redis 7.0 checks between waking a client and answering it: a
//! client that is woken just when its time is over gets no answer at all.

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

/// A client that waits, or waited and has left since.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Waiter(Client);

/// What is known of a client that waits.
struct Waiting {
    /// What ends the waiting, unless it is forever.
    timer: Option<raw::RedisModuleTimerID>,
    on_leave: Box<dyn FnOnce(&Waiter)>,
}

thread_local! {
    // Of the main thread.
    static WAITING: RefCell<HashMap<Client, Waiting>> = RefCell::default();
}

/// Makes the client of a command wait, for so many milliseconds or, if 0, forever. `on_leave` is called if it leaves or its
/// time is over before it is woken. `None` in transactions and scripts, where a client cannot wait; see [`Context::may_block`].
pub fn block(ctx: Context, milliseconds: i64, on_leave: impl FnOnce(&Waiter) + 'static) -> Option<Waiter> {
    if !ctx.may_block() {
        return None;
    }
    // SAFETY: the live context of a command whose client may wait; the callbacks have the types that are asked for.
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
    /// Answers the client with a word.
    pub fn wake(self, word: Cow<'static, str>) {
        if let Some(Waiting { timer, .. }) = taken(self.0) {
            unblock(self.0, timer, Some(Box::new(Reply::Word(word))));
        }
    }
}

/// Takes a client out of those that wait, if it is among them.
fn taken(client: Client) -> Option<Waiting> {
    WAITING.with_borrow_mut(|all| all.remove(&client))
}

/// Unblocks a client that was just taken out of those that wait: with null, unless there is an answer.
fn unblock(client: Client, timer: Option<raw::RedisModuleTimerID>, answer: Option<Box<Reply>>) {
    let answer = answer.map_or(ptr::null_mut(), Box::into_raw);
    // SAFETY: the client has not been unblocked, or it would not have been among those that wait, and so its timer has not
    // run; the answer becomes `free_answer`'s.
    unsafe {
        if let Some(timer) = timer {
            call!(RedisModule_StopTimer(module_context::get(), timer, ptr::null_mut()));
        }
        call!(RedisModule_UnblockClient(client.as_ptr(), answer.cast()));
    }
}

/// Unblocks a client that waits no more. One that has just been woken is in the server's hands already.
fn leave(client: *mut raw::RedisModuleBlockedClient, has_expired: bool) {
    boundary::guard(|| {
        let Some(client) = NonNull::new(client) else { return };
        if let Some(Waiting { timer, on_leave }) = taken(client) {
            // The server is about to free a timer that has expired.
            unblock(client, timer.filter(|_| !has_expired), None);
            on_leave(&Waiter(client));
        }
    });
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
    leave(client.cast(), true);
}

/// CLIENT UNBLOCK ends the waiting as if its time were over.
extern "C" fn timed_out(ctx: *mut raw::RedisModuleCtx, _: *mut *mut raw::RedisModuleString, _: c_int) -> c_int {
    boundary::guard(|| Reply::Null.send(Context::new(ctx)));
    // SAFETY: the context of a client that waits.
    leave(unsafe { call!(RedisModule_GetBlockedClientHandle(ctx)) }, false);
    raw::REDISMODULE_OK as c_int
}

/// Also called when CLIENT UNBLOCK, CLIENT KILL or a change of role ends the waiting.
unsafe extern "C" fn disconnected(_: *mut raw::RedisModuleCtx, client: *mut raw::RedisModuleBlockedClient) {
    leave(client, false);
}

unsafe extern "C" fn free_answer(_: *mut raw::RedisModuleCtx, answer: *mut c_void) {
    if !answer.is_null() {
        // SAFETY: `wake` made the pointer from this type, and the server passes it once.
        boundary::guard(|| drop(unsafe { Box::from_raw(answer.cast::<Reply>()) }));
    }
}
