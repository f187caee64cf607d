//! Statistics of the fields of stored rows, and the words that a network knows.

use neuralredis_core::{FieldFigures, Network, Schema, Set};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};

use crate::errors::raise;
use crate::fields::texts;
use crate::values;

/// A dict for each field, in the order of the schema.
pub(crate) fn of_fields<'py>(py: Python<'py>, engine: &Network, schema: &Schema) -> PyResult<Vec<Bound<'py, PyDict>>> {
    let figures = py.detach(|| engine.field_figures(&|| true)).map_err(raise)?;
    let mut words: Vec<Vec<Box<[u8]>>> = vec![Vec::new(); figures.len()];
    for (field, word) in schema.words() {
        words[*field as usize].push(word.clone());
    }
    figures.into_iter().zip(words).map(|(figures, words)| of_field(py, &figures, &words)).collect()
}

fn of_field<'py>(py: Python<'py>, figures: &FieldFigures, words: &[Box<[u8]>]) -> PyResult<Bound<'py, PyDict>> {
    let found = PyDict::new(py);
    found.set_item("values", figures.values)?;
    found.set_item("gaps", figures.gaps)?;
    found.set_item("range", figures.range)?;
    let commonest = PyList::empty(py);
    for (word, rows) in &figures.commonest {
        commonest.append((values::text_of(py, word)?, rows))?;
    }
    found.set_item("commonest", commonest)?;
    found.set_item("others", figures.others)?;
    found.set_item("importance", figures.importance)?;
    found.set_item("words", texts(py, words)?)?;
    Ok(found)
}

/// The smallest and the largest outcome of each target of a regressor; `None` without rows.
pub(crate) fn ranges(engine: &Network) -> Vec<Option<(f32, f32)>> {
    let mut found = vec![None; engine.targets()];
    for set in [Set::Train, Set::Test] {
        for (_, outcome, _) in (0..engine.rows(set)).filter_map(|index| engine.row_of_fields(set, index)) {
            for (range, value) in found.iter_mut().zip(outcome) {
                let (least, most) = range.unwrap_or((value, value));
                *range = Some((value.min(least), value.max(most)));
            }
        }
    }
    found
}
