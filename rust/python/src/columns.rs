//! A column of values for one field, out of lists, arrays, series and what Arrow has.

use std::borrow::Cow;

use neuralredis_core::{FieldKind, Given};
use numpy::{PyArrayDescr, PyArrayDescrMethods, PyArrayMethods, PyUntypedArray, PyUntypedArrayMethods};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyTuple};

use crate::errors::ShapeError;
use crate::options::decimal;
use crate::sequences;
use crate::values;

/// Integers up to here are the same in double precision.
const MAX_EXACT: f64 = 9_007_199_254_740_992.0;

/// Values of a field, one a row. Numbers have no object of Python each.
pub(crate) enum Column<'py> {
    /// Numbers, NaN for a gap; moments are seconds.
    Numbers(Vec<f64>),
    /// Yes or no.
    Flags(Vec<bool>),
    /// Values of which many are the same: the place of each among the different ones, below 0 for a gap.
    Coded { codes: Vec<i64>, values: Vec<Bound<'py, PyAny>> },
    /// Several numbers a row.
    Vectors { numbers: Vec<f64>, rows: usize, width: usize },
    /// Anything.
    Objects(Vec<Bound<'py, PyAny>>),
}

impl<'py> Column<'py> {
    /// Reads a column for a field of a kind, which is called so in errors.
    pub(crate) fn read(column: &Bound<'py, PyAny>, kind: FieldKind, called: &str) -> PyResult<Self> {
        if column.is_instance_of::<PyList>() || column.is_instance_of::<PyTuple>() {
            return objects(column);
        }
        if let Ok(array) = column.cast::<PyUntypedArray>() {
            return Self::of_array(array, kind, called);
        }
        if let Some(coded) = coded(column)? {
            return Ok(coded);
        }
        let Some(array) = array(column, kind)? else { return objects(column) };
        let Ok(array) = array.cast::<PyUntypedArray>() else { return objects(&array) };
        let read = Self::of_array(array, kind, called)?;
        match &read {
            // Integers among which there are gaps come as such numbers, without their last digits.
            Self::Numbers(numbers) if values::has_words(kind) && any_large(numbers) => {
                if column.hasattr("to_pylist")? {
                    objects(&column.call_method0("to_pylist")?)
                } else {
                    objects(column)
                }
            }
            _ => Ok(read),
        }
    }

    fn of_array(array: &Bound<'py, PyUntypedArray>, kind: FieldKind, called: &str) -> PyResult<Self> {
        let masked = array.get_type().is_subclass(&array.py().import("numpy.ma")?.getattr("MaskedArray")?)?;
        if masked {
            // Masked values come as None.
            return objects(&array.call_method0("tolist")?);
        }
        let (shape, dtype) = (array.shape(), array.dtype());
        let numeric = matches!(dtype.kind(), b'b' | b'i' | b'u' | b'f');
        match *shape {
            [_] => {}
            [rows, width] if values::takes_lists(kind) => {
                return match values::numbers(array)? {
                    Some(numbers) if matches!(kind, FieldKind::Vector(_)) => Ok(Self::Vectors { numbers, rows, width }),
                    _ => objects(&array.call_method0("tolist")?),
                };
            }
            // A frame of one column.
            [_, 1] => return Self::of_array(array.call_method0("ravel")?.cast()?, kind, called),
            _ => {
                let message = format!("{called} has the shape {}: expected one value a row", shown_shape(shape));
                return Err(ShapeError::new_err(message));
            }
        }
        let tolist = || objects(&array.call_method0("tolist")?);
        match dtype.kind() {
            b'b' => {
                let numbers = values::numbers(array)?.unwrap_or_default();
                Ok(Self::Flags(numbers.into_iter().map(|number| number != 0.0).collect()))
            }
            b'M' if matches!(kind, FieldKind::Time) => {
                let micros = values::moments(array)?;
                let micros = micros.cast::<numpy::PyArray1<i64>>()?.to_vec()?;
                Ok(Self::Numbers(micros.into_iter().map(values::seconds_of).collect()))
            }
            b'M' => objects(&values::as_python(array)?.call_method0("tolist")?),
            _ if numeric => {
                let numbers = values::numbers(array)?.unwrap_or_default();
                if !values::has_words(kind) {
                    return Ok(Self::Numbers(numbers));
                }
                match (dtype.kind(), dtype.itemsize()) {
                    // As words they have all their digits, and no more than they had.
                    (b'f', ..8) => {
                        Ok(Self::Numbers(numbers.into_iter().map(|number| decimal(number as f32)).collect()))
                    }
                    (b'i' | b'u', 8) if any_large(&numbers) => tolist(),
                    _ => Ok(Self::Numbers(numbers)),
                }
            }
            _ => tolist(),
        }
    }

    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Numbers(numbers) => numbers.len(),
            Self::Flags(flags) => flags.len(),
            Self::Coded { codes, .. } => codes.len(),
            Self::Vectors { rows, .. } => *rows,
            Self::Objects(objects) => objects.len(),
        }
    }

    /// What a row says to the field; none for what no kind could make anything of.
    pub(crate) fn given(&self, row: usize, kind: FieldKind) -> PyResult<Option<Given<'_>>> {
        Ok(Some(match self {
            Self::Numbers(numbers) => Given::Number(numbers[row]),
            Self::Flags(flags) => Given::Flag(flags[row]),
            Self::Coded { codes, values } => {
                return match usize::try_from(codes[row]).ok().and_then(|code| values.get(code)) {
                    Some(value) => values::given(value, kind),
                    None => Ok(Some(Given::Gap)),
                };
            }
            Self::Vectors { numbers, width, .. } => {
                let numbers = &numbers[row * width..][..*width];
                Given::Numbers(numbers.iter().map(|&number| number as f32).collect())
            }
            Self::Objects(objects) => return values::given(&objects[row], kind),
        }))
    }

    /// A value that nothing could be made of, for an error.
    pub(crate) fn shown(&self, row: usize) -> PyResult<String> {
        match self {
            Self::Objects(objects) => sequences::shown(&objects[row]),
            Self::Coded { codes, values } => sequences::shown(&values[codes[row] as usize]),
            _ => Ok(self.given(row, FieldKind::Number)?.map_or_else(String::new, |given| given.to_string())),
        }
    }
}

