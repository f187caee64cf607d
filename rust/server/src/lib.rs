//! What a Redis or Valkey module needs of its server, in safe Rust: every `unsafe` of the module is here.
//!
//! Nothing here knows what the module is for. A module declares itself by [`module!`](crate::module), what its keys hold by
//! [`data_type::Stored`], its commands by [`command::Command`], and registers callbacks for the rest ([`events`], [`info`],
//! [`blocked`]).
//!
//! It is not the crate `redis-module`, whose macro needs APIs that Redis 7.0 lacks and hides errors at load; whose logger passes
//! text as a format string; whose replies panic on a NUL; and which has bindgen and libclang make at every build what [`raw`]
//! has once.

#![allow(clippy::missing_errors_doc)] // what a function refuses is said in its first sentences

#[macro_use]
mod api;
pub mod access;
pub mod alloc;
pub mod blocked;
pub mod boundary;
pub mod command;
pub mod config;
pub mod context;
pub mod data_type;
pub mod deferred;
pub mod defrag;
pub mod event_loop;
pub mod events;
pub mod hash;
pub mod held;
pub mod info;
pub mod key;
pub mod load;
pub mod log;
pub mod maxmemory;
pub mod module_context;
pub mod numbers;
mod quirks;
pub mod raw;
mod replication;
pub mod reply;
pub mod scan;
pub mod strings;
pub mod system;

pub use blocked::Waiter;
pub use command::{About, Argument, Command, KeyUse};
pub use context::Context;
pub use data_type::Stored;
pub use deferred::Deferred;
pub use event_loop::MainThread;
pub use hash::Hash;
pub use held::Held;
pub use key::Content;
pub use reply::Reply;
pub use scan::Scan;
pub use strings::{Lent, ServerString, Strings};
