//! Names and numbers that a network or a training is made with.

use neuralredis_core::layout::MAX_UNITS;
use neuralredis_core::options::{MAX_MEMBERS, MAX_PATIENCE};
use neuralredis_core::training::TrainOptions;
use neuralredis_core::{
    Activation, Algorithm, Changes, ClassWeight, Decay, Kind, Layout, Limits, Loss, Output, Patience, Restarts, Set,
};
use pyo3::IntoPyObjectExt;
use pyo3::exceptions::{PyOverflowError, PyTypeError};
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use std::sync::Arc;
use std::time::Duration;

use crate::errors::{OptionError, bad_option, raise};

pub(crate) fn kind(name: &Bound<'_, PyAny>) -> PyResult<Kind> {
    const EXPECTED: &str = "classifier, regressor";
    let name = word("kind", name, || EXPECTED.to_owned())?;
    [Kind::Classifier, Kind::Regressor]
        .into_iter()
        .find(|kind| kind.name().eq_ignore_ascii_case(&name))
        .ok_or_else(|| bad_option("kind", &format!("'{name}'"), &EXPECTED))
}

/// What is said of a value that is of another type than an option takes.
fn mistyped(option: &str, value: &Bound<'_, PyAny>, expected: &str) -> PyErr {
    match value.repr() {
        Ok(shown) => PyTypeError::new_err(format!("{option} is {shown}: expected {expected}")),
        Err(error) => error,
    }
}

/// A word.
fn word(option: &str, value: &Bound<'_, PyAny>, expected: impl FnOnce() -> String) -> PyResult<String> {
    value.extract().map_err(|_| mistyped(option, value, &expected()))
}

/// One of the names of an option.
fn choice<T>(
    option: &str,
    value: Option<&Bound<'_, PyAny>>,
    from_name: impl Fn(&str) -> neuralredis_core::Result<T>,
) -> PyResult<Option<T>> {
    let names = || match from_name("") {
        Err(neuralredis_core::Error::Option { expected, .. }) => expected,
        _ => "a name".to_owned(),
    };
    value.map(|value| from_name(&word(option, value, names)?).map_err(raise)).transpose()
}

/// True or False, NumPy's among them; a number is neither.
pub(crate) fn flag(option: &str, value: &Bound<'_, PyAny>) -> PyResult<bool> {
    value.extract().map_err(|_| mistyped(option, value, "True or False"))
}

/// A set by the word that stands for it, of the option or argument `called`.
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
    // A list, a tuple, an array; a word or a set of layers is a mistake.
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
        // No engine could be asked for fewer than none.
        let message = || format!("layer {layer} has {given} units: expected 1 to {MAX_UNITS}");
        layout.push(usize::try_from(given).map_err(|_| OptionError::new_err(message()))?);
    }
    Layout::new(&layout).map_err(raise)
}

/// A whole number from `least` to `most`; numpy's integers are among them, numbers with a point are not.
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

/// How many rows each set may hold, of which the unnamed ones are none.
pub(crate) fn limits(
    dataset: Option<&Bound<'_, PyAny>>,
    test: Option<&Bound<'_, PyAny>>,
    unnamed: Limits,
) -> PyResult<Limits> {
    let limit = |option, value: Option<&Bound<'_, PyAny>>, unnamed| {
        value.map_or(Ok(unnamed), |value| whole(option, value, u32::MAX.into(), 0).map(|limit| limit as u32))
    };
    Ok(Limits { train: limit("dataset", dataset, unnamed.train)?, test: limit("test", test, unnamed.test)? })
}

/// The seed, or one from the operating system.
pub(crate) fn seed(py: Python<'_>, seed: Option<&Bound<'_, PyAny>>) -> PyResult<u64> {
    match seed {
        Some(seed) => whole("seed", seed, u64::MAX, 0),
        None => py.import("os")?.call_method1("urandom", (8,))?.extract::<[u8; 8]>().map(u64::from_le_bytes),
    }
}

/// Options by their names, whatever the case of the letters.
#[allow(clippy::too_many_arguments, reason = "keywords in Python")]
pub(crate) fn changes(
    normalize: Option<&Bound<'_, PyAny>>,
    activation: Option<&Bound<'_, PyAny>>,
    output: Option<&Bound<'_, PyAny>>,
    loss: Option<&Bound<'_, PyAny>>,
    algorithm: Option<&Bound<'_, PyAny>>,
    l2: Option<&Bound<'_, PyAny>>,
    restarts: Option<&Bound<'_, PyAny>>,
    class_weight: Option<&Bound<'_, PyAny>>,
    patience: Option<&Bound<'_, PyAny>>,
) -> PyResult<Changes> {
    Ok(Changes {
        normalize: normalize.map(|value| flag("normalize", value)).transpose()?,
        activation: choice("activation", activation, Activation::from_name)?,
        output: choice("output", output, Output::from_name)?,
        loss: choice("loss", loss, Loss::from_name)?,
        algorithm: choice("algorithm", algorithm, Algorithm::from_name)?,
        l2: l2.map(decay).transpose()?,
        restarts: restarts.map(members).transpose()?,
        class_weight: class_weight.map(weights).transpose()?,
        patience: patience.map(cycles).transpose()?,
    })
}

