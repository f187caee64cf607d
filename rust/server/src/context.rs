//! The context that the server lends for one call: its flags, its database, the arguments of a command.

use std::ffi::c_int;
use std::marker::PhantomData;
use std::ptr;

use crate::raw;

use super::quirks;
use super::strings::{Lent, ServerString};

/// Valkey 9's flag of a client that imports the keys of a slot. Redis uses the bit for something else.
const VALKEY_SLOT_IMPORT: u32 = 1 << 25;

/// The context of a command, a timer or an event, valid until that returns. On the main thread alone.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    raw: *mut raw::RedisModuleCtx,
    /// A command's arguments, its name among them, and how many there are.
    argv: *mut *mut raw::RedisModuleString,
    argc: usize,
    lives: PhantomData<&'a ()>,
}

impl<'a> Context<'a> {
    /// Of a pointer that the server has just given.
    pub(crate) fn new(ctx: *mut raw::RedisModuleCtx) -> Self {
        Self { raw: ctx, argv: ptr::null_mut(), argc: 0, lives: PhantomData }
    }

    /// Of a command, with its arguments.
    ///
    /// # Safety
    /// `argv` points at `argc` strings, which live, unchanged, as long as the context.
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

    /// An argument of the command being run, counted from 0 after the command's own name, as `Command::run` has them.
    ///
    /// # Panics
    /// If the command has no such argument.
    pub fn argument(self, index: usize) -> Lent<'a> {
        assert!(index + 1 < self.argc, "argument {index} of a command");
        // SAFETY: there are `argc` strings, which live as long as this context.
        unsafe { Lent::new(*self.argv.add(index + 1)) }
    }

    fn flags(self) -> u32 {
        // SAFETY: a live context.
        unsafe { call!(RedisModule_GetContextFlags(self.raw)) as u32 }
    }

    pub(crate) fn has(self, flags: u32) -> bool {
        self.flags() & flags != 0
    }

    /// Whether the server is a primary.
    pub fn is_primary(self) -> bool {
        self.has(raw::REDISMODULE_CTX_FLAGS_MASTER)
    }

    /// Whether the server is a replica that takes no writes of clients.
    pub fn is_read_only(self) -> bool {
        self.has(raw::REDISMODULE_CTX_FLAGS_READONLY)
    }

    /// Whether a data set is being loaded, from an RDB or an AOF.
    pub fn is_loading(self) -> bool {
        self.has(raw::REDISMODULE_CTX_FLAGS_LOADING)
    }

    /// Whether the command comes from the primary, from the AOF or with a slot from another server: what is replicated is
    /// obeyed, limits or not.
    ///
    /// While a replica loads its primary's data beside its own, clients go on sending commands, and no AOF is loaded.
    pub fn is_replayed(self) -> bool {
        let slots = if quirks::valkey_version().is_some() { VALKEY_SLOT_IMPORT } else { 0 };
        let (loading, beside) = (raw::REDISMODULE_CTX_FLAGS_LOADING, raw::REDISMODULE_CTX_FLAGS_ASYNC_LOADING);
        let flags = self.flags();
        flags & (raw::REDISMODULE_CTX_FLAGS_REPLICATED | slots) != 0 || flags & (loading | beside) == loading
    }

    /// Whether the server has more than its maxmemory, and has evicted what it may.
    pub fn is_out_of_memory(self) -> bool {
        self.has(raw::REDISMODULE_CTX_FLAGS_OOM)
    }

    /// The client that has sent the command: a number that no other client of this process has.
    pub fn client(self) -> u64 {
        // SAFETY: the live context of a command.
        unsafe { call!(RedisModule_GetClientId(self.raw)) }
    }

    /// Whether the client can be made to wait: not in a transaction or a script.
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

    /// Points at a database; a timer's context points at none in particular.
    pub fn select(self, db: i32) -> bool {
        // SAFETY: a live context; the server checks the number.
        unsafe { call!(RedisModule_SelectDb(self.raw, db)) == raw::REDISMODULE_OK as c_int }
    }

    /// The database that the context points at.
    pub fn selected(self) -> i32 {
        // SAFETY: a live context.
        unsafe { call!(RedisModule_GetSelectedDb(self.raw)) }
    }

    /// The name of the user on whose behalf the command runs; `None`, for instance, while the AOF is loaded.
    pub fn user(self) -> Option<ServerString<'static>> {
        // SAFETY: the live context of a command; the name is ours.
        unsafe {
            let name = call!(RedisModule_GetCurrentUserName(self.raw));
            (!name.is_null()).then(|| ServerString::owned(name))
        }
    }
}

/// A random seed, from the server.
pub fn random_seed() -> u64 {
    let mut seed = [0; 8];
    // SAFETY: room for as many bytes as are asked for.
    unsafe { call!(RedisModule_GetRandomBytes(seed.as_mut_ptr(), seed.len())) };
    u64::from_le_bytes(seed)
}
