//! How much memory `maxmemory` leaves, and whether the server evicts keys.

use std::ptr;

use crate::raw;

use super::context::Context;

/// Bytes left below `maxmemory`; `None` if there is no limit.
///
/// Takes about 10 microseconds if there is a limit, and next to nothing if not. The memory used is computed from the
/// ratio, from which the server excludes buffers that are not counted, such as output that replicas have not read yet;
/// only INFO returns the limit itself.
pub fn left(_: Context) -> Option<usize> {
    // SAFETY: the parameter proves that a callback runs on the main thread, as these functions require. They accept a
    // null context, and the server's data is freed once, after its last use.
    unsafe {
        let ratio = f64::from(call!(RedisModule_GetUsedMemoryRatio()));
        if ratio == 0.0 {
            return None;
        }
        let about = call!(RedisModule_GetServerInfo(ptr::null_mut(), c"memory".as_ptr()));
        let most = call!(RedisModule_ServerInfoGetFieldUnsigned(about, c"maxmemory".as_ptr(), ptr::null_mut()));
        call!(RedisModule_FreeServerInfo(ptr::null_mut(), about));
        Some((most as f64 * (1.0 - ratio).max(0.0)) as usize)
    }
}

/// Whether the server evicts keys when it reaches `maxmemory`.
pub fn evicts(ctx: Context) -> bool {
    ctx.has(raw::REDISMODULE_CTX_FLAGS_EVICT)
}
