//! The forward pass, from the inputs to the pre-activations of the output units. Training, evaluation and answers share
//! it. They differ in how rows are arranged in memory, and in which layers' values they keep.

use crate::kernels::{Buffer, LANES, add_share, kernels};
use crate::layers::{Layer, LookedUp};
use crate::normalization::Scaling;
use crate::options::Output;

/// How the values of rows are arranged in memory.
pub(crate) trait Arrangement {
    /// Rows of a group, whose values of one unit are adjacent.
    const LANES: usize;

    /// Scales the inputs of a group.
    fn standardize(scaling: &Scaling, x: &[f32], to: &mut [f32]);

    /// Computes the pre-activations of a dense layer.
    fn affine(matrix: &[f32], inputs: usize, x: &[f32], groups: usize, z: &mut [f32]);

    /// Replaces the pre-activations of a group's output units by outputs.
    fn predict(output: Output, z: &mut [f32]);
}

/// Groups of sixteen rows, interleaved: unit after unit, each with the values of sixteen rows.
pub(crate) struct Grouped;

/// Rows one by one.
pub(crate) struct Single;

impl Arrangement for Grouped {
    const LANES: usize = LANES;

    fn standardize(scaling: &Scaling, x: &[f32], to: &mut [f32]) {
        (kernels().standardize)(x, &scaling.mean, &scaling.scale, to);
    }

    fn affine(matrix: &[f32], inputs: usize, x: &[f32], groups: usize, z: &mut [f32]) {
        (kernels().affine)(matrix, inputs, x, groups, z);
    }

    fn predict(output: Output, z: &mut [f32]) {
        (kernels().predict)(output, z);
    }
}

impl Arrangement for Single {
    const LANES: usize = 1;

    fn standardize(scaling: &Scaling, x: &[f32], to: &mut [f32]) {
        (kernels().standardize_row)(x, &scaling.mean, &scaling.scale, to);
    }

    fn affine(matrix: &[f32], _inputs: usize, x: &[f32], _groups: usize, z: &mut [f32]) {
        (kernels().affine_row)(matrix, x, z);
    }

    fn predict(output: Output, z: &mut [f32]) {
        (kernels().predict_row)(output, z);
    }
}

/// Scales the inputs of a group for the first layer.
pub(crate) fn load<A: Arrangement>(scaling: Option<&Scaling>, x: &[f32], to: &mut [f32]) {
    match scaling {
        Some(scaling) => A::standardize(scaling, x, to),
        None => to.copy_from_slice(x),
    }
}

/// Memory for the values of layers.
pub(crate) trait Values {
    /// The input values of the layer with this index, and the memory for its output values.
    fn around(&mut self, layer: usize) -> (&[f32], &mut [f32]);
}

/// Keeps the inputs and the values of every layer, as backpropagation needs them.
impl Values for [Buffer] {
    fn around(&mut self, layer: usize) -> (&[f32], &mut [f32]) {
        let (before, after) = self.split_at_mut(layer + 1);
        (&before[layer], &mut after[0])
    }
}

/// Keeps the inputs, and the values of the last two layers computed.
pub(crate) struct LastTwo<'a> {
    pub(crate) inputs: &'a mut [f32],
    pub(crate) before: &'a mut [f32],
    /// The values of the last layer computed.
    pub(crate) last: &'a mut [f32],
}

impl Values for LastTwo<'_> {
    fn around(&mut self, layer: usize) -> (&[f32], &mut [f32]) {
        if layer == 0 {
            return (self.inputs, self.last);
        }
        std::mem::swap(&mut self.before, &mut self.last);
        (self.before, self.last)
    }
}

/// Computes the pre-activations of one member's output units, for some groups.
#[inline]
pub(crate) fn forward<A: Arrangement>(
    layers: impl Iterator<Item = Layer>,
    weights: &[f32],
    groups: usize,
    looked_up: &LookedUp,
    values: &mut (impl Values + ?Sized),
) {
    for (index, layer) in layers.enumerate() {
        let (x, y) = values.around(index);
        let looked_up = if index == 0 { looked_up } else { LookedUp::NONE };
        layer.forward::<A>(weights, x, looked_up, groups, y);
    }
}

/// Computes the mean over all members of the pre-activations of output units, for some groups. `weights` yields those
/// of each member; `mean` is memory for the result if there are several members.
#[inline]
pub(crate) fn ensemble<'a, A: Arrangement, L: Iterator<Item = Layer>>(
    layers: impl Fn() -> L,
    weights: impl ExactSizeIterator<Item = &'a [f32]>,
    groups: usize,
    looked_up: &LookedUp,
    values: &'a mut LastTwo<'_>,
    mean: &'a mut [f32],
) -> &'a mut [f32] {
    let members = weights.len();
    mean.fill(0.0);
    for weights in weights {
        forward::<A>(layers(), weights, groups, looked_up, values);
        if members > 1 {
            let units = mean.len();
            add_share(mean, &values.last[..units], members);
        }
    }
    if members > 1 { mean } else { values.last }
}

/// The index of the largest value, or of the first of several equal ones. NaN is never larger than another value.
///
/// # Panics
/// If there are no values.
pub(crate) fn largest(values: impl IntoIterator<Item = f32>) -> usize {
    let mut values = values.into_iter().enumerate();
    let first = values.next().expect("a layer has at least one unit");
    values.fold(first, |best, next| if next.1 > best.1 { next } else { best }).0
}

/// [`largest`] of each row of a group, whose outputs are in the lanes.
///
/// # Panics
/// If there are no values.
pub(crate) fn largest_of_each(values: &[f32]) -> [usize; LANES] {
    let (first, others) = values.as_chunks::<LANES>().0.split_first().expect("a layer has at least one unit");
    let (mut best, mut at) = (*first, [0_u32; LANES]);
    for (unit, values) in (1..).zip(others) {
        for ((best, at), &value) in best.iter_mut().zip(&mut at).zip(values) {
            (*best, *at) = if value > *best { (value, unit) } else { (*best, *at) };
        }
    }
    at.map(|unit| unit as usize)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;

    #[test]
    fn the_index_of_the_largest_is_the_first_of_equals_and_never_that_of_nan() {
        assert_eq!(largest([1.0, 3.0, 3.0, 2.0]), 1);
        assert_eq!(largest([-1.0, f32::NAN, -2.0]), 0);
        assert_eq!(largest([f32::NAN]), 0);
    }

    #[test]
    fn the_largest_of_each_row_of_a_group_is_that_of_the_row() {
        let mut random = Random::new(1, 1);
        for units in [1, 2, 3, 26] {
            let drawn = (0..units * LANES).map(|_| [-1.0, 0.0, 1.0, f32::NAN, f32::INFINITY][random.below(5) as usize]);
            let values: Vec<f32> = drawn.collect();
            let of_each = largest_of_each(&values);
            for (lane, &found) in of_each.iter().enumerate() {
                assert_eq!(found, largest(values[lane..].iter().step_by(LANES).copied()), "{units} {lane}");
            }
        }
    }

    #[test]
    fn the_last_two_layers_alternate_between_two_buffers() {
        let (mut inputs, mut a, mut b) = ([1.0], [0.0], [0.0]);
        let mut values = LastTwo { inputs: &mut inputs, before: &mut a, last: &mut b };
        for layer in 0..3 {
            let (x, y) = values.around(layer);
            y[0] = 10.0 * x[0] + layer as f32;
        }
        assert_eq!(values.last, [1012.0]);
    }
}
