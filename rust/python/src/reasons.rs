//! Explanations of predictions, and changes that lead to another class.

use std::cell::{Cell, RefCell};
use std::time::{Duration, Instant};

use neuralredis_core::schema::readable;
use neuralredis_core::{Error, Kind, Model, Network as Engine, Row, Sampling};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};

use crate::errors::{ShapeError, bad_option, raise};
use crate::fields::class_of;
use crate::lists;
use crate::options;
use crate::rows::Inputs;
use crate::stored::value;
use crate::table::Table;
use crate::values::text_of;

/// How often to check for signals.
const SIGNAL_CHECK: Duration = Duration::from_millis(50);

/// Runs long work with the GIL released, and stops it when a signal handler raises an exception.
#[allow(clippy::redundant_closure_for_method_calls, reason = "the method alone is of one lifetime")]
fn interruptible<T: Send>(
    py: Python<'_>,
    work: impl FnOnce(&dyn Fn() -> bool) -> Result<T, Error> + Send,
) -> PyResult<T> {
    let (found, raised) = py.detach(|| {
        let (checked, raised) = (Cell::new(Instant::now()), RefCell::new(None));
        let is_wanted = || {
            if checked.get().elapsed() >= SIGNAL_CHECK {
                checked.set(Instant::now());
                *raised.borrow_mut() = Python::attach(|py| py.check_signals()).err();
            }
            raised.borrow().is_none()
        };
        let found = work(&is_wanted);
        (found, raised.into_inner())
    });
    match raised {
        Some(raised) => Err(raised),
        None => found.map_err(raise),
    }
}

/// Parses the row to explain: a single row or a list of one.
pub(crate) fn question(engine: &Engine, rows: &Bound<'_, PyAny>, names: Option<&[String]>) -> PyResult<Row> {
    let refuse = |given: usize| {
        Err(ShapeError::new_err(format!("{given} rows: expected one, of which the answer is explained")))
    };
    if let Some(schema) = engine.schema() {
        let table = Table::read(rows, schema, false)?;
        let encoded = table.encoded(schema)?;
        return if encoded.len() == 1 { Ok(encoded[0].clone()) } else { refuse(encoded.len()) };
    }
    let inputs = Inputs::read(rows, engine.layout().inputs(), names)?;
    if inputs.rows != 1 {
        return refuse(inputs.rows);
    }
    let mut outputs = vec![0.0; engine.layout().outputs()];
    // Checks the values with the errors that `run` would raise.
    engine.model().run(&inputs.values, &mut outputs).map_err(|error| inputs.raise(error))?;
    Ok(Row { cells: inputs.values, list: Vec::new() })
}

/// Returns the fields of an `Explanation`.
pub(crate) fn explanation<'py>(
    py: Python<'py>,
    engine: &Engine,
    row: &Row,
    label: Option<&Bound<'_, PyAny>>,
    [samples, seed]: [Option<&Bound<'_, PyAny>>; 2],
) -> PyResult<Bound<'py, PyDict>> {
    let model = engine.model();
    let usual = Sampling::default();
    let whole = |name, given: Option<&Bound<'_, PyAny>>, most, least, usual| {
        given.map_or(Ok(usual), |given| options::whole(name, given, most, least))
    };
    let samples =
        whole("samples", samples, Sampling::MOST.into(), Sampling::LEAST.into(), usual.samples.into())? as u32;
    let sampling = Sampling { samples, seed: whole("seed", seed, u64::MAX, 0, usual.seed)? };
    let output = match label {
        Some(label) => Some(output(&model, "label", label)?),
        None if model.kind() == Kind::Regressor && model.layout().outputs() > 1 => {
            return Err(bad_option("label", &"None", &listed(&model)));
        }
        None => None,
    };
    let found = interruptible(py, |is_wanted| engine.explain(row, output, sampling, is_wanted))?;
    let fields = PyDict::new(py);
    fields.set_item("label", label_of(py, &model, found.output)?)?;
    fields.set_item("answer", found.answer)?;
    fields.set_item("mean", found.mean)?;
    fields.set_item("rows", found.rows)?;
    fields.set_item("shares", named(py, &model, found.shares)?)?;
    fields.set_item("values", named(py, &model, values(py, &model, row)?)?)?;
    fields.set_item("standard_errors", found.errors.map(|errors| named(py, &model, errors)).transpose()?)?;
    Ok(fields)
}

