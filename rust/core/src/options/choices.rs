//! Options that are one of a few words: activation, output, loss, algorithm.

use super::value::{Domain, Other, Setting, Value};
use crate::layout::Kind;

/// An enum with the names that users type and the numbers that files hold.
macro_rules! choice {
    ($(#[$doc:meta])* $name:ident { $($(#[$item_doc:meta])* $item:ident = $code:literal, $text:literal;)+ }) => {
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
    /// The function of the output units.
    Output {
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
    Loss {
        /// `-sum_j t_j ln y_j`; with sigmoid outputs also `-(1 - t_j) ln(1 - y_j)`.
        CrossEntropy = 1, "crossentropy";
        /// The mean over the outputs of `(y_j - t_j)^2`.
        Mse = 2, "mse";
    }
}

choice! {
    /// How gradients become steps: a variant of RPROP, or L-BFGS.
    Algorithm {
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
    fn lbfgs_is_chosen_for_small_regressors_alone() {
        let auto = |kind, parameters| Algorithm::Auto.chosen(kind, parameters);
        assert_eq!(auto(Kind::Regressor, 20_000), Algorithm::Lbfgs);
        assert_eq!(auto(Kind::Regressor, 20_001), Algorithm::IrpropPlus);
        assert_eq!(auto(Kind::Classifier, 10), Algorithm::IrpropPlus);
        for &algorithm in Algorithm::ALL.iter().filter(|&&algorithm| algorithm != Algorithm::Auto) {
            assert_eq!(algorithm.chosen(Kind::Classifier, 10), algorithm);
        }
    }

    #[test]
    fn words_are_those_that_users_type() {
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
        assert_eq!(words(Algorithm::ALL, Algorithm::name), ["auto", "irprop+", "irprop-", "rprop+", "lbfgs"]);
        assert_eq!(
            [Output::Softmax, Output::Sigmoid, Output::Linear].map(Output::default_loss),
            [Loss::CrossEntropy, Loss::Mse, Loss::Mse]
        );
    }
}
