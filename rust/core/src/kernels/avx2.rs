//! AVX2 with FMA: sixteen lanes are two registers.

#[allow(clippy::wildcard_imports, reason = "the intrinsics are the vocabulary of this file")]
use std::arch::x86_64::*;

use super::lanes::{LANES, Lanes, SQRT_HALF_BITS};

/// The token of AVX2 and FMA: a value exists only if the CPU has both. It is made by `detect`, which checks the CPU, or
/// by `assume`, whose caller promises that `detect` has. So a method on a value may use these instructions; this is
/// what `token` means in SAFETY comments.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Avx2(());

/// Lanes 0 to 7 and 8 to 15.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pair(__m256, __m256);

/// Masks for the first n of eight lanes: those from `8 - n` on.
static MASKS: [i32; 16] = [-1, -1, -1, -1, -1, -1, -1, -1, 0, 0, 0, 0, 0, 0, 0, 0];

impl Avx2 {
    /// The mask of lanes `from` to `from + 8` that a slice of `len` numbers fills.
    #[inline(always)]
    fn mask(len: usize, from: usize) -> __m256i {
        let filled = len.saturating_sub(from).min(8);
        // SAFETY: `filled` is at most 8, so eight integers from index `8 - filled` are inside MASKS. Only methods on a
        // token call this, so the CPU has AVX2.
        unsafe { _mm256_loadu_si256(MASKS.as_ptr().add(8 - filled).cast()) }
    }

    #[inline(always)]
    fn shift_half(v: __m256) -> __m256 {
        // SAFETY: only methods on a token call this.
        unsafe { _mm256_castsi256_ps(_mm256_slli_epi32::<23>(_mm256_castps_si256(v))) }
    }

    #[inline(always)]
    fn split_half(v: __m256) -> (__m256, __m256) {
        // SAFETY: only methods on a token call this.
        unsafe {
            let bits = _mm256_castps_si256(v);
            let exponent = _mm256_srai_epi32::<23>(_mm256_sub_epi32(bits, _mm256_set1_epi32(SQRT_HALF_BITS)));
            let mantissa = _mm256_sub_epi32(bits, _mm256_slli_epi32::<23>(exponent));
            (_mm256_castsi256_ps(mantissa), _mm256_cvtepi32_ps(exponent))
        }
    }
}

impl Lanes for Avx2 {
    type V = Pair;

    const NAME: &'static str = "avx2";
    const UNITS: usize = 6;
    const GRADIENT: (usize, usize) = (2, 3);

