//! A walk through the keys of all databases, a few at a time.

use std::ffi::c_void;
use std::marker::PhantomData;

use crate::raw;

use super::context::Context;
use super::data_type::Stored;
use super::{boundary, strings};

/// Where the walk is. Keys that are there all the time are met at least once.
pub struct Scan<V> {
    db: i32,
    cursor: *mut raw::RedisModuleScanCursor,
    of: PhantomData<fn(&V)>,
}

/// Is given each value that the walk meets: its database, its key, itself.
type Visit<'a, V> = dyn FnMut(i32, &[u8], &V) + 'a;

/// What the server passes on to [`met`]: a database, and what is given the values.
type Visitor<'a, V> = (i32, &'a mut Visit<'a, V>);

impl<V: Stored> Scan<V> {
    /// At the first key of the first database.
    pub fn begin() -> Self {
        // SAFETY: no condition; `drop` frees it.
        Self { db: 0, cursor: unsafe { call!(RedisModule_ScanCursorCreate()) }, of: PhantomData }
    }

    /// Visits the values of the module's type among the next few keys. False when all have been visited.
    pub fn step<'a>(&mut self, ctx: Context, visit: &'a mut Visit<'a, V>) -> bool {
        if !ctx.select(self.db) {
            return false;
        }
        let mut visitor: Visitor<'_, V> = (self.db, visit);
        // SAFETY: a live context and cursor; the visitor is used before this returns.
        let more = unsafe {
            call!(RedisModule_Scan(ctx.raw(), self.cursor, Some(met::<V>), (&raw mut visitor).cast::<c_void>()))
        };
        if more == 0 {
            self.db += 1;
            // SAFETY: a live cursor.
            unsafe { call!(RedisModule_ScanCursorRestart(self.cursor)) };
        }
        true
    }
}

impl<V> Drop for Scan<V> {
    fn drop(&mut self) {
        // SAFETY: made by `begin`, and freed once.
        unsafe { call!(RedisModule_ScanCursorDestroy(self.cursor)) };
    }
}

unsafe extern "C" fn met<V: Stored>(
    _: *mut raw::RedisModuleCtx,
    name: *mut raw::RedisModuleString,
    key: *mut raw::RedisModuleKey,
    visitor: *mut c_void,
) {
    // SAFETY: the server passes on the visitor of `step`, which lives, and is lent to nobody else; a key that it passes is
    // open, and if it is of our type holds a value of ours, which nothing changes meanwhile; the name lives.
    unsafe {
        if key.is_null() || call!(RedisModule_ModuleTypeGetType(key)) != V::data_type().handle() {
            return;
        }
        let value = call!(RedisModule_ModuleTypeGetValue(key)).cast::<V>();
        if let (Some(value), Some((db, visit))) = (value.as_ref(), visitor.cast::<Visitor<'_, V>>().as_mut()) {
            boundary::guard(|| visit(*db, strings::bytes(name), value));
        }
    }
}
