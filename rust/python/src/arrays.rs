//! Numbers out of arrays of any real dtype, byte order and arrangement in memory, always into a copy.
//!
//! A copy, because another thread may write an array at any time, and the engine checks what it then relies on. Reading
//! into it directly, value by value, spares the temporary arrays of NumPy's own conversion and finds the values that
//! single precision cannot hold. Rejected: the borrow checks of the numpy crate, which other libraries know nothing of.

use numpy::{PyArrayDescrMethods, PyArrayDyn, PyArrayMethods, PyUntypedArray, PyUntypedArrayMethods};
use pyo3::prelude::*;
use pyo3::types::{PyFloat, PyInt, PyList, PyTuple};

use crate::errors::{DataError, ShapeError};
use crate::rows::{Fault, Numbers, Role, Shape};
use crate::sequences;

/// Numbers from which on a copy lets other threads run: some 50 microseconds.
const LONG_COPY: usize = 1 << 16;

/// Reads whatever a user takes for numbers.
pub(crate) fn read(object: &Bound<'_, PyAny>, role: Role<'_>) -> PyResult<Numbers> {
    if let Ok(array) = object.cast::<PyUntypedArray>() {
        return read_unmasked(array, role);
    }
    if object.is_instance_of::<PyList>() || object.is_instance_of::<PyTuple>() {
        return sequences::read(object, role);
    }
    if object.is_instance_of::<PyFloat>() || object.is_instance_of::<PyInt>() {
        return sequences::read_number(object, role);
    }
    // Frames, series, buffers, ranges, numbers of other libraries.
    let array = object.py().import("numpy")?.call_method1("asanyarray", (object,))?;
    let array = array.cast::<PyUntypedArray>()?;
    if array.ndim() == 0 && !matches!(array.dtype().kind(), b'b' | b'i' | b'u' | b'f') {
        let (argument, name) = (role.argument(), object.get_type().name()?);
        return Err(DataError::new_err(format!("{argument} is a {name}: expected numbers")));
    }
    read_unmasked(array, role)
}

/// Whether something is what is read most often, and has no names.
pub(crate) fn is_plain(object: &Bound<'_, PyAny>) -> bool {
    object.is_instance_of::<PyList>()
        || object.is_instance_of::<PyTuple>()
        || object.is_instance_of::<PyFloat>()
        || object.is_instance_of::<PyInt>()
        || object.cast::<PyUntypedArray>().is_ok()
}

/// Reads an array, of which no value may be masked.
fn read_unmasked(array: &Bound<'_, PyUntypedArray>, role: Role<'_>) -> PyResult<Numbers> {
    match first_masked(array)? {
        Some(index) => Err(role.refuse(role.place(shape_of(array, role)?, index), MASKED, Fault::NoNumber)),
        None => read_array(array, role),
    }
}

/// What is shown of a masked value: the number behind the mask is none of the data's.
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

/// Reads one short row without any allocation into `room`. False for whatever is not just that, which [`read`] then reads
/// or refuses.
pub(crate) fn read_short_row(object: &Bound<'_, PyAny>, room: &mut [f32]) -> bool {
    if let Ok(array) = object.cast_exact::<PyUntypedArray>() {
        return match (Element::of(array), array.shape()) {
            (Some(element), [length]) if *length == room.len() => copy(View::of(array), element, room).is_ok(),
            _ => false,
        };
    }
    object.cast_exact::<PyList>().is_ok_and(|list| sequences::read_short_list(list, room))
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
        // Of no values no type matters: a frame without rows has columns of any.
        return Ok(Numbers { values: Vec::new(), shape });
    }
    let Some(element) = Element::of(array) else { return read_converted(array, role) };
    let view = View::of(array);
    let mut values = vec![0.0; view.rows * view.columns];
    let copied = if values.len() < LONG_COPY {
        copy(view, element, &mut values)
    } else {
        // The array stays alive: `array` holds it.
        array.py().detach(|| copy(view, element, &mut values))
    };
    copied.map_err(|TooLarge { index, value }| match PyFloat::new(array.py(), value).repr() {
        Ok(shown) => role.refuse(role.place(shape, index), &shown.to_string(), Fault::TooLarge),
        Err(error) => error,
    })?;
    Ok(Numbers { values, shape })
}

/// Reads an array of elements that are not the machine's own.
fn read_converted(array: &Bound<'_, PyUntypedArray>, role: Role<'_>) -> PyResult<Numbers> {
    let dtype = array.dtype();
    match dtype.kind() {
        // Other byte orders, half and extended precision.
        b'b' | b'i' | b'u' | b'f' => {
            let converted = array.call_method1("astype", ("=f8",))?;
            read_array(converted.cast::<PyUntypedArray>()?, role)
        }
        // A frame with columns of several types, or numbers of another library.
        b'O' => {
            let objects = array.call_method0("tolist")?;
            if objects.is_instance_of::<PyList>() {
                sequences::read(&objects, role)
            } else {
                sequences::read_number(&objects, role)
            }
        }
        kind => {
            if let Role::Inputs { names: Some(_), .. } = role {
                let first = array.getattr("flat")?.get_item(0)?;
                let place = role.place(shape_of(array, role)?, 0);
                return Err(role.refuse(place, &sequences::shown(&first)?, Fault::NoNumber));
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

/// The elements that are read as they lie in memory.
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

/// Where the elements of an array of at most two dimensions lie. Strides are in bytes.
#[derive(Debug, Clone, Copy)]
struct View {
    /// An address rather than a pointer, so that it may be taken to where the interpreter is not held.
    first: usize,
    rows: usize,
    columns: usize,
    row_stride: isize,
    column_stride: isize,
}

impl View {
    /// The view of an array, whose dimensions must be two at most.
    fn of(array: &Bound<'_, PyUntypedArray>) -> Self {
        // SAFETY: only the address is asked, which depends neither on the type of the elements nor on the dimensions.
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

/// A finite number beyond single precision.
struct TooLarge {
    index: usize,
    value: f64,
}

/// A number as it lies in memory.
trait Number: Copy {
    /// The nearest in double precision.
    fn double(self) -> f64;

    /// The nearest to that in single precision.
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
    assert_eq!(to.len(), view.rows * view.columns, "room for the elements of the array");
    // SAFETY: rows, columns and strides are those of an array with elements of this type, which its owner keeps alive.
    // A byte of a bool is read as a number: its owner may have put anything there. Should another thread write the
    // array meanwhile, as NumPy's own copies allow it to, some values are old and some are new.
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
/// The view must be one of living memory that holds elements of this type.
unsafe fn copy_as<T: Number>(view: View, to: &mut [f32]) -> Result<(), TooLarge> {
    if to.is_empty() {
        return Ok(());
    }
    let first = std::ptr::with_exposed_provenance::<u8>(view.first);
    let dense = view.column_stride == size_of::<T>() as isize;
    for (row, to) in to.chunks_exact_mut(view.columns).enumerate() {
        let from = first.wrapping_offset(row as isize * view.row_stride);
        let at = |column: usize| {
            // Two loops, since the one over neighbours becomes vector instructions.
            let element = if dense {
                from.cast::<T>().wrapping_add(column)
            } else {
                from.wrapping_offset(column as isize * view.column_stride).cast()
            };
            // SAFETY: the caller vouches for the memory; it need not be aligned.
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
