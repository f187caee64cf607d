//! The module API of Redis and Valkey in safe Rust. All `unsafe` code of the module is in this crate.
//!
//! The crate is independent of the module's purpose. A module declares itself by [`module!`](crate::module), its values
//! by [`data_type::Stored`], its commands by [`command::Command`], and registers callbacks for the rest ([`events`],
//! [`info`], [`blocked`]).
//!
//! Rejected: the crate `redis-module`. Its macro needs functions that Redis 7.0 lacks, and hides errors at load; its
//! logger passes text as a format string; its replies panic on a NUL; and each build runs bindgen and libclang for the
//! declarations that [`raw`] contains.

#![allow(clippy::missing_errors_doc)] // the summary of a function says when it fails

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
