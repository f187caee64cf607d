//! Keys of the keyspace, and the value of the module's type that one holds.

use std::ffi::c_int;
use std::marker::PhantomData;
use std::ptr;

use crate::raw;

use super::context::Context;
use super::data_type::Stored;
use super::strings::ServerString;

/// What a key holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Content {
    Nothing,
    /// A value of the module's type.
    Value,
    Other,
}

/// A key that is open. It is closed when this is dropped.
///
/// It is opened for reading even to change the value that it holds: to open a key for writing reports it as changed, and a
/// refused command must not do that. A command that has changed the value calls [`Self::changed`].
pub struct Key<'a, V> {
    ctx: Context<'a>,
    name: ServerString<'a>,
    opened: *mut raw::RedisModuleKey,
    content: Content,
    /// Null if the key holds no value of this type.
    value: *mut V,
    main_thread: PhantomData<*const ()>,
}

impl<'a, V: Stored> Key<'a, V> {
    /// Opens a key of the database that the context points at.
    pub fn open(ctx: Context<'a>, name: impl Into<ServerString<'a>>) -> Self {
        Self::open_for(ctx, name.into(), raw::REDISMODULE_READ)
    }

    fn open_for(ctx: Context<'a>, name: ServerString<'a>, mode: u32) -> Self {
        // SAFETY: a live context and string.
        let opened = unsafe { call!(RedisModule_OpenKey(ctx.raw(), name.raw(), mode as c_int)) };
        // SAFETY: a key that is open, or null.
        let (content, value) = unsafe { found(opened) };
        Self { ctx, name, opened, content, value, main_thread: PhantomData }
    }

    /// Its name.
    pub fn name(&self) -> &[u8] {
        self.name.bytes()
    }

    /// What the key holds.
    pub fn content(&self) -> Content {
        self.content
    }

    /// The value that the key holds.
    pub fn value(&self) -> Option<&V> {
        // SAFETY: the value stays where it is while nothing else of this module or the server runs, and that is as long
        // as the key is open on the main thread; `self` lends it, so it is not lent for writing as well.
        unsafe { self.value.as_ref() }
    }

    /// The value that the key holds, to be changed.
    pub fn value_mut(&mut self) -> Option<&mut V> {
        // SAFETY: as for `value`; no command opens a key twice.
        unsafe { self.value.as_mut() }
    }

    /// Breaks the watch of whoever watches the key, and invalidates what clients have cached of it.
    pub fn changed(&self) {
        // SAFETY: a live context and string.
        unsafe {
            call!(RedisModule_SignalModifiedKey(self.ctx.raw(), self.name.raw()));
        }
    }
}

impl<V> Drop for Key<'_, V> {
    fn drop(&mut self) {
        if !self.opened.is_null() {
            // SAFETY: opened once, closed once.
            unsafe { call!(RedisModule_CloseKey(self.opened)) };
        }
    }
}

/// What an open key holds, and the value if it is one of this type.
///
/// # Safety
/// The key is open, or null.
unsafe fn found<V: Stored>(opened: *mut raw::RedisModuleKey) -> (Content, *mut V) {
    if opened.is_null() {
        return (Content::Nothing, ptr::null_mut());
    }
    // SAFETY: an open key; the pointer of a value of the type is one that `put` or the type's methods made. The server's own
    // type is compared as a number and never turned into an enum: servers add types.
    unsafe {
        if call!(RedisModule_ModuleTypeGetType(opened)) == V::data_type().handle() {
            return (Content::Value, call!(RedisModule_ModuleTypeGetValue(opened)).cast());
        }
        let is_empty = call!(RedisModule_KeyType(opened)) == raw::REDISMODULE_KEYTYPE_EMPTY as c_int;
        (if is_empty { Content::Nothing } else { Content::Other }, ptr::null_mut())
    }
}

/// Makes a key hold a value, whatever it held; false if the server refuses. Closing the key tells watchers.
pub fn put<'a, V: Stored>(ctx: Context<'a>, name: impl Into<ServerString<'a>>, value: Box<V>) -> bool {
    let key = Key::<V>::open_for(ctx, name.into(), raw::REDISMODULE_READ | raw::REDISMODULE_WRITE);
    let value = Box::into_raw(value);
    // SAFETY: a key open for writing; the value becomes the server's, which gives it to the type's `free`. If it is refused it
    // is still ours.
    unsafe {
        let status = call!(RedisModule_ModuleTypeSetValue(key.opened, V::data_type().handle(), value.cast()));
        if status != raw::REDISMODULE_OK as c_int {
            drop(Box::from_raw(value));
            return false;
        }
    }
    true
}