fn any_large(numbers: &[f64]) -> bool {
    numbers.iter().any(|number| number.abs() >= MAX_EXACT)
}

/// The items of a list, or of what gives them one after the other, as they are now.
fn objects<'py>(items: &Bound<'py, PyAny>) -> PyResult<Column<'py>> {
    Ok(Column::Objects(items.try_iter()?.collect::<PyResult<_>>()?))
}

/// A categorical column of pandas.
fn coded<'py>(column: &Bound<'py, PyAny>) -> PyResult<Option<Column<'py>>> {
    let Some(dtype) = column.getattr_opt("dtype")? else { return Ok(None) };
    if !dtype.hasattr("categories")? || !dtype.hasattr("ordered")? {
        return Ok(None);
    }
    // Of a series; a categorical by itself has the codes itself.
    let accessor = column.getattr_opt("cat")?;
    let of = accessor.as_ref().unwrap_or(column);
    let (Some(codes), Some(categories)) = (of.getattr_opt("codes")?, of.getattr_opt("categories")?) else {
        return Ok(None);
    };
    let codes = column.py().import("numpy")?.call_method1("asarray", (codes, "=i8"))?;
    let codes = codes.cast::<numpy::PyArray1<i64>>()?.to_vec()?;
    let values = categories.call_method0("tolist")?.try_iter()?.collect::<PyResult<_>>()?;
    Ok(Some(Column::Coded { codes, values }))
}

/// A column of another library as an array; none of what cannot be one.
fn array<'py>(column: &Bound<'py, PyAny>, kind: FieldKind) -> PyResult<Option<Bound<'py, PyAny>>> {
    let keywords = PyDict::new(column.py());
    let mut column = Cow::Borrowed(column);
    if column.hasattr("to_pylist")? {
        // Arrow copies only if it is told that it may, and forgets gaps where it has a dictionary.
        keywords.set_item("zero_copy_only", false)?;
        let kind_of_values = column.getattr("type")?;
        if kind_of_values.hasattr("index_type")? {
            column = Cow::Owned(column.call_method1("cast", (kind_of_values.getattr("value_type")?,))?);
        }
    }
    let Some(to_numpy) = column.getattr_opt("to_numpy")? else { return Ok(None) };
    if let Some(dtype) = column.getattr_opt("dtype")?
        && let Some(letter) = dtype.getattr_opt("kind")?
        && let Ok(letter) = letter.extract::<Cow<'_, str>>()
        && dtype.cast::<PyArrayDescr>().is_err()
    {
        // The types of pandas that have a gap of their own.
        if dtype.hasattr("tz")? {
            // In UTC.
            keywords.set_item("dtype", "datetime64[us]")?;
        } else if matches!(&*letter, "i" | "u" | "f") && !values::has_words(kind) {
            keywords.set_item("dtype", "float64")?;
            keywords.set_item("na_value", f64::NAN)?;
        }
    }
    to_numpy.call((), Some(&keywords)).map(Some)
}

fn shown_shape(shape: &[usize]) -> String {
    let sides: Vec<String> = shape.iter().map(usize::to_string).collect();
    format!("({})", sides.join(", "))
}
