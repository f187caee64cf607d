//! Rows of fields on their way to a server: read and refused as those of a network in this process, then written as JSON.

use neuralredis_core::schema::json;
use neuralredis_core::{Changes, Given, Outcome, Schema};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyList};

use crate::answers::Observed;
use crate::fields::Described;
use crate::options;
use crate::table::Table;

/// Bytes of JSON in one command, about.
const PART: usize = 1 << 20;

/// What reads rows for a network of fields in a server.
#[pyclass(frozen, module = "neuralredis._core")]
pub(crate) struct FieldReader {
    schema: Schema,
}

/// Rows of one command: their JSON, how many there are, the words of their outcomes and their weights.
type Part<'py> = (Bound<'py, PyBytes>, usize, Vec<Bound<'py, PyBytes>>, Option<Bound<'py, PyBytes>>);

#[pymethods]
impl FieldReader {
    #[new]
    fn new(kind: &Bound<'_, PyAny>, fields: &Bound<'_, PyAny>, target: &Bound<'_, PyAny>) -> PyResult<Self> {
        let described = Described { fields, target: Some(target), hidden: None, classes: None, monotone: None };
        Ok(Self { schema: described.schema(options::kind(kind)?, &mut Changes::default())? })
    }

    /// Rows to be answered, in parts, and whether they are one row by itself.
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
            // What is no value of its field is told before anything is sent.
            table.values(row, &self.schema)?;
            self.write(&mut parts, &table, row, shared.as_ref())?;
        }
        Ok((parts.all(None)?, table.single))
    }

    /// Rows to be observed or evaluated, in parts.
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
    /// Adds a row, with the values of another one where it has gaps.
    fn write(&self, parts: &mut Parts<'_>, table: &Table<'_>, row: usize, shared: Option<&Table<'_>>) -> PyResult<()> {
        parts.begin()?;
        write_fields(&self.schema, table, row, shared, &mut parts.row)?;
        parts.end();
        Ok(())
    }
}

/// Writes the fields of a row after the brace, with the values of another row where it has gaps.
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

/// A [`Part`] before it is Python's.
struct Cut {
    text: Vec<u8>,
    rows: usize,
    outcomes: Vec<Vec<u8>>,
    weights: Vec<u8>,
}

/// Rows that are written one after the other, cut where a command has enough.
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
        // A long conversion can be interrupted.
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
