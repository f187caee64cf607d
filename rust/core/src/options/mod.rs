//! Options of a network: how it computes its output and how it is trained.
//!
//! An option is declared once, in the [`TABLE`]. The file format, the commands of the module and the keyword arguments
//! of Python derive from it. For the steps to add one, see `docs/how-to/add-an-option.md`.

mod choices;
mod class_weight;
mod decay;
mod ensemble;
mod monotone;
mod patience;
mod threshold;
mod value;

pub(crate) use choices::Size;
pub use choices::{Activation, Algorithm, Loss, Output};
pub use class_weight::ClassWeight;
pub use decay::Decay;
pub use ensemble::{Ensemble, MAX_MEMBERS};
pub use monotone::Monotone;
pub use patience::{MAX_PATIENCE, Patience};
pub use threshold::Threshold;
pub use value::{Domain, Other, Value};

use crate::dataset::Limits;
use crate::error::{Error, Result};
use crate::layout::{Kind, Layout};
use value::Setting;

/// The declaration of an option, as bindings and the file format use it.
#[derive(Debug)]
pub struct Declared {
    /// The name in programs: lower case, words separated by underscores.
    pub name: &'static str,
    /// The name in commands and replies: words separated by hyphens.
    pub word: &'static str,
    /// The former name, which all bindings still accept.
    pub alias: Option<&'static str>,
    /// The accepted values.
    pub domain: Domain,
    /// The identifier in saved networks. `None` for options that are saved in sections of their own, or not at all.
    pub id: Option<u8>,
    /// Whether it can only be set when a network is created.
    pub is_of_creation: bool,
    get: fn(&Options, Limits) -> Option<Value>,
    given: fn(&Changes) -> Option<Value>,
    set: fn(&mut Changes, Value) -> Option<()>,
}

impl Declared {
    /// Whether `name` is the name in programs, or the former one.
    pub fn is_named(&self, name: &str) -> bool {
        self.name == name || self.alias == Some(name)
    }

    /// The present value, or `None` if it is not kept (as the seed).
    pub fn value(&self, options: &Options, limits: Limits) -> Option<Value> {
        (self.get)(options, limits)
    }

    /// The value in `changes`, or `None` if they do not set this option.
    pub fn given(&self, changes: &Changes) -> Option<Value> {
        (self.given)(changes)
    }

    /// Set the option in `changes`.
    ///
    /// # Errors
    /// [`Error::Option`] if the option does not accept the value, or is set already, as by its former name.
    pub fn set(&self, changes: &mut Changes, value: Value) -> Result<()> {
        if self.given(changes).is_some() {
            let expected = self.alias.map_or("one value".into(), |alias| format!("{} or {alias}, not both", self.name));
            return Err(Error::Option { option: self.name, value: "given twice".into(), expected });
        }
        let shown = shown(&value, self.domain.other);
        let is_set = self.domain.contains(&value).then(|| (self.set)(changes, value)).flatten();
        is_set.ok_or_else(|| Error::Option { option: self.name, value: shown, expected: self.domain.expected() })
    }
}

/// Format a value for an error. Of several numbers, the first invalid one is shown.
fn shown(value: &Value, other: Other) -> String {
    match value {
        Value::Flag(flag) => if *flag { "yes" } else { "no" }.to_owned(),
        Value::Word(word) => (*word).to_owned(),
        Value::Integer(number) => number.to_string(),
        Value::Number(number) => number.to_string(),
        Value::Numbers(numbers) => {
            let (fits, of): (fn(f32) -> bool, _) =
                if other == Other::Signs { (value::is_sign, "input") } else { (value::is_positive, "output") };
            match numbers.iter().position(|&number| !fits(number)) {
                Some(index) => format!("{} for {of} {index}", numbers[index]),
                None => format!("{} numbers", numbers.len()),
            }
        }
    }
}

