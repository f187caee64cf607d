//! Running and queued trainings: their networks, the clients that wait for them, and their results.
//!
//! A training works on a snapshot, on threads that never call the server. When it ends, its thread posts a job to the
//! main thread. There a timer, which runs between commands, finds the network and installs the result ([`results`]).
//! The network is identified by its id and its training, so one that was deleted, overwritten or reset meanwhile is
//! never mistaken for it. Events (RENAME, MOVE, SWAPDB) track the key of the network; if it is not at that key, all
//! keys are searched ([`search`]). If it is not found, the result is dropped.
//!
//! No operation takes longer the more trainings there are, except requests that concern all of them.
//!
//! Rejected: polling in each command, as the original did, which installs no result until the next command; and taking
//! the server's lock on the training's thread, which stalls the server and has a race on Redis 7.0.

mod maxmemory;
mod registry;
mod results;
mod search;

use std::collections::BTreeSet;
use std::sync::Arc;

use neuralredis_core::Error;
use neuralredis_core::training::{Job, Owner, Task, TrainOptions};
use neuralredis_server::{Context, Waiter, blocked};

use crate::error::Refusal;
use crate::value::Value;
use crate::{config, pool};

use registry::{Entry, entries};
pub(crate) use registry::{Listed, cancel_all, end_all, list, moved, swapped};

/// Starts or queues a training of the network at a key, for the client's user.
pub(crate) fn start(ctx: Context, key: &[u8], value: &mut Value, options: TrainOptions) -> Result<(), Refusal> {
    if value.live.job().is_some() {
        return Err(Error::AlreadyTraining.into());
    }
    let owner = ctx.user().map_or_else(Owner::default, |user| Owner::from(user.bytes()));
    if !pool::shared().has_place_for(&owner) {
        config::check_queue(pool::shared().counts().1)?;
    }
    maxmemory::check(ctx, Task::new(value.live.network(), options)?.bytes(pool::shared().threads()))?;
    let ticket = entries(|entries| {
        entries.next_ticket += 1;
        entries.next_ticket
    });
    let ended = move |job: &Arc<Job>| results::ended(ticket, job);
    let job = value.live.train_for(&owner, options, pool::shared(), maxmemory::at_its_turn, ended)?;
    let entry = Entry { id: value.id, job, db: ctx.selected(), key: key.to_vec(), waiters: BTreeSet::new() };
    entries(|entries| entries.add(ticket, entry));
    Ok(())
}

/// Blocks the client until a network's training ends, for at most `milliseconds`, or without a limit if 0. Returns
/// false if no training runs or the client cannot be blocked.
pub(crate) fn wait(ctx: Context, value: &Value, milliseconds: i64) -> bool {
    let Some(job) = value.live.job() else { return false };
    let last = entries(|entries| {
        let (ticket, entry) = entries.of_network(value.id)?;
        Arc::ptr_eq(&entry.job, job).then_some(ticket)
    });
    let Some(ticket) = last else { return false };
    let on_leave = move |waiter: &Waiter| {
        entries(|entries| entries.of.get_mut(&ticket).map(|entry| entry.waiters.remove(waiter)));
    };
    let Some(waiter) = blocked::block(ctx, milliseconds, on_leave) else { return false };
    entries(|entries| entries.of.get_mut(&ticket).map(|entry| entry.waiters.insert(waiter)));
    true
}
