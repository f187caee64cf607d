//! The module's section of INFO.

use std::ffi::{CStr, c_int};
use std::ptr;
use std::sync::OnceLock;

use crate::raw;

use super::boundary;
use super::context::Context;

/// Gives names and values of the section to its second argument. In a crash report, which the first tells, only what takes no
/// lock: the thread that crashed may hold it.
pub type Fields = fn(bool, &mut dyn FnMut(&CStr, u64));

static FIELDS: OnceLock<Fields> = OnceLock::new();

/// Adds the section, which has these fields.
pub fn register(ctx: Context, fields: Fields) -> Result<(), String> {
    FIELDS.get_or_init(|| fields);
    // SAFETY: the context of OnLoad; the callback has the type that is asked for.
    let status = unsafe { call!(RedisModule_RegisterInfoFunc(ctx.raw(), Some(write))) };
    if status == raw::REDISMODULE_OK as c_int { Ok(()) } else { Err("the server refused the section of INFO".into()) }
}

unsafe extern "C" fn write(ctx: *mut raw::RedisModuleInfoCtx, for_crash_report: c_int) {
    boundary::guard(|| {
        // SAFETY: the server's context; without a name the section is called after the module. A section that was not asked
        // for is refused.
        if unsafe { call!(RedisModule_InfoAddSection(ctx, ptr::null())) } != raw::REDISMODULE_OK as c_int {
            return;
        }
        let Some(fields) = FIELDS.get() else { return };
        fields(for_crash_report != 0, &mut |name, value| {
            // SAFETY: as above; the name ends with NUL.
            unsafe {
                call!(RedisModule_InfoAddFieldULongLong(ctx, name.as_ptr(), value));
            }
        });
    });
}
