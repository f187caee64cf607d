//! One step of a layer of leaky integrator units, the reservoir of an echo state network: `h += leak * (tanh(z) - h)`,
//! where `z` is the sum of the bias, the inputs of the event, and the previous state of the preceding unit.
//!
//! The units are in the lanes. Products are rounded before they are added, in this order: bias, input after input,
//! preceding unit.

use super::functions::tanh;
use super::lanes::{LANES, Lanes};
use crate::schema::Entry;

/// Vectors of units that are computed at a time, so that their latencies overlap.
const WIDE: usize = 2;

/// The parameters of leaky units.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LeakyUnits<'a> {
    pub(crate) biases: &'a [f32],
    /// The leak rate of each unit, from 0 to 1.
    pub(crate) leaks: &'a [f32],
    /// The weight of each unit for the state of the preceding one; the units form a ring.
    pub(crate) from_before: &'a [f32],
    /// The weights of each input in turn, one for each unit.
    pub(crate) weights: &'a [f32],
}

/// The state of leaky units.
#[derive(Debug)]
pub(crate) struct LeakyState<'a> {
    /// The hidden states, after one place that holds the last unit's state during a step and need not be set.
    pub(crate) held: &'a mut [f32],
    /// The sum of each unit's states over all events.
    pub(crate) sums: &'a mut [f32],
    /// The maximum of each unit's states over all events.
    pub(crate) most: &'a mut [f32],
}

/// Updates the states for an event with these inputs.
///
/// # Panics
/// If the lengths of the state do not fit the number of units.
#[inline(always)]
pub(super) fn step<L: Lanes>(l: L, units: LeakyUnits<'_>, entries: &[Entry], state: LeakyState<'_>) {
    let LeakyState { held, sums, most } = state;
    let count = units.biases.len();
    assert!(held.len() == count + 1 && sums.len() == count && most.len() == count);
    held[0] = held[count];
    // From the last unit to the first, since a unit needs the previous state of the preceding one.
    let mut from = count - count % LANES;
    if from < count {
        let of = |all: &[f32], at: usize| l.load_part(&all[at..at + count - from]);
        let [now, sum, high] = updated(l, units, entries, from, (held, sums, most), of);
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
            *found = updated(l, units, entries, from + vector * LANES, (held, sums, most), of);
        }
        for (vector, [now, sum, high]) in found[..vectors].iter().enumerate() {
            let at = from + vector * LANES;
            l.store(*now, &mut held[at + 1..].as_chunks_mut().0[0]);
            l.store(*sum, &mut sums[at..].as_chunks_mut().0[0]);
            l.store(*high, &mut most[at..].as_chunks_mut().0[0]);
        }
    }
}

/// The new states, sums and maxima of the units from index `at`.
#[inline(always)]
fn updated<L: Lanes>(
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
