//! The options that NR.CREATE and NR.CONFIGURE share.

use std::sync::Arc;

use neuralredis_core::layout::MAX_UNITS;
use neuralredis_core::options::{MAX_MEMBERS, MAX_PATIENCE};
use neuralredis_core::{
    Activation, Algorithm, Changes, ClassWeight, Decay, Limits, Loss, Options, Output, Patience, Restarts,
};
use neuralredis_server::{Argument, Reply, numbers};

use super::prelude::is;
use crate::error::Refusal;

/// Options as they were given.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Given {
    pub(super) changes: Changes,
    pub(super) dataset: Option<u32>,
    pub(super) test: Option<u32>,
    pub(super) seed: Option<u64>,
}

/// Which command the options are of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Of {
    /// NORMALIZE stands alone, and SEED may be given.
    Creation,
    /// NORMALIZE has a value.
    Change,
}

const NAMES: [&str; 12] = [
    "NORMALIZE",
    "DATASET",
    "TEST",
    "SEED",
    "ACTIVATION",
    "OUTPUT",
    "LOSS",
    "ALGO",
    "L2",
    "RESTARTS",
    "CLASSWEIGHT",
    "PATIENCE",
];

impl Given {
    pub(super) fn parse(mut arguments: &[&[u8]], of: Of) -> Result<Self, Refusal> {
        let mut given = Self::default();
        let mut seen: Vec<&str> = Vec::new();
        while let Some((&argument, rest)) = arguments.split_first() {
            arguments = rest;
            let Some(name) = NAMES.into_iter().find(|name| is(argument, name)) else {
                return Err(Refusal::unknown(argument, NAMES.join(", ")));
            };
            if name == "SEED" && of == Of::Change {
                return Err(Refusal::because("SEED is for NR.CREATE: the seed of a network does not change"));
            }
            if seen.contains(&name) {
                return Err(Refusal::because(format!("{name} is given twice")));
            }
            seen.push(name);
            if name == "NORMALIZE" && of == Of::Creation {
                given.changes.normalize = Some(true);
                continue;
            }
            let Some((&value, rest)) = arguments.split_first() else {
                return Err(Refusal::because(format!("{name} has no value")));
            };
            arguments = rest;
            given.set(name, value)?;
        }
        Ok(given)
    }

    fn set(&mut self, name: &'static str, value: &[u8]) -> Result<(), Refusal> {
        let Self { changes, dataset, test, seed } = self;
        match name {
            "NORMALIZE" => changes.normalize = Some(flag(name, value)?),
            "DATASET" => *dataset = Some(limit(name, value)?),
            "TEST" => *test = Some(limit(name, value)?),
            "SEED" => {
                let expected = format!("an integer from 0 to {}", u64::MAX);
                *seed = Some(numbers::whole(value).ok_or_else(|| Refusal::argument(name, value, expected))?);
            }
            "ACTIVATION" => changes.activation = Some(choice(name, value, Activation::ALL, Activation::name)?),
            "OUTPUT" => changes.output = Some(choice(name, value, Output::ALL, Output::name)?),
            "LOSS" => changes.loss = Some(choice(name, value, Loss::ALL, Loss::name)?),
            "ALGO" => changes.algorithm = Some(choice(name, value, Algorithm::ALL, Algorithm::name)?),
            "L2" => changes.l2 = Some(decay(name, value)?),
            "RESTARTS" => changes.restarts = Some(members(name, value)?),
            "CLASSWEIGHT" => changes.class_weight = Some(class_weight(name, value)?),
            _ => changes.patience = Some(patience(name, value)?),
        }
        Ok(())
    }

    /// The limits, of which those not given are as in `present`.
    pub(super) fn limits(&self, present: Limits) -> Limits {
        Limits { train: self.dataset.unwrap_or(present.train), test: self.test.unwrap_or(present.test) }
    }
}

fn flag(name: &str, value: &[u8]) -> Result<bool, Refusal> {
    match () {
        () if ["1", "yes", "on", "true"].into_iter().any(|word| is(value, word)) => Ok(true),
        () if ["0", "no", "off", "false"].into_iter().any(|word| is(value, word)) => Ok(false),
        () => Err(Refusal::argument(name, value, "yes or no")),
    }
}

