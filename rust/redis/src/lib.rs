//! neuralredis as a Redis and Valkey module: one library for Redis 7.0 and later and Valkey 8 and later.
//!
//! A face of `neuralredis-core`: it owns the keyspace type, commands, replication and the server's log, and no algorithm.
//! Everything unsafe is in [`ffi`]; the rest of the crate is ordinary Rust over it.
//!
//! - [`commands`]: a file each: syntax, parsing, a call of the engine, the reply, what is replicated, what the server is told.
//! - [`value`]: what a key holds, and under which of [`ids`]. [`trainings`]: those that are under way, and what becomes of their results.
//! - [`config`], [`info`]: settings and figures. [`numbers`], [`error`], [`memory`]: text, refusals, and memory that is short.
//!
//! Replicas and the AOF receive effects ([`commands::replayed`]): rows with the places that they took, weights when a training
//! ends. Commands replayed as they came would give other weights wherever a clock or a client ended a training, and would
//! have every replica train.
//!
//! The crate `redis-module` lends its bindings alone. Its macro needs APIs that Redis 7.0 lacks and hides errors at load; its
//! logger passes text as a format string; its replies panic on a NUL.

#![cfg_attr(fuzzing, allow(dead_code))] // of an allocator that is not the program's

mod commands;
mod config;
mod error;
mod ffi;
mod ids;
mod info;
mod memory;
mod numbers;
mod pending;
mod trainings;
mod value;
mod work;
mod writes;

use ffi::context::Context;

#[cfg(not(any(test, fuzzing)))] // tests run without a server, so without its allocator
#[global_allocator]
static ALLOCATOR: ffi::alloc::ServerAlloc = ffi::alloc::ServerAlloc;

/// What the server calls the module, in MODULE LIST and before its configuration names.
const NAME: &std::ffi::CStr = c"neuralredis";

/// Registers what the module offers. An error is logged and the module is not loaded.
///
/// The settings come first: a value that is refused must not leave a type behind, which Redis 7.0 never unloads.
fn register(ctx: Context, arguments: &[&[u8]]) -> Result<(), String> {
    config::register(ctx, arguments)?;
    ffi::data_type::register(ctx)?;
    ffi::command::add_category(ctx);
    commands::register(ctx)?;
    ffi::info::register(ctx)?;
    ffi::events::subscribe(ctx)?;
    ffi::log::notice(&format!("neuralredis {} is ready", env!("CARGO_PKG_VERSION")));
    Ok(())
}

/// Reads arguments as each command does, for rust/fuzz.
#[cfg(fuzzing)]
pub fn fuzz_parsers(data: &[u8]) {
    commands::fuzz(data);
}
