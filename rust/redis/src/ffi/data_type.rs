//! The type of value that a key holds, `neural-NN`: saving, loading, rewriting, copying, measuring, freeing.
//!
//! The name is the original module's, whose encoding was 2: its values are read, but ours are written, whose encodings begin
//! at 3. A saved value is the frames of a network, each a string; the last tells that it is the last. Every frame is
//! checked as it comes, before the next is read.

use std::ffi::{c_char, c_int, c_void};
use std::ptr;
use std::sync::atomic::{AtomicPtr, Ordering};

use neuralredis_core::{Error, codec};
use redis_module::raw;

use super::context::{self, Context};
use super::{boundary, defrag, log};
use crate::commands::replayed::load;
use crate::ffi::command::Command;
use crate::memory;
use crate::value::Value;

const NAME: &std::ffi::CStr = c"neural-NN";
/// What is written, and the newest that is read.
const ENCODING: c_int = 3;
/// The original module's.
const ORIGINAL_ENCODING: c_int = 2;

/// Lets CLUSTER MIGRATESLOTS, of Valkey 9, move our keys: as effects, as to a replica. To Redis the bit may come to mean
/// something else.
const VALKEY_HANDLE_ATOMIC_SLOT_MIGRATION: u32 = 1 << 5;

static TYPE: AtomicPtr<raw::RedisModuleType> = AtomicPtr::new(ptr::null_mut());

/// The server's handle of the type.
pub(super) fn handle() -> *mut raw::RedisModuleType {
    TYPE.load(Ordering::Relaxed)
}

pub(crate) fn register(ctx: Context) -> Result<(), String> {
    let mut methods = raw::RedisModuleTypeMethods {
        // The newest of which Redis 7.0 knows every method.
        version: 4,
        rdb_load: Some(rdb_load),
        rdb_save: Some(rdb_save),
        aof_rewrite: Some(aof_rewrite),
        mem_usage: None,
        digest: Some(digest),
        free: Some(free),
        aux_load: None,
        aux_save: None,
        aux_save_triggers: 0,
        free_effort: None,
        unlink: None,
        copy: None,
        defrag: defrag::method(),
        mem_usage2: Some(mem_usage),
        free_effort2: Some(free_effort),
        unlink2: None,
        copy2: Some(copy),
        aux_save2: None,
    };
    let mut options = raw::REDISMODULE_OPTIONS_HANDLE_IO_ERRORS | raw::REDISMODULE_OPTIONS_HANDLE_REPL_ASYNC_LOAD;
    if context::is_valkey() {
        options |= VALKEY_HANDLE_ATOMIC_SLOT_MIGRATION;
    }
    // SAFETY: the context of OnLoad; the methods have the types that are asked for, and are copied.
    let handle = unsafe {
        call!(RedisModule_SetModuleOptions(ctx.raw(), options as c_int));
        call!(RedisModule_CreateDataType(ctx.raw(), NAME.as_ptr(), ENCODING, &raw mut methods))
    };
    if handle.is_null() {
        return Err(format!(
            "the server refused the type {}: is another module of that type loaded?",
            NAME.to_string_lossy()
        ));
    }
    TYPE.store(handle, Ordering::Relaxed);
    Ok(())
}

/// # Safety
/// A pointer that the server keeps for us.
unsafe fn of<'a>(value: *const c_void) -> &'a Value {
    // SAFETY: values come from `rdb_load`, `copy` or `key::put`, all of this type.
    unsafe { &*value.cast::<Value>() }
}

unsafe extern "C" fn rdb_save(io: *mut raw::RedisModuleIO, value: *mut c_void) {
    // SAFETY: ours; in a forked child too, where a network is read without any lock.
    let value = unsafe { of(value) };
    codec::frames(&value.whole(), &mut |frame| {
        // SAFETY: the server's stream; the bytes are written or copied.
        unsafe { call!(RedisModule_SaveStringBuffer(io, frame.as_ptr().cast(), frame.len())) };
    });
}

unsafe extern "C" fn rdb_load(io: *mut raw::RedisModuleIO, encoding: c_int) -> *mut c_void {
    let loaded = boundary::guard(|| match encoding {
        // SAFETY: the server's stream.
        ENCODING => unsafe { load(io) },
        ORIGINAL_ENCODING => load_original(io),
        _ => Err(format!("it was saved in encoding {encoding}: this version reads encodings 2 and {ENCODING}")),
    });
    match loaded.unwrap_or_else(|| Err("an internal error".into())) {
        Ok(value) => Box::into_raw(Box::new(value)).cast(),
        Err(reason) => {
            log::warning(&format!("a network was not loaded: {reason}"));
            ptr::null_mut()
        }
    }
}

