//! The three products of a fully connected layer, with rows of data in the lanes.
//!
//! Sixteen rows are a *group*; a layer's values for a group are `units * 16` numbers, unit after unit. Weights are not
//! packed: they are read from the connection's matrix, whose row `1 + i` has the weights of input `i`, and broadcast to
//! the lanes. Rejected: outputs in the lanes, as in matrix libraries. It needs values row by row in one product and
//! unit by unit in another, and leaves lanes unused in layers of 9 or 15 units, the sizes that this engine is made for.
//!
//! A *delta* is the derivative of the loss with respect to a pre-activation, the input of a unit's activation.
//!
//! Orders of summation, the same for every instruction set, tile, batch and number of threads:
//! - a pre-activation is a chain of fused multiply-adds that starts at the bias, input after input;
//! - a delta is a chain that starts at 0, output after output;
//! - a gradient is sixteen chains, one in each lane, over the groups of a block, then [`Lanes::sum`].

use std::ops::Range;

use super::lanes::{LANES, Lanes};

/// Bound of a pre-activation. It keeps every value of a network finite, whatever its weights: without infinities there
/// are no differences of infinities, so no NaN. Its square, summed over 2^20 outputs, is still finite.
pub(crate) const MAX_INPUT: f32 = (1u64 << 50) as f32;

/// Bytes of deltas that the tiles of a gradient read repeatedly: half of a small L1 cache.
const GRADIENT_BYTES: usize = 16 << 10;

/// A product of weights with the values of a layer, for some groups of rows.
struct Product<'a> {
    /// The weight of unit `u` for value `k` is at `u * unit_stride + k * chain_stride`.
    weights: &'a [f32],
    unit_stride: usize,
    chain_stride: usize,
    units: usize,
    /// Values of a row, which is the length of a unit's chain.
    chain: usize,
    /// The start of each unit's chain; 0 without biases.
    biases: Option<&'a [f32]>,
    /// The values, `chain * 16` numbers a group.
    x: &'a [f32],
    groups: usize,
}

impl Product<'_> {
    /// Panics unless all that the tiles access is inside the slices. Their unsafe code relies on it.
    fn check(&self, z: &[f32]) {
        let last_weight = (self.units - 1) * self.unit_stride + (self.chain - 1) * self.chain_stride;
        assert!(last_weight < self.weights.len());
        assert!(self.biases.is_none_or(|b| b.len() >= self.units));
        assert!(self.x.len() >= self.groups * self.chain * LANES);
        assert!(z.len() >= self.groups * self.units * LANES);
    }

    #[inline(always)]
    fn run<L: Lanes>(&self, l: L, z: &mut [f32]) {
        self.check(z);
        let mut unit = 0;
        if L::UNITS < 6 {
            return self.one_by_one(l, z);
        }
        // Two groups share the loads of twelve weights, which would otherwise take as long as the arithmetic.
        while L::UNITS >= 12 && self.units - unit >= 12 {
            self.strip::<L, 12, 2>(l, unit, z);
            unit += 12;
        }
        while self.units - unit >= 6 {
            if L::UNITS >= 12 {
                self.strip::<L, 6, 2>(l, unit, z);
            } else {
                self.strip::<L, 6, 1>(l, unit, z);
            }
            unit += 6;
        }
        // With few units left, several groups at a time give enough independent chains to hide the latency.
        match self.units - unit {
            5 => self.strip::<L, 5, 1>(l, unit, z),
            4 => self.strip::<L, 4, 1>(l, unit, z),
            3 => self.strip::<L, 3, 2>(l, unit, z),
            2 => self.strip::<L, 2, 3>(l, unit, z),
            1 => self.strip::<L, 1, 6>(l, unit, z),
            _ => {}
        }
    }

    /// One unit and one group at a time, for instruction sets with few registers: a tile of one, without its arrays.
    #[inline(always)]
    fn one_by_one<L: Lanes>(&self, l: L, z: &mut [f32]) {
        for group in 0..self.groups {
            for unit in 0..self.units {
                let mut sum = l.splat(self.biases.map_or(0.0, |biases| biases[unit]));
                // SAFETY: `run` has called `check`, so the largest of these indices is inside the slices.
                unsafe {
                    let mut weight = self.weights.as_ptr().add(unit * self.unit_stride);
                    let mut x = self.x.as_ptr().add(group * self.chain * LANES);
                    for _ in 0..self.chain {
                        sum = l.fma(l.splat(*weight), l.load(&*x.cast()), sum);
                        weight = weight.wrapping_add(self.chain_stride);
                        x = x.wrapping_add(LANES);
                    }
                    let z = z.as_mut_ptr().add((group * self.units + unit) * LANES);
                    l.store(l.clamp(sum, -MAX_INPUT, MAX_INPUT), &mut *z.cast());
                }
            }
        }
    }

    /// `U` units from `unit` on, for all groups, `G` at a time.
    #[inline(always)]
    fn strip<L: Lanes, const U: usize, const G: usize>(&self, l: L, unit: usize, z: &mut [f32]) {
        let mut group = 0;
        while group + G <= self.groups {
            self.tile::<L, U, G>(l, unit, group, z);
            group += G;
        }
        while group < self.groups {
            self.tile::<L, U, 1>(l, unit, group, z);
            group += 1;
        }
    }

    #[inline(always)]
    fn tile<L: Lanes, const U: usize, const G: usize>(&self, l: L, unit: usize, group: usize, z: &mut [f32]) {
        let mut start = [l.splat(0.0); U];
        if let Some(biases) = self.biases {
            for (start, &bias) in start.iter_mut().zip(&biases[unit..unit + U]) {
                *start = l.splat(bias);
            }
        }
        let mut sums = [start; G];
        let (mut values, mut column) = ([l.splat(0.0); G], [l.splat(0.0); U]);
        let group_stride = self.chain * LANES;
        // SAFETY: `run` has called `check`, so the largest of these indices is inside the slices. `run` and `strip`
        // keep `unit + U` within `units` and `group + G` within `groups`, which `check` used.
        unsafe {
            let weights = self.weights.as_ptr().add(unit * self.unit_stride);
            let x = self.x.as_ptr().add(group * group_stride);
            for k in 0..self.chain {
                for (g, value) in values.iter_mut().enumerate() {
                    *value = l.load(&*x.add(g * group_stride + k * LANES).cast());
                }
                if U * G > 16 {
                    // With that many sums there are no registers for a column of weights.
                    for u in 0..U {
                        let weight = l.splat(*weights.add(k * self.chain_stride + u * self.unit_stride));
                        for (sums, &value) in sums.iter_mut().zip(&values) {
                            sums[u] = l.fma(weight, value, sums[u]);
                        }
                    }
                } else {
                    for (u, weight) in column.iter_mut().enumerate() {
                        *weight = l.splat(*weights.add(k * self.chain_stride + u * self.unit_stride));
                    }
                    for (sums, &value) in sums.iter_mut().zip(&values) {
                        for (sum, &weight) in sums.iter_mut().zip(&column) {
                            *sum = l.fma(weight, value, *sum);
                        }
                    }
                }
            }
            for (g, sums) in sums.iter().enumerate() {
                let z = z.as_mut_ptr().add(((group + g) * self.units + unit) * LANES);
                for (u, &sum) in sums.iter().enumerate() {
                    l.store(l.clamp(sum, -MAX_INPUT, MAX_INPUT), &mut *z.add(u * LANES).cast());
                }
            }
        }
    }
}

