//! Reads rows of fields from a dict, several dicts, a dict of columns, or a frame.
//!
//! | given | is |
//! |---|---|
//! | a dict | one row; or columns, if a field of one value has a list, or a field of several a list of lists |
//! | a frame of pandas or polars, a table of Arrow, a structured array | columns, by their names |
//! | a row of a pandas frame | one row |
//! | a list or another iterable of dicts | rows |
//!
//! Columns may be in any order; a field without a column is a gap.

use neuralredis_core::schema::{Value, readable};
use neuralredis_core::{Error, FieldKind, Given, Kind, Outcome, Row, Schema};
use numpy::{PyArrayDescrMethods, PyUntypedArray, PyUntypedArrayMethods};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyMapping, PyString};

use crate::columns::Column;
use crate::errors::{ShapeError, raise};
use crate::lists;
use crate::values;

/// Rows of fields, column by column.
pub(crate) struct Table<'py> {
    pub(crate) rows: usize,
    /// Whether the object was a single row, for which a single result is returned.
    pub(crate) single: bool,
    fields: Vec<(usize, Column<'py>)>,
    /// For each target its column; `None` if it was not given.
    targets: Vec<Option<Column<'py>>>,
}

/// What a name stands for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Field(usize),
    Target(usize),
}

impl<'py> Table<'py> {
    /// Reads rows. Columns of targets are read only if `wanted`.
    pub(crate) fn read(object: &Bound<'py, PyAny>, schema: &Schema, wanted: bool) -> PyResult<Self> {
        let reader = Reader { schema, wanted };
        if let Ok(mapping) = object.cast::<PyMapping>() {
            return reader.of_dict(mapping);
        }
        if let Some(columns) = frame(object)? {
            return reader.of_columns(reader.places(columns)?, Some(object.len()?));
        }
        if is_row_of_frame(object)? {
            return reader.of_dict(object.call_method0("to_dict")?.cast()?);
        }
        let numeric = object.cast::<PyUntypedArray>().is_ok_and(|array| array.dtype().kind() != b'O');
        if numeric || !values::is_list(object) && (object.is_instance_of::<PyString>() || object.try_iter().is_err()) {
            return Err(raise(Error::HasFields));
        }
        reader.of_dicts(object)
    }

    fn put(&mut self, place: Place, column: Column<'py>) {
        match place {
            Place::Field(field) => self.fields.push((field, column)),
            Place::Target(target) => self.targets[target] = Some(column),
        }
    }

    /// The columns of the targets; an error if one is missing.
    pub(crate) fn outcome_columns(&mut self, schema: &Schema) -> PyResult<Vec<Column<'py>>> {
        let names = schema.target_names();
        let mut columns = Vec::new();
        for (target, name) in self.targets.iter_mut().zip(names) {
            columns.push(match target.take() {
                Some(column) => column,
                None if self.rows == 0 => Column::Objects(Vec::new()),
                None => {
                    let name = readable(name);
                    let message = format!("the rows have no {name}: expected outcomes in this column or as y");
                    return Err(ShapeError::new_err(message));
                }
            });
        }
        Ok(columns)
    }

    /// The value of a field in a row, which [`Self::values`] has accepted.
    pub(crate) fn given<'a>(&'a self, field: usize, row: usize, schema: &Schema) -> PyResult<Given<'a>> {
        let Some((_, column)) = self.fields.iter().find(|(of, _)| *of == field) else { return Ok(Given::Gap) };
        Ok(column.given(row, schema.fields()[field].kind())?.unwrap_or(Given::Gap))
    }

    /// Parses the values of a row.
    pub(crate) fn values<'a>(&'a self, row: usize, schema: &Schema) -> PyResult<Vec<Value<'a>>> {
        let mut found = vec![Value::Gap; schema.fields().len()];
        for (field, column) in &self.fields {
            let understood = match column.given(row, schema.fields()[*field].kind())? {
                Some(given) => schema.understand_one(*field, given),
                None => Err(schema.not_understood(*field, column.shown(row)?)),
            };
            found[*field] = understood.map_err(|error| self.raise(row, error))?;
        }
        Ok(found)
    }

    /// Parses and encodes all rows for a prediction.
    pub(crate) fn encoded(&self, schema: &Schema) -> PyResult<Vec<Row>> {
        (0..self.rows).map(|row| Ok(schema.row(&self.values(row, schema)?))).collect()
    }

    /// Parses the outcome of a row.
    pub(crate) fn outcome<'a>(&self, row: usize, columns: &'a [Column<'py>], schema: &Schema) -> PyResult<Outcome<'a>> {
        let kind = outcome_kind(schema);
        let mut given = Vec::with_capacity(columns.len());
        for (target, column) in columns.iter().enumerate() {
            match column.given(row, kind)? {
                Some(value) => given.push(value),
                None => return Err(self.raise(row, schema.no_outcome(target, column.shown(row)?))),
            }
        }
        schema.outcome(given).map_err(|error| self.raise(row, error))
    }

    /// The exception for an error in a row; it has the index of the row if there are several.
    pub(crate) fn raise(&self, row: usize, error: Error) -> PyErr {
        raise(if self.rows > 1 { error.in_row(row) } else { error })
    }
}

