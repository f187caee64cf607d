//! Rows as commands carry them: as text, or as bytes after the word FP32, which are little-endian floats, row after row.

use neuralredis_core::{Batch, Error, Network, Set};
use neuralredis_server::numbers::Row;

use super::prelude::*;

pub(super) const SET: Argument =
    Argument::one_of(c"set", &[Argument::word(c"train", c"TRAIN"), Argument::word(c"test", c"TEST")]);

/// The set that a word names.
pub(super) fn set(word: &[u8]) -> Option<Set> {
    match () {
        () if is(word, "TRAIN") => Some(Set::Train),
        () if is(word, "TEST") => Some(Set::Test),
        () => None,
    }
}

/// How many rows of that many numbers each a blob has. Nothing is copied.
pub(super) fn count(blob: &[u8], width: usize) -> Result<usize, Refusal> {
    if blob.is_empty() || !blob.len().is_multiple_of(4 * width) {
        return Err(Refusal::because(format!(
            "the blob has {} bytes: expected a multiple of {}, {width} floats a row, and not 0",
            blob.len(),
            4 * width
        )));
    }
    Ok(blob.len() / (4 * width))
}

/// The numbers of these rows.
pub(super) fn rows(blob: &[u8], width: usize) -> Result<Row, Refusal> {
    memory::check(blob.len())?;
    count(blob, width)?;
    Ok(numbers::singles(blob).unwrap_or_default())
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
        return Err(Error::Inputs { row: None, expected, given: arguments.len() }.into());
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

/// Rows as they were given: inputs and outputs of the first, of the second, ...
#[derive(Debug)]
pub(super) struct Rows {
    pub(super) values: Row,
    /// Whether they came as bytes.
    pub(super) are_blob: bool,
    pub(super) weight: Option<f32>,
    pub(super) target: Option<Set>,
}

impl Rows {
    /// Of the arguments after the key.
    pub(super) fn parse(args: &[&[u8]], network: &Network) -> Result<Self, Refusal> {
        let (inputs, targets) = (network.layout().inputs(), network.targets());
        if let [word, bytes, options @ ..] = args
            && is(word, "FP32")
        {
            let target = Self::target(options)?;
            return Ok(Self { values: rows(bytes, inputs + targets)?, are_blob: true, weight: None, target });
        }
        let Some(arrow) = args.iter().position(|&argument| argument == b"->") else {
            return Err(Refusal::because("'->' is missing: expected it between inputs and outputs"));
        };
        let mut values = self::inputs(&args[..arrow], inputs)?;
        let rest = &args[arrow + 1..];
        let is_option = |argument: &&[u8]| is(argument, "WEIGHT") || set(argument).is_some();
        let end = rest.iter().position(is_option).unwrap_or(rest.len());
        // What is too much and no number is taken for a misspelt option.
        if let Some(&word) = rest[..end].get(targets..).and_then(<[_]>::first)
            && numbers::single(word).is_none()
        {
            return Err(Refusal::unknown(word, "WEIGHT, TRAIN or TEST"));
        }
        if end != targets {
            return Err(Error::Outputs { row: None, expected: targets, given: end }.into());
        }
        column("output", &rest[..end], &mut values)?;
        let (weight, target) = Self::options(&rest[end..])?;
        Ok(Self { values, are_blob: false, weight, target })
    }

    /// The set that is named after a blob.
    pub(super) fn target(args: &[&[u8]]) -> Result<Option<Set>, Refusal> {
        let (weight, target) = Self::options(args)?;
        if weight.is_some() {
            return Err(Refusal::because("WEIGHT is for one row: expected none with FP32"));
        }
        Ok(target)
    }

    pub(super) fn count(&self, network: &Network) -> usize {
        self.values.len() / (network.layout().inputs() + network.targets())
    }

    fn options(mut args: &[&[u8]]) -> Result<(Option<f32>, Option<Set>), Refusal> {
        let (mut weight, mut target) = (None, None);
        while let Some(&word) = args.split_off_first() {
            if is(word, "WEIGHT") {
                let value = value_of("WEIGHT", &mut args)?;
                let number = numbers::single(value).filter(|number| *number > 0.0);
                let number = number.ok_or_else(|| Refusal::argument("WEIGHT", value, "a finite number above 0"))?;
                if weight.replace(number).is_some() {
                    return Err(Refusal::because("WEIGHT is given twice"));
                }
            } else if let Some(set) = set(word) {
                if target.replace(set).is_some() {
                    return Err(Refusal::unknown(word, "one of TRAIN and TEST, once"));
                }
            } else {
                return Err(Refusal::unknown(word, "WEIGHT, TRAIN or TEST"));
            }
        }
        Ok((weight, target))
    }

    pub(super) fn batch(&self, network: &Network) -> Batch<'_> {
        let (inputs, targets) = (network.layout().inputs(), network.targets());
        let weights = self.weight.as_ref().map(std::slice::from_ref);
        Batch { weights, ..interleaved(&self.values, inputs, targets) }
    }
}

/// Rows of inputs and outputs side by side.
pub(super) fn interleaved(values: &[f32], inputs: usize, targets: usize) -> Batch<'_> {
    let width = inputs + targets;
    Batch {
        inputs: values,
        input_stride: width,
        outputs: values.get(inputs..).unwrap_or_default(),
        output_stride: width,
        weights: None,
        rows: values.len() / width,
    }
}
