//! Rows as bytes, after the word FP32: little-endian floats, row after row.

use crate::error::Refusal;
use crate::memory;
use crate::numbers::{self, Row};

/// The numbers of rows of that many numbers each.
pub(super) fn rows(blob: &[u8], width: usize) -> Result<Row, Refusal> {
    memory::check(blob.len())?;
    match numbers::singles(blob) {
        Some(values) if values.len().is_multiple_of(width) => Ok(values),
        _ => Err(Refusal::because(format!(
            "the blob has {} bytes: expected a multiple of {}, {width} floats a row, and not 0",
            blob.len(),
            4 * width
        ))),
    }
}

/// Inputs as an array of text.
pub(super) fn inputs(arguments: &[&[u8]], expected: usize) -> Result<Row, Refusal> {
    if arguments.len() != expected {
        return Err(neuralredis_core::Error::Inputs { row: None, expected, given: arguments.len() }.into());
    }
    let mut row = Row::with_capacity(expected);
    column("input", arguments, &mut row)?;
    Ok(row)
}

/// Adds numbers that are an array of text, each called by its place.
pub(super) fn column(what: &str, arguments: &[&[u8]], row: &mut Row) -> Result<(), Refusal> {
    let from = row.len();
    row.resize(from + arguments.len(), 0.0);
    for (index, (argument, to)) in arguments.iter().zip(&mut row[from..]).enumerate() {
        let Some(number) = numbers::single(argument) else {
            return Err(Refusal::argument(format_args!("{what} {index}"), argument, "a finite number"));
        };
        *to = number;
    }
    Ok(())
}
