//! What a call of the server lends: its flags, its database, its ways to replicate and to notify.

use std::ffi::{CStr, c_char, c_int};
use std::ptr;
use std::sync::OnceLock;

use redis_module::raw;
use smallvec::SmallVec;

use super::held::Held;
use super::listeners;

/// Arguments for which no memory is taken.
const FEW_ARGUMENTS: usize = 128;

/// Valkey 9's flag of who brings the keys of a slot. Redis means something else by it.
const VALKEY_SLOT_IMPORT: u32 = 1 << 25;

/// The version of a Valkey, as numbers; none of another server. It has functions, flags and faults that Redis lacks.
pub(super) fn valkey_version() -> Option<(u32, u32, u32)> {
    static VERSION: OnceLock<Option<(u32, u32, u32)>> = OnceLock::new();
    *VERSION.get_or_init(|| {
        // SAFETY: no context is needed; the server's data, freed once, and its text, read before that.
        unsafe {
            let about = call!(RedisModule_GetServerInfo(ptr::null_mut(), c"server".as_ptr()));
            let text = call!(RedisModule_ServerInfoGetFieldC(about, c"valkey_version".as_ptr()));
            let version = (!text.is_null()).then(|| version(&CStr::from_ptr(text).to_string_lossy()));
            call!(RedisModule_FreeServerInfo(ptr::null_mut(), about));
            version
        }
    })
}

/// Of 9.1.2, its numbers; what is no number is 0.
fn version(text: &str) -> (u32, u32, u32) {
    let mut numbers = text.split('.').map(|part| part.parse().unwrap_or(0));
    let mut next = || numbers.next().unwrap_or(0);
    (next(), next(), next())
}

pub(super) fn is_valkey() -> bool {
    valkey_version().is_some()
}

/// Whether telling a module of a MOVE or a COPY to another database leaves the client there, so that what it writes next goes
/// astray (valkey-io/valkey#4024). It is mended in 9.1.2, and in others of which nothing is known here.
pub(super) fn mislays_clients() -> bool {
    valkey_version().is_some_and(|version| version < (9, 1, 2))
}

/// The context of a command, a timer or an event, good until that returns. On the main thread alone.
#[derive(Clone, Copy)]
pub(crate) struct Context {
    raw: *mut raw::RedisModuleCtx,
    /// A command's arguments, its name among them, and how many there are.
    argv: *mut *mut raw::RedisModuleString,
    argc: usize,
}

impl Context {
    /// Of a pointer that the server has just given.
    pub(super) fn new(ctx: *mut raw::RedisModuleCtx) -> Self {
        Self { raw: ctx, argv: ptr::null_mut(), argc: 0 }
    }

    /// Of a command, with its arguments.
    ///
    /// # Safety
    /// `argv` points at `argc` strings, which live, unchanged, as long as the context.
    pub(super) unsafe fn of_command(
        ctx: *mut raw::RedisModuleCtx,
        argv: *mut *mut raw::RedisModuleString,
        argc: c_int,
    ) -> Self {
        Self { raw: ctx, argv, argc: argc as usize }
    }

    pub(super) fn raw(self) -> *mut raw::RedisModuleCtx {
        self.raw
    }

    fn flags(self) -> u32 {
        // SAFETY: a live context.
        unsafe { call!(RedisModule_GetContextFlags(self.raw)) as u32 }
    }

    pub(super) fn has(self, flags: u32) -> bool {
        self.flags() & flags != 0
    }

    pub(crate) fn is_primary(self) -> bool {
        self.has(raw::REDISMODULE_CTX_FLAGS_MASTER)
    }

    /// Whether the server is a replica that takes no writes of clients.
    pub(crate) fn is_read_only(self) -> bool {
        self.has(raw::REDISMODULE_CTX_FLAGS_READONLY)
    }

    /// Whether a data set is being loaded, from an RDB or an AOF.
    pub(crate) fn is_loading(self) -> bool {
        self.has(raw::REDISMODULE_CTX_FLAGS_LOADING)
    }

    /// Whether the command comes from the primary, from the AOF or with a slot from another server: what is replicated is
    /// obeyed, limits or not.
    ///
    /// While a replica loads its primary's data beside its own, clients go on sending commands, and no AOF is loaded.
    pub(crate) fn is_replayed(self) -> bool {
        let slots = if is_valkey() { VALKEY_SLOT_IMPORT } else { 0 };
        let (loading, beside) = (raw::REDISMODULE_CTX_FLAGS_LOADING, raw::REDISMODULE_CTX_FLAGS_ASYNC_LOADING);
        let flags = self.flags();
        flags & (raw::REDISMODULE_CTX_FLAGS_REPLICATED | slots) != 0 || flags & (loading | beside) == loading
    }