/// The pre-activations of a layer: `z = biases + weights x`, clamped to [`MAX_INPUT`]. `matrix` is the connection's,
/// biases first.
#[inline(always)]
pub(super) fn affine<L: Lanes>(l: L, matrix: &[f32], inputs: usize, x: &[f32], groups: usize, z: &mut [f32]) {
    let outputs = matrix.len() / (inputs + 1);
    let (biases, weights) = matrix.split_at(outputs);
    let product = Product {
        weights,
        unit_stride: 1,
        chain_stride: outputs,
        units: outputs,
        chain: inputs,
        biases: Some(biases),
        x,
        groups,
    };
    product.run(l, z);
}

/// The derivatives with respect to the values of the layer before: `weights^T delta`. Its deltas are these times the
/// derivative of its activation.
#[inline(always)]
pub(super) fn backward<L: Lanes>(
    l: L,
    matrix: &[f32],
    inputs: usize,
    delta: &[f32],
    groups: usize,
    before: &mut [f32],
) {
    let outputs = matrix.len() / (inputs + 1);
    let product = Product {
        weights: &matrix[outputs..],
        unit_stride: outputs,
        chain_stride: 1,
        units: inputs,
        chain: outputs,
        biases: None,
        x: delta,
        groups,
    };
    product.run(l, before);
}

/// Adds the gradient over a block of rows: the sum of `delta` for the biases, the sum of `x delta` for the weights.
/// `gradient` is laid out as the connection's matrix.
#[inline(always)]
pub(super) fn gradient<L: Lanes>(l: L, inputs: usize, x: &[f32], delta: &[f32], groups: usize, gradient: &mut [f32]) {
    let outputs = gradient.len() / (inputs + 1);
    let sums = GradientSums { inputs, outputs, x, delta, groups };
    assert!(x.len() >= groups * inputs * LANES && delta.len() >= groups * outputs * LANES);
    sums.biases(l, &mut gradient[..outputs]);
    let weights = &mut gradient[outputs..];
    assert!(weights.len() >= inputs * outputs);
    let columns = (GRADIENT_BYTES / (groups.max(1) * LANES * 4)).max(L::GRADIENT.1);
    let mut from = 0;
    while from < outputs {
        let to = (from + columns).min(outputs);
        sums.columns(l, from, to, weights);
        from = to;
    }
}

/// The sums of a gradient over some groups of rows. [`gradient`] checks the lengths on which the tiles rely.
struct GradientSums<'a> {
    inputs: usize,
    outputs: usize,
    x: &'a [f32],
    delta: &'a [f32],
    groups: usize,
}

