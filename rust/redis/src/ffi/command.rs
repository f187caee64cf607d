//! Commands: one type each, one boundary for all.

use std::ffi::{CStr, c_int};

use redis_module::{Context, RedisError, RedisResult, RedisString, raw};

use super::boundary;

/// A command of the module.
pub(crate) trait Command {
    const NAME: &CStr;
    /// The server's words for what it does, separated by spaces.
    const FLAGS: &CStr;
    /// Position of the first key, of the last, and the step between; zeros for none.
    const KEYS: (c_int, c_int, c_int);

    /// `args` starts with the command's own name.
    fn run(ctx: &Context, args: &[RedisString]) -> RedisResult;
}

pub(crate) fn register<C: Command>(ctx: &Context) -> Result<(), String> {
    let (first, last, step) = C::KEYS;
    // SAFETY: the context of OnLoad; the strings are static and end with NUL.
    let status = unsafe {
        raw::RedisModule_CreateCommand
            .map(|create| create(ctx.get_raw(), C::NAME.as_ptr(), Some(run::<C>), C::FLAGS.as_ptr(), first, last, step))
    };
    if status == Some(raw::REDISMODULE_OK as c_int) {
        Ok(())
    } else {
        Err(format!("the server refused the command {}", C::NAME.to_string_lossy()))
    }
}

extern "C" fn run<C: Command>(
    ctx: *mut raw::RedisModuleCtx,
    argv: *mut *mut raw::RedisModuleString,
    argc: c_int,
) -> c_int {
    let ctx = Context::new(ctx);
    let result = boundary::guard(|| C::run(&ctx, &redis_module::decode_args(ctx.get_raw(), argv, argc)));
    let result = result.unwrap_or(Err(RedisError::Str("ERR internal error: the server's log says more")));
    boundary::guard(|| ctx.reply(result));
    raw::REDISMODULE_OK as c_int
}
