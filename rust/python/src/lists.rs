//! Reads numbers from lists and tuples, of numbers or of rows, one by one, so that errors name the position of a value.

use numpy::PyUntypedArray;
use pyo3::exceptions::{PyOverflowError, PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyByteArray, PyBytes, PyComplex, PyFloat, PyInt, PyList, PyString, PyTuple};

use crate::arrays;
use crate::errors::ShapeError;
use crate::rows::{Fault, Numbers, Role, Shape};

/// The most characters of a value in an error.
const SHOWN: usize = 40;

/// Reads a list or a tuple: of rows if its first item is a row, else of numbers.
pub(crate) fn read(sequence: &Bound<'_, PyAny>, role: Role<'_>) -> PyResult<Numbers> {
    // Converting an item may run Python code that changes the list, so the items are copied first.
    let items: Vec<Bound<'_, PyAny>> = sequence.try_iter()?.collect::<PyResult<_>>()?;
    match items.first() {
        Some(first) if is_row(first) => read_rows(&items, role),
        _ => {
            let shape = Shape::Row(items.len());
            let mut values = Vec::with_capacity(items.len());
            for (index, item) in items.iter().enumerate() {
                values.push(number(item).map_err(|refusal| refuse(refusal, item, role, role.place(shape, index)))?);
            }
            Ok(Numbers { values, shape })
        }
    }
}

/// Reads a single number.
pub(crate) fn read_number(object: &Bound<'_, PyAny>, role: Role<'_>) -> PyResult<Numbers> {
    let value = number(object).map_err(|refusal| refuse(refusal, object, role, (None, 0)))?;
    Ok(Numbers { values: vec![value], shape: Shape::Number })
}

/// Reads a list that is one row of this length of Python floats and integers. Returns false for any other.
pub(crate) fn read_short_list(list: &Bound<'_, PyList>, room: &mut [f32]) -> bool {
    if list.len() != room.len() {
        return false;
    }
    for (index, value) in room.iter_mut().enumerate() {
        let Ok(item) = list.get_item(index) else { return false };
        if !(item.is_exact_instance_of::<PyFloat>() || item.is_exact_instance_of::<PyInt>()) {
            return false;
        }
        match number(&item) {
            Ok(number) => *value = number,
            Err(_) => return false,
        }
    }
    true
}

