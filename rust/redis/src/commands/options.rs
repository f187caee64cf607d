//! The options of the engine's table: parsing them, formatting them as arguments and replies, and describing them in
//! COMMAND DOCS.

use std::ffi::{CStr, CString};
use std::sync::{Arc, LazyLock};

use neuralredis_core::layout::MAX_UNITS;
use neuralredis_core::options::{Declared, Other, TABLE};
use neuralredis_core::{Changes, Limits, Options, Value};
use neuralredis_server::{Argument, Reply, numbers};

use super::prelude::is;
use crate::error::Refusal;

/// The command that takes the options.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum OptionContext {
    /// NR.CREATE: NORMALIZE takes no value, and SEED is allowed.
    Creation,
    /// NR.CONFIGURE: NORMALIZE takes a value.
    Change,
}

fn find(word: &[u8]) -> Option<&'static Declared> {
    TABLE.iter().find(|option| is(word, option.word) || option.alias.is_some_and(|alias| is(word, alias)))
}

/// Whether a word is the name of an option of NR.CREATE.
pub(super) fn is_option(word: &[u8]) -> bool {
    find(word).is_some()
}

/// Whether a word is the name of an option of NR.CREATE that takes a value.
pub(super) fn has_value(word: &[u8]) -> bool {
    find(word).is_some_and(|option| option.domain.other != Other::Flag)
}

/// Parses options and their values.
pub(super) fn parse(mut arguments: &[&[u8]], of: OptionContext) -> Result<Changes, Refusal> {
    let mut changes = Changes::default();
    let mut seen: Vec<(&str, String)> = Vec::new();
    while let Some((&argument, rest)) = arguments.split_first() {
        arguments = rest;
        let Some(option) = find(argument) else {
            let names: Vec<_> = TABLE.iter().map(|option| option.word.to_uppercase()).collect();
            return Err(Refusal::unknown(argument, names.join(", ")));
        };
        // The name that the client used, which may be the former one.
        let called = String::from_utf8_lossy(argument).to_uppercase();
        if option.is_of_creation && of == OptionContext::Change {
            return Err(Refusal::option(format!("{called} is for NR.CREATE alone: it does not change afterwards")));
        }
        if let Some((_, before)) = seen.iter().find(|(name, _)| *name == option.name) {
            let twice = if *before == called {
                format!("{called} is given twice")
            } else {
                format!("{before} and {called} are given: expected one of them, since they are the same option")
            };
            return Err(Refusal::option(twice));
        }
        seen.push((option.name, called.clone()));
        if option.domain.other == Other::Flag && of == OptionContext::Creation {
            option.set(&mut changes, Value::Flag(true))?;
            continue;
        }
        let Some((&given, rest)) = arguments.split_first() else {
            return Err(Refusal::option(format!("{called} has no value")));
        };
        arguments = rest;
        let value = read(option, given).filter(|value| option.domain.contains(value));
        let value = value.ok_or_else(|| {
            let is_list = matches!(option.domain.other, Other::Numbers | Other::Signs);
            let separated = if is_list { ", separated by commas" } else { "" };
            Refusal::argument(&called, given, format_args!("{}{separated}", option.domain.expected()))
        })?;
        option.set(&mut changes, value)?;
    }
    Ok(changes)
}

fn read(option: &Declared, text: &[u8]) -> Option<Value> {
    option.domain.word(text).or_else(|| match option.domain.other {
        Other::Nothing => None,
        Other::Flag => {
            let is_one = |words: [&str; 4]| words.into_iter().any(|word| is(text, word));
            let (yes, no) = (is_one(["1", "yes", "on", "true"]), is_one(["0", "no", "off", "false"]));
            (yes || no).then_some(Value::Flag(yes))
        }
        Other::Integer(..) => numbers::whole(text).map(Value::Integer),
        Other::Number | Other::Share => numbers::single(text).map(Value::Number),
        Other::Numbers | Other::Signs => {
            let parts = text.split(|&byte| byte == b',');
            // No network has more inputs or outputs, so a longer list is rejected before memory is allocated for it.
            if parts.clone().take(MAX_UNITS + 1).count() > MAX_UNITS {
                return None;
            }
            let mut numbers = parts.map(numbers::single).collect::<Option<Vec<_>>>()?;
            numbers.shrink_to_fit();
            Some(Value::Numbers(Arc::new(numbers)))
        }
    })
}

