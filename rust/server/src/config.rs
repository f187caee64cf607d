//! Settings of the module: integers and booleans in the server's configuration.

use std::ffi::{CStr, c_char, c_int, c_longlong, c_void};
use std::ops::RangeInclusive;
use std::sync::atomic::{AtomicI64, Ordering};

use crate::raw;

use super::context::Context;

/// An integer or boolean in the server's configuration, whose name there begins with the module's.
pub struct Setting {
    /// The name, without the module's.
    pub name: &'static CStr,
    /// The valid values.
    pub range: RangeInclusive<i64>,
    value: AtomicI64,
    is_switch: bool,
    flags: u32,
    changed: fn(i64),
}

impl Setting {
    /// An integer setting with its range and default.
    pub const fn new(name: &'static CStr, range: RangeInclusive<i64>, value: i64) -> Self {
        let flags = raw::REDISMODULE_CONFIG_DEFAULT;
        Self { name, range, value: AtomicI64::new(value), is_switch: false, flags, changed: |_| {} }
    }

    /// A boolean setting, `no` by default, that can only be set at the server's start.
    pub const fn switch(name: &'static CStr) -> Self {
        Self { is_switch: true, flags: raw::REDISMODULE_CONFIG_IMMUTABLE, ..Self::new(name, 0..=1, 0) }
    }

    /// Accepts memory units, as in `100mb`.
    #[must_use]
    pub const fn as_memory(mut self) -> Self {
        self.flags = raw::REDISMODULE_CONFIG_MEMORY;
        self
    }

    /// Calls `changed` whenever the setting is set.
    #[must_use]
    pub const fn passed_to(mut self, changed: fn(i64)) -> Self {
        self.changed = changed;
        self
    }

    /// The current value.
    pub fn get(&self) -> i64 {
        self.value.load(Ordering::Relaxed)
    }

    /// Sets the value, and reports it to the function of [`Self::passed_to`].
    pub fn set(&self, value: i64) {
        self.value.store(value, Ordering::Relaxed);
        (self.changed)(value);
    }

    /// Registers the setting with the server. The current value is the default.
    pub fn register(&'static self, ctx: Context) -> Result<(), String> {
        let (ctx, name, value) = (ctx.raw(), self.name.as_ptr(), self.get());
        let (least, most) = (*self.range.start(), *self.range.end());
        let data = std::ptr::from_ref(self).cast_mut().cast();
        // SAFETY: `ctx` is the context of OnLoad, valid until that returns; the name is static and ends with NUL.
        // `data` points at a static `Setting`, whose value is atomic, so the callbacks may use it at any time.
        let status = unsafe {
            if self.is_switch {
                let (get, set, value) = (Some(get_switch as _), Some(set_switch as _), value as c_int);
                call!(RedisModule_RegisterBoolConfig(ctx, name, value, self.flags, get, set, None, data))
            } else {
                let (get, set) = (Some(get as _), Some(set as _));
                call!(RedisModule_RegisterNumericConfig(
                    ctx, name, value, self.flags, least, most, get, set, None, data
                ))
            }
        };
        if status == raw::REDISMODULE_OK as c_int {
            Ok(())
        } else {
            Err(format!("the server rejected the configuration {}", self.name.to_string_lossy()))
        }
    }
}

/// Loads the values of the registered settings from the server's configuration.
pub fn load(ctx: Context) -> Result<(), String> {
    // SAFETY: `ctx` is the context of OnLoad, valid until that returns.
    let status = unsafe { call!(RedisModule_LoadConfigs(ctx.raw())) };
    if status == raw::REDISMODULE_OK as c_int { Ok(()) } else { Err("its configuration is not valid".into()) }
}

unsafe extern "C" fn get(_: *const c_char, data: *mut c_void) -> c_longlong {
    // SAFETY: `data` is the static `Setting` that `register` passed.
    unsafe { &*data.cast::<Setting>() }.get()
}

unsafe extern "C" fn set(
    _: *const c_char,
    value: c_longlong,
    data: *mut c_void,
    _: *mut *mut raw::RedisModuleString,
) -> c_int {
    // SAFETY: `data` is the static `Setting` that `register` passed. The server has checked the range.
    unsafe { &*data.cast::<Setting>() }.set(value);
    raw::REDISMODULE_OK as c_int
}

unsafe extern "C" fn get_switch(_: *const c_char, data: *mut c_void) -> c_int {
    // SAFETY: `data` is the static `Setting` that `register` passed.
    unsafe { &*data.cast::<Setting>() }.get() as c_int
}

unsafe extern "C" fn set_switch(
    _: *const c_char,
    value: c_int,
    data: *mut c_void,
    _: *mut *mut raw::RedisModuleString,
) -> c_int {
    // SAFETY: `data` is the static `Setting` that `register` passed.
    unsafe { &*data.cast::<Setting>() }.set(value.into());
    raw::REDISMODULE_OK as c_int
}
