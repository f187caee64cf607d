//! Keys of the keyspace, and the network that one holds.

use std::ffi::c_int;
use std::marker::PhantomData;
use std::ptr;

use redis_module::raw;

use super::context::{Context, Text};
use super::data_type;
use crate::value::Value;

/// What a key holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Content {
    Nothing,
    Network,
    Other,
}

/// A key that is open. It is closed when this is dropped, which must be before its context ends.
///
/// It is opened for reading even to change the network that it holds: to be opened for writing is to be reported as
/// changed, which a refused command must not be. Whoever has changed something says so by [`Self::changed`].
pub(crate) struct Key {
    ctx: Context,
    name: Text,
    opened: *mut raw::RedisModuleKey,
    content: Content,
    /// Of the network; null if there is none.
    value: *mut Value,
    main_thread: PhantomData<*const ()>,
}

impl Key {
    pub(crate) fn open(ctx: Context, name: &[u8]) -> Self {
        Self::open_for(ctx, name, raw::REDISMODULE_READ)
    }

    fn open_for(ctx: Context, name: &[u8], mode: u32) -> Self {
        let name = Text::of(ctx, name);
        // SAFETY: a live context and string.
        let opened = unsafe { call!(RedisModule_OpenKey(ctx.raw(), name.raw(), mode as c_int)) };
        // SAFETY: a key that is open, or null.
        let (content, value) = unsafe { found(opened) };
        Self { ctx, name, opened, content, value, main_thread: PhantomData }
    }

    pub(crate) fn content(&self) -> Content {
        self.content
    }

    /// The network that the key holds.
    pub(crate) fn value(&self) -> Option<&Value> {
        // SAFETY: the value stays where it is while nothing else of this module or the server runs, and that is as long
        // as the key is open on the main thread; `self` lends it, so it is not lent for writing as well.
        unsafe { self.value.as_ref() }
    }

    /// The network that the key holds, to be changed.
    pub(crate) fn value_mut(&mut self) -> Option<&mut Value> {
        // SAFETY: as for `value`; no command opens a key twice.
        unsafe { self.value.as_mut() }
    }

    /// Breaks the watch of whoever watches the key, and tells clients that keep a copy.
    pub(crate) fn changed(&self) {
        // SAFETY: a live context and string.
        unsafe {
            call!(RedisModule_SignalModifiedKey(self.ctx.raw(), self.name.raw()));
        }
    }
}

impl Drop for Key {
    fn drop(&mut self) {
        if !self.opened.is_null() {
            // SAFETY: opened once, closed once.
            unsafe { call!(RedisModule_CloseKey(self.opened)) };
        }
    }
}

/// What an open key holds, and the network if it is one.
///
/// # Safety
/// The key is open, or null.
unsafe fn found(opened: *mut raw::RedisModuleKey) -> (Content, *mut Value) {
    if opened.is_null() {
        return (Content::Nothing, ptr::null_mut());
    }
    // SAFETY: an open key; the pointer of a value of our type is one that `put` or the type's methods made. Its kind is
    // compared and never turned into an enum: servers add kinds.
    unsafe {
        if call!(RedisModule_ModuleTypeGetType(opened)) == data_type::handle() {
            return (Content::Network, call!(RedisModule_ModuleTypeGetValue(opened)).cast());
        }
        let is_empty = call!(RedisModule_KeyType(opened)) == raw::REDISMODULE_KEYTYPE_EMPTY as c_int;
        (if is_empty { Content::Nothing } else { Content::Other }, ptr::null_mut())
    }
}

/// Makes a key hold a network, whatever it held. Closing it tells watchers.
pub(crate) fn put(ctx: Context, name: &[u8], value: Box<Value>) -> bool {
    let key = Key::open_for(ctx, name, raw::REDISMODULE_READ | raw::REDISMODULE_WRITE);
    let value = Box::into_raw(value);
    // SAFETY: a key open for writing; the value becomes the server's, which gives it to our `free`. If it is refused it is
    // still ours.
    unsafe {
        let status = call!(RedisModule_ModuleTypeSetValue(key.opened, data_type::handle(), value.cast()));
        if status != raw::REDISMODULE_OK as c_int {
            drop(Box::from_raw(value));
            return false;
        }
    }
    true
}
