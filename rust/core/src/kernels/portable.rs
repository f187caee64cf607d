//! The kernels for any CPU: sixteen lanes are an array. They are the reference for the other instruction sets.

use super::lanes::{LANES, Lanes, SQRT_HALF_BITS};

/// The token of no instruction set in particular, which every CPU has.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Portable;

#[inline(always)]
fn each(f: impl Fn(usize) -> f32) -> [f32; LANES] {
    std::array::from_fn(f)
}

/// `a * b + c`, rounded once, on CPUs that may lack the instruction.
///
/// `mul_add` would call a library function on these. In double precision the product is exact, and the sum is rounded
/// to odd, so that the second rounding, to single precision, gives the correctly rounded result (Boldo and Melquiond,
/// "Emulation of FMA and correctly rounded sums: proved algorithms using rounding to odd", 2008).
#[inline(always)]
fn fma(a: f32, b: f32, c: f32) -> f32 {
    if cfg!(any(target_feature = "fma", target_arch = "aarch64")) {
        return a.mul_add(b, c);
    }
    let (product, c) = (f64::from(a) * f64::from(b), f64::from(c));
    let sum = product + c;
    // The rounding error (Knuth's two-sum); NaN if the sum is NaN or infinite.
    let c_part = sum - product;
    let error = (product - (sum - c_part)) + (c - c_part);
    let bits = sum.to_bits();
    let inexact = error != 0.0 && !error.is_nan();
    // If the sum is even, it moves by one unit in the last place towards the exact sum, which makes it odd.
    let away = (error > 0.0) == (sum > 0.0);
    let odd = if away { bits.wrapping_add(1) } else { bits.wrapping_sub(1) };
    f64::from_bits(if inexact && bits & 1 == 0 { odd } else { bits }) as f32
}

impl Lanes for Portable {
    type V = [f32; LANES];

    const NAME: &'static str = "portable";
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
        [x; LANES]
    }

    #[inline(always)]
    fn load(self, from: &[f32; LANES]) -> Self::V {
        *from
    }

    #[inline(always)]
    fn store(self, v: Self::V, to: &mut [f32; LANES]) {
        *to = v;
    }

    #[inline(always)]
    fn add(self, a: Self::V, b: Self::V) -> Self::V {
        each(|i| a[i] + b[i])
    }

    #[inline(always)]
    fn sub(self, a: Self::V, b: Self::V) -> Self::V {
        each(|i| a[i] - b[i])
    }

    #[inline(always)]
    fn mul(self, a: Self::V, b: Self::V) -> Self::V {
        each(|i| a[i] * b[i])
    }

    #[inline(always)]
    fn div(self, a: Self::V, b: Self::V) -> Self::V {
        each(|i| a[i] / b[i])
    }

    #[inline(always)]
    fn fma(self, a: Self::V, b: Self::V, c: Self::V) -> Self::V {
        each(|i| fma(a[i], b[i], c[i]))
    }

    #[inline(always)]
    fn max(self, a: Self::V, b: Self::V) -> Self::V {
        each(|i| if a[i] > b[i] { a[i] } else { b[i] })
    }

    #[inline(always)]
    fn min(self, a: Self::V, b: Self::V) -> Self::V {
        each(|i| if a[i] < b[i] { a[i] } else { b[i] })
    }

    #[inline(always)]
    fn select_gt(self, a: Self::V, b: Self::V, x: Self::V, y: Self::V) -> Self::V {
        each(|i| if a[i] > b[i] { x[i] } else { y[i] })
    }

    #[inline(always)]
    fn shift_left_23(self, v: Self::V) -> Self::V {
        each(|i| f32::from_bits(v[i].to_bits() << 23))
    }

    #[inline(always)]
    fn split_exponent(self, v: Self::V) -> (Self::V, Self::V) {
        let exponent = |i: usize| (v[i].to_bits() as i32).wrapping_sub(SQRT_HALF_BITS) >> 23;
        let mantissa = |i: usize| f32::from_bits((v[i].to_bits() as i32).wrapping_sub(exponent(i) << 23) as u32);
        (each(mantissa), each(|i| exponent(i) as f32))
    }

    #[inline(always)]
    fn sum(self, v: Self::V) -> f32 {
        let eight: [f32; 8] = std::array::from_fn(|i| v[i] + v[i + 8]);
        let four: [f32; 4] = std::array::from_fn(|i| eight[i] + eight[i + 4]);
        (four[0] + four[2]) + (four[1] + four[3])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;

    #[test]
    fn the_emulated_multiply_add_is_rounded_once() {
        let special =
            [0.0, -0.0, 1.0, -1.0, f32::MAX, f32::MIN, f32::MIN_POSITIVE, 1e-45, -1e-45, f32::INFINITY, f32::NAN];
        for a in special {
            for b in special {
                for c in special {
                    let (got, exact) = (fma(a, b, c), a.mul_add(b, c));
                    assert!(
                        got.to_bits() == exact.to_bits() || got.is_nan() && exact.is_nan(),
                        "{a} {b} {c}: {got} {exact}"
                    );
                }
            }
        }
        let mut random = Random::new(1, 1);
        for n in 0..1_000_000 {
            // Close exponents, where double rounding can go wrong, and distant ones; also results near the smallest
            // numbers.
            let [a, b] = std::array::from_fn(|_| random.symmetric());
            let scale = [1.0, 1e-4, 1e-8, 1e-20, 1e-38][n % 5];
            let c = random.symmetric() * [1.0, 1e-7, 1e7][n % 3] * scale;
            let a = a * scale;
            assert_eq!(fma(a, b, c).to_bits(), a.mul_add(b, c).to_bits(), "{a} {b} {c}");
            // Halfway cases: the product has one bit more than single precision.
            let (a, b) = ((a * 4096.0).round(), (b * 4096.0).round() + 0.5);
            assert_eq!(fma(a, b, c).to_bits(), a.mul_add(b, c).to_bits(), "{a} {b} {c}");
        }
    }
}
