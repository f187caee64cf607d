//! The memory of rows that are about to be stored.

use neuralredis_core::{Network, Set};
use neuralredis_server::Context;

use crate::error::Refusal;
use crate::value::Value;
use crate::{config, memory};

/// Copies of rows that there are at a time: stored, to be sent to replicas, to be appended to the AOF; and their places.
pub(super) const COPIES: usize = 4;

/// Whether there is memory for so many rows more.
pub(super) fn check(
    ctx: Context,
    value: &Value,
    rows: usize,
    are_weighted: bool,
    target: Option<Set>,
) -> Result<(), Refusal> {
    let network = value.live.network();
    let width = network.row_shape().inputs + network.targets();
    config::check_bytes(ctx, || value.network_bytes() + of(network, rows, width + usize::from(are_weighted), target))?;
    // A training shares the stored rows: a block that is written is copied first.
    let shared = if value.live.job().is_some() { network.bytes().min(rows * network.block_bytes()) } else { 0 };
    Ok(memory::check(COPIES * 4 * rows * width + shared)?)
}

/// Whether there is memory for so many rows more of fields, which take so many bytes together.
pub(super) fn check_bytes(ctx: Context, value: &Value, rows: usize, bytes: usize) -> Result<(), Refusal> {
    let network = value.live.network();
    config::check_bytes(ctx, || value.network_bytes() + bytes)?;
    let shared = if value.live.job().is_some() { network.bytes().min(rows * network.block_bytes()) } else { 0 };
    Ok(memory::check(COPIES * bytes + shared)?)
}

/// Bytes that rows of so many numbers each may add.
pub(super) fn of(network: &Network, rows: usize, width: usize, target: Option<Set>) -> usize {
    let limits = network.info().limits;
    let room = |set, limit: u32| (limit - network.rows(set).min(limit)) as usize;
    let room = match target {
        Some(Set::Train) => room(Set::Train, limits.train),
        Some(Set::Test) => room(Set::Test, limits.test),
        None => room(Set::Train, limits.train) + room(Set::Test, limits.test),
    };
    rows.min(room) * 4 * width
}
