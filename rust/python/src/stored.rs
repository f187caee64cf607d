//! Stored rows of networks with fields, and statistics of their fields.

use neuralredis_core::schema::Held;
use neuralredis_core::{FieldFigures, Kind, Monotone, Network as Engine, Schema, Set};
use numpy::{IntoPyArray, PyArrayMethods};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyTuple};

use crate::options::decimal;
use crate::values::text_of;

/// The rows of a set as dicts, and their outcomes.
pub(crate) fn rows<'py>(
    py: Python<'py>,
    engine: &Engine,
    schema: &Schema,
    set: Set,
) -> PyResult<(Bound<'py, PyAny>, Bound<'py, PyAny>)> {
    let (found, mut outcomes) = (PyList::empty(py), Vec::new());
    for index in 0..engine.rows(set) {
        let Some((row, outcome, _)) = engine.row_of_fields(set, index) else { break };
        let values = PyDict::new(py);
        for (field, held) in schema.fields().iter().zip(schema.held(&row)) {
            values.set_item(text_of(py, field.name())?, value(py, held)?)?;
        }
        found.append(values)?;
        outcomes.extend(outcome);
    }
    let targets = schema.target_names().len();
    let outcomes = match (schema.kind(), targets) {
        (Kind::Classifier, _) => {
            let name = |class: &f32| Ok(text_of(py, &schema.classes()[*class as usize])?.into_any().unbind());
            outcomes.iter().map(name).collect::<PyResult<Vec<Py<PyAny>>>>()?.into_pyarray(py).into_any()
        }
        (Kind::Regressor, 1) => outcomes.into_pyarray(py).into_any(),
        (Kind::Regressor, _) => outcomes.into_pyarray(py).reshape([found.len(), targets])?.into_any(),
    };
    Ok((found.into_any(), outcomes))
}

/// A value as a Python object; None for a gap, and for what is not stored: a word beyond the dictionary, and the words
/// of a text.
pub(crate) fn value<'py>(py: Python<'py>, held: Held<'_>) -> PyResult<Bound<'py, PyAny>> {
    Ok(match held {
        Held::Gap | Held::OtherWord | Held::Buckets(_) => py.None().into_bound(py),
        Held::Number(number) => decimal(number).into_pyobject(py)?.into_any(),
        Held::Flag(flag) => flag.into_pyobject(py)?.to_owned().into_any(),
        Held::Word(word) => text_of(py, word)?.into_any(),
        Held::Moment(seconds) => moment(py, seconds)?,
        Held::Words(words) => {
            let known = words.into_iter().flatten().map(|word| text_of(py, word)).collect::<PyResult<Vec<_>>>()?;
            PyList::new(py, known)?.into_any()
        }
        Held::Vector(numbers) => numbers.into_pyarray(py).into_any(),
    })
}

/// Converts seconds since 1970 to a datetime in UTC; a float if it is beyond Python's calendar.
fn moment(py: Python<'_>, seconds: f64) -> PyResult<Bound<'_, PyAny>> {
    let datetime = py.import("datetime")?;
    let (zone, class) = (datetime.getattr("timezone")?.getattr("utc")?, datetime.getattr("datetime")?);
    let epoch = class.call1((1970, 1, 1, 0, 0, 0, 0, zone))?;
    let since = datetime.getattr("timedelta")?.call1((0, seconds))?;
    epoch.call_method1("__add__", (since,)).or_else(|_| Ok(seconds.into_pyobject(py)?.into_any()))
}

/// The statistics of each field, as dicts with the names of `FieldStatistics`.
pub(crate) fn figures<'py>(
    py: Python<'py>,
    schema: &Schema,
    monotone: &Monotone,
    all: Vec<FieldFigures>,
) -> PyResult<Vec<Bound<'py, PyDict>>> {
    let of_field = |(at, (field, figures)): (usize, (&neuralredis_core::schema::Field, FieldFigures))| {
        let found = PyDict::new(py);
        found.set_item("name", text_of(py, field.name())?)?;
        found.set_item("kind", monotone.with_sign(at, field.kind()).to_lowercase())?;
        found.set_item("values", figures.values)?;
        found.set_item("gaps", figures.gaps)?;
        found.set_item("min", figures.range.map(|(least, _)| least))?;
        found.set_item("max", figures.range.map(|(_, most)| most))?;
        let of_dictionary = field.kind().has_dictionary();
        found.set_item("words", of_dictionary.then(|| field.words()))?;
        found.set_item("other", of_dictionary.then_some(figures.others))?;
        let pairs = figures.commonest.iter().map(|(word, rows)| Ok((text_of(py, word)?, *rows)));
        found.set_item("commonest", PyTuple::new(py, pairs.collect::<PyResult<Vec<_>>>()?)?)?;
        found.set_item("importance", figures.importance)?;
        Ok(found)
    };
    schema.fields().iter().zip(all).enumerate().map(of_field).collect()
}
