//! The vectors of WebAssembly: sixteen lanes are eight registers of two doubles, each of which holds a single-precision
//! number.
//!
//! WebAssembly has only a relaxed multiply-add, which browsers may round once or twice. In double precision the product
//! of two floats is exact, and its sum with a third is rounded twice: to a double, then to a float. The second rounding
//! can be wrong only if the first result is halfway between two floats, or if the final result is subnormal. Both are
//! rare and visible in the bits; the sum is then rounded to odd, as in [`portable`](super::portable). The other
//! operations give the same results in double precision followed by rounding to single: a double has at least two
//! digits more than twice the digits of a float, and then rounding twice equals rounding once (Figueroa, "When is
//! double rounding innocuous?", 1995).
//!
//! Numbers stay doubles between operations, since widening them costs as much as multiplying them. Rejected: four
//! registers of four floats, widened and narrowed by each multiply-add, which takes 1.3 to 1.8 times as long.

#[allow(clippy::wildcard_imports, reason = "the intrinsics are the vocabulary of this file")]
use std::arch::wasm32::*;

use super::lanes::{LANES, Lanes, SQRT_HALF_BITS};

/// The token of WebAssembly's vectors. There is nothing to detect: a browser without them rejects the module when it is
/// loaded.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Simd128;

/// Lanes 0 and 1, 2 and 3, and so on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pairs(v128, v128, v128, v128, v128, v128, v128, v128);

/// Evaluates an expression for each pair of lanes. A macro, because a closure is not always inlined, and then costs ten
/// times as much.
macro_rules! each {
    (|$($v:ident),+| $f:expr) => {
        Pairs(
            { $(let $v = $v.0;)+ $f },
            { $(let $v = $v.1;)+ $f },
            { $(let $v = $v.2;)+ $f },
            { $(let $v = $v.3;)+ $f },
            { $(let $v = $v.4;)+ $f },
            { $(let $v = $v.5;)+ $f },
            { $(let $v = $v.6;)+ $f },
            { $(let $v = $v.7;)+ $f },
        )
    };
}

/// Rounds both doubles to single precision.
#[inline(always)]
fn round(pair: v128) -> v128 {
    f64x2_promote_low_f32x4(f32x4_demote_f64x2_zero(pair))
}

/// Converts two pairs to four floats.
#[inline(always)]
fn narrow(a: v128, b: v128) -> v128 {
    i64x2_shuffle::<0, 2>(f32x4_demote_f64x2_zero(a), f32x4_demote_f64x2_zero(b))
}

/// Converts the last two of four floats to a pair.
#[inline(always)]
fn last_two(four: v128) -> v128 {
    f64x2_promote_low_f32x4(i64x2_shuffle::<1, 1>(four, four))
}

impl Pairs {
    /// All lanes as floats, four in a register.
    #[inline(always)]
    fn fours(self) -> [v128; 4] {
        [narrow(self.0, self.1), narrow(self.2, self.3), narrow(self.4, self.5), narrow(self.6, self.7)]
    }

    #[inline(always)]
    fn of_fours([a, b, c, d]: [v128; 4]) -> Self {
        let first_two = f64x2_promote_low_f32x4;
        Self(first_two(a), last_two(a), first_two(b), last_two(b), first_two(c), last_two(c), first_two(d), last_two(d))
    }
}

/// The upper half of the bits of the least normal float, as a double.
const LEAST_NORMAL: i32 = (1023 - 126) << 20;

/// A mask of those of four sums (two pairs) that a second rounding may round wrongly.
#[inline(always)]
fn suspects(a: v128, b: v128) -> v128 {
    let low = i32x4_shuffle::<0, 2, 4, 6>(a, b);
    let high = i32x4_shuffle::<1, 3, 5, 7>(a, b);
    // Rounding to a float drops a double's last 29 bits. The sum is halfway if only the first of these is set.
    let is_halfway = i32x4_eq(i32x4_shl(low, 3), i32x4_splat(i32::MIN));
    // The comparison `bits * 2 - 1 < bound` drops the sign and excludes 0, which wraps to the largest number. The bound
    // includes the least normal float, which may have been rounded up from a subnormal. Unsigned numbers are compared
    // as signed ones, with the top bits of both flipped.
    let twice = i32x4_sub(i32x4_shl(high, 1), i32x4_splat(i32::MIN + 1));
    let is_small = i32x4_lt(twice, i32x4_splat((2 * LEAST_NORMAL + 1) ^ i32::MIN));
    v128_or(is_halfway, is_small)
}

/// The sum of a product and another number, rounded to odd.
#[inline(always)]
fn to_odd(product: v128, c: v128) -> v128 {
    let sum = f64x2_add(product, c);
    // The rounding error (Knuth's two-sum).
    let c_part = f64x2_sub(sum, product);
    let error = f64x2_add(f64x2_sub(product, f64x2_sub(sum, c_part)), f64x2_sub(c, c_part));
    let (zero, one) = (f64x2_splat(0.0), i64x2_splat(1));
    // If the error is NaN, both are false.
    let (above, below) = (f64x2_gt(error, zero), f64x2_lt(error, zero));
    let is_even = i64x2_eq(v128_and(sum, one), i64x2_splat(0));
    let moves = v128_and(v128_or(above, below), is_even);
    // One unit in the last place towards the exact sum, which is away from 0 if error and sum have the same sign.
    let is_away = i64x2_eq(above, f64x2_gt(sum, zero));
    let step = v128_or(v128_andnot(i64x2_splat(-1), is_away), v128_and(one, is_away));
    i64x2_add(sum, v128_and(moves, step))
}

