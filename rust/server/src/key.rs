//! Keys of the keyspace, and the value of the module's type that a key holds.

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

/// An open key. It is closed when this is dropped.
///
/// It is opened for reading even by commands that change its value: the server reports a key opened for writing as
/// changed, and a command that returns an error must not cause that. A command that has changed the value calls
/// [`Self::changed`].
pub struct Key<'a, V> {
    ctx: Context<'a>,
    name: ServerString<'a>,
    opened: *mut raw::RedisModuleKey,
    content: Content,
    /// Null if the key does not hold a value of this type.
    value: *mut V,
    main_thread: PhantomData<*const ()>,
}

impl<'a, V: Stored> Key<'a, V> {
    /// Opens a key of the selected database.
    pub fn open(ctx: Context<'a>, name: impl Into<ServerString<'a>>) -> Self {
        Self::open_for(ctx, name.into(), raw::REDISMODULE_READ)
    }

    fn open_for(ctx: Context<'a>, name: ServerString<'a>, mode: u32) -> Self {
        // SAFETY: the server keeps `ctx` valid until its callback returns, and `name` is alive until the key is closed.
        let opened = unsafe { call!(RedisModule_OpenKey(ctx.raw(), name.raw(), mode as c_int)) };
        // SAFETY: OpenKey returned an open key or null.
        let (content, value) = unsafe { content_of(opened) };
        Self { ctx, name, opened, content, value, main_thread: PhantomData }
    }

    /// The name of the key.
    pub fn name(&self) -> &[u8] {
        self.name.bytes()
    }

    /// What the key holds.
    pub fn content(&self) -> Content {
        self.content
    }

    /// The value that the key holds.
    pub fn value(&self) -> Option<&V> {
        // SAFETY: the key is open only within one callback on the main thread, and the server neither moves nor frees a
        // value while that runs. The reference borrows `self`, so `value_mut` cannot lend the value meanwhile.
        unsafe { self.value.as_ref() }
    }

    /// The value that the key holds, for changing it.
    pub fn value_mut(&mut self) -> Option<&mut V> {
        // SAFETY: as for `value`; in addition, no command opens the same key twice, so no other reference to the value
        // exists.
        unsafe { self.value.as_mut() }
    }

    /// Signals that the value changed: WATCH of clients fails, and what they cached of the key is invalidated.
    pub fn changed(&self) {
        // SAFETY: the server keeps `ctx` valid until its callback returns, and this key owns or borrows its name.
        unsafe {
            call!(RedisModule_SignalModifiedKey(self.ctx.raw(), self.name.raw()));
        }
    }
}

impl<V> Drop for Key<'_, V> {
    fn drop(&mut self) {
        if !self.opened.is_null() {
            // SAFETY: `open_for` opened the key, and only this closes it; `drop` runs once.
            unsafe { call!(RedisModule_CloseKey(self.opened)) };
        }
    }
}

/// What an open key holds, and the value if it is of this type.
///
/// # Safety
/// `opened` must be an open key or null.
unsafe fn content_of<V: Stored>(opened: *mut raw::RedisModuleKey) -> (Content, *mut V) {
    if opened.is_null() {
        return (Content::Nothing, ptr::null_mut());
    }
    // SAFETY: the caller ensures that the key is open. A value under the module's type was stored by `put` or by the
    // methods of the type, as a `Box<V>`. The type is compared as an integer, because a server may return one that is
    // no variant of a Rust enum.
    unsafe {
        if call!(RedisModule_ModuleTypeGetType(opened)) == V::data_type().handle() {
            return (Content::Value, call!(RedisModule_ModuleTypeGetValue(opened)).cast());
        }
        let is_empty = call!(RedisModule_KeyType(opened)) == raw::REDISMODULE_KEYTYPE_EMPTY as c_int;
        (if is_empty { Content::Nothing } else { Content::Other }, ptr::null_mut())
    }
}

/// Stores a value at a key, replacing any other; false if the server rejects it. Closing the key signals the change.
pub fn put<'a, V: Stored>(ctx: Context<'a>, name: impl Into<ServerString<'a>>, value: Box<V>) -> bool {
    let key = Key::<V>::open_for(ctx, name.into(), raw::REDISMODULE_READ | raw::REDISMODULE_WRITE);
    let value = Box::into_raw(value);
    // SAFETY: `key` is open for writing. On success the server owns the value and frees it by the type's `free`; on
    // failure it does not keep the pointer, which is freed here.
    unsafe {
        let status = call!(RedisModule_ModuleTypeSetValue(key.opened, V::data_type().handle(), value.cast()));
        if status != raw::REDISMODULE_OK as c_int {
            drop(Box::from_raw(value));
            return false;
        }
    }
    true
}
