//! Results of the engine, as dictionaries with the field names of `python/neuralredis/results.py`.

use neuralredis_core::evaluation::{Evaluation, Score};
use neuralredis_core::training::{Progress, Report};
use neuralredis_core::{Info, Kind};
use numpy::{IntoPyArray, PyArrayMethods};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyType};

use crate::fields::texts;

/// The numbers of rows in both sets, as a `RowCounts`.
pub(crate) fn row_counts(py: Python<'_>, (train, test): (u32, u32)) -> PyResult<Bound<'_, PyAny>> {
    static CLASS: PyOnceLock<Py<PyType>> = PyOnceLock::new();
    CLASS.import(py, "neuralredis.results", "RowCounts")?.call1((train, test))
}

/// The fields of an `Info`.
pub(crate) fn info<'py>(
    py: Python<'py>,
    id: u64,
    info: &Info,
    training: bool,
    memory: usize,
    warnings: &[String],
) -> PyResult<Bound<'py, PyDict>> {
    let found = info.statistics;
    let classifier = info.kind == Kind::Classifier;
    let fields = PyDict::new(py);
    fields.set_item("id", id)?;
    fields.set_item("type", info.kind.name())?;
    fields.set_item("auto_normalization", info.options.normalize)?;
    fields.set_item("training", training)?;
    fields.set_item("layout", &info.layout)?;
    fields.set_item("training_dataset_maxlen", info.limits.train)?;
    fields.set_item("training_dataset_len", info.train_rows)?;
    fields.set_item("test_dataset_maxlen", info.limits.test)?;
    fields.set_item("test_dataset_len", info.test_rows)?;
    fields.set_item("training_total_steps", found.total_steps)?;
    fields.set_item("training_total_seconds", found.total_seconds)?;
    fields.set_item("dataset_error", found.train_error)?;
    fields.set_item("test_error", found.test_error)?;
    fields.set_item("classification_errors_perc", classifier.then_some(found.class_errors))?;
    fields.set_item("overfitting_detected", found.overfitting)?;
    fields.set_item("training_total_cycles", found.total_cycles)?;
    fields.set_item("parameters", info.parameters)?;
    fields.update(crate::options::present(py, info)?.as_mapping())?;
    fields.set_item("members", info.members)?;
    fields.set_item("test_error_optimistic", found.test_decided)?;
    fields.set_item("training_warnings", pyo3::types::PyTuple::new(py, warnings)?)?;
    fields.set_item("memory_bytes", memory)?;
    Ok(fields)
}

/// The fields of a `Progress`.
pub(crate) fn progress<'py>(py: Python<'py>, progress: &Progress) -> PyResult<Bound<'py, PyDict>> {
    let fields = PyDict::new(py);
    fields.set_item("cycle", progress.cycle)?;
    fields.set_item("train_error", progress.train_error)?;
    fields.set_item("test_error", progress.test_error)?;
    fields.set_item("class_errors", progress.class_errors)?;
    fields.set_item("seconds", progress.time.as_secs_f64())?;
    fields.set_item("queued", progress.queued)?;
    Ok(fields)
}

/// The fields of a `Report`.
pub(crate) fn report<'py>(py: Python<'py>, report: &Report) -> PyResult<Bound<'py, PyDict>> {
    let fields = PyDict::new(py);
    fields.set_item("reason", report.reason.name())?;
    fields.set_item("cycles", report.cycles)?;
    fields.set_item("best_cycle", report.best_cycle)?;
    fields.set_item("seconds", report.time.as_secs_f64())?;
    fields.set_item("threads", report.threads)?;
    fields.set_item("train_error", report.train_error)?;
    fields.set_item("test_error", report.test_error)?;
    fields.set_item("class_errors", report.class_errors)?;
    fields.set_item("overfitting", report.overfitting)?;
    fields.set_item("warnings", &report.warnings)?;
    let curve = PyDict::new(py);
    let cycles: Vec<i64> = report.curve.iter().map(|point| point.cycle as i64).collect();
    let train: Vec<f64> = report.curve.iter().map(|point| point.train_error).collect();
    let test: Vec<f64> = report.curve.iter().map(|point| point.test_error.unwrap_or(f64::NAN)).collect();
    curve.set_item("cycles", cycles.into_pyarray(py))?;
    curve.set_item("train_error", train.into_pyarray(py))?;
    curve.set_item("test_error", test.into_pyarray(py))?;
    fields.set_item("curve", curve)?;
    Ok(fields)
}

/// The fields of a `ClassifierEvaluation` or a `RegressorEvaluation`. `classes` are the names of the classes of a
/// network with fields.
pub(crate) fn evaluation<'py>(
    py: Python<'py>,
    evaluation: Evaluation,
    classes: Option<&[Box<[u8]>]>,
) -> PyResult<Bound<'py, PyDict>> {
    let fields = PyDict::new(py);
    fields.set_item("rows", evaluation.rows)?;
    fields.set_item("error", evaluation.error)?;
    match evaluation.score {
        Score::Classifier { accuracy, baseline, confusion } => {
            fields.set_item("accuracy", accuracy)?;
            fields.set_item("baseline", baseline)?;
            let matrix = (!confusion.is_empty()).then(|| {
                let side = confusion.len().isqrt();
                let counts: Vec<i64> = confusion.into_iter().map(|count| count as i64).collect();
                counts.into_pyarray(py).reshape([side, side])
            });
            fields.set_item("confusion", matrix.transpose()?)?;
            fields.set_item("classes", classes.map(|classes| texts(py, classes)).transpose()?)?;
        }
        Score::Regressor { rmse, mae, r2, baseline } => {
            fields.set_item("rmse", rmse)?;
            fields.set_item("mae", mae)?;
            fields.set_item("r2", r2)?;
            fields.set_item("baseline", baseline)?;
        }
    }
    Ok(fields)
}
