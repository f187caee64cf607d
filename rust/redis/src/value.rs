//! What a key holds.

use std::sync::atomic::Ordering;

use neuralredis_core::Network;
use neuralredis_core::training::Live;

use crate::error::Refusal;
use crate::error::shown;
use crate::ffi::alloc;
use crate::ffi::context::Context;
use crate::ffi::key::{Content, Key};
use crate::ids;
use crate::info::NETWORKS;

/// A network in the keyspace, with its training.
///
/// It holds no lock, so that a forked child that saves it never waits; what threads train is a snapshot.
#[derive(Debug)]
pub(crate) struct Value {
    /// Tells the networks of this process apart, copies too. It is not saved.
    pub(crate) id: u64,
    pub(crate) live: Live,
}

impl Value {
    pub(crate) fn new(network: Network) -> Self {
        NETWORKS.fetch_add(1, Ordering::Relaxed);
        Self { id: ids::next(), live: Live::new(network) }
    }

    /// Bytes of memory that it takes, as the server counts them.
    pub(crate) fn bytes(&self) -> usize {
        alloc::taken(size_of::<Self>()) - size_of::<Live>() + self.live.bytes_by(&alloc::taken)
    }
}

/// On any thread: the server frees what is large in the background.
impl Drop for Value {
    fn drop(&mut self) {
        NETWORKS.fetch_sub(1, Ordering::Relaxed);
    }
}

/// The key that a command names, which must hold a network.
pub(crate) fn open(ctx: Context, name: &[u8]) -> Result<Key, Refusal> {
    let key = Key::open(ctx, name);
    match key.content() {
        Content::Network => Ok(key),
        Content::Nothing => Err(Refusal::because(format!("no network at key '{}'", shown(name)))),
        Content::Other => Err(Refusal::WrongType),
    }
}

/// Lends the network of a key that [`open`] has opened.
pub(crate) fn read(key: &Key) -> Result<&Value, Refusal> {
    key.value().ok_or(Refusal::WrongType)
}

/// Lends the network of a key that [`open`] has opened, to be changed.
pub(crate) fn write(key: &mut Key) -> Result<&mut Value, Refusal> {
    key.value_mut().ok_or(Refusal::WrongType)
}
