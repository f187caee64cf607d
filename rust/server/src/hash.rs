//! Reading fields of hashes, the server's own data type.

use std::ffi::c_int;
use std::ptr;

use crate::raw;

use super::context::Context;
use super::strings::ServerString;

/// An open key that holds a hash. It is closed when this is dropped.
pub struct Hash(*mut raw::RedisModuleKey);

/// What [`Hash::open`] found at a key.
pub enum Found {
    Hash(Hash),
    /// The key does not exist.
    Nothing,
    /// The key holds another type.
    Other,
}

impl Hash {
    /// Opens a key of the selected database.
    pub fn open<'a>(ctx: Context<'a>, name: impl Into<ServerString<'a>>) -> Found {
        let name = name.into();
        // SAFETY: the server keeps `ctx` valid until its callback returns, and `name` is alive until the end of this
        // function.
        let opened = unsafe { call!(RedisModule_OpenKey(ctx.raw(), name.raw(), raw::REDISMODULE_READ as c_int)) };
        if opened.is_null() {
            return Found::Nothing;
        }
        let hash = Self(opened);
        // SAFETY: the key is open until `hash` is dropped. The type is compared as an integer, because a server may
        // return one that is no variant of a Rust enum.
        match unsafe { call!(RedisModule_KeyType(hash.0)) } as isize {
            raw::REDISMODULE_KEYTYPE_HASH => Found::Hash(hash),
            raw::REDISMODULE_KEYTYPE_EMPTY => Found::Nothing,
            _ => Found::Other,
        }
    }

    /// Returns the value of a field; `None` if the hash lacks it.
    pub fn get(&self, field: &ServerString<'_>) -> Option<ServerString<'static>> {
        let mut value: *mut raw::RedisModuleString = ptr::null_mut();
        let end: *mut raw::RedisModuleString = ptr::null_mut();
        // SAFETY: `open` returns a `Hash` only for an open key that holds a hash. The list of fields is `field`, which
        // is alive, the place for its value, and a null that ends the list. The caller owns the value.
        unsafe {
            let none = raw::REDISMODULE_HASH_NONE as c_int;
            call!(RedisModule_HashGet(self.0, none, field.raw(), &raw mut value, end));
            (!value.is_null()).then(|| ServerString::owned(value))
        }
    }
}

impl Drop for Hash {
    fn drop(&mut self) {
        // SAFETY: `open` opened the key, and only this closes it; `drop` runs once.
        unsafe { call!(RedisModule_CloseKey(self.0)) };
    }
}
