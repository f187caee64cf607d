//! The outcomes of rows, the arguments after `->` of NR.OBSERVE and NR.HOBSERVE.

use std::borrow::Cow;

use neuralredis_core::schema::Value;
use neuralredis_core::{Error, Example, Outcome, Schema, Set, Target};

use super::super::prelude::*;
use super::super::wire_rows::{self, Following};
use super::known::Rows;

/// Rows with their outcomes, and the set that they are stored in.
pub(super) struct Examples<'a> {
    pub(super) examples: Vec<Example<'a>>,
    pub(super) target: Option<Set>,
}

impl<'a> Examples<'a> {
    /// Parses the arguments after `->`: the outcomes of the first row, of the second and so on, then `WEIGHT w` (or
    /// `WEIGHTS blob` if the rows came as an array) and `TRAIN` or `TEST`. The number of outcomes is known, so an
    /// outcome may equal such a keyword.
    pub(super) fn read(schema: &Schema, rows: Rows<'a>, args: &[&'a [u8]]) -> Result<Self, Refusal> {
        let Rows { rows, are_listed } = rows;
        let each = match schema.target() {
            Target::Classes { .. } => 1,
            Target::Values(names) => names.len(),
        };
        let expected = each * rows.len();
        let Some((outcomes, rest)) = args.split_at_checked(expected) else {
            return Err(Error::Outputs { row: None, expected, given: args.len() }.into());
        };
        let following = if are_listed { Following::of_blob(rest)? } else { Following::of_row(rest)? };
        let weights = match (following.weights, following.weight) {
            (Some((bytes, _)), _) => wire_rows::weights(bytes, rows.len())?.to_vec(),
            (None, weight) => vec![weight.unwrap_or(1.0); rows.len()],
        };
        let mut examples = Vec::with_capacity(rows.len());
        for (index, (values, weight)) in rows.into_iter().zip(weights).enumerate() {
            let given = &outcomes[index * each..][..each];
            let outcome = match schema.target() {
                Target::Classes { .. } => Outcome::Class(Cow::Borrowed(given[0])),
                Target::Values(names) => Outcome::Values(numbers_of(given, names)?),
            };
            examples.push(Example { values, outcome, weight });
        }
        Ok(Self { examples, target: following.target })
    }

    /// A copy that borrows nothing.
    pub(super) fn into_owned(self) -> Examples<'static> {
        let owned = |Example { values, outcome, weight }: Example<'_>| Example {
            values: values.into_iter().map(Value::into_owned).collect(),
            outcome: match outcome {
                Outcome::Class(name) => Outcome::Class(Cow::Owned(name.into_owned())),
                Outcome::Values(values) => Outcome::Values(values),
            },
            weight,
        };
        Examples { examples: self.examples.into_iter().map(owned).collect(), target: self.target }
    }

    /// The most bytes of the stored rows.
    pub(super) fn bytes(&self, schema: &Schema) -> usize {
        let of_row = |example: &Example<'_>| {
            let listed: usize = example.values.iter().map(listed).sum();
            schema.row_bytes() + listed
        };
        self.examples.iter().map(of_row).sum()
    }
}

/// Bytes of the list entries that a value adds to the fixed size of a row.
fn listed(value: &Value<'_>) -> usize {
    const ENTRY: usize = 8;
    match value {
        Value::Buckets(buckets) => ENTRY * buckets.len(),
        Value::Words(words) => ENTRY * words.len(),
        _ => 0,
    }
}

fn numbers_of(given: &[&[u8]], names: &[Box<[u8]>]) -> Result<Vec<f32>, Refusal> {
    let mut found = Vec::with_capacity(names.len());
    for (given, name) in given.iter().zip(names) {
        let number = numbers::single(given);
        found.push(number.ok_or_else(|| Refusal::value(shown(name), given, "a finite number"))?);
    }
    Ok(found)
}
