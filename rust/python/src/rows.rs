//! Rows from Python: which shapes are valid, and errors that name the position of a value.
//!
//! | | one row | rows |
//! |---|---|---|
//! | inputs | `(inputs,)` | `(rows, inputs)`; `(rows,)` where a row has one input and there is more than one |
//! | outputs, one a row | a number, `(1,)`, `(1, 1)` | `(rows,)`, `(rows, 1)` |
//! | outputs, several a row | `(outputs,)`, `(1, outputs)` | `(rows, outputs)` |

use std::fmt::Display;

use neuralredis_core::{Batch, Error, Kind, RowShape};
use numpy::{IntoPyArray, PyArrayMethods};
use pyo3::prelude::*;

use crate::arrays;
use crate::errors::{DataError, ShapeError, raise};
use crate::frames;

/// The argument that is being read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role<'a> {
    /// The inputs of rows, and the names of their columns.
    Inputs { width: usize, names: Option<&'a [String]> },
    /// The outputs of rows of a regressor.
    Outputs { width: usize },
    /// The classes of rows.
    Class { classes: usize },
    /// The weights of rows.
    Weight,
    /// All weights and biases of a network.
    Parameters { count: usize },
}

/// The shape of the numbers that were read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    Number,
    Row(usize),
    Rows(usize, usize),
}

/// Numbers in single precision. They may be infinite or NaN, which the engine rejects.
#[derive(Debug)]
pub(crate) struct Numbers {
    pub(crate) values: Vec<f32>,
    pub(crate) shape: Shape,
}

/// Why a value is not a number in single precision.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Fault {
    NoNumber,
    Text,
    TooLarge,
}

impl Role<'_> {
    /// The name of the argument in Python.
    pub(crate) fn argument(self) -> &'static str {
        match self {
            Self::Inputs { .. } => "X",
            Self::Outputs { .. } | Self::Class { .. } => "y",
            Self::Weight => "weight",
            Self::Parameters { .. } => "weights",
        }
    }

    /// The number of values in a row.
    pub(crate) fn width(self) -> usize {
        match self {
            Self::Inputs { width, .. } | Self::Outputs { width } => width,
            Self::Class { .. } | Self::Weight => 1,
            Self::Parameters { count } => count,
        }
    }

    /// The exception for a row with another number of values.
    pub(crate) fn miscounted(self, row: Option<usize>, given: usize) -> PyErr {
        let expected = self.width();
        raise(match self {
            Self::Inputs { .. } => Error::Inputs { row, expected, given },
            _ => Error::Outputs { row, expected, given },
        })
    }

    /// The exception for a value that is not passed to the engine; the message has the engine's format.
    pub(crate) fn refuse(self, (row, column): (Option<usize>, usize), shown: &str, fault: Fault) -> PyErr {
        let at = row.map_or(String::new(), |row| format!("row {row}: "));
        let subject = match self {
            Self::Inputs { names: Some(names), .. } if column < names.len() => {
                return DataError::new_err(named(row, &names[column], shown, expected_of(self, fault)));
            }
            Self::Inputs { .. } => format!("input {column}"),
            Self::Outputs { .. } => format!("output {column}"),
            Self::Class { .. } => "the class".to_owned(),
            Self::Weight => "the weight".to_owned(),
            Self::Parameters { .. } => format!("weight {column}"),
        };
        DataError::new_err(format!("{at}{subject} is {shown}: expected {}", expected_of(self, fault)))
    }

    /// The row and column of a value; `None` as the row if there is only one.
    pub(crate) fn place(self, shape: Shape, index: usize) -> (Option<usize>, usize) {
        match shape {
            Shape::Number => (None, 0),
            Shape::Row(values) if self.width() == 1 => ((values > 1).then_some(index), 0),
            Shape::Row(_) => (None, index),
            Shape::Rows(rows, width) => ((rows > 1).then_some(index / width), index % width),
        }
    }
}

fn expected_of(role: Role<'_>, fault: Fault) -> String {
    match (role, fault) {
        (Role::Class { classes }, Fault::Text) => {
            format!("an integer from 0 to {}; NeuralClassifier takes names", classes - 1)
        }
        (Role::Class { classes }, _) => format!("an integer from 0 to {}", classes - 1),
        (Role::Weight, Fault::NoNumber | Fault::Text) => "a finite number above 0".to_owned(),
        (_, Fault::NoNumber | Fault::Text) => "a finite number".to_owned(),
        (_, Fault::TooLarge) => "a number of single precision, at most 3.4e38".to_owned(),
    }
}

