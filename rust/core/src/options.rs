//! How a network computes and learns: activation, output, loss, algorithm, weight decay, normalization, members, weights of
//! classes, patience.

use std::sync::Arc;

use crate::error::{Error, Result};
use crate::layout::{Kind, Layout, MAX_PARAMETERS};
use crate::memory::{self, Move, Taken};

/// An enum with the names that users type and the numbers that files hold.
macro_rules! choice {
    ($(#[$doc:meta])* $name:ident, $option:literal { $($(#[$item_doc:meta])* $item:ident = $code:literal, $text:literal;)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum $name {
            $($(#[$item_doc])* $item,)+
        }

        impl $name {
            /// Every choice.
            pub const ALL: &[Self] = &[$(Self::$item),+];

            /// The name in lower case.
            pub fn name(self) -> &'static str {
                match self { $(Self::$item => $text),+ }
            }

            /// The number that stands for the choice in saved networks.
            pub fn code(self) -> u8 {
                match self { $(Self::$item => $code),+ }
            }

            /// The choice that a number in a saved network stands for.
            pub fn from_code(code: u8) -> Option<Self> {
                match code { $($code => Some(Self::$item),)+ _ => None }
            }

            /// The choice of that name, whatever the case of its letters.
            ///
            /// # Errors
            /// [`Error::Option`], which lists the names.
            pub fn from_name(name: &str) -> Result<Self> {
                Self::ALL.iter().copied().find(|c| c.name().eq_ignore_ascii_case(name)).ok_or_else(|| Error::Option {
                    option: $option,
                    value: format!("'{name}'"),
                    expected: [$($text),+].join(", "),
                })
            }
        }
    };
}

choice! {
    /// The activation of hidden units.
    Activation, "activation" {
        /// `1 / (1 + exp(-z))`, from 0 to 1.
        Sigmoid = 1, "sigmoid";
        /// `tanh(z)`, from -1 to 1.
        Tanh = 2, "tanh";
        /// `max(0, z)`.
        Relu = 3, "relu";
    }
}

choice! {
    /// The function of the output units.
    Output, "output" {
        /// `exp(z_j) / sum_k exp(z_k)`: probabilities that sum to 1.
        Softmax = 1, "softmax";
        /// `1 / (1 + exp(-z))`, each output for itself.
        Sigmoid = 2, "sigmoid";
        /// `z` itself.
        Linear = 3, "linear";
    }
}

choice! {
    /// What training makes small.
    Loss, "loss" {
        /// `-sum_j t_j ln y_j`; with sigmoid outputs also `-(1 - t_j) ln(1 - y_j)`.
        CrossEntropy = 1, "crossentropy";
        /// The mean over the outputs of `(y_j - t_j)^2`.
        Mse = 2, "mse";
    }
}

choice! {
    /// How gradients become steps: a variant of RPROP, or L-BFGS.
    Algorithm, "algorithm" {
        /// L-BFGS for a regressor of few parameters, for others iRprop+.
        Auto = 5, "auto";
        /// Undoes a step after a change of sign only where the loss rose (Igel and Huesken 2000).
        IrpropPlus = 1, "irprop+";
        /// Never undoes a step; skips one after a change of sign (Igel and Huesken 2000).
        IrpropMinus = 2, "irprop-";
        /// Undoes every step after a change of sign (Riedmiller and Braun 1993): the original module's.
        RpropPlus = 3, "rprop+";
        /// Steps along directions that the last moves tell (Liu and Nocedal 1989), after some of iRprop+ where the weights
        /// are new: comes closer where numbers have little noise.
        Lbfgs = 4, "lbfgs";
    }
}

/// Parameters of a regressor that [`Algorithm::Auto`] trains by L-BFGS, at most: what one thread steps through in little time.
const FEW_PARAMETERS: usize = 20_000;

impl Algorithm {
    /// The algorithm itself, or what the engine chooses for a network of so many parameters.
    pub(crate) fn chosen(self, kind: Kind, parameters: usize) -> Self {
        match self {
            Self::Auto if kind == Kind::Regressor && parameters <= FEW_PARAMETERS => Self::Lbfgs,
            Self::Auto => Self::IrpropPlus,
            chosen => chosen,
        }
    }
}

impl Kind {
    fn default_output(self) -> Output {
        match self {
            Self::Classifier => Output::Softmax,
            Self::Regressor => Output::Linear,
        }
    }
}

impl Output {
    fn default_loss(self) -> Loss {
        match self {
            Self::Softmax => Loss::CrossEntropy,
            Self::Sigmoid | Self::Linear => Loss::Mse,
        }
    }
}

/// How a network computes and learns; every combination in here is a legal one.
#[derive(Debug, Clone, PartialEq)]
pub struct Options {
    /// Whether a training computes the normalization of inputs (and a regressor's outputs) from its rows.
    pub normalize: bool,
    /// The activation of the hidden units.
    pub activation: Activation,
    /// The function of the output units.
    pub output: Output,
    /// What training makes small.
    pub loss: Loss,
    /// How gradients become steps.
    pub algorithm: Algorithm,
    /// Weight decay.
    pub l2: Decay,
    /// How many networks begin to learn, of which the better ones answer together.
    pub restarts: Restarts,
    /// How much each class counts.
    pub class_weight: ClassWeight,
    /// How long AUTOSTOP waits for a lower test error.
    pub patience: Patience,
}

/// How many networks a training makes of one: each begins with random weights of its own, all learn from the same rows,
/// and under AUTOSTOP the half of them that does best on the testing rows is kept. The network answers by the mean of what
/// the output units of these members sum up.
///
/// The first training after the creation or a reset decides; from then on they are part of the network. They are one
/// network in all but their connections: as many times the hidden units, of which each group sees only itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Restarts {
    /// Under AUTOSTOP as many as are cheap, up to seven: for few rows and few parameters. Otherwise one.
    #[default]
    Auto,
    /// So many, from 1 to [`MAX_MEMBERS`].
    Fixed(u8),
}