/// Formats all options of a network as arguments that set exactly these.
pub(crate) fn written(options: &Options, limits: Limits, of: OptionContext) -> Vec<Vec<u8>> {
    let mut words = Vec::new();
    for option in TABLE {
        let called = || option.word.to_uppercase().into_bytes();
        match option.value(options, limits) {
            None => {}
            Some(Value::Flag(false)) if of == OptionContext::Creation => {}
            Some(Value::Flag(true)) if of == OptionContext::Creation => words.push(called()),
            Some(value) => words.extend([called(), text(&value).into_bytes()]),
        }
    }
    words
}

fn text(value: &Value) -> String {
    match value {
        Value::Flag(flag) => if *flag { "yes" } else { "no" }.into(),
        Value::Word(word) => (*word).into(),
        Value::Integer(number) => number.to_string(),
        Value::Number(number) => numbers::text(*number),
        Value::Numbers(several) => several.iter().map(|&number| numbers::text(number)).collect::<Vec<_>>().join(","),
    }
}

/// Options that NR.INFO returns under the names of the original: `auto-normalization`, `training-dataset-maxlen`,
/// `test-dataset-maxlen`.
const OF_THE_ORIGINAL: [&str; 3] = ["normalize", "dataset", "test"];

/// The other options of a network, by name.
pub(super) fn replies(options: &Options, limits: Limits) -> impl Iterator<Item = (&'static str, Reply)> {
    let others = TABLE.iter().filter(|option| !OF_THE_ORIGINAL.contains(&option.name));
    others.filter_map(move |option| Some((option.word, reply(option.value(options, limits)?))))
}

/// ENSEMBLE under its former name, which clients read.
pub(super) fn former(options: &Options, limits: Limits) -> Option<(&'static str, Reply)> {
    let option = TABLE.iter().find(|option| option.alias == Some("restarts"))?;
    Some((option.alias?, reply(option.value(options, limits)?)))
}

fn reply(value: Value) -> Reply {
    match value {
        Value::Flag(flag) => Reply::Flag(flag),
        Value::Word(word) => Reply::word(word),
        Value::Integer(number) => Reply::count(number),
        Value::Number(number) => Reply::Single(number),
        Value::Numbers(several) => Reply::Singles(numbers::Row::from_slice(&several)),
    }
}

/// The options of NR.CREATE in COMMAND DOCS.
pub(super) static OF_CREATION: LazyLock<Vec<Argument>> = LazyLock::new(|| arguments(OptionContext::Creation));
/// The options of NR.CONFIGURE in COMMAND DOCS.
pub(super) static OF_CHANGE: LazyLock<Vec<Argument>> = LazyLock::new(|| arguments(OptionContext::Change));

fn arguments(of: OptionContext) -> Vec<Argument> {
    let shown = TABLE.iter().filter(|option| of == OptionContext::Creation || !option.is_of_creation);
    shown.map(|option| argument(option, of)).collect()
}

fn argument(option: &Declared, of: OptionContext) -> Argument {
    let (called, token) = (leaked(option.word), leaked(&option.word.to_uppercase()));
    if option.domain.other == Other::Flag && of == OptionContext::Creation {
        return Argument::word(called, token).optional();
    }
    let word = |word: &str| {
        let named = word.replace('+', "-plus");
        let named = named.strip_suffix('-').map_or_else(|| named.clone(), |stem| format!("{stem}-minus"));
        Argument::word(leaked(&named), leaked(&word.to_uppercase()))
    };
    let mut choices: Vec<Argument> = option.domain.words.iter().map(|&(text, _)| word(text)).collect();
    choices.extend(match option.domain.other {
        Other::Nothing => vec![],
        Other::Flag => vec![word("yes"), word("no")],
        Other::Integer(..) if choices.is_empty() => vec![Argument::integer(called)],
        Other::Integer(..) => vec![Argument::integer(c"integer")],
        Other::Number | Other::Share => vec![Argument::number(if choices.is_empty() { called } else { c"number" })],
        Other::Numbers => vec![Argument::text(c"numbers")],
        Other::Signs => vec![Argument::text(c"signs")],
    });
    let value = match choices[..] {
        [only] => only,
        _ => Argument::one_of(called, choices.leak()),
    };
    value.after(token).optional()
}

fn leaked(text: &str) -> &'static CStr {
    Box::leak(CString::new(text).unwrap_or_default().into_boxed_c_str())
}

