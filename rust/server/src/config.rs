//! Numbers and switches that the server's configuration sets.

use std::ffi::{CStr, c_char, c_int, c_longlong, c_void};
use std::sync::atomic::{AtomicBool, Ordering};

use redis_module::raw;

use super::context::Context;

/// A number under `neuralredis.` in the server's configuration.
pub struct Setting {
    pub name: &'static CStr,
    pub least: i64,
    pub most: i64,
    /// Whether it may be given as `100mb`.
    pub is_memory: bool,
    pub get: fn() -> i64,
    pub set: fn(i64),
}

/// Makes a number settable. `default` holds unless the server's configuration says otherwise.
pub fn register(ctx: Context, setting: &'static Setting, default: i64) -> Result<(), String> {
    let flags = if setting.is_memory { raw::REDISMODULE_CONFIG_MEMORY } else { raw::REDISMODULE_CONFIG_DEFAULT };
    let data = std::ptr::from_ref(setting).cast_mut().cast();
    // SAFETY: the context of OnLoad; the name is static; `data` is, too, and only read.
    let status = unsafe {
        call!(RedisModule_RegisterNumericConfig(
            ctx.raw(),
            setting.name.as_ptr(),
            default,
            flags,
            setting.least,
            setting.most,
            Some(get),
            Some(set),
            None,
            data
        ))
    };
    if status == raw::REDISMODULE_OK as c_int {
        Ok(())
    } else {
        Err(format!("the server refused the configuration {}", setting.name.to_string_lossy()))
    }
}

/// Makes a switch settable at the start of the server, not later. It is off unless the configuration says otherwise.
pub fn register_switch(ctx: Context, name: &CStr, switch: &'static AtomicBool) -> Result<(), String> {
    let data = std::ptr::from_ref(switch).cast_mut().cast();
    // SAFETY: the context of OnLoad; the server copies the name; `data` is static, and shared as an atomic.
    let status = unsafe {
        call!(RedisModule_RegisterBoolConfig(
            ctx.raw(),
            name.as_ptr(),
            0,
            raw::REDISMODULE_CONFIG_IMMUTABLE,
            Some(get_switch),
            Some(set_switch),
            None,
            data
        ))
    };
    if status == raw::REDISMODULE_OK as c_int {
        Ok(())
    } else {
        Err(format!("the server refused the configuration {}", name.to_string_lossy()))
    }
}

/// Takes what the server's configuration says of what is registered.
pub fn load(ctx: Context) -> Result<(), String> {
    // SAFETY: the context of OnLoad.
    let status = unsafe { call!(RedisModule_LoadConfigs(ctx.raw())) };
    if status == raw::REDISMODULE_OK as c_int { Ok(()) } else { Err("its configuration is not valid".into()) }
}

unsafe extern "C" fn get(_: *const c_char, data: *mut c_void) -> c_longlong {
    // SAFETY: `register` passed a static setting.
    let setting = unsafe { &*data.cast::<Setting>() };
    (setting.get)()
}

unsafe extern "C" fn set(
    _: *const c_char,
    value: c_longlong,
    data: *mut c_void,
    _: *mut *mut raw::RedisModuleString,
) -> c_int {
    // SAFETY: as for `get`. The server has compared the value with the bounds.
    let setting = unsafe { &*data.cast::<Setting>() };
    (setting.set)(value);
    raw::REDISMODULE_OK as c_int
}

unsafe extern "C" fn get_switch(_: *const c_char, data: *mut c_void) -> c_int {
    // SAFETY: `register_switch` passed a static switch.
    let switch = unsafe { &*data.cast::<AtomicBool>() };
    c_int::from(switch.load(Ordering::Relaxed))
}

unsafe extern "C" fn set_switch(
    _: *const c_char,
    value: c_int,
    data: *mut c_void,
    _: *mut *mut raw::RedisModuleString,
) -> c_int {
    // SAFETY: as for `get_switch`.
    let switch = unsafe { &*data.cast::<AtomicBool>() };
    switch.store(value != 0, Ordering::Relaxed);
    raw::REDISMODULE_OK as c_int
}
