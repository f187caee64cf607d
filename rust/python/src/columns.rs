//! A column of values for one field, read from lists, arrays, series and Arrow columns.

use std::borrow::Cow;

use neuralredis_core::{FieldKind, Given};
use numpy::{PyArrayDescr, PyArrayDescrMethods, PyArrayMethods, PyUntypedArray, PyUntypedArrayMethods};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyTuple};

use crate::errors::ShapeError;
use crate::lists;
use crate::options::decimal;
use crate::values;

/// The largest range of integers that double precision represents exactly.
const MAX_EXACT: f64 = 9_007_199_254_740_992.0;

/// The values of a field, one for each row. Numbers are stored without Python objects.
pub(crate) enum Column<'py> {
    /// Numbers; NaN is a gap, times are seconds since 1970.
    Numbers(Vec<f64>),
    /// Booleans.
    Flags(Vec<bool>),
    /// Few distinct values: for each row the index of its value, or below 0 for a gap.
    Coded { codes: Vec<i64>, values: Vec<Bound<'py, PyAny>> },
    /// Several numbers for each row.
    Vectors { numbers: Vec<f64>, rows: usize, width: usize },
    /// Any objects.
    Objects(Vec<Bound<'py, PyAny>>),
}

impl<'py> Column<'py> {
    /// Reads a column for a field of this kind; errors call it `called`.
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
            // A nullable integer column was converted to floats, which lose digits of large integers: read the objects
            // instead.
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
            // `tolist` turns masked values into None.
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
            // A frame with one column.
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
                    // A float32 becomes the word of its shortest decimal.
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

    /// The value of a row for the field; `None` if no kind of field accepts it.
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

    /// The text of a value that no kind accepts, for an error.
    pub(crate) fn shown(&self, row: usize) -> PyResult<String> {
        match self {
            Self::Objects(objects) => lists::shown(&objects[row]),
            Self::Coded { codes, values } => lists::shown(&values[codes[row] as usize]),
            _ => Ok(self.given(row, FieldKind::Number)?.map_or_else(String::new, |given| given.to_string())),
        }
    }
}

fn any_large(numbers: &[f64]) -> bool {
    numbers.iter().any(|number| number.abs() >= MAX_EXACT)
}

/// The items of an iterable, copied now, since other code may change it.
fn objects<'py>(items: &Bound<'py, PyAny>) -> PyResult<Column<'py>> {
    Ok(Column::Objects(items.try_iter()?.collect::<PyResult<_>>()?))
}

/// Reads a categorical column of pandas; `None` if it is none.
fn coded<'py>(column: &Bound<'py, PyAny>) -> PyResult<Option<Column<'py>>> {
    let Some(dtype) = column.getattr_opt("dtype")? else { return Ok(None) };
    if !dtype.hasattr("categories")? || !dtype.hasattr("ordered")? {
        return Ok(None);
    }
    // A series has the codes in `cat`, a Categorical has them itself.
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

/// Converts a column of another library to an array; `None` if it has no such conversion.
fn array<'py>(column: &Bound<'py, PyAny>, kind: FieldKind) -> PyResult<Option<Bound<'py, PyAny>>> {
    let keywords = PyDict::new(column.py());
    let mut column = Cow::Borrowed(column);
    if column.hasattr("to_pylist")? {
        // Arrow must be allowed to copy. It loses gaps of dictionary columns, so these are decoded first.
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
        // Extension types of pandas, which have their own missing value.
        if dtype.hasattr("tz")? {
            // Times with a zone are converted to UTC.
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
