//! Reads numbers from arrays of any real dtype, byte order and memory layout, always into a copy.
//!
//! The copy is necessary because another thread may write to an array at any time, but the engine relies on values that
//! it has checked. Reading directly into it, value by value, avoids the temporary arrays of NumPy's conversion, and
//! detects values that single precision cannot represent. Rejected: the borrow checks of the numpy crate, which other
//! libraries do not know.

use numpy::{PyArrayDescrMethods, PyArrayDyn, PyArrayMethods, PyUntypedArray, PyUntypedArrayMethods};
use pyo3::prelude::*;
use pyo3::types::{PyFloat, PyInt, PyList, PyTuple};

use crate::errors::{DataError, ShapeError};
use crate::lists;
use crate::rows::{Fault, Numbers, Role, Shape};

/// The smallest copy that releases the GIL: about 50 microseconds.
const LONG_COPY: usize = 1 << 16;

/// Reads numbers from any object that a user may pass.
pub(crate) fn read(object: &Bound<'_, PyAny>, role: Role<'_>) -> PyResult<Numbers> {
    if let Ok(array) = object.cast::<PyUntypedArray>() {
        return read_unmasked(array, role);
    }
    if object.is_instance_of::<PyList>() || object.is_instance_of::<PyTuple>() {
        return lists::read(object, role);
    }
    if object.is_instance_of::<PyFloat>() || object.is_instance_of::<PyInt>() {
        return lists::read_number(object, role);
    }
    // Frames, series, buffers, ranges, scalars of other libraries.
    let array = object.py().import("numpy")?.call_method1("asanyarray", (object,))?;
    let array = array.cast::<PyUntypedArray>()?;
    if array.ndim() == 0 && !matches!(array.dtype().kind(), b'b' | b'i' | b'u' | b'f') {
        let (argument, name) = (role.argument(), object.get_type().name()?);
        return Err(DataError::new_err(format!("{argument} is a {name}: expected numbers")));
    }
    read_unmasked(array, role)
}

/// Whether an object has one of the most common types, none of which has column names.
pub(crate) fn is_plain(object: &Bound<'_, PyAny>) -> bool {
    object.is_instance_of::<PyList>()
        || object.is_instance_of::<PyTuple>()
        || object.is_instance_of::<PyFloat>()
        || object.is_instance_of::<PyInt>()
        || object.cast::<PyUntypedArray>().is_ok()
}

/// Reads an array; a masked value is an error.
fn read_unmasked(array: &Bound<'_, PyUntypedArray>, role: Role<'_>) -> PyResult<Numbers> {
    match first_masked(array)? {
        Some(index) => Err(role.refuse(role.place(shape_of(array, role)?, index), MASKED, Fault::NoNumber)),
        None => read_array(array, role),
    }
}

/// What errors show for a masked value, whose underlying number is meaningless.
pub(crate) const MASKED: &str = "masked";

/// The index of the first masked value of an array.
pub(crate) fn first_masked(array: &Bound<'_, PyAny>) -> PyResult<Option<usize>> {
    if array.cast_exact::<PyUntypedArray>().is_ok() {
        return Ok(None);
    }
    let masked_arrays = array.py().import("numpy.ma")?;
    if !array.is_instance(&masked_arrays.getattr("MaskedArray")?)? {
        return Ok(None);
    }
    let mask = masked_arrays.call_method1("getmaskarray", (array,))?;
    if mask.call_method0("any")?.is_truthy()? { mask.call_method0("argmax")?.extract().map(Some) } else { Ok(None) }
}

/// Reads one short row into `room` without an allocation. Returns false for any other object or fault, for [`read`] to
/// handle.
pub(crate) fn read_short_row(object: &Bound<'_, PyAny>, room: &mut [f32]) -> bool {
    if let Ok(array) = object.cast_exact::<PyUntypedArray>() {
        return match (Element::of(array), array.shape()) {
            (Some(element), [length]) if *length == room.len() => copy(View::of(array), element, room).is_ok(),
            _ => false,
        };
    }
    object.cast_exact::<PyList>().is_ok_and(|list| lists::read_short_list(list, room))
}

