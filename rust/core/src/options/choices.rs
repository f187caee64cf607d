//! Options whose values are words: activation, output, loss and algorithm.

use super::value::{Domain, Other, Setting, Value};
use crate::layout::Kind;

/// Declare an enum whose variants have a name, which users type, and a code in saved networks.
macro_rules! choice {
    ($(#[$doc:meta])* $name:ident { $($(#[$item_doc:meta])* $item:ident = $code:literal, $text:literal;)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum $name {
            $($(#[$item_doc])* $item,)+
        }

        impl $name {
            /// All variants.
            pub const ALL: &[Self] = &[$(Self::$item),+];

            /// The name in lower case.
            pub fn name(self) -> &'static str {
                match self { $(Self::$item => $text),+ }
            }
        }

        impl Setting for $name {
            const DOMAIN: Domain = Domain { words: &[$(($text, $code)),+], other: Other::Nothing };

            fn value(&self) -> Value {
                Value::Word(self.name())
            }

            fn from_value(value: Value) -> Option<Self> {
                match value { $(Value::Word($text) => Some(Self::$item),)+ _ => None }
            }
        }
    };
}

choice! {
    /// The activation of hidden units.
    Activation {
        /// `1 / (1 + exp(-z))`, from 0 to 1.
        Sigmoid = 1, "sigmoid";
        /// `tanh(z)`, from -1 to 1.
        Tanh = 2, "tanh";
        /// `max(0, z)`.
        Relu = 3, "relu";
    }
}

choice! {
    /// The activation of output units.
    Output {
        /// `exp(z_j) / sum_k exp(z_k)`: probabilities that sum to 1.
        Softmax = 1, "softmax";
        /// `1 / (1 + exp(-z))`, for each output on its own.
        Sigmoid = 2, "sigmoid";
        /// `z` itself.
        Linear = 3, "linear";
    }
}

choice! {
    /// The loss that a training minimizes.
    Loss {
        /// `-sum_j t_j ln y_j`; with sigmoid outputs also `-(1 - t_j) ln(1 - y_j)`.
        CrossEntropy = 1, "crossentropy";
        /// The mean over the outputs of `(y_j - t_j)^2`.
        Mse = 2, "mse";
    }
}

choice! {
    /// The trainer: a variant of RPROP, L-BFGS, or Adam.
    Algorithm {
        /// Chosen by size: Adam for many rows; L-BFGS for a regressor with few parameters and no monotone inputs; else
        /// iRprop+.
        Auto = 5, "auto";
        /// iRprop+ (Igel and Huesken 2000): reverts a step after a change of sign only if the loss rose.
        IrpropPlus = 1, "irprop+";
        /// iRprop- (Igel and Huesken 2000): never reverts a step, but omits one after a change of sign.
        IrpropMinus = 2, "irprop-";
        /// Rprop+ (Riedmiller and Braun 1993): reverts every step after a change of sign. It is the algorithm of the
        /// original module.
        RpropPlus = 3, "rprop+";
        /// L-BFGS (Liu and Nocedal 1989), which steps along directions computed from the last steps. A new network
        /// first gets some cycles of iRprop+. It converges to a lower training error on numbers with little noise.
        Lbfgs = 4, "lbfgs";
        /// Adam (Kingma and Ba 2015) on mini-batches of a few hundred rows, with an average of the weights over steps:
        /// for many rows.
        Adam = 6, "adam";
    }
}

/// Maximum number of parameters of a regressor that [`Algorithm::Auto`] trains by L-BFGS, whose steps run in one
/// thread.
const FEW_PARAMETERS: usize = 20_000;
/// Training rows from which [`Algorithm::Auto`] chooses Adam. With fewer it is no better (`benchmarks/quality`).
const MANY_ROWS: usize = 1_000;
/// The same for a regressor that L-BFGS could train, since L-BFGS fits numbers without noise more closely.
const MANY_ROWS_OF_NUMBERS: usize = 20_000;
/// The same for a network of fields (`benchmarks/tables`).
const MANY_ROWS_OF_FIELDS: usize = 256;

/// The properties that [`Algorithm::Auto`] depends on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Size {
    pub(crate) kind: Kind,
    pub(crate) parameters: usize,
    /// Number of training rows.
    pub(crate) rows: usize,
    /// Whether the network has a schema.
    pub(crate) has_fields: bool,
    /// Whether inputs are monotone. The constrained objective then has kinks, at which L-BFGS gets stuck.
    pub(crate) is_monotone: bool,
}

