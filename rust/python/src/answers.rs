//! Predictions of networks with fields, whose results use the names of classes and targets.

use std::cmp::Ordering;

use neuralredis_core::model::largest;
use neuralredis_core::schema::{Value, readable};
use neuralredis_core::{Example, Kind, Model, Row, Schema};
use numpy::{IntoPyArray, PyArrayMethods};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyFloat, PyList, PyString};

use crate::columns::Column;
use crate::errors::{ShapeError, TrainingError, bad_option};
use crate::fields::{class_of, texts};
use crate::lists;
use crate::network::answer;
use crate::options;
use crate::outcomes;
use crate::rows::read_weights;
use crate::table::Table;
use crate::values;

/// Rows with their outcomes, not parsed yet.
pub(crate) struct Observed<'py> {
    table: Table<'py>,
    outcomes: Vec<Column<'py>>,
    weights: Option<Vec<f32>>,
}

impl<'py> Observed<'py> {
    pub(crate) fn read(
        schema: &Schema,
        rows: &Bound<'py, PyAny>,
        outcomes: Option<&Bound<'py, PyAny>>,
        weight: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Self> {
        let mut table = Table::read(rows, schema, outcomes.is_none())?;
        let outcomes = outcomes::columns(outcomes, &mut table, schema)?;
        let weights = weight.map(|weight| read_weights(weight, table.rows)).transpose()?;
        Ok(Self { table, outcomes, weights })
    }

    pub(crate) fn table(&self) -> &Table<'py> {
        &self.table
    }

    /// Parses the rows and outcomes.
    pub(crate) fn examples<'a>(&'a self, schema: &Schema) -> PyResult<Vec<Example<'a>>> {
        let example = |row: usize| {
            let values = self.table.values(row, schema)?;
            let outcome = self.table.outcome(row, &self.outcomes, schema)?;
            Ok(Example { values, outcome, weight: self.weights.as_ref().map_or(1.0, |weights| weights[row]) })
        };
        (0..self.table.rows).map(example).collect()
    }
}

/// Predicts rows of fields, and returns a dict by names or an array.
///
/// Never inlined: the callers also predict rows without fields, in less than a microsecond.
#[inline(never)]
pub(crate) fn run<'py>(
    py: Python<'py>,
    model: &Model,
    schema: &Schema,
    rows: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    Answers::of(py, model, schema, rows)?.shown(py, model, schema)
}

/// Predicts the classes of rows of fields; `wanted` is `top`, `scores` and `least`.
#[inline(never)]
pub(crate) fn classify<'py>(
    py: Python<'py>,
    model: &Model,
    schema: &Schema,
    rows: &Bound<'py, PyAny>,
    wanted: [Option<&Bound<'_, PyAny>>; 3],
) -> PyResult<Bound<'py, PyAny>> {
    let wanted = Wanted::read(wanted)?;
    wanted.classes(py, model, &Answers::of(py, model, schema, rows)?)
}

/// Predictions with their intervals: `part` returns the values (0), lower bounds (1) or upper bounds (2).
#[inline(never)]
pub(crate) fn intervals<'py>(
    py: Python<'py>,
    model: &Model,
    schema: &Schema,
    rows: &Bound<'py, PyAny>,
    part: impl Fn(&[f32], usize) -> Vec<f32>,
) -> PyResult<[Bound<'py, PyAny>; 3]> {
    let answers = Answers::of(py, model, schema, rows)?;
    let shown = |which| Answers { outputs: part(&answers.outputs, which), ..answers }.shown(py, model, schema);
    Ok([shown(0)?, shown(1)?, shown(2)?])
}

/// The names of the classes that `chosen` selects for each row.
#[inline(never)]
pub(crate) fn sets<'py>(
    py: Python<'py>,
    model: &Model,
    schema: &Schema,
    rows: &Bound<'py, PyAny>,
    chosen: impl Fn(&[f32]) -> Vec<usize>,
) -> PyResult<Bound<'py, PyAny>> {
    let answers = Answers::of(py, model, schema, rows)?;
    let names = texts(py, model.classes())?;
    let of_row = |row| {
        let set = chosen(answers.row(row)).into_iter().map(|class| names.get_item(class));
        PyList::new(py, set.collect::<PyResult<Vec<_>>>()?)
    };
    if answers.single {
        return Ok(of_row(0)?.into_any());
    }
    let all: Vec<_> = (0..answers.rows).map(of_row).collect::<PyResult<_>>()?;
    Ok(PyList::new(py, all)?.into_any())
}

