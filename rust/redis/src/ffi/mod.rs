//! Where Rust meets the server's C: the only room of the crate with `unsafe` in it.

#[macro_use]
pub(crate) mod api;
pub(crate) mod access;
pub(crate) mod alloc;
pub(crate) mod blocked;
pub(crate) mod boundary;
pub(crate) mod command;
pub(crate) mod config;
pub(crate) mod context;
pub(crate) mod data_type;
pub(crate) mod deferred;
mod defrag;
pub(crate) mod event_loop;
pub(crate) mod events;
pub(crate) mod held;
pub(crate) mod info;
pub(crate) mod key;
mod listeners;
mod load;
pub(crate) mod log;
pub(crate) mod module_context;
pub(crate) mod reply;
pub(crate) mod room;
pub(crate) mod scan;
pub(crate) mod system;
