//! Iteration over the keys of all databases, a few keys at a time.

use std::ffi::c_void;
use std::marker::PhantomData;

use crate::raw;

use super::context::Context;
use super::data_type::Stored;
use super::{boundary, strings};

/// The position of an iteration. Keys that exist all the time are visited at least once.
pub struct Scan<V> {
    db: i32,
    cursor: *mut raw::RedisModuleScanCursor,
    of: PhantomData<fn(&V)>,
}

/// Called with each value: its database, its key and the value.
type Visit<'a, V> = dyn FnMut(i32, &[u8], &V) + 'a;

/// What the server passes on to [`visit_key`]: the database and the callback.
type Visitor<'a, V> = (i32, &'a mut Visit<'a, V>);

impl<V: Stored> Scan<V> {
    /// Begins at the first key of the first database.
    pub fn begin() -> Self {
        // SAFETY: the function has no preconditions on the main thread; `drop` frees the cursor.
        Self { db: 0, cursor: unsafe { call!(RedisModule_ScanCursorCreate()) }, of: PhantomData }
    }

    /// Visits the values of the module's type among the next few keys. Returns false when all databases are done.
    pub fn step<'a>(&mut self, ctx: Context, visit: &'a mut Visit<'a, V>) -> bool {
        if !ctx.select(self.db) {
            return false;
        }
        let mut visitor: Visitor<'_, V> = (self.db, visit);
        // SAFETY: the server keeps `ctx` valid until its callback returns, and the cursor lives until `drop`. Scan uses
        // the visitor only before it returns.
        let more = unsafe {
            call!(RedisModule_Scan(ctx.raw(), self.cursor, Some(visit_key::<V>), (&raw mut visitor).cast::<c_void>()))
        };
        if more == 0 {
            self.db += 1;
            // SAFETY: the cursor lives until `drop`.
            unsafe { call!(RedisModule_ScanCursorRestart(self.cursor)) };
        }
        true
    }
}

impl<V> Drop for Scan<V> {
    fn drop(&mut self) {
        // SAFETY: `begin` created the cursor, and only this destroys it; `drop` runs once.
        unsafe { call!(RedisModule_ScanCursorDestroy(self.cursor)) };
    }
}

/// The callback of Scan.
unsafe extern "C" fn visit_key<V: Stored>(
    _: *mut raw::RedisModuleCtx,
    name: *mut raw::RedisModuleString,
    key: *mut raw::RedisModuleKey,
    visitor: *mut c_void,
) {
    // SAFETY: the server passes the visitor of `step`, which is alive and borrowed by nothing else, and a name and an
    // open key (or null) that are valid during this callback. A value of the module's type is a `V`, which nothing
    // changes meanwhile on the main thread.
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
