//! Numbers and switches that the server's configuration sets.

use std::ffi::{CStr, c_char, c_int, c_longlong, c_void};
use std::ops::RangeInclusive;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

use redis_module::raw;

use super::context::Context;

/// A number that the server's configuration sets, under the module's name.
pub struct Setting {
    /// Its name, without the module's.
    pub name: &'static CStr,
    /// The numbers that it may be.
    pub range: RangeInclusive<i64>,
    value: AtomicI64,
    flags: u32,
    changed: fn(i64),
}

impl Setting {
    /// A setting from `least` on.
    pub const fn new(name: &'static CStr, least: i64, value: i64) -> Self {
        let flags = raw::REDISMODULE_CONFIG_DEFAULT;
        Self { name, range: least..=i64::MAX, value: AtomicI64::new(value), flags, changed: |_| {} }
    }

    /// One that may be no larger.
    #[must_use]
    pub const fn up_to(mut self, most: i64) -> Self {
        self.range = *self.range.start()..=most;
        self
    }

    /// One that may be given as `100mb`.
    #[must_use]
    pub const fn as_memory(mut self) -> Self {
        self.flags = raw::REDISMODULE_CONFIG_MEMORY;
        self
    }

    /// One that is passed on whenever it is set.
    #[must_use]
    pub const fn passed_to(mut self, changed: fn(i64)) -> Self {
        self.changed = changed;
        self
    }

    /// What it is now.
    pub fn get(&self) -> i64 {
        self.value.load(Ordering::Relaxed)
    }

    /// Makes it this number.
    pub fn set(&self, value: i64) {
        self.value.store(value, Ordering::Relaxed);
        (self.changed)(value);
    }

    /// Makes it known to the server, whose configuration may set it. What it is now holds unless that says otherwise.
    pub fn register(&'static self, ctx: Context) -> Result<(), String> {
        let data = std::ptr::from_ref(self).cast_mut().cast();
        let (least, most) = (*self.range.start(), *self.range.end());
        // SAFETY: the context of OnLoad; the name is static; `data` is, too, and only read.
        let status = unsafe {
            call!(RedisModule_RegisterNumericConfig(
                ctx.raw(),
                self.name.as_ptr(),
                self.get(),
                self.flags,
                least,
                most,
                Some(get),
                Some(set),
                None,
                data
            ))
        };
        accepted(status, self.name)
    }
}

fn accepted(status: c_int, name: &CStr) -> Result<(), String> {
    if status == raw::REDISMODULE_OK as c_int {
        Ok(())
    } else {
        Err(format!("the server refused the configuration {}", name.to_string_lossy()))
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
    accepted(status, name)
}

/// Takes what the server's configuration says of what is registered.
pub fn load(ctx: Context) -> Result<(), String> {
    // SAFETY: the context of OnLoad.
    let status = unsafe { call!(RedisModule_LoadConfigs(ctx.raw())) };
    if status == raw::REDISMODULE_OK as c_int { Ok(()) } else { Err("its configuration is not valid".into()) }
}

unsafe extern "C" fn get(_: *const c_char, data: *mut c_void) -> c_longlong {
    // SAFETY: `register` passed a static setting.
    unsafe { &*data.cast::<Setting>() }.get()
}

unsafe extern "C" fn set(
    _: *const c_char,
    value: c_longlong,
    data: *mut c_void,
    _: *mut *mut raw::RedisModuleString,
) -> c_int {
    // SAFETY: as for `get`. The server has compared the value with the bounds.
    unsafe { &*data.cast::<Setting>() }.set(value);
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
