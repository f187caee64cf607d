//! Networks with fields: parsing their schema, and describing it.

use std::borrow::Cow;
use std::sync::Arc;

use neuralredis_core::layout::MAX_UNITS;
use neuralredis_core::schema::{DEFAULT_CLASSES, DEFAULT_HIDDEN};
use neuralredis_core::{
    Changes, Error, FieldKind, Given, Kind, Layout, Model, Monotone, Network as Engine, Options, Schema, Target,
};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyMapping, PyString, PyTuple};

use crate::errors::{OptionError, bad_option, raise};
use crate::lists;
use crate::options;
use crate::values;

/// The name and the kind of a field.
type NamedKind = (Vec<u8>, FieldKind);

/// For each field its name, its kind, and the sign after the kind.
type SignedFields = Vec<(Vec<u8>, (FieldKind, f32))>;

/// The options without `monotone`, and `monotone` if it is a mapping by field names.
type ByName<'py> = (Option<Bound<'py, PyDict>>, Option<Bound<'py, PyMapping>>);

/// The arguments that declare a network with fields, besides its options.
pub(crate) struct Described<'a, 'py> {
    pub(crate) fields: &'a Bound<'py, PyAny>,
    pub(crate) target: Option<&'a Bound<'py, PyAny>>,
    pub(crate) hidden: Option<&'a Bound<'py, PyAny>>,
    pub(crate) classes: Option<&'a Bound<'py, PyAny>>,
    /// Signs by field names; the predictions are monotone in these fields.
    pub(crate) monotone: Option<&'a Bound<'py, PyMapping>>,
}

/// The declaration of a network: a layout or fields.
pub(crate) enum Declaration<'a, 'py> {
    Layout(&'a Bound<'py, PyAny>),
    Fields(Described<'a, 'py>),
}

impl<'a, 'py> Declaration<'a, 'py> {
    /// Checks and combines the arguments, some of which exclude each other.
    pub(crate) fn of(
        layout: Option<&'a Bound<'py, PyAny>>,
        fields: Option<&'a Bound<'py, PyAny>>,
        [target, hidden, classes]: [Option<&'a Bound<'py, PyAny>>; 3],
        monotone: Option<&'a Bound<'py, PyMapping>>,
    ) -> PyResult<Self> {
        let layout = match (layout, fields) {
            (Some(layout), None) => layout,
            (None, Some(fields)) => return Ok(Self::Fields(Described { fields, target, hidden, classes, monotone })),
            (Some(_), Some(_)) => return Err(PyTypeError::new_err("layout and fields exclude each other")),
            (None, None) => return Err(PyTypeError::new_err("a network needs a layout, or fields and a target")),
        };
        for (name, given) in [("target", target), ("hidden", hidden), ("classes", classes)] {
            if given.is_some() {
                let what = format!("{name} is for a network with fields: this one has a layout");
                return Err(PyTypeError::new_err(what));
            }
        }
        if let Some(monotone) = monotone {
            let shown = lists::shown(monotone)?;
            let what = format!("monotone is {shown}: expected a list, one for each input: names are those of fields");
            return Err(PyTypeError::new_err(what));
        }
        Ok(Self::Layout(layout))
    }
}

impl Described<'_, '_> {
    /// Creates the network with random initial weights.
    pub(crate) fn engine(&self, kind: Kind, mut changes: Changes, seed: u64) -> PyResult<Engine> {
        Self::check(&changes)?;
        let (schema, hidden) = (self.schema(kind, &mut changes)?, self.hidden()?);
        let outputs = match schema.target() {
            Target::Classes { closed: false, .. } => 2,
            Target::Classes { names, .. } | Target::Values(names) => names.len(),
        };
        // Checks the options against the number of outputs. Class weights for classes that were not observed yet are
        // checked by the network.
        let layout = Layout::new(&[1, outputs.max(1)]).map_err(raise)?;
        let chosen = Options::new(kind).with(kind, &layout, &changes).map_err(raise)?;
        Engine::of_fields(schema, &hidden, chosen, changes.first_limits(), seed).map_err(raise)
    }

    /// Raises an error for options that a network with fields cannot have.
    pub(crate) fn check(changes: &Changes) -> PyResult<()> {
        if changes.normalize == Some(false) {
            return Err(bad_option("normalize", &"False", &"True, or nothing, for a network of fields"));
        }
        Ok(())
    }

