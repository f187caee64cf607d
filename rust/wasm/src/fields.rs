//! Networks of fields: how they are declared, and what they are asked. Rows are objects, as JSON has them.

use std::sync::Arc;

use neuralredis_core::layout::MAX_UNITS;
use neuralredis_core::schema::{DEFAULT_CLASSES, Value, json};
use neuralredis_core::{Error, Example, FieldKind, Given, Kind, Monotone, Network, Schema, Target};
use serde_json::Value as Json;

use crate::answers::counts;
use crate::request::{Asked, Refusal, Reply, numbers, whole};
use crate::told;

/// What rows are made of, and what they come to.
pub(crate) struct Declared {
    pub(crate) fields: Vec<(Vec<u8>, FieldKind)>,
    pub(crate) target: Target,
    pub(crate) monotone: Option<Monotone>,
}

impl Declared {
    /// Of pairs of a name and a kind, in the order of the fields.
    pub(crate) fn read(asked: &Asked, kind: Kind, fields: &Json) -> Result<Self, Refusal> {
        let refused = || Refusal::option("fields", fields, "names and kinds");
        let mut declared = Vec::new();
        for pair in fields.as_array().ok_or_else(refused)? {
            let Some([name, kind]) = pair.as_array().map(Vec::as_slice) else { return Err(refused()) };
            let name = name.as_str().ok_or_else(refused)?;
            declared.push((name.as_bytes().to_vec(), kind_of(name, kind)?));
        }
        let signs: Vec<f32> = declared.iter().map(|(_, (_, sign))| *sign).collect();
        let monotone = signs.iter().any(|&sign| sign != 0.0).then(|| Monotone::Given(Arc::new(signs)));
        let fields = declared.into_iter().map(|(name, (kind, _))| (name, kind)).collect();
        Ok(Self { fields, target: target(asked, kind)?, monotone })
    }
}

/// A kind by its name, with a number after it, and the sign that may come last.
fn kind_of(field: &str, kind: &Json) -> Result<(FieldKind, f32), Refusal> {
    let refuse = |why: String| Refusal::new("option", format!("field {field}: {why}"));
    let Some(text) = kind.as_str() else { return Err(refuse(format!("its kind is {kind}: expected a text"))) };
    let words: Vec<&str> = text.split_whitespace().collect();
    let (words, sign) = match words.split_last() {
        Some((&"+", before)) => (before, 1.0),
        Some((&"-", before)) => (before, -1.0),
        _ => (&words[..], 0.0),
    };
    let (name, number) = match words {
        [name] => (name, None),
        [name, number] => {
            let expected = || refuse(format!("{name} {number}: expected an integer after the kind"));
            (name, Some(number.parse::<u64>().map_err(|_| expected())?))
        }
        _ => return Err(refuse(format!("'{text}': expected a kind, and perhaps a number"))),
    };
    let kind = FieldKind::named(name.as_bytes()).and_then(|word| word.kind(number));
    Ok((kind.map_err(|error| refuse(error.to_string()))?, sign))
}

fn target(asked: &Asked, kind: Kind) -> Result<Target, Refusal> {
    const EXPECTED: &str = "the name of what the network is to answer";
    let target = asked.get("target");
    let target = target.ok_or_else(|| Refusal::new("option", format!("target is missing: expected {EXPECTED}")))?;
    let name = |value: &Json| match value.as_str() {
        Some(name) => Ok(name.as_bytes().into()),
        None => Err(Refusal::option("target", value, EXPECTED)),
    };
    match (kind, target, asked.get("classes")) {
        (Kind::Regressor, _, Some(classes)) => Err(Refusal::option("classes", classes, "none for a regressor")),
        (Kind::Regressor, Json::Array(several), None) => {
            Ok(Target::Values(several.iter().map(name).collect::<Result<_, _>>()?))
        }
        (Kind::Regressor, one, None) => Ok(Target::Values(vec![name(one)?])),
        (Kind::Classifier, one, None) => {
            Ok(Target::Classes { name: name(one)?, most: DEFAULT_CLASSES, closed: false, names: Vec::new() })
        }
        (Kind::Classifier, one, Some(Json::Array(classes))) => {
            let class = |class: &Json| match class {
                Json::String(text) => Ok(text.as_bytes().into()),
                Json::Number(_) | Json::Bool(_) => Ok(class.to_string().into_bytes().into()),
                other => Err(Refusal::option("class", other, "a name of 1 to 64 bytes")),
            };
            let names: Vec<Box<[u8]>> = classes.iter().map(class).collect::<Result<_, _>>()?;
            let most = u32::try_from(names.len()).unwrap_or(u32::MAX);
            Ok(Target::Classes { name: name(one)?, most, closed: true, names })
        }
        (Kind::Classifier, one, Some(most)) => {
            let most = whole("classes", most, 2, MAX_UNITS as u64)? as u32;
            Ok(Target::Classes { name: name(one)?, most, closed: false, names: Vec::new() })
        }
    }
}

