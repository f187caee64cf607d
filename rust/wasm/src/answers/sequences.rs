//! Operations of networks of sequences. Events are JSON objects, or numbers if they are positional.

use std::borrow::Cow;

use neuralredis_core::schema::{Value, json};
use neuralredis_core::sequence::{Extent, MOST_DRAWN};
use neuralredis_core::{Decoding, Error, Network, Observation, Outcome, Row, Schema};
use serde_json::{Value as Json, json as object};

use super::{counts, read};
use crate::request::{Rejection, Reply, Request, numbers, whole};

/// Parse the events, each as values of its fields.
fn events<'a>(network: &Network, data: &'a [u8]) -> Result<Vec<Vec<Value<'a>>>, Rejection> {
    let schema = schema(network)?;
    if !network.has_events_by_position() {
        let (rows, _) = json::rows(data)?;
        let parsed = rows.into_iter().enumerate();
        let parsed = parsed.map(|(index, row)| schema.understand(row).map_err(|error| error.in_row(index)));
        return Ok(parsed.collect::<Result<_, _>>()?);
    }
    let width = schema.fields()[0].kind().number().unwrap_or(1) as usize;
    let values = read(data)?;
    if !values.len().is_multiple_of(width) {
        return Err(Error::Inputs { row: None, expected: width, given: values.len() }.into());
    }
    if let Some(at) = values.iter().position(|value| !value.is_finite()) {
        let (row, column) = (Some(at / width), at % width);
        return Err(Error::NotFinite { row, what: "input", column, value: values[at] }.into());
    }
    Ok(values.chunks_exact(width).map(|event| vec![Value::Vector(event.to_vec())]).collect())
}

fn schema(network: &Network) -> Result<&Schema, Rejection> {
    Ok(network.event_fields().ok_or(Error::NoSequences)?)
}

/// Read the ends of sequences, as indices into all events.
fn ends(request: &Request, events: usize) -> Result<Vec<usize>, Rejection> {
    let list = request.list("ends", "a list of places")?.unwrap_or_default();
    let place = |value: &Json| whole("ends", value, 0, events as u64).map(|end| end as usize);
    let ends: Vec<usize> = list.iter().map(place).collect::<Result<_, _>>()?;
    if ends.last().copied().unwrap_or(0) != events || !ends.is_sorted() {
        return Err(Rejection::new("shape", format!("sequences of {events} events end at {ends:?}")));
    }
    Ok(ends)
}

/// New ids: numbers that are not in use.
fn new_ids(network: &Network, count: usize) -> Result<Vec<Vec<u8>>, Rejection> {
    let known: std::collections::HashSet<&[u8]> = network.sequence_ids()?.collect();
    let numbers = (known.len()..).map(|number| number.to_string().into_bytes());
    Ok(numbers.filter(|id| !known.contains(&id[..])).take(count).collect())
}

/// Read the outcome of a sequence: a class, a number, or a list of numbers.
fn outcome<'a>(network: &Network, given: &'a Json) -> Result<Outcome<'a>, Rejection> {
    let schema = network.schema().ok_or(Error::NoSequences)?;
    let given = match given {
        Json::Array(several) => several.iter().map(value_of).collect(),
        one => vec![value_of(one)],
    };
    Ok(schema.outcome(given)?)
}

fn value_of(value: &Json) -> neuralredis_core::Given<'_> {
    use neuralredis_core::Given;
    match value {
        Json::String(text) => Given::Text(Cow::Borrowed(text.as_bytes())),
        Json::Bool(flag) => Given::Flag(*flag),
        Json::Number(number) => Given::Number(number.as_f64().unwrap_or(f64::NAN)),
        _ => Given::Gap,
    }
}

