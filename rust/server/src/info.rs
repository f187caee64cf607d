//! The module's section of INFO.

use std::ffi::{CStr, c_int};
use std::ptr;
use std::sync::OnceLock;

use crate::raw;

use super::boundary;
use super::context::Context;

/// Passes names and values of the section to its second argument. The first is true in a crash report, where no lock
/// may be taken: the thread that crashed may hold it.
pub type Fields = fn(bool, &mut dyn FnMut(&CStr, u64));

static FIELDS: OnceLock<Fields> = OnceLock::new();

/// Registers the section and its fields.
pub fn register(ctx: Context, fields: Fields) -> Result<(), String> {
    FIELDS.get_or_init(|| fields);
    // SAFETY: `ctx` is the context of OnLoad, valid until that returns; the callback has the signature of the API.
    let status = unsafe { call!(RedisModule_RegisterInfoFunc(ctx.raw(), Some(write))) };
    if status == raw::REDISMODULE_OK as c_int { Ok(()) } else { Err("the server rejected the section of INFO".into()) }
}

unsafe extern "C" fn write(ctx: *mut raw::RedisModuleInfoCtx, for_crash_report: c_int) {
    boundary::guard(|| {
        // SAFETY: the server keeps `ctx` valid during this callback. With a null name the section is named after the
        // module. The server returns an error if the client did not ask for this section.
        if unsafe { call!(RedisModule_InfoAddSection(ctx, ptr::null())) } != raw::REDISMODULE_OK as c_int {
            return;
        }
        let Some(fields) = FIELDS.get() else { return };
        fields(for_crash_report != 0, &mut |name, value| {
            // SAFETY: the server keeps `ctx` valid during this callback; the name ends with NUL.
            unsafe {
                call!(RedisModule_InfoAddFieldULongLong(ctx, name.as_ptr(), value));
            }
        });
    });
}
