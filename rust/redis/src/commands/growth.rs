//! Checks that there is memory for rows before they are stored.

use neuralredis_core::{Network, Set};
use neuralredis_server::Context;

use crate::error::Refusal;
use crate::value::Value;
use crate::{config, memory};

/// The most copies of rows at a time: the stored rows, those sent to replicas, those appended to the AOF; the places of
/// the rows make up a fourth.
pub(super) const COPIES: usize = 4;

/// Returns an error if there is not enough memory for `rows` more rows.
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
    // A running training shares the stored rows: a block is copied before it is changed.
    let shared = if value.live.job().is_some() { network.bytes().min(rows * network.block_bytes()) } else { 0 };
    Ok(memory::check(COPIES * 4 * rows * width + shared)?)
}

/// The same for `rows` rows of fields that take `bytes` bytes together.
pub(super) fn check_bytes(ctx: Context, value: &Value, rows: usize, bytes: usize) -> Result<(), Refusal> {
    let network = value.live.network();
    config::check_bytes(ctx, || value.network_bytes() + bytes)?;
    let shared = if value.live.job().is_some() { network.bytes().min(rows * network.block_bytes()) } else { 0 };
    Ok(memory::check(COPIES * bytes + shared)?)
}

/// The most bytes that `rows` rows of `width` numbers can add, given the limits of the sets.
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