fn limit(name: &str, value: &[u8]) -> Result<u32, Refusal> {
    let number = numbers::whole(value).and_then(|number| u32::try_from(number).ok());
    number.ok_or_else(|| Refusal::argument(name, value, format_args!("an integer from 0 to {}", u32::MAX)))
}

fn choice<T: Copy>(name: &str, value: &[u8], all: &[T], word: impl Fn(T) -> &'static str) -> Result<T, Refusal> {
    all.iter().copied().find(|&item| is(value, word(item))).ok_or_else(|| {
        let words: Vec<_> = all.iter().map(|&item| word(item)).collect();
        Refusal::argument(name, value, words.join(", "))
    })
}

fn decay(name: &str, value: &[u8]) -> Result<Decay, Refusal> {
    if is(value, "auto") {
        return Ok(Decay::Auto);
    }
    let number = numbers::single(value).filter(|number| *number >= 0.0);
    number.map(Decay::Fixed).ok_or_else(|| Refusal::argument(name, value, "auto or a finite number of at least 0"))
}

fn members(name: &str, value: &[u8]) -> Result<Restarts, Refusal> {
    if is(value, "auto") {
        return Ok(Restarts::Auto);
    }
    let number = numbers::whole(value).filter(|number| (1..=MAX_MEMBERS as u64).contains(number));
    let expected = format!("auto or an integer from 1 to {MAX_MEMBERS}");
    number.map(|number| Restarts::Fixed(number as u8)).ok_or_else(|| Refusal::argument(name, value, expected))
}

/// How many weights there must be depends on the network, which is not known here.
fn class_weight(name: &str, value: &[u8]) -> Result<ClassWeight, Refusal> {
    if is(value, "none") {
        return Ok(ClassWeight::None);
    }
    if is(value, "balanced") {
        return Ok(ClassWeight::Balanced);
    }
    let numbers = value.split(|&byte| byte == b',');
    // No network has more outputs: memory is taken for no more.
    let weights = (numbers.clone().take(MAX_UNITS + 1).count() <= MAX_UNITS).then_some(numbers);
    let mut weights = weights.and_then(|weights| {
        weights.map(|number| numbers::single(number).filter(|weight| *weight > 0.0)).collect::<Option<Vec<_>>>()
    });
    weights.iter_mut().for_each(Vec::shrink_to_fit);
    let expected = "none, balanced or a finite number above 0 for each output, separated by commas";
    weights.map(|weights| ClassWeight::Given(Arc::new(weights))).ok_or_else(|| Refusal::argument(name, value, expected))
}

fn patience(name: &str, value: &[u8]) -> Result<Patience, Refusal> {
    if is(value, "auto") {
        return Ok(Patience::Auto);
    }
    let number = numbers::whole(value).filter(|number| (1..=u64::from(MAX_PATIENCE)).contains(number));
    let expected = format!("auto or an integer from 1 to {MAX_PATIENCE}");
    number.map(|number| Patience::Cycles(number as u32)).ok_or_else(|| Refusal::argument(name, value, expected))
}

/// All options but the seed, as arguments that give just them. NORMALIZE is left to the caller: it is written in two ways.
pub(crate) fn written(options: &Options, limits: Limits) -> Vec<Vec<u8>> {
    let Options { normalize: _, activation, output, loss, algorithm, l2, restarts, class_weight, patience } = options;
    let l2 = match l2 {
        Decay::Auto => "auto".into(),
        Decay::Fixed(l2) => numbers::text(*l2),
    };
    let restarts = match restarts {
        Restarts::Auto => "auto".into(),
        Restarts::Fixed(members) => members.to_string(),
    };
    let class_weight = match class_weight {
        ClassWeight::None | ClassWeight::Balanced => class_weight.name().into(),
        ClassWeight::Given(weights) => {
            weights.iter().map(|&weight| numbers::text(weight)).collect::<Vec<_>>().join(",")
        }
    };
    let patience = match patience {
        Patience::Auto => "auto".into(),
        Patience::Cycles(cycles) => cycles.to_string(),
    };
    [
        ("DATASET", limits.train.to_string()),
        ("TEST", limits.test.to_string()),
        ("ACTIVATION", activation.name().into()),
        ("OUTPUT", output.name().into()),
        ("LOSS", loss.name().into()),
        ("ALGO", algorithm.name().into()),
        ("L2", l2),
        ("RESTARTS", restarts),
        ("CLASSWEIGHT", class_weight),
        ("PATIENCE", patience),
    ]
    .into_iter()
    .flat_map(|(name, value)| [name.into(), value.into_bytes()])
    .collect()
}

