//! Where Rust meets the server's C: the only room of the crate with `unsafe` in it.

pub(crate) mod alloc;
mod api;
pub(crate) mod boundary;
#[cfg(feature = "probe")]
pub(crate) mod command;
#[cfg(feature = "probe")]
pub(crate) mod event_loop;
mod load;
pub(crate) mod log;
mod module_context;
