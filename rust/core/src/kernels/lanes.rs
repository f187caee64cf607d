//! Sixteen lanes of single precision, whatever the width of the machine's vectors.
//!
//! Every kernel is written once, over [`Lanes`]. An instruction set implements the sixteen lanes with as many registers as
//! it needs: one of AVX-512, two of AVX2, four of NEON, an array where there is nothing. Each operation is the same
//! IEEE 754 operation in each of them, lane by lane, and [`Lanes::sum`] adds the lanes in one fixed order, so that all of
//! them give the same bits.

/// Lanes of a vector; rows of a group.
pub(crate) const LANES: usize = 16;

/// An instruction set. A value of such a type exists only where the CPU has the instructions: that is what makes its
/// methods safe to call.
pub(crate) trait Lanes: Copy + 'static {
    /// Sixteen numbers.
    type V: Copy;

    /// The name that pins this instruction set.
    const NAME: &'static str;
    /// Units of one tile of a dense layer: as many accumulators as the registers hold beside the operands.
    const UNITS: usize;
    /// Inputs and outputs of one tile of gradient sums, likewise.
    const GRADIENT: (usize, usize);

    /// The instruction set, where this CPU has it.
    fn detect() -> Option<Self>;

    /// The instruction set without asking the CPU again.
    ///
    /// # Safety
    /// [`Self::detect`] has found it.
    unsafe fn assume() -> Self;

    /// Runs `f` compiled for this instruction set; what is not inlined into `f` is not.
    fn vectorize<R>(self, f: impl FnOnce() -> R) -> R;

    fn splat(self, x: f32) -> Self::V;
    fn load(self, from: &[f32; LANES]) -> Self::V;
    fn store(self, v: Self::V, to: &mut [f32; LANES]);

    /// The numbers of a slice of at most sixteen; zeros in the other lanes.
    #[inline(always)]
    fn load_part(self, from: &[f32]) -> Self::V {
        let mut all = [0.0; LANES];
        all[..from.len()].copy_from_slice(from);
        self.load(&all)
    }

    /// The first lanes, into a slice of at most sixteen.
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
    /// `a > b ? a : b`: `b` where one of them is no number.
    fn max(self, a: Self::V, b: Self::V) -> Self::V;
    /// `a < b ? a : b`: `b` where one of them is no number.
    fn min(self, a: Self::V, b: Self::V) -> Self::V;
    /// `a > b ? x : y`.
    fn select_gt(self, a: Self::V, b: Self::V, x: Self::V, y: Self::V) -> Self::V;
    /// The bits of each lane, as an integer, shifted left by 23.
    fn shift_left_23(self, v: Self::V) -> Self::V;
    /// Each lane, a positive normal number, as `m * 2^e` with `m` from `sqrt(1/2)` to `sqrt(2)`.
    fn split_exponent(self, v: Self::V) -> (Self::V, Self::V);

    /// The sum of the lanes: lanes 8 apart first, then 4, 2 and 1 apart.
    fn sum(self, v: Self::V) -> f32;

    /// The sums of the lanes of four, each as [`Self::sum`] has it.
    #[inline(always)]
    fn sum_each(self, v: [Self::V; 4]) -> [f32; 4] {
        v.map(
            #[inline(always)]
            |v| self.sum(v),
        )
    }

    /// `v` kept within `low` and `high`; `low` where it is no number.
    #[inline(always)]
    fn clamp(self, v: Self::V, low: f32, high: f32) -> Self::V {
        self.min(self.max(v, self.splat(low)), self.splat(high))
    }
}

/// Bits of `sqrt(1/2)`, with which [`Lanes::split_exponent`] centres the mantissa.
pub(crate) const SQRT_HALF_BITS: i32 = 0x3F35_04F3;

/// The sum over the lanes, in four chains that a compiler can keep side by side.
pub(crate) fn sum_of_lanes(term: impl Fn(usize) -> f64) -> f64 {
    let mut chains = [0.0; 4];
    for lane in 0..LANES {
        chains[lane % 4] += term(lane);
    }
    (chains[0] + chains[2]) + (chains[1] + chains[3])
}
