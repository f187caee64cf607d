//! A type of values that keys hold: saving, loading, rewriting, copying, measuring, moving, freeing.
//!
//! A saved value is a sequence of frames, each a string. The value says by itself which frame is the last.

use std::ffi::{CStr, c_char, c_int, c_longlong, c_void};
use std::marker::PhantomData;
use std::ptr;
use std::sync::atomic::{AtomicPtr, Ordering};

use crate::raw;

use super::alloc::GIVEN_ALIGNMENT;
use super::context::Context;
use super::defrag::{self, Pass};
use super::{boundary, log, quirks};

/// What a key of the module holds.
pub trait Stored: Sized + 'static {
    /// The name by which the server knows the type, of nine characters.
    const TYPE_NAME: &CStr;
    /// What the log calls a value.
    const NOUN: &str;
    /// The encoding that [`Self::save`] writes. The server hands it to [`Self::load`].
    const ENCODING: c_int;
    /// The command that a rewritten AOF has for each frame: its arguments are the key, the frame's index and the frame.
    const AOF_COMMAND: &CStr;

    /// The handle of the type, a static of the module's.
    fn data_type() -> &'static DataType<Self>;

    /// Gives the frames to `write`, one after the other. In a forked child, too, so without any lock.
    fn save(&self, write: &mut dyn FnMut(&[u8]));

    /// Reads a value that was saved. An error says why there is none.
    fn load(saved: &mut Saved, encoding: c_int) -> Result<Self, String>;

    /// Another value that is the same.
    #[must_use]
    fn copy(&self) -> Self;

    /// Bytes of memory that the value takes, as the server counts them.
    fn bytes(&self) -> usize;

    /// Allocations that freeing the value undoes, about.
    fn free_effort(&self) -> usize;

    /// Has the vectors of the value moved to where memory is less fragmented.
    fn move_by(&mut self, pass: &mut Pass);
}

/// The server's handle of a type.
pub struct DataType<V> {
    handle: AtomicPtr<raw::RedisModuleType>,
    of: PhantomData<fn() -> V>,
}

impl<V: Stored> DataType<V> {
    /// Of a type that is yet to be registered.
    pub const fn unregistered() -> Self {
        Self { handle: AtomicPtr::new(ptr::null_mut()), of: PhantomData }
    }

    pub(crate) fn handle(&self) -> *mut raw::RedisModuleType {
        self.handle.load(Ordering::Relaxed)
    }

