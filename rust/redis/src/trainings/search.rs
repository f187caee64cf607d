//! The search for networks that are not where they were when last seen, though they have not been freed, which would have
//! cancelled their trainings.
//!
//! Some servers do not tell of every move, or are not asked to ([`neuralredis_server::events`]). Then all keys are looked at, a few at
//! a time, in one walk for all networks that are missed.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use neuralredis_server::scan::Scan;
use neuralredis_server::{Context, MainThread, event_loop};

use super::results::{self, Ended};
use super::{MOMENT, place};
use crate::value::Value;

/// What is looked for, by the network's id.
type Missed = BTreeMap<u64, Ended>;

thread_local! {
    // Of the main thread: what the next walk will look for.
    static NEXT: RefCell<Missed> = const { RefCell::new(Missed::new()) };
    // Whether there is a walk.
    static IS_WALKING: Cell<bool> = const { Cell::new(false) };
}

/// Looks for the network of a training, which [`results`] hears of again.
pub(super) fn begin(main: MainThread, ended: Ended) {
    let Some((id, ..)) = ended.place() else { return };
    if let Some(before) = NEXT.with_borrow_mut(|next| next.insert(id, ended)) {
        // One that has been cancelled since, or the network would have no other.
        results::again(main, before);
    }
    if !IS_WALKING.replace(true) {
        event_loop::after(main, Duration::ZERO, |main, ctx| walk(main, ctx, Scan::begin(), NEXT.take()));
    }
}

/// A moment of a walk.
fn walk(main: MainThread, ctx: Context, mut scan: Scan<Value>, mut missed: Missed) {
    let end = Instant::now() + MOMENT;
    let mut more = true;
    while more && !missed.is_empty() && Instant::now() < end {
        let mut met = Vec::new();
        more = scan.step(ctx, &mut |db, name, value| {
            if missed.get(&value.id).is_some_and(|ended| value.live.awaits(&ended.job)) {
                met.push((value.id, db, name.to_vec()));
            }
        });
        for (id, db, name) in met {
            let Some(ended) = missed.remove(&id) else { continue };
            if results::is_at(ctx, id, db, &name) {
                place(id, db, name);
            } else {
                // It has expired. Some servers keep such keys for a while, where the walk meets them and nobody else does.
                ended.job.cancel();
            }
            results::again(main, ended);
        }
        let cancelled = |(id, ended): (&u64, &Ended)| ended.job.is_cancelled().then_some(*id);
        for id in missed.iter().filter_map(cancelled).collect::<Vec<_>>() {
            missed.remove(&id).into_iter().for_each(|ended| results::again(main, ended));
        }
    }
    if more && !missed.is_empty() {
        event_loop::after(main, MOMENT, |main, ctx| walk(main, ctx, scan, missed));
        return;
    }
    // They may have moved from where the walk had yet to come to where it had been.
    for ended in missed.into_values() {
        results::again(main, ended);
    }
    IS_WALKING.set(!NEXT.with_borrow(Missed::is_empty));
    if IS_WALKING.get() {
        event_loop::after(main, MOMENT, |main, ctx| walk(main, ctx, Scan::begin(), NEXT.take()));
    }
}
