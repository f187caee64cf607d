//! The forward pass: from the values of the inputs to what the output units sum up. Training, evaluating and answering share
//! it; they differ in how rows lie in memory, and in which layers' values they keep.

use crate::kernels::{Buffer, LANES, add_share, kernels};
use crate::layers::{Layer, LookedUp};
use crate::normalization::Scaling;
use crate::options::Output;

/// How the values of rows lie in memory.
pub(crate) trait Arrangement {
    /// Rows of a group: each value of a layer is there so many times, side by side.
    const LANES: usize;

    /// Scales the inputs of a group.
    fn standardize(scaling: &Scaling, x: &[f32], to: &mut [f32]);

    /// What the units of a dense layer sum up.
    fn affine(matrix: &[f32], inputs: usize, x: &[f32], groups: usize, z: &mut [f32]);

    /// The outputs of a group, in place of what the output units sum up.
    fn predict(output: Output, z: &mut [f32]);
}

/// Sixteen rows, value after value.
pub(crate) struct Grouped;

/// A row alone.
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

/// Loads the inputs of a group, as the first layer sees them.
pub(crate) fn load<A: Arrangement>(scaling: Option<&Scaling>, x: &[f32], to: &mut [f32]) {
    match scaling {
        Some(scaling) => A::standardize(scaling, x, to),
        None => to.copy_from_slice(x),
    }
}

/// Where the values of layers are kept.
pub(crate) trait Values {
    /// The values that the layer of this index takes, and room for those that it gives.
    fn around(&mut self, layer: usize) -> (&[f32], &mut [f32]);
}

/// The values of the inputs and of every layer, as training needs them.
impl Values for [Buffer] {
    fn around(&mut self, layer: usize) -> (&[f32], &mut [f32]) {
        let (before, after) = self.split_at_mut(layer + 1);
        (&before[layer], &mut after[0])
    }
}

/// The values of the inputs, and those of the last two layers.
pub(crate) struct LastTwo<'a> {
    pub(crate) inputs: &'a mut [f32],
    pub(crate) before: &'a mut [f32],
    /// Those of the last layer computed.
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

/// What the output units of one member sum up, for some groups.
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

/// What the output units of all members sum up, averaged, for some groups; `mean` is room for it where there are several.
/// `weights` gives each member its own.
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

/// The index of the largest value, the first of equals.
pub(crate) fn largest(values: impl IntoIterator<Item = f32>) -> usize {
    let mut values = values.into_iter().enumerate();
    let first = values.next().expect("there is a value");
    values.fold(first, |best, next| if next.1 > best.1 { next } else { best }).0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_is_the_first_of_equals_and_never_no_number() {
        assert_eq!(largest([1.0, 3.0, 3.0, 2.0]), 1);
        assert_eq!(largest([-1.0, f32::NAN, -2.0]), 0);
        assert_eq!(largest([f32::NAN]), 0);
    }

    #[test]
    fn the_last_two_layers_take_turns() {
        let (mut inputs, mut a, mut b) = ([1.0], [0.0], [0.0]);
        let mut values = LastTwo { inputs: &mut inputs, before: &mut a, last: &mut b };
        for layer in 0..3 {
            let (x, y) = values.around(layer);
            y[0] = 10.0 * x[0] + layer as f32;
        }
        assert_eq!(values.last, [1012.0]);
    }
}