/// The fields of a network of rows.
fn schema(network: &Network) -> Result<Arc<Schema>, Refusal> {
    if network.event_fields().is_some() {
        return Err(Error::HasSequences.into());
    }
    let none = || Refusal::new("shape", "the network has no fields: expected numbers by their positions");
    network.schema().cloned().ok_or_else(none)
}

/// A row's values, and what it came to.
type Parted<'a> = (Vec<Value<'a>>, Vec<Given<'a>>);

/// A refusal names the row.
fn in_row(index: usize, error: Error) -> Refusal {
    match error {
        Error::UnknownField { .. } | Error::FieldTwice { .. } => Refusal::new("data", format!("row {index}: {error}")),
        error => error.in_row(index).into(),
    }
}

/// The rows of a text. What they came to stands in them under the names of the targets.
fn read<'a>(schema: &Schema, data: &'a [u8]) -> Result<Vec<Parted<'a>>, Refusal> {
    let (rows, _) = json::rows(data)?;
    let targets = schema.target_names();
    let parted = rows.into_iter().enumerate().map(|(index, row)| {
        let mut outcome = vec![Given::Gap; targets.len()];
        let mut own = Vec::with_capacity(row.len());
        for (name, value) in row {
            match targets.iter().position(|target| **target == *name) {
                Some(target) => outcome[target] = value,
                None => own.push((name, value)),
            }
        }
        schema.understand(own).map(|values| (values, outcome)).map_err(|error| in_row(index, error))
    });
    parted.collect()
}

fn examples<'a>(schema: &Schema, asked: &Asked, data: &'a [u8]) -> Result<Vec<Example<'a>>, Refusal> {
    let rows = read(schema, data)?;
    let weights = asked.weights()?;
    if let Some(weights) = weights.as_ref().filter(|weights| weights.len() != rows.len()) {
        return Err(Error::RowCounts { inputs: rows.len(), given: weights.len(), what: "weights" }.into());
    }
    let example = |(index, (values, outcome)): (usize, Parted<'a>)| {
        let outcome = schema.outcome(outcome).map_err(|error| in_row(index, error))?;
        Ok(Example { values, outcome, weight: weights.as_ref().map_or(1.0, |weights| weights[index]) })
    };
    rows.into_iter().enumerate().map(example).collect()
}

pub(crate) fn observe(network: &mut Network, asked: &Asked, data: &[u8]) -> Result<Reply, Refusal> {
    let schema = schema(network)?;
    let examples = examples(&schema, asked, data)?;
    // Else the words that are new would go into a copy.
    drop(schema);
    Ok(counts(network.observe_fields(&examples, asked.set("into")?, |_| {})?))
}

/// Outputs of rows; of a classifier, of the classes that it knows.
pub(crate) fn run(network: &Network, data: &[u8]) -> Result<Reply, Refusal> {
    let (schema, model) = (schema(network)?, network.model());
    let rows: Vec<_> = read(&schema, data)?.into_iter().map(|(values, _)| schema.row(&values)).collect();
    let width = model.layout().outputs();
    let mut outputs = vec![0.0; rows.len() * width];
    model.answer(&rows, &mut outputs);
    let known = if model.kind() == Kind::Classifier { model.classes().len() } else { width };
    if known == 0 {
        return Err(Error::NoClasses.into());
    }
    let outputs: Vec<f32> = outputs.chunks_exact(width).flat_map(|row| &row[..known]).copied().collect();
    Ok(numbers(&outputs))
}

pub(crate) fn evaluate(network: &Network, asked: &Asked, data: &[u8]) -> Result<Reply, Refusal> {
    let schema = schema(network)?;
    let (found, classes) = network.evaluate_fields(&examples(&schema, asked, data)?)?;
    Ok(Reply::Told(told::evaluation(&found, &classes)))
}
