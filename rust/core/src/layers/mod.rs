//! Layers of a network: parameters, forward and backward pass, initialization, and rescaling.
//!
//! A [`Layer`] is a value that knows where its parameters are among those of a member. Everything that depends on the
//! kind of a layer is in this folder, in one file for each kind.

mod dense;
mod looked_up;

use std::ops::Range;

use crate::description::LayerDescription;
use crate::forward::Arrangement;
use crate::layout::{FirstInputs, Layout};
use crate::normalization::Scaling;
use crate::options::{Activation, Output};
use crate::random::Random;
pub(crate) use dense::Dense;
pub(crate) use looked_up::{LookedUp, Noted};

/// A layer of any kind. Methods that take the parameters of a member use only the layer's part.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Layer {
    /// Fully connected: each unit sees all values of the previous layer.
    Dense(Dense),
}

/// Parameters of a layer with the same weight decay.
pub(crate) struct Decaying {
    /// Their range among the parameters of a member.
    pub(crate) range: Range<usize>,
    /// For weights, the number of inputs of a unit. `None` for biases, which do not decay.
    pub(crate) inputs: Option<usize>,
}

/// Call a method of a layer of any kind.
macro_rules! of_kind {
    ($layer:expr, $dense:ident => $call:expr) => {
        match $layer {
            Self::Dense($dense) => $call,
        }
    };
}

impl Layer {
    /// Number of values that it reads of each row, without looked-up inputs.
    pub(crate) fn inputs(&self) -> usize {
        of_kind!(self, dense => dense.inputs.computed)
    }

    /// Number of values that it returns for each row.
    pub(crate) fn outputs(&self) -> usize {
        of_kind!(self, dense => dense.connection.outputs)
    }

    /// Describe the layer with its parameters out of those of a member.
    pub(crate) fn describe(&self, weights: &[f32]) -> LayerDescription {
        of_kind!(self, dense => dense.describe(weights))
    }

    /// Initialize the parameters randomly.
    pub(crate) fn draw(&self, weights: &mut [f32], random: &mut Random) {
        of_kind!(self, dense => dense.draw(weights, random));
    }

    /// Number of random numbers that [`Self::draw`] draws.
    pub(crate) fn draws(&self) -> usize {
        of_kind!(self, dense => dense.draws())
    }

    /// Set the initial step sizes of RPROP.
    pub(crate) fn first_sizes(&self, sizes: &mut [f32]) {
        of_kind!(self, dense => dense.first_sizes(sizes));
    }

    /// The parameters, grouped by weight decay.
    pub(crate) fn decaying(&self) -> impl Iterator<Item = Decaying> + use<> {
        of_kind!(self, dense => dense.decaying().into_iter())
    }

    /// Forward pass: compute the outputs `y` for groups of rows from the values `x` of the previous layer. Only the
    /// first layer has looked-up inputs.
    #[inline]
    pub(crate) fn forward<A: Arrangement>(
        &self,
        weights: &[f32],
        x: &[f32],
        looked_up: &LookedUp,
        groups: usize,
        y: &mut [f32],
    ) {
        of_kind!(self, dense => dense.forward::<A>(weights, x, looked_up, groups, y));
    }

    /// Backward pass. `delta` holds the derivatives of the loss with respect to `y`, and is overwritten. Adds to
    /// `gradient`, and computes the derivatives with respect to `x` into `before`, if there is a previous layer.
    #[expect(clippy::too_many_arguments, reason = "the operands of the backward pass")]
    pub(crate) fn backward(
        &self,
        weights: &[f32],
        (x, looked_up): (&[f32], &LookedUp),
        y: &[f32],
        delta: &mut [f32],
        groups: usize,
        gradient: &mut [f32],
        before: Option<&mut [f32]>,
    ) {
        of_kind!(self, dense => dense.backward(weights, (x, looked_up), y, delta, groups, gradient, before));
    }

    /// Change parameters and step sizes so that inputs scaled by `new` give the same result as those scaled by `old`
    /// did.
    pub(crate) fn rescale_inputs(&self, old: &Scaling, new: &Scaling, weights: &mut [f32], sizes: &mut [f32]) {
        of_kind!(self, dense => dense.rescale_inputs(old, new, weights, sizes));
    }

    /// Change parameters and step sizes so that outputs scaled by `new` mean the same as those scaled by `old` did.
    pub(crate) fn rescale_outputs(
        &self,
        function: Output,
        old: &Scaling,
        new: &Scaling,
        weights: &mut [f32],
        sizes: &mut [f32],
    ) {
        of_kind!(self, dense => dense.rescale_outputs(function, old, new, weights, sizes));
    }
}

impl Layout {
    /// The layers from the first hidden one to the outputs, with this activation of hidden units.
    pub(crate) fn layers(
        &self,
        activation: Activation,
    ) -> impl DoubleEndedIterator<Item = Layer> + ExactSizeIterator + '_ {
        let last = self.units().len() - 2;
        self.connections().enumerate().map(move |(index, connection)| {
            let all = FirstInputs { computed: connection.inputs, of_a_row: connection.inputs };
            let inputs = if index == 0 { self.first_inputs() } else { all };
            Layer::Dense(Dense { connection, inputs, activation: (index < last).then_some(activation) })
        })
    }
}