    /// Makes the type known to the server.
    pub fn register(&self, ctx: Context) -> Result<(), String> {
        // Blocks of larger alignment are cut out of others, which the server cannot move.
        const { assert!(align_of::<V>() <= GIVEN_ALIGNMENT) };
        let mut methods = raw::RedisModuleTypeMethods {
            // The newest of which Redis 7.0 knows every method.
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
        // SAFETY: the context of OnLoad; the methods have the types that are asked for, and are copied.
        let handle = unsafe {
            call!(RedisModule_SetModuleOptions(ctx.raw(), options as c_int));
            call!(RedisModule_CreateDataType(ctx.raw(), V::TYPE_NAME.as_ptr(), V::ENCODING, &raw mut methods))
        };
        if handle.is_null() {
            return Err(format!(
                "the server refused the type {}: is another module of that type loaded?",
                V::TYPE_NAME.to_string_lossy()
            ));
        }
        self.handle.store(handle, Ordering::Relaxed);
        Ok(())
    }
}

/// Lets CLUSTER MIGRATESLOTS, of Valkey 9, move the module's keys: as effects, as to a replica. Redis may use the bit for
/// something else.
const VALKEY_HANDLE_ATOMIC_SLOT_MIGRATION: u32 = 1 << 5;

/// # Safety
/// A value of this type that the server keeps.
unsafe fn of<'a, V>(value: *const c_void) -> &'a V {
    // SAFETY: values come from `rdb_load`, `copy` or `key::put`, all of this type.
    unsafe { &*value.cast::<V>() }
}

unsafe extern "C" fn rdb_save<V: Stored>(io: *mut raw::RedisModuleIO, value: *mut c_void) {
    // SAFETY: ours; in a forked child too, where a value is read without any lock.
    unsafe { of::<V>(value) }.save(&mut |frame| {
        // SAFETY: the server's stream; the bytes are written or copied.
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

/// The stream of a saved value. What is read is `None` if the stream ends too early or has something else there.
pub struct Saved(*mut raw::RedisModuleIO);

impl Saved {
    fn checked<T>(&self, value: T) -> Option<T> {
        // SAFETY: the server's stream, which lives as long as a value is loaded.
        (unsafe { call!(RedisModule_IsIOError(self.0)) } == 0).then_some(value)
    }

    /// The next frame.
    pub fn frame(&mut self) -> Option<Frame> {
        let mut length = 0;
        // SAFETY: as above; a string that is not null has that many bytes, and is ours to free.
        let start: *mut c_char = unsafe { call!(RedisModule_LoadStringBuffer(self.0, &raw mut length)) };
        self.checked(Frame(ptr::NonNull::new(start)?, length))
    }

    /// The next integer.
    pub fn unsigned(&mut self) -> Option<u64> {
        // SAFETY: as above.
        self.checked(unsafe { call!(RedisModule_LoadUnsigned(self.0)) })
    }

    /// The next number.
    pub fn float(&mut self) -> Option<f32> {
        // SAFETY: as above.
        self.checked(unsafe { call!(RedisModule_LoadFloat(self.0)) })
    }
}

/// A frame of a saved value.
pub struct Frame(ptr::NonNull<c_char>, usize);

impl std::ops::Deref for Frame {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        // SAFETY: the server's string, of that length.
        unsafe { std::slice::from_raw_parts(self.0.as_ptr().cast(), self.1) }
    }
}

impl Drop for Frame {
    fn drop(&mut self) {
        // SAFETY: the server's, freed once.
        unsafe { call!(RedisModule_Free(self.0.as_ptr().cast())) };
    }
}

unsafe extern "C" fn aof_rewrite<V: Stored>(
    io: *mut raw::RedisModuleIO,
    key: *mut raw::RedisModuleString,
    value: *mut c_void,
) {
    let mut index: c_longlong = 0;
    // SAFETY: ours, in a forked child.
    unsafe { of::<V>(value) }.save(&mut |frame| {
        // SAFETY: the server's stream and key; `slb` takes a string, an integer, bytes and their number.
        unsafe {
            let (name, format) = (V::AOF_COMMAND.as_ptr(), c"slb".as_ptr());
            call!(RedisModule_EmitAOF(io, name, format, key, index, frame.as_ptr(), frame.len()));
        }
        index += 1;
    });
}

unsafe extern "C" fn digest<V: Stored>(digest: *mut raw::RedisModuleDigest, value: *mut c_void) {
    // SAFETY: ours; the server's digest, which takes the bytes at once.
    unsafe {
        of::<V>(value).save(&mut |frame| {
            call!(RedisModule_DigestAddStringBuffer(digest, frame.as_ptr().cast(), frame.len()));
        });
        call!(RedisModule_DigestEndSequence(digest));
    }
}

/// On the main thread or another.
unsafe extern "C" fn free<V: Stored>(value: *mut c_void) {
    // SAFETY: ours, and the server forgets it.
    boundary::guard(|| drop(unsafe { Box::from_raw(value.cast::<V>()) }));
}

unsafe extern "C" fn mem_usage<V: Stored>(_: *mut raw::RedisModuleKeyOptCtx, value: *const c_void, _: usize) -> usize {
    // SAFETY: ours.
    unsafe { of::<V>(value) }.bytes()
}

unsafe extern "C" fn free_effort<V: Stored>(_: *mut raw::RedisModuleKeyOptCtx, value: *const c_void) -> usize {
    // SAFETY: ours.
    unsafe { of::<V>(value) }.free_effort()
}

unsafe extern "C" fn copy<V: Stored>(_: *mut raw::RedisModuleKeyOptCtx, value: *const c_void) -> *mut c_void {
    // SAFETY: ours.
    let copied = boundary::guard(|| unsafe { of::<V>(value) }.copy());
    copied.map_or(ptr::null_mut(), |value| Box::into_raw(Box::new(value)).cast())
}

/// On the main thread, between commands. Not 0 if time was up before the end.
unsafe extern "C" fn defrag<V: Stored>(
    ctx: *mut raw::RedisModuleDefragCtx,
    _: *mut raw::RedisModuleString,
    value: *mut *mut c_void,
) -> c_int {
    let finished = boundary::guard(|| {
        // SAFETY: the server's context; the value is a block of ours that nothing else points at: commands have closed their
        // keys, and threads know a value by its id.
        let (value, mut pass) = unsafe {
            *value = defrag::moved(ctx, *value);
            (&mut *(*value).cast::<V>(), Pass::begin(ctx))
        };
        value.move_by(&mut pass);
        pass.end()
    });
    c_int::from(finished == Some(false))
}
