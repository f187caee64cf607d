//! Outcomes of rows of fields: names of classes, or numbers.

use neuralredis_core::{Error, Kind, Schema};
use numpy::{PyUntypedArray, PyUntypedArrayMethods};
use pyo3::prelude::*;
use pyo3::types::{PyMapping, PySlice};

use crate::columns::Column;
use crate::errors::raise;
use crate::table::{self, Table};
use crate::values;

/// A column for each target: from `outcomes` if given, else from the rows themselves.
pub(crate) fn columns<'py>(
    outcomes: Option<&Bound<'py, PyAny>>,
    table: &mut Table<'py>,
    schema: &Schema,
) -> PyResult<Vec<Column<'py>>> {
    let Some(outcomes) = outcomes else { return table.outcome_columns(schema) };
    let columns = if has_names(outcomes)? {
        Table::read(outcomes, schema, true)?.outcome_columns(schema)?
    } else if schema.target_names().len() == 1 {
        vec![of_one_target(outcomes, schema)?]
    } else {
        of_several(outcomes, table, schema)?
    };
    let what = if schema.kind() == Kind::Classifier { "classes" } else { "outputs" };
    match columns.iter().map(Column::len).find(|len| *len != table.rows) {
        Some(given) => Err(raise(Error::RowCounts { inputs: table.rows, given, what })),
        None => Ok(columns),
    }
}

/// Whether outcomes are given by the names of targets.
fn has_names(outcomes: &Bound<'_, PyAny>) -> PyResult<bool> {
    if outcomes.cast::<PyMapping>().is_ok() || table::frame(outcomes)?.is_some() {
        return Ok(true);
    }
    if !values::is_list(outcomes) {
        return Ok(false);
    }
    match outcomes.try_iter()?.next() {
        Some(first) => Ok(first?.cast::<PyMapping>().is_ok()),
        None => Ok(false),
    }
}

fn of_one_target<'py>(outcomes: &Bound<'py, PyAny>, schema: &Schema) -> PyResult<Column<'py>> {
    if !values::is_list(outcomes) {
        return Ok(Column::Objects(vec![outcomes.clone()]));
    }
    Column::read(outcomes, table::outcome_kind(schema), "y")
}

/// Reads several targets by position.
fn of_several<'py>(outcomes: &Bound<'py, PyAny>, table: &Table<'py>, schema: &Schema) -> PyResult<Vec<Column<'py>>> {
    let expected = schema.target_names().len();
    let refuse = |row: usize, given| table.raise(row, Error::Outputs { row: None, expected, given });
    if !values::is_list(outcomes) {
        return Err(refuse(0, 1));
    }
    if let Ok(array) = outcomes.cast::<PyUntypedArray>()
        && let [_, width] = *array.shape()
    {
        if width != expected {
            return Err(raise(Error::Outputs { row: None, expected, given: width }));
        }
        let column = |at: usize| {
            let column = array.get_item((PySlice::full(array.py()), at))?;
            Column::read(&column, table::outcome_kind(schema), "y")
        };
        return (0..width).map(column).collect();
    }
    let mut rows: Vec<Bound<'py, PyAny>> = outcomes.try_iter()?.collect::<PyResult<_>>()?;
    if table.single && !rows.first().is_some_and(values::is_list) {
        rows = vec![outcomes.clone()];
    }
    let mut columns = vec![Vec::with_capacity(rows.len()); expected];
    for (at, row) in rows.iter().enumerate() {
        let items: Vec<Bound<'py, PyAny>> =
            if values::is_list(row) { row.try_iter()?.collect::<PyResult<_>>()? } else { vec![row.clone()] };
        if items.len() != expected {
            return Err(refuse(at, items.len()));
        }
        columns.iter_mut().zip(items).for_each(|(column, item)| column.push(item));
    }
    Ok(columns.into_iter().map(Column::Objects).collect())
}