/// # Safety
/// With the server's stream of a value to be loaded.
unsafe fn load(io: *mut raw::RedisModuleIO) -> Result<Value, String> {
    let mut decoder = codec::Decoder::new();
    while !decoder.is_complete() {
        let mut length = 0;
        // SAFETY: the stream; a string that is not null has that many bytes, and is ours to free.
        let frame = unsafe {
            let start: *mut c_char = call!(RedisModule_LoadStringBuffer(io, &raw mut length));
            if start.is_null() || call!(RedisModule_IsIOError(io)) != 0 {
                Frame(ptr::null_mut(), 0)
            } else {
                Frame(start, length)
            }
        };
        let bytes = frame.bytes().ok_or("it ends too early")?;
        // What a frame holds may be kept twice while it becomes part of the whole.
        memory::check(2 * length).map_err(|error| error.to_string())?;
        decoder.push(bytes).map_err(|error| error.to_string())?;
    }
    Ok(Value::new(decoder.finish().map_err(|error| error.to_string())?))
}

/// A value of the original module.
fn load_original(io: *mut raw::RedisModuleIO) -> Result<Value, String> {
    codec::decode_original(&mut OriginalValues(io)).map(Value::new).map_err(|error| error.to_string())
}

/// The numbers of a stream, which the server keeps for as long as it loads a value.
struct OriginalValues(*mut raw::RedisModuleIO);

impl OriginalValues {
    /// What was read, if it was there.
    fn read<T>(&self, value: T) -> Result<T, Error> {
        // SAFETY: the server's stream.
        if unsafe { call!(RedisModule_IsIOError(self.0)) } == 0 {
            Ok(value)
        } else {
            Err(Error::Damaged("it ends too early, or has another value than is expected".into()))
        }
    }
}

impl codec::Values for OriginalValues {
    fn whole(&mut self) -> Result<u64, Error> {
        // SAFETY: as above.
        self.read(unsafe { call!(RedisModule_LoadUnsigned(self.0)) })
    }

    fn float(&mut self) -> Result<f32, Error> {
        // SAFETY: as above.
        self.read(unsafe { call!(RedisModule_LoadFloat(self.0)) })
    }
}

/// A string out of a stream.
struct Frame(*mut c_char, usize);

impl Frame {
    fn bytes(&self) -> Option<&[u8]> {
        // SAFETY: not null, so the server's, of that length.
        (!self.0.is_null()).then(|| unsafe { std::slice::from_raw_parts(self.0.cast(), self.1) })
    }
}

impl Drop for Frame {
    fn drop(&mut self) {
        if !self.0.is_null() {
            // SAFETY: the server's, freed once.
            unsafe { call!(RedisModule_Free(self.0.cast())) };
        }
    }
}

unsafe extern "C" fn aof_rewrite(io: *mut raw::RedisModuleIO, key: *mut raw::RedisModuleString, value: *mut c_void) {
    // SAFETY: ours, in a forked child.
    let value = unsafe { of(value) };
    let mut index: std::ffi::c_longlong = 0;
    codec::frames(&value.whole(), &mut |frame| {
        // SAFETY: the server's stream and key; `slb` takes a string, an integer, bytes and their number.
        unsafe {
            let name = load::Load::NAME.as_ptr();
            call!(RedisModule_EmitAOF(io, name, c"slb".as_ptr(), key, index, frame.as_ptr(), frame.len()));
        }
        index += 1;
    });
}

unsafe extern "C" fn digest(digest: *mut raw::RedisModuleDigest, value: *mut c_void) {
    // SAFETY: ours; the server's digest, of which the bytes are taken at once.
    unsafe {
        codec::frames(&of(value).whole(), &mut |frame| {
            call!(RedisModule_DigestAddStringBuffer(digest, frame.as_ptr().cast(), frame.len()));
        });
        call!(RedisModule_DigestEndSequence(digest));
    }
}

/// On the main thread or another. Dropping a value cancels its training and waits for nothing.
unsafe extern "C" fn free(value: *mut c_void) {
    // SAFETY: ours, and the server forgets it.
    boundary::guard(|| drop(unsafe { Box::from_raw(value.cast::<Value>()) }));
}

unsafe extern "C" fn mem_usage(_: *mut raw::RedisModuleKeyOptCtx, value: *const c_void, _: usize) -> usize {
    // SAFETY: ours.
    unsafe { of(value) }.bytes()
}

/// Allocations, about: a block of rows is 16 kB, and so much of anything else counts as much.
unsafe extern "C" fn free_effort(_: *mut raw::RedisModuleKeyOptCtx, value: *const c_void) -> usize {
    // SAFETY: ours.
    1 + (unsafe { of(value) }.network_bytes() >> 14)
}

unsafe extern "C" fn copy(_: *mut raw::RedisModuleKeyOptCtx, value: *const c_void) -> *mut c_void {
    // SAFETY: ours. The copy shares the rows until either changes them, and is not being trained.
    let copied = boundary::guard(|| unsafe { of(value) }.copy());
    copied.map_or(ptr::null_mut(), |value| Box::into_raw(Box::new(value)).cast())
}
