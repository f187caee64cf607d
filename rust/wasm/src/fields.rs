//! Networks of fields: their declaration, and operations with rows as JSON objects.

use std::sync::Arc;

use neuralredis_core::layout::MAX_UNITS;
use neuralredis_core::schema::{DEFAULT_CLASSES, Value, json};
use neuralredis_core::{Error, Example, FieldKind, Given, Kind, Monotone, Network, Schema, Target};
use serde_json::Value as Json;

use crate::answers::counts;
use crate::request::{Rejection, Reply, Request, numbers, whole};
use crate::results;

/// A declared schema.
pub(crate) struct Declared {
    pub(crate) fields: Vec<(Vec<u8>, FieldKind)>,
    pub(crate) target: Target,
    pub(crate) monotone: Option<Monotone>,
}

impl Declared {
    /// Read the declaration: fields are pairs of name and kind.
    pub(crate) fn read(request: &Request, kind: Kind, fields: &Json) -> Result<Self, Rejection> {
        let rejected = || Rejection::option("fields", fields, "names and kinds");
        let mut declared = Vec::new();
        for pair in fields.as_array().ok_or_else(rejected)? {
            let Some([name, kind]) = pair.as_array().map(Vec::as_slice) else { return Err(rejected()) };
            let name = name.as_str().ok_or_else(rejected)?;
            declared.push((name.as_bytes().to_vec(), kind_of(name, kind)?));
        }
        let signs: Vec<f32> = declared.iter().map(|(_, (_, sign))| *sign).collect();
        let monotone = signs.iter().any(|&sign| sign != 0.0).then(|| Monotone::Given(Arc::new(signs)));
        let fields = declared.into_iter().map(|(name, (kind, _))| (name, kind)).collect();
        Ok(Self { fields, target: target(request, kind)?, monotone })
    }
}

/// Parse a kind: its name, then optionally a number and a sign of monotony.
fn kind_of(field: &str, kind: &Json) -> Result<(FieldKind, f32), Rejection> {
    let reject = |why: String| Rejection::new("option", format!("field {field}: {why}"));
    let Some(text) = kind.as_str() else { return Err(reject(format!("its kind is {kind}: expected a text"))) };
    let words: Vec<&str> = text.split_whitespace().collect();
    let (words, sign) = match words.split_last() {
        Some((&"+", before)) => (before, 1.0),
        Some((&"-", before)) => (before, -1.0),
        _ => (&words[..], 0.0),
    };
    let (name, number) = match words {
        [name] => (name, None),
        [name, number] => {
            let expected = || reject(format!("{name} {number}: expected an integer after the kind"));
            (name, Some(number.parse::<u64>().map_err(|_| expected())?))
        }
        _ => return Err(reject(format!("'{text}': expected a kind, and perhaps a number"))),
    };
    let kind = FieldKind::named(name.as_bytes()).and_then(|word| word.kind(number));
    Ok((kind.map_err(|error| reject(error.to_string()))?, sign))
}

fn target(request: &Request, kind: Kind) -> Result<Target, Rejection> {
    const EXPECTED: &str = "the name of what the network is to answer";
    let target = request.get("target");
    let target = target.ok_or_else(|| Rejection::new("option", format!("target is missing: expected {EXPECTED}")))?;
    let name = |value: &Json| match value.as_str() {
        Some(name) => Ok(name.as_bytes().into()),
        None => Err(Rejection::option("target", value, EXPECTED)),
    };
    match (kind, target, request.get("classes")) {
        (Kind::Regressor, _, Some(classes)) => Err(Rejection::option("classes", classes, "none for a regressor")),
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
                other => Err(Rejection::option("class", other, "a name of 1 to 64 bytes")),
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

/// The schema of a network of fields without sequences.
fn schema(network: &Network) -> Result<Arc<Schema>, Rejection> {
    if network.event_fields().is_some() {
        return Err(Error::HasSequences.into());
    }
    let none = || Rejection::new("shape", "the network has no fields: expected numbers by their positions");
    network.schema().cloned().ok_or_else(none)
}

/// Parsed values of the fields of a row, and the values of its targets.
type RowAndOutcome<'a> = (Vec<Value<'a>>, Vec<Given<'a>>);

/// Add the index of the row to an error.
fn in_row(index: usize, error: Error) -> Rejection {
    match error {
        Error::UnknownField { .. } | Error::FieldTwice { .. } => {
            Rejection::new("data", format!("row {index}: {error}"))
        }
        error => error.in_row(index).into(),
    }
}

/// Parse rows. Outcomes are members with the names of targets.
fn read<'a>(schema: &Schema, data: &'a [u8]) -> Result<Vec<RowAndOutcome<'a>>, Rejection> {
    let (rows, _) = json::rows(data)?;
    let targets = schema.target_names();
    let rows = rows.into_iter().enumerate().map(|(index, row)| {
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
    rows.collect()
}

fn examples<'a>(schema: &Schema, request: &Request, data: &'a [u8]) -> Result<Vec<Example<'a>>, Rejection> {
    let rows = read(schema, data)?;
    let weights = request.weights()?;
    if let Some(weights) = weights.as_ref().filter(|weights| weights.len() != rows.len()) {
        return Err(Error::RowCounts { inputs: rows.len(), given: weights.len(), what: "weights" }.into());
    }
    let example = |(index, (values, outcome)): (usize, RowAndOutcome<'a>)| {
        let outcome = schema.outcome(outcome).map_err(|error| in_row(index, error))?;
        Ok(Example { values, outcome, weight: weights.as_ref().map_or(1.0, |weights| weights[index]) })
    };
    rows.into_iter().enumerate().map(example).collect()
}

pub(crate) fn observe(network: &mut Network, request: &Request, data: &[u8]) -> Result<Reply, Rejection> {
    let schema = schema(network)?;
    let examples = examples(&schema, request, data)?;
    // Release the shared schema, which would otherwise be copied for new words.
    drop(schema);
    Ok(counts(network.observe_fields(&examples, request.set("into")?, |_| {})?))
}

/// The outputs for rows; of a classifier only those of known classes.
pub(crate) fn run(network: &Network, data: &[u8]) -> Result<Reply, Rejection> {
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

pub(crate) fn evaluate(network: &Network, request: &Request, data: &[u8]) -> Result<Reply, Rejection> {
    let schema = schema(network)?;
    let (found, classes) = network.evaluate_fields(&examples(&schema, request, data)?)?;
    Ok(Reply::Object(results::evaluation(&found, &classes)))
}
