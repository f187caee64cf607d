//! One row alone: the units of a layer in the lanes.
//!
//! The same chains in the same order as in [`super::dense`], so the answer to a row is the same alone and in a batch.

use super::dense::MAX_INPUT;
use super::lanes::{LANES, Lanes};

/// The inputs of a layer's units for one row; `matrix` is the connection's, biases first.
#[inline(always)]
pub(super) fn affine<L: Lanes>(l: L, matrix: &[f32], x: &[f32], z: &mut [f32]) {
    let outputs = z.len();
    assert!(matrix.len() >= (x.len() + 1) * outputs);
    let mut unit = 0;
    // Four vectors at a time: enough independent chains to hide the latency.
    while outputs - unit >= 4 * LANES {
        wide::<L, 4>(l, matrix, x, unit, z);
        unit += 4 * LANES;
    }
    while outputs - unit >= LANES {
        wide::<L, 1>(l, matrix, x, unit, z);
        unit += LANES;
    }
    if unit < outputs {
        let mut sum = l.load_part(&matrix[unit..outputs]);
        for (k, &value) in x.iter().enumerate() {
            let row = (k + 1) * outputs;
            // SAFETY: the matrix has `x.len() + 1` rows of `outputs` numbers.
            let weights = unsafe { matrix.get_unchecked(row + unit..row + outputs) };
            sum = l.fma(l.load_part(weights), l.splat(value), sum);
        }
        l.store_part(l.clamp(sum, -MAX_INPUT, MAX_INPUT), &mut z[unit..]);
    }
}

/// `16 N` units from `unit` on.
#[inline(always)]
fn wide<L: Lanes, const N: usize>(l: L, matrix: &[f32], x: &[f32], unit: usize, z: &mut [f32]) {
    let outputs = z.len();
    debug_assert!(unit + N * LANES <= outputs);
    // SAFETY: `unit + 16 N` is at most `outputs`, and the matrix has `x.len() + 1` rows of `outputs` numbers.
    unsafe {
        let mut weights = matrix.as_ptr().add(unit);
        let mut sums = [l.splat(0.0); N];
        for (n, sum) in sums.iter_mut().enumerate() {
            *sum = l.load(&*weights.add(n * LANES).cast());
        }
        for &value in x {
            weights = weights.add(outputs);
            let value = l.splat(value);
            for (n, sum) in sums.iter_mut().enumerate() {
                *sum = l.fma(l.load(&*weights.add(n * LANES).cast()), value, *sum);
            }
        }
        for (n, &sum) in sums.iter().enumerate() {
            let z = z.as_mut_ptr().add(unit + n * LANES);
            l.store(l.clamp(sum, -MAX_INPUT, MAX_INPUT), &mut *z.cast());
        }
    }
}
