//! All that the answers of a network follow from, for whoever computes them elsewhere: exporters, drawings, tests.

use crate::kernels::{MAX_INPUT, MAX_STANDARDIZED};
use crate::layout::Kind;
use crate::model::Model;
use crate::normalization::Scaling;
use crate::options::{Activation, Output};

/// What a network computes, step by step, in single precision (IEEE 754, rounded to nearest):
///
/// 1. With `inputs`, each input `x` becomes `(x - mean) * scale`, the difference kept within `-f32::MAX..=f32::MAX` and the
///    product within `-input_limit..=input_limit`; without, it stays as it is.
/// 2. Each member goes through its layers, first to last. A dense layer gives for each unit its bias, to which for each
///    input in turn the input times its weight is added in one rounding (`f32::mul_add`), kept within
///    `-unit_limit..=unit_limit`; then comes the layer's activation, if it has one.
/// 3. Of several members, the output units become the sum over the members in turn, from 0 on, of what they give times
///    `1.0 / members`.
/// 4. The head makes outputs of these: [`Output::Softmax`] of all together, [`Output::Sigmoid`] of each, [`Output::Linear`] none.
///    Where the answer is monotone in inputs, the softmax of two classes is the sigmoid of the difference of their units, which
///    is the same but for the last bits.
/// 5. With `outputs`, each output `y` becomes `y / scale + mean`, kept within `-f32::MAX..=f32::MAX`, or `mean` where the
///    scale is 0.
///
/// A classifier's class is the first of its greatest outputs. Exponentials are the engine's own: where [`Activation::Tanh`],
/// [`Activation::Sigmoid`], or a head other than linear is computed by another library, the last bits may differ.
#[derive(Debug, Clone, PartialEq)]
pub struct Description {
    /// What the network answers.
    pub kind: Kind,
    /// How inputs are scaled; none before the first training, unless the answer is monotone in some.
    pub inputs: Option<Scaling>,
    /// Bound of a scaled input.
    pub input_limit: f32,
    /// The layers of each member.
    pub members: Vec<Vec<LayerDescription>>,
    /// Bound of what a unit sums up.
    pub unit_limit: f32,
    /// The head.
    pub output: Output,
    /// How a regressor's outputs are scaled, if they are.
    pub outputs: Option<Scaling>,
}

/// A layer, by its kind.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum LayerDescription {
    /// Each unit sees every value of the layer before.
    Dense {
        /// Values of the layer before.
        inputs: usize,
        /// Units.
        outputs: usize,
        /// Of each unit.
        biases: Vec<f32>,
        /// From the first input to each unit, then from the second, and so on.
        weights: Vec<f32>,
        /// The function of the units; none for the output units.
        activation: Option<Activation>,
    },
}

impl Description {
    pub(crate) fn of(model: &Model) -> Self {
        let layers = |weights: &[f32]| {
            model.layout().layers(model.options.activation).map(|layer| layer.describe(weights)).collect()
        };
        Self {
            kind: model.kind,
            inputs: model.trained.normalization.inputs.clone(),
            input_limit: MAX_STANDARDIZED,
            members: model.trained.weights().map(layers).collect(),
            unit_limit: MAX_INPUT,
            output: model.options.output,
            outputs: model.trained.normalization.outputs.clone(),
        }
    }
}