fn read_rows(rows: &[Bound<'_, PyAny>], role: Role<'_>) -> PyResult<Numbers> {
    let width = role.width();
    let mut values = Vec::with_capacity(rows.len() * width);
    for (index, row) in rows.iter().enumerate() {
        let place = (rows.len() > 1).then_some(index);
        if !is_row(row) {
            let message = format!("row {index} is {}: expected a row of {width}", shown(row)?);
            return Err(ShapeError::new_err(message));
        }
        if row.is_instance_of::<PyList>() || row.is_instance_of::<PyTuple>() {
            let before = values.len();
            for (column, item) in row.try_iter()?.enumerate() {
                let item = item?;
                values.push(number(&item).map_err(|refusal| refuse(refusal, &item, role, (place, column)))?);
            }
            let given = values.len() - before;
            if given != width {
                return Err(role.miscounted(place, given));
            }
        } else {
            values.extend(read_row(row, role, index, place)?);
        }
    }
    Ok(Numbers { values, shape: Shape::Rows(rows.len(), width) })
}

/// Reads a row that is neither a list nor a tuple.
fn read_row(row: &Bound<'_, PyAny>, role: Role<'_>, index: usize, place: Option<usize>) -> PyResult<Vec<f32>> {
    let array = row.py().import("numpy")?.call_method1("asanyarray", (row,))?;
    if let Some(column) = arrays::first_masked(&array)? {
        return Err(role.refuse((place, column), arrays::MASKED, Fault::NoNumber));
    }
    match arrays::read(&array, role) {
        Ok(Numbers { values, shape: Shape::Row(given) }) if given == role.width() => Ok(values),
        Ok(Numbers { shape: Shape::Row(given), .. }) => Err(role.miscounted(place, given)),
        Ok(_) => {
            let message = format!("row {index} is {}: expected a row of {}", shown(row)?, role.width());
            Err(ShapeError::new_err(message))
        }
        // Find the value that is wrong, for an error with its position among all rows.
        Err(error) => {
            for (column, item) in array.call_method0("tolist")?.try_iter()?.enumerate() {
                let item = item?;
                number(&item).map_err(|refusal| refuse(refusal, &item, role, (place, column)))?;
            }
            Err(error)
        }
    }
}

/// Whether an item is a row and not a number. Strings have a length, but are no rows.
fn is_row(item: &Bound<'_, PyAny>) -> bool {
    if item.is_exact_instance_of::<PyFloat>() || item.is_exact_instance_of::<PyInt>() {
        return false;
    }
    let text = item.is_instance_of::<PyString>() || item.is_instance_of::<PyBytes>();
    !text && !item.is_instance_of::<PyByteArray>() && item.len().is_ok()
}

/// Why an item is not a number. Unexpected exceptions of its own code are passed on.
enum Refusal {
    Fault(Fault),
    Raised(PyErr),
}

fn number(item: &Bound<'_, PyAny>) -> Result<f32, Refusal> {
    if !item.is_exact_instance_of::<PyFloat>() && !item.is_exact_instance_of::<PyInt>() {
        if item.is_instance_of::<PyString>() {
            return Err(Refusal::Fault(Fault::Text));
        }
        if !is_real(item) || is_masked(item) {
            return Err(Refusal::Fault(Fault::NoNumber));
        }
    }
    let double = item.extract::<f64>().map_err(|error| {
        let py = item.py();
        if error.is_instance_of::<PyOverflowError>(py) {
            Refusal::Fault(Fault::TooLarge)
        } else if error.is_instance_of::<PyTypeError>(py) || error.is_instance_of::<PyValueError>(py) {
            Refusal::Fault(Fault::NoNumber)
        } else {
            Refusal::Raised(error)
        }
    })?;
    let single = double as f32;
    if single.is_infinite() && double.is_finite() { Err(Refusal::Fault(Fault::TooLarge)) } else { Ok(single) }
}

/// Whether an item may be converted to a float: NumPy would also convert strings and complex scalars.
fn is_real(item: &Bound<'_, PyAny>) -> bool {
    if item.is_instance_of::<PyBool>() || item.is_instance_of::<PyFloat>() {
        return true;
    }
    let text = item.is_instance_of::<PyString>() || item.is_instance_of::<PyBytes>();
    if text || item.is_instance_of::<PyComplex>() {
        return false;
    }
    let kind = item.getattr("dtype").and_then(|dtype| dtype.getattr("kind"));
    kind.and_then(|kind| kind.extract::<String>()).map_or(true, |kind| matches!(kind.as_str(), "b" | "i" | "u" | "f"))
}

/// Whether an item is a masked scalar.
fn is_masked(item: &Bound<'_, PyAny>) -> bool {
    item.cast::<PyUntypedArray>().is_ok() && matches!(arrays::first_masked(item), Ok(Some(_)))
}

fn refuse(refusal: Refusal, item: &Bound<'_, PyAny>, role: Role<'_>, place: (Option<usize>, usize)) -> PyErr {
    match refusal {
        Refusal::Fault(fault) => match shown(item) {
            Ok(shown) => role.refuse(place, &shown, fault),
            Err(error) => error,
        },
        Refusal::Raised(error) => error,
    }
}

/// A value as errors show it.
pub(crate) fn shown(item: &Bound<'_, PyAny>) -> PyResult<String> {
    if is_masked(item) {
        return Ok(arrays::MASKED.to_owned());
    }
    let text = if item.is_instance_of::<PyString>() { item.repr()? } else { item.str()? }.to_string();
    let cut = text.char_indices().nth(SHOWN).map(|(end, _)| format!("{}...", &text[..end]));
    Ok(cut.unwrap_or(text))
}