impl GradientSums<'_> {
    #[inline(always)]
    fn biases<L: Lanes>(&self, l: L, gradient: &mut [f32]) {
        for (j, gradient) in gradient.iter_mut().enumerate() {
            let mut sum = l.splat(0.0);
            for group in self.delta[..self.groups * self.outputs * LANES].chunks_exact(self.outputs * LANES) {
                let lanes = group[j * LANES..].first_chunk().expect("a unit has sixteen lanes");
                sum = l.add(sum, l.load(lanes));
            }
            *gradient += l.sum(sum);
        }
    }

    /// The weights of outputs `from..to` for all inputs, in tiles that fill the registers for any remainder.
    #[inline(always)]
    fn columns<L: Lanes>(&self, l: L, from: usize, to: usize, gradient: &mut [f32]) {
        let whole = |columns: usize| from + (to - from) / columns * columns;
        match L::GRADIENT {
            (4, 4) => {
                let end = whole(4);
                self.strip::<L, 4, 4>(l, from..end, gradient);
                match to - end {
                    3 => self.strip::<L, 4, 3>(l, end..to, gradient),
                    2 => self.strip::<L, 6, 2>(l, end..to, gradient),
                    1 => self.strip::<L, 8, 1>(l, end..to, gradient),
                    _ => {}
                }
            }
            (2, 3) => {
                let end = whole(3);
                self.strip::<L, 2, 3>(l, from..end, gradient);
                match to - end {
                    2 => self.strip::<L, 3, 2>(l, end..to, gradient),
                    1 => self.strip::<L, 5, 1>(l, end..to, gradient),
                    _ => {}
                }
            }
            _ => self.one_by_one(l, from, to, gradient),
        }
    }

    /// One input and one output at a time, as in [`Product::one_by_one`].
    #[inline(always)]
    fn one_by_one<L: Lanes>(&self, l: L, from: usize, to: usize, gradient: &mut [f32]) {
        for i in 0..self.inputs {
            for j in from..to {
                let mut sum = l.splat(0.0);
                // SAFETY: `gradient` has checked the lengths; `i` is less than `inputs`, and `j` less than `outputs`.
                unsafe {
                    let mut x = self.x.as_ptr().add(i * LANES);
                    let mut delta = self.delta.as_ptr().add(j * LANES);
                    for _ in 0..self.groups {
                        sum = l.fma(l.load(&*x.cast()), l.load(&*delta.cast()), sum);
                        x = x.wrapping_add(self.inputs * LANES);
                        delta = delta.wrapping_add(self.outputs * LANES);
                    }
                    *gradient.get_unchecked_mut(i * self.outputs + j) += l.sum(sum);
                }
            }
        }
    }

    /// Outputs `outputs`, whose number is a multiple of `J`, for all inputs, `I` at a time. The values of `I` inputs and
    /// the deltas of all these outputs stay in the L1 cache.
    #[inline(always)]
    fn strip<L: Lanes, const I: usize, const J: usize>(&self, l: L, outputs: Range<usize>, gradient: &mut [f32]) {
        let mut i = 0;
        while i + I <= self.inputs {
            for j in outputs.clone().step_by(J) {
                self.tile::<L, I, J>(l, i, j, gradient);
            }
            i += I;
        }
        while i < self.inputs {
            for j in outputs.clone().step_by(J) {
                self.tile::<L, 1, J>(l, i, j, gradient);
            }
            i += 1;
        }
    }

    #[inline(always)]
    fn tile<L: Lanes, const I: usize, const J: usize>(&self, l: L, i: usize, j: usize, gradient: &mut [f32]) {
        let mut sums = [[l.splat(0.0); J]; I];
        let mut deltas = [l.splat(0.0); J];
        // SAFETY: `gradient` has checked the lengths; `i + I` is at most `inputs`, `j + J` at most `outputs`.
        unsafe {
            let mut x = self.x.as_ptr().add(i * LANES);
            let mut delta = self.delta.as_ptr().add(j * LANES);
            for _ in 0..self.groups {
                for (n, to) in deltas.iter_mut().enumerate() {
                    *to = l.load(&*delta.add(n * LANES).cast());
                }
                for (m, sums) in sums.iter_mut().enumerate() {
                    let value = l.load(&*x.add(m * LANES).cast());
                    for (sum, &delta) in sums.iter_mut().zip(&deltas) {
                        *sum = l.fma(value, delta, *sum);
                    }
                }
                x = x.wrapping_add(self.inputs * LANES);
                delta = delta.wrapping_add(self.outputs * LANES);
            }
            for (m, sums) in sums.iter().enumerate() {
                let to = gradient.get_unchecked_mut((i + m) * self.outputs + j..).get_unchecked_mut(..J);
                let (fours, others) = sums.as_chunks::<4>();
                let (to_fours, to_others) = to.as_chunks_mut::<4>();
                for (to, &four) in to_fours.iter_mut().zip(fours) {
                    to.iter_mut().zip(l.sum_each(four)).for_each(|(to, sum)| *to += sum);
                }
                for (to, &sum) in to_others.iter_mut().zip(others) {
                    *to += l.sum(sum);
                }
            }
        }
    }
}
