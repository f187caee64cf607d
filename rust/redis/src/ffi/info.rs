//! The module's section of INFO.

use std::ffi::{CStr, c_int};
use std::ptr;

use redis_module::raw;

use super::boundary;
use super::context::Context;
use crate::info;

pub(crate) fn register(ctx: Context) -> Result<(), String> {
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
        info::fields(for_crash_report != 0, |name: &CStr, value: u64| {
            // SAFETY: as above; the name ends with NUL.
            unsafe {
                call!(RedisModule_InfoAddFieldULongLong(ctx, name.as_ptr(), value));
            }
        });
    });
}
