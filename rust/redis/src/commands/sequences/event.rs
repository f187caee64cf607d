//! Events in commands: names and values, JSON, or numbers by position.

use neuralredis_core::schema::Value;
use neuralredis_core::{Error, Given, Network, Schema};
use smallvec::{SmallVec, smallvec};

use super::super::named::Known;
use super::super::prelude::*;
use super::super::wire_rows::{self, Blob};

/// The most bytes of events in one command.
const MOST_BYTES: usize = 64 << 10;

/// A value for each field of an event. A few need no allocation, which takes as long as storing an event.
pub(crate) type Event<'a> = SmallVec<[Value<'a>; 3]>;

/// Events, usually one.
pub(crate) type Events<'a> = SmallVec<[Event<'a>; 1]>;

/// The parsed arguments of a command on a sequence.
pub(crate) struct Arguments<'a, 'b> {
    pub(crate) id: &'a [u8],
    pub(crate) events: Events<'a>,
    /// The arguments after `->`, if there are any.
    pub(crate) after: Option<&'b [&'a [u8]]>,
}

impl<'a, 'b> Arguments<'a, 'b> {
    /// Parses the arguments after the key: an id, events (perhaps none), and what follows `->`.
    pub(crate) fn parse(network: &Network, args: &'b [&'a [u8]]) -> Result<Self, Refusal> {
        let Some((&id, rest)) = args.split_first() else {
            return Err(Refusal::shape("the id of a sequence is missing: expected it after the key"));
        };
        let schema = network.event_fields().ok_or(Error::NoSequences)?;
        let bytes: usize = rest.iter().map(|arg| arg.len()).sum();
        if bytes > MOST_BYTES {
            let what = format!("events of {bytes} bytes in one command: expected at most {MOST_BYTES}, in several");
            return Err(Refusal::shape(what));
        }
        if network.has_events_by_position() {
            if let Some((blob, rest)) = Blob::find(args)? {
                let after = match rest {
                    [] => None,
                    [arrow, after @ ..] if *arrow == b"->" => Some(after),
                    [word, ..] => return Err(Refusal::unknown(word, "-> or nothing after the blob")),
                };
                return Ok(Self { id, events: of_blob(schema, blob)?, after });
            }
            let arrow = rest.iter().position(|&arg| arg == b"->");
            let (numbers, after) = (&rest[..arrow.unwrap_or(rest.len())], arrow.map(|arrow| &rest[arrow + 1..]));
            let events = if numbers.is_empty() { SmallVec::new() } else { smallvec![by_position(schema, numbers)?] };
            return Ok(Self { id, events, after });
        }
        if rest.first().is_some_and(|word| is(word, "JSON") || is(word, "FP32")) {
            let (known, after) = Known::parse(rest)?;
            return Ok(Self { id, events: known.events(schema)?, after });
        }
        // A single event borrows its values from the arguments.
        let arrow = rest.iter().step_by(2).position(|&word| word == b"->").map(|pair| 2 * pair);
        let (pairs, after) = (&rest[..arrow.unwrap_or(rest.len())], arrow.map(|arrow| &rest[arrow + 1..]));
        if let [field] = pairs.as_chunks::<2>().1 {
            return Err(Refusal::shape(format!("field '{}' has no value after it", shown(field))));
        }
        let given = pairs.as_chunks::<2>().0.iter().map(|[field, value]| (*field, Given::text(value)));
        let mut events = SmallVec::new();
        if !pairs.is_empty() {
            let mut event: Event<'_> = smallvec![Value::Gap; schema.fields().len()];
            schema.understand_into(given, &mut event)?;
            events.push(event);
        }
        Ok(Self { id, events, after })
    }
}

/// A copy of the events that borrows nothing, for a thread.
pub(crate) fn owned<'e>(events: impl IntoIterator<Item = Event<'e>>) -> Events<'static> {
    events.into_iter().map(|event| event.into_iter().map(Value::into_owned).collect()).collect()
}

/// The number of numbers in an event by position.
fn width(schema: &Schema) -> usize {
    schema.fields().first().and_then(|field| field.kind().number()).unwrap_or(1) as usize
}

fn by_position<'a>(schema: &Schema, numbers: &[&[u8]]) -> Result<Event<'a>, Refusal> {
    Ok(smallvec![Value::Vector(wire_rows::inputs(numbers, width(schema))?.to_vec())])
}

/// Reads the events of a blob.
fn of_blob<'a>(schema: &Schema, blob: Blob<'_>) -> Result<Events<'a>, Refusal> {
    let width = width(schema);
    let events = blob.count(width)?;
    let numbers = wire_rows::rows(blob.bytes, width)?;
    if let Some(at) = numbers.iter().position(|number| !number.is_finite()) {
        let row = (events > 1).then_some(at / width);
        return Err(Error::NotFinite { row, what: "input", column: at % width, value: numbers[at] }.into());
    }
    Ok(numbers.chunks_exact(width).map(|event| smallvec![Value::Vector(event.to_vec())]).collect())
}

impl Known<'_> {
    /// Parses the events, which are in order.
    fn events<'e>(&self, schema: &Schema) -> Result<Events<'e>, Refusal> {
        let owned = |value: Value<'_>| -> Value<'e> { value.into_owned() };
        let owned = |event: Vec<Value<'_>>| event.into_iter().map(owned).collect();
        Ok(self.read(schema)?.rows.into_iter().map(owned).collect())
    }
}
