//! Rows as bytes, after the word FP32: little-endian floats, row after row.

use neuralredis_core::{Error, Model};
use neuralredis_server::numbers::{self, Row};

use crate::error::Refusal;
use crate::memory;
use crate::work::KeepOn;

/// Multiply-adds between two looks at whether the answer is still wanted: some 10 ms.
const CHUNK_ADDS: usize = 1 << 26;
/// Numbers that are held at a time: 4 MB.
const CHUNK_NUMBERS: usize = 1 << 20;
/// Rows that the engine computes side by side.
const LANES: usize = 16;

/// The numbers of rows of that many numbers each.
pub(super) fn rows(blob: &[u8], width: usize) -> Result<Row, Refusal> {
    memory::check(blob.len())?;
    match numbers::singles(blob) {
        Some(values) if values.len().is_multiple_of(width) => Ok(values),
        _ => Err(wrong_length(blob, width)),
    }
}

fn wrong_length(blob: &[u8], width: usize) -> Refusal {
    Refusal::because(format!(
        "the blob has {} bytes: expected a multiple of {}, {width} floats a row, and not 0",
        blob.len(),
        4 * width
    ))
}

/// How many rows of that many numbers each there are. Nothing is copied.
pub(super) fn count(blob: &[u8], width: usize) -> Result<usize, Refusal> {
    if blob.is_empty() || !blob.len().is_multiple_of(4 * width) {
        return Err(wrong_length(blob, width));
    }
    Ok(blob.len() / (4 * width))
}

/// Answers rows of inputs that [`count`] has passed, some at a time: `take` is given the outputs of each few rows in turn.
pub(super) fn run(
    model: &Model,
    blob: &[u8],
    keep_on: KeepOn<'_>,
    mut take: impl FnMut(&[f32]),
) -> Result<(), Refusal> {
    let (width, out_width) = (model.layout().inputs(), model.layout().outputs());
    let rows = blob.len() / (4 * width);
    let chunk = (CHUNK_ADDS / model.parameters().max(1)).clamp(1, (CHUNK_NUMBERS / width.max(out_width)).max(1));
    let chunk = if chunk > LANES { chunk / LANES * LANES } else { chunk };
    let mut outputs = vec![0.0; chunk.min(rows) * out_width];
    for (index, bytes) in blob.chunks(chunk * 4 * width).enumerate() {
        if !keep_on() {
            return Err(Error::Stopped.into());
        }
        let inputs = numbers::singles(bytes).unwrap_or_default();
        let outputs = &mut outputs[..inputs.len() / width * out_width];
        model.run(&inputs, outputs).map_err(|error| in_chunk(error, index * chunk, rows))?;
        take(outputs);
    }
    Ok(())
}

/// An error names the row among all, not among those of its chunk.
pub(super) fn in_chunk(error: Error, first: usize, rows: usize) -> Error {
    match error {
        Error::NotFinite { row, .. } | Error::Class { row, .. } if rows > 1 => error.in_row(first + row.unwrap_or(0)),
        _ => error,
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
