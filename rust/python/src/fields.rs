//! What a network of fields is made of, and what it tells of that.

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
use crate::options;
use crate::sequences;
use crate::values;

/// The name and the kind of a field.
type NamedKind = (Vec<u8>, FieldKind);

/// Names of fields, their kinds, and the signs after these.
type SignedFields = Vec<(Vec<u8>, (FieldKind, f32))>;

/// Options, and the fields in which the answer is monotone, where they are given by their names.
type ByName<'py> = (Option<Bound<'py, PyDict>>, Option<Bound<'py, PyMapping>>);

/// What a network of fields is made of, beside options.
pub(crate) struct Described<'a, 'py> {
    pub(crate) fields: &'a Bound<'py, PyAny>,
    pub(crate) target: Option<&'a Bound<'py, PyAny>>,
    pub(crate) hidden: Option<&'a Bound<'py, PyAny>>,
    pub(crate) classes: Option<&'a Bound<'py, PyAny>>,
    /// Fields in which the answer is monotone, by their names.
    pub(crate) monotone: Option<&'a Bound<'py, PyMapping>>,
}

/// What a network is to be made of: a layout, or fields.
pub(crate) enum Made<'a, 'py> {
    Layout(&'a Bound<'py, PyAny>),
    Fields(Described<'a, 'py>),
}

impl<'a, 'py> Made<'a, 'py> {
    /// Of the arguments, of which some exclude others.
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
            let shown = sequences::shown(monotone)?;
            let what = format!("monotone is {shown}: expected a list, one for each input: names are those of fields");
            return Err(PyTypeError::new_err(what));
        }
        Ok(Self::Layout(layout))
    }
}

impl Described<'_, '_> {
    /// The network, with random initial weights.
    pub(crate) fn engine(&self, kind: Kind, mut changes: Changes, seed: u64) -> PyResult<Engine> {
        Self::check(&changes)?;
        let (schema, hidden) = (self.schema(kind, &mut changes)?, self.hidden()?);
        let outputs = match schema.target() {
            Target::Classes { closed: false, .. } => 2,
            Target::Classes { names, .. } | Target::Values(names) => names.len(),
        };
        // Options are checked against the outputs; a list of weights for classes that are still to come, by the network.
        let layout = Layout::new(&[1, outputs.max(1)]).map_err(raise)?;
        let chosen = Options::new(kind).with(kind, &layout, &changes).map_err(raise)?;
        Engine::of_fields(schema, &hidden, chosen, changes.first_limits(), seed).map_err(raise)
    }

    /// Whether options are those of a network of fields.
    pub(crate) fn check(changes: &Changes) -> PyResult<()> {
        if changes.normalize == Some(false) {
            return Err(bad_option("normalize", &"False", &"True, or nothing, for a network of fields"));
        }
        Ok(())
    }

    /// The fields and the target, of which no word is known yet. The fields in which the answer is monotone are added to the
    /// options.
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
                        let shown = sequences::shown(&sign).unwrap_or_default();
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

