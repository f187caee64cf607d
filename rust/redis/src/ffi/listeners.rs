//! Whether replicas listen to what is replicated.
//!
//! To make the strings of an effect takes longer than to store a row, and a server without listeners throws them away. It
//! tells of a replica only once that has loaded what it was sent. But whoever comes is first sent a snapshot, which a forked
//! child writes, and of forks it tells. What is known is forgotten then, and asked for when it is next needed.

use std::ffi::CStr;
use std::sync::atomic::{AtomicU8, Ordering};

use super::context::Context;

const UNKNOWN: u8 = 0;
const NONE: u8 = 1;
const SOME: u8 = 2;

/// What is known of replicas.
static REPLICAS: AtomicU8 = AtomicU8::new(UNKNOWN);

/// What is known of replicas may be so no longer.
pub(super) fn forget() {
    REPLICAS.store(UNKNOWN, Ordering::Relaxed);
}

/// Whether there may be a replica, or a backlog from which one may go on.
pub(super) fn has_replicas(ctx: Context) -> bool {
    match REPLICAS.load(Ordering::Relaxed) {
        // Which a restarted server makes its backlog after.
        UNKNOWN if ctx.is_loading() => true,
        UNKNOWN => {
            let some = asked(ctx);
            REPLICAS.store(if some { SOME } else { NONE }, Ordering::Relaxed);
            some
        }
        known => known == SOME,
    }
}

/// Asks the server, which takes as long as ten commands do.
fn asked(ctx: Context) -> bool {
    // SAFETY: a live context; the server's data, freed once, and its texts, read before that.
    unsafe {
        let about = call!(RedisModule_GetServerInfo(ctx.raw(), c"replication".as_ptr()));
        let is = |field: &CStr, expected: &CStr| {
            let text = call!(RedisModule_ServerInfoGetFieldC(about, field.as_ptr()));
            !text.is_null() && CStr::from_ptr(text) == expected
        };
        let none = is(c"role", c"master") && is(c"connected_slaves", c"0") && is(c"repl_backlog_active", c"0");
        call!(RedisModule_FreeServerInfo(ctx.raw(), about));
        !none
    }
}
