//! Converts Python objects to values of fields.
//!
//! This module distinguishes text, numbers and gaps; the engine interprets them by the kind of the field. `None` stands
//! for an object that no kind accepts.

use std::borrow::Cow;

use neuralredis_core::{FieldKind, Given};
use numpy::{PyArrayDescrMethods, PyArrayMethods, PyUntypedArray, PyUntypedArrayMethods};
use pyo3::prelude::*;
use pyo3::types::{
    PyBool, PyByteArray, PyBytes, PyFloat, PyFrozenSet, PyInt, PyList, PyMapping, PyMemoryView, PySet, PyString,
    PyTuple,
};

use crate::options::decimal;

/// The largest range of integers that double precision represents exactly.
const MAX_EXACT: u64 = 1 << 53;
/// Numbers from here on are milliseconds for the engine, smaller ones seconds.
const MILLISECONDS_FROM: f64 = 1e11;
/// Days from the start of Python's calendar to 1970.
const DAYS_BEFORE_1970: f64 = 719_163.0;

/// Converts an object for a field of this kind.
pub(crate) fn given<'a>(item: &'a Bound<'_, PyAny>, kind: FieldKind) -> PyResult<Option<Given<'a>>> {
    if item.is_none() {
        return Ok(Some(Given::Gap));
    }
    if let Ok(text) = item.cast::<PyString>() {
        return Ok(text_bytes(text)?.map(Given::Text));
    }
    if item.is_exact_instance_of::<PyFloat>() {
        return Ok(Some(Given::Number(item.extract()?)));
    }
    if item.is_instance_of::<PyBool>() {
        return Ok(Some(Given::Flag(item.extract()?)));
    }
    if item.is_instance_of::<PyInt>() {
        return Ok(integer(item, kind));
    }
    if let Ok(bytes) = item.cast::<PyBytes>() {
        return Ok(Some(Given::text(bytes.as_bytes())));
    }
    unusual(item, kind)
}

/// The UTF-8 of a string; `None` if it has surrogates that stand for no byte.
pub(crate) fn text_bytes<'a>(text: &'a Bound<'_, PyString>) -> PyResult<Option<Cow<'a, [u8]>>> {
    match text.to_str() {
        Ok(text) => Ok(Some(Cow::Borrowed(text.as_bytes()))),
        // Bytes that are not UTF-8 use Python's `surrogateescape`, as in file names.
        Err(_) => match text.call_method1("encode", ("utf-8", "surrogateescape")) {
            Ok(bytes) => Ok(Some(Cow::Owned(bytes.extract()?))),
            Err(error) if error.is_instance_of::<pyo3::exceptions::PyUnicodeEncodeError>(text.py()) => Ok(None),
            Err(error) => Err(error),
        },
    }
}

/// The inverse: bytes as a string.
pub(crate) fn text_of<'py>(py: Python<'py>, bytes: &[u8]) -> PyResult<Bound<'py, PyString>> {
    if let Ok(text) = std::str::from_utf8(bytes) {
        return Ok(PyString::new(py, text));
    }
    let text = PyBytes::new(py, bytes).call_method1("decode", ("utf-8", "surrogateescape"))?;
    Ok(text.cast_into()?)
}

/// Whether a field takes words, so that a number becomes the word of its digits.
pub(crate) fn has_words(kind: FieldKind) -> bool {
    matches!(kind, FieldKind::Auto(_) | FieldKind::Category(_) | FieldKind::Tags(_) | FieldKind::Text(_))
}

/// Whether a value of the field may be a list.
pub(crate) fn takes_lists(kind: FieldKind) -> bool {
    matches!(kind, FieldKind::Tags(_) | FieldKind::Vector(_))
}