/// The field kind that the values of targets are read as.
pub(crate) fn outcome_kind(schema: &Schema) -> FieldKind {
    match schema.kind() {
        Kind::Classifier => FieldKind::Category(1),
        Kind::Regressor => FieldKind::Number,
    }
}

/// Names and columns of a frame.
type Columns<'py> = Vec<(Bound<'py, PyAny>, Bound<'py, PyAny>)>;

struct Reader<'a> {
    schema: &'a Schema,
    wanted: bool,
}

impl Reader<'_> {
    /// The field or target with a name; fields are searched from index `next` on.
    fn place(&self, name: &Bound<'_, PyAny>, next: usize) -> PyResult<Place> {
        let bytes = match (name.cast::<PyString>(), name.cast::<PyBytes>()) {
            (Ok(text), _) => values::text_bytes(text)?,
            (_, Ok(bytes)) => Some(bytes.as_bytes().into()),
            _ => None,
        };
        let place = bytes.and_then(|bytes| {
            let field = self.schema.position(&bytes, next).map(Place::Field);
            field.or_else(|| self.schema.target_names().iter().position(|of| **of == *bytes).map(Place::Target))
        });
        if let Some(place) = place {
            return Ok(place);
        }
        let known = self.schema.fields().iter().map(|field| readable(field.name())).collect();
        Err(raise(Error::UnknownField { field: lists::shown(name)?, known }))
    }

    /// The fields and targets of names. A duplicate is an error, also if one is a str and the other bytes.
    fn places<'py>(&self, named: Columns<'py>) -> PyResult<Vec<(Place, Bound<'py, PyAny>)>> {
        let (fields, mut next) = (self.schema.fields().len(), 0);
        let mut seen = vec![false; fields + self.schema.target_names().len()];
        let mut found = Vec::with_capacity(named.len());
        for (name, value) in named {
            let place = self.place(&name, next)?;
            let at = match place {
                Place::Field(field) => field,
                Place::Target(target) => fields + target,
            };
            if std::mem::replace(&mut seen[at], true) {
                return Err(self.twice(place));
            }
            next = if at < fields { at + 1 } else { next };
            found.push((place, value));
        }
        Ok(found)
    }

    fn twice(&self, place: Place) -> PyErr {
        raise(Error::FieldTwice { field: format!("'{}'", self.name(place)) })
    }

    fn kind(&self, place: Place) -> FieldKind {
        match place {
            Place::Field(field) => self.schema.fields()[field].kind(),
            Place::Target(_) => outcome_kind(self.schema),
        }
    }

    fn name(&self, place: Place) -> String {
        let name = match place {
            Place::Field(field) => self.schema.fields()[field].name(),
            Place::Target(target) => &self.schema.target_names()[target],
        };
        readable(name)
    }

    fn of_dict<'py>(&self, mapping: &Bound<'py, PyMapping>) -> PyResult<Table<'py>> {
        let values = self.places(items(mapping)?)?;
        for (place, value) in &values {
            if is_column(value, self.kind(*place))? {
                return self.of_columns(values, None);
            }
        }
        let mut table = self.table(1, true);
        values.into_iter().for_each(|(place, value)| table.put(place, Column::Objects(vec![value])));
        Ok(table)
    }

    fn of_columns<'py>(&self, columns: Vec<(Place, Bound<'py, PyAny>)>, rows: Option<usize>) -> PyResult<Table<'py>> {
        let mut table = self.table(0, false);
        let mut first = rows.map(|rows| ("the frame".to_owned(), rows));
        for (place, column) in columns {
            if !self.wanted && matches!(place, Place::Target(_)) {
                continue;
            }
            let called = format!("column '{}'", self.name(place));
            if !values::is_list(&column) {
                let shown = lists::shown(&column)?;
                return Err(ShapeError::new_err(format!("{called} is {shown}: expected a value for each row")));
            }
            let column = Column::read(&column, self.kind(place), &called)?;
            let given = column.len();
            match &first {
                Some((of, rows)) if *rows != given => {
                    return Err(ShapeError::new_err(format!("{called} has {given} values, {of} {rows}")));
                }
                Some(_) => {}
                None => first = Some((called, given)),
            }
            table.put(place, column);
        }
        table.rows = first.map_or(0, |(_, rows)| rows);
        Ok(table)
    }

    fn table<'py>(&self, rows: usize, single: bool) -> Table<'py> {
        let targets = self.schema.target_names().iter().map(|_| None).collect();
        Table { rows, single, fields: Vec::new(), targets }
    }

    fn of_dicts<'py>(&self, rows: &Bound<'py, PyAny>) -> PyResult<Table<'py>> {
        let none = rows.py().None().into_bound(rows.py());
        let mut columns: Vec<Option<Vec<Bound<'py, PyAny>>>> = vec![None; self.schema.fields().len()];
        let mut targets: Vec<Option<Vec<Bound<'py, PyAny>>>> = vec![None; self.schema.target_names().len()];
        let mut count = 0;
        for (at, row) in rows.try_iter()?.enumerate() {
            let row = row?;
            let Ok(row) = row.cast::<PyMapping>() else {
                let shown = lists::shown(&row)?;
                return Err(ShapeError::new_err(format!("row {at} is {shown}: expected a dict of fields")));
            };
            let mut next = 0;
            let mut put = |name: &Bound<'py, PyAny>, value: Bound<'py, PyAny>| {
                let place = self.place(name, next)?;
                let column = match place {
                    Place::Field(field) => {
                        next = field + 1;
                        &mut columns[field]
                    }
                    Place::Target(_) if !self.wanted => return Ok(()),
                    Place::Target(target) => &mut targets[target],
                };
                let column = column.get_or_insert_default();
                if column.len() > at {
                    return Err(self.twice(place));
                }
                column.resize(at, none.clone());
                column.push(value);
                Ok(())
            };
            match row.cast::<PyDict>() {
                Ok(row) => row.iter().try_for_each(|(name, value)| put(&name, value))?,
                Err(_) => {
                    for (name, value) in items(row)? {
                        put(&name, value)?;
                    }
                }
            }
            count = at + 1;
        }
        let whole = |column: Option<Vec<Bound<'py, PyAny>>>| {
            column.map(|mut column| {
                column.resize(count, none.clone());
                Column::Objects(column)
            })
        };
        let fields = columns.into_iter().map(whole).enumerate();
        let fields = fields.filter_map(|(field, column)| Some((field, column?))).collect();
        Ok(Table { rows: count, single: false, fields, targets: targets.into_iter().map(whole).collect() })
    }
}

