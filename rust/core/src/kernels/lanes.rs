//! Sixteen lanes of single precision, whatever the width of the machine's vectors.
//!
//! Every kernel is written once, over [`Lanes`]. An instruction set implements the sixteen lanes with as many registers
//! as it needs: one of AVX-512, two of AVX2, four of NEON, and an array without any. Each operation is the same IEEE
//! 754 operation in every lane, and [`Lanes::sum`] adds the lanes in one fixed order, so all instruction sets give the
//! same bits.

/// Lanes of a vector, and rows of a group.
pub(crate) const LANES: usize = 16;

/// An instruction set. A value is a token: it exists only if the CPU has the instructions, which makes its methods safe
/// to call.
pub(crate) trait Lanes: Copy + 'static {
    /// Sixteen numbers.
    type V: Copy;

    /// The name that pins this instruction set.
    const NAME: &'static str;
    /// Units of one tile of a dense layer: as many accumulators as fit in the registers together with the operands.
    const UNITS: usize;
    /// Inputs and outputs of one tile of a gradient, chosen likewise.
    const GRADIENT: (usize, usize);

    /// The token of this instruction set; none if the CPU lacks it.
    fn detect() -> Option<Self>;

    /// The token, without checking the CPU again.
    ///
    /// # Safety
    /// [`Self::detect`] must have returned a token before.
    unsafe fn assume() -> Self;

    /// Runs `f` compiled for this instruction set. Functions that are not inlined into `f` are not compiled for it.
    fn vectorize<R>(self, f: impl FnOnce() -> R) -> R;

    fn splat(self, x: f32) -> Self::V;
    fn load(self, from: &[f32; LANES]) -> Self::V;
    fn store(self, v: Self::V, to: &mut [f32; LANES]);

    /// Loads a slice of at most sixteen numbers; the other lanes are 0.
    #[inline(always)]
    fn load_part(self, from: &[f32]) -> Self::V {
        let mut all = [0.0; LANES];
        all[..from.len()].copy_from_slice(from);
        self.load(&all)
    }

    /// Stores the first lanes in a slice of at most sixteen numbers.
    #[inline(always)]
    fn store_part(self, v: Self::V, to: &mut [f32]) {
        let mut all = [0.0; LANES];
        self.store(v, &mut all);
        to.copy_from_slice(&all[..to.len()]);
    }

    fn add(self, a: Self::V, b: Self::V) -> Self::V;
    fn sub(self, a: Self::V, b: Self::V) -> Self::V;
    fn mul(self, a: Self::V, b: Self::V) -> Self::V;
    fn div(self, a: Self::V, b: Self::V) -> Self::V;
    /// `a * b + c`, rounded once.
    fn fma(self, a: Self::V, b: Self::V, c: Self::V) -> Self::V;
    /// `a > b ? a : b`, which is `b` if either is NaN.
    fn max(self, a: Self::V, b: Self::V) -> Self::V;
    /// `a < b ? a : b`, which is `b` if either is NaN.
    fn min(self, a: Self::V, b: Self::V) -> Self::V;
    /// `a > b ? x : y`.
    fn select_gt(self, a: Self::V, b: Self::V, x: Self::V, y: Self::V) -> Self::V;
    /// The bits of each lane as an integer, shifted left by 23.
    fn shift_left_23(self, v: Self::V) -> Self::V;
    /// Splits each lane, a positive normal number, into `m` and `e` with `m * 2^e` and `m` from `sqrt(1/2)` to
    /// `sqrt(2)`.
    fn split_exponent(self, v: Self::V) -> (Self::V, Self::V);

    /// The sum of the lanes. Lanes 8 apart are added first, then 4, 2 and 1 apart.
    fn sum(self, v: Self::V) -> f32;

    /// The sums of four vectors, each with the bits of [`Self::sum`].
    #[inline(always)]
    fn sum_each(self, v: [Self::V; 4]) -> [f32; 4] {
        v.map(
            #[inline(always)]
            |v| self.sum(v),
        )
    }

    /// `v` clamped to `low` and `high`; NaN becomes `low`.
    #[inline(always)]
    fn clamp(self, v: Self::V, low: f32, high: f32) -> Self::V {
        self.min(self.max(v, self.splat(low)), self.splat(high))
    }
}

/// The bits of `sqrt(1/2)`, with which [`Lanes::split_exponent`] centres the mantissa.
pub(crate) const SQRT_HALF_BITS: i32 = 0x3F35_04F3;

/// The sum over the lanes, in four independent chains, so that additions overlap.
pub(crate) fn sum_of_lanes(term: impl Fn(usize) -> f64) -> f64 {
    let mut chains = [0.0; 4];
    for lane in 0..LANES {
        chains[lane % 4] += term(lane);
    }
    (chains[0] + chains[2]) + (chains[1] + chains[3])
}