/// The name of one class for each row, which `draw` selects by the probabilities.
#[inline(never)]
pub(crate) fn drawn<'py>(
    py: Python<'py>,
    model: &Model,
    schema: &Schema,
    rows: &Bound<'py, PyAny>,
    mut draw: impl FnMut(&[f32]) -> usize,
) -> PyResult<Bound<'py, PyAny>> {
    let answers = Answers::of(py, model, schema, rows)?;
    let names = texts(py, model.classes())?;
    let mut of_row = |row| names.get_item(draw(answers.row(row)));
    if answers.single {
        return of_row(0);
    }
    let all: Vec<Py<PyAny>> = (0..answers.rows).map(|row| of_row(row).map(Bound::unbind)).collect::<PyResult<_>>()?;
    Ok(all.into_pyarray(py).into_any())
}

/// The outputs of rows.
struct Answers {
    single: bool,
    rows: usize,
    /// The number of outputs for each row. A classifier may reserve more than it has classes.
    width: usize,
    outputs: Vec<f32>,
}

impl Answers {
    /// Predicts rows of fields.
    fn of<'py>(py: Python<'py>, model: &Model, schema: &Schema, rows: &Bound<'py, PyAny>) -> PyResult<Self> {
        check_classes(model)?;
        let table = Table::read(rows, schema, false)?;
        let encoded = table.encoded(schema)?;
        Ok(Self::to(py, model, &encoded, table.single))
    }

    fn to(py: Python<'_>, model: &Model, rows: &[Row], single: bool) -> Self {
        let all = model.layout().outputs();
        let width = if model.kind() == Kind::Classifier { model.classes().len() } else { all };
        let mut outputs = vec![0.0; rows.len() * all];
        answer(py, model, rows.len(), || model.answer(rows, &mut outputs));
        if width < all {
            outputs = outputs.chunks_exact(all).flat_map(|row| &row[..width]).copied().collect();
        }
        Self { single, rows: rows.len(), width, outputs }
    }

    fn row(&self, row: usize) -> &[f32] {
        &self.outputs[row * self.width..][..self.width]
    }

    /// Converts a single row to a dict by names or a number, several rows to an array.
    fn shown<'py>(self, py: Python<'py>, model: &Model, schema: &Schema) -> PyResult<Bound<'py, PyAny>> {
        let alone = model.kind() == Kind::Regressor && self.width == 1;
        match (self.single, alone) {
            (true, true) => Ok(PyFloat::new(py, self.outputs[0].into()).into_any()),
            (true, false) => {
                let names = if model.kind() == Kind::Classifier { model.classes() } else { schema.target_names() };
                let answer = PyDict::new(py);
                for (name, &output) in names.iter().zip(&self.outputs) {
                    answer.set_item(values::text_of(py, name)?, f64::from(output))?;
                }
                Ok(answer.into_any())
            }
            (false, true) => Ok(self.outputs.into_pyarray(py).into_any()),
            (false, false) => Ok(self.outputs.into_pyarray(py).reshape([self.rows, self.width])?.into_any()),
        }
    }
}

/// Raises an error if a classifier has not observed any class yet.
fn check_classes(model: &Model) -> PyResult<()> {
    if model.kind() == Kind::Classifier && model.classes().is_empty() {
        return Err(TrainingError::new_err("the network has seen no class yet: observe some rows first"));
    }
    Ok(())
}

/// The options of `classify`.
struct Wanted {
    top: Option<usize>,
    scores: bool,
    least: Option<f32>,
}

