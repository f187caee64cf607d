//! Rows as bytes, after the word FP32: little-endian floats, row after row.

use crate::error::Refusal;
use crate::{memory, numbers};

/// The numbers of rows of that many numbers each.
pub(super) fn rows(blob: &[u8], width: usize) -> Result<Vec<f32>, Refusal> {
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
pub(super) fn inputs(arguments: &[&[u8]], expected: usize) -> Result<Vec<f32>, Refusal> {
    if arguments.len() != expected {
        return Err(neuralredis_core::Error::Inputs { row: None, expected, given: arguments.len() }.into());
    }
    column("input", arguments)
}

/// Numbers as an array of text, each called by its place.
pub(super) fn column(what: &str, arguments: &[&[u8]]) -> Result<Vec<f32>, Refusal> {
    let number = |(index, argument): (usize, &&[u8])| {
        numbers::single(argument)
            .ok_or_else(|| Refusal::argument(format_args!("{what} {index}"), argument, "a finite number"))
    };
    arguments.iter().enumerate().map(number).collect()
}
