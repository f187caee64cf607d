//! Sums and products of whole vectors of parameters.

use super::lanes::{LANES, Lanes};

/// Numbers whose products are added in single precision, before double precision takes over.
const BLOCK: usize = 16 * LANES;
/// Sums at a time, so that one addition need not wait for another.
const SUMS: usize = 4;

/// `sum` becomes the sum of the products of `a` and `b`.
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
