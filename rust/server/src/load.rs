//! `RedisModule_OnLoad`, which the server looks up in the library, and the steps of loading that every module needs.

use std::ffi::{CStr, c_int};

use crate::raw;

use super::context::Context;
use super::{api, boundary, log, module_context, quirks, strings};

const OK: c_int = raw::REDISMODULE_OK as c_int;
const ERR: c_int = raw::REDISMODULE_ERR as c_int;

/// The description of a module.
pub struct Module {
    /// The name in MODULE LIST, and the prefix of the module's settings.
    pub name: &'static CStr,
    /// The version, `major.minor.patch`.
    pub version: &'static str,
    /// Registers commands, types and callbacks, given the arguments of MODULE LOAD. On an error, which is logged, the
    /// module is not loaded.
    pub register: fn(Context, &[&[u8]]) -> Result<(), String>,
}

/// Makes the library a module: defines the function that the server looks up. Valkey uses the same name.
#[macro_export]
macro_rules! module {
    ($module:expr) => {
        // SAFETY: the server defines the name and the signature, and no other symbol of the library has this name.
        #[unsafe(no_mangle)]
        unsafe extern "C" fn RedisModule_OnLoad(
            ctx: *mut $crate::raw::RedisModuleCtx,
            argv: *mut *mut $crate::raw::RedisModuleString,
            argc: ::std::ffi::c_int,
        ) -> ::std::ffi::c_int {
            static MODULE: $crate::load::Module = $module;
            // SAFETY: the server calls this function once, on the main thread, with a context and arguments that are
            // valid until it returns.
            unsafe { $crate::load::on_load(ctx, argv, argc, &MODULE) }
        }
    };
}

/// Loads the module. Called by [`module!`](crate::module) only.
///
/// # Safety
/// Must be called once, on the main thread, with the arguments of `RedisModule_OnLoad`.
pub unsafe fn on_load(
    ctx: *mut raw::RedisModuleCtx,
    argv: *mut *mut raw::RedisModuleString,
    argc: c_int,
    module: &'static Module,
) -> c_int {
    let (major, minor, patch) = quirks::version(module.version);
    let version = (major * 10_000 + minor * 100 + patch) as c_int;
    // Nothing may be allocated before this call has filled the function table, which contains the allocator.
    // SAFETY: the caller passes the context of OnLoad, and this is the first call of the load, before any thread is
    // started.
    unsafe { raw::look_up(ctx) };
    // SAFETY: `ctx` is valid until OnLoad returns; the name is static and ends with NUL.
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
        let mut arguments = strings::Arguments::new();
        // SAFETY: the caller passes the `argc` strings of OnLoad, which are valid until it returns.
        unsafe { strings::arguments(argv, argc, &mut arguments) };
        let registered = (module.register)(Context::new(ctx), &arguments);
        let Err(reason) = registered else { return OK };
        log::warning(&format!("{name} was not loaded: {reason}"));
        ERR
    });
    done.unwrap_or(ERR)
}
