//! How a network computes and learns: activation, output, loss, algorithm, weight decay, normalization.

use crate::error::{Error, Result};
use crate::layout::{Kind, MAX_PARAMETERS};

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
    /// The variant of RPROP.
    Algorithm, "algorithm" {
        /// Undoes a step after a change of sign only where the loss rose (Igel and Huesken 2000).
        IrpropPlus = 1, "irprop+";
        /// Never undoes a step; skips one after a change of sign (Igel and Huesken 2000).
        IrpropMinus = 2, "irprop-";
        /// Undoes every step after a change of sign (Riedmiller and Braun 1993): the original module's.
        RpropPlus = 3, "rprop+";
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
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Options {
    /// Whether a training computes the normalization of inputs (and a regressor's outputs) from its rows.
    pub normalize: bool,
    /// The activation of the hidden units.
    pub activation: Activation,
    /// The function of the output units.
    pub output: Output,
    /// What training makes small.
    pub loss: Loss,
    /// The variant of RPROP.
    pub algorithm: Algorithm,
    /// Weight decay.
    pub l2: Decay,
    /// How many networks answer together.
    pub restarts: Restarts,
}

/// How many networks a training makes of one: each begins with random weights of its own, all learn from the same rows,
/// and the network answers by the mean of what their output units sum up.
///
/// The first training after the creation or a reset decides; from then on they are part of the network. They are one
/// network in all but their connections: as many times the hidden units, of which each group sees only itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Restarts {
    /// Under AUTOSTOP as many as are cheap, up to ten: for few rows and few parameters. Otherwise one.
    #[default]
    Auto,
    /// So many, from 1 to [`MAX_MEMBERS`].
    Fixed(u8),
}

/// Members at most.
pub const MAX_MEMBERS: usize = 64;
/// Members at most that [`Restarts::Auto`] makes: from there on more do not help (`benchmarks/quality`).
const AUTO_MEMBERS: usize = 10;
/// Training rows times members, at most.
const AUTO_ROWS: usize = 100_000;
/// Parameters of all members, at most: what an answer costs.
const AUTO_PARAMETERS: usize = 100_000;

impl Restarts {
    /// Members of a network of so many parameters, trained by so many rows.
    pub(crate) fn members(self, auto_stop: bool, rows: usize, parameters: usize) -> usize {
        match self {
            Self::Fixed(members) => usize::from(members).min(MAX_PARAMETERS / parameters).max(1),
            Self::Auto if auto_stop => {
                (AUTO_ROWS / rows.max(1)).min(AUTO_PARAMETERS / parameters).clamp(1, AUTO_MEMBERS)
            }
            Self::Auto => 1,
        }
    }
}

/// Weight decay: `l2 / 2` times the sum of squared weights, biases exempt, is added to the mean loss of a row.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub enum Decay {
    /// Chosen from the training rows, as if the weights had a normal distribution before any row was seen.
    ///
    /// With cross-entropy `1 / rows`: its standard deviation is then 1, the default of regularized logistic regression
    /// everywhere. With squared errors `10 error / rows`, where the present training error stands for the variance of the
    /// noise: rows without noise are fitted exactly. Measured in `benchmarks/stopping.py`.
    #[default]
    Auto,
    /// This much, at least 0.
    Fixed(f32),
}

impl Decay {
    /// The decay of a step at which the training rows, which weigh `rows` together, have a mean loss of `error`.
    pub(crate) fn at(self, loss: Loss, rows: f64, error: f64) -> f32 {
        match (self, loss) {
            (Self::Fixed(l2), _) => l2,
            (Self::Auto, Loss::CrossEntropy) => (1.0 / rows) as f32,
            // Bounded: weights that fit worse than the mean of the targets say nothing of the noise.
            (Self::Auto, Loss::Mse) => (10.0 * error.min(1.0) / rows) as f32,
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
            algorithm: Algorithm::IrpropPlus,
            l2: Decay::Auto,
            restarts: Restarts::Auto,
        }
    }

    /// These options with some of them changed. An output that changes brings its default loss along.
    ///
    /// # Errors
    /// [`Error::Option`] for a combination that makes no sense, or an `l2` that is negative or no finite number.
    pub fn with(self, kind: Kind, changes: &Changes) -> Result<Self> {
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
        };
        options.check(kind)?;
        Ok(options)
    }

    /// Whether the combination is one that the engine computes.
    ///
    /// # Errors
    /// [`Error::Option`] if not.
    pub fn check(&self, kind: Kind) -> Result<()> {
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
        match self.l2 {
            Decay::Fixed(l2) if !(l2.is_finite() && l2 >= 0.0) => refuse("l2", &l2, "a finite number of at least 0"),
            _ => Ok(()),
        }
    }
}

/// Options that a user names; the others stay as they are.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
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
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(kind: Kind, changes: Changes) -> Result<Options> {
        Options::new(kind).with(kind, &changes)
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
        assert_eq!(with(Kind::Classifier, sigmoid).unwrap().loss, Loss::Mse);
        let both = Changes { loss: Some(Loss::CrossEntropy), ..sigmoid };
        assert_eq!(with(Kind::Classifier, both).unwrap().loss, Loss::CrossEntropy);
    }

    #[test]
    fn senseless_combinations_are_refused() {
        let softmax = Changes { output: Some(Output::Softmax), ..Changes::default() };
        assert!(with(Kind::Classifier, softmax).is_ok());
        let error = with(Kind::Regressor, softmax).unwrap_err();
        assert_eq!(error.to_string(), "output is softmax: expected linear or sigmoid for a regressor");
        let cross_entropy = Changes { loss: Some(Loss::CrossEntropy), ..Changes::default() };
        assert!(with(Kind::Regressor, cross_entropy).is_err());
        for l2 in [-1.0, f32::NAN, f32::INFINITY] {
            assert!(with(Kind::Classifier, Changes { l2: Some(Decay::Fixed(l2)), ..Changes::default() }).is_err());
        }
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
