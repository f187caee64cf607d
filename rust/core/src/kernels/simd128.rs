//! WebAssembly's vectors: sixteen lanes are four registers.
//!
//! There is no fused multiply-add, but for one that may be rounded in two ways. So it is computed in double precision, where the
//! product is exact, and its sum is rounded twice. That is once too often only where the first rounding ends halfway between two
//! numbers of single precision, or where the result is subnormal. Both are rare and can be told from bits, and then the sum is
//! rounded to odd, as in [`portable`](super::portable).

#[allow(clippy::wildcard_imports, reason = "the intrinsics are the vocabulary of this file")]
use std::arch::wasm32::*;

use super::lanes::{LANES, Lanes, SQRT_HALF_BITS};

/// Whether there are vectors is known when the module is built: a browser without them refuses it whole.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Simd128;

/// Lanes 0 to 3, 4 to 7, 8 to 11, 12 to 15.
type Four = [v128; 4];

#[inline(always)]
fn each(f: impl Fn(usize) -> v128) -> Four {
    std::array::from_fn(f)
}

/// The first two and the last two of four numbers, in double precision.
#[inline(always)]
fn halves(v: v128) -> [v128; 2] {
    [f64x2_promote_low_f32x4(v), f64x2_promote_low_f32x4(i64x2_shuffle::<1, 1>(v, v))]
}

/// Four numbers in single precision, of two pairs.
#[inline(always)]
fn joined([low, high]: [v128; 2]) -> v128 {
    i64x2_shuffle::<0, 2>(f32x4_demote_f64x2_zero(low), f32x4_demote_f64x2_zero(high))
}

/// Bits of a double that single precision has no place for, and those of them that are halfway.
const CUT: i64 = (1 << 29) - 1;
const HALFWAY: i64 = 1 << 28;

#[inline(always)]
fn fma(a: v128, b: v128, c: v128) -> v128 {
    let ([a_low, a_high], [b_low, b_high], c) = (halves(a), halves(b), halves(c));
    let product = [f64x2_mul(a_low, b_low), f64x2_mul(a_high, b_high)];
    let sum = [f64x2_add(product[0], c[0]), f64x2_add(product[1], c[1])];
    let rounded = joined(sum);
    let is_halfway = |sum| i64x2_eq(v128_and(sum, i64x2_splat(CUT)), i64x2_splat(HALFWAY));
    // Twice the bits without the sign, less 1: of 0 it is the largest. A sum that is rounded to 0 was exact or less than half of the
    // least number; the least normal number may have been rounded from below.
    let twice = i32x4_sub(i32x4_shl(rounded, 1), i32x4_splat(1));
    let is_small = u32x4_lt(twice, i32x4_splat(1 << 24));
    let suspects = v128_or(v128_or(is_halfway(sum[0]), is_halfway(sum[1])), is_small);
    if v128_any_true(suspects) {
        joined([to_odd(product[0], c[0], sum[0]), to_odd(product[1], c[1], sum[1])])
    } else {
        rounded
    }
}

/// The sum of a product and another number, rounded to odd; `sum` is the one that is rounded to the nearest.
#[cold]
fn to_odd(product: v128, c: v128, sum: v128) -> v128 {
    // What rounding has cut off (Knuth's two-sum).
    let c_part = f64x2_sub(sum, product);
    let error = f64x2_add(f64x2_sub(product, f64x2_sub(sum, c_part)), f64x2_sub(c, c_part));
    let (zero, one) = (f64x2_splat(0.0), i64x2_splat(1));
    // An error that is no number is neither above nor below.
    let (above, below) = (f64x2_gt(error, zero), f64x2_lt(error, zero));
    let is_even = i64x2_eq(v128_and(sum, one), i64x2_splat(0));
    let moves = v128_and(v128_or(above, below), is_even);
    // By one in the last place towards the exact sum: away from 0 where both have the same sign.
    let is_away = i64x2_eq(above, f64x2_gt(sum, zero));
    let step = v128_or(v128_andnot(i64x2_splat(-1), is_away), v128_and(one, is_away));
    i64x2_add(sum, v128_and(moves, step))
}

