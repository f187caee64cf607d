//! The dense (fully connected) layer.

use super::{Decaying, LookedUp};
use crate::description::LayerDescription;
use crate::forward::Arrangement;
use crate::kernels::{FIRST_SIZE, MAX_SIZE, MIN_SIZE, kernels};
use crate::layout::{Connection, FirstInputs};
use crate::normalization::Scaling;
use crate::options::{Activation, Output};
use crate::random::Random;

/// Inputs of a unit above which the initial step sizes of RPROP are smaller.
const MANY_INPUTS: f32 = 10.0;

/// A dense layer: each unit computes `activation(bias + sum of weights times inputs)`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Dense {
    pub(crate) connection: Connection,
    /// How many of its inputs are computed (dense). The others are looked up.
    pub(crate) inputs: FirstInputs,
    /// `None` for the output layer, whose function belongs to the loss.
    pub(crate) activation: Option<Activation>,
}

impl Dense {
    /// Initialize the parameters randomly, uniformly with a variance that preserves the scale of values from layer to
    /// layer.
    ///
    /// The variance is `1 / inputs` ("Efficient backprop", Neural Networks: Tricks of the Trade, 1998), for rectified
    /// units `2 / inputs` (He et al., ICCV 2015), and for sigmoid units, whose slope at 0 is a quarter, 16 times that
    /// of tanh units. Biases of hidden units are random, too. With biases of 0, the kinks of all units of the first
    /// layer would go through the mean of the rows, and functions that are nonlinear elsewhere (two spirals) would not
    /// be learned.
    pub(super) fn draw(&self, weights: &mut [f32], random: &mut Random) {
        let Self { connection, inputs, activation } = self;
        let variance = match activation {
            None | Some(Activation::Tanh) => 1.0,
            Some(Activation::Relu) => 2.0,
            Some(Activation::Sigmoid) => 16.0,
        };
        let bound = (3.0 * variance / inputs.of_a_row as f32).sqrt();
        // Weights of looked-up inputs stay 0: nothing is known of a word before there are rows with it.
        for weight in &mut weights[self.computed()][connection.outputs..] {
            *weight = bound * random.symmetric();
        }
        if let Some(activation) = activation {
            let bound = if *activation == Activation::Sigmoid { 4.0 } else { 1.0 };
            weights[connection.biases()].fill_with(|| bound * random.symmetric());
        }
    }

    /// The range of the biases and of the weights of computed inputs.
    fn computed(&self) -> std::ops::Range<usize> {
        let Self { connection: Connection { outputs, offset, .. }, inputs, .. } = self;
        *offset..offset + (1 + inputs.computed) * outputs
    }

    pub(super) fn describe(&self, weights: &[f32]) -> LayerDescription {
        let Self { connection, activation, .. } = *self;
        let weights = &weights[connection.all()];
        let (biases, weights) = weights.split_at(connection.outputs);
        let (biases, weights) = (biases.to_vec(), weights.to_vec());
        LayerDescription::Dense { inputs: connection.inputs, outputs: connection.outputs, biases, weights, activation }
    }

    pub(super) fn draws(&self) -> usize {
        let Self { connection, inputs, activation } = self;
        inputs.computed * connection.outputs + if activation.is_some() { connection.outputs } else { 0 }
    }

    /// RPROP moves all weights of a unit at once, so its sum changes in proportion to its inputs. From [`MANY_INPUTS`]
    /// on, the initial steps are smaller by that factor. Otherwise rows of a thousand hashed words would be overfitted
    /// after a few steps.
    pub(super) fn first_sizes(&self, sizes: &mut [f32]) {
        let many = (self.inputs.of_a_row as f32 / MANY_INPUTS).max(1.0);
        sizes[self.connection.biases()].fill(FIRST_SIZE);
        sizes[self.connection.weights()].fill((FIRST_SIZE / many).max(MIN_SIZE));
    }

