//! Parsing options of networks and trainings, and formatting them as arguments of commands.

use neuralredis_core::layout::MAX_UNITS;
use neuralredis_core::options::{Declared, Domain, Other, TABLE};
use neuralredis_core::training::TrainOptions;
use neuralredis_core::{Changes, Events, Info, Kind, Layout, SequenceOptions, Set, Value, schema, sequence};
use pyo3::IntoPyObjectExt;
use pyo3::exceptions::{PyOverflowError, PyTypeError};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyTuple};
use std::sync::Arc;
use std::time::Duration;

use crate::errors::{OptionError, bad_option, raise};
use crate::fields::{self as of_fields, Declaration, Described};
use crate::sequence_networks;

pub(crate) fn kind(name: &Bound<'_, PyAny>) -> PyResult<Kind> {
    const EXPECTED: &str = "classifier, regressor";
    let name = word("kind", name, || EXPECTED.to_owned())?;
    [Kind::Classifier, Kind::Regressor]
        .into_iter()
        .find(|kind| kind.name().eq_ignore_ascii_case(&name))
        .ok_or_else(|| bad_option("kind", &format!("'{name}'"), &EXPECTED))
}

/// The exception for a value of the wrong type.
fn mistyped(option: &str, value: &Bound<'_, PyAny>, expected: &str) -> PyErr {
    match value.repr() {
        Ok(shown) => PyTypeError::new_err(format!("{option} is {shown}: expected {expected}")),
        Err(error) => error,
    }
}

/// Parses a string.
fn word(option: &str, value: &Bound<'_, PyAny>, expected: impl FnOnce() -> String) -> PyResult<String> {
    value.extract().map_err(|_| mistyped(option, value, &expected()))
}

/// Parses True or False, also of NumPy; numbers are rejected.
pub(crate) fn flag(option: &str, value: &Bound<'_, PyAny>) -> PyResult<bool> {
    value.extract().map_err(|_| mistyped(option, value, "True or False"))
}

/// Parses the name of a set, the value of the argument `called`.
pub(crate) fn set(called: &'static str, name: &Bound<'_, PyAny>) -> PyResult<Set> {
    let name = word(called, name, || "train, test".to_owned())?;
    match () {
        () if name.eq_ignore_ascii_case("train") => Ok(Set::Train),
        () if name.eq_ignore_ascii_case("test") => Ok(Set::Test),
        () => Err(bad_option(called, &format!("'{name}'"), &"train, test")),
    }
}

pub(crate) fn layout(units: &Bound<'_, PyAny>) -> PyResult<Layout> {
    let mut layout = Vec::new();
    // Lists, tuples and arrays are valid; a string, or a set, whose order is arbitrary, is a mistake.
    if units.len().is_err() || units.is_instance_of::<pyo3::types::PyString>() {
        return Err(PyTypeError::new_err(format!(
            "layout is {}: expected a list of units, inputs first",
            units.repr()?
        )));
    }
    for (layer, units) in units.try_iter()?.enumerate() {
        let units = units?;
        let given: i128 = units
            .extract()
            .map_err(|_| PyTypeError::new_err(format!("layer {layer} is {units:?}: expected a number of units")))?;
        // The engine's type cannot represent negative numbers.
        let message = || format!("layer {layer} has {given} units: expected 1 to {MAX_UNITS}");
        layout.push(usize::try_from(given).map_err(|_| OptionError::new_err(message()))?);
    }
    Layout::new(&layout).map_err(raise)
}

/// Parses an integer from `least` to `most`, also of NumPy; floats are rejected.
pub(crate) fn whole(option: &'static str, value: &Bound<'_, PyAny>, most: u64, least: u64) -> PyResult<u64> {
    let refused = |shown: String| bad_option(option, &shown, &format!("an integer from {least} to {most}"));
    match value.extract::<i128>() {
        Ok(number) => u64::try_from(number)
            .ok()
            .filter(|number| (least..=most).contains(number))
            .ok_or_else(|| refused(number.to_string())),
        Err(error) if error.is_instance_of::<PyOverflowError>(value.py()) => Err(refused(value.str()?.to_string())),
        Err(error) if error.is_instance_of::<PyTypeError>(value.py()) => {
            Err(PyTypeError::new_err(format!("{option} is {}: expected an integer", value.repr()?)))
        }
        Err(error) => Err(error),
    }
}

/// Parses options from keywords by the engine's table; former names are accepted. None is the same as no value.
pub(crate) fn changes(keywords: Option<&Bound<'_, PyDict>>, of_creation: bool) -> PyResult<Changes> {
    let mut changes = Changes::default();
    for (name, value) in keywords.into_iter().flatten() {
        let name: String = name.extract()?;
        let option = TABLE.iter().find(|option| option.is_named(&name) && (of_creation || !option.is_of_creation));
        let option =
            option.ok_or_else(|| PyTypeError::new_err(format!("'{name}' is an unexpected keyword argument")))?;
        if !value.is_none() {
            option.set(&mut changes, read(option, &value)?).map_err(raise)?;
        }
    }
    Ok(changes)
}

