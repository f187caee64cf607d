//! The tunable parameters: first values, and what becomes of them when normalization changes.

use crate::kernels::{FIRST_SIZE, MIN_SIZE};
use crate::layout::Layout;
use crate::normalization::{Normalization, Scaling};
use crate::options::{Activation, Output};
use crate::random::Random;

/// Inputs of a unit from which on its first steps are smaller.
const MANY_INPUTS: f32 = 10.0;

/// Random first weights, uniform with a variance that keeps the scale of values from layer to layer.
///
/// Variance `1 / inputs` ("Efficient backprop", Neural Networks: Tricks of the Trade, 1998), for rectified units `2 / inputs`
/// (He and others, ICCV 2015), for sigmoid units, whose slope at 0 is a quarter, 16 times that of tanh units.
/// Biases of hidden units are uniform too, of the size of what the units sum up: with biases of 0 the bends of all first
/// units go through the mean of the rows, and what is not linear there alone is not learnt (two spirals).
pub(crate) fn initial(layout: &Layout, activation: Activation, random: &mut Random) -> Vec<f32> {
    let mut weights = vec![0.0; layout.parameters()];
    let last = layout.connections().len() - 1;
    for (index, connection) in layout.connections().enumerate() {
        let variance = match activation {
            _ if index == last => 1.0,
            Activation::Tanh => 1.0,
            Activation::Relu => 2.0,
            Activation::Sigmoid => 16.0,
        };
        let bound = (3.0 * variance / connection.inputs as f32).sqrt();
        for weight in &mut weights[connection.biases().end..connection.all().end] {
            *weight = bound * random.symmetric();
        }
        if index < last {
            let bound = if activation == Activation::Sigmoid { 4.0 } else { 1.0 };
            weights[connection.biases()].fill_with(|| bound * random.symmetric());
        }
    }
    weights
}

/// Random numbers that [`initial`] draws: one for each parameter but the biases of the outputs.
pub(crate) fn draws(layout: &Layout) -> u64 {
    (layout.parameters() - layout.outputs()) as u64
}

/// RPROP's first step sizes.
///
/// All parameters move at once, so a unit of many inputs moves by the more: from [`MANY_INPUTS`] on their steps are as much
/// smaller. Rows of a thousand hashed words would else be known by heart after a few steps.
pub(crate) fn first_sizes(layout: &Layout) -> Vec<f32> {
    let mut sizes = vec![FIRST_SIZE; layout.parameters()];
    for connection in layout.connections() {
        let many = (connection.inputs as f32 / MANY_INPUTS).max(1.0);
        sizes[connection.biases().end..connection.all().end].fill((FIRST_SIZE / many).max(MIN_SIZE));
    }
    sizes
}

