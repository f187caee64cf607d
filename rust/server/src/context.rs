//! The context that the server passes to a callback: its flags, its database, the arguments of a command.

use std::ffi::c_int;
use std::marker::PhantomData;
use std::ptr;

use crate::raw;

use super::quirks;
use super::strings::{Lent, ServerString};

/// Valkey 9's flag of a client that imports the keys of a slot. Redis uses this bit for something else.
const VALKEY_SLOT_IMPORT: u32 = 1 << 25;

/// The context of a command, a timer or an event. The server keeps it valid until that callback returns, and all
/// callbacks that receive one run on the main thread.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    raw: *mut raw::RedisModuleCtx,
    /// The arguments of a command, its name included, and their number.
    argv: *mut *mut raw::RedisModuleString,
    argc: usize,
    lives: PhantomData<&'a ()>,
}

impl<'a> Context<'a> {
    /// The context behind a pointer that the server has just passed to a callback.
    pub(crate) fn new(ctx: *mut raw::RedisModuleCtx) -> Self {
        Self { raw: ctx, argv: ptr::null_mut(), argc: 0, lives: PhantomData }
    }

    /// The context of a command, with its arguments.
    ///
    /// # Safety
    /// `argv` must point at `argc` strings that stay valid and unchanged as long as the context.
    pub(crate) unsafe fn of_command(
        ctx: *mut raw::RedisModuleCtx,
        argv: *mut *mut raw::RedisModuleString,
        argc: c_int,
    ) -> Self {
        Self { raw: ctx, argv, argc: argc as usize, lives: PhantomData }
    }

    pub(crate) fn raw(self) -> *mut raw::RedisModuleCtx {
        self.raw
    }

    /// Returns an argument of the running command, counted from 0 after the command's name, as in `Command::run`.
    ///
    /// # Panics
    /// If the command has no such argument.
    pub fn argument(self, index: usize) -> Lent<'a> {
        assert!(index + 1 < self.argc, "the command has no argument {index}");
        // SAFETY: the index is below `argc`, and `of_command` was promised `argc` strings that stay valid as long as
        // this context.
        unsafe { Lent::new(*self.argv.add(index + 1)) }
    }

    fn flags(self) -> u32 {
        // SAFETY: the server keeps the context valid until its callback returns; the flags are only read.
        unsafe { call!(RedisModule_GetContextFlags(self.raw)) as u32 }
    }

    pub(crate) fn has(self, flags: u32) -> bool {
        self.flags() & flags != 0
    }

    /// Whether the server is a primary.
    pub fn is_primary(self) -> bool {
        self.has(raw::REDISMODULE_CTX_FLAGS_MASTER)
    }

    /// Whether the server is a replica that rejects writes of clients.
    pub fn is_read_only(self) -> bool {
        self.has(raw::REDISMODULE_CTX_FLAGS_READONLY)
    }

    /// Whether a data set is being loaded, from an RDB or an AOF.
    pub fn is_loading(self) -> bool {
        self.has(raw::REDISMODULE_CTX_FLAGS_LOADING)
    }

    /// Whether the command comes from the primary, from the AOF, or from a server that moves a slot here. Effects that
    /// are replayed must not be rejected by limits.
    ///
    /// While a replica loads its primary's data beside its own (`ASYNC_LOADING`), commands come from clients, and no
    /// AOF is loaded.
    pub fn is_replayed(self) -> bool {
        let slots = if quirks::valkey_version().is_some() { VALKEY_SLOT_IMPORT } else { 0 };
        let (loading, beside) = (raw::REDISMODULE_CTX_FLAGS_LOADING, raw::REDISMODULE_CTX_FLAGS_ASYNC_LOADING);
        let flags = self.flags();
        flags & (raw::REDISMODULE_CTX_FLAGS_REPLICATED | slots) != 0 || flags & (loading | beside) == loading
    }

    /// Whether the server uses more than its `maxmemory`, even after evicting keys.
    pub fn is_out_of_memory(self) -> bool {
        self.has(raw::REDISMODULE_CTX_FLAGS_OOM)
    }

    /// The id of the client that sent the command, which is unique in this process.
    pub fn client(self) -> u64 {
        // SAFETY: the server keeps the context of a command valid until the command returns.
        unsafe { call!(RedisModule_GetClientId(self.raw)) }
    }

    /// Whether the client can be blocked: not in a transaction, in a script, or while loading.
    pub fn may_block(self) -> bool {
        !self.has(
            raw::REDISMODULE_CTX_FLAGS_DENY_BLOCKING
                | raw::REDISMODULE_CTX_FLAGS_MULTI
                | raw::REDISMODULE_CTX_FLAGS_LUA
                | raw::REDISMODULE_CTX_FLAGS_LOADING,
        )
    }

    /// Whether the client speaks RESP3.
    pub fn is_resp3(self) -> bool {
        self.has(raw::REDISMODULE_CTX_FLAGS_RESP3)
    }

    /// Selects a database, which the context of a timer needs; false if there is no such database.
    pub fn select(self, db: i32) -> bool {
        // SAFETY: the server keeps the context valid until its callback returns, and checks the number.
        unsafe { call!(RedisModule_SelectDb(self.raw, db)) == raw::REDISMODULE_OK as c_int }
    }

    /// The database that is selected.
    pub fn selected(self) -> i32 {
        // SAFETY: the server keeps the context valid until its callback returns.
        unsafe { call!(RedisModule_GetSelectedDb(self.raw)) }
    }

    /// The name of the user on whose behalf the command runs; `None`, for instance, while the AOF is loaded.
    pub fn user(self) -> Option<ServerString<'static>> {
        // SAFETY: the server keeps the context of a command valid until the command returns. The name is a new string
        // that the caller owns.
        unsafe {
            let name = call!(RedisModule_GetCurrentUserName(self.raw));
            (!name.is_null()).then(|| ServerString::owned(name))
        }
    }
}

/// Returns a random seed from the server's generator.
pub fn random_seed() -> u64 {
    let mut seed = [0; 8];
    // SAFETY: the server writes `seed.len()` bytes into `seed`.
    unsafe { call!(RedisModule_GetRandomBytes(seed.as_mut_ptr(), seed.len())) };
    u64::from_le_bytes(seed)
}
