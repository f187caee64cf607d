//! A walk through the keys of all databases, a few at a time.

use std::ffi::c_void;

use redis_module::raw;

use super::context::{self, Context};
use super::{boundary, data_type};
use crate::value::Value;

/// Where the walk is. Keys that are there all the time are met at least once.
pub(crate) struct Scan {
    db: i32,
    cursor: *mut raw::RedisModuleScanCursor,
}

/// What is told of a network that the walk meets: its database, its key, itself.
type Visit<'a> = dyn FnMut(i32, &[u8], &Value) + 'a;

/// What [`met`] is given: who is told, and of which database.
struct Visitor<'a> {
    db: i32,
    visit: &'a mut Visit<'a>,
}

impl Scan {
    pub(crate) fn new() -> Self {
        // SAFETY: no condition; `drop` frees it.
        Self { db: 0, cursor: unsafe { call!(RedisModule_ScanCursorCreate()) } }
    }

    /// Visits the networks among the next few keys. False when all have been visited.
    pub(crate) fn step<'a>(&mut self, ctx: Context, visit: &'a mut Visit<'a>) -> bool {
        if !ctx.select(self.db) {
            return false;
        }
        let mut visitor = Visitor { db: self.db, visit };
        // SAFETY: a live context and cursor; the visitor is used before this returns.
        let more =
            unsafe { call!(RedisModule_Scan(ctx.raw(), self.cursor, Some(met), (&raw mut visitor).cast::<c_void>())) };
        if more == 0 {
            self.db += 1;
            // SAFETY: a live cursor.
            unsafe { call!(RedisModule_ScanCursorRestart(self.cursor)) };
        }
        true
    }
}

impl Drop for Scan {
    fn drop(&mut self) {
        // SAFETY: made by `new`, and freed once.
        unsafe { call!(RedisModule_ScanCursorDestroy(self.cursor)) };
    }
}

unsafe extern "C" fn met(
    _: *mut raw::RedisModuleCtx,
    name: *mut raw::RedisModuleString,
    key: *mut raw::RedisModuleKey,
    visitor: *mut c_void,
) {
    // SAFETY: the server passes on the visitor of `step`, which lives, and is lent to nobody else; a key that it passes is
    // open, and if it is of our type holds a value of ours, which nothing changes meanwhile; the name lives.
    unsafe {
        if key.is_null() || call!(RedisModule_ModuleTypeGetType(key)) != data_type::handle() {
            return;
        }
        let value = call!(RedisModule_ModuleTypeGetValue(key)).cast::<Value>();
        if let (Some(value), Some(visitor)) = (value.as_ref(), visitor.cast::<Visitor<'_>>().as_mut()) {
            boundary::guard(|| (visitor.visit)(visitor.db, context::bytes(name), value));
        }
    }
}