/// Keys and values of a dict.
fn items<'py>(mapping: &Bound<'py, PyMapping>) -> PyResult<Columns<'py>> {
    mapping.items()?.iter().map(|item| item.extract()).collect()
}

/// Whether a value of a dict is a column of several rows.
fn is_column(value: &Bound<'_, PyAny>, kind: FieldKind) -> PyResult<bool> {
    if !values::is_list(value) {
        return Ok(false);
    }
    if !values::takes_lists(kind) {
        return Ok(true);
    }
    if let Ok(array) = value.cast::<PyUntypedArray>()
        && array.ndim() > 1
    {
        return Ok(true);
    }
    match value.try_iter()?.next() {
        Some(first) => Ok(values::is_list(&first?)),
        None => Ok(false),
    }
}

/// Names and columns of a frame; `None` for other objects. Attributes are looked up on the type, because pandas makes
/// each column an attribute of the object.
pub(crate) fn frame<'py>(object: &Bound<'py, PyAny>) -> PyResult<Option<Columns<'py>>> {
    let class = object.get_type();
    if let Ok(array) = object.cast::<PyUntypedArray>() {
        let names = array.dtype().getattr("names")?;
        if names.is_none() || array.ndim() != 1 {
            return Ok(None);
        }
        return names
            .try_iter()?
            .map(|name| name.and_then(|name| Ok((name.clone(), array.get_item(name)?))))
            .collect::<PyResult<_>>()
            .map(Some);
    }
    let names = if class.hasattr("column_names")? {
        object.getattr("column_names")?
    } else if class.hasattr("columns")? {
        object.getattr("columns")?
    } else {
        return Ok(None);
    };
    if names.is_callable() {
        return Ok(None);
    }
    let mut columns = Vec::new();
    for (at, name) in names.try_iter()?.enumerate() {
        let name = name?;
        let column = if class.hasattr("iloc")? {
            let all = pyo3::types::PySlice::full(object.py());
            object.getattr("iloc")?.get_item((all, at))?
        } else if class.hasattr("get_column")? {
            object.call_method1("get_column", (&name,))?
        } else if class.hasattr("column")? {
            object.call_method1("column", (at,))?
        } else {
            object.get_item(&name)?
        };
        columns.push((name, column));
    }
    Ok(Some(columns))
}

/// Whether an object is a row of a pandas frame, whose index has the names of the columns.
fn is_row_of_frame(object: &Bound<'_, PyAny>) -> PyResult<bool> {
    let class = object.get_type();
    if !class.hasattr("to_dict")? || !class.hasattr("index")? {
        return Ok(false);
    }
    match object.getattr("index")?.try_iter() {
        Ok(mut names) => names.next().map_or(Ok(false), |first| Ok(first?.is_instance_of::<PyString>())),
        Err(_) => Ok(false),
    }
}