macro_rules! options {
    (
        $(#[$doc:meta])*
        $kind:ident => {
            $($(#[$option_doc:meta])* $id:literal $name:ident $(($word:literal | $alias:literal))?: $type:ty = $default:expr;)+
        }
        beside { $($(#[$other_doc:meta])* $other:ident $(($of_creation:ident))?: $other_type:ty = $get:expr;)+ }
    ) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq)]
        pub struct Options {
            $($(#[$option_doc])* pub $name: $type,)+
        }

        impl Options {
            /// The defaults for a kind of network.
            pub fn new($kind: Kind) -> Self {
                Self { $($name: $default,)+ }
            }

            fn merged(&self, changes: &Changes) -> Self {
                Self { $($name: changes.$name.as_ref().unwrap_or(&self.$name).clone(),)+ }
            }
        }

        /// Options to change. An option that is `None` stays as it is.
        #[derive(Debug, Clone, PartialEq, Default)]
        pub struct Changes {
            $($(#[$option_doc])* pub $name: Option<$type>,)+
            $($(#[$other_doc])* pub $other: Option<$other_type>,)+
        }

        /// All options: those that are saved by identifier, in ascending order of it, then the others.
        pub static TABLE: &[Declared] = &[
            $(Declared {
                name: stringify!($name),
                word: options!(@word $name $($word)?),
                alias: options!(@alias $($alias)?),
                domain: <$type as Setting>::DOMAIN,
                id: Some($id),
                is_of_creation: false,
                get: |options, _| Some(options.$name.value()),
                given: |changes| changes.$name.as_ref().map(Setting::value),
                set: |changes, value| { changes.$name = Some(Setting::from_value(value)?); Some(()) },
            },)+
            $(Declared {
                name: stringify!($other),
                word: stringify!($other),
                alias: None,
                domain: <$other_type as Setting>::DOMAIN,
                id: None,
                is_of_creation: options!(@of_creation $($of_creation)?),
                get: $get,
                given: |changes| changes.$other.as_ref().map(Setting::value),
                set: |changes, value| { changes.$other = Some(Setting::from_value(value)?); Some(()) },
            },)+
        ];
    };
    (@word $name:ident) => { stringify!($name) };
    (@word $name:ident $word:literal) => { $word };
    (@alias) => { None };
    (@alias $alias:literal) => { Some($alias) };
    (@of_creation) => { false };
    (@of_creation creation) => { true };
}

options! {
    /// Options of a network. [`Options::check`] checks whether a combination is valid.
    kind => {
        /// Whether a training computes the standardization of inputs (and of a regressor's outputs) from the training
        /// rows.
        1 normalize: bool = false;
        /// The activation of hidden units.
        2 activation: Activation = Activation::Relu;
        /// The activation of output units.
        3 output: Output = Output::default_of(kind);
        /// The loss that a training minimizes.
        4 loss: Loss = Output::default_of(kind).default_loss();
        /// The trainer.
        5 algorithm("algorithm" | "algo"): Algorithm = Algorithm::Auto;
        /// Weight decay (L2 penalty).
        6 l2: Decay = Decay::Auto;
        /// How many networks a training starts. The better half of them answers as an ensemble.
        7 ensemble("ensemble" | "restarts"): Ensemble = Ensemble::Auto;
        /// Weights of classes in the loss.
        8 class_weight("class-weight" | "classweight"): ClassWeight = ClassWeight::None;
        /// For how many cycles AUTOSTOP waits for a lower validation error.
        9 patience: Patience = Patience::Auto;
        /// Inputs in which the answer is monotone. This cannot be changed after creation.
        10 monotone: Monotone = Monotone::None;
        /// The probability from which on the second of two classes is answered.
        11 threshold: Threshold = Threshold::default();
    }
    beside {
        /// Maximum number of training rows.
        dataset: u32 = |_, limits| Some(limits.train.value());
        /// Maximum number of validation rows.
        test: u32 = |_, limits| Some(limits.test.value());
        /// The seed of all random numbers. It is not kept.
        seed(creation): u64 = |_, _| None;
    }
}

impl Options {
    /// Apply changes. A new output function also sets its default loss, and the first monotone inputs set the
    /// activation to tanh, unless the changes name a loss or an activation themselves.
    ///
    /// # Errors
    /// [`Error::Option`] for a value out of range or an invalid combination.
    pub fn with(&self, kind: Kind, layout: &Layout, changes: &Changes) -> Result<Self> {
        let mut options = self.merged(changes);
        if options.output != self.output && changes.loss.is_none() {
            options.loss = options.output.default_loss();
        }
        let becomes_monotone = options.monotone.is_any() && !self.monotone.is_any();
        if becomes_monotone && changes.activation.is_none() {
            options.activation = Activation::Tanh;
        }
        options.check(kind, layout)?;
        Ok(options)
    }

    /// Check that the values are in range and that the engine supports the combination for this kind and layout.
    ///
    /// # Errors
    /// [`Error::Option`] with the first option that is invalid.
    pub fn check(&self, kind: Kind, layout: &Layout) -> Result<()> {
        let reject = |option, value: &str, expected: &str| {
            Err(Error::Option { option, value: value.into(), expected: expected.into() })
        };
        if kind == Kind::Regressor && self.output == Output::Softmax {
            return reject("output", self.output.name(), "linear or sigmoid for a regressor");
        }
        if self.output == Output::Linear && self.loss == Loss::CrossEntropy {
            return reject("loss", self.loss.name(), "mse with linear outputs");
        }
        self.class_weight.check(kind, layout)?;
        self.monotone.check(kind, layout)?;
        self.threshold.check(kind, layout, self.output)?;
        if self.monotone.is_any() && self.activation == Activation::Relu {
            // Sums of rectified units with weights above 0 are convex, so they can represent convex functions only.
            return reject("activation", self.activation.name(), "tanh or sigmoid where inputs are monotone");
        }
        if self.monotone.is_any() && self.algorithm == Algorithm::Lbfgs {
            return reject(
                "algorithm",
                self.algorithm.name(),
                "auto, adam or a variant of RPROP where inputs are monotone",
            );
        }
        for option in TABLE {
            if let Some(value) = option.value(self, Limits::default())
                && !option.domain.contains(&value)
            {
                return reject(option.name, &shown(&value, option.domain.other), &option.domain.expected());
            }
        }
        Ok(())
    }
}

impl Changes {
    /// The limits with these changes; those that are not changed are taken from `present`.
    pub fn limits(&self, present: Limits) -> Limits {
        Limits { train: self.dataset.unwrap_or(present.train), test: self.test.unwrap_or(present.test) }
    }

    /// The limits of a new network: the defaults if neither is given, else 0 for the one that is not.
    pub fn first_limits(&self) -> Limits {
        let is_given = self.dataset.is_some() || self.test.is_some();
        self.limits(if is_given { Limits { train: 0, test: 0 } } else { Limits::default() })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    fn with(kind: Kind, changes: &Changes) -> Result<Options> {
        Options::new(kind).with(kind, &Layout::new(&[4, 3]).unwrap(), changes)
    }

    #[test]
    fn defaults_follow_the_kind_of_network() {
        let classifier = Options::new(Kind::Classifier);
        assert_eq!((classifier.output, classifier.loss), (Output::Softmax, Loss::CrossEntropy));
        let regressor = Options::new(Kind::Regressor);
        assert_eq!((regressor.output, regressor.loss), (Output::Linear, Loss::Mse));
    }

    #[test]
    fn an_output_sets_its_default_loss_unless_a_loss_is_named() {
        let sigmoid = Changes { output: Some(Output::Sigmoid), ..Changes::default() };
        assert_eq!(with(Kind::Classifier, &sigmoid).unwrap().loss, Loss::Mse);
        let both = Changes { loss: Some(Loss::CrossEntropy), ..sigmoid };
        assert_eq!(with(Kind::Classifier, &both).unwrap().loss, Loss::CrossEntropy);
    }

    #[test]
    fn invalid_combinations_are_rejected() {
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
            assert_eq!(
                error.to_string(),
                format!("patience is {cycles}: expected auto or an integer from 1 to 2147483647")
            );
        }
    }

    #[test]
    fn class_weights_are_positive_and_one_for_each_output() {
        let weighted = |weight: ClassWeight| Changes { class_weight: Some(weight), ..Changes::default() };
        let given = |weights: &[f32]| weighted(ClassWeight::Given(Arc::new(weights.to_vec())));
        assert!(with(Kind::Classifier, &given(&[1.0, 2.5, 1e-3])).is_ok());
        assert!(with(Kind::Classifier, &weighted(ClassWeight::Balanced)).is_ok());
        assert!(with(Kind::Regressor, &weighted(ClassWeight::None)).is_ok());
        let rejection = |kind, changes: &Changes| with(kind, changes).unwrap_err().to_string();
        for (weights, message) in [
            (&[1.0, 2.0][..], "class weight is 2 numbers: expected 3, one for each output"),
            (&[1.0], "class weight is 1 number: expected 3, one for each output"),
            (
                &[1.0, -2.0, 0.0],
                "class weight is -2 for class 1: expected none, balanced or a finite number above 0 for each output",
            ),
            (
                &[1.0, 1.0, 0.0],
                "class weight is 0 for class 2: expected none, balanced or a finite number above 0 for each output",
            ),
            (
                &[f32::NAN; 3],
                "class weight is NaN for class 0: expected none, balanced or a finite number above 0 for each output",
            ),
            (
                &[f32::INFINITY; 3],
                "class weight is inf for class 0: expected none, balanced or a finite number above 0 for each output",
            ),
        ] {
            assert_eq!(rejection(Kind::Classifier, &given(weights)), message);
        }
        let balanced = rejection(Kind::Regressor, &weighted(ClassWeight::Balanced));
        assert_eq!(balanced, "class weight is balanced: expected none for a regressor");
        assert!(rejection(Kind::Regressor, &given(&[1.0; 3])).contains("class weight is given: expected none"));
    }

    #[test]
    fn monotone_inputs_set_tanh_unless_an_activation_is_named() {
        let signs = |signs: &[f32]| Some(Monotone::Given(Arc::new(signs.to_vec())));
        let one = Layout::new(&[2, 1]).unwrap();
        let of = |changes: &Changes| Options::new(Kind::Regressor).with(Kind::Regressor, &one, changes);
        let given = Changes { monotone: signs(&[0.0, -1.0]), ..Changes::default() };
        let monotone = of(&given).unwrap();
        assert_eq!((monotone.activation, monotone.monotone.sign(1)), (Activation::Tanh, -1.0));
        assert_eq!((monotone.monotone.sign(0), monotone.monotone.sign(2)), (0.0, 0.0));
        let sigmoid = Changes { activation: Some(Activation::Sigmoid), ..given.clone() };
        let sigmoid = of(&sigmoid).unwrap();
        assert_eq!(sigmoid.activation, Activation::Sigmoid);
        assert_eq!(sigmoid.with(Kind::Regressor, &one, &given).unwrap().activation, Activation::Sigmoid);
        assert!(of(&Changes { activation: Some(Activation::Relu), ..given }).is_err());
        let zeros = Changes { monotone: signs(&[0.0, 0.0]), ..Changes::default() };
        assert_eq!(of(&zeros).unwrap().activation, Activation::Relu);
        assert_eq!(monotone.monotone.to_string(), "0,-1");
        assert_eq!(signs(&[1.0; 21]).unwrap().to_string(), "a list of 21");
        let kinds = [0, 1].map(|field| monotone.monotone.with_sign(field, crate::schema::FieldKind::Auto(7)));
        assert_eq!(kinds, ["AUTO 7", "AUTO 7 -"]);
    }

    #[test]
    fn words_are_case_insensitive_and_invalid_values_are_rejected_with_those_expected() {
        assert_eq!(Algorithm::DOMAIN.word(b"iRprop-"), Some(Value::Word("irprop-")));
        assert_eq!(Algorithm::DOMAIN.word(b"swish"), None);
        let rejection = |name, value| {
            let option = TABLE.iter().find(|option| option.name == name).unwrap();
            option.set(&mut Changes::default(), value).unwrap_err().to_string()
        };
        let auto = Value::Word("auto");
        assert_eq!(rejection("activation", auto.clone()), "activation is auto: expected sigmoid, tanh, relu");
        assert_eq!(rejection("seed", auto), "seed is auto: expected an integer from 0 to 18446744073709551615");
        let numbers = |numbers: &[f32]| Value::Numbers(Arc::new(numbers.to_vec()));
        assert_eq!(
            rejection("l2", numbers(&[1.0, 2.0])),
            "l2 is 2 numbers: expected auto or a finite number of at least 0"
        );
        assert_eq!(
            rejection("class_weight", numbers(&[1.0, 0.0])),
            "class_weight is 0 for output 1: expected none, balanced or a finite number above 0 for each output"
        );
        assert_eq!(
            rejection("monotone", numbers(&[1.0, -1.0, 0.5])),
            "monotone is 0.5 for input 2: expected none or 1, 0 or -1 for each input"
        );
        assert_eq!(rejection("normalize", Value::Integer(1)), "normalize is 1: expected yes or no");
        assert_eq!(
            rejection("ensemble", Value::Integer(256)),
            "ensemble is 256: expected auto or an integer from 1 to 64"
        );
    }

    #[test]
    fn every_option_can_be_read_set_and_saved_under_a_distinct_id() {
        let limits = Limits { train: 5, test: 7 };
        for kind in [Kind::Classifier, Kind::Regressor] {
            let options = Options::new(kind);
            let mut changes = Changes::default();
            for option in TABLE.iter().filter(|option| !option.is_of_creation) {
                let value = option.value(&options, limits).unwrap();
                let bytes = option.domain.encode(&value);
                assert_eq!(option.domain.decode(&bytes), Ok(Some(value.clone())), "{}", option.name);
                option.set(&mut changes, value).unwrap();
            }
            assert_eq!(options.merged(&changes), options);
            assert_eq!(changes.limits(Limits::default()), limits);
        }
        let mut ids: Vec<_> = TABLE.iter().filter_map(|option| option.id).collect();
        let count = ids.len();
        assert!(ids.is_sorted(), "files store options in this order");
        ids.dedup();
        assert_eq!(ids.len(), count);
    }

    #[test]
    fn limits_of_a_new_network_are_those_given_or_all_defaults() {
        let limits = |dataset, test| {
            let changes = Changes { dataset, test, ..Changes::default() };
            (changes.first_limits(), changes.limits(Limits { train: 3, test: 4 }))
        };
        let of = |train, test| Limits { train, test };
        assert_eq!(limits(None, None), (of(10_000, 2_500), of(3, 4)));
        assert_eq!(limits(Some(7), None), (of(7, 0), of(7, 4)));
        assert_eq!(limits(None, Some(8)), (of(0, 8), of(3, 8)));
        assert_eq!(limits(Some(7), Some(8)), (of(7, 8), of(7, 8)));
    }

    #[test]
    fn changes_contain_exactly_the_options_that_were_set() {
        let option = |name| TABLE.iter().find(|option| option.name == name).unwrap();
        let given = [
            ("normalize", Value::Flag(true)),
            ("activation", Value::Word("tanh")),
            ("l2", Value::Number(0.5)),
            ("ensemble", Value::Integer(3)),
            ("class_weight", Value::Numbers(Arc::new(vec![1.0, 2.0]))),
            ("class_weight", Value::Word("balanced")),
            ("patience", Value::Word("auto")),
            ("dataset", Value::Integer(9)),
            ("seed", Value::Integer(u64::MAX)),
        ];
        for (name, value) in given {
            let mut changes = Changes::default();
            option(name).set(&mut changes, value.clone()).unwrap();
            for other in TABLE {
                let expected = (other.name == name).then(|| value.clone());
                assert_eq!(other.given(&changes), expected, "{name}: {}", other.name);
            }
        }
        let seed = option("seed");
        assert!(seed.is_of_creation && seed.value(&Options::new(Kind::Classifier), Limits::default()).is_none());
        let words: Vec<_> = TABLE.iter().filter_map(|option| Some((option.name, option.word, option.alias?))).collect();
        let expected = [
            ("algorithm", "algorithm", "algo"),
            ("ensemble", "ensemble", "restarts"),
            ("class_weight", "class-weight", "classweight"),
        ];
        assert_eq!(words, expected);
    }

    #[test]
    fn an_option_is_given_by_its_name_or_its_former_name_but_not_by_both() {
        let named = |name: &str| TABLE.iter().find(|option| option.is_named(name)).unwrap();
        let mut changes = Changes::default();
        named("restarts").set(&mut changes, Value::Integer(3)).unwrap();
        assert_eq!(changes.ensemble, Some(Ensemble::Fixed(3)));
        let error = named("ensemble").set(&mut changes, Value::Integer(3)).unwrap_err();
        assert_eq!(error.to_string(), "ensemble is given twice: expected ensemble or restarts, not both");
        assert_eq!(changes.ensemble, Some(Ensemble::Fixed(3)));
    }

    #[test]
    fn flags_are_shown_as_yes_or_no() {
        let shown = |value| super::shown(&value, Other::Nothing);
        assert_eq!((shown(Value::Flag(true)), shown(Value::Flag(false))), ("yes".to_owned(), "no".to_owned()));
        assert_eq!((shown(Value::Word("auto")), shown(Value::Number(0.5))), ("auto".to_owned(), "0.5".to_owned()));
        let rejected = Options { patience: Patience::Cycles(0), ..Options::new(Kind::Regressor) };
        assert!(rejected.check(Kind::Regressor, &Layout::new(&[1, 1]).unwrap()).is_err());
    }
}