    /// Parses the schema, whose dictionaries are still empty. The signs of the fields are added to the options.
    pub(crate) fn schema(&self, kind: Kind, changes: &mut Changes) -> PyResult<Schema> {
        let fields = self.fields()?;
        let mut signs: Vec<f32> = fields.iter().map(|(_, (_, sign))| *sign).collect();
        let has_signs = signs.iter().any(|&sign| sign != 0.0);
        if has_signs && (changes.monotone.is_some() || self.monotone.is_some()) {
            return Err(OptionError::new_err("monotone is given besides signs after kinds: expected one of them"));
        }
        if let Some(monotone) = self.monotone {
            for item in monotone.items()?.iter() {
                let (name, sign): (Bound<'_, PyAny>, Bound<'_, PyAny>) = item.extract()?;
                let key = name_of("the name of a field", &name)?;
                let Some(at) = fields.iter().position(|(field, _)| *field == key) else {
                    return Err(OptionError::new_err(format!(
                        "monotone has {}: it is none of the fields",
                        name.repr()?
                    )));
                };
                signs[at] =
                    sign.extract::<f32>().ok().filter(|sign| [1.0, 0.0, -1.0].contains(sign)).ok_or_else(|| {
                        let shown = lists::shown(&sign).unwrap_or_default();
                        OptionError::new_err(format!(
                            "monotone is {shown} for {}: expected 1, 0 or -1",
                            shown_name(&name)
                        ))
                    })?;
            }
        }
        if has_signs || self.monotone.is_some() {
            changes.monotone = Some(Monotone::Given(Arc::new(signs)));
        }
        let fields = fields.into_iter().map(|(name, (kind, _))| (name, kind));
        Schema::new(fields, self.target(kind)?).map_err(raise)
    }

    /// Parses the fields of events and the target.
    pub(crate) fn events(&self, kind: Kind) -> PyResult<(Vec<NamedKind>, Target)> {
        let fields = self.fields()?;
        if self.monotone.is_some() || fields.iter().any(|(_, (_, sign))| *sign != 0.0) {
            return Err(OptionError::new_err("monotone is given: expected none for a network of sequences"));
        }
        let fields: Vec<NamedKind> = fields.into_iter().map(|(name, (kind, _))| (name, kind)).collect();
        Ok((fields, self.target(kind)?))
    }

    fn fields(&self) -> PyResult<SignedFields> {
        let Ok(mapping) = self.fields.cast::<PyMapping>() else {
            let shown = lists::shown(self.fields)?;
            return Err(PyTypeError::new_err(format!("fields is {shown}: expected a dict of names and kinds")));
        };
        let mut fields = Vec::new();
        for item in mapping.items()?.iter() {
            let (name, kind): (Bound<'_, PyAny>, Bound<'_, PyAny>) = item.extract()?;
            fields.push((name_of("the name of a field", &name)?, parse_kind(&name, &kind)?));
        }
        Ok(fields)
    }

    fn target(&self, kind: Kind) -> PyResult<Target> {
        let Some(target) = self.target else {
            return Err(PyTypeError::new_err("a network of fields needs a target, the name of what it is to answer"));
        };
        if kind == Kind::Classifier {
            return self.classes(name_of("target", target)?.into());
        }
        if let Some(classes) = self.classes {
            return Err(bad_option("classes", &lists::shown(classes)?, &"none for a regressor"));
        }
        let names = if values::is_list(target) {
            target.try_iter()?.map(|name| name_of("target", &name?).map(Into::into)).collect::<PyResult<_>>()?
        } else {
            vec![name_of("target", target)?.into()]
        };
        Ok(Target::Values(names))
    }

    /// A target of classes: either at most so many, or exactly those that are named.
    fn classes(&self, name: Box<[u8]>) -> PyResult<Target> {
        let (most, closed, mut names) = (DEFAULT_CLASSES, false, Vec::new());
        let Some(classes) = self.classes else { return Ok(Target::Classes { name, most, closed, names }) };
        if !values::is_list(classes) {
            let most = options::whole("classes", classes, MAX_UNITS as u64, 2)? as u32;
            return Ok(Target::Classes { name, most, closed, names });
        }
        for class in classes.try_iter()? {
            let class = class?;
            let Some(name) = class_of(&class)? else {
                let shown = lists::shown(&class)?;
                return Err(OptionError::new_err(format!("class {shown}: expected a name of 1 to 64 bytes")));
            };
            names.push(name.into());
        }
        Ok(Target::Classes { name, most: u32::try_from(names.len()).unwrap_or(u32::MAX), closed: true, names })
    }

    /// Parses the units of the hidden layers.
    pub(crate) fn hidden(&self) -> PyResult<Vec<usize>> {
        self.hidden_or(&DEFAULT_HIDDEN)
    }

    /// Returns the units of hidden layers, or `default` if none are given.
    pub(crate) fn hidden_or(&self, default: &[usize]) -> PyResult<Vec<usize>> {
        let Some(hidden) = self.hidden else { return Ok(default.to_vec()) };
        if !values::is_list(hidden) {
            let shown = lists::shown(hidden)?;
            return Err(PyTypeError::new_err(format!("hidden is {shown}: expected a list of units, one a layer")));
        }
        let units = |units: PyResult<Bound<'_, PyAny>>| {
            options::whole("hidden", &units?, MAX_UNITS as u64, 1).map(|units| units as usize)
        };
        hidden.try_iter()?.map(units).collect()
    }
}

