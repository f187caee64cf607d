//! The data type that keys of the module hold, and its callbacks: save, load, rewrite the AOF, copy, measure,
//! defragment, free.
//!
//! A saved value is a sequence of frames, each a string. The last frame marks itself as the last.

use std::ffi::{CStr, c_char, c_int, c_longlong, c_void};
use std::marker::PhantomData;
use std::ptr;
use std::sync::atomic::{AtomicPtr, Ordering};

use crate::raw;

use super::alloc::GIVEN_ALIGNMENT;
use super::context::Context;
use super::defrag::{self, Pass};
use super::{boundary, log, quirks};

/// A value that a key of the module can hold.
pub trait Stored: Sized + 'static {
    /// The name of the type in the RDB format, nine characters long.
    const TYPE_NAME: &CStr;
    /// The noun for a value in log messages.
    const NOUN: &str;
    /// The version of the encoding that [`Self::save`] writes. The server stores it and passes it to [`Self::load`].
    const ENCODING: c_int;
    /// The command that stores one frame in a rewritten AOF. Its arguments are the key, the frame's index and the
    /// frame.
    const AOF_COMMAND: &CStr;

    /// The handle of the type, a static of the module.
    fn data_type() -> &'static DataType<Self>;

    /// Passes the frames to `write` in order. Must not take a lock: it also runs in a forked child, where the lock may
    /// be held by a thread that was not forked.
    fn save(&self, write: &mut dyn FnMut(&[u8]));

    /// Reads a saved value. An error says what is wrong with it.
    fn load(saved: &mut Saved, encoding: c_int) -> Result<Self, String>;

    /// Returns a copy for another key.
    #[must_use]
    fn copy(&self) -> Self;

    /// Bytes of memory that the value uses, as the server counts them.
    fn bytes(&self) -> usize;

    /// The approximate number of allocations that are freed with the value.
    fn free_effort(&self) -> usize;

    /// Passes each vector of the value to [`Pass::relocate`], always in the same order.
    fn move_by(&mut self, pass: &mut Pass);
}

/// The server's handle of a type.
pub struct DataType<V> {
    handle: AtomicPtr<raw::RedisModuleType>,
    of: PhantomData<fn() -> V>,
}

impl<V: Stored> DataType<V> {
    /// A handle of a type that is not registered yet.
    pub const fn unregistered() -> Self {
        Self { handle: AtomicPtr::new(ptr::null_mut()), of: PhantomData }
    }

    pub(crate) fn handle(&self) -> *mut raw::RedisModuleType {
        self.handle.load(Ordering::Relaxed)
    }

    /// Registers the type with the server, which calls the methods of `V`.
    pub fn register(&self, ctx: Context) -> Result<(), String> {
        // The server cannot move blocks of larger alignment, which are cut out of others.
        const { assert!(align_of::<V>() <= GIVEN_ALIGNMENT) };
        let mut methods = raw::RedisModuleTypeMethods {
            // The newest version whose methods Redis 7.0 knows.
            version: 4,
            rdb_load: Some(rdb_load::<V>),
            rdb_save: Some(rdb_save::<V>),
            aof_rewrite: Some(aof_rewrite::<V>),
            mem_usage: None,
            digest: Some(digest::<V>),
            free: Some(free::<V>),
            aux_load: None,
            aux_save: None,
            aux_save_triggers: 0,
            free_effort: None,
            unlink: None,
            copy: None,
            defrag: if defrag::is_offered() { Some(defrag::<V>) } else { None },
            mem_usage2: Some(mem_usage::<V>),
            free_effort2: Some(free_effort::<V>),
            unlink2: None,
            copy2: Some(copy::<V>),
            aux_save2: None,
        };
        let mut options = raw::REDISMODULE_OPTIONS_HANDLE_IO_ERRORS | raw::REDISMODULE_OPTIONS_HANDLE_REPL_ASYNC_LOAD;
        if quirks::valkey_version().is_some() {
            options |= VALKEY_HANDLE_ATOMIC_SLOT_MIGRATION;
        }
        // SAFETY: `ctx` is the context of OnLoad, valid until that returns. The name ends with NUL. The methods have
        // the signatures of the API, and the server copies them.
        let handle = unsafe {
            call!(RedisModule_SetModuleOptions(ctx.raw(), options as c_int));
            call!(RedisModule_CreateDataType(ctx.raw(), V::TYPE_NAME.as_ptr(), V::ENCODING, &raw mut methods))
        };
        if handle.is_null() {
            return Err(format!(
                "the server rejected the type {}: is another module of that type loaded?",
                V::TYPE_NAME.to_string_lossy()
            ));
        }
        self.handle.store(handle, Ordering::Relaxed);
        Ok(())
    }
}

