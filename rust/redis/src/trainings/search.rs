//! Searches all keys for networks that are not at their last known key, although they were not freed, which would have
//! cancelled their trainings.
//!
//! Some servers do not report every move, and on some the module does not subscribe ([`neuralredis_server::events`]).
//! Then one scan visits all keys, a few at a time, and looks for all networks that are missing.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use neuralredis_core::training::Job;
use neuralredis_server::{Context, MainThread, Scan, event_loop};

use super::registry;
use crate::value::Value;

/// How long deferrable work may stall the server at a time, and the pause until it continues.
pub(super) const TIME_SLICE: Duration = Duration::from_millis(1);

/// A network to be found.
struct Missing {
    job: Arc<Job>,
    /// Called after the search. If the network was found, its entry has its key now.
    then: Box<dyn FnOnce(MainThread)>,
}

/// Networks to be found, by their ids.
type AllMissing = BTreeMap<u64, Missing>;

thread_local! {
    // Used on the main thread only: what the next scan will look for.
    static NEXT: RefCell<AllMissing> = const { RefCell::new(AllMissing::new()) };
    // Whether a scan is running.
    static IS_SCANNING: Cell<bool> = const { Cell::new(false) };
}

/// Searches for the network of a training.
pub(super) fn begin(main: MainThread, id: u64, job: Arc<Job>, then: impl FnOnce(MainThread) + 'static) {
    let missing = Missing { job, then: Box::new(then) };
    if let Some(before) = NEXT.with_borrow_mut(|next| next.insert(id, missing)) {
        // An earlier training of this network must have been cancelled, since a network has one training at a time.
        (before.then)(main);
    }
    if !IS_SCANNING.replace(true) {
        event_loop::after(main, Duration::ZERO, |main, ctx| scan_some(main, ctx, Scan::begin(), NEXT.take()));
    }
}

/// Runs one time slice of a scan.
fn scan_some(main: MainThread, ctx: Context, mut scan: Scan<Value>, mut missing: AllMissing) {
    let end = Instant::now() + TIME_SLICE;
    let mut more = true;
    while more && !missing.is_empty() && Instant::now() < end {
        let mut met = Vec::new();
        more = scan.step(ctx, &mut |db, name, value| {
            if missing.get(&value.id).is_some_and(|one| value.live.awaits(&one.job)) {
                met.push((value.id, db, name.to_vec()));
            }
        });
        for (id, db, name) in met {
            let Some(found) = missing.remove(&id) else { continue };
            if registry::is_at(ctx, id, db, &name) {
                registry::place(id, db, name);
            } else {
                // The key has expired. Some servers keep such keys for a while, and only a scan visits them.
                found.job.cancel();
            }
            (found.then)(main);
        }
        let cancelled = |(id, one): (&u64, &Missing)| one.job.is_cancelled().then_some(*id);
        for id in missing.iter().filter_map(cancelled).collect::<Vec<_>>() {
            missing.remove(&id).into_iter().for_each(|one| (one.then)(main));
        }
    }
    if more && !missing.is_empty() {
        event_loop::after(main, TIME_SLICE, |main, ctx| scan_some(main, ctx, scan, missing));
        return;
    }
    // Not found. They may have moved from keys that the scan had not visited yet to keys that it had.
    for one in missing.into_values() {
        (one.then)(main);
    }
    IS_SCANNING.set(!NEXT.with_borrow(AllMissing::is_empty));
    if IS_SCANNING.get() {
        event_loop::after(main, TIME_SLICE, |main, ctx| scan_some(main, ctx, Scan::begin(), NEXT.take()));
    }
}
