//! Elementary functions, of sixteen numbers at a time.
//!
//! They are not the platform's, so that they give the same bits everywhere. The polynomials minimize the maximum
//! relative error and were found by Lawson's iteration; tests check each function's bound against double precision.
//!
//! In WebAssembly the functions are not inlined: the size of the module matters, and a call costs little compared to an
//! emulated multiply-add.

use super::lanes::Lanes;

const LOG2_E: f32 = std::f32::consts::LOG2_E;
/// `ln 2` in two parts. The first has few enough bits that its integer multiples are exact.
const LN_2_HIGH: f32 = 0.693_359_4;
const LN_2_LOW: f32 = -2.121_944_4e-4;
/// Adding this rounds to an integer and leaves it in the low bits of the sum, with the exponent's bias of 127 added.
const ROUND_AND_BIAS: f32 = 12_582_912.0 + 127.0;

/// `exp(x)` with a relative error below 2 ulp; `x` is clamped to -87.3 and 88.3.
#[cfg_attr(not(target_family = "wasm"), inline(always))]
#[cfg_attr(target_family = "wasm", inline(never))]
pub(crate) fn exp<L: Lanes>(l: L, x: L::V) -> L::V {
    // x = n ln 2 + r with |r| <= ln 2 / 2
    let x = l.clamp(x, -87.3, 88.3);
    let shifted = l.fma(x, l.splat(LOG2_E), l.splat(ROUND_AND_BIAS));
    let n = l.sub(shifted, l.splat(ROUND_AND_BIAS));
    let r = l.fma(n, l.splat(-LN_2_HIGH), x);
    let r = l.fma(n, l.splat(-LN_2_LOW), r);
    // exp(r) = 1 + r + r^2 P(r)
    let mut p = l.splat(0.001_381_454);
    for c in [0.008_368_745, 0.041_668_39, 0.166_665_21, 0.499_999_94] {
        p = l.fma(p, r, l.splat(c));
    }
    let y = l.add(l.splat(1.0), l.fma(l.mul(r, r), p, r));
    l.mul(y, l.shift_left_23(shifted))
}

/// `ln(x)` of positive normal numbers, with a relative error below 3 ulp.
#[cfg_attr(not(target_family = "wasm"), inline(always))]
#[cfg_attr(target_family = "wasm", inline(never))]
pub(crate) fn ln<L: Lanes>(l: L, x: L::V) -> L::V {
    // x = m 2^e; ln(1 + f) = f - f^2 / 2 + f^3 P(f)
    let (m, e) = l.split_exponent(x);
    let f = l.sub(m, l.splat(1.0));
    let mut p = l.splat(-0.076_345_01);
    for c in [0.127_615_8, -0.131_601_83, 0.142_017_57, -0.166_233_57, 0.200_012_27, -0.250_008_2, 0.333_333_3] {
        p = l.fma(p, f, l.splat(c));
    }
    let square = l.mul(f, f);
    let tail = l.fma(l.mul(square, f), p, l.mul(square, l.splat(-0.5)));
    let y = l.fma(e, l.splat(LN_2_LOW), tail);
    l.fma(e, l.splat(LN_2_HIGH), l.add(y, f))
}

/// `1 / (1 + exp(-x))`, with a relative error below 4 ulp for x >= -87.
#[cfg_attr(not(target_family = "wasm"), inline(always))]
#[cfg_attr(target_family = "wasm", inline(never))]
pub(crate) fn sigmoid<L: Lanes>(l: L, x: L::V) -> L::V {
    let e = exp(l, l.sub(l.splat(0.0), x));
    l.div(l.splat(1.0), l.add(l.splat(1.0), e))
}