/// What `l2` says: `"auto"`, or a number.
fn decay(l2: &Bound<'_, PyAny>) -> PyResult<Decay> {
    const EXPECTED: &str = "'auto' or a number of at least 0";
    match (l2.extract::<String>(), l2.extract::<f32>()) {
        (Ok(name), _) if name.eq_ignore_ascii_case("auto") => Ok(Decay::Auto),
        (Ok(name), _) => Err(bad_option("l2", &format!("'{name}'"), &EXPECTED)),
        (Err(_), Ok(number)) => Ok(Decay::Fixed(number)),
        (Err(_), Err(_)) => Err(mistyped("l2", l2, EXPECTED)),
    }
}

/// Weight decay as a user says it.
pub(crate) fn l2(py: Python<'_>, decay: Decay) -> PyResult<Bound<'_, PyAny>> {
    match decay {
        Decay::Auto => "auto".into_bound_py_any(py),
        // As the decimal that was given.
        Decay::Fixed(l2) => decimal(l2).into_bound_py_any(py),
    }
}

/// The double whose decimals are the fewest that give this number: 0.1 rather than 0.10000000149011612.
fn decimal(number: f32) -> f64 {
    number.to_string().parse().unwrap_or_else(|_| number.into())
}

/// What `restarts` says: `"auto"`, or a number.
fn members(restarts: &Bound<'_, PyAny>) -> PyResult<Restarts> {
    match restarts.extract::<&str>() {
        Ok(name) if name.eq_ignore_ascii_case("auto") => Ok(Restarts::Auto),
        Ok(name) => Err(bad_option("restarts", &format!("'{name}'"), &format!("'auto' or 1 to {MAX_MEMBERS}"))),
        Err(_) => Ok(Restarts::Fixed(whole("restarts", restarts, MAX_MEMBERS as u64, 1)? as u8)),
    }
}

/// Restarts as a user says them.
pub(crate) fn restarts(py: Python<'_>, restarts: Restarts) -> PyResult<Bound<'_, PyAny>> {
    match restarts {
        Restarts::Auto => "auto".into_bound_py_any(py),
        Restarts::Fixed(members) => members.into_bound_py_any(py),
    }
}

/// What `class_weight` says: `"none"`, `"balanced"`, or numbers.
fn weights(weights: &Bound<'_, PyAny>) -> PyResult<ClassWeight> {
    const EXPECTED: &str = "'none', 'balanced' or a finite number above 0 for each output";
    match weights.extract::<&str>() {
        Ok(name) if name.eq_ignore_ascii_case("none") => return Ok(ClassWeight::None),
        Ok(name) if name.eq_ignore_ascii_case("balanced") => return Ok(ClassWeight::Balanced),
        Ok(name) => return Err(bad_option("class_weight", &format!("'{name}'"), &EXPECTED)),
        Err(_) => {}
    }
    // A list, a tuple, an array; of a dictionary or a set the order would not be what was meant.
    let refused = || -> PyResult<ClassWeight> {
        Err(PyTypeError::new_err(format!("class_weight is {}: expected {EXPECTED}", weights.repr()?)))
    };
    if weights.is_instance_of::<PyBytes>() {
        return refused();
    }
    match weights.extract::<Vec<f64>>() {
        Ok(numbers) => Ok(ClassWeight::Given(Arc::new(numbers.into_iter().map(|weight| weight as f32).collect()))),
        Err(error) if error.is_instance_of::<PyTypeError>(weights.py()) => refused(),
        Err(error) => Err(error),
    }
}

/// Weights of classes as a user says them.
pub(crate) fn class_weight<'py>(py: Python<'py>, class_weight: &ClassWeight) -> PyResult<Bound<'py, PyAny>> {
    match class_weight {
        ClassWeight::None | ClassWeight::Balanced => class_weight.name().into_bound_py_any(py),
        ClassWeight::Given(weights) => {
            weights.iter().map(|&weight| decimal(weight)).collect::<Vec<_>>().into_bound_py_any(py)
        }
    }
}

/// What `patience` says: `"auto"`, or a number.
fn cycles(patience: &Bound<'_, PyAny>) -> PyResult<Patience> {
    match patience.extract::<&str>() {
        Ok(name) if name.eq_ignore_ascii_case("auto") => Ok(Patience::Auto),
        Ok(name) => Err(bad_option("patience", &format!("'{name}'"), &format!("'auto' or 1 to {MAX_PATIENCE}"))),
        Err(_) => Ok(Patience::Cycles(whole("patience", patience, MAX_PATIENCE.into(), 1)? as u32)),
    }
}

/// Patience as a user says it.
pub(crate) fn patience(py: Python<'_>, patience: Patience) -> PyResult<Bound<'_, PyAny>> {
    match patience {
        Patience::Auto => "auto".into_bound_py_any(py),
        Patience::Cycles(cycles) => cycles.into_bound_py_any(py),
    }
}

/// When a training ends; none and zero are no limit.
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
    // More than a duration holds is for ever, and so is more than a clock can be asked to wait for.
    let max_time = Duration::try_from_secs_f64(seconds).ok().filter(|time| *time < FOR_EVER).unwrap_or(Duration::ZERO);
    // A time too short to be told from none is still a limit.
    let max_time = if seconds > 0.0 && seconds < 1e-9 { Duration::from_nanos(1) } else { max_time };
    Ok(TrainOptions { max_cycles, max_time, auto_stop, backtrack })
}

/// A hundred years.
const FOR_EVER: Duration = Duration::from_secs(100 * 365 * 24 * 3600);
