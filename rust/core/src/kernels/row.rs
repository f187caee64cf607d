//! The product of a fully connected layer with one row: the units of the layer are in the lanes.
//!
//! The order of summation is that of [`super::dense`], so a row has the same answer alone and in a batch.

use super::dense::MAX_INPUT;
use super::lanes::{LANES, Lanes};

/// Numbers of a matrix from which it is read in the order of memory, because it does not fit into the L1 cache.
const LARGE: usize = 16 << 10;

/// Inputs that are added in one pass over the units of a large matrix.
const STREAMS: usize = 8;

/// The pre-activations of a layer for one row; `matrix` is the connection's, biases first.
#[inline(always)]
pub(super) fn affine<L: Lanes>(l: L, matrix: &[f32], x: &[f32], z: &mut [f32]) {
    let outputs = z.len();
    assert!(matrix.len() >= (x.len() + 1) * outputs);
    // With few registers the sums take the time, and not reading the matrix.
    if L::UNITS >= 6 && matrix.len() >= LARGE && outputs >= LANES {
        return streamed(l, matrix, x, z);
    }
    let mut unit = 0;
    // Four vectors at a time, if there are registers for them, give enough independent chains to hide the latency.
    while L::UNITS >= 6 && outputs - unit >= 4 * LANES {
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
            // SAFETY: the assertion above says that the matrix has `x.len() + 1` rows of `outputs` numbers.
            let weights = unsafe { matrix.get_unchecked(row + unit..row + outputs) };
            sum = l.fma(l.load_part(weights), l.splat(value), sum);
        }
        l.store_part(l.clamp(sum, -MAX_INPUT, MAX_INPUT), &mut z[unit..]);
    }
}

/// Computes all units together, [`STREAMS`] inputs at a time. The matrix is read once, in the order of memory, and the
/// sums are kept in `z` meanwhile.
#[inline(always)]
fn streamed<L: Lanes>(l: L, matrix: &[f32], x: &[f32], z: &mut [f32]) {
    let outputs = z.len();
    let (biases, weights) = matrix.split_at(outputs);
    z.copy_from_slice(biases);
    let (some, rest) = x.as_chunks::<STREAMS>();
    let (rows, left) = weights.split_at(some.len() * STREAMS * outputs);
    for (values, rows) in some.iter().zip(rows.chunks_exact(STREAMS * outputs)) {
        add(l, rows, values, z);
    }
    for (value, row) in rest.iter().zip(left.chunks_exact(outputs)) {
        add(l, row, &[*value], z);
    }
    for z in z.chunks_mut(LANES) {
        let sum = l.load_part(z);
        l.store_part(l.clamp(sum, -MAX_INPUT, MAX_INPUT), z);
    }
}

/// Continues the chains of all units by `N` inputs, whose rows of the matrix are `rows`.
#[inline(always)]
fn add<L: Lanes, const N: usize>(l: L, rows: &[f32], values: &[f32; N], z: &mut [f32]) {
    let outputs = z.len();
    assert!(rows.len() == N * outputs);
    let values = values.map(|value| l.splat(value));
    let (whole, part) = z.as_chunks_mut::<LANES>();
    for (at, z) in whole.iter_mut().enumerate() {
        let mut sum = l.load(z);
        for (n, &value) in values.iter().enumerate() {
            // SAFETY: the assertion above says that `rows` has `N` rows of `outputs` numbers; `n` is less than `N`, and
            // `at * LANES + 16` is at most `outputs`, the length of `z`.
            let weights = unsafe { &*rows.as_ptr().add(n * outputs + at * LANES).cast() };
            sum = l.fma(l.load(weights), value, sum);
        }
        l.store(sum, z);
    }
    if !part.is_empty() {
        let from = outputs - part.len();
        let mut sum = l.load_part(part);
        for (row, &value) in rows.chunks_exact(outputs).zip(&values) {
            sum = l.fma(l.load_part(&row[from..]), value, sum);
        }
        l.store_part(sum, part);
    }
}

/// Computes `16 N` units from `unit` on. The caller has checked that these exist, and that the matrix has a row for
/// each input.
#[inline(always)]
fn wide<L: Lanes, const N: usize>(l: L, matrix: &[f32], x: &[f32], unit: usize, z: &mut [f32]) {
    let outputs = z.len();
    debug_assert!(unit + N * LANES <= outputs);
    // SAFETY: `affine`, the only caller, keeps `unit + 16 N` within `outputs` and has asserted that the matrix has
    // `x.len() + 1` rows of `outputs` numbers.
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
