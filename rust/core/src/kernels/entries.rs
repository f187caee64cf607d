//! Products with sparse inputs (those that are looked up): each entry selects a row of the matrix and multiplies it by
//! a number.
//!
//! Units are in the lanes, and stay in registers while the entries are added. A unit's sum is a chain of fused
//! multiply-adds, entry after entry, for any width of vectors.

use super::lanes::{LANES, Lanes};
use crate::schema::Entry;

/// Vectors of units that are computed at a time.
const WIDE: usize = 4;

/// The index at which the row of an entry begins; row 0 has the biases.
#[inline(always)]
fn row(entry: &Entry, units: usize) -> usize {
    (1 + entry.number as usize) * units
}

/// Adds the rows of the entries, each times its value, to the pre-activations `z`.
#[inline(always)]
pub(super) fn add<L: Lanes>(l: L, matrix: &[f32], entries: &[Entry], z: &mut [f32]) {
    let units = z.len();
    let mut unit = 0;
    while units - unit >= WIDE * LANES {
        add_to::<L, WIDE>(l, matrix, entries, unit, z);
        unit += WIDE * LANES;
    }
    while units - unit >= LANES {
        add_to::<L, 1>(l, matrix, entries, unit, z);
        unit += LANES;
    }
    if unit < units {
        let mut sum = l.load_part(&z[unit..]);
        for entry in entries {
            let at = row(entry, units);
            sum = l.fma(l.splat(entry.value), l.load_part(&matrix[at + unit..at + units]), sum);
        }
        l.store_part(sum, &mut z[unit..]);
    }
}

#[inline(always)]
fn add_to<L: Lanes, const N: usize>(l: L, matrix: &[f32], entries: &[Entry], unit: usize, z: &mut [f32]) {
    let units = z.len();
    let to = &mut z[unit..unit + N * LANES].as_chunks_mut::<LANES>().0[..N];
    let mut sums = [l.splat(0.0); N];
    sums.iter_mut().zip(&*to).for_each(|(sum, to)| *sum = l.load(to));
    for entry in entries {
        let at = row(entry, units) + unit;
        let (value, weights) = (l.splat(entry.value), &matrix[at..at + N * LANES].as_chunks::<LANES>().0[..N]);
        for (sum, weights) in sums.iter_mut().zip(weights) {
            *sum = l.fma(value, l.load(weights), *sum);
        }
    }
    to.iter_mut().zip(sums).for_each(|(to, sum)| l.store(sum, to));
}

/// Adds `delta`, times the value of each entry, to the rows of the entries in the gradient.
#[inline(always)]
pub(super) fn gradient<L: Lanes>(l: L, delta: &[f32], entries: &[Entry], gradient: &mut [f32]) {
    let units = delta.len();
    let mut unit = 0;
    while units - unit >= WIDE * LANES {
        gradient_of::<L, WIDE>(l, delta, entries, unit, gradient);
        unit += WIDE * LANES;
    }
    while units - unit >= LANES {
        gradient_of::<L, 1>(l, delta, entries, unit, gradient);
        unit += LANES;
    }
    if unit < units {
        let delta = l.load_part(&delta[unit..]);
        for entry in entries {
            let at = row(entry, units);
            let to = &mut gradient[at + unit..at + units];
            let sum = l.fma(l.splat(entry.value), delta, l.load_part(to));
            l.store_part(sum, to);
        }
    }
}

#[inline(always)]
fn gradient_of<L: Lanes, const N: usize>(l: L, delta: &[f32], entries: &[Entry], unit: usize, gradient: &mut [f32]) {
    let units = delta.len();
    let mut deltas = [l.splat(0.0); N];
    let from = &delta[unit..unit + N * LANES].as_chunks::<LANES>().0[..N];
    deltas.iter_mut().zip(from).for_each(|(to, from)| *to = l.load(from));
    for entry in entries {
        let at = row(entry, units) + unit;
        let value = l.splat(entry.value);
        let to = &mut gradient[at..at + N * LANES].as_chunks_mut::<LANES>().0[..N];
        for (to, &delta) in to.iter_mut().zip(&deltas) {
            let sum = l.fma(value, delta, l.load(to));
            l.store(sum, to);
        }
    }
}