impl Algorithm {
    /// Resolve `Auto` for a network of this size.
    pub(crate) fn chosen(self, size: Size) -> Self {
        if self != Self::Auto {
            return self;
        }
        let small_regressor = size.kind == Kind::Regressor && size.parameters <= FEW_PARAMETERS;
        let many = match (size.has_fields, small_regressor) {
            (true, _) => MANY_ROWS_OF_FIELDS,
            (false, true) => MANY_ROWS_OF_NUMBERS,
            (false, false) => MANY_ROWS,
        };
        if size.rows >= many {
            Self::Adam
        } else if small_regressor && !size.is_monotone {
            Self::Lbfgs
        } else {
            Self::IrpropPlus
        }
    }
}

impl Output {
    pub(super) fn default_of(kind: Kind) -> Self {
        match kind {
            Kind::Classifier => Self::Softmax,
            Kind::Regressor => Self::Linear,
        }
    }

    pub(super) fn default_loss(self) -> Loss {
        match self {
            Self::Softmax => Loss::CrossEntropy,
            Self::Sigmoid | Self::Linear => Loss::Mse,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn auto_chooses_by_rows_parameters_and_kind() {
        let size = Size { kind: Kind::Regressor, parameters: 20_000, rows: 255, has_fields: true, is_monotone: false };
        let auto = |size| Algorithm::Auto.chosen(size);
        // Few rows: L-BFGS for small regressors only.
        assert_eq!(auto(size), Algorithm::Lbfgs);
        assert_eq!(auto(Size { parameters: 20_001, ..size }), Algorithm::IrpropPlus);
        assert_eq!(auto(Size { kind: Kind::Classifier, parameters: 10, ..size }), Algorithm::IrpropPlus);
        assert_eq!(auto(Size { is_monotone: true, ..size }), Algorithm::IrpropPlus);
        // Many rows: Adam.
        assert_eq!(auto(Size { rows: 256, ..size }), Algorithm::Adam);
        let positions = |kind, rows| auto(Size { kind, rows, has_fields: false, ..size });
        let of = |kind| [999, 1_000, 19_999, 20_000].map(|rows| positions(kind, rows));
        let (lbfgs, irprop, adam) = (Algorithm::Lbfgs, Algorithm::IrpropPlus, Algorithm::Adam);
        assert_eq!(of(Kind::Regressor), [lbfgs, lbfgs, lbfgs, adam]);
        assert_eq!(of(Kind::Classifier), [irprop, adam, adam, adam]);
        let size = Size { kind: Kind::Classifier, parameters: 10, rows: 10, ..size };
        for &algorithm in Algorithm::ALL.iter().filter(|&&algorithm| algorithm != Algorithm::Auto) {
            assert_eq!(algorithm.chosen(size), algorithm);
        }
    }

    #[test]
    fn words_and_variants_convert_into_each_other() {
        fn words<T: Setting + Copy>(all: &[T], name: fn(T) -> &'static str) -> Vec<&'static str> {
            for &choice in all {
                let word = T::DOMAIN.word(name(choice).as_bytes()).unwrap();
                assert_eq!(
                    (choice.value(), T::from_value(word).map(name)),
                    (Value::Word(name(choice)), Some(name(choice)))
                );
                assert!(T::from_value(Value::Word("of another option")).is_none());
                assert!(T::from_value(Value::Integer(1)).is_none());
            }
            all.iter().map(|&choice| name(choice)).collect()
        }
        assert_eq!(words(Activation::ALL, Activation::name), ["sigmoid", "tanh", "relu"]);
        assert_eq!(words(Output::ALL, Output::name), ["softmax", "sigmoid", "linear"]);
        assert_eq!(words(Loss::ALL, Loss::name), ["crossentropy", "mse"]);
        assert_eq!(words(Algorithm::ALL, Algorithm::name), ["auto", "irprop+", "irprop-", "rprop+", "lbfgs", "adam"]);
        assert_eq!(
            [Output::Softmax, Output::Sigmoid, Output::Linear].map(Output::default_loss),
            [Loss::CrossEntropy, Loss::Mse, Loss::Mse]
        );
    }
}