/// Weight decay in a reply.
pub(super) fn decay_reply(l2: Decay) -> Reply {
    match l2 {
        Decay::Auto => Reply::word("auto"),
        Decay::Fixed(l2) => Reply::Single(l2),
    }
}

/// Restarts in a reply.
pub(super) fn restarts_reply(restarts: Restarts) -> Reply {
    match restarts {
        Restarts::Auto => Reply::word("auto"),
        Restarts::Fixed(members) => Reply::count(u64::from(members)),
    }
}

/// Weights of classes in a reply.
pub(super) fn class_weight_reply(class_weight: &ClassWeight) -> Reply {
    match class_weight {
        ClassWeight::None | ClassWeight::Balanced => Reply::word(class_weight.name()),
        ClassWeight::Given(weights) => Reply::Singles(numbers::Row::from_slice(weights)),
    }
}

/// Patience in a reply.
pub(super) fn patience_reply(patience: Patience) -> Reply {
    match patience {
        Patience::Auto => Reply::word("auto"),
        Patience::Cycles(cycles) => Reply::count(cycles),
    }
}

pub(super) const DATASET: Argument = Argument::integer(c"rows").after(c"DATASET").optional();
pub(super) const TEST: Argument = Argument::integer(c"rows").after(c"TEST").optional();
pub(super) const ACTIVATION: Argument = Argument::one_of(
    c"activation",
    &[Argument::word(c"sigmoid", c"SIGMOID"), Argument::word(c"tanh", c"TANH"), Argument::word(c"relu", c"RELU")],
)
.after(c"ACTIVATION")
.optional();
pub(super) const OUTPUT: Argument = Argument::one_of(
    c"output",
    &[
        Argument::word(c"softmax", c"SOFTMAX"),
        Argument::word(c"sigmoid", c"SIGMOID"),
        Argument::word(c"linear", c"LINEAR"),
    ],
)
.after(c"OUTPUT")
.optional();
pub(super) const LOSS: Argument =
    Argument::one_of(c"loss", &[Argument::word(c"crossentropy", c"CROSSENTROPY"), Argument::word(c"mse", c"MSE")])
        .after(c"LOSS")
        .optional();
pub(super) const ALGO: Argument = Argument::one_of(
    c"algorithm",
    &[
        Argument::word(c"auto", c"AUTO"),
        Argument::word(c"irprop-plus", c"IRPROP+"),
        Argument::word(c"irprop-minus", c"IRPROP-"),
        Argument::word(c"rprop-plus", c"RPROP+"),
        Argument::word(c"lbfgs", c"LBFGS"),
    ],
)
.after(c"ALGO")
.optional();
pub(super) const L2: Argument =
    Argument::one_of(c"decay", &[Argument::number(c"decay"), Argument::word(c"auto", c"AUTO")]).after(c"L2").optional();
pub(super) const RESTARTS: Argument =
    Argument::one_of(c"restarts", &[Argument::integer(c"members"), Argument::word(c"auto", c"AUTO")])
        .after(c"RESTARTS")
        .optional();
pub(super) const CLASSWEIGHT: Argument = Argument::one_of(
    c"class-weight",
    &[Argument::word(c"none", c"NONE"), Argument::word(c"balanced", c"BALANCED"), Argument::text(c"weights")],
)
.after(c"CLASSWEIGHT")
.optional();
pub(super) const PATIENCE: Argument =
    Argument::one_of(c"patience", &[Argument::integer(c"cycles"), Argument::word(c"auto", c"AUTO")])
        .after(c"PATIENCE")
        .optional();