fn shape_of(array: &Bound<'_, PyUntypedArray>, role: Role<'_>) -> PyResult<Shape> {
    match *array.shape() {
        [] => Ok(Shape::Number),
        [length] => Ok(Shape::Row(length)),
        [rows, width] => Ok(Shape::Rows(rows, width)),
        _ => {
            let (argument, dimensions) = (role.argument(), array.ndim());
            Err(ShapeError::new_err(format!("{argument} has {dimensions} dimensions: expected 1 or 2")))
        }
    }
}

fn read_array(array: &Bound<'_, PyUntypedArray>, role: Role<'_>) -> PyResult<Numbers> {
    let shape = shape_of(array, role)?;
    if array.is_empty() {
        // An empty array may have any dtype: a frame without rows has columns of any type.
        return Ok(Numbers { values: Vec::new(), shape });
    }
    let Some(element) = Element::of(array) else { return read_converted(array, role) };
    let view = View::of(array);
    let mut values = vec![0.0; view.rows * view.columns];
    let copied = if values.len() < LONG_COPY {
        copy(view, element, &mut values)
    } else {
        // `array` keeps the array alive while the GIL is released.
        array.py().detach(|| copy(view, element, &mut values))
    };
    copied.map_err(|TooLarge { index, value }| match PyFloat::new(array.py(), value).repr() {
        Ok(shown) => role.refuse(role.place(shape, index), &shown.to_string(), Fault::TooLarge),
        Err(error) => error,
    })?;
    Ok(Numbers { values, shape })
}

/// Reads an array whose elements need a conversion.
fn read_converted(array: &Bound<'_, PyUntypedArray>, role: Role<'_>) -> PyResult<Numbers> {
    let dtype = array.dtype();
    match dtype.kind() {
        // Other byte orders, half and extended precision.
        b'b' | b'i' | b'u' | b'f' => {
            let converted = array.call_method1("astype", ("=f8",))?;
            read_array(converted.cast::<PyUntypedArray>()?, role)
        }
        // Objects: a frame with columns of several types, or numbers of another library.
        b'O' => {
            let objects = array.call_method0("tolist")?;
            if objects.is_instance_of::<PyList>() {
                lists::read(&objects, role)
            } else {
                lists::read_number(&objects, role)
            }
        }
        kind => {
            if let Role::Inputs { names: Some(_), .. } = role {
                let first = array.getattr("flat")?.get_item(0)?;
                let place = role.place(shape_of(array, role)?, 0);
                return Err(role.refuse(place, &lists::shown(&first)?, Fault::NoNumber));
            }
            let expected = match role {
                Role::Class { classes } if matches!(kind, b'U' | b'S' | b'T') => {
                    format!("classes, integers from 0 to {}; NeuralClassifier takes names", classes - 1)
                }
                _ => "real numbers".to_owned(),
            };
            let message = format!("{} has the dtype {}: expected {expected}", role.argument(), dtype.str()?);
            Err(DataError::new_err(message))
        }
    }
}

/// Element types that are read without a conversion.
#[derive(Debug, Clone, Copy)]
enum Element {
    Bool,
    I8,
    I16,
    I32,
    I64,
    U8,
    U16,
    U32,
    U64,
    F32,
    F64,
}

impl Element {
    fn of(array: &Bound<'_, PyUntypedArray>) -> Option<Self> {
        let dtype = array.dtype();
        if dtype.is_native_byteorder() == Some(false) {
            return None;
        }
        match (dtype.kind(), dtype.itemsize()) {
            (b'f', 4) => Some(Self::F32),
            (b'f', 8) => Some(Self::F64),
            (b'i', 8) => Some(Self::I64),
            (b'i', 4) => Some(Self::I32),
            (b'i', 2) => Some(Self::I16),
            (b'i', 1) => Some(Self::I8),
            (b'u', 8) => Some(Self::U64),
            (b'u', 4) => Some(Self::U32),
            (b'u', 2) => Some(Self::U16),
            (b'u', 1) => Some(Self::U8),
            (b'b', 1) => Some(Self::Bool),
            _ => None,
        }
    }
}

/// The memory of an array of at most two dimensions. Strides are in bytes.
#[derive(Debug, Clone, Copy)]
struct View {
    /// An address instead of a pointer, so that the view is `Send` and can be used with the GIL released.
    first: usize,
    rows: usize,
    columns: usize,
    row_stride: isize,
    column_stride: isize,
}

