//! How much memory the server's `maxmemory` leaves.

use std::ptr;

use crate::raw;

use super::context::Context;

/// Bytes that are left below `maxmemory`; none where there is no limit.
///
/// Costs next to nothing without a limit, and some ten microseconds with one: what the server does not count, as what
/// replicas have yet to read, it takes off only from the ratio, while the limit itself is told only by INFO.
pub fn left(_: Context) -> Option<usize> {
    // SAFETY: on the main thread; no context is needed; the server's data is freed once.
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

/// Whether the server makes room by evicting keys.
pub fn evicts(ctx: Context) -> bool {
    ctx.has(raw::REDISMODULE_CTX_FLAGS_EVICT)
}
