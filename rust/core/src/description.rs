//! Everything that determines the answers of a network, for code that computes them elsewhere: exporters, drawings,
//! tests.

use crate::kernels::{MAX_INPUT, MAX_STANDARDIZED};
use crate::layout::Kind;
use crate::model::Model;
use crate::normalization::Scaling;
use crate::options::{Activation, Output};
use crate::schema::FieldKind;

/// The computation of a network, step by step, in single precision (IEEE 754, rounded to nearest):
///
/// 1. With `inputs`, each input `x` becomes `(x - mean) * scale`, where the difference is clamped to
///    `-f32::MAX..=f32::MAX` and the product to `-input_limit..=input_limit`. Without `inputs` it is not changed.
/// 2. Each member computes its layers from first to last. A unit of a dense layer starts with its bias; for each input
///    in turn the input times its weight is added with one rounding (`f32::mul_add`). The sum is clamped to
///    `-unit_limit..=unit_limit`, and then the layer's activation is applied, if it has one.
/// 3. With several members, the pre-activations of an output unit are averaged: from 0 on, each member's value times
///    `1.0 / members` is added in turn.
/// 4. The head computes the outputs: [`Output::Softmax`] of all units together, [`Output::Sigmoid`] of each, or with
///    [`Output::Linear`] the units themselves. With `monotone` the softmax of two classes is computed as the sigmoid of
///    the difference of their units, which differs in the last bits only.
/// 5. With `outputs`, each output `y` becomes `y / scale + mean`, clamped to `-f32::MAX..=f32::MAX`, or `mean` if the
///    scale is 0.
///
/// A classifier's class is the first of its greatest outputs. The engine has its own exponential function: if another
/// library computes [`Activation::Tanh`], [`Activation::Sigmoid`] or a head other than linear, the last bits may
/// differ.
#[derive(Debug, Clone, PartialEq)]
pub struct Description {
    /// Classifier or regressor.
    pub kind: Kind,
    /// The scaling of inputs; none before the first training, unless the answer is monotone in some input.
    pub inputs: Option<Scaling>,
    /// Bound of a scaled input.
    pub input_limit: f32,
    /// The layers of each member, first to last.
    pub members: Vec<Vec<LayerDescription>>,
    /// Bound of a pre-activation.
    pub unit_limit: f32,
    /// The head: the function of the output units.
    pub output: Output,
    /// Whether the answer is monotone in some input, which changes how the softmax of two classes is computed.
    pub monotone: bool,
    /// The scaling of a regressor's outputs, if they are scaled.
    pub outputs: Option<Scaling>,
}

/// How the inputs of the first layer are computed from the fields of a row.
///
/// The computed inputs come first, as many for each field as its kind has; a gap becomes the mean of the scaling, or 0
/// without one. The others are sparse and looked up: gaps, unknown words, the buckets of a text, words. A row has only
/// a few of them. Their weights, times a value, are added to the pre-activations in this order: first those of all
/// fields that are neither texts nor tags, then those of texts and tags.
#[derive(Debug, Clone, PartialEq)]
pub struct FieldsDescription {
    /// The number of computed inputs.
    pub computed: usize,
    /// The number of inputs that the first layer has weights for. A word with a higher input counts as an unknown word.
    pub inputs: usize,
    /// The fields, in their order.
    pub fields: Vec<FieldDescription>,
}

/// A field, and its inputs.
#[derive(Debug, Clone, PartialEq)]
pub struct FieldDescription {
    /// Its name.
    pub name: Box<[u8]>,
    /// Its kind.
    pub kind: FieldKind,
    /// The first of its computed inputs.
    pub computed: usize,
    /// The input of a gap. The next one is that of an unknown word, or the first bucket of a text.
    pub gap: u32,
    /// Knots between which the place of a number is interpolated; empty if every number has the place 0.
    pub knots: Vec<f32>,
    /// Its words, with the input of each.
    pub words: Vec<(Box<[u8]>, u32)>,
}

/// How a network of sequences computes rows from events.
#[derive(Debug, Clone, PartialEq)]
pub struct SequencesDescription {
    /// The fields of events, whose inputs are those of the reservoir.
    pub events: FieldsDescription,
    /// The scaling of the computed inputs of events, for a reservoir; none before the first training.
    pub scaling: Option<Scaling>,
    /// Whether an event is an array of numbers without names, which is stored as one field.
    pub by_position: bool,
    /// How many events of a sequence are kept: the last ones.
    pub length: u32,
    /// How many events are fields of their own: the fields of the network are those of the last event, then those of
    /// the one before, and so on; then follows one field with the states of the reservoir.
    pub window: usize,
    /// The field of events that is the target, if the target is one.
    pub next: Option<usize>,
    /// The reservoir, if there is one.
    pub reservoir: Option<ReservoirDescription>,
}

/// A reservoir: recurrent units with fixed random weights.
///
/// For each event a unit starts with its bias. For each computed input of the event, scaled, clamped to -10 and 10 and
/// multiplied by `factor`, the input times its weight is added; then for each sparse input its value times its weight.
/// Product and sum are rounded separately. Then `from_before` times the previous state of the preceding unit is added
/// (the last unit precedes the first), and tanh is applied. The state of the unit moves towards the result by the share
/// `leaks`.
#[derive(Debug, Clone, PartialEq)]
pub struct ReservoirDescription {
    /// The seed of input weights: those of input `i` are the numbers from -1 to 1 of stream `i`.
    pub seed: u64,
    /// The bias of each unit.
    pub biases: Vec<f32>,
    /// The leak rate of each unit, from 0 to 1.
    pub leaks: Vec<f32>,
    /// The weight of each unit for the preceding unit.
    pub from_before: Vec<f32>,
    /// The factor of computed inputs.
    pub factor: f32,
}

/// A layer, by its kind.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum LayerDescription {
    /// A fully connected layer.
    Dense {
        /// Values of the layer before.
        inputs: usize,
        /// Units of this layer.
        outputs: usize,
        /// The bias of each unit.
        biases: Vec<f32>,
        /// The weights of the first input for each unit, then those of the second input, and so on.
        weights: Vec<f32>,
        /// The activation of the units; none for output units.
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
            monotone: model.options.monotone.is_any(),
            outputs: model.trained.normalization.outputs.clone(),
        }
    }
}