fn read(option: &Declared, value: &Bound<'_, PyAny>) -> PyResult<Value> {
    let (name, domain) = (option.name, option.domain);
    if let Ok(word) = value.extract::<String>()
        && !domain.words.is_empty()
    {
        return domain.word(word.as_bytes()).ok_or_else(|| bad_option(name, &format!("'{word}'"), &expected(&domain)));
    }
    match domain.other {
        Other::Flag => flag(name, value).map(Value::Flag),
        Other::Integer(least, most) => whole(name, value, most, least).map(Value::Integer),
        Other::Number | Other::Share if let Ok(number) = value.extract() => Ok(Value::Number(number)),
        // Lists, tuples and arrays are valid; a dictionary or a set has no meaningful order.
        Other::Numbers | Other::Signs if !value.is_instance_of::<PyBytes>() => match value.extract::<Vec<f64>>() {
            Ok(numbers) => Ok(Value::Numbers(Arc::new(numbers.into_iter().map(|number| number as f32).collect()))),
            Err(error) if error.is_instance_of::<PyTypeError>(value.py()) => {
                Err(mistyped(name, value, &expected(&domain)))
            }
            Err(error) => Err(error),
        },
        Other::Nothing | Other::Number | Other::Share | Other::Numbers | Other::Signs => {
            Err(mistyped(name, value, &expected(&domain)))
        }
    }
}

/// The expected values of an option; words are quoted if other values are valid, too.
fn expected(domain: &Domain) -> String {
    let quoted = domain.words.iter().map(|(word, _)| format!("'{word}'")).collect::<Vec<_>>().join(", ");
    let words = domain.words.iter().map(|&(word, _)| word).collect::<Vec<_>>().join(", ");
    match domain.expected().strip_prefix(&format!("{words} or ")) {
        Some(other) if !quoted.is_empty() => format!("{quoted} or {other}"),
        _ => domain.expected(),
    }
}

/// A value as a user would pass it.
fn shown(py: Python<'_>, value: Value) -> PyResult<Bound<'_, PyAny>> {
    match value {
        Value::Flag(flag) => flag.into_bound_py_any(py),
        Value::Word(word) => word.into_bound_py_any(py),
        Value::Integer(number) => number.into_bound_py_any(py),
        Value::Number(number) => decimal(number).into_bound_py_any(py),
        Value::Numbers(several) => {
            several.iter().map(|&number| decimal(number)).collect::<Vec<_>>().into_bound_py_any(py)
        }
    }
}

/// The double with the shortest decimal that rounds to this float: 0.1 instead of 0.10000000149011612.
pub(crate) fn decimal(number: f32) -> f64 {
    number.to_string().parse().unwrap_or_else(|_| number.into())
}

/// All options of a network, as keywords.
pub(crate) fn present<'py>(py: Python<'py>, info: &Info) -> PyResult<Bound<'py, PyDict>> {
    let values = PyDict::new(py);
    for option in TABLE {
        if let Some(value) = option.value(&info.options, info.limits) {
            values.set_item(option.name, shown(py, value)?)?;
        }
    }
    Ok(values)
}

/// Formats options as arguments of NR.CREATE or NR.CONFIGURE.
fn words(changes: &Changes, of_creation: bool) -> Vec<String> {
    let mut words = Vec::new();
    for option in TABLE {
        let value = match option.given(changes) {
            None => continue,
            Some(Value::Flag(false)) if of_creation => continue,
            Some(Value::Flag(true)) if of_creation => None,
            Some(Value::Flag(flag)) => Some(if flag { "yes" } else { "no" }.to_owned()),
            Some(Value::Word(word)) => Some(word.to_owned()),
            Some(Value::Integer(number)) => Some(number.to_string()),
            Some(Value::Number(number)) => Some(number.to_string()),
            Some(Value::Numbers(several)) => Some(several.iter().map(f32::to_string).collect::<Vec<_>>().join(",")),
        };
        words.push(option.word.to_uppercase());
        words.extend(value);
    }
    words
}