impl View {
    /// The view of an array, which must have at most two dimensions.
    fn of(array: &Bound<'_, PyUntypedArray>) -> Self {
        // SAFETY: the cast only serves to read the address of the data, which is the same for any element type and
        // number of dimensions; no element is accessed.
        let first = unsafe { array.cast_unchecked::<PyArrayDyn<u8>>() }.data().expose_provenance();
        let (shape, strides) = (array.shape(), array.strides());
        let (rows, columns, row_stride, column_stride) = match (shape, strides) {
            ([rows, columns], [row, column]) => (*rows, *columns, *row, *column),
            ([columns], [column]) => (1, *columns, 0, *column),
            _ => (1, 1, 0, 0),
        };
        Self { first, rows, columns, row_stride, column_stride }
    }
}

/// A finite number that single precision cannot represent.
struct TooLarge {
    index: usize,
    value: f64,
}

/// An element type.
trait Number: Copy {
    /// The nearest double.
    fn double(self) -> f64;

    /// The nearest float to that double.
    fn single(self) -> f32 {
        self.double() as f32
    }
}

impl Number for f32 {
    fn double(self) -> f64 {
        self.into()
    }

    fn single(self) -> f32 {
        self
    }
}

impl Number for f64 {
    fn double(self) -> f64 {
        self
    }
}

macro_rules! integers {
    ($($type:ty),+) => { $(impl Number for $type {
        fn double(self) -> f64 {
            self as f64
        }
    })+ };
}
integers!(i8, i16, i32, i64, u8, u16, u32, u64);

fn copy(view: View, element: Element, to: &mut [f32]) -> Result<(), TooLarge> {
    assert_eq!(to.len(), view.rows * view.columns, "one place for each element of the array");
    // SAFETY: `View::of` took rows, columns and strides from an array whose element type is `element`, and the caller
    // holds a reference to the array. A bool is read as a byte, because its owner may have stored other values than 0
    // and 1. Another thread may write to the array meanwhile, as with NumPy's own copies; some values are then old and
    // some new.
    unsafe {
        match element {
            Element::F32 => copy_as::<f32>(view, to),
            Element::F64 => copy_as::<f64>(view, to),
            Element::I8 => copy_as::<i8>(view, to),
            Element::I16 => copy_as::<i16>(view, to),
            Element::I32 => copy_as::<i32>(view, to),
            Element::I64 => copy_as::<i64>(view, to),
            Element::U8 | Element::Bool => copy_as::<u8>(view, to),
            Element::U16 => copy_as::<u16>(view, to),
            Element::U32 => copy_as::<u32>(view, to),
            Element::U64 => copy_as::<u64>(view, to),
        }
    }
}

/// # Safety
/// `view` must describe memory that stays allocated during the call and holds elements of type `T`.
unsafe fn copy_as<T: Number>(view: View, to: &mut [f32]) -> Result<(), TooLarge> {
    if to.is_empty() {
        return Ok(());
    }
    let first = std::ptr::with_exposed_provenance::<u8>(view.first);
    let dense = view.column_stride == size_of::<T>() as isize;
    for (row, to) in to.chunks_exact_mut(view.columns).enumerate() {
        let from = first.wrapping_offset(row as isize * view.row_stride);
        let at = |column: usize| {
            // The compiler vectorizes the loop only if the stride is a constant.
            let element = if dense {
                from.cast::<T>().wrapping_add(column)
            } else {
                from.wrapping_offset(column as isize * view.column_stride).cast()
            };
            // SAFETY: the caller ensures that the view describes allocated memory with elements of this type; `row` and
            // `column` are within its dimensions. The element need not be aligned.
            unsafe { element.read_unaligned() }
        };
        let mut finite = true;
        for (column, to) in to.iter_mut().enumerate() {
            *to = at(column).single();
            finite &= to.is_finite();
        }
        if !finite {
            let too_large = |&column: &usize| to[column].is_infinite() && at(column).double().is_finite();
            if let Some(column) = (0..to.len()).find(too_large) {
                return Err(TooLarge { index: row * view.columns + column, value: at(column).double() });
            }
        }
    }
    Ok(())
}
