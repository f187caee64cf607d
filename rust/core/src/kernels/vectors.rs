//! Vector operations of the trainers: the dot product, and the addition of a multiple (the `dot` and `axpy` of BLAS).

use super::lanes::{LANES, Lanes};

/// Products that are added in single precision; the sums of such blocks are added in double precision.
const BLOCK: usize = 16 * LANES;
/// Independent sums, so that additions overlap.
const SUMS: usize = 4;

/// Sets `sum` to the dot product of `a` and `b`.
#[inline(always)]
pub(super) fn dot<L: Lanes>(l: L, a: &[f32], b: &[f32], sum: &mut f64) {
    *sum = 0.0;
    for (a, b) in a.chunks(BLOCK).zip(b.chunks(BLOCK)) {
        let mut sums = [l.splat(0.0); SUMS];
        let ((whole_a, rest_a), (whole_b, rest_b)) = (a.as_chunks::<LANES>(), b.as_chunks::<LANES>());
        for (a, b) in whole_a.chunks(SUMS).zip(whole_b.chunks(SUMS)) {
            for ((sum, a), b) in sums.iter_mut().zip(a).zip(b) {
                *sum = l.fma(l.load(a), l.load(b), *sum);
            }
        }
        if !rest_a.is_empty() {
            sums[0] = l.fma(l.load_part(rest_a), l.load_part(rest_b), sums[0]);
        }
        *sum += f64::from(l.sum(l.add(l.add(sums[0], sums[1]), l.add(sums[2], sums[3]))));
    }
}

/// Adds `factor` times `x` to `to`.
#[inline(always)]
pub(super) fn add_scaled<L: Lanes>(l: L, factor: f32, x: &[f32], to: &mut [f32]) {
    let factor = l.splat(factor);
    let ((x, rest_x), (to, rest)) = (x.as_chunks::<LANES>(), to.as_chunks_mut::<LANES>());
    for (x, to) in x.iter().zip(to) {
        let sum = l.fma(factor, l.load(x), l.load(to));
        l.store(sum, to);
    }
    if !rest.is_empty() {
        let sum = l.fma(factor, l.load_part(rest_x), l.load_part(rest));
        l.store_part(sum, rest);
    }
}
