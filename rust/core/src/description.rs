//! All that the answers of a network follow from, for whoever computes them elsewhere: exporters, drawings, tests.

use crate::kernels::{MAX_INPUT, MAX_STANDARDIZED};
use crate::layout::Kind;
use crate::model::Model;
use crate::normalization::Scaling;
use crate::options::{Activation, Output};
use crate::schema::FieldKind;

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
    /// Whether the answer is monotone in inputs, with which the softmax of two classes is computed in another way.
    pub monotone: bool,
    /// How a regressor's outputs are scaled, if they are.
    pub outputs: Option<Scaling>,
}

/// How the inputs of a first layer follow from the fields of a row.
///
/// First come the inputs that are computed, of each field as many as its kind says; a gap is the mean of the scaling, or 0
/// without one. Those after them are looked up: a gap, another word, the buckets of a text, words. Of these a row has a few,
/// whose weights, times a value, are added to what the units have summed up, in order: first of the fields that are no texts
/// and no tags, then of these.
#[derive(Debug, Clone, PartialEq)]
pub struct FieldsDescription {
    /// Inputs that are computed.
    pub computed: usize,
    /// All inputs that the first layer has weights for; a word of a higher number is any other word to it.
    pub inputs: usize,
    /// The fields, in their order.
    pub fields: Vec<FieldDescription>,
}

/// A field, and the inputs that it has.
#[derive(Debug, Clone, PartialEq)]
pub struct FieldDescription {
    /// What it is called.
    pub name: Box<[u8]>,
    /// How its values are understood.
    pub kind: FieldKind,
    /// The first of its inputs that are computed.
    pub computed: usize,
    /// The input that says that there is a gap. The next one stands for another word, or is the first bucket of a text.
    pub gap: u32,
    /// Numbers between which the place of a number is told; empty where all have the place 0.
    pub knots: Vec<f32>,
    /// Its words, and the input of each.
    pub words: Vec<(Box<[u8]>, u32)>,
}

/// What a network sees of sequences.
#[derive(Debug, Clone, PartialEq)]
pub struct SequencesDescription {
    /// The fields of events, whose inputs are those of the cell. Numbers have the place 0 there.
    pub events: FieldsDescription,
    /// How the computed inputs of events are scaled, for a cell; none before the first training.
    pub scaling: Option<Scaling>,
    /// Whether events are numbers by their positions, in one field.
    pub by_position: bool,
    /// Events that are kept, the last so many.
    pub length: u32,
    /// The last events that are fields of their own: the fields of the network are those of the last event, of the one before
    /// and so on, and then one for the hidden state.
    pub window: usize,
    /// The field that is the target, if it is one.
    pub next: Option<usize>,
    /// The reservoir, if there is one.
    pub reservoir: Option<ReservoirDescription>,
    /// The GRU cells, if the network has such.
    pub gru: Option<GruDescription>,
}

/// A reservoir: fixed units that remember.
///
/// A unit begins with its bias, to which for each computed input of an event, scaled, kept from -10 to 10, and times `factor`,
/// the input times its weight is added, and for each input that is looked up its value times its weight: product and sum
/// are rounded one after the other. Then comes `from_before` times what the unit before it held, the first unit's being
/// the last, and tanh. What the unit holds moves towards this by the share `leaks`.
#[derive(Debug, Clone, PartialEq)]
pub struct ReservoirDescription {
    /// Of the weights of inputs: those of input `i` are the numbers from -1 to 1 of stream `i` of this seed.
    pub seed: u64,
    /// Of each unit.
    pub biases: Vec<f32>,
    /// How fast each unit forgets.
    pub leaks: Vec<f32>,
    /// Weights of the unit before.
    pub from_before: Vec<f32>,
    /// What computed inputs are multiplied by.
    pub factor: f32,
}

/// The GRU cells of a network, one of each member. Each has a hidden state h of `units` numbers, 0 before the first event.
///
/// For each event, with x its inputs:
///
/// 1. Computed inputs are scaled and kept from -10 to 10; gaps are 0.
/// 2. Each of `3 * units` sums begins with its input bias. The computed inputs times their weights are added in turn, each in one
///    rounding; the sum is kept within `-unit_limit..=unit_limit` of [`Description`]. The inputs that are looked up are added in
///    the same way, and the sum is kept within the bounds again.
/// 3. `3 * units` other sums begin with their hidden biases, and h times the hidden weights is added likewise.
/// 4. With a the former sums and b the latter, in three parts for the gates z, r and n: `z = sigmoid(a + b)`,
///    `r = sigmoid(a + b)`, `n = tanh(a + r * b)`, and h becomes `h + z * (n - h)`. Each operation is rounded by itself.
///
/// The field of the hidden state has `parts` parts of the same length, of which each member's cell fills the one at its own
/// place, and the others are 0. A part is h, and where no field of the events is the target, after it the mean of h over all
/// events: the sum of h after each event in turn, divided by the number of events, or by 1 if there are none.
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
            monotone: model.options.monotone.is_any(),
            outputs: model.trained.normalization.outputs.clone(),
        }
    }
}