    /// Whether the server has more than its maxmemory, and has evicted what it may.
    pub(crate) fn is_out_of_memory(self) -> bool {
        self.has(raw::REDISMODULE_CTX_FLAGS_OOM)
    }

    /// The client that has sent the command: a number that no other client of this process has.
    pub(crate) fn client(self) -> u64 {
        // SAFETY: the live context of a command.
        unsafe { call!(RedisModule_GetClientId(self.raw)) }
    }

    /// Whether the client can be made to wait: not in a transaction or a script.
    pub(crate) fn may_block(self) -> bool {
        !self.has(
            raw::REDISMODULE_CTX_FLAGS_DENY_BLOCKING
                | raw::REDISMODULE_CTX_FLAGS_MULTI
                | raw::REDISMODULE_CTX_FLAGS_LUA
                | raw::REDISMODULE_CTX_FLAGS_LOADING,
        )
    }

    pub(crate) fn is_resp3(self) -> bool {
        self.has(raw::REDISMODULE_CTX_FLAGS_RESP3)
    }

    /// Points at a database; a timer's context points at none in particular.
    pub(crate) fn select(self, db: i32) -> bool {
        // SAFETY: a live context; the server checks the number.
        unsafe { call!(RedisModule_SelectDb(self.raw, db)) == raw::REDISMODULE_OK as c_int }
    }

    /// The database that the context points at.
    pub(crate) fn selected(self) -> i32 {
        // SAFETY: a live context.
        unsafe { call!(RedisModule_GetSelectedDb(self.raw)) }
    }

    /// Holds an argument of the command being run, counted from 0 after the command's own name, as `Command::run` has them.
    ///
    /// Its bytes may move: those that the command was lent must not be used any more.
    pub(crate) fn hold(self, argument: usize) -> Held {
        assert!(argument + 1 < self.argc, "argument {argument} of a command");
        // SAFETY: there are `argc` strings, arguments of the command that is being run; callers use what they hold.
        unsafe { Held::new(*self.argv.add(argument + 1)) }
    }

    /// Sends a command to replicas and the AOF, after what this call has sent before.
    pub(crate) fn replicate(self, command: &CStr, arguments: &[&[u8]]) {
        let strings: SmallVec<[_; 8]> = arguments.iter().map(|argument| Text::of(self, argument)).collect();
        self.send(command, &strings.iter().map(Text::raw).collect());
    }

    /// The same with arguments that have been held.
    pub(crate) fn replicate_held(self, command: &CStr, held: &[&Held], more: &[&[u8]]) {
        let more: SmallVec<[_; 4]> = more.iter().map(|argument| Text::of(self, argument)).collect();
        self.send(command, &held.iter().map(|held| held.raw()).chain(more.iter().map(Text::raw)).collect());
    }

    /// The same with strings that have been made before, after the key.
    pub(crate) fn replicate_strings(self, command: &CStr, key: &[u8], strings: &Strings) {
        let key = Text::of(self, key);
        self.send(command, &std::iter::once(&key).chain(&strings.0).map(Text::raw).collect());
    }

    fn send(self, command: &CStr, pointers: &SmallVec<[*mut raw::RedisModuleString; 8]>) {
        // SAFETY: a live context; `v` takes a pointer to strings and their number; the server copies or counts them.
        unsafe {
            call!(RedisModule_Replicate(self.raw, command.as_ptr(), c"v".as_ptr(), pointers.as_ptr(), pointers.len()));
        }
    }

    /// Whether what is replicated may be heard. Where it is not, [`Self::replicate_verbatim`] does: it costs next to nothing,
    /// and the server counts the change, by which it knows when to save.
    pub(crate) fn is_heard(self) -> bool {
        listeners::are_there(self)
    }

    /// Sends the command being run as it came.
    pub(crate) fn replicate_verbatim(self) {
        // SAFETY: the live context of a command.
        unsafe {
            call!(RedisModule_ReplicateVerbatim(self.raw));
        }
    }

    /// Tells subscribers of an event on a key.
    pub(crate) fn notify(self, event: &CStr, key: &[u8]) {
        let key = Text::of(self, key);
        // SAFETY: a live context; the event ends with NUL.
        unsafe {
            call!(RedisModule_NotifyKeyspaceEvent(self.raw, raw::REDISMODULE_NOTIFY_MODULE, event.as_ptr(), key.raw()));
        }
    }

    /// The name of the user on whose behalf the command runs; none, for instance, while the AOF is loaded.
    pub(crate) fn user(self) -> Option<Box<[u8]>> {
        // SAFETY: the live context of a command; the name is ours, read before it is freed.
        unsafe {
            let name = call!(RedisModule_GetCurrentUserName(self.raw));
            (!name.is_null()).then(|| bytes(Text::Owned(name).raw()).into())
        }
    }

