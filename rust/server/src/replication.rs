//! What is sent to replicas and the AOF, and whether the server has any of them.
//!
//! Building the strings of an effect takes longer than storing a row, and a server without targets throws them away. The
//! server reports a replica only after its full sync is loaded, and never reports that the AOF was enabled. Both start with a
//! fork, though, and forks are reported. So every fork invalidates the cached answer, and it is queried again when next needed.

use std::ffi::{CStr, c_int};
use std::sync::atomic::{AtomicBool, Ordering};

use crate::raw;
use smallvec::SmallVec;

use super::context::Context;
use super::strings::ServerString;

impl Context<'_> {
    /// Sends a command to replicas and the AOF, after what this call has sent before.
    pub fn replicate<'s>(self, command: &CStr, arguments: impl IntoIterator<Item = impl Into<ServerString<'s>>>) {
        let strings: SmallVec<[ServerString<'_>; 8]> = arguments.into_iter().map(Into::into).collect();
        let pointers: SmallVec<[_; 8]> = strings.iter().map(ServerString::raw).collect();
        // SAFETY: a live context; `v` takes a pointer to strings and their number; the server copies or counts them.
        unsafe {
            call!(RedisModule_Replicate(
                self.raw(),
                command.as_ptr(),
                c"v".as_ptr(),
                pointers.as_ptr(),
                pointers.len()
            ));
        }
    }

    /// Sends the command being run as it came.
    pub fn replicate_verbatim(self) {
        // SAFETY: the live context of a command.
        unsafe {
            call!(RedisModule_ReplicateVerbatim(self.raw()));
        }
    }

    /// Whether anybody may receive what is replicated: a replica, the AOF, or a server that takes over a slot. Where nobody
    /// does, [`Self::replicate_verbatim`] is enough: it costs next to nothing, and the server counts the change, by which it
    /// knows when to save.
    pub fn has_replication_targets(self) -> bool {
        if !IS_KNOWN.load(Ordering::Relaxed) {
            // A server that is restarting makes its replication backlog only after loading.
            if self.is_loading() {
                return true;
            }
            HAS_TARGETS.store(query(self), Ordering::Relaxed);
            IS_KNOWN.store(true, Ordering::Relaxed);
        }
        HAS_TARGETS.load(Ordering::Relaxed)
    }

    /// Tells subscribers of an event on a key.
    pub fn notify<'s>(self, event: &CStr, key: impl Into<ServerString<'s>>) {
        let key = key.into();
        // SAFETY: a live context; the event ends with NUL.
        unsafe {
            call!(RedisModule_NotifyKeyspaceEvent(
                self.raw(),
                raw::REDISMODULE_NOTIFY_MODULE,
                event.as_ptr(),
                key.raw()
            ));
        }
    }

    /// Whether the server asks the module not to write: clients are paused, as before a failover.
    pub fn avoids_replica_traffic(self) -> bool {
        // SAFETY: no condition.
        unsafe { call!(RedisModule_AvoidReplicaTraffic()) != 0 }
    }

    /// Whether the server refuses writes of clients for now: it has too few replicas (`min-replicas-to-write`), or could not
    /// save. It is asked by a command that changes nothing, and that servers later than Redis 7.0 do not even run.
    pub fn refuses_writes(self) -> bool {
        // SAFETY: a live context; `S` has the server look at both, `D` stops before the command, `E` gives refusals as replies;
        // each `c` takes a text that ends with NUL. The reply is ours, read before it is freed once.
        unsafe {
            // Both came with Redis 7.2.
            let may_stop = { raw::RedisModule_AddPostNotificationJob }.is_some();
            let format = if may_stop { c"SDEccc" } else { c"SEccc" }.as_ptr();
            let (command, none) = (c"SETRANGE".as_ptr(), c"".as_ptr());
            let reply = call!(RedisModule_Call(self.raw(), command, format, none, c"0".as_ptr(), none));
            if reply.is_null() {
                return false;
            }
            let mut length = 0;
            let text = call!(RedisModule_CallReplyStringPtr(reply, &raw mut length));
            let is_error = call!(RedisModule_CallReplyType(reply)) == raw::REDISMODULE_REPLY_ERROR as c_int;
            let text = if is_error && !text.is_null() { std::slice::from_raw_parts(text.cast(), length) } else { &[] };
            // Nothing else counts, as that the command has been renamed, or the key is another server's.
            let refuses = [&b"NOREPLICAS"[..], b"MISCONF"].iter().any(|code| {
                let text: &[u8] = text.strip_prefix(b"-").unwrap_or(text);
                text.starts_with(code)
            });
            call!(RedisModule_FreeCallReply(reply));
            refuses
        }
    }
}

// Read and written by the main thread alone.
static IS_KNOWN: AtomicBool = AtomicBool::new(false);
static HAS_TARGETS: AtomicBool = AtomicBool::new(false);

/// Forgets the cached answer: there may be other targets by now.
pub(crate) fn forget_targets() {
    IS_KNOWN.store(false, Ordering::Relaxed);
}

/// Asks the server, which takes as long as some commands do.
fn query(ctx: Context) -> bool {
    // A replica that was cut off may continue from the backlog.
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