/// Members at most.
pub const MAX_MEMBERS: usize = 64;
/// Starts at most that [`Restarts::Auto`] makes: more cost more than they help (`benchmarks/quality`).
const AUTO_STARTS: usize = 7;
/// Training rows times starts, at most.
const AUTO_ROWS: usize = 100_000;
/// Parameters of all starts, at most: half of them are what an answer costs.
const AUTO_PARAMETERS: usize = 200_000;

impl Restarts {
    /// How many begin, in a network of so many parameters, trained by so many rows.
    pub(crate) fn starts(self, auto_stop: bool, rows: usize, parameters: usize) -> usize {
        match self {
            Self::Fixed(starts) => usize::from(starts).min(MAX_PARAMETERS / parameters).max(1),
            Self::Auto if auto_stop => {
                (AUTO_ROWS / rows.max(1)).min(AUTO_PARAMETERS / parameters).clamp(1, AUTO_STARTS)
            }
            Self::Auto => 1,
        }
    }

    /// How many of so many starts answer in the end.
    pub(crate) fn answering(auto_stop: bool, starts: usize) -> usize {
        if auto_stop { starts.div_ceil(2) } else { starts }
    }
}

/// How much the classes of a classifier count in a training: the loss of a row, of the training or the testing set, is
/// multiplied by the weight of its class, on top of the row's own weight.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum ClassWeight {
    /// Each as much as it has rows.
    #[default]
    None,
    /// All alike, however many training rows each has when a training starts: the weight of a class is
    /// `rows / (classes * rows of the class)`, where rows count by their weights and only classes that have some are
    /// counted. The mean weight of a training row is 1, and so is that of a class without any. This is scikit-learn's
    /// formula; it goes back to King and Zeng, "Logistic Regression in Rare Events Data", Political Analysis, 2001.
    Balanced,
    /// So much: a finite number above 0 for each output. A vector, not a slice, so that memory for it can be refused.
    Given(Arc<Vec<f32>>),
}