    fn detect() -> Option<Self> {
        (is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma")).then_some(Self(()))
    }

    #[inline(always)]
    unsafe fn assume() -> Self {
        Self(())
    }

    #[inline(always)]
    fn vectorize<R>(self, f: impl FnOnce() -> R) -> R {
        #[target_feature(enable = "avx2,fma")]
        fn go<R>(f: impl FnOnce() -> R) -> R {
            f()
        }
        // SAFETY: `self` is a token, so the CPU has the features.
        unsafe { go(f) }
    }

    #[inline(always)]
    fn splat(self, x: f32) -> Self::V {
        // SAFETY: token.
        let v = unsafe { _mm256_set1_ps(x) };
        Pair(v, v)
    }

    #[inline(always)]
    fn load(self, from: &[f32; LANES]) -> Self::V {
        // SAFETY: token; `from` is sixteen numbers.
        unsafe { Pair(_mm256_loadu_ps(from.as_ptr()), _mm256_loadu_ps(from.as_ptr().add(8))) }
    }

    #[inline(always)]
    fn store(self, v: Self::V, to: &mut [f32; LANES]) {
        // SAFETY: token; `to` is sixteen numbers.
        unsafe {
            _mm256_storeu_ps(to.as_mut_ptr(), v.0);
            _mm256_storeu_ps(to.as_mut_ptr().add(8), v.1);
        }
    }

    #[inline(always)]
    fn load_part(self, from: &[f32]) -> Self::V {
        let (low, high) = (Self::mask(from.len(), 0), Self::mask(from.len(), 8));
        // SAFETY: token; the masks leave out the lanes beyond `from`, and maskload does not read these.
        unsafe { Pair(_mm256_maskload_ps(from.as_ptr(), low), _mm256_maskload_ps(from.as_ptr().wrapping_add(8), high)) }
    }

    #[inline(always)]
    fn store_part(self, v: Self::V, to: &mut [f32]) {
        let (low, high) = (Self::mask(to.len(), 0), Self::mask(to.len(), 8));
        // SAFETY: token; the masks leave out the lanes beyond `to`, and maskstore does not write these.
        unsafe {
            _mm256_maskstore_ps(to.as_mut_ptr(), low, v.0);
            _mm256_maskstore_ps(to.as_mut_ptr().wrapping_add(8), high, v.1);
        }
    }

    #[inline(always)]
    fn add(self, a: Self::V, b: Self::V) -> Self::V {
        // SAFETY: token.
        unsafe { Pair(_mm256_add_ps(a.0, b.0), _mm256_add_ps(a.1, b.1)) }
    }

    #[inline(always)]
    fn sub(self, a: Self::V, b: Self::V) -> Self::V {
        // SAFETY: token.
        unsafe { Pair(_mm256_sub_ps(a.0, b.0), _mm256_sub_ps(a.1, b.1)) }
    }

    #[inline(always)]
    fn mul(self, a: Self::V, b: Self::V) -> Self::V {
        // SAFETY: token.
        unsafe { Pair(_mm256_mul_ps(a.0, b.0), _mm256_mul_ps(a.1, b.1)) }
    }

    #[inline(always)]
    fn div(self, a: Self::V, b: Self::V) -> Self::V {
        // SAFETY: token.
        unsafe { Pair(_mm256_div_ps(a.0, b.0), _mm256_div_ps(a.1, b.1)) }
    }

    #[inline(always)]
    fn fma(self, a: Self::V, b: Self::V, c: Self::V) -> Self::V {
        // SAFETY: token.
        unsafe { Pair(_mm256_fmadd_ps(a.0, b.0, c.0), _mm256_fmadd_ps(a.1, b.1, c.1)) }
    }

    #[inline(always)]
    fn max(self, a: Self::V, b: Self::V) -> Self::V {
        // SAFETY: token.
        unsafe { Pair(_mm256_max_ps(a.0, b.0), _mm256_max_ps(a.1, b.1)) }
    }

    #[inline(always)]
    fn min(self, a: Self::V, b: Self::V) -> Self::V {
        // SAFETY: token.
        unsafe { Pair(_mm256_min_ps(a.0, b.0), _mm256_min_ps(a.1, b.1)) }
    }

    #[inline(always)]
    fn select_gt(self, a: Self::V, b: Self::V, x: Self::V, y: Self::V) -> Self::V {
        // SAFETY: token.
        unsafe {
            Pair(
                _mm256_blendv_ps(y.0, x.0, _mm256_cmp_ps::<_CMP_GT_OQ>(a.0, b.0)),
                _mm256_blendv_ps(y.1, x.1, _mm256_cmp_ps::<_CMP_GT_OQ>(a.1, b.1)),
            )
        }
    }

    #[inline(always)]
    fn shift_left_23(self, v: Self::V) -> Self::V {
        Pair(Self::shift_half(v.0), Self::shift_half(v.1))
    }

    #[inline(always)]
    fn split_exponent(self, v: Self::V) -> (Self::V, Self::V) {
        let (low, high) = (Self::split_half(v.0), Self::split_half(v.1));
        (Pair(low.0, high.0), Pair(low.1, high.1))
    }

    #[inline(always)]
    fn sum(self, v: Self::V) -> f32 {
        // SAFETY: token.
        unsafe {
            let eight = _mm256_add_ps(v.0, v.1);
            let four = _mm_add_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps::<1>(eight));
            let two = _mm_add_ps(four, _mm_movehl_ps(four, four));
            _mm_cvtss_f32(_mm_add_ss(two, _mm_movehdup_ps(two)))
        }
    }
    #[inline(always)]
    fn sum_each(self, v: [Self::V; 4]) -> [f32; 4] {
        // SAFETY: token; `sums` is four numbers.
        unsafe {
            let [a, b, c, d] = v.map(
                #[inline(always)]
                |v| _mm256_add_ps(v.0, v.1),
            );
            let half = |a, b| _mm256_add_ps(_mm256_permute2f128_ps::<0x20>(a, b), _mm256_permute2f128_ps::<0x31>(a, b));
            let (ac, bd) = (half(a, c), half(b, d));
            let two = _mm256_add_ps(_mm256_shuffle_ps::<0x44>(ac, bd), _mm256_shuffle_ps::<0xEE>(ac, bd));
            let one = _mm256_add_ps(two, _mm256_permute_ps::<0xB1>(two));
            // Lanes 0 and 2 of the lower half are the sums of a and b, those of the upper half the sums of c and d.
            let (ab, cd) = (_mm256_castps256_ps128(one), _mm256_extractf128_ps::<1>(one));
            let mut sums = [0.0; 4];
            _mm_storeu_ps(sums.as_mut_ptr(), _mm_shuffle_ps::<0x88>(ab, cd));
            sums
        }
    }
}
