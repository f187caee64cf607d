//! Replication: commands sent to replicas and the AOF, and whether there are any.
//!
//! Building the strings of an effect takes longer than storing a row, and a server without replicas and AOF discards
//! them. The server reports a replica only after its full sync is loaded, and never reports that the AOF was enabled.
//! Both start with a fork, though, and forks are reported. So every fork invalidates the cached answer, and it is
//! queried again when next needed.

use std::ffi::{CStr, c_int};
use std::sync::atomic::{AtomicBool, Ordering};

use crate::raw;
use smallvec::SmallVec;

use super::context::Context;
use super::strings::ServerString;

impl Context<'_> {
    /// Sends a command to replicas and the AOF, after all that this callback has replicated before.
    pub fn replicate<'s>(self, command: &CStr, arguments: impl IntoIterator<Item = impl Into<ServerString<'s>>>) {
        let strings: SmallVec<[ServerString<'_>; 8]> = arguments.into_iter().map(Into::into).collect();
        let pointers: SmallVec<[_; 8]> = strings.iter().map(ServerString::raw).collect();
        // SAFETY: the server keeps the context valid until its callback returns. The format `v` takes a pointer to
        // strings and their number; `strings` owns or borrows them until the end of this function, and the server
        // copies or retains them on the main thread.
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

    /// Sends the running command as the client sent it.
    pub fn replicate_verbatim(self) {
        // SAFETY: the server keeps the context of a command valid until the command returns.
        unsafe {
            call!(RedisModule_ReplicateVerbatim(self.raw()));
        }
    }

    /// Whether anything may receive what is replicated: a replica, the AOF, or a server that imports a slot. If nothing
    /// does, [`Self::replicate_verbatim`] is enough: it costs next to nothing, and the server counts the change, which
    /// decides when to save.
    pub fn has_replication_targets(self) -> bool {
        if !IS_KNOWN.load(Ordering::Relaxed) {
            // A server that restarts creates its replication backlog only after loading.
            if self.is_loading() {
                return true;
            }
            HAS_TARGETS.store(query(self), Ordering::Relaxed);
            IS_KNOWN.store(true, Ordering::Relaxed);
        }
        HAS_TARGETS.load(Ordering::Relaxed)
    }

    /// Publishes a keyspace event of the module on a key.
    pub fn notify<'s>(self, event: &CStr, key: impl Into<ServerString<'s>>) {
        let key = key.into();
        // SAFETY: the server keeps the context valid until its callback returns; the event ends with NUL, and `key` is
        // alive until the end of this function.
        unsafe {
            call!(RedisModule_NotifyKeyspaceEvent(
                self.raw(),
                raw::REDISMODULE_NOTIFY_MODULE,
                event.as_ptr(),
                key.raw()
            ));
        }
    }

    /// Whether the module should not write now, because clients are paused, for instance before a failover.
    pub fn avoids_replica_traffic(self) -> bool {
        // SAFETY: the function takes no arguments and has no preconditions but the main thread, where callbacks with a
        // context run.
        unsafe { call!(RedisModule_AvoidReplicaTraffic()) != 0 }
    }

    /// Whether the server rejects writes of clients for now: it has too few replicas (`min-replicas-to-write`), or
    /// could not save. The test is a command that changes nothing (and which servers after Redis 7.0 do not even
    /// execute).
    pub fn refuses_writes(self) -> bool {
        // SAFETY: the server keeps the context valid until its callback returns. In the format, `S` makes the server
        // check both conditions, `D` (dry run) keeps it from running the command, and `E` returns errors as replies;
        // each `c` takes a string that ends with NUL. The caller owns the reply, which is freed once, after its text
        // was read.
        unsafe {
            // `D` came with Redis 7.2, as did this function.
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
            // Other errors do not matter, such as that the command was renamed, or that another server of the cluster
            // has the key.
            let refuses = [&b"NOREPLICAS"[..], b"MISCONF"].iter().any(|code| {
                let text: &[u8] = text.strip_prefix(b"-").unwrap_or(text);
                text.starts_with(code)
            });
            call!(RedisModule_FreeCallReply(reply));
            refuses
        }
    }
}

// Only the main thread uses these two.
static IS_KNOWN: AtomicBool = AtomicBool::new(false);
static HAS_TARGETS: AtomicBool = AtomicBool::new(false);

/// Invalidates the cached answer, since there may be other targets now.
pub(crate) fn forget_targets() {
    IS_KNOWN.store(false, Ordering::Relaxed);
}

/// Queries the server, which takes as long as a short command.
fn query(ctx: Context) -> bool {
    // A replica that lost its connection may resume from the backlog.
    let alone = info_matches(
        ctx,
        c"replication",
        &[(c"role", c"master"), (c"connected_slaves", c"0"), (c"repl_backlog_active", c"0")],
    );
    // In a cluster a slot may migrate to another server at any time.
    !(alone
        && info_matches(ctx, c"persistence", &[(c"aof_enabled", c"0")])
        && info_matches(ctx, c"cluster", &[(c"cluster_enabled", c"0")]))
}

/// Whether a section of INFO has all of these values.
fn info_matches(ctx: Context, section: &CStr, fields: &[(&CStr, &CStr)]) -> bool {
    // SAFETY: the server keeps the context valid until its callback returns. The texts belong to the server's data,
    // which is freed once, after they were read.
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