/// Return the arguments of NR.CREATE after the key.
#[pyfunction]
#[pyo3(signature = (
    kind, layout = None, *, fields = None, target = None, hidden = None, classes = None, **options
))]
pub(crate) fn creation_words<'py>(
    kind: &Bound<'py, PyAny>,
    layout: Option<&Bound<'py, PyAny>>,
    fields: Option<&Bound<'py, PyAny>>,
    target: Option<&Bound<'py, PyAny>>,
    hidden: Option<&Bound<'py, PyAny>>,
    classes: Option<&Bound<'py, PyAny>>,
    options: Option<&Bound<'py, PyDict>>,
) -> PyResult<Vec<Bound<'py, PyBytes>>> {
    let (py, kind) = (kind.py(), self::kind(kind)?);
    let (options, sequence) = sequence_networks::split_options(options)?;
    let (options, monotone) = of_fields::monotone_by_name(options.as_ref())?;
    let mut changes = changes(options.as_ref(), true)?;
    let mut all = vec![kind.name().as_bytes().to_vec()];
    match Declaration::of(layout, fields, [target, hidden, classes], monotone.as_ref())? {
        Declaration::Layout(layout) => {
            let layout = self::layout(layout)?;
            let mut units: Vec<Vec<u8>> = layout.units().iter().map(|units| units.to_string().into_bytes()).collect();
            units.insert(units.len() - 1, b"->".to_vec());
            all.extend(units);
        }
        Declaration::Fields(described) => {
            Described::check(&changes)?;
            if let Some(sequence) = sequence {
                let (fields, target) = described.events(kind)?;
                let hidden = described.hidden_or(sequence::default_hidden(sequence.cell, &fields, &target))?;
                let declared = fields.iter().map(|(name, kind)| (&name[..], *kind));
                all.extend(schema::declaration(declared, &target, &hidden));
                sequence::first_layout((Events::Fields(fields), target), sequence, &hidden).map_err(raise)?;
            } else {
                all.extend(described.schema(kind, &mut changes)?.declaration(&described.hidden()?));
            }
        }
    }
    if let Some(SequenceOptions { length, cell }) = sequence {
        all.extend([b"SEQUENCE".to_vec(), b"LENGTH".to_vec(), length.to_string().into_bytes()]);
        all.extend([b"CELL".to_vec(), cell.name().to_uppercase().into_bytes()]);
    }
    all.extend(words(&changes, true).into_iter().map(String::into_bytes));
    Ok(all.iter().map(|word| PyBytes::new(py, word)).collect())
}

/// Return the arguments of NR.CONFIGURE after the key.
#[pyfunction]
#[pyo3(signature = (**options))]
pub(crate) fn change_words(options: Option<&Bound<'_, PyDict>>) -> PyResult<Vec<String>> {
    Ok(words(&changes(options, false)?, false))
}

/// Return the table of options: for each its name, its name in replies, its former name if it has one, its words, its
/// other type if it has one, and whether only new networks take it.
#[pyfunction]
pub(crate) fn option_table(py: Python<'_>) -> PyResult<Bound<'_, PyTuple>> {
    let rows = TABLE.iter().map(|option| {
        let words: Vec<_> = option.domain.words.iter().map(|&(word, _)| word).collect();
        let other = match option.domain.other {
            Other::Nothing => None,
            Other::Flag => Some("flag"),
            Other::Integer(..) => Some("integer"),
            Other::Number | Other::Share => Some("number"),
            Other::Numbers => Some("numbers"),
            Other::Signs => Some("signs"),
        };
        let words = PyTuple::new(py, words)?.unbind();
        Ok((option.name, option.word, option.alias, words, other, option.is_of_creation))
    });
    PyTuple::new(py, rows.collect::<PyResult<Vec<_>>>()?)
}

/// Returns the given seed, or one from the operating system.
pub(crate) fn seed(py: Python<'_>, seed: Option<u64>) -> PyResult<u64> {
    match seed {
        Some(seed) => Ok(seed),
        None => py.import("os")?.call_method1("urandom", (8,))?.extract::<[u8; 8]>().map(u64::from_le_bytes),
    }
}

/// Parses the limits of a training; None and 0 mean no limit.
pub(crate) fn training(
    max_cycles: Option<&Bound<'_, PyAny>>,
    max_time: Option<&Bound<'_, PyAny>>,
    auto_stop: &Bound<'_, PyAny>,
    backtrack: &Bound<'_, PyAny>,
) -> PyResult<TrainOptions> {
    const SECONDS: &str = "seconds, at least 0";
    let max_cycles = max_cycles.map_or(Ok(0), |cycles| whole("max_cycles", cycles, u64::MAX, 0))?;
    let seconds: f64 =
        max_time.map_or(Ok(0.0), |time| time.extract().map_err(|_| mistyped("max_time", time, SECONDS)))?;
    if seconds.is_nan() || seconds < 0.0 {
        return Err(bad_option("max_time", &seconds, &SECONDS));
    }
    let (auto_stop, backtrack) = (flag("autostop", auto_stop)?, flag("backtrack", backtrack)?);
    // Longer than a `Duration` or a clock can represent is no limit.
    let max_time =
        Duration::try_from_secs_f64(seconds).ok().filter(|time| *time < NO_LIMIT_FROM).unwrap_or(Duration::ZERO);
    // A positive time that rounds to 0 remains a limit.
    let max_time = if seconds > 0.0 && seconds < 1e-9 { Duration::from_nanos(1) } else { max_time };
    Ok(TrainOptions { max_cycles, max_time, auto_stop, backtrack })
}

/// 100 years. Longer limits are no limit.
const NO_LIMIT_FROM: Duration = Duration::from_secs(100 * 365 * 24 * 3600);