/// Declares that CLUSTER MIGRATESLOTS of Valkey 9 may move keys of the module, whose effects are replicated to the
/// target as to a replica. Redis may use this bit for something else.
const VALKEY_HANDLE_ATOMIC_SLOT_MIGRATION: u32 = 1 << 5;

/// Returns the value behind a pointer that the server has stored.
///
/// # Safety
/// `value` must come from a key of this type, and nothing may change or free it while the reference is used.
unsafe fn value_ref<'a, V>(value: *const c_void) -> &'a V {
    // SAFETY: the caller ensures that the server stored `value` under this type. Such values come from `rdb_load`,
    // `copy` or `key::put`, which all store a `Box<V>`.
    unsafe { &*value.cast::<V>() }
}

unsafe extern "C" fn rdb_save<V: Stored>(io: *mut raw::RedisModuleIO, value: *mut c_void) {
    // SAFETY: the server passes a value of this type, and neither changes nor frees it during this callback; in a
    // forked child no other thread exists.
    unsafe { value_ref::<V>(value) }.save(&mut |frame| {
        // SAFETY: the server keeps `io` valid during this callback, and writes or copies the bytes before it returns.
        unsafe { call!(RedisModule_SaveStringBuffer(io, frame.as_ptr().cast(), frame.len())) };
    });
}

unsafe extern "C" fn rdb_load<V: Stored>(io: *mut raw::RedisModuleIO, encoding: c_int) -> *mut c_void {
    let loaded = boundary::guard(|| V::load(&mut Saved(io), encoding));
    match loaded.unwrap_or_else(|| Err("an internal error".into())) {
        Ok(value) => Box::into_raw(Box::new(value)).cast(),
        Err(reason) => {
            log::warning(&format!("a {} was not loaded: {reason}", V::NOUN));
            ptr::null_mut()
        }
    }
}

/// The stream of a saved value. Each method returns `None` if the stream ends early or contains something of another
/// type.
pub struct Saved(*mut raw::RedisModuleIO);

impl Saved {
    fn checked<T>(&self, value: T) -> Option<T> {
        // SAFETY: `rdb_load` creates this value, and the server keeps the stream valid until that returns.
        (unsafe { call!(RedisModule_IsIOError(self.0)) } == 0).then_some(value)
    }

    /// Reads the next frame.
    pub fn frame(&mut self) -> Option<Frame> {
        let mut length = 0;
        // SAFETY: the stream is valid until `rdb_load` returns. The server returns null, or a buffer of `length` bytes
        // that the caller owns.
        let start: *mut c_char = unsafe { call!(RedisModule_LoadStringBuffer(self.0, &raw mut length)) };
        self.checked(Frame(ptr::NonNull::new(start)?, length))
    }

    /// Reads the next integer.
    pub fn unsigned(&mut self) -> Option<u64> {
        // SAFETY: the stream is valid until `rdb_load` returns.
        self.checked(unsafe { call!(RedisModule_LoadUnsigned(self.0)) })
    }

    /// Reads the next float.
    pub fn float(&mut self) -> Option<f32> {
        // SAFETY: the stream is valid until `rdb_load` returns.
        self.checked(unsafe { call!(RedisModule_LoadFloat(self.0)) })
    }
}

/// A frame of a saved value: a buffer from the server and its length.
pub struct Frame(ptr::NonNull<c_char>, usize);