impl ClassWeight {
    /// `none`, `balanced` or `given`.
    pub fn name(&self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Balanced => "balanced",
            Self::Given(_) => "given",
        }
    }

    /// Whether a network of that kind and layout can have it.
    pub(crate) fn check(&self, kind: Kind, layout: &Layout) -> Result<()> {
        let refuse = |value: String, expected: String| Err(Error::Option { option: "class weight", value, expected });
        if kind == Kind::Regressor && *self != Self::None {
            return refuse(self.name().into(), "none for a regressor".into());
        }
        let Self::Given(weights) = self else { return Ok(()) };
        if weights.len() != layout.outputs() {
            let numbers = if weights.len() == 1 { "number" } else { "numbers" };
            let expected = format!("{}, one for each output", layout.outputs());
            return refuse(format!("{} {numbers}", weights.len()), expected);
        }
        match weights.iter().position(|weight| !(weight.is_finite() && *weight > 0.0)) {
            Some(class) => refuse(
                format!("{} for class {class}", weights[class]),
                "a finite number above 0 for each output".into(),
            ),
            None => Ok(()),
        }
    }

    /// Lends the weights to be moved in memory, unless a snapshot shares them.
    pub(crate) fn move_by(&mut self, mover: &mut dyn Move) {
        if let Self::Given(weights) = self
            && let Some(weights) = Arc::get_mut(weights)
        {
            mover.floats(weights);
        }
    }

    /// Bytes beyond the value itself.
    pub(crate) fn bytes_by(&self, taken: Taken<'_>) -> usize {
        match self {
            Self::None | Self::Balanced => 0,
            Self::Given(weights) => memory::of_shared::<Vec<f32>>(taken) + memory::of_vec(weights, taken),
        }
    }
}

/// How long AUTOSTOP waits for a lower test error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Patience {
    /// In proportion to the past, from 50 or 100 to 500 cycles; without BACKTRACK less if the test error rises again and
    /// again.
    #[default]
    Auto,
    /// So many cycles, from 1 to [`MAX_PATIENCE`], whatever the test error does meanwhile.
    Cycles(u32),
}

/// Cycles of patience at most.
pub const MAX_PATIENCE: u32 = i32::MAX as u32;

/// What members have, in turn, of the decay that [`Decay::Auto`] chooses. Some rows want none of it (two spirals), some more:
/// the testing rows choose among members, and members that differ in it answer better together (`benchmarks/quality`).
const DECAY_SHARES: [f32; 5] = [0.3, 0.01, 1.0, 0.1, 3.0];

/// Rows that [`Decay::Auto`] counts at least. With fewer, the four of exclusive or for one, it would hold weights so near to 0
/// that nothing is learnt. Samples of 6 to 48 rows are learnt as well as with all of the decay, or better.
const FEW_ROWS: f64 = 50.0;

/// Inputs of a unit from which on [`Decay::Auto`] grows, with the square of their number (`benchmarks/quality`).
const MANY_INPUTS: f32 = 100.0;

/// Weight decay: `l2 / 2` times the sum of squared weights, biases exempt, is added to the mean loss of a row.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub enum Decay {
    /// Chosen from the training rows, as if the weights had a normal distribution before any row was seen.
    ///
    /// With cross-entropy `1 / rows`, of at least 50: its standard deviation is then 1, the default of regularized logistic
    /// regression everywhere. With squared errors `10 error / rows`, where the present training error stands for the variance of the
    /// noise: rows without noise are fitted exactly. Measured in `benchmarks/stopping.py`.
    #[default]
    Auto,
    /// This much, at least 0.
    Fixed(f32),
}

impl Decay {
    /// The decay of a step at which the training rows, which weigh `rows` together, have a mean loss of `error`. A member has
    /// its `share` of what is chosen here.
    pub(crate) fn at(self, loss: Loss, rows: f64, error: f64, share: f32) -> f32 {
        match (self, loss) {
            (Self::Fixed(l2), _) => l2,
            (Self::Auto, Loss::CrossEntropy) => share * (1.0 / rows.max(FEW_ROWS)) as f32,
            // Bounded: weights that fit worse than the mean of the targets say nothing of the noise.
            (Self::Auto, Loss::Mse) => share * (10.0 * error.min(1.0) / rows.max(FEW_ROWS)) as f32,
        }
    }

    /// How many times as much of it the weights of a unit with so many inputs have.
    ///
    /// What a unit sums up grows with its inputs, and rows of a thousand hashed words are soon told apart by words that mean
    /// nothing. A fixed decay is the same for all weights.
    pub(crate) fn of_unit(self, inputs: usize) -> f32 {
        match self {
            Self::Auto => (inputs as f32 / MANY_INPUTS).max(1.0).powi(2),
            Self::Fixed(_) => 1.0,
        }
    }

