//! The module neuralredis: one library for Redis 7.0 and later and Valkey 8 and later.
//!
//! The module owns the data type, the commands and replication; the algorithms are in `neuralredis-core`. All unsafe
//! code that talks to the server is in `neuralredis-server`; this crate is safe Rust on top of both.
//!
//! - [`commands`]: a file for each command, with its syntax, parsing, call of the engine, reply and replication.
//! - [`value`]: the value of a key, identified by an id of [`ids`]. [`stored`]: how it is saved. [`trainings`]: running
//!   trainings, and how their results are installed.
//! - [`config`], [`info`]: settings and statistics. [`error`], [`memory`]: errors, and checks of free memory. [`work`],
//!   [`writes`], [`pending`]: long commands on threads.
//!
//! Replicas and the AOF receive effects ([`commands::effects`]): rows with the places that they were stored at, weights
//! when a training ends. Replaying the commands themselves would give different weights whenever a clock or a client
//! ended a training, and every replica would have to train.

#![forbid(unsafe_code)]
#![allow(refining_impl_trait)] // each command declares its error type
#![cfg_attr(fuzzing, allow(dead_code))] // the code that only the module's allocator and entry point use

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

/// Registers settings, data type, commands, INFO section and events. On an error, which is logged, the module is not
/// loaded.
///
/// Settings are registered first: a rejected value must not leave a data type behind, which Redis 7.0 never unloads.
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
        // An AOF that was truncated within a network never delivers the remaining frames.
        loading_ended: || partial::forget_database(None),
        shutting_down: trainings::end_all,
    };
    events::subscribe(ctx, handlers)?;
    log::notice(&format!("neuralredis {} is ready", env!("CARGO_PKG_VERSION")));
    Ok(())
}

/// Parses arguments as each command does, for rust/fuzz.
#[cfg(fuzzing)]
pub fn fuzz_parsers(data: &[u8]) {
    commands::fuzz(data);
}
