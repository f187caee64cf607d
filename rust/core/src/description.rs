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
/// A classifier's class is the first of its greatest outputs, unless it has a [`crate::Threshold`]. The engine has its
/// own exponential function: if another library computes [`Activation::Tanh`], [`Activation::Sigmoid`] or a head other
/// than linear, the last bits may differ.
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
    /// The fields of events, whose inputs are those of the cell. Numbers have the place 0 there.
    pub events: FieldsDescription,
    /// How the computed inputs of events are scaled, for a cell; none before the first training.
    pub scaling: Option<Scaling>,
    /// Whether an event is an array of numbers without names, which is stored as one field.
    pub by_position: bool,
    /// How many events of a sequence are kept: the last ones.
    pub length: u32,
    /// The last events that are fields of their own: the fields of the network are those of the last event, of the one
    /// before and so on, and then one for the hidden state.
    pub window: usize,
    /// The field of events that is the target, if the target is one.
    pub next: Option<usize>,
    /// The reservoir, if there is one.
    pub reservoir: Option<ReservoirDescription>,
    /// The GRU cells, if the network has such.
    pub gru: Option<GruDescription>,
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

/// The GRU cells of a network, one of each member. Each has a hidden state h of `units` numbers, 0 before the first
/// event.
///
/// For each event, with x its inputs:
///
/// 1. Computed inputs are scaled and kept from -10 to 10; gaps are 0.
/// 2. Each of `3 * units` sums begins with its input bias. The computed inputs times their weights are added in turn,
///    each in one rounding; the sum is clamped to `-unit_limit..=unit_limit` of [`Description`]. The inputs that are
///    looked up are added in the same way, and the sum is clamped again.
/// 3. `3 * units` other sums begin with their hidden biases, and h times the hidden weights is added likewise.
/// 4. With a the former sums and b the latter, in three parts for the gates z, r and n: `z = sigmoid(a + b)`,
///    `r = sigmoid(a + b)`, `n = tanh(a + r * b)`, and h becomes `h + z * (n - h)`. Each operation is rounded by itself.
///
/// The field of the hidden state has `parts` parts of the same length, of which each member's cell fills the one at its
/// own place, and the others are 0. A part is h, and where no field of the events is the target, after it the mean of h
/// over all events: the sum of h after each event in turn, divided by the number of events, or by 1 if there are none.
#[derive(Debug, Clone, PartialEq)]
pub struct GruDescription {
    /// Numbers of a hidden state.
    pub units: usize,
    /// Parts of the field of the hidden state.
    pub parts: usize,
    /// Inputs of an event that the cells have weights for; a word of a higher number is any other word to them.
    pub inputs: usize,
    /// The cell of each member; none before the first training, when all parts are 0.
    pub cells: Vec<GruCellDescription>,
}

/// The parameters of a GRU cell: in each row `units` numbers of the gate z, then those of r, then those of n.
#[derive(Debug, Clone, PartialEq)]
pub struct GruCellDescription {
    /// One row.
    pub input_biases: Vec<f32>,
    /// A row for each input of an event.
    pub input_weights: Vec<f32>,
    /// One row.
    pub hidden_biases: Vec<f32>,
    /// A row for each number of the hidden state.
    pub hidden_weights: Vec<f32>,
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