    /// Whether the server refuses writes of clients for now: it has too few replicas (`min-replicas-to-write`), or could not
    /// save. It is asked by a command that changes nothing, and that servers later than Redis 7.0 do not even run.
    pub(crate) fn refuses_writes(self) -> bool {
        // SAFETY: a live context; `S` has the server look at both, `D` stops before the command, `E` gives refusals as replies;
        // each `c` takes a text that ends with NUL. The reply is ours, read before it is freed once.
        unsafe {
            // Both came with Redis 7.2.
            let may_stop = { raw::RedisModule_AddPostNotificationJob }.is_some();
            let format = if may_stop { c"SDEccc" } else { c"SEccc" }.as_ptr();
            let (command, none) = (c"SETRANGE".as_ptr(), c"".as_ptr());
            let reply = call!(RedisModule_Call(self.raw, command, format, none, c"0".as_ptr(), none));
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

/// Whether the server asks for no writes of the module's own: clients are paused, as before a failover.
pub(crate) fn avoids_replica_traffic() -> bool {
    // SAFETY: no condition.
    unsafe { call!(RedisModule_AvoidReplicaTraffic()) != 0 }
}

/// A random seed, from the server.
pub(crate) fn random_seed() -> u64 {
    let mut seed = [0; 8];
    // SAFETY: room for as many bytes as are asked for.
    unsafe { call!(RedisModule_GetRandomBytes(seed.as_mut_ptr(), seed.len())) };
    u64::from_le_bytes(seed)
}

/// The arguments that are lent to the server again: the key, and a blob after it (NR.IMPORT) or after FP32.
const LENT: [usize; 3] = [1, 2, 3];

/// A string of the server's, good as long as the context that it was made in.
pub(super) enum Text {
    /// Made for us.
    Owned(*mut raw::RedisModuleString),
    /// An argument of the command that is being run.
    Argument(*mut raw::RedisModuleString),
}

impl Text {
    /// Copies the bytes, unless they are an argument of the command.
    pub(super) fn of(ctx: Context, text: &[u8]) -> Self {
        for index in LENT.into_iter().filter(|index| *index < ctx.argc) {
            // SAFETY: there are `argc` strings, alive as long as the context.
            let argument = unsafe { *ctx.argv.add(index) };
            // SAFETY: likewise. The address tells one string from another.
            if ptr::eq(unsafe { bytes(argument) }, text) {
                return Self::Argument(argument);
            }
        }
        Self::copied(text)
    }

    pub(super) fn copied(text: &[u8]) -> Self {
        // SAFETY: the bytes are copied. Without a context nobody but this frees the string.
        Self::Owned(unsafe { call!(RedisModule_CreateString(ptr::null_mut(), text.as_ptr().cast(), text.len())) })
    }

    pub(super) fn raw(&self) -> *mut raw::RedisModuleString {
        match *self {
            Self::Owned(string) | Self::Argument(string) => string,
        }
    }
}

impl Drop for Text {
    fn drop(&mut self) {
        if let Self::Owned(string) = *self {
            // SAFETY: made without a context, and freed once.
            unsafe { call!(RedisModule_FreeString(ptr::null_mut(), string)) };
        }
    }
}

/// Strings of the server's, which may be made on any thread: making one takes memory and touches nothing else.
#[derive(Default)]
pub(crate) struct Strings(Vec<Text>);

impl Strings {
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        self.0.push(Text::copied(bytes));
    }
}

// SAFETY: whoever holds a string counts himself in it, without a lock. Until the server is lent these, on the main thread,
// nobody but this holds them; and there they are dropped.
unsafe impl Send for Strings {}

/// The bytes of a string of the server's.
///
/// # Safety
/// The string lives, unchanged, as long as the bytes are used.
pub(super) unsafe fn bytes<'a>(string: *const raw::RedisModuleString) -> &'a [u8] {
    let mut length = 0;
    // SAFETY: the caller's string lives; the server gives a pointer to that many bytes, never null.
    unsafe {
        let start: *const c_char = call!(RedisModule_StringPtrLen(string, &raw mut length));
        std::slice::from_raw_parts(start.cast(), length)
    }
}

/// The arguments that the server calls with.
///
/// # Safety
/// `argv` points at `argc` strings, which live, unchanged, as long as the bytes are used.
pub(super) unsafe fn arguments<'a>(
    argv: *mut *mut raw::RedisModuleString,
    argc: c_int,
) -> SmallVec<[&'a [u8]; FEW_ARGUMENTS]> {
    // SAFETY: as the caller says.
    (0..argc as usize).map(|index| unsafe { bytes(*argv.add(index)) }).collect()
}

#[cfg(test)]
mod tests {
    use super::version;

    #[test]
    fn versions_are_compared_as_numbers() {
        assert_eq!(version("8.1.10"), (8, 1, 10));
        assert!(version("9.1.2") > version("9.1"));
        assert_eq!(version("10.x"), (10, 0, 0));
    }
}
