//! Numbers and switches that the server's configuration sets.

use std::ffi::{CStr, c_char, c_int, c_longlong, c_void};
use std::ops::RangeInclusive;
use std::sync::atomic::{AtomicI64, Ordering};

use crate::raw;

use super::context::Context;

/// A number or switch that the server's configuration sets, under the module's name.
pub struct Setting {
    /// Its name, without the module's.
    pub name: &'static CStr,
    /// The numbers that it may be.
    pub range: RangeInclusive<i64>,
    value: AtomicI64,
    is_switch: bool,
    flags: u32,
    changed: fn(i64),
}

impl Setting {
    /// A setting of numbers in a range, and its value unless configured.
    pub const fn new(name: &'static CStr, range: RangeInclusive<i64>, value: i64) -> Self {
        let flags = raw::REDISMODULE_CONFIG_DEFAULT;
        Self { name, range, value: AtomicI64::new(value), is_switch: false, flags, changed: |_| {} }
    }

    /// A setting of yes or no, no unless configured, which only the configuration at the server's start changes.
    pub const fn switch(name: &'static CStr) -> Self {
        Self { is_switch: true, flags: raw::REDISMODULE_CONFIG_IMMUTABLE, ..Self::new(name, 0..=1, 0) }
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
        let (ctx, name, value) = (ctx.raw(), self.name.as_ptr(), self.get());
        let (least, most) = (*self.range.start(), *self.range.end());
        let data = std::ptr::from_ref(self).cast_mut().cast();
        // SAFETY: the context of OnLoad; the name is static; `data` is, too, and shared as an atomic.
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
            Err(format!("the server refused the configuration {}", self.name.to_string_lossy()))
        }
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
    // SAFETY: as for `get`.
    unsafe { &*data.cast::<Setting>() }.get() as c_int
}

unsafe extern "C" fn set_switch(
    _: *const c_char,
    value: c_int,
    data: *mut c_void,
    _: *mut *mut raw::RedisModuleString,
) -> c_int {
    // SAFETY: as for `get`.
    unsafe { &*data.cast::<Setting>() }.set(value.into());
    raw::REDISMODULE_OK as c_int
}
