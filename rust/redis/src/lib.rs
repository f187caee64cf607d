//! neuralredis as a Redis and Valkey module: one library for Redis 7.0 and later and Valkey 8 and later.
//!
//! A face of `neuralredis-core`: it owns the keyspace type, commands, replication and the server's log, and no algorithm.
//! Everything unsafe is in [`ffi`]; the rest of the crate is ordinary Rust over it.
//!
//! The crate `redis-module` lends its bindings and its safe wrappers, but neither its macro nor its logger: the macro
//! needs APIs that Redis 7.0 lacks and hides errors at load, the logger passes its text as a format string.

use redis_module::Context;

mod ffi;
#[cfg(feature = "probe")]
mod probe;

#[cfg(not(test))] // a test runs without a server, so without its allocator
#[global_allocator]
static ALLOCATOR: ffi::alloc::ServerAlloc = ffi::alloc::ServerAlloc;

/// What the server calls the module, in MODULE LIST and before its configuration names.
const NAME: &std::ffi::CStr = c"neuralredis";

/// Registers what the module offers. An error is logged and the module is not loaded.
#[cfg_attr(not(feature = "probe"), expect(clippy::unnecessary_wraps, reason = "a command may be refused"))]
fn register(ctx: &Context) -> Result<(), String> {
    #[cfg(feature = "probe")]
    probe::register(ctx)?;
    #[cfg(not(feature = "probe"))]
    let _ = ctx;
    ffi::log::notice(&format!("neuralredis {} is ready", env!("CARGO_PKG_VERSION")));
    Ok(())
}
