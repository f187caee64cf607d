//! What the module needs of a server. The function table is filled by name at load; an unknown name stays `None`.
//!
//! Asking for the function, never for the version, is what lets one library serve Redis and Valkey.

use redis_module::raw;

/// Names of the functions that the module cannot do without and that this server lacks: none on Redis 7.0 and later.
/// Whatever came later is looked up where it is used, with a way around it.
pub(super) fn missing() -> Vec<&'static str> {
    macro_rules! absent {
        ($($name:ident),* $(,)?) => {
            // SAFETY: the table is written once, before this is called; each entry is read by value.
            unsafe { [$((stringify!($name), { raw::$name }.is_none())),*] }
        };
    }
    absent![
        RedisModule_Alloc,
        RedisModule_Calloc,
        RedisModule_Realloc,
        RedisModule_Free,
        RedisModule_Log,
        RedisModule_GetDetachedThreadSafeContext,
        RedisModule_CreateCommand,
        RedisModule_SetCommandInfo,
        RedisModule_CreateTimer,
        RedisModule_EventLoopAddOneShot,
        RedisModule_AvoidReplicaTraffic,
    ]
    .into_iter()
    .filter_map(|(name, is_absent)| is_absent.then_some(name))
    .collect()
}
