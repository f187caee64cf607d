//! Rows of fields for a network in a server: checked like those of an embedded network, then written as JSON.

use neuralredis_core::schema::json;
use neuralredis_core::{Changes, Given, Outcome, Schema};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyList};

use crate::answers::Observed;
use crate::fields::Described;
use crate::options;
use crate::table::Table;

/// The approximate size of JSON in one command, in bytes.
const PART: usize = 1 << 20;

/// Reads rows for a network with fields in a server.
#[pyclass(frozen, module = "neuralredis._core")]
pub(crate) struct FieldReader {
    schema: Schema,
}

/// The rows of one command: JSON, number of rows, outcomes, and the blob of row weights.
type Part<'py> = (Bound<'py, PyBytes>, usize, Vec<Bound<'py, PyBytes>>, Option<Bound<'py, PyBytes>>);

#[pymethods]
impl FieldReader {
    #[new]
    fn new(kind: &Bound<'_, PyAny>, fields: &Bound<'_, PyAny>, target: &Bound<'_, PyAny>) -> PyResult<Self> {
        let described = Described { fields, target: Some(target), hidden: None, classes: None, monotone: None };
        Ok(Self { schema: described.schema(options::kind(kind)?, &mut Changes::default())? })
    }

    /// Return rows for a prediction in parts, and whether the object was a single row.
    #[pyo3(signature = (X, shared = None))]
    #[allow(non_snake_case, reason = "the field's name for a matrix of rows")]
    fn inputs<'py>(
        &self,
        py: Python<'py>,
        X: &Bound<'py, PyAny>,
        shared: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<(Bound<'py, PyList>, bool)> {
        let table = Table::read(X, &self.schema, false)?;
        let shared = shared.map(|shared| Table::read(shared, &self.schema, false)).transpose()?;
        let mut parts = Parts::new(py);
        for row in 0..table.rows {
            // Invalid values raise an error before anything is sent.
            table.values(row, &self.schema)?;
            self.write(&mut parts, &table, row, shared.as_ref())?;
        }
        Ok((parts.all(None)?, table.single))
    }

    /// Return rows to observe or evaluate, in parts.
    #[pyo3(signature = (X, y = None, weight = None))]
    #[allow(non_snake_case, reason = "the field's name for a matrix of rows")]
    fn examples<'py>(
        &self,
        py: Python<'py>,
        X: &Bound<'py, PyAny>,
        y: Option<&Bound<'py, PyAny>>,
        weight: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyList>> {
        let observed = Observed::read(&self.schema, X, y, weight)?;
        let examples = observed.examples(&self.schema)?;
        let mut parts = Parts::new(py);
        for (row, example) in examples.iter().enumerate() {
            self.write(&mut parts, observed.table(), row, None)?;
            match &example.outcome {
                Outcome::Class(name) => parts.outcomes.push(name.to_vec()),
                Outcome::Values(values) => {
                    parts.outcomes.extend(values.iter().map(|value| value.to_string().into_bytes()));
                }
            }
            parts.weights.extend(example.weight.to_le_bytes());
        }
        parts.all(weight.map(|_| ()))
    }
}

impl FieldReader {
    /// Adds a row; gaps are filled from `shared`.
    fn write(&self, parts: &mut Parts<'_>, table: &Table<'_>, row: usize, shared: Option<&Table<'_>>) -> PyResult<()> {
        parts.begin()?;
        write_fields(&self.schema, table, row, shared, &mut parts.row)?;
        parts.end();
        Ok(())
    }
}

/// Writes the fields of a row after the opening brace; gaps are filled from `shared`.
pub(crate) fn write_fields(
    schema: &Schema,
    table: &Table<'_>,
    row: usize,
    shared: Option<&Table<'_>>,
    to: &mut Vec<u8>,
) -> PyResult<()> {
    for (index, field) in schema.fields().iter().enumerate() {
        let own = table.given(index, row, schema)?;
        let given = match (own, shared) {
            (Given::Gap, Some(shared)) => shared.given(index, 0, schema)?,
            (own, _) => own,
        };
        if given != Given::Gap {
            json::write(field.name(), &given, to).map_err(|error| table.raise(row, error))?;
        }
    }
    Ok(())
}

/// A [`Part`] before the conversion to Python objects.
struct Cut {
    text: Vec<u8>,
    rows: usize,
    outcomes: Vec<Vec<u8>>,
    weights: Vec<u8>,
}

/// Writes rows and splits them into parts of about [`PART`] bytes.
struct Parts<'py> {
    py: Python<'py>,
    done: Vec<Cut>,
    text: Vec<u8>,
    row: Vec<u8>,
    rows: usize,
    outcomes: Vec<Vec<u8>>,
    weights: Vec<u8>,
}

impl<'py> Parts<'py> {
    fn new(py: Python<'py>) -> Self {
        let (text, row, outcomes, weights) = (b"[".to_vec(), Vec::new(), Vec::new(), Vec::new());
        Self { py, done: Vec::new(), text, row, rows: 0, outcomes, weights }
    }

    fn begin(&mut self) -> PyResult<()> {
        // Lets the user interrupt a long conversion.
        if self.text.len() > PART {
            self.py.check_signals()?;
            self.cut();
        }
        self.row.clear();
        self.row.push(b'{');
        Ok(())
    }

    fn end(&mut self) {
        if self.rows > 0 {
            self.text.push(b',');
        }
        self.text.append(&mut self.row);
        self.text.push(b'}');
        self.rows += 1;
    }

    fn cut(&mut self) {
        self.text.push(b']');
        let text = std::mem::replace(&mut self.text, b"[".to_vec());
        let (outcomes, weights) = (std::mem::take(&mut self.outcomes), std::mem::take(&mut self.weights));
        self.done.push(Cut { text, rows: std::mem::take(&mut self.rows), outcomes, weights });
    }

    fn all(mut self, weighted: Option<()>) -> PyResult<Bound<'py, PyList>> {
        if self.rows > 0 {
            self.cut();
        }
        let py = self.py;
        let part = |Cut { text, rows, outcomes, weights }| -> Part<'py> {
            let outcomes = outcomes.iter().map(|outcome| PyBytes::new(py, outcome)).collect();
            (PyBytes::new(py, &text), rows, outcomes, weighted.map(|()| PyBytes::new(py, &weights)))
        };
        PyList::new(py, self.done.into_iter().map(part).collect::<Vec<_>>())
    }
}