/// Sums that are rounded once, for the rare case. Not inlined, because it would be half of every kernel's code.
#[cold]
#[inline(never)]
fn rounded_once(product: Pairs, c: Pairs) -> Pairs {
    each!(|product, c| round(to_odd(product, c)))
}

/// Mantissas and exponents of four floats.
#[inline(always)]
fn split_four(four: v128) -> (v128, v128) {
    let exponent = i32x4_shr(i32x4_sub(four, i32x4_splat(SQRT_HALF_BITS)), 23);
    (i32x4_sub(four, i32x4_shl(exponent, 23)), f32x4_convert_i32x4(exponent))
}

impl Lanes for Simd128 {
    type V = Pairs;

    const NAME: &'static str = "simd128";
    const UNITS: usize = 1;
    const GRADIENT: (usize, usize) = (1, 1);

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
        let pair = f64x2_splat(f64::from(x));
        Pairs(pair, pair, pair, pair, pair, pair, pair, pair)
    }

    #[inline(always)]
    fn load(self, from: &[f32; LANES]) -> Self::V {
        let from = from.as_ptr();
        macro_rules! pair {
            ($at:literal) => {
                // SAFETY: `from` is sixteen numbers, and `$at` is at most 14.
                f64x2_promote_low_f32x4(unsafe { v128_load64_zero(from.add($at).cast()) })
            };
        }
        Pairs(pair!(0), pair!(2), pair!(4), pair!(6), pair!(8), pair!(10), pair!(12), pair!(14))
    }

    #[inline(always)]
    fn store(self, v: Self::V, to: &mut [f32; LANES]) {
        let (to, [a, b, c, d]) = (to.as_mut_ptr(), v.fours());
        // SAFETY: `to` is sixteen numbers.
        unsafe {
            v128_store(to.cast(), a);
            v128_store(to.add(4).cast(), b);
            v128_store(to.add(8).cast(), c);
            v128_store(to.add(12).cast(), d);
        }
    }

    #[inline(always)]
    fn add(self, a: Self::V, b: Self::V) -> Self::V {
        each!(|a, b| round(f64x2_add(a, b)))
    }

    #[inline(always)]
    fn sub(self, a: Self::V, b: Self::V) -> Self::V {
        each!(|a, b| round(f64x2_sub(a, b)))
    }

    #[inline(always)]
    fn mul(self, a: Self::V, b: Self::V) -> Self::V {
        each!(|a, b| round(f64x2_mul(a, b)))
    }

    #[inline(always)]
    fn div(self, a: Self::V, b: Self::V) -> Self::V {
        each!(|a, b| round(f64x2_div(a, b)))
    }

    #[inline(always)]
    fn fma(self, a: Self::V, b: Self::V, c: Self::V) -> Self::V {
        let product = each!(|a, b| f64x2_mul(a, b));
        let sum = each!(|product, c| f64x2_add(product, c));
        let halves = [
            v128_or(suspects(sum.0, sum.1), suspects(sum.2, sum.3)),
            v128_or(suspects(sum.4, sum.5), suspects(sum.6, sum.7)),
        ];
        if v128_any_true(v128_or(halves[0], halves[1])) {
            return rounded_once(product, c);
        }
        each!(|sum| round(sum))
    }

    #[inline(always)]
    fn max(self, a: Self::V, b: Self::V) -> Self::V {
        each!(|a, b| v128_bitselect(a, b, f64x2_gt(a, b)))
    }

    #[inline(always)]
    fn min(self, a: Self::V, b: Self::V) -> Self::V {
        each!(|a, b| v128_bitselect(a, b, f64x2_lt(a, b)))
    }

    #[inline(always)]
    fn select_gt(self, a: Self::V, b: Self::V, x: Self::V, y: Self::V) -> Self::V {
        each!(|a, b, x, y| v128_bitselect(x, y, f64x2_gt(a, b)))
    }

    #[inline(always)]
    fn shift_left_23(self, v: Self::V) -> Self::V {
        let [a, b, c, d] = v.fours();
        Pairs::of_fours([i32x4_shl(a, 23), i32x4_shl(b, 23), i32x4_shl(c, 23), i32x4_shl(d, 23)])
    }

    #[inline(always)]
    fn split_exponent(self, v: Self::V) -> (Self::V, Self::V) {
        let [a, b, c, d] = v.fours().map(split_four);
        (Pairs::of_fours([a.0, b.0, c.0, d.0]), Pairs::of_fours([a.1, b.1, c.1, d.1]))
    }

    #[inline(always)]
    fn sum(self, v: Self::V) -> f32 {
        let [a, b, c, d] = v.fours();
        let four = f32x4_add(f32x4_add(a, c), f32x4_add(b, d));
        let two = f32x4_add(four, i64x2_shuffle::<1, 1>(four, four));
        f32x4_extract_lane::<0>(two) + f32x4_extract_lane::<1>(two)
    }
}