#[cfg(test)]
mod tests {
    use neuralredis_core::options::{MAX_PATIENCE, Patience};
    use neuralredis_core::{ClassWeight, Decay, Ensemble, Kind, Layout};

    use super::*;

    fn parsed(words: &str, of: OptionContext) -> Result<Changes, Refusal> {
        parse(&words.split_whitespace().map(str::as_bytes).collect::<Vec<_>>(), of)
    }

    fn refusal(words: &str, of: OptionContext) -> String {
        parsed(words, of).unwrap_err().text()
    }

    #[test]
    fn options_come_in_any_order_and_case() {
        let given =
            parsed("l2 0.5 Normalize TEST 5 seed 18446744073709551615 algo rprop+", OptionContext::Creation).unwrap();
        assert_eq!((given.dataset, given.test, given.seed), (None, Some(5), Some(u64::MAX)));
        assert_eq!((given.normalize, given.l2), (Some(true), Some(Decay::Fixed(0.5))));
        assert_eq!(given.algorithm, parsed("ALGORITHM RPROP+", OptionContext::Creation).unwrap().algorithm);
        let given = parsed("NORMALIZE no L2 AUTO classweight balanced", OptionContext::Change).unwrap();
        assert_eq!((given.normalize, given.l2), (Some(false), Some(Decay::Auto)));
        assert_eq!(given.class_weight, Some(ClassWeight::Balanced));
    }

    #[test]
    fn errors_name_the_option_the_value_and_what_was_expected() {
        assert_eq!(
            refusal("DATASET -1", OptionContext::Creation),
            "NROPTION DATASET is '-1': expected an integer from 0 to 4294967295"
        );
        assert_eq!(refusal("TEST 5 TEST 6", OptionContext::Creation), "NROPTION TEST is given twice");
        assert_eq!(
            refusal("ensemble 5 restarts 5", OptionContext::Change),
            "NROPTION ENSEMBLE and RESTARTS are given: expected one of them, since they are the same option"
        );
        assert_eq!(refusal("LOSS", OptionContext::Creation), "NROPTION LOSS has no value");
        assert_eq!(refusal("LOSS log", OptionContext::Creation), "NROPTION LOSS is 'log': expected crossentropy, mse");
        let expected = "expected none, balanced or a finite number above 0 for each output, separated by commas";
        for value in ["", "some", "1,", ",1", "1,,2", "1,0", "1,-2", "1,inf", "nan", "1,1e39", "1,1e-60", "1;2"] {
            let text = parse(&[b"CLASSWEIGHT", value.as_bytes()], OptionContext::Creation).unwrap_err().text();
            assert_eq!(text, format!("NROPTION CLASSWEIGHT is '{value}': {expected}"));
        }
        assert!(refusal(&format!("CLASSWEIGHT 1{}", ",1".repeat(1 << 20)), OptionContext::Change).ends_with(expected));
        for value in ["0", "-1", "2147483648", "1.5", "for-ever"] {
            assert_eq!(
                refusal(&format!("PATIENCE {value}"), OptionContext::Change),
                format!("NROPTION PATIENCE is '{value}': expected auto or an integer from 1 to 2147483647")
            );
        }
        assert!(refusal("SEED 1", OptionContext::Change).contains("SEED"));
        assert!(
            refusal("FOO", OptionContext::Creation)
                .starts_with("NROPTION unknown option 'FOO': expected NORMALIZE, ACTIVATION")
        );
    }

    #[test]
    fn formatted_options_parse_to_the_same_options() {
        let layout = Layout::new(&[2, 3]).unwrap();
        let limits = Limits { train: 3, test: u32::MAX };
        for class_weight in [
            ClassWeight::None,
            ClassWeight::Balanced,
            ClassWeight::Given(Arc::new(vec![f32::from_bits(1), 0.1, f32::MAX])),
        ] {
            let options = Options {
                normalize: true,
                l2: Decay::Fixed(0.1),
                ensemble: Ensemble::Fixed(7),
                patience: Patience::Cycles(MAX_PATIENCE),
                class_weight,
                ..Options::new(Kind::Classifier)
            };
            for of in [OptionContext::Change, OptionContext::Creation] {
                let written = written(&options, limits, of);
                let given = parse(&written.iter().map(Vec::as_slice).collect::<Vec<_>>(), of).unwrap();
                assert_eq!(Options::new(Kind::Classifier).with(Kind::Classifier, &layout, &given).unwrap(), options);
                assert_eq!(given.limits(Limits::default()), limits);
            }
        }
    }
}