/// Separates `monotone` from the options if it is a mapping by field names.
pub(crate) fn monotone_by_name<'py>(options: Option<&Bound<'py, PyDict>>) -> PyResult<ByName<'py>> {
    let Some(options) = options else { return Ok((None, None)) };
    match options.get_item("monotone")?.map(Bound::cast_into::<PyMapping>) {
        Some(Ok(by_name)) => {
            let others = options.copy()?;
            others.del_item("monotone")?;
            Ok((Some(others), Some(by_name)))
        }
        _ => Ok((Some(options.clone()), None)),
    }
}

/// The bytes of a name.
fn name_of(what: &'static str, name: &Bound<'_, PyAny>) -> PyResult<Vec<u8>> {
    let bytes = match (name.cast::<PyString>(), name.cast::<PyBytes>()) {
        (Ok(text), _) => values::text_bytes(text)?.map(Cow::into_owned),
        (_, Ok(bytes)) => Some(bytes.as_bytes().to_vec()),
        _ => None,
    };
    match bytes {
        Some(bytes) => Ok(bytes),
        None => Err(PyTypeError::new_err(format!("{what} is {}: expected a text", name.repr()?))),
    }
}

/// The name of a class; numbers and booleans are converted to names.
pub(crate) fn class_of(class: &Bound<'_, PyAny>) -> PyResult<Option<Vec<u8>>> {
    Ok(match values::given(class, FieldKind::Category(1))? {
        Some(Given::Text(text)) => Some(text.into_owned()),
        Some(Given::Number(number)) if !number.is_nan() => Some(number.to_string().into_bytes()),
        Some(Given::Flag(flag)) => Some(flag.to_string().into_bytes()),
        _ => None,
    })
}

/// Parses the kind of a field: its name, perhaps a number after it (in one string or as a pair), and perhaps a sign at
/// the end.
fn parse_kind(field: &Bound<'_, PyAny>, kind: &Bound<'_, PyAny>) -> PyResult<(FieldKind, f32)> {
    let refuse = |what: String| OptionError::new_err(format!("field {}: {what}", shown_name(field)));
    let words: Vec<String> = if let Ok(text) = kind.cast::<PyString>() {
        text.to_string_lossy().split_whitespace().map(str::to_owned).collect()
    } else if let Ok(pair) = kind.cast::<PyTuple>() {
        pair.iter().map(|word| Ok(word.str()?.to_string())).collect::<PyResult<_>>()?
    } else {
        let shown = lists::shown(kind)?;
        return Err(PyTypeError::new_err(format!("the kind of {} is {shown}: expected a text", shown_name(field))));
    };
    let (words, sign) = match words.split_last() {
        Some((last, before)) if last == "+" => (before, 1.0),
        Some((last, before)) if last == "-" => (before, -1.0),
        _ => (&words[..], 0.0),
    };
    let invalid = |error: Error| refuse(error.to_string());
    let (name, number) = match words {
        [name] => (name, None),
        [name, number] => {
            let expected = || refuse(format!("{name} {number}: expected an integer after the kind"));
            (name, Some(number.parse::<u64>().map_err(|_| expected())?))
        }
        _ => return Err(refuse(format!("'{}': expected a kind, and perhaps a number", words.join(" ")))),
    };
    let kind = FieldKind::named(name.as_bytes()).and_then(|word| word.kind(number)).map_err(invalid)?;
    Ok((kind, sign))
}

fn shown_name(name: &Bound<'_, PyAny>) -> String {
    name.str().map_or_else(|_| String::new(), |name| name.to_string())
}

/// Names and kinds of the fields, targets, and the classes that can be predicted; `None` for a network without fields.
pub(crate) fn present<'py>(py: Python<'py>, model: &Model) -> PyResult<Option<Bound<'py, PyDict>>> {
    let Some(schema) = model.schema() else { return Ok(None) };
    let (found, fields) = (PyDict::new(py), PyDict::new(py));
    for (at, field) in schema.fields().iter().enumerate() {
        let kind = model.options().monotone.with_sign(at, field.kind()).to_lowercase();
        fields.set_item(values::text_of(py, field.name())?, kind)?;
    }
    found.set_item("fields", fields)?;
    let names = texts(py, schema.target_names())?;
    match (names.len(), names.get_item(0)) {
        (1, Ok(name)) => found.set_item("target", name)?,
        _ => found.set_item("target", names)?,
    }
    let classes = (model.kind() == Kind::Classifier).then(|| texts(py, model.classes()));
    found.set_item("classes", classes.transpose()?)?;
    Ok(Some(found))
}

/// Names as a tuple of strings.
pub(crate) fn texts<'py>(py: Python<'py>, names: &[Box<[u8]>]) -> PyResult<Bound<'py, PyTuple>> {
    let names: Vec<Bound<'py, PyString>> =
        names.iter().map(|name| values::text_of(py, name)).collect::<PyResult<_>>()?;
    PyTuple::new(py, names)
}
