//! Layers: each turns the values of one layer of units into those of the next, by parameters of its own.
//!
//! A layer is a value: where its parameters are among those of a member, and what it does with them. All that depends on the
//! kind of layer is here, in a file for each kind.

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

/// A layer, by its kind. What takes all parameters of a member takes the layer's own out of them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Layer {
    /// Each unit sees every value of the layer before.
    Dense(Dense),
}

/// Parameters of a layer that decay alike.
pub(crate) struct Decaying {
    /// Where they are among those of a member.
    pub(crate) range: Range<usize>,
    /// Inputs of each unit whose weights they are; none for biases, which do not decay.
    pub(crate) inputs: Option<usize>,
}

/// Calls a method of a layer, whatever its kind.
macro_rules! of_kind {
    ($layer:expr, $dense:ident => $call:expr) => {
        match $layer {
            Self::Dense($dense) => $call,
        }
    };
}

impl Layer {
    /// Values that it takes of each row, besides those that are looked up.
    pub(crate) fn inputs(&self) -> usize {
        of_kind!(self, dense => dense.inputs.computed)
    }

    /// Values that it gives of each row.
    pub(crate) fn outputs(&self) -> usize {
        of_kind!(self, dense => dense.connection.outputs)
    }

    /// What it is, with its part of a member's parameters.
    pub(crate) fn describe(&self, weights: &[f32]) -> LayerDescription {
        of_kind!(self, dense => dense.describe(weights))
    }

    /// Draws random first parameters.
    pub(crate) fn draw(&self, weights: &mut [f32], random: &mut Random) {
        of_kind!(self, dense => dense.draw(weights, random));
    }

    /// Random numbers that [`Self::draw`] draws.
    pub(crate) fn draws(&self) -> usize {
        of_kind!(self, dense => dense.draws())
    }

    /// Sets the step sizes that RPROP begins with.
    pub(crate) fn first_sizes(&self, sizes: &mut [f32]) {
        of_kind!(self, dense => dense.first_sizes(sizes));
    }

    /// Its parameters, by how they decay.
    pub(crate) fn decaying(&self) -> impl Iterator<Item = Decaying> + use<> {
        of_kind!(self, dense => dense.decaying().into_iter())
    }

    /// Values `y` of some groups of rows, from those of the layer before and from what is looked up, which the first layer alone
    /// has.
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

    /// Adds to the gradient what the derivatives `delta` of the loss by the values `y` come to, and computes those by the values
    /// `x` of the layer before, if there is one. `delta` itself is used up.
    #[expect(clippy::too_many_arguments, reason = "what the layer has computed, and what becomes of it")]
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

    /// Changes parameters and step sizes so that inputs scaled by `new` give what those scaled by `old` gave.
    pub(crate) fn rescale_inputs(&self, old: &Scaling, new: &Scaling, weights: &mut [f32], sizes: &mut [f32]) {
        of_kind!(self, dense => dense.rescale_inputs(old, new, weights, sizes));
    }

    /// Changes parameters and step sizes so that outputs scaled by `new` say what those scaled by `old` said.
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
    /// The layers after the inputs, first to last, where hidden units have this activation.
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