/// Weights and step sizes that say under `after` what they said under `before`.
///
/// A first-layer unit sees `b + sum_i w_i (x_i - m_i) s_i`; with new `m'`, `s'` the same is `w'_i = w_i s_i / s'_i` and
/// `b' = b + sum_i w_i s_i (m'_i - m_i)`. A linear output says `m + z / s`; the same is `z' = (z / s + m - m') s'`. Step
/// sizes are moves of a weight, so they scale with it. Sigmoid outputs keep their scaling (see [`Scaling::of_outputs`]).
/// An output that was a constant so far begins as that constant, as a bias; the weights of one that becomes a constant stay.
pub(crate) fn reexpress(
    layout: &Layout,
    output: Output,
    before: &Normalization,
    after: &Normalization,
    weights: &mut [f32],
    sizes: &mut [f32],
) {
    if before.inputs != after.inputs {
        let first = layout.connections().next().expect("a layout has a connection");
        let identity = Scaling::identity(layout.inputs());
        let old = before.inputs.as_ref().unwrap_or(&identity);
        let new = after.inputs.as_ref().unwrap_or(&identity);
        let columns = first.outputs;
        let mut shift = vec![0.0; columns];
        for input in 0..first.inputs {
            let (scale, moved) = (f64::from(old.scale[input]), f64::from(new.mean[input]) - f64::from(old.mean[input]));
            // An input without a say so far has none at first.
            let ratio = if scale == 0.0 { 0.0 } else { scale / f64::from(new.scale[input]) };
            let from = first.offset + (1 + input) * columns;
            for (unit, weight) in weights[from..from + columns].iter_mut().enumerate() {
                shift[unit] += f64::from(*weight) * scale * moved;
                *weight = finite(f64::from(*weight) * ratio);
            }
            if ratio != 0.0 {
                rescale(&mut sizes[from..from + columns], ratio);
            }
        }
        for (bias, shift) in weights[first.biases()].iter_mut().zip(shift) {
            *bias = finite(f64::from(*bias) + shift);
        }
    }
    if before.outputs != after.outputs {
        let last = layout.connections().next_back().expect("a layout has a connection");
        let identity = Scaling::identity(layout.outputs());
        let old = before.outputs.as_ref().unwrap_or(&identity);
        let new = after.outputs.as_ref().unwrap_or(&identity);
        let first_sizes = first_sizes(layout);
        for unit in 0..last.outputs {
            let (scale, new_scale) = (f64::from(old.scale[unit]), f64::from(new.scale[unit]));
            let shift = (f64::from(old.mean[unit]) - f64::from(new.mean[unit])) * new_scale;
            if new_scale == 0.0 || output != Output::Linear && scale != 0.0 {
                continue;
            }
            for at in (last.offset + unit..last.all().end).step_by(last.outputs) {
                let is_bias = at < last.biases().end;
                if scale == 0.0 {
                    weights[at] = if is_bias { unit_that_says(shift, output) } else { 0.0 };
                    sizes[at] = first_sizes[at];
                } else {
                    weights[at] =
                        finite(f64::from(weights[at]) * new_scale / scale + if is_bias { shift } else { 0.0 });
                    rescale(&mut sizes[at..=at], new_scale / scale);
                }
            }
        }
    }
}

/// What an output unit has to sum up for an output, as near as its function comes to it.
fn unit_that_says(output: f64, function: Output) -> f32 {
    if function == Output::Sigmoid {
        let output = output.clamp(1e-6, 1.0 - 1e-6);
        return finite((output / (1.0 - output)).ln());
    }
    finite(output)
}

fn finite(value: f64) -> f32 {
    (value as f32).clamp(f32::MIN, f32::MAX)
}

fn rescale(sizes: &mut [f32], ratio: f64) {
    use crate::kernels::{MAX_SIZE, MIN_SIZE};
    for size in sizes {
        *size = ((f64::from(*size) * ratio) as f32).clamp(MIN_SIZE, MAX_SIZE);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn initial_weights_are_scaled_to_their_fan_in_and_seeded() {
        let layout = Layout::new(&[100, 50, 10]).unwrap();
        let weights = initial(&layout, Activation::Tanh, &mut Random::new(1, 2));
        assert_eq!(weights, initial(&layout, Activation::Tanh, &mut Random::new(1, 2)));
        assert_ne!(weights, initial(&layout, Activation::Tanh, &mut Random::new(2, 2)));
        let mut random = Random::new(1, 2);
        let skipped = random.skip(draws(&layout));
        initial(&layout, Activation::Tanh, &mut random);
        assert_eq!(random, skipped);
        for connection in layout.connections() {
            let (biases, weights) = weights[connection.all()].split_at(connection.outputs);
            let hidden = connection.outputs == 50;
            assert!(biases.iter().all(|b| (*b != 0.0) == hidden && b.abs() < 1.0), "{biases:?}");
            let variance = weights.iter().map(|w| w * w).sum::<f32>() / weights.len() as f32;
            assert!((variance * connection.inputs as f32 - 1.0).abs() < 0.2, "{variance}");
        }
    }
}
