//! Events of the server: a key moves, databases are swapped or flushed, a client disconnects, the role changes, the
//! server shuts down.
//!
//! Events of keys are incomplete: the module does not subscribe to them on some Valkeys, see
//! [`quirks::has_move_notification_bug`], and Valkey 9.1 reports the wrong database for a MOVE in a transaction. Use
//! them as hints only.

use std::ffi::{CStr, c_char, c_int, c_void};
use std::sync::OnceLock;

use crate::raw::{self, RedisModuleEvent};

use super::context::Context;
use super::{boundary, quirks, replication, strings};

/// The module's callbacks for events. All run on the main thread.
pub struct Handlers {
    /// A key was renamed or moved to this name, in the selected database.
    pub key_moved: fn(Context, &[u8]),
    /// The server became a replica.
    pub became_replica: fn(),
    /// Two databases were swapped.
    pub databases_swapped: fn(i32, i32),
    /// A database was flushed; `None` stands for all databases.
    pub database_flushed: fn(Option<i32>),
    /// The client with this id disconnected.
    pub client_left: fn(u64),
    /// Loading a data set ended or failed.
    pub loading_ended: fn(),
    /// The server shuts down.
    pub shutting_down: fn(),
}

static HANDLERS: OnceLock<Handlers> = OnceLock::new();

const EVENTS: [u64; 8] = [
    raw::REDISMODULE_EVENT_REPLICATION_ROLE_CHANGED,
    raw::REDISMODULE_EVENT_REPLICA_CHANGE,
    raw::REDISMODULE_EVENT_FORK_CHILD,
    raw::REDISMODULE_EVENT_SWAPDB,
    raw::REDISMODULE_EVENT_FLUSHDB,
    raw::REDISMODULE_EVENT_CLIENT_CHANGE,
    raw::REDISMODULE_EVENT_LOADING,
    raw::REDISMODULE_EVENT_SHUTDOWN,
];

/// Subscribes to the events. Must be the last step of loading: Redis 7.0 keeps calling the callbacks of a module
/// whose loading failed afterwards.
pub fn subscribe(ctx: Context, handlers: Handlers) -> Result<(), String> {
    HANDLERS.get_or_init(|| handlers);
    let types = raw::REDISMODULE_NOTIFY_GENERIC;
    // SAFETY: `ctx` is the context of OnLoad, valid until that returns; the callbacks have the signatures of the API.
    let rejected = unsafe {
        !quirks::has_move_notification_bug()
            && call!(RedisModule_SubscribeToKeyspaceEvents(ctx.raw(), types, Some(key_event))) != 0
            || EVENTS.into_iter().any(|id| {
                let event = RedisModuleEvent { id, dataver: 1 };
                call!(RedisModule_SubscribeToServerEvent(ctx.raw(), event, Some(on_event))) != 0
            })
    };
    if rejected { Err("the server rejected the subscription to its events".into()) } else { Ok(()) }
}

unsafe extern "C" fn key_event(
    ctx: *mut raw::RedisModuleCtx,
    _: c_int,
    event: *const c_char,
    key: *mut raw::RedisModuleString,
) -> c_int {
    // SAFETY: the server keeps both strings valid and unchanged during this callback; the name of an event ends with
    // NUL.
    let (event, key) = unsafe { (CStr::from_ptr(event), strings::bytes(key)) };
    // These report the new name; the events of the old name are ignored.
    if event == c"rename_to" || event == c"move_to" {
        boundary::guard(|| HANDLERS.get().map(|handlers| (handlers.key_moved)(Context::new(ctx), key)));
    }
    raw::REDISMODULE_OK as c_int
}

unsafe extern "C" fn on_event(_: *mut raw::RedisModuleCtx, event: RedisModuleEvent, change: u64, data: *mut c_void) {
    let Some(handlers) = HANDLERS.get() else { return };
    boundary::guard(|| match event.id {
        raw::REDISMODULE_EVENT_REPLICATION_ROLE_CHANGED => {
            replication::forget_targets();
            if change == raw::REDISMODULE_EVENT_REPLROLECHANGED_NOW_REPLICA {
                (handlers.became_replica)();
            }
        }
        // A replica may have been added. It begins with a fork, see [`replication`].
        raw::REDISMODULE_EVENT_REPLICA_CHANGE | raw::REDISMODULE_EVENT_FORK_CHILD => replication::forget_targets(),
        raw::REDISMODULE_EVENT_SWAPDB => {
            // SAFETY: for this event the server passes a RedisModuleSwapDbInfo or null, valid during this callback.
            if let Some(swap) = unsafe { data.cast::<raw::RedisModuleSwapDbInfo>().as_ref() } {
                (handlers.databases_swapped)(swap.dbnum_first, swap.dbnum_second);
            }
        }
        raw::REDISMODULE_EVENT_FLUSHDB => {
            // SAFETY: for this event the server passes a RedisModuleFlushInfo or null, valid during this callback.
            if let Some(flush) = unsafe { data.cast::<raw::RedisModuleFlushInfo>().as_ref() } {
                (handlers.database_flushed)((flush.dbnum >= 0).then_some(flush.dbnum));
            }
        }
        raw::REDISMODULE_EVENT_CLIENT_CHANGE if change == raw::REDISMODULE_SUBEVENT_CLIENT_CHANGE_DISCONNECTED => {
            // SAFETY: for this event the server passes a RedisModuleClientInfo or null, valid during this callback.
            if let Some(client) = unsafe { data.cast::<raw::RedisModuleClientInfo>().as_ref() } {
                (handlers.client_left)(client.id);
            }
        }
        raw::REDISMODULE_EVENT_LOADING
            if matches!(change, raw::REDISMODULE_SUBEVENT_LOADING_ENDED | raw::REDISMODULE_SUBEVENT_LOADING_FAILED) =>
        {
            (handlers.loading_ended)();
        }
        raw::REDISMODULE_EVENT_SHUTDOWN => (handlers.shutting_down)(),
        _ => {}
    });
}