    pub(super) fn decaying(&self) -> [Decaying; 2] {
        [
            Decaying { range: self.connection.biases(), inputs: None },
            Decaying { range: self.connection.weights(), inputs: Some(self.inputs.of_a_row) },
        ]
    }

    #[inline]
    pub(super) fn forward<A: Arrangement>(
        &self,
        weights: &[f32],
        x: &[f32],
        looked_up: &LookedUp,
        groups: usize,
        y: &mut [f32],
    ) {
        let Self { connection, inputs, activation } = self;
        let x = &x[..A::LANES * groups * inputs.computed];
        let y = &mut y[..A::LANES * groups * connection.outputs];
        A::affine(&weights[self.computed()], inputs.computed, x, groups, y);
        if inputs.computed < connection.inputs {
            looked_up.forward::<A>(&weights[connection.all()], connection.outputs, y);
        }
        if let Some(activation) = activation {
            (kernels().activate)(*activation, y);
        }
    }

    #[expect(clippy::too_many_arguments, reason = "the operands of the backward pass")]
    pub(super) fn backward(
        &self,
        weights: &[f32],
        (x, looked_up): (&[f32], &LookedUp),
        y: &[f32],
        delta: &mut [f32],
        groups: usize,
        gradient: &mut [f32],
        before: Option<&mut [f32]>,
    ) {
        let Self { connection, inputs, activation } = self;
        if let Some(activation) = activation {
            (kernels().derive)(*activation, y, delta);
        }
        (kernels().gradient)(inputs.computed, x, delta, groups, &mut gradient[self.computed()]);
        if inputs.computed < connection.inputs {
            looked_up.backward(delta, connection.outputs, &mut gradient[connection.all()]);
        }
        if let Some(before) = before {
            (kernels().backward)(&weights[connection.all()], connection.inputs, delta, groups, before);
        }
    }

    /// A unit computes `b + sum_i w_i (x_i - m_i) s_i`. With new `m'` and `s'` this is unchanged for
    /// `w'_i = w_i s_i / s'_i` and `b' = b + sum_i w_i s_i (m'_i - m_i)`. Step sizes are in units of the weight, so they
    /// scale with it.
    pub(super) fn rescale_inputs(&self, old: &Scaling, new: &Scaling, weights: &mut [f32], sizes: &mut [f32]) {
        let Connection { outputs, offset, .. } = self.connection;
        let mut shift = vec![0.0; outputs];
        for input in 0..self.inputs.computed {
            let (scale, moved) = (f64::from(old.scale[input]), f64::from(new.mean[input]) - f64::from(old.mean[input]));
            // An input that had scale 0, and so no effect, starts with weight 0.
            let ratio = if scale == 0.0 { 0.0 } else { scale / f64::from(new.scale[input]) };
            let from = offset + (1 + input) * outputs;
            for (unit, weight) in weights[from..from + outputs].iter_mut().enumerate() {
                shift[unit] += f64::from(*weight) * scale * moved;
                *weight = finite(f64::from(*weight) * ratio);
            }
            if ratio != 0.0 {
                rescale(&mut sizes[from..from + outputs], ratio);
            }
        }
        for (bias, shift) in weights[self.connection.biases()].iter_mut().zip(shift) {
            *bias = finite(f64::from(*bias) + shift);
        }
    }

