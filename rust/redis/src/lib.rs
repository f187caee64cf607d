//! neuralredis as a Redis and Valkey module: one library for Redis 7.0 and later and Valkey 8 and later.
//!
//! A face of `neuralredis-core`: it owns the keyspace type, commands and replication, and no algorithm. What is unsafe about a
//! server is in `neuralredis-server`; this crate is ordinary Rust over it.
//!
//! - [`commands`]: a file each: syntax, parsing, a call of the engine, the reply, what is replicated, what the server is told.
//! - [`value`]: what a key holds, and under which of [`ids`]; [`stored`]: how it is saved. [`trainings`]: those under way, and
//!   what becomes of their results.
//! - [`config`], [`info`]: settings and figures. [`error`], [`memory`]: refusals, and memory that is short.
//!
//! Replicas and the AOF receive effects ([`commands::effects`]): rows with the places that they took, weights when a training
//! ends. Commands replayed as they came would give other weights wherever a clock or a client ended a training, and would
//! have every replica train.

#![forbid(unsafe_code)]
#![allow(refining_impl_trait)] // each command says what its errors are
#![cfg_attr(fuzzing, allow(dead_code))] // of an allocator that is not the program's

mod commands;
mod config;
mod error;
mod ids;
mod info;
mod memory;
mod pending;
mod pool;
mod stored;
mod trainings;
mod value;
mod work;
mod writes;

use neuralredis_server::events::{self, Handlers};
use neuralredis_server::load::Module;
use neuralredis_server::{Context, Stored, log};

use commands::effects::partial;
use value::Value;

#[cfg(not(any(test, fuzzing)))] // tests run without a server, so without its allocator
#[global_allocator]
static ALLOCATOR: neuralredis_server::alloc::ServerAlloc = neuralredis_server::alloc::ServerAlloc;

neuralredis_server::module!(Module { name: c"neuralredis", version: env!("CARGO_PKG_VERSION"), register });

/// Registers what the module offers. An error is logged and the module is not loaded.
///
/// The settings come first: a value that is refused must not leave a type behind, which Redis 7.0 never unloads.
fn register(ctx: Context, arguments: &[&[u8]]) -> Result<(), String> {
    config::register(ctx, arguments)?;
    Value::data_type().register(ctx)?;
    commands::register(ctx)?;
    neuralredis_server::info::register(ctx, info::fields)?;
    let handlers = Handlers {
        key_moved: trainings::moved,
        became_replica: trainings::cancel_all,
        databases_swapped: trainings::swapped,
        database_flushed: partial::forget_database,
        client_left: partial::forget_client,
        // An AOF that is cut off in the midst of a network never brings the rest.
        loading_ended: || partial::forget_database(None),
        shutting_down: trainings::end_all,
    };
    events::subscribe(ctx, handlers)?;
    log::notice(&format!("neuralredis {} is ready", env!("CARGO_PKG_VERSION")));
    Ok(())
}

/// Reads arguments as each command does, for rust/fuzz.
#[cfg(fuzzing)]
pub fn fuzz_parsers(data: &[u8]) {
    commands::fuzz(data);
}