pub(crate) fn observe(network: &mut Network, request: &Request, data: &[u8]) -> Result<Reply, Rejection> {
    let events = events(network, data)?;
    let ends = ends(request, events.len())?;
    let ids = match request.list("ids", "a list of texts")? {
        None => new_ids(network, ends.len())?,
        Some(ids) => {
            let id = |id: &Json| match id {
                Json::String(text) => Ok(text.as_bytes().to_vec()),
                Json::Number(number) if number.is_u64() => Ok(number.to_string().into_bytes()),
                other => Err(Rejection::option("an id", other, "a text or a whole number")),
            };
            ids.iter().map(id).collect::<Result<Vec<_>, _>>()?
        }
    };
    let check = |given: usize, what: &'static str| {
        let error = Error::RowCounts { inputs: ends.len(), given, what };
        if given == ends.len() { Ok(()) } else { Err(Rejection::from(error)) }
    };
    check(ids.len(), "ids")?;
    let outcomes = request.list("outcomes", "a list of classes or numbers")?;
    let weights = request.weights()?;
    outcomes.map_or(Ok(()), |outcomes| check(outcomes.len(), "outcomes"))?;
    weights.as_ref().map_or(Ok(()), |weights| check(weights.len(), "weights"))?;
    let (mut all, mut from) = (Vec::with_capacity(events.len()), 0);
    for (at, (id, &to)) in ids.iter().zip(&ends).enumerate() {
        let id = || Cow::Borrowed(&id[..]);
        let own = &events[std::mem::replace(&mut from, to)..to];
        let event = |event| Observation { id: id(), event: Some(Cow::Borrowed(event)), outcome: None };
        all.extend(own.iter().map(|own| event(&own[..])));
        if let Some(given) = outcomes.map(|outcomes| &outcomes[at]).filter(|given| !given.is_null()) {
            let weight = weights.as_ref().map_or(1.0, |weights| weights[at]);
            all.push(Observation { id: id(), event: None, outcome: Some((outcome(network, given)?, weight)) });
        }
    }
    Ok(counts(network.observe_events(&all, request.set("into")?)?))
}

/// The events of the sequence in a request: the stored events of its id, then given ones.
fn history(network: &Network, request: &Request, data: &[u8]) -> Result<Vec<Row>, Rejection> {
    let mut history = match request.text("id")? {
        Some(id) => network.events_of(id.as_bytes())?.unwrap_or_default(),
        None => Vec::new(),
    };
    let schema = schema(network)?;
    if !data.is_empty() {
        history.extend(events(network, data)?.iter().map(|event| schema.row(event)));
    }
    Ok(history)
}

/// The answer for a sequence.
pub(crate) fn run(network: &Network, request: &Request, data: &[u8]) -> Result<Reply, Rejection> {
    let seen = network.row_of_events(&history(network, request, data)?)?;
    let model = network.model();
    let mut outputs = vec![0.0; model.layout().outputs()];
    model.answer(&[seen.row], &mut outputs);
    outputs.iter_mut().for_each(|output| *output += seen.level);
    if !model.classes().is_empty() {
        outputs.truncate(model.classes().len());
    }
    Ok(numbers(&outputs))
}

/// Sample continuations of a sequence.
pub(crate) fn sample(network: &Network, request: &Request, data: &[u8]) -> Result<Reply, Rejection> {
    let count = request.whole("count", 1, MOST_DRAWN as u64)?.unwrap_or(1) as usize;
    let decoding = request.decoding()?;
    let Some(seed) = request.whole("seed", 0, u64::MAX)? else {
        return Err(Rejection::new("option", "seed is missing"));
    };
    let model = network.model();
    let classes = model.classes();
    let until = match request.text("until")? {
        None => None,
        Some(word) => {
            let found = classes.iter().position(|class| **class == *word.as_bytes());
            let expected = "a word of the events that the network has learnt";
            Some(found.ok_or_else(|| Rejection::option("until", &Json::from(word), expected))?)
        }
    };
    let history = history(network, request, data)?;
    let mut random = Decoding::random(seed);
    let drawn = network.continue_events(history, &decoding, Extent { count, until }, &mut random, &|| true)?;
    let words: Vec<_> = drawn.into_iter().map(|class| String::from_utf8_lossy(&classes[class])).collect();
    Ok(Reply::Object(object!({ "words": words })))
}

/// Delete a sequence.
pub(crate) fn forget(network: &mut Network, request: &Request) -> Result<Reply, Rejection> {
    let id = request.text("id")?.unwrap_or_default();
    Ok(Reply::Object(object!({ "forgotten": network.forget_sequence(id.as_bytes())? })))
}
