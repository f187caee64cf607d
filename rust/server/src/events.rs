//! Events of the server: keys that move, databases that are swapped or flushed, clients that leave, its role, its end.
//!
//! Events of keys are incomplete: some Valkeys are not asked for them, see [`quirks::has_move_notification_bug`], and Valkey 9.1
//! names the wrong database when MOVE is part of a transaction. So they are good to know, and not to be relied upon.

use std::ffi::{CStr, c_char, c_int, c_void};
use std::sync::OnceLock;

use crate::raw::{self, RedisModuleEvent};

use super::context::Context;
use super::{boundary, quirks, replication, strings};

/// What the module does at an event. All of it on the main thread.
pub struct Handlers {
    /// A key has been renamed or moved to this name, in the database that the context points at.
    pub key_moved: fn(Context, &[u8]),
    /// The server has become a replica.
    pub became_replica: fn(),
    /// Two databases have changed places.
    pub databases_swapped: fn(i32, i32),
    /// A database has been flushed, or all.
    pub database_flushed: fn(Option<i32>),
    /// The connection of the client of this number has ended.
    pub client_left: fn(u64),
    /// A data set has been loaded, or was not.
    pub loading_ended: fn(),
    /// The server ends.
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

/// Subscribes to events. The last step of loading: Redis 7.0 goes on calling a module that was not loaded after all.
pub fn subscribe(ctx: Context, handlers: Handlers) -> Result<(), String> {
    HANDLERS.get_or_init(|| handlers);
    let types = raw::REDISMODULE_NOTIFY_GENERIC;
    // SAFETY: the context of OnLoad; the callbacks have the types that are asked for.
    let refused = unsafe {
        !quirks::has_move_notification_bug()
            && call!(RedisModule_SubscribeToKeyspaceEvents(ctx.raw(), types, Some(key_event))) != 0
            || EVENTS.into_iter().any(|id| {
                let event = RedisModuleEvent { id, dataver: 1 };
                call!(RedisModule_SubscribeToServerEvent(ctx.raw(), event, Some(happened))) != 0
            })
    };
    if refused { Err("the server refused to tell of its events".into()) } else { Ok(()) }
}

unsafe extern "C" fn key_event(
    ctx: *mut raw::RedisModuleCtx,
    _: c_int,
    event: *const c_char,
    key: *mut raw::RedisModuleString,
) -> c_int {
    // SAFETY: the server's strings, alive during this call; events end with NUL.
    let (event, key) = unsafe { (CStr::from_ptr(event), strings::bytes(key)) };
    // The name that a key had before is of no interest.
    if event == c"rename_to" || event == c"move_to" {
        boundary::guard(|| HANDLERS.get().map(|handlers| (handlers.key_moved)(Context::new(ctx), key)));
    }
    raw::REDISMODULE_OK as c_int
}

unsafe extern "C" fn happened(_: *mut raw::RedisModuleCtx, event: RedisModuleEvent, change: u64, data: *mut c_void) {
    let Some(handlers) = HANDLERS.get() else { return };
    boundary::guard(|| match event.id {
        raw::REDISMODULE_EVENT_REPLICATION_ROLE_CHANGED => {
            replication::forget_targets();
            if change == raw::REDISMODULE_EVENT_REPLROLECHANGED_NOW_REPLICA {
                (handlers.became_replica)();
            }
        }
        // A replica may have come: at a fork, too, see [`replication`].
        raw::REDISMODULE_EVENT_REPLICA_CHANGE | raw::REDISMODULE_EVENT_FORK_CHILD => replication::forget_targets(),
        raw::REDISMODULE_EVENT_SWAPDB => {
            // SAFETY: this event passes this structure, or null.
            if let Some(swap) = unsafe { data.cast::<raw::RedisModuleSwapDbInfo>().as_ref() } {
                (handlers.databases_swapped)(swap.dbnum_first, swap.dbnum_second);
            }
        }
        raw::REDISMODULE_EVENT_FLUSHDB => {
            // SAFETY: likewise.
            if let Some(flush) = unsafe { data.cast::<raw::RedisModuleFlushInfo>().as_ref() } {
                (handlers.database_flushed)((flush.dbnum >= 0).then_some(flush.dbnum));
            }
        }
        raw::REDISMODULE_EVENT_CLIENT_CHANGE if change == raw::REDISMODULE_SUBEVENT_CLIENT_CHANGE_DISCONNECTED => {
            // SAFETY: likewise.
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