#[cfg(test)]
mod tests {
    use neuralredis_core::{Kind, Layout};

    use super::*;

    fn parse(words: &str, of: Of) -> Result<Given, Refusal> {
        let words: Vec<_> = words.split_whitespace().map(str::as_bytes).collect();
        Given::parse(&words, of)
    }

    fn refusal(words: &str, of: Of) -> String {
        parse(words, of).unwrap_err().text()
    }

    #[test]
    fn options_come_in_any_order_and_case() {
        let given = parse("l2 0.5 Normalize TEST 5 seed 18446744073709551615 algo rprop+", Of::Creation).unwrap();
        assert_eq!((given.dataset, given.test, given.seed), (None, Some(5), Some(u64::MAX)));
        assert_eq!((given.changes.normalize, given.changes.l2), (Some(true), Some(Decay::Fixed(0.5))));
        assert_eq!(given.limits(Limits { train: 7, test: 9 }), Limits { train: 7, test: 5 });
        let given = parse("NORMALIZE no L2 AUTO", Of::Change).unwrap();
        assert_eq!((given.changes.normalize, given.changes.l2), (Some(false), Some(Decay::Auto)));
    }

    #[test]
    fn what_is_wrong_is_named() {
        assert_eq!(
            refusal("DATASET -1", Of::Creation),
            "ERR DATASET is '-1': expected an integer from 0 to 4294967295"
        );
        assert_eq!(refusal("TEST 5 TEST 6", Of::Creation), "ERR TEST is given twice");
        assert_eq!(refusal("LOSS", Of::Creation), "ERR LOSS has no value");
        assert_eq!(refusal("LOSS log", Of::Creation), "ERR LOSS is 'log': expected crossentropy, mse");
        let expected = "expected none, balanced or a finite number above 0 for each output, separated by commas";
        for value in ["", "some", "1,", ",1", "1,,2", "1,0", "1,-2", "1,inf", "nan", "1,1e39", "1,1e-60", "1;2"] {
            let text = Given::parse(&[b"CLASSWEIGHT", value.as_bytes()], Of::Creation).unwrap_err().text();
            assert_eq!(text, format!("ERR CLASSWEIGHT is '{value}': {expected}"));
        }
        assert!(refusal(&format!("CLASSWEIGHT 1{}", ",1".repeat(1 << 20)), Of::Change).ends_with(expected));
        for value in ["0", "-1", "2147483648", "1.5", "for-ever"] {
            assert_eq!(
                refusal(&format!("PATIENCE {value}"), Of::Change),
                format!("ERR PATIENCE is '{value}': expected auto or an integer from 1 to 2147483647")
            );
        }
        assert!(refusal("SEED 1", Of::Change).contains("SEED"));
        assert!(refusal("FOO", Of::Creation).starts_with("ERR 'FOO' is no option here: expected NORMALIZE, DATASET"));
    }

    #[test]
    fn what_is_written_is_read_back() {
        let layout = Layout::new(&[2, 3]).unwrap();
        let limits = Limits { train: 3, test: u32::MAX };
        for class_weight in [
            ClassWeight::None,
            ClassWeight::Balanced,
            ClassWeight::Given(Arc::new(vec![f32::from_bits(1), 0.1, f32::MAX])),
        ] {
            let options = Options {
                l2: Decay::Fixed(0.1),
                restarts: Restarts::Fixed(7),
                patience: Patience::Cycles(MAX_PATIENCE),
                class_weight,
                ..Options::new(Kind::Classifier)
            };
            let written = written(&options, limits);
            let given = Given::parse(&written.iter().map(Vec::as_slice).collect::<Vec<_>>(), Of::Change).unwrap();
            assert_eq!(
                Options::new(Kind::Classifier).with(Kind::Classifier, &layout, &given.changes).unwrap(),
                options
            );
            assert_eq!(given.limits(Limits::default()), limits);
        }
    }
}