    /// The fields of events, and the target.
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
            let shown = sequences::shown(self.fields)?;
            return Err(PyTypeError::new_err(format!("fields is {shown}: expected a dict of names and kinds")));
        };
        let mut fields = Vec::new();
        for item in mapping.items()?.iter() {
            let (name, kind): (Bound<'_, PyAny>, Bound<'_, PyAny>) = item.extract()?;
            fields.push((name_of("the name of a field", &name)?, kind_of(&name, &kind)?));
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
            return Err(bad_option("classes", &sequences::shown(classes)?, &"none for a regressor"));
        }
        let names = if values::is_list(target) {
            target.try_iter()?.map(|name| name_of("target", &name?).map(Into::into)).collect::<PyResult<_>>()?
        } else {
            vec![name_of("target", target)?.into()]
        };
        Ok(Target::Values(names))
    }

    /// A target of classes, as many as there is room for or just those that are named.
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
                let shown = sequences::shown(&class)?;
                return Err(OptionError::new_err(format!("class {shown}: expected a name of 1 to 64 bytes")));
            };
            names.push(name.into());
        }
        Ok(Target::Classes { name, most: u32::try_from(names.len()).unwrap_or(u32::MAX), closed: true, names })
    }

    /// Units of the hidden layers.
    pub(crate) fn hidden(&self) -> PyResult<Vec<usize>> {
        let Some(hidden) = self.hidden else { return Ok(DEFAULT_HIDDEN.to_vec()) };
        if !values::is_list(hidden) {
            let shown = sequences::shown(hidden)?;
            return Err(PyTypeError::new_err(format!("hidden is {shown}: expected a list of units, one a layer")));
        }
        let units = |units: PyResult<Bound<'_, PyAny>>| {
            options::whole("hidden", &units?, MAX_UNITS as u64, 1).map(|units| units as usize)
        };
        hidden.try_iter()?.map(units).collect()
    }
}

/// The options without the fields in which the answer is monotone by name, and these.
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

/// The name of a class, which may be a number or a flag.
pub(crate) fn class_of(class: &Bound<'_, PyAny>) -> PyResult<Option<Vec<u8>>> {
    Ok(match values::given(class, FieldKind::Category(1))? {
        Some(Given::Text(text)) => Some(text.into_owned()),
        Some(Given::Number(number)) if !number.is_nan() => Some(number.to_string().into_bytes()),
        Some(Given::Flag(flag)) => Some(flag.to_string().into_bytes()),
        _ => None,
    })
}

/// A kind by its name, with a number after it in one text or as a pair, and the sign that may come last.
fn kind_of(field: &Bound<'_, PyAny>, kind: &Bound<'_, PyAny>) -> PyResult<(FieldKind, f32)> {
    let refuse = |what: String| OptionError::new_err(format!("field {}: {what}", shown_name(field)));
    let words: Vec<String> = if let Ok(text) = kind.cast::<PyString>() {
        text.to_string_lossy().split_whitespace().map(str::to_owned).collect()
    } else if let Ok(pair) = kind.cast::<PyTuple>() {
        pair.iter().map(|word| Ok(word.str()?.to_string())).collect::<PyResult<_>>()?
    } else {
        let shown = sequences::shown(kind)?;
        return Err(PyTypeError::new_err(format!("the kind of {} is {shown}: expected a text", shown_name(field))));
    };
    let (words, sign) = match words.split_last() {
        Some((last, before)) if last == "+" => (before, 1.0),
        Some((last, before)) if last == "-" => (before, -1.0),
        _ => (&words[..], 0.0),
    };
    let told = |error: Error| refuse(error.to_string());
    let (name, number) = match words {
        [name] => (name, None),
        [name, number] => {
            let expected = || refuse(format!("{name} {number}: expected an integer after the kind"));
            (name, Some(number.parse::<u64>().map_err(|_| expected())?))
        }
        _ => return Err(refuse(format!("'{}': expected a kind, and perhaps a number", words.join(" ")))),
    };
    let kind = FieldKind::named(name.as_bytes()).and_then(|word| word.kind(number)).map_err(told)?;
    Ok((kind, sign))
}

fn shown_name(name: &Bound<'_, PyAny>) -> String {
    name.str().map_or_else(|_| String::new(), |name| name.to_string())
}

/// Names and kinds of the fields, targets and the classes that are answered; none where rows are the inputs themselves.
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

/// Names as a tuple of texts.
pub(crate) fn texts<'py>(py: Python<'py>, names: &[Box<[u8]>]) -> PyResult<Bound<'py, PyTuple>> {
    let names: Vec<Bound<'py, PyString>> =
        names.iter().map(|name| values::text_of(py, name)).collect::<PyResult<_>>()?;
    PyTuple::new(py, names)
}