/// Whether the type of an object is that of a list of values.
pub(crate) fn is_list(item: &Bound<'_, PyAny>) -> bool {
    if item.is_instance_of::<PyList>() || item.is_instance_of::<PyTuple>() {
        return true;
    }
    if let Ok(array) = item.cast::<PyUntypedArray>() {
        return array.ndim() > 0;
    }
    let is_one_value = item.is_none()
        || item.is_instance_of::<PyString>()
        || item.is_instance_of::<PyBytes>()
        || item.is_instance_of::<PyByteArray>()
        || item.is_instance_of::<PyMemoryView>()
        || item.is_instance_of::<PySet>()
        || item.is_instance_of::<PyFrozenSet>()
        || item.cast::<PyMapping>().is_ok();
    let has = |name: &str| item.get_type().hasattr(name).unwrap_or(false);
    !is_one_value && has("__len__") && has("__iter__")
}

/// Converts an integer; as a word it keeps all its digits.
fn integer<'a>(item: &Bound<'_, PyAny>, kind: FieldKind) -> Option<Given<'a>> {
    match item.extract::<i64>() {
        Ok(number) if number.unsigned_abs() <= MAX_EXACT => Some(Given::Number(number as f64)),
        _ if has_words(kind) => item.str().ok().map(|digits| Given::Text(digits.to_string().into_bytes().into())),
        _ => item.extract().ok().map(Given::Number),
    }
}

/// Converts less common objects: of other libraries, times, lists.
fn unusual<'a>(item: &'a Bound<'_, PyAny>, kind: FieldKind) -> PyResult<Option<Given<'a>>> {
    let class = item.get_type();
    // Missing values of pandas and of masked arrays.
    if matches!(class.name()?.to_str()?, "NAType" | "NaTType" | "MaskedConstant") {
        return Ok(Some(Given::Gap));
    }
    if item.is_instance_of::<PyByteArray>() || item.is_instance_of::<PyMemoryView>() {
        let bytes = item.py().get_type::<PyBytes>().call1((item,))?;
        return Ok(Some(Given::Text(Cow::Owned(bytes.extract()?))));
    }
    if item.is_instance_of::<PySet>() || item.is_instance_of::<PyFrozenSet>() || is_list(item) {
        return list(item, kind);
    }
    if let Some(dtype) = item.getattr_opt("dtype")?
        && let Some(letter) = dtype.getattr_opt("kind")?
        && let Ok(letter) = letter.extract::<char>()
    {
        return scalar(item, letter, dtype.getattr("itemsize")?.extract()?, kind);
    }
    if item.hasattr("isoformat")? && item.hasattr("toordinal")? {
        return moment(item, kind);
    }
    // Decimals, fractions, and other objects with `__float__`.
    if item.hasattr("__float__")? { Ok(item.extract().ok().map(Given::Number)) } else { Ok(None) }
}

/// Converts a scalar of NumPy.
fn scalar<'a>(item: &Bound<'_, PyAny>, letter: char, size: usize, kind: FieldKind) -> PyResult<Option<Given<'a>>> {
    match letter {
        'b' => Ok(Some(Given::Flag(item.is_truthy()?))),
        'i' | 'u' => Ok(integer(&item.call_method0("item")?, kind)),
        'f' => {
            let number: f64 = item.extract()?;
            Ok(Some(Given::Number(if size < 8 && has_words(kind) { decimal(number as f32) } else { number })))
        }
        'M' if matches!(kind, FieldKind::Time) => Ok(Some(Given::Number(seconds_of(moments(item)?.extract()?)))),
        'M' => {
            let moment = as_python(item)?.call_method0("item")?;
            if moment.is_none() { Ok(Some(Given::Gap)) } else { self::moment(&moment, kind) }
        }
        _ => Ok(None),
    }
}

/// Microseconds since 1970 of a datetime64, or of an array of them.
pub(crate) fn moments<'py>(of: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    of.call_method1("astype", ("datetime64[us]",))?.call_method1("astype", ("int64",))
}

/// A datetime64, or an array of them, in a unit that `item` and `tolist` convert to date or datetime.
pub(crate) fn as_python<'py>(of: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    let is_date = of.getattr("dtype")?.str()?.to_str()?.contains("[D]");
    if is_date { Ok(of.clone()) } else { of.call_method1("astype", ("datetime64[us]",)) }
}

