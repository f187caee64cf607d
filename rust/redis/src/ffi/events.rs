//! What the server tells of: keys that move, databases that change places or are flushed, clients that go, its role, its end.
//!
//! Of keys not everywhere: some Valkeys are not asked, see [`context::mislays_clients`], and Valkey 9.1 names the wrong database
//! when MOVE is part of a transaction. So what it tells is good to know, and not relied upon.

use std::ffi::{CStr, c_char, c_int, c_void};

use redis_module::raw;

use super::context::{self, Context};
use super::{boundary, listeners};
use crate::commands::replayed::partial;
use crate::trainings;

/// Asks to be told. The last step of loading: Redis 7.0 goes on telling a module that was not loaded after all.
pub(crate) fn subscribe(ctx: Context) -> Result<(), String> {
    let events: [(u64, raw::RedisModuleEventCallback); 8] = [
        (raw::REDISMODULE_EVENT_REPLICATION_ROLE_CHANGED, Some(role_changed)),
        (raw::REDISMODULE_EVENT_REPLICA_CHANGE, Some(replicas_changed)),
        (raw::REDISMODULE_EVENT_FORK_CHILD, Some(replicas_changed)),
        (raw::REDISMODULE_EVENT_SWAPDB, Some(databases_swapped)),
        (raw::REDISMODULE_EVENT_FLUSHDB, Some(database_flushed)),
        (raw::REDISMODULE_EVENT_CLIENT_CHANGE, Some(client_changed)),
        (raw::REDISMODULE_EVENT_LOADING, Some(loading_changed)),
        (raw::REDISMODULE_EVENT_SHUTDOWN, Some(shutting_down)),
    ];
    let types = raw::REDISMODULE_NOTIFY_GENERIC;
    // SAFETY: the context of OnLoad; the callbacks have the types that are asked for.
    let refused = unsafe {
        !context::mislays_clients()
            && call!(RedisModule_SubscribeToKeyspaceEvents(ctx.raw(), types, Some(key_event))) != 0
            || events.into_iter().any(|(id, callback)| {
                let event = raw::RedisModuleEvent { id, dataver: 1 };
                call!(RedisModule_SubscribeToServerEvent(ctx.raw(), event, callback)) != 0
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
    let (event, key) = unsafe { (CStr::from_ptr(event), context::bytes(key)) };
    // A network that was renamed or moved; where it was is of no interest.
    if event == c"rename_to" || event == c"move_to" {
        boundary::guard(|| trainings::moved(Context::new(ctx), key));
    }
    raw::REDISMODULE_OK as c_int
}

unsafe extern "C" fn role_changed(_: *mut raw::RedisModuleCtx, _: raw::RedisModuleEvent, role: u64, _: *mut c_void) {
    if role == raw::REDISMODULE_EVENT_REPLROLECHANGED_NOW_REPLICA {
        boundary::guard(trainings::cancel_all);
    }
    listeners::forget();
}

/// Perhaps: at a fork one may have come, see [`listeners`].
unsafe extern "C" fn replicas_changed(_: *mut raw::RedisModuleCtx, _: raw::RedisModuleEvent, _: u64, _: *mut c_void) {
    listeners::forget();
}

unsafe extern "C" fn databases_swapped(
    _: *mut raw::RedisModuleCtx,
    _: raw::RedisModuleEvent,
    _: u64,
    data: *mut c_void,
) {
    // SAFETY: this event passes this structure.
    let Some(swap) = (unsafe { data.cast::<raw::RedisModuleSwapDbInfo>().as_ref() }) else { return };
    boundary::guard(|| trainings::swapped(swap.dbnum_first, swap.dbnum_second));
}

unsafe extern "C" fn database_flushed(
    _: *mut raw::RedisModuleCtx,
    _: raw::RedisModuleEvent,
    _: u64,
    data: *mut c_void,
) {
    // SAFETY: this event passes this structure.
    let Some(flush) = (unsafe { data.cast::<raw::RedisModuleFlushInfo>().as_ref() }) else { return };
    boundary::guard(|| partial::forget_database((flush.dbnum >= 0).then_some(flush.dbnum)));
}

unsafe extern "C" fn client_changed(
    _: *mut raw::RedisModuleCtx,
    _: raw::RedisModuleEvent,
    change: u64,
    data: *mut c_void,
) {
    // SAFETY: this event passes this structure.
    let Some(client) = (unsafe { data.cast::<raw::RedisModuleClientInfo>().as_ref() }) else { return };
    if change == raw::REDISMODULE_SUBEVENT_CLIENT_CHANGE_DISCONNECTED {
        boundary::guard(|| partial::forget_client(client.id));
    }
}

/// An AOF that is cut off in the midst of a network never brings the rest.
unsafe extern "C" fn loading_changed(
    _: *mut raw::RedisModuleCtx,
    _: raw::RedisModuleEvent,
    change: u64,
    _: *mut c_void,
) {
    if matches!(change, raw::REDISMODULE_SUBEVENT_LOADING_ENDED | raw::REDISMODULE_SUBEVENT_LOADING_FAILED) {
        boundary::guard(|| partial::forget_database(None));
    }
}

unsafe extern "C" fn shutting_down(_: *mut raw::RedisModuleCtx, _: raw::RedisModuleEvent, _: u64, _: *mut c_void) {
    boundary::guard(trainings::end_all);
}
