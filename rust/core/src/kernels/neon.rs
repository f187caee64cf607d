//! NEON: sixteen lanes are four registers.

#[allow(clippy::wildcard_imports, reason = "the intrinsics are the vocabulary of this file")]
use std::arch::aarch64::*;

use super::lanes::{LANES, Lanes, SQRT_HALF_BITS};

/// The token of NEON, which every 64-bit ARM has: a value exists only if the CPU has it. It is made by `detect`, which
/// checks the CPU, or by `assume`, whose caller promises that `detect` has. So a method on a value may use these
/// instructions; this is what `token` means in SAFETY comments.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Neon(());

/// Lanes 0 to 3, 4 to 7, 8 to 11, 12 to 15.
type Four = [float32x4_t; 4];

#[inline(always)]
fn each(f: impl Fn(usize) -> float32x4_t) -> Four {
    std::array::from_fn(f)
}

impl Lanes for Neon {
    type V = Four;

    const NAME: &'static str = "neon";
    const UNITS: usize = 6;
    const GRADIENT: (usize, usize) = (2, 3);

    fn detect() -> Option<Self> {
        std::arch::is_aarch64_feature_detected!("neon").then_some(Self(()))
    }

    #[inline(always)]
    unsafe fn assume() -> Self {
        Self(())
    }

    #[inline(always)]
    fn vectorize<R>(self, f: impl FnOnce() -> R) -> R {
        #[target_feature(enable = "neon")]
        fn go<R>(f: impl FnOnce() -> R) -> R {
            f()
        }
        // SAFETY: `self` is a token, so the CPU has the feature.
        unsafe { go(f) }
    }

    #[inline(always)]
    fn splat(self, x: f32) -> Self::V {
        // SAFETY: token.
        each(|_| unsafe { vdupq_n_f32(x) })
    }

    #[inline(always)]
    fn load(self, from: &[f32; LANES]) -> Self::V {
        // SAFETY: token; `from` is sixteen numbers, and `i` is less than 4.
        each(|i| unsafe { vld1q_f32(from.as_ptr().add(4 * i)) })
    }

    #[inline(always)]
    fn store(self, v: Self::V, to: &mut [f32; LANES]) {
        for (i, &part) in v.iter().enumerate() {
            // SAFETY: token; `to` is sixteen numbers, and `i` is less than 4.
            unsafe { vst1q_f32(to.as_mut_ptr().add(4 * i), part) }
        }
    }

    #[inline(always)]
    fn add(self, a: Self::V, b: Self::V) -> Self::V {
        // SAFETY: token.
        each(|i| unsafe { vaddq_f32(a[i], b[i]) })
    }

    #[inline(always)]
    fn sub(self, a: Self::V, b: Self::V) -> Self::V {
        // SAFETY: token.
        each(|i| unsafe { vsubq_f32(a[i], b[i]) })
    }

    #[inline(always)]
    fn mul(self, a: Self::V, b: Self::V) -> Self::V {
        // SAFETY: token.
        each(|i| unsafe { vmulq_f32(a[i], b[i]) })
    }

    #[inline(always)]
    fn div(self, a: Self::V, b: Self::V) -> Self::V {
        // SAFETY: token.
        each(|i| unsafe { vdivq_f32(a[i], b[i]) })
    }

    #[inline(always)]
    fn fma(self, a: Self::V, b: Self::V, c: Self::V) -> Self::V {
        // SAFETY: token.
        each(|i| unsafe { vfmaq_f32(c[i], a[i], b[i]) })
    }

    #[inline(always)]
    fn max(self, a: Self::V, b: Self::V) -> Self::V {
        // SAFETY: token.
        each(|i| unsafe { vbslq_f32(vcgtq_f32(a[i], b[i]), a[i], b[i]) })
    }

    #[inline(always)]
    fn min(self, a: Self::V, b: Self::V) -> Self::V {
        // SAFETY: token.
        each(|i| unsafe { vbslq_f32(vcltq_f32(a[i], b[i]), a[i], b[i]) })
    }

    #[inline(always)]
    fn select_gt(self, a: Self::V, b: Self::V, x: Self::V, y: Self::V) -> Self::V {
        // SAFETY: token.
        each(|i| unsafe { vbslq_f32(vcgtq_f32(a[i], b[i]), x[i], y[i]) })
    }

    #[inline(always)]
    fn shift_left_23(self, v: Self::V) -> Self::V {
        // SAFETY: token.
        each(|i| unsafe { vreinterpretq_f32_s32(vshlq_n_s32::<23>(vreinterpretq_s32_f32(v[i]))) })
    }

    #[inline(always)]
    fn split_exponent(self, v: Self::V) -> (Self::V, Self::V) {
        // SAFETY: token.
        let exponent: [int32x4_t; 4] = std::array::from_fn(|i| unsafe {
            vshrq_n_s32::<23>(vsubq_s32(vreinterpretq_s32_f32(v[i]), vdupq_n_s32(SQRT_HALF_BITS)))
        });
        // SAFETY: token.
        let mantissa = each(|i| unsafe {
            vreinterpretq_f32_s32(vsubq_s32(vreinterpretq_s32_f32(v[i]), vshlq_n_s32::<23>(exponent[i])))
        });
        // SAFETY: token.
        (mantissa, each(|i| unsafe { vcvtq_f32_s32(exponent[i]) }))
    }

    #[inline(always)]
    fn sum(self, v: Self::V) -> f32 {
        // SAFETY: token.
        unsafe {
            let four = vaddq_f32(vaddq_f32(v[0], v[2]), vaddq_f32(v[1], v[3]));
            let two = vadd_f32(vget_low_f32(four), vget_high_f32(four));
            vget_lane_f32::<0>(two) + vget_lane_f32::<1>(two)
        }
    }
}
