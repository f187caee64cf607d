//! Events as arguments: names and values, JSON, or numbers by their positions.

use std::borrow::Cow;

use neuralredis_core::schema::Value;
use neuralredis_core::{Error, Network, Schema};

use super::super::named::Known;
use super::super::prelude::*;
use super::super::wire_rows;

/// Bytes of events in one command that are read at once.
const MOST_BYTES: usize = 64 << 10;

/// What a command says of a sequence.
pub(crate) struct Told<'a, 'b> {
    pub(crate) id: &'a [u8],
    pub(crate) events: Vec<Vec<Value<'static>>>,
    /// The arguments after `->`, if it is there.
    pub(crate) after: Option<&'b [&'a [u8]]>,
}

impl<'a, 'b> Told<'a, 'b> {
    /// Of the arguments after the key: an id, no or some events, and what comes after `->`.
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
            let arrow = rest.iter().position(|&arg| arg == b"->");
            let (numbers, after) = (&rest[..arrow.unwrap_or(rest.len())], arrow.map(|arrow| &rest[arrow + 1..]));
            let events = if numbers.is_empty() { Vec::new() } else { vec![by_position(schema, numbers)?] };
            return Ok(Self { id, events, after });
        }
        let (known, after) = Known::parse(rest)?;
        let events = if matches!(rest.first(), None | Some(&b"->")) { Vec::new() } else { known.events(schema)? };
        Ok(Self { id, events, after })
    }
}

fn by_position(schema: &Schema, numbers: &[&[u8]]) -> Result<Vec<Value<'static>>, Refusal> {
    let width = schema.fields().first().and_then(|field| field.kind().number()).unwrap_or(1) as usize;
    Ok(vec![Value::Vector(wire_rows::inputs(numbers, width)?.to_vec())])
}

impl Known<'_> {
    /// The events that are given, one after the other.
    fn events(&self, schema: &Schema) -> Result<Vec<Vec<Value<'static>>>, Refusal> {
        let rows = self.read(schema)?.rows;
        Ok(rows.into_iter().map(|values| values.into_iter().map(Value::into_owned).collect()).collect())
    }
}

/// An id for a message.
pub(crate) fn borrowed(id: &[u8]) -> Cow<'_, [u8]> {
    Cow::Borrowed(id)
}