    /// A linear output is `m + z / s`, which is unchanged for `z' = (z / s + m - m') s'`. Sigmoid outputs keep their
    /// scaling (see [`Scaling::of_outputs`]). An output that was constant starts as that constant, by its bias. An
    /// output that becomes constant keeps its weights.
    pub(super) fn rescale_outputs(
        &self,
        function: Output,
        old: &Scaling,
        new: &Scaling,
        weights: &mut [f32],
        sizes: &mut [f32],
    ) {
        let (biases, all) = (self.connection.biases(), self.connection.all());
        let mut first_sizes = vec![0.0; sizes.len()];
        self.first_sizes(&mut first_sizes);
        for unit in 0..self.connection.outputs {
            let (scale, new_scale) = (f64::from(old.scale[unit]), f64::from(new.scale[unit]));
            let shift = (f64::from(old.mean[unit]) - f64::from(new.mean[unit])) * new_scale;
            if new_scale == 0.0 || function != Output::Linear && scale != 0.0 {
                continue;
            }
            for at in (all.start + unit..all.end).step_by(self.connection.outputs) {
                let is_bias = at < biases.end;
                if scale == 0.0 {
                    weights[at] = if is_bias { sum_for_output(shift, function) } else { 0.0 };
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

/// The sum that makes an output unit return `output`, as nearly as its function can.
fn sum_for_output(output: f64, function: Output) -> f32 {
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
    for size in sizes {
        *size = ((f64::from(*size) * ratio) as f32).clamp(MIN_SIZE, MAX_SIZE);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layout::Layout;

    fn dense(activation: Option<Activation>, inputs: FirstInputs) -> Dense {
        let layout = Layout::of_fields(&[120, 50], inputs).unwrap();
        Dense { connection: layout.connections().next().unwrap(), inputs, activation }
    }

    #[test]
    fn initial_weights_have_the_variance_of_their_activation() {
        let inputs = FirstInputs { computed: 120, of_a_row: 120 };
        for (activation, variance, of_bias) in [
            (None, 1.0, 0.0),
            (Some(Activation::Tanh), 1.0, 1.0),
            (Some(Activation::Relu), 2.0, 1.0),
            (Some(Activation::Sigmoid), 16.0, 4.0),
        ] {
            let (layer, mut weights) = (dense(activation, inputs), vec![0.0; 121 * 50]);
            let mut random = Random::new(1, 1);
            let skipped = random.skip(layer.draws() as u64);
            layer.draw(&mut weights, &mut random);
            assert_eq!(random, skipped);
            let (biases, weights) = weights.split_at(50);
            let found = 120.0 * weights.iter().map(|w| w * w).sum::<f32>() / weights.len() as f32;
            assert!((found / variance - 1.0).abs() < 0.1, "{activation:?}: {found}");
            // The largest of fifty uniform biases is near the bound.
            let largest = biases.iter().fold(0f32, |most, bias| most.max(bias.abs()));
            assert!(largest <= of_bias && largest >= 0.8 * of_bias, "{activation:?}: {largest}");
        }
    }

    #[test]
    fn looked_up_weights_start_at_0_and_others_by_the_inputs_of_a_row() {
        let inputs = FirstInputs { computed: 90, of_a_row: 30 };
        let (layer, mut weights) = (dense(Some(Activation::Relu), inputs), vec![0.0; 121 * 50]);
        let mut random = Random::new(1, 1);
        let skipped = random.skip(layer.draws() as u64);
        layer.draw(&mut weights, &mut random);
        assert_eq!((random, layer.draws()), (skipped, 90 * 50 + 50));
        let (computed, looked_up) = weights[50..].split_at(90 * 50);
        assert!(looked_up.iter().all(|&weight| weight == 0.0) && computed.iter().all(|&weight| weight != 0.0));
        let found = 30.0 * computed.iter().map(|w| w * w).sum::<f32>() / computed.len() as f32;
        assert!((found / 2.0 - 1.0).abs() < 0.1, "{found}");
        let mut sizes = vec![0.0; 121 * 50];
        layer.first_sizes(&mut sizes);
        assert!(sizes[..50].iter().all(|&size| size == FIRST_SIZE));
        assert!(sizes[50..].iter().all(|&size| (size - FIRST_SIZE / 3.0).abs() < 1e-6));
        let [biases, weights] = layer.decaying();
        assert_eq!((biases.range, biases.inputs), (0..50, None));
        assert_eq!((weights.range, weights.inputs), (50..121 * 50, Some(30)));
    }
}
