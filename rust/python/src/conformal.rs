//! Prediction intervals and sets of classes.

use neuralredis_core::conformal::{class_set, interval as bounds};
use neuralredis_core::{Error, Kind, Level, Network as Engine};
use numpy::{IntoPyArray, PyArrayMethods};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::PyList;

use crate::answers;
use crate::errors::{bad_option, raise};
use crate::lists;
use crate::network::answer;
use crate::rows::Inputs;

/// Parses a level, the probability with which the outcome lies in an interval or set.
pub(crate) fn level(given: &Bound<'_, PyAny>) -> PyResult<Level> {
    const EXPECTED: &str = "a number above 0 and below 1";
    let Ok(share) = given.extract::<f64>() else {
        return Err(PyTypeError::new_err(format!("level is {}: expected {EXPECTED}", lists::shown(given)?)));
    };
    Level::new(share).ok_or_else(|| bad_option("level", &share, &EXPECTED))
}

/// For each output, the largest distance between prediction and outcome at this level.
fn quantiles(py: Python<'_>, engine: &Engine, level: Level) -> PyResult<Vec<f64>> {
    let found = match engine.known_calibration() {
        Some(known) => known.quantiles(level),
        None => py.detach(|| engine.calibration(&|| true)?.quantiles(level)),
    };
    found.map_err(raise)
}

/// Predictions with the bounds of their intervals, each of the three as `run` returns predictions.
pub(crate) fn interval<'py>(
    py: Python<'py>,
    engine: &Engine,
    rows: &Bound<'py, PyAny>,
    names: Option<&[String]>,
    level: Level,
) -> PyResult<[Bound<'py, PyAny>; 3]> {
    if engine.kind() != Kind::Regressor {
        return Err(raise(Error::NotRegressor));
    }
    let quantiles = quantiles(py, engine, level)?;
    let model = engine.model();
    let part = |outputs: &[f32], which: usize| -> Vec<f32> {
        let pairs = outputs.iter().zip(quantiles.iter().cycle());
        pairs.map(|(&output, &quantile)| bounds(output, quantile)[which]).collect()
    };
    if let Some(schema) = model.schema() {
        return answers::intervals(py, &model, schema, rows, part);
    }
    let width = model.layout().outputs();
    let inputs = Inputs::read(rows, model.layout().inputs(), names)?;
    let mut outputs = vec![0.0; inputs.rows * width];
    answer(py, &model, inputs.rows, || model.run(&inputs.values, &mut outputs)).map_err(|error| inputs.raise(error))?;
    let shown = |which| -> PyResult<Bound<'py, PyAny>> {
        let part = part(&outputs, which).into_pyarray(py);
        Ok(if inputs.single { part.into_any() } else { part.reshape([inputs.rows, width])?.into_any() })
    };
    Ok([shown(0)?, shown(1)?, shown(2)?])
}

/// The set of classes of each row, the most probable first.
pub(crate) fn sets<'py>(
    py: Python<'py>,
    engine: &Engine,
    rows: &Bound<'py, PyAny>,
    names: Option<&[String]>,
    level: Level,
) -> PyResult<Bound<'py, PyAny>> {
    if engine.kind() != Kind::Classifier {
        return Err(raise(Error::NotClassifier));
    }
    let quantile = quantiles(py, engine, level)?[0];
    let model = engine.model();
    if let Some(schema) = model.schema() {
        return answers::sets(py, &model, schema, rows, |outputs| class_set(outputs, quantile));
    }
    let width = model.layout().outputs();
    let inputs = Inputs::read(rows, model.layout().inputs(), names)?;
    let mut outputs = vec![0.0; inputs.rows * width];
    answer(py, &model, inputs.rows, || model.run(&inputs.values, &mut outputs)).map_err(|error| inputs.raise(error))?;
    let mut sets = outputs.chunks_exact(width).map(|outputs| class_set(outputs, quantile));
    if inputs.single {
        return Ok(PyList::new(py, sets.next().unwrap_or_default())?.into_any());
    }
    let sets: Vec<Bound<'py, PyList>> = sets.map(|set| PyList::new(py, set)).collect::<PyResult<_>>()?;
    Ok(PyList::new(py, sets)?.into_any())
}