impl Wanted {
    fn read([top, scores, least]: [Option<&Bound<'_, PyAny>>; 3]) -> PyResult<Self> {
        let scores = scores.map_or(Ok(false), |scores| options::flag("scores", scores))?;
        let top = top.map(|top| options::whole("top", top, u64::from(u32::MAX), 1)).transpose()?;
        let least = match least {
            None => None,
            Some(least) => match least.extract::<f64>() {
                Ok(share) if (0.0..=1.0).contains(&share) => Some(share as f32),
                Ok(share) => return Err(bad_option("least", &share, &"a number from 0 to 1")),
                Err(_) => {
                    let shown = lists::shown(least)?;
                    return Err(PyTypeError::new_err(format!("least is {shown}: expected a number from 0 to 1")));
                }
            },
        };
        Ok(Self { top: top.map(|top| top as usize), scores, least })
    }

    /// Predicts the class of each row.
    fn classes<'py>(&self, py: Python<'py>, model: &Model, answers: &Answers) -> PyResult<Bound<'py, PyAny>> {
        if answers.single {
            return self.class(py, answers.row(0), |class| values::text_of(py, &model.classes()[class]));
        }
        // For many rows, each name is converted once.
        let names = texts(py, model.classes())?;
        let name = |class| Ok(names.get_item(class)?.cast_into::<PyString>()?);
        let of_row = |row| self.class(py, answers.row(row), name);
        let all: Vec<Bound<'py, PyAny>> = (0..answers.rows).map(of_row).collect::<PyResult<_>>()?;
        if self.top.is_some() || self.scores {
            return Ok(PyList::new(py, all)?.into_any());
        }
        let all: Vec<Py<PyAny>> = all.into_iter().map(Bound::unbind).collect();
        Ok(all.into_pyarray(py).into_any())
    }

    fn class<'py>(
        &self,
        py: Python<'py>,
        outputs: &[f32],
        name: impl Fn(usize) -> PyResult<Bound<'py, PyString>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let reached = |class: &usize| self.least.is_none_or(|least| outputs[*class] >= least);
        let entry = |class: usize| {
            let name = name(class)?;
            if self.scores {
                Ok((name, f64::from(outputs[class])).into_pyobject(py)?.into_any())
            } else {
                Ok::<_, PyErr>(name.into_any())
            }
        };
        let Some(top) = self.top else {
            let best = largest(outputs);
            return if reached(&best) { entry(best) } else { Ok(py.None().into_bound(py)) };
        };
        let best = best_first(outputs).into_iter().filter(reached).take(top);
        Ok(PyList::new(py, best.map(entry).collect::<PyResult<Vec<_>>>()?)?.into_any())
    }
}

/// The indices of values in descending order; equal values keep their order.
fn best_first(values: &[f32]) -> Vec<usize> {
    let mut places: Vec<usize> = (0..values.len()).collect();
    places.sort_by(|&a, &b| values[b].partial_cmp(&values[a]).unwrap_or(Ordering::Equal));
    places
}

/// Ranks candidates: the index and the output of each, the best first.
pub(crate) fn rank<'py>(
    py: Python<'py>,
    model: &Model,
    schema: &Schema,
    candidates: &Bound<'py, PyAny>,
    shared: Option<&Bound<'py, PyAny>>,
    want: Option<&Bound<'py, PyAny>>,
) -> PyResult<Vec<(usize, f64)>> {
    check_classes(model)?;
    let output = output_of(model, schema, want)?;
    let table = Table::read(candidates, schema, false)?;
    let shared = shared.map(|shared| Table::read(shared, schema, false)).transpose()?;
    let common = match &shared {
        Some(shared) if shared.single => Some(shared.values(0, schema)?),
        Some(_) => return Err(ShapeError::new_err("shared is several rows: expected a dict, one row")),
        None => None,
    };
    let mut rows = Vec::with_capacity(table.rows);
    for row in 0..table.rows {
        let mut values = table.values(row, schema)?;
        for (value, common) in values.iter_mut().zip(common.iter().flatten()) {
            if *value == Value::Gap {
                value.clone_from(common);
            }
        }
        rows.push(schema.row(&values));
    }
    let answers = Answers::to(py, model, &rows, false);
    let scores: Vec<f32> = (0..rows.len()).map(|row| answers.row(row)[output]).collect();
    Ok(best_first(&scores).into_iter().map(|row| (row, scores[row].into())).collect())
}

/// The index of the output to rank by.
fn output_of(model: &Model, schema: &Schema, want: Option<&Bound<'_, PyAny>>) -> PyResult<usize> {
    let classifier = model.kind() == Kind::Classifier;
    let names = if classifier { model.classes() } else { schema.target_names() };
    let known = || names.iter().map(|name| readable(name)).collect::<Vec<_>>();
    let Some(want) = want else {
        return match (classifier, names.len()) {
            (true, 2) => Ok(1),
            (false, 1) => Ok(0),
            _ => Err(bad_option("want", &"None", &format!("one of {}", known().join(", ")))),
        };
    };
    let name = class_of(want)?;
    names.iter().position(|of| Some(&of[..]) == name.as_deref()).ok_or_else(|| match lists::shown(want) {
        Ok(shown) => bad_option("want", &shown, &format!("one of {}", known().join(", "))),
        Err(error) => error,
    })
}

/// Parses the largest number of candidates to return.
pub(crate) fn most(top: Option<&Bound<'_, PyAny>>) -> PyResult<usize> {
    let top = top.map(|top| options::whole("top", top, u64::from(u32::MAX), 1)).transpose()?;
    Ok(top.map_or(usize::MAX, |top| top as usize))
}