/// The error for a value in a named column.
fn named(row: Option<usize>, name: &str, shown: &str, expected: impl Display) -> String {
    let at = row.map_or(String::new(), |row| format!("row {row}, "));
    format!("{at}column '{name}' is {shown}: expected {expected}")
}

/// Rows of inputs.
#[derive(Debug)]
pub(crate) struct Inputs {
    pub(crate) values: Vec<f32>,
    pub(crate) rows: usize,
    /// Whether the object was a single row, for which a single result is returned.
    pub(crate) single: bool,
    /// The names of the columns, if the object was a frame.
    pub(crate) names: Option<Vec<String>>,
}

impl Inputs {
    /// Reads rows. If their columns have names, these must be the `known` ones.
    pub(crate) fn read(object: &Bound<'_, PyAny>, width: usize, known: Option<&[String]>) -> PyResult<Self> {
        let names = if arrays::is_plain(object) { None } else { frames::names(object, width)? };
        if let (Some(names), Some(known)) = (&names, known) {
            frames::check(names, known)?;
        }
        let role = Role::Inputs { width, names: names.as_deref() };
        let Numbers { values, shape } = arrays::read(object, role)?;
        let (rows, single) = match shape {
            Shape::Number => {
                let message = format!("X is a single number: expected a row of {width}, or rows");
                return Err(ShapeError::new_err(message));
            }
            Shape::Row(0) if width > 1 => {
                return Err(ShapeError::new_err(format!("X is empty: expected a row of {width}, or rows")));
            }
            Shape::Row(given) if given == width => (1, true),
            Shape::Row(given) if width == 1 => (given, false),
            Shape::Rows(rows, given) if given == width => (rows, false),
            Shape::Row(given) | Shape::Rows(_, given) => return Err(role.miscounted(None, given)),
        };
        Ok(Self { values, rows, single, names })
    }

    /// Converts an error of the engine about these rows; columns are named if they have names.
    pub(crate) fn raise(&self, error: Error) -> PyErr {
        match (&self.names, error) {
            (Some(names), Error::NotFinite { row, what: "input", column, value }) if column < names.len() => {
                DataError::new_err(named(row, &names[column], &value.to_string(), "a finite number"))
            }
            (_, error) => raise(error),
        }
    }
}

/// Rows of inputs with their outcomes.
#[derive(Debug)]
pub(crate) struct Examples {
    pub(crate) inputs: Inputs,
    outputs: Vec<f32>,
    weights: Option<Vec<f32>>,
    widths: (usize, usize),
}

impl Examples {
    pub(crate) fn read(
        shape: RowShape,
        x: &Bound<'_, PyAny>,
        y: &Bound<'_, PyAny>,
        weight: Option<&Bound<'_, PyAny>>,
        known: Option<&[String]>,
    ) -> PyResult<Self> {
        let widths = (shape.inputs, shape.targets());
        let role = match shape.kind {
            Kind::Classifier => Role::Class { classes: shape.outputs },
            Kind::Regressor => Role::Outputs { width: widths.1 },
        };
        let inputs = Inputs::read(x, widths.0, known)?;
        let outputs = read_outputs(y, role, &inputs)?;
        let weights = weight.map(|weight| read_weights(weight, inputs.rows)).transpose()?;
        Ok(Self { inputs, outputs, weights, widths })
    }

    pub(crate) fn batch(&self) -> Batch<'_> {
        let batch = Batch::new(&self.inputs.values, self.widths.0, &self.outputs, self.widths.1);
        Batch { weights: self.weights.as_deref(), ..batch }
    }
}

fn read_outputs(object: &Bound<'_, PyAny>, role: Role<'_>, inputs: &Inputs) -> PyResult<Vec<f32>> {
    let Numbers { values, shape } = arrays::read(object, role)?;
    let (rows, width) = (inputs.rows, role.width());
    let rows_given = match shape {
        Shape::Number if width == 1 => 1,
        Shape::Number => return Err(role.miscounted(None, 1)),
        Shape::Row(given) if inputs.single && given == width => 1,
        Shape::Row(given) if inputs.single && width > 1 => return Err(role.miscounted(None, given)),
        Shape::Row(given) if width == 1 || given == 0 && rows == 0 => given,
        Shape::Row(given) => {
            let message = format!("y has the shape ({given},): expected ({rows}, {width}), a row for each row of X");
            return Err(ShapeError::new_err(message));
        }
        Shape::Rows(given, columns) if columns == width => given,
        Shape::Rows(given, columns) if matches!(role, Role::Class { .. }) => {
            let message = format!(
                "y has the shape ({given}, {columns}): expected ({rows},), the class of each row as an integer"
            );
            return Err(ShapeError::new_err(message));
        }
        Shape::Rows(_, columns) => return Err(role.miscounted(None, columns)),
    };
    if rows_given != rows {
        let what = if matches!(role, Role::Class { .. }) { "classes" } else { "outputs" };
        return Err(raise(Error::RowCounts { inputs: rows, given: rows_given, what }));
    }
    Ok(values)
}

