//! The functions that the server looks up by name in the library.

use std::ffi::c_int;

use redis_module::raw;

use super::context::{self, Context};
use super::{api, boundary, log, module_context};

const OK: c_int = raw::REDISMODULE_OK as c_int;
const ERR: c_int = raw::REDISMODULE_ERR as c_int;

/// As MODULE LIST shows it: 1.2.3 is 10203.
const VERSION: c_int = number(env!("CARGO_PKG_VERSION_MAJOR")) * 10_000
    + number(env!("CARGO_PKG_VERSION_MINOR")) * 100
    + number(env!("CARGO_PKG_VERSION_PATCH"));

const fn number(digits: &str) -> c_int {
    match c_int::from_str_radix(digits, 10) {
        Ok(number) => number,
        Err(_) => panic!("a version is made of numbers"),
    }
}

/// Called once, on the main thread. Valkey looks for this name too.
// SAFETY: the name is the server's convention; nothing else in the library has it.
#[unsafe(no_mangle)]
extern "C" fn RedisModule_OnLoad(
    ctx: *mut raw::RedisModuleCtx,
    argv: *mut *mut raw::RedisModuleString,
    argc: c_int,
) -> c_int {
    // Nothing may be allocated before this call has filled the function table: the allocator is in it.
    // SAFETY: `ctx` is the server's, alive during this call; the name is a static string.
    let named =
        unsafe { raw::Export_RedisModule_Init(ctx, crate::NAME.as_ptr(), VERSION, raw::REDISMODULE_APIVER_1 as c_int) };
    if named != OK {
        return ERR;
    }
    boundary::guard(|| load(ctx, argv, argc)).unwrap_or(ERR)
}

fn load(ctx: *mut raw::RedisModuleCtx, argv: *mut *mut raw::RedisModuleString, argc: c_int) -> c_int {
    let missing = api::missing();
    if !missing.is_empty() {
        log::warning(&format!("this server is too old for neuralredis: it lacks {}", missing.join(", ")));
        return ERR;
    }
    module_context::set(ctx);
    boundary::log_panics();
    // SAFETY: the server's arguments, alive during this call.
    let arguments = unsafe { context::arguments(argv, argc) };
    match crate::register(Context::new(ctx), &arguments) {
        Ok(()) => OK,
        Err(reason) => {
            log::warning(&format!("neuralredis was not loaded: {reason}"));
            ERR
        }
    }
}