impl std::ops::Deref for Frame {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        // SAFETY: `Saved::frame` received the pointer and the length of this buffer from the server; the buffer lives
        // until `drop`.
        unsafe { std::slice::from_raw_parts(self.0.as_ptr().cast(), self.1) }
    }
}

impl Drop for Frame {
    fn drop(&mut self) {
        // SAFETY: the frame owns the buffer, which came from the server's allocator; `drop` runs once.
        unsafe { call!(RedisModule_Free(self.0.as_ptr().cast())) };
    }
}

unsafe extern "C" fn aof_rewrite<V: Stored>(
    io: *mut raw::RedisModuleIO,
    key: *mut raw::RedisModuleString,
    value: *mut c_void,
) {
    let mut index: c_longlong = 0;
    // SAFETY: the server passes a value of this type, in a forked child, which has no other thread.
    unsafe { value_ref::<V>(value) }.save(&mut |frame| {
        // SAFETY: the server keeps `io` and `key` valid during this callback. The format `slb` takes a string, a `long
        // long`, and bytes with their number, as they are passed.
        unsafe {
            let (name, format) = (V::AOF_COMMAND.as_ptr(), c"slb".as_ptr());
            call!(RedisModule_EmitAOF(io, name, format, key, index, frame.as_ptr(), frame.len()));
        }
        index += 1;
    });
}

unsafe extern "C" fn digest<V: Stored>(digest: *mut raw::RedisModuleDigest, value: *mut c_void) {
    // SAFETY: the server passes a value of this type and a digest that is valid during this callback; it reads the
    // bytes at once.
    unsafe {
        value_ref::<V>(value).save(&mut |frame| {
            call!(RedisModule_DigestAddStringBuffer(digest, frame.as_ptr().cast(), frame.len()));
        });
        call!(RedisModule_DigestEndSequence(digest));
    }
}

/// Frees a value, on the main thread or on a background thread of the server.
unsafe extern "C" fn free<V: Stored>(value: *mut c_void) {
    // SAFETY: the server passes a `Box<V>` that it has stored, once, and does not use it again.
    boundary::guard(|| drop(unsafe { Box::from_raw(value.cast::<V>()) }));
}

unsafe extern "C" fn mem_usage<V: Stored>(_: *mut raw::RedisModuleKeyOptCtx, value: *const c_void, _: usize) -> usize {
    // SAFETY: the server passes a value of this type, which nothing changes during this callback on the main thread.
    unsafe { value_ref::<V>(value) }.bytes()
}

unsafe extern "C" fn free_effort<V: Stored>(_: *mut raw::RedisModuleKeyOptCtx, value: *const c_void) -> usize {
    // SAFETY: the server passes a value of this type, which nothing changes during this callback on the main thread.
    unsafe { value_ref::<V>(value) }.free_effort()
}

unsafe extern "C" fn copy<V: Stored>(_: *mut raw::RedisModuleKeyOptCtx, value: *const c_void) -> *mut c_void {
    // SAFETY: the server passes a value of this type, which nothing changes during this callback on the main thread.
    let copied = boundary::guard(|| unsafe { value_ref::<V>(value) }.copy());
    copied.map_or(ptr::null_mut(), |value| Box::into_raw(Box::new(value)).cast())
}

/// Defragments a value, on the main thread, between commands. Returns 0 when it is done, 1 if time ran out first.
unsafe extern "C" fn defrag<V: Stored>(
    ctx: *mut raw::RedisModuleDefragCtx,
    _: *mut raw::RedisModuleString,
    value: *mut *mut c_void,
) -> c_int {
    let finished = boundary::guard(|| {
        // SAFETY: the server keeps `ctx` valid during this callback. `*value` is the only pointer to a `Box<V>`: every
        // command closes its keys before it returns, and threads refer to a value by its id, never by its address.
        let (value, mut pass) = unsafe {
            *value = defrag::moved(ctx, *value);
            (&mut *(*value).cast::<V>(), Pass::begin(ctx))
        };
        value.move_by(&mut pass);
        pass.end()
    });
    c_int::from(finished == Some(false))
}