pub(crate) fn read_weights(object: &Bound<'_, PyAny>, rows: usize) -> PyResult<Vec<f32>> {
    let Numbers { mut values, shape } = arrays::read(object, Role::Weight)?;
    match shape {
        Shape::Number => values.resize(rows, values[0]),
        Shape::Row(given) | Shape::Rows(given, 1) if given == rows => {}
        Shape::Row(given) | Shape::Rows(given, 1) => {
            return Err(raise(Error::RowCounts { inputs: rows, given, what: "weights" }));
        }
        Shape::Rows(given, columns) => {
            let message = format!("weight has the shape ({given}, {columns}): expected a number, or ({rows},)");
            return Err(ShapeError::new_err(message));
        }
    }
    Ok(values)
}

/// Reads rows for a network in a server, with the checks and errors of an embedded network.
#[pyclass(module = "neuralredis._core", name = "RowReader", frozen)]
#[derive(Debug)]
pub(crate) struct RowReader(RowShape);

#[pymethods]
impl RowReader {
    #[new]
    fn new(kind: &Bound<'_, PyAny>, inputs: usize, outputs: usize) -> PyResult<Self> {
        Ok(Self(RowShape { kind: crate::options::kind(kind)?, inputs, outputs }))
    }

    /// Return rows of inputs as an array of two dimensions, and whether the object was a single row.
    #[pyo3(signature = (X, *, names = None))]
    #[allow(non_snake_case, reason = "the field's name for a matrix of rows")]
    #[allow(clippy::needless_pass_by_value, reason = "as PyO3 reads a list")]
    fn inputs<'py>(
        &self,
        py: Python<'py>,
        X: &Bound<'py, PyAny>,
        names: Option<Vec<String>>,
    ) -> PyResult<(Bound<'py, PyAny>, bool)> {
        let width = self.0.inputs;
        let inputs = Inputs::read(X, width, names.as_deref())?;
        // Valid targets for every row, so that only the inputs can be at fault.
        let targets = vec![0.0; self.0.targets()];
        let batch = Batch::new(&inputs.values, width, &targets, targets.len());
        Batch { output_stride: 0, ..batch }.check(self.0).map_err(|error| inputs.raise(error))?;
        Ok((inputs.values.into_pyarray(py).reshape([inputs.rows, width])?.into_any(), inputs.single))
    }

    /// Return the names of the columns of a frame; None for other objects.
    #[allow(non_snake_case, reason = "the field's name for a matrix of rows")]
    fn names(&self, X: &Bound<'_, PyAny>) -> PyResult<Option<Vec<String>>> {
        if arrays::is_plain(X) { Ok(None) } else { frames::names(X, self.0.inputs) }
    }

    /// Return rows of inputs, each followed by its class or outputs, and the row weights if there are any.
    #[pyo3(signature = (X, y, weight = None, *, names = None))]
    #[allow(non_snake_case, reason = "the field's name for a matrix of rows")]
    #[allow(clippy::needless_pass_by_value, reason = "as PyO3 reads a list")]
    fn examples<'py>(
        &self,
        py: Python<'py>,
        X: &Bound<'py, PyAny>,
        y: &Bound<'py, PyAny>,
        weight: Option<&Bound<'py, PyAny>>,
        names: Option<Vec<String>>,
    ) -> PyResult<(Bound<'py, PyAny>, Option<Bound<'py, PyAny>>)> {
        let examples = Examples::read(self.0, X, y, weight, names.as_deref())?;
        examples.batch().check(self.0).map_err(|error| examples.inputs.raise(error))?;
        let (inputs, targets) = examples.widths;
        let rows = examples.inputs.rows;
        let mut values = Vec::with_capacity(rows * (inputs + targets));
        for (input, target) in examples.inputs.values.chunks_exact(inputs).zip(examples.outputs.chunks_exact(targets)) {
            values.extend_from_slice(input);
            values.extend_from_slice(target);
        }
        let values = values.into_pyarray(py).reshape([rows, inputs + targets])?.into_any();
        Ok((values, examples.weights.map(|weights| weights.into_pyarray(py).into_any())))
    }
}