/// Returns the fields of a `Counterfactual`.
pub(crate) fn changes<'py>(
    py: Python<'py>,
    engine: &Engine,
    row: &Row,
    want: &Bound<'_, PyAny>,
) -> PyResult<Bound<'py, PyDict>> {
    let model = engine.model();
    if model.kind() != Kind::Classifier {
        return Err(raise(Error::NotClassifier));
    }
    let wanted = output(&model, "want", want)?;
    let found = interruptible(py, |is_wanted| engine.changes_for(row, wanted, is_wanted))?;
    let fields = PyDict::new(py);
    fields.set_item("label", label_of(py, &model, found.class)?)?;
    fields.set_item("want", label_of(py, &model, wanted)?)?;
    let changes = match found.changes {
        None => None,
        Some((chosen, changed)) => {
            let (before, after) = (values(py, &model, row)?, values(py, &model, &changed)?);
            let by_field = PyDict::new(py);
            for field in chosen {
                by_field.set_item(name(py, &model, field)?, PyTuple::new(py, [&before[field], &after[field]])?)?;
            }
            Some(by_field)
        }
    };
    fields.set_item("changes", changes)?;
    Ok(fields)
}

/// The index of the output with this name; without fields, outputs are numbered.
fn output(model: &Model, what: &'static str, given: &Bound<'_, PyAny>) -> PyResult<usize> {
    let Some(schema) = model.schema() else {
        return Ok(options::whole(what, given, model.layout().outputs() as u64 - 1, 0)? as usize);
    };
    let classifier = model.kind() == Kind::Classifier;
    let names = if classifier { model.classes() } else { schema.target_names() };
    if names.is_empty() {
        return Err(raise(Error::NoClasses));
    }
    let chosen = class_of(given)?;
    let shown = lists::shown(given)?;
    let found = names.iter().position(|name| Some(&name[..]) == chosen.as_deref());
    found.ok_or_else(|| bad_option(what, &shown, &listed(model)))
}

fn listed(model: &Model) -> String {
    let Some(schema) = model.schema() else {
        return format!("an integer from 0 to {}", model.layout().outputs() - 1);
    };
    let names = if model.kind() == Kind::Classifier { model.classes() } else { schema.target_names() };
    format!("one of {}", names.iter().map(|name| readable(name)).collect::<Vec<_>>().join(", "))
}

/// The name of an output (a class or a target), or its index.
fn label_of<'py>(py: Python<'py>, model: &Model, output: usize) -> PyResult<Bound<'py, PyAny>> {
    Ok(match model.schema() {
        None => output.into_pyobject(py)?.into_any(),
        Some(_) if model.kind() == Kind::Classifier => text_of(py, &model.classes()[output])?.into_any(),
        Some(schema) => text_of(py, &schema.target_names()[output])?.into_any(),
    })
}

/// The name of a field, or the index of an input.
fn name<'py>(py: Python<'py>, model: &Model, field: usize) -> PyResult<Bound<'py, PyAny>> {
    Ok(match model.schema() {
        None => field.into_pyobject(py)?.into_any(),
        Some(schema) => text_of(py, schema.fields()[field].name())?.into_any(),
    })
}

/// A dict of values by field.
fn named<'py, T: IntoPyObject<'py>>(py: Python<'py>, model: &Model, items: Vec<T>) -> PyResult<Bound<'py, PyDict>> {
    let fields = PyDict::new(py);
    for (field, item) in items.into_iter().enumerate() {
        fields.set_item(name(py, model, field)?, item)?;
    }
    Ok(fields)
}

/// The value of each field of a row.
fn values<'py>(py: Python<'py>, model: &Model, row: &Row) -> PyResult<Vec<Bound<'py, PyAny>>> {
    match model.schema() {
        None => row.cells.iter().map(|&input| Ok(options::decimal(input).into_pyobject(py)?.into_any())).collect(),
        Some(schema) => schema.held(row).into_iter().map(|held| value(py, held)).collect(),
    }
}
