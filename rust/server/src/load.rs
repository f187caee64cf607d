//! The function that the server looks up by name in the library, and what it does for every module.

use std::ffi::{CStr, c_int};

use crate::raw;

use super::context::Context;
use super::{api, boundary, log, module_context, quirks, strings};

const OK: c_int = raw::REDISMODULE_OK as c_int;
const ERR: c_int = raw::REDISMODULE_ERR as c_int;

/// What a module says of itself.
pub struct Module {
    /// What the server calls it, in MODULE LIST and before the names of its settings.
    pub name: &'static CStr,
    /// Three numbers with points between.
    pub version: &'static str,
    /// Registers what the module offers, given the arguments of MODULE LOAD. An error is logged and the module is not loaded.
    pub register: fn(Context, &[&[u8]]) -> Result<(), String>,
}

/// Makes the library a module: defines the function that the server looks up, Valkey under the same name.
#[macro_export]
macro_rules! module {
    ($module:expr) => {
        // SAFETY: the name is the server's convention; nothing else in the library has it.
        #[unsafe(no_mangle)]
        unsafe extern "C" fn RedisModule_OnLoad(
            ctx: *mut $crate::raw::RedisModuleCtx,
            argv: *mut *mut $crate::raw::RedisModuleString,
            argc: ::std::ffi::c_int,
        ) -> ::std::ffi::c_int {
            static MODULE: $crate::load::Module = $module;
            // SAFETY: the server's context and arguments, once, on the main thread.
            unsafe { $crate::load::on_load(ctx, argv, argc, &MODULE) }
        }
    };
}

/// What [`module!`](crate::module) calls.
///
/// # Safety
/// With the arguments of `RedisModule_OnLoad`, once, on the main thread.
pub unsafe fn on_load(
    ctx: *mut raw::RedisModuleCtx,
    argv: *mut *mut raw::RedisModuleString,
    argc: c_int,
    module: &'static Module,
) -> c_int {
    let (major, minor, patch) = quirks::version(module.version);
    let version = (major * 10_000 + minor * 100 + patch) as c_int;
    // Nothing may be allocated before this call has filled the function table: the allocator is in it.
    // SAFETY: `ctx` is the server's, and this is its first call.
    unsafe { raw::look_up(ctx) };
    // SAFETY: `ctx` is alive during this call; the name is a static string.
    unsafe {
        if call!(RedisModule_IsModuleNameBusy(module.name.as_ptr())) != 0 {
            return ERR;
        }
        call!(RedisModule_SetModuleAttribs(ctx, module.name.as_ptr(), version, raw::REDISMODULE_APIVER_1 as c_int));
    }
    let done = boundary::guard(|| {
        let (name, missing) = (module.name.to_string_lossy(), api::missing());
        if !missing.is_empty() {
            log::warning(&format!("this server is too old for {name}: it lacks {}", missing.join(", ")));
            return ERR;
        }
        module_context::set(ctx);
        boundary::log_panics(module.name);
        // SAFETY: the server's arguments, alive during this call.
        let registered = (module.register)(Context::new(ctx), &unsafe { strings::arguments(argv, argc) });
        let Err(reason) = registered else { return OK };
        log::warning(&format!("{name} was not loaded: {reason}"));
        ERR
    });
    done.unwrap_or(ERR)
}
