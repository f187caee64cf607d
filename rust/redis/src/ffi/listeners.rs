//! Whether anybody listens to what is replicated: replicas, the AOF, or who takes over a slot.
//!
//! To make the strings of an effect takes longer than to store a row, and a server without listeners throws them away. It
//! tells of a replica only once that has loaded what it was sent, and of the AOF not at all. But whoever comes is first given
//! all that there is, which a forked child writes, and of forks it tells. What is known is forgotten then, and asked for when
//! it is next needed.

use std::ffi::CStr;
use std::sync::atomic::{AtomicU8, Ordering};

use super::context::Context;

const UNKNOWN: u8 = 0;
const NONE: u8 = 1;
const SOME: u8 = 2;

static KNOWN: AtomicU8 = AtomicU8::new(UNKNOWN);

/// What is known may be so no longer.
pub(super) fn forget() {
    KNOWN.store(UNKNOWN, Ordering::Relaxed);
}

/// Whether there may be any.
pub(super) fn are_there(ctx: Context) -> bool {
    match KNOWN.load(Ordering::Relaxed) {
        // Which a restarted server makes its backlog after.
        UNKNOWN if ctx.is_loading() => true,
        UNKNOWN => {
            let some = asked(ctx);
            KNOWN.store(if some { SOME } else { NONE }, Ordering::Relaxed);
            some
        }
        known => known == SOME,
    }
}

/// Asks the server, which takes as long as some commands do.
fn asked(ctx: Context) -> bool {
    // A backlog is what a replica that was cut off may go on from.
    let alone =
        says(ctx, c"replication", &[(c"role", c"master"), (c"connected_slaves", c"0"), (c"repl_backlog_active", c"0")]);
    // In a cluster a slot may be on its way to another server at any time.
    !(alone
        && says(ctx, c"persistence", &[(c"aof_enabled", c"0")])
        && says(ctx, c"cluster", &[(c"cluster_enabled", c"0")]))
}

/// Whether a section of INFO has all of these fields and values.
fn says(ctx: Context, section: &CStr, fields: &[(&CStr, &CStr)]) -> bool {
    // SAFETY: a live context; the server's data, freed once, and its texts, read before that.
    unsafe {
        let about = call!(RedisModule_GetServerInfo(ctx.raw(), section.as_ptr()));
        let all = fields.iter().all(|(field, expected)| {
            let text = call!(RedisModule_ServerInfoGetFieldC(about, field.as_ptr()));
            !text.is_null() && CStr::from_ptr(text) == *expected
        });
        call!(RedisModule_FreeServerInfo(ctx.raw(), about));
        all
    }
}
