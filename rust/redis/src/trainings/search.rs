//! The search for networks that are not where they were when last seen, though they have not been freed, which would have
//! cancelled their trainings.
//!
//! Some servers do not report every move, or are not asked to ([`neuralredis_server::events`]). Then all keys are looked at,
//! a few at a time, in one walk for all networks that are missed.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use neuralredis_core::training::Job;
use neuralredis_server::{Context, MainThread, Scan, event_loop};

use super::registry;
use crate::value::Value;

/// How long the server is held up at a time by what can wait, and left alone in between.
pub(super) const MOMENT: Duration = Duration::from_millis(1);

/// A network that is looked for.
struct Missed {
    job: Arc<Job>,
    /// Is called when it has been looked for: its entry says where it is, or it is nowhere.
    then: Box<dyn FnOnce(MainThread)>,
}

/// All of them, by their ids.
type AllMissed = BTreeMap<u64, Missed>;

thread_local! {
    // Of the main thread: what the next walk will look for.
    static NEXT: RefCell<AllMissed> = const { RefCell::new(AllMissed::new()) };
    // Whether there is a walk.
    static IS_WALKING: Cell<bool> = const { Cell::new(false) };
}

/// Looks for the network of a training.
pub(super) fn begin(main: MainThread, id: u64, job: Arc<Job>, then: impl FnOnce(MainThread) + 'static) {
    let missed = Missed { job, then: Box::new(then) };
    if let Some(before) = NEXT.with_borrow_mut(|next| next.insert(id, missed)) {
        // One that has been cancelled since, or the network would have no other.
        (before.then)(main);
    }
    if !IS_WALKING.replace(true) {
        event_loop::after(main, Duration::ZERO, |main, ctx| walk(main, ctx, Scan::begin(), NEXT.take()));
    }
}

/// A moment of a walk.
fn walk(main: MainThread, ctx: Context, mut scan: Scan<Value>, mut missed: AllMissed) {
    let end = Instant::now() + MOMENT;
    let mut more = true;
    while more && !missed.is_empty() && Instant::now() < end {
        let mut met = Vec::new();
        more = scan.step(ctx, &mut |db, name, value| {
            if missed.get(&value.id).is_some_and(|one| value.live.awaits(&one.job)) {
                met.push((value.id, db, name.to_vec()));
            }
        });
        for (id, db, name) in met {
            let Some(found) = missed.remove(&id) else { continue };
            if registry::is_at(ctx, id, db, &name) {
                registry::place(id, db, name);
            } else {
                // It has expired. Some servers keep such keys for a while, where the walk meets them and nobody else does.
                found.job.cancel();
            }
            (found.then)(main);
        }
        let cancelled = |(id, one): (&u64, &Missed)| one.job.is_cancelled().then_some(*id);
        for id in missed.iter().filter_map(cancelled).collect::<Vec<_>>() {
            missed.remove(&id).into_iter().for_each(|one| (one.then)(main));
        }
    }
    if more && !missed.is_empty() {
        event_loop::after(main, MOMENT, |main, ctx| walk(main, ctx, scan, missed));
        return;
    }
    // They may have moved from where the walk had yet to come to where it had been.
    for one in missed.into_values() {
        (one.then)(main);
    }
    IS_WALKING.set(!NEXT.with_borrow(AllMissed::is_empty));
    if IS_WALKING.get() {
        event_loop::after(main, MOMENT, |main, ctx| walk(main, ctx, Scan::begin(), NEXT.take()));
    }
}