impl Lanes for Simd128 {
    type V = Four;

    const NAME: &'static str = "simd128";
    const UNITS: usize = 2;
    const GRADIENT: (usize, usize) = (1, 2);

    fn detect() -> Option<Self> {
        Some(Self)
    }

    #[inline(always)]
    unsafe fn assume() -> Self {
        Self
    }

    #[inline(always)]
    fn vectorize<R>(self, f: impl FnOnce() -> R) -> R {
        f()
    }

    #[inline(always)]
    fn splat(self, x: f32) -> Self::V {
        each(|_| f32x4_splat(x))
    }

    #[inline(always)]
    fn load(self, from: &[f32; LANES]) -> Self::V {
        // SAFETY: sixteen numbers are there.
        each(|i| unsafe { v128_load(from.as_ptr().add(4 * i).cast()) })
    }

    #[inline(always)]
    fn store(self, v: Self::V, to: &mut [f32; LANES]) {
        for (i, &part) in v.iter().enumerate() {
            // SAFETY: there is room for sixteen numbers.
            unsafe { v128_store(to.as_mut_ptr().add(4 * i).cast(), part) }
        }
    }

    #[inline(always)]
    fn add(self, a: Self::V, b: Self::V) -> Self::V {
        each(|i| f32x4_add(a[i], b[i]))
    }

    #[inline(always)]
    fn sub(self, a: Self::V, b: Self::V) -> Self::V {
        each(|i| f32x4_sub(a[i], b[i]))
    }

    #[inline(always)]
    fn mul(self, a: Self::V, b: Self::V) -> Self::V {
        each(|i| f32x4_mul(a[i], b[i]))
    }

    #[inline(always)]
    fn div(self, a: Self::V, b: Self::V) -> Self::V {
        each(|i| f32x4_div(a[i], b[i]))
    }

    #[inline(always)]
    fn fma(self, a: Self::V, b: Self::V, c: Self::V) -> Self::V {
        each(|i| fma(a[i], b[i], c[i]))
    }

    #[inline(always)]
    fn max(self, a: Self::V, b: Self::V) -> Self::V {
        each(|i| v128_bitselect(a[i], b[i], f32x4_gt(a[i], b[i])))
    }

    #[inline(always)]
    fn min(self, a: Self::V, b: Self::V) -> Self::V {
        each(|i| v128_bitselect(a[i], b[i], f32x4_lt(a[i], b[i])))
    }

    #[inline(always)]
    fn select_gt(self, a: Self::V, b: Self::V, x: Self::V, y: Self::V) -> Self::V {
        each(|i| v128_bitselect(x[i], y[i], f32x4_gt(a[i], b[i])))
    }

    #[inline(always)]
    fn shift_left_23(self, v: Self::V) -> Self::V {
        each(|i| i32x4_shl(v[i], 23))
    }

    #[inline(always)]
    fn split_exponent(self, v: Self::V) -> (Self::V, Self::V) {
        let exponent = each(|i| i32x4_shr(i32x4_sub(v[i], i32x4_splat(SQRT_HALF_BITS)), 23));
        let mantissa = each(|i| i32x4_sub(v[i], i32x4_shl(exponent[i], 23)));
        (mantissa, each(|i| f32x4_convert_i32x4(exponent[i])))
    }

    #[inline(always)]
    fn sum(self, v: Self::V) -> f32 {
        let four = f32x4_add(f32x4_add(v[0], v[2]), f32x4_add(v[1], v[3]));
        let two = f32x4_add(four, i64x2_shuffle::<1, 1>(four, four));
        f32x4_extract_lane::<0>(two) + f32x4_extract_lane::<1>(two)
    }
}
