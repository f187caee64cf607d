//! Hashes of the server's, from which fields are read.

use std::ffi::c_int;
use std::ptr;

use crate::raw;

use super::context::Context;
use super::strings::ServerString;

/// A hash that is open. It is closed when this is dropped.
pub struct Hash(*mut raw::RedisModuleKey);

/// What a key holds, of which a hash is expected.
pub enum Found {
    Hash(Hash),
    /// There is no such key.
    Nothing,
    Other,
}

impl Hash {
    /// Opens a key of the database that the context points at.
    pub fn open<'a>(ctx: Context<'a>, name: impl Into<ServerString<'a>>) -> Found {
        let name = name.into();
        // SAFETY: a live context and string.
        let opened = unsafe { call!(RedisModule_OpenKey(ctx.raw(), name.raw(), raw::REDISMODULE_READ as c_int)) };
        if opened.is_null() {
            return Found::Nothing;
        }
        let hash = Self(opened);
        // SAFETY: an open key. A type is compared as a number and never turned into an enum: servers add types.
        match unsafe { call!(RedisModule_KeyType(hash.0)) } as isize {
            raw::REDISMODULE_KEYTYPE_HASH => Found::Hash(hash),
            raw::REDISMODULE_KEYTYPE_EMPTY => Found::Nothing,
            _ => Found::Other,
        }
    }

    /// The value of a field.
    pub fn get(&self, field: &ServerString<'_>) -> Option<ServerString<'static>> {
        let mut value: *mut raw::RedisModuleString = ptr::null_mut();
        let end: *mut raw::RedisModuleString = ptr::null_mut();
        // SAFETY: an open key that holds a hash; a live field, room for its value, and null, which ends the list. The value is
        // ours.
        unsafe {
            let none = raw::REDISMODULE_HASH_NONE as c_int;
            call!(RedisModule_HashGet(self.0, none, field.raw(), &raw mut value, end));
            (!value.is_null()).then(|| ServerString::owned(value))
        }
    }
}

impl Drop for Hash {
    fn drop(&mut self) {
        // SAFETY: opened once, closed once.
        unsafe { call!(RedisModule_CloseKey(self.0)) };
    }
}