/// Converts microseconds since 1970 to the engine's time; NaN for NaT.
pub(crate) fn seconds_of(micros: i64) -> f64 {
    const SECOND: i64 = 1_000_000;
    if micros == i64::MIN {
        return f64::NAN;
    }
    // Double precision does not resolve microseconds of distant years.
    as_given(micros.div_euclid(SECOND) as f64 + micros.rem_euclid(SECOND) as f64 / 1e6)
}

fn as_given(seconds: f64) -> f64 {
    if seconds.abs() >= MILLISECONDS_FROM { (seconds * 1000.0).round() } else { seconds }
}

/// Converts a date or datetime of Python or pandas. Without a time zone it is UTC.
fn moment<'a>(item: &Bound<'_, PyAny>, kind: FieldKind) -> PyResult<Option<Given<'a>>> {
    if !matches!(kind, FieldKind::Time) {
        return Ok(Some(Given::Text(item.call_method0("isoformat")?.extract::<String>()?.into_bytes().into())));
    }
    if !item.hasattr("timestamp")? {
        let days: f64 = item.call_method0("toordinal")?.extract()?;
        return Ok(Some(Given::Number(as_given((days - DAYS_BEFORE_1970) * 86_400.0))));
    }
    let py = item.py();
    let moment = if item.call_method0("utcoffset")?.is_none() {
        let zone = pyo3::types::PyDict::new(py);
        zone.set_item("tzinfo", py.import("datetime")?.getattr("timezone")?.getattr("utc")?)?;
        item.call_method("replace", (), Some(&zone))?
    } else {
        item.clone()
    };
    Ok(Some(Given::Number(as_given(moment.call_method0("timestamp")?.extract()?))))
}

/// Converts several values for one field.
fn list<'a>(items: &Bound<'_, PyAny>, kind: FieldKind) -> PyResult<Option<Given<'a>>> {
    if !matches!(kind, FieldKind::Vector(_)) {
        let mut texts = Vec::new();
        for item in items.try_iter()? {
            let item = item?;
            // Nested lists are rejected; a list might contain itself.
            if is_list(&item) {
                return Ok(None);
            }
            match given(&item, FieldKind::Category(1))? {
                Some(Given::Gap) => {}
                Some(Given::Number(number)) if number.is_nan() => {}
                Some(Given::Text(text)) => texts.push(Cow::Owned(text.into_owned())),
                Some(Given::Number(number)) => texts.push(Cow::Owned(number.to_string().into_bytes())),
                Some(Given::Flag(flag)) => texts.push(Cow::Owned(flag.to_string().into_bytes())),
                _ => return Ok(None),
            }
        }
        return Ok(Some(Given::Texts(texts)));
    }
    if let Some(numbers) = numbers(items)? {
        return Ok(Some(Given::Numbers(numbers.into_iter().map(|number| number as f32).collect())));
    }
    let mut numbers = Vec::new();
    for item in items.try_iter()? {
        let item = item?;
        if is_list(&item) {
            return Ok(None);
        }
        match given(&item, FieldKind::Number)? {
            Some(Given::Number(number)) => numbers.push(number as f32),
            Some(Given::Flag(flag)) => numbers.push(f32::from(u8::from(flag))),
            _ => return Ok(None),
        }
    }
    Ok(Some(Given::Numbers(numbers)))
}

/// The numbers of an array of real numbers in row-major order; `None` for other objects.
pub(crate) fn numbers(array: &Bound<'_, PyAny>) -> PyResult<Option<Vec<f64>>> {
    match array.cast::<PyUntypedArray>() {
        Ok(array) if matches!(array.dtype().kind(), b'b' | b'i' | b'u' | b'f') => {
            // A copy, which no other thread can write to.
            let copy = array.call_method1("astype", ("=f8", "C"))?;
            Ok(Some(copy.cast::<numpy::PyArrayDyn<f64>>()?.to_vec()?))
        }
        _ => Ok(None),
    }
}