    /// What each of so many members has of the decay that is chosen here; see [`DECAY_SHARES`].
    pub(crate) fn shares(self, members: usize) -> Vec<f32> {
        match self {
            Self::Auto if members > 1 => DECAY_SHARES.iter().copied().cycle().take(members).collect(),
            Self::Auto | Self::Fixed(_) => vec![1.0; members],
        }
    }
}

impl Options {
    /// The defaults of a kind of network.
    pub fn new(kind: Kind) -> Self {
        let output = kind.default_output();
        Self {
            normalize: false,
            activation: Activation::Relu,
            output,
            loss: output.default_loss(),
            algorithm: Algorithm::Auto,
            l2: Decay::Auto,
            restarts: Restarts::Auto,
            class_weight: ClassWeight::None,
            patience: Patience::Auto,
        }
    }

    /// These options with some of them changed. An output that changes brings its default loss along.
    ///
    /// # Errors
    /// [`Error::Option`] for a combination that makes no sense, or a value out of range.
    pub fn with(&self, kind: Kind, layout: &Layout, changes: &Changes) -> Result<Self> {
        let output = changes.output.unwrap_or(self.output);
        let loss = changes.loss.unwrap_or(if output == self.output { self.loss } else { output.default_loss() });
        let options = Self {
            normalize: changes.normalize.unwrap_or(self.normalize),
            activation: changes.activation.unwrap_or(self.activation),
            output,
            loss,
            algorithm: changes.algorithm.unwrap_or(self.algorithm),
            l2: changes.l2.unwrap_or(self.l2),
            restarts: changes.restarts.unwrap_or(self.restarts),
            class_weight: changes.class_weight.as_ref().unwrap_or(&self.class_weight).clone(),
            patience: changes.patience.unwrap_or(self.patience),
        };
        options.check(kind, layout)?;
        Ok(options)
    }

    /// Whether the combination is one that the engine computes, for a network of that kind and layout.
    ///
    /// # Errors
    /// [`Error::Option`] if not.
    pub fn check(&self, kind: Kind, layout: &Layout) -> Result<()> {
        let refuse = |option, value: &dyn std::fmt::Display, expected: &str| {
            Err(Error::Option { option, value: value.to_string(), expected: expected.into() })
        };
        if kind == Kind::Regressor && self.output == Output::Softmax {
            return refuse("output", &self.output.name(), "linear or sigmoid for a regressor");
        }
        if self.output == Output::Linear && self.loss == Loss::CrossEntropy {
            return refuse("loss", &self.loss.name(), "mse with linear outputs");
        }
        if let Restarts::Fixed(members) = self.restarts
            && !(1..=MAX_MEMBERS).contains(&usize::from(members))
        {
            return refuse("restarts", &members, &format!("1 to {MAX_MEMBERS}"));
        }
        if let Patience::Cycles(cycles) = self.patience
            && !(1..=MAX_PATIENCE).contains(&cycles)
        {
            return refuse("patience", &cycles, &format!("1 to {MAX_PATIENCE}"));
        }
        self.class_weight.check(kind, layout)?;
        match self.l2 {
            Decay::Fixed(l2) if !(l2.is_finite() && l2 >= 0.0) => refuse("l2", &l2, "a finite number of at least 0"),
            _ => Ok(()),
        }
    }
}