/// `tanh(x)` with a relative error below 4 ulp.
#[cfg_attr(not(target_family = "wasm"), inline(always))]
#[cfg_attr(target_family = "wasm", inline(never))]
pub(crate) fn tanh<L: Lanes>(l: L, x: L::V) -> L::V {
    let magnitude = l.max(x, l.sub(l.splat(0.0), x));
    // Near 0, where the other formula cancels: x + x^3 P(x^2).
    let square = l.mul(x, x);
    let mut p = l.splat(-0.005_704_986_4);
    for c in [0.020_639_086, -0.053_739_715, 0.133_314_42, -0.333_332_8] {
        p = l.fma(p, square, l.splat(c));
    }
    let near = l.fma(l.mul(square, x), p, x);
    // Elsewhere: 1 - 2 / (exp(2 |x|) + 1), with the sign of x.
    let e = exp(l, l.add(magnitude, magnitude));
    let far = l.sub(l.splat(1.0), l.div(l.splat(2.0), l.add(e, l.splat(1.0))));
    let far = l.select_gt(x, l.splat(0.0), far, l.sub(l.splat(0.0), far));
    l.select_gt(magnitude, l.splat(0.625), far, near)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::lanes::LANES;
    use crate::kernels::portable::Portable;

    /// The largest relative error over `from..to`, in units of 2^-24 (half an ulp of numbers just above 1).
    fn worst(f: impl Fn([f32; LANES]) -> [f32; LANES], exact: impl Fn(f64) -> f64, from: f32, to: f32) -> f64 {
        let steps = 400_000;
        let mut worst = 0f64;
        for step in 0..steps / LANES {
            let x = std::array::from_fn(|i| from + (to - from) * ((step * LANES + i) as f32 / steps as f32));
            for (x, y) in x.iter().zip(f(x)) {
                let exact = exact(f64::from(*x));
                if exact != 0.0 {
                    worst = worst.max(((f64::from(y) - exact) / exact).abs());
                }
            }
        }
        worst * f64::from(1u32 << 24)
    }

    #[test]
    fn exp_is_within_its_bound() {
        assert!(worst(|x| exp(Portable, x), f64::exp, -87.0, 88.0) < 4.0);
        assert_eq!(exp(Portable, [0.0; LANES]), [1.0; LANES]);
    }

    #[test]
    fn exp_saturates_and_is_never_zero_infinite_or_nan() {
        for x in [f32::NEG_INFINITY, -1e30, 1e30, f32::INFINITY, f32::NAN] {
            let y = exp(Portable, [x; LANES])[0];
            assert!(y > 0.0 && y.is_finite(), "exp({x}) = {y}");
        }
    }

    #[test]
    fn ln_is_within_its_bound() {
        assert!(worst(|x| ln(Portable, x), f64::ln, 1.0, 4.0) < 6.0);
        assert!(worst(|x| ln(Portable, x), f64::ln, 4.0, 1e7) < 6.0);
        assert_eq!(ln(Portable, [1.0; LANES]), [0.0; LANES]);
    }

    #[test]
    fn sigmoid_is_within_its_bound() {
        assert!(worst(|x| sigmoid(Portable, x), |x| 1.0 / (1.0 + (-x).exp()), -87.0, 20.0) < 8.0);
    }

    /// Asserts that a function does not decrease over the floats whose bits are `from..to`.
    fn never_falls(f: impl Fn([f32; LANES]) -> [f32; LANES], from: u32, to: u32) {
        let mut last = f32::NEG_INFINITY;
        for bits in (from..to).step_by(LANES) {
            let x = std::array::from_fn(|lane| f32::from_bits(bits + lane as u32));
            for (x, y) in x.iter().zip(f(x)) {
                assert!(y >= last, "f({x}) = {y}, but {last} at the float before");
                last = y;
            }
        }
    }

    /// Networks that are monotone in some inputs rely on this. `make torture` checks every float.
    #[test]
    fn activations_never_fall_from_one_float_to_the_next() {
        let functions: [fn([f32; LANES]) -> [f32; LANES]; 4] = [
            |x| tanh(Portable, x),
            |x| sigmoid(Portable, x),
            // Negative numbers: with argument and value negated, the function must increase as well.
            |x| tanh(Portable, x.map(|x| -x)).map(|y| -y),
            |x| sigmoid(Portable, x.map(|x| -x)).map(|y| -y),
        ];
        let most = 100f32.to_bits();
        let every = std::env::var("NEURALREDIS_EVERY_FLOAT").is_ok();
        // The distance between samples is odd, so that samples do not share their low bits.
        let (some, apart) = if every { (1 << 20, 1 << 20) } else { (1 << 8, 1_000_003) };
        for f in functions {
            for from in (0..most).step_by(apart) {
                never_falls(f, from, from + some + 1);
            }
            // Where one formula replaces another, and where the functions saturate.
            for seam in [0.625f32, 9.01, 16.6, 43.65, 87.3, 88.3] {
                never_falls(f, seam.to_bits() - (1 << 14), seam.to_bits() + (1 << 14));
            }
        }
    }

    #[test]
    fn tanh_is_within_its_bound_and_odd() {
        assert!(worst(|x| tanh(Portable, x), f64::tanh, -1.0, 1.0) < 8.0);
        assert!(worst(|x| tanh(Portable, x), f64::tanh, -20.0, 20.0) < 8.0);
        for x in [1e-30f32, 0.3, 0.7, 5.0, 1e15] {
            assert_eq!(tanh(Portable, [-x; LANES])[0], -tanh(Portable, [x; LANES])[0]);
        }
    }
}
