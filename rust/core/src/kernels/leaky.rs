//! One event for units that leak: each moves a part of the way to the tanh of what it hears.
//!
//! The units are in the lanes. Products are rounded before they are added, bias first, then input after input, then the unit before.

use super::functions::tanh;
use super::lanes::{LANES, Lanes};
use crate::schema::Entry;

/// Vectors of units at a time, so that one need not wait for another.
const WIDE: usize = 2;

/// What such units are.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LeakyUnits<'a> {
    pub(crate) biases: &'a [f32],
    /// What part of the way each goes.
    pub(crate) leaks: &'a [f32],
    /// How much each hears of the one before it in a circle.
    pub(crate) from_before: &'a [f32],
    /// Of each input in turn, a weight for each unit.
    pub(crate) weights: &'a [f32],
}

/// What they hold.
#[derive(Debug)]
pub(crate) struct LeakyState<'a> {
    /// One before the first, which need not be set, and then each.
    pub(crate) held: &'a mut [f32],
    pub(crate) sums: &'a mut [f32],
    /// The most that each has held.
    pub(crate) most: &'a mut [f32],
}

/// Has the units hear of inputs, each times its value.
#[inline(always)]
pub(super) fn hear<L: Lanes>(l: L, units: LeakyUnits<'_>, entries: &[Entry], state: LeakyState<'_>) {
    let LeakyState { held, sums, most } = state;
    let count = units.biases.len();
    assert!(held.len() == count + 1 && sums.len() == count && most.len() == count);
    held[0] = held[count];
    // From the last on: what a unit hears of the one before is what that held before.
    let mut from = count - count % LANES;
    if from < count {
        let of = |all: &[f32], at: usize| l.load_part(&all[at..at + count - from]);
        let [now, sum, high] = heard(l, units, entries, from, (held, sums, most), of);
        l.store_part(now, &mut held[from + 1..]);
        l.store_part(sum, &mut sums[from..]);
        l.store_part(high, &mut most[from..]);
    }
    while from > 0 {
        let vectors = WIDE.min(from / LANES);
        from -= vectors * LANES;
        let of = |all: &[f32], at: usize| l.load(&all[at..].as_chunks().0[0]);
        let mut found = [[l.splat(0.0); 3]; WIDE];
        for (vector, found) in found[..vectors].iter_mut().enumerate() {
            *found = heard(l, units, entries, from + vector * LANES, (held, sums, most), of);
        }
        for (vector, [now, sum, high]) in found[..vectors].iter().enumerate() {
            let at = from + vector * LANES;
            l.store(*now, &mut held[at + 1..].as_chunks_mut().0[0]);
            l.store(*sum, &mut sums[at..].as_chunks_mut().0[0]);
            l.store(*high, &mut most[at..].as_chunks_mut().0[0]);
        }
    }
}

/// What units from one on hold, their sums and the most, after that.
#[inline(always)]
fn heard<L: Lanes>(
    l: L,
    units: LeakyUnits<'_>,
    entries: &[Entry],
    at: usize,
    (held, sums, most): (&[f32], &[f32], &[f32]),
    of: impl Fn(&[f32], usize) -> L::V,
) -> [L::V; 3] {
    let count = units.biases.len();
    let mut z = of(units.biases, at);
    for entry in entries {
        z = l.add(z, l.mul(l.splat(entry.value), of(units.weights, entry.number as usize * count + at)));
    }
    z = l.add(z, l.mul(of(units.from_before, at), of(held, at)));
    let was = of(held, at + 1);
    let now = l.add(was, l.mul(of(units.leaks, at), l.sub(tanh(l, z), was)));
    [now, l.add(of(sums, at), now), l.max(now, of(most, at))]
}
