//! Storing events and outcomes of sequences.
//!
//! The command is replicated as it is: its effect depends on neither random numbers nor clocks, so a copy of the
//! network that receives the same commands stores the same.

use std::borrow::Cow;

use neuralredis_core::{Error, Observation, Outcome, Schema, Target};
use smallvec::SmallVec;

use super::super::growth;
use super::super::prelude::*;
use super::super::wire_rows::Following;
use super::event::Arguments;
use crate::info::{self, ROWS_OBSERVED};
use crate::value::Key;

/// The approximate size of a sequence in bytes, without its events.
const SEQUENCE_BYTES: usize = 160;

/// Stores the events and the outcome of a command; `args` are the arguments after the key.
pub(crate) fn store(ctx: Context, mut key: Key<'_>, args: &[&[u8]]) -> Result<Reply, Refusal> {
    let value = value::read(&key)?;
    let network = value.live.network();
    let Arguments { id, events, after } = Arguments::parse(network, args)?;
    let (outcome, following) = match after {
        None => (None, Following::default()),
        Some(after) => {
            let target = network.schema().map(|schema| schema.target()).ok_or(Error::NoSequences)?;
            let expected = match target {
                _ if network.learns_next_event() => 0,
                Target::Classes { .. } => 1,
                Target::Values(names) => names.len(),
            };
            let Some((given, rest)) = after.split_at_checked(expected) else {
                return Err(Error::Outputs { row: None, expected, given: after.len() }.into());
            };
            (outcome(target, given)?, Following::of_row(rest)?)
        }
    };
    if events.is_empty() && outcome.is_none() {
        return Err(Refusal::shape("nothing has happened: expected an event, '->' and an outcome, or both"));
    }
    let bytes = SEQUENCE_BYTES + id.len() + events.len() * network.event_fields().map_or(0, Schema::row_bytes);
    growth::check_bytes(ctx, value, 1, bytes)?;
    let count = events.len();
    let happened = |event| Observation { id: Cow::Borrowed(id), event: Some(Cow::Borrowed(event)), outcome: None };
    let mut all: SmallVec<[Observation<'_>; 1]> = events.iter().map(|event| happened(&event[..])).collect();
    if let Some(outcome) = outcome {
        let outcome = Some((outcome, following.weight.unwrap_or(1.0)));
        all.push(Observation { id: Cow::Borrowed(id), event: None, outcome });
    }
    let counts = value::write(&mut key)?.live.network_mut().observe_events(&all, following.target)?;
    key.changed();
    ctx.replicate_verbatim();
    info::count(&ROWS_OBSERVED, count as u64);
    ctx.notify(c"nr.observe", ctx.argument(0));
    Ok(Reply::Pair(counts.0.into(), counts.1.into()))
}

/// Parses the outcome of a sequence; `None` if all its words are empty or there are none.
fn outcome<'a>(target: &Target, given: &[&'a [u8]]) -> Result<Option<Outcome<'a>>, Refusal> {
    if given.iter().all(|word| word.is_empty()) {
        return Ok(None);
    }
    Ok(Some(match target {
        Target::Classes { .. } => Outcome::Class(Cow::Borrowed(given[0])),
        Target::Values(names) => {
            let mut values = Vec::with_capacity(names.len());
            for (given, name) in given.iter().zip(names) {
                let number = numbers::single(given);
                values.push(number.ok_or_else(|| Refusal::value(shown(name), given, "a finite number"))?);
            }
            Outcome::Values(values)
        }
    }))
}
