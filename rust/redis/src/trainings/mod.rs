//! The trainings under way: whose they are, who waits for them, and what becomes of their results.
//!
//! A training works on a snapshot, on threads that never touch the server. When it has ended its thread posts a job to the
//! main thread, which by a timer, between commands, looks for the network that it was started from and swaps the result in
//! ([`results`]). Identity is that of the network's id and of the training itself, so a network that was deleted, overwritten
//! or reset meanwhile is never mistaken for it. Where the network is now is followed by events: RENAME, MOVE, SWAPDB; if it
//! is not there, it is looked for ([`search`]). Whatever is not found is dropped.
//!
//! Nothing here costs more the more trainings there are, but for the few requests that concern them all.
//!
//! Rejected: to poll, as the original did in each of its commands, which leaves results lying while nobody asks; and to take
//! the server's lock on the training's thread, which holds up the server and on Redis 7.0 is racy.

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

/// Starts or queues a training of the network at a key, on behalf of the client's user.
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

/// Makes the client wait for a network's training, for so many milliseconds or, if 0, forever. False if there is none or
/// the client cannot wait.
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