/// Options that a user names; the others stay as they are.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Changes {
    /// See [`Options::normalize`].
    pub normalize: Option<bool>,
    /// See [`Options::activation`].
    pub activation: Option<Activation>,
    /// See [`Options::output`].
    pub output: Option<Output>,
    /// See [`Options::loss`].
    pub loss: Option<Loss>,
    /// See [`Options::algorithm`].
    pub algorithm: Option<Algorithm>,
    /// See [`Options::l2`].
    pub l2: Option<Decay>,
    /// See [`Options::restarts`].
    pub restarts: Option<Restarts>,
    /// See [`Options::class_weight`].
    pub class_weight: Option<ClassWeight>,
    /// See [`Options::patience`].
    pub patience: Option<Patience>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(kind: Kind, changes: &Changes) -> Result<Options> {
        Options::new(kind).with(kind, &Layout::new(&[4, 3]).unwrap(), changes)
    }

    #[test]
    fn defaults_follow_the_field() {
        let classifier = Options::new(Kind::Classifier);
        assert_eq!((classifier.output, classifier.loss), (Output::Softmax, Loss::CrossEntropy));
        let regressor = Options::new(Kind::Regressor);
        assert_eq!((regressor.output, regressor.loss), (Output::Linear, Loss::Mse));
    }

    #[test]
    fn an_output_brings_its_loss_unless_one_is_named() {
        let sigmoid = Changes { output: Some(Output::Sigmoid), ..Changes::default() };
        assert_eq!(with(Kind::Classifier, &sigmoid).unwrap().loss, Loss::Mse);
        let both = Changes { loss: Some(Loss::CrossEntropy), ..sigmoid };
        assert_eq!(with(Kind::Classifier, &both).unwrap().loss, Loss::CrossEntropy);
    }

    #[test]
    fn senseless_combinations_are_refused() {
        let softmax = Changes { output: Some(Output::Softmax), ..Changes::default() };
        assert!(with(Kind::Classifier, &softmax).is_ok());
        let error = with(Kind::Regressor, &softmax).unwrap_err();
        assert_eq!(error.to_string(), "output is softmax: expected linear or sigmoid for a regressor");
        let cross_entropy = Changes { loss: Some(Loss::CrossEntropy), ..Changes::default() };
        assert!(with(Kind::Regressor, &cross_entropy).is_err());
        for l2 in [-1.0, f32::NAN, f32::INFINITY] {
            assert!(with(Kind::Classifier, &Changes { l2: Some(Decay::Fixed(l2)), ..Changes::default() }).is_err());
        }
        for cycles in [0, MAX_PATIENCE + 1] {
            let patience = Changes { patience: Some(Patience::Cycles(cycles)), ..Changes::default() };
            let error = with(Kind::Regressor, &patience).unwrap_err();
            assert_eq!(error.to_string(), format!("patience is {cycles}: expected 1 to 2147483647"));
        }
    }

    #[test]
    fn weights_are_of_classes_one_each_and_above_0() {
        let weighted = |weight: ClassWeight| Changes { class_weight: Some(weight), ..Changes::default() };
        let given = |weights: &[f32]| weighted(ClassWeight::Given(Arc::new(weights.to_vec())));
        assert!(with(Kind::Classifier, &given(&[1.0, 2.5, 1e-3])).is_ok());
        assert!(with(Kind::Classifier, &weighted(ClassWeight::Balanced)).is_ok());
        assert!(with(Kind::Regressor, &weighted(ClassWeight::None)).is_ok());
        let refusal = |kind, changes: &Changes| with(kind, changes).unwrap_err().to_string();
        for (weights, message) in [
            (&[1.0, 2.0][..], "class weight is 2 numbers: expected 3, one for each output"),
            (&[1.0], "class weight is 1 number: expected 3, one for each output"),
            (&[1.0, -2.0, 0.0], "class weight is -2 for class 1: expected a finite number above 0 for each output"),
            (&[1.0, 1.0, 0.0], "class weight is 0 for class 2: expected a finite number above 0 for each output"),
            (&[f32::NAN; 3], "class weight is NaN for class 0: expected a finite number above 0 for each output"),
            (&[f32::INFINITY; 3], "class weight is inf for class 0: expected a finite number above 0 for each output"),
        ] {
            assert_eq!(refusal(Kind::Classifier, &given(weights)), message);
        }
        let balanced = refusal(Kind::Regressor, &weighted(ClassWeight::Balanced));
        assert_eq!(balanced, "class weight is balanced: expected none for a regressor");
        assert!(refusal(Kind::Regressor, &given(&[1.0; 3])).contains("class weight is given: expected none"));
    }

    #[test]
    fn names_are_read_in_any_case_and_refused_with_the_list() {
        assert_eq!(Algorithm::from_name("iRprop-"), Ok(Algorithm::IrpropMinus));
        let error = Activation::from_name("swish").unwrap_err();
        assert_eq!(error.to_string(), "activation is 'swish': expected sigmoid, tanh, relu");
        for choice in Output::ALL {
            assert_eq!(Output::from_code(choice.code()), Some(*choice));
        }
        assert_eq!(Output::from_code(0), None);
    }
}
