//! Rows in commands: as text, or after the keyword FP32 as a blob of little-endian floats, row after row.
//!
//! `FP32 [ROWS n] blob [WEIGHTS blob]`. With ROWS the number of rows is checked: a blob for a network of another width
//! may have a valid length, too. Weights are a float for each row.

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

/// A blob of rows in COMMAND DOCS.
pub(super) const BLOB: Argument =
    Argument::block(c"bytes", &[Argument::integer(c"rows").after(c"ROWS").optional(), Argument::text(c"blob")])
        .after(c"FP32");
/// A blob of rows with weights in COMMAND DOCS.
pub(super) const WEIGHTED_BLOB: Argument = Argument::block(
    c"bytes",
    &[
        Argument::integer(c"rows").after(c"ROWS").optional(),
        Argument::text(c"blob"),
        Argument::text(c"weights").after(c"WEIGHTS").optional(),
    ],
)
.after(c"FP32");

/// A blob of rows among the arguments of a command.
#[derive(Debug, Clone, Copy)]
pub(super) struct Blob<'a> {
    pub(super) bytes: &'a [u8],
    /// The index of the argument.
    pub(super) index: usize,
    /// The number of rows that the client declares with ROWS.
    declared: Option<u64>,
}

impl<'a> Blob<'a> {
    /// Finds the blob among a command's arguments, the key included, and returns it with the arguments after it; `None`
    /// if the arguments are no blob.
    #[allow(clippy::type_complexity, reason = "two parts of the arguments")]
    pub(super) fn find<'b>(args: &'b [&'a [u8]]) -> Result<Option<(Self, &'b [&'a [u8]])>, Refusal> {
        match args.get(1..).unwrap_or_default() {
            // Without ROWS, the blob itself may consist of these four bytes.
            [word, rows, number, bytes, rest @ ..] if is(word, "FP32") && is(rows, "ROWS") => {
                let declared = numbers::whole(number);
                let declared = declared.ok_or_else(|| Refusal::argument("ROWS", number, "an integer of at least 1"))?;
                Ok(Some((Self { bytes, index: 4, declared: Some(declared) }, rest)))
            }
            [word, bytes, rest @ ..] if is(word, "FP32") => Ok(Some((Self { bytes, index: 2, declared: None }, rest))),
            _ => Ok(None),
        }
    }

    /// The number of rows of `width` numbers. Copies nothing.
    pub(super) fn count(&self, width: usize) -> Result<usize, Refusal> {
        let rows = count(self.bytes, width)?;
        match self.declared {
            Some(declared) if declared != rows as u64 => Err(Refusal::shape(format!(
                "the blob has {rows} rows of {width} floats: expected {declared}, as ROWS says"
            ))),
            _ => Ok(rows),
        }
    }
}

/// Reads a row weight for each of `rows` rows.
pub(super) fn weights(bytes: &[u8], rows: usize) -> Result<Row, Refusal> {
    check_weights(bytes, rows)?;
    self::rows(bytes, 1)
}

/// Checks that there is a row weight for each of `rows` rows.
pub(super) fn check_weights(bytes: &[u8], rows: usize) -> Result<(), Refusal> {
    if bytes.len() == 4 * rows {
        return Ok(());
    }
    Err(Refusal::shape(format!(
        "the weights have {} bytes: expected {}, a float for each of {rows} rows",
        bytes.len(),
        4 * rows
    )))
}

/// The number of rows of `width` numbers in a blob. Copies nothing.
pub(super) fn count(blob: &[u8], width: usize) -> Result<usize, Refusal> {
    if blob.is_empty() || !blob.len().is_multiple_of(4 * width) {
        return Err(Refusal::shape(format!(
            "the blob has {} bytes: expected a multiple of {}, {width} floats a row, and not 0",
            blob.len(),
            4 * width
        )));
    }
    Ok(blob.len() / (4 * width))
}

/// Reads the numbers of all rows.
pub(super) fn rows(blob: &[u8], width: usize) -> Result<Row, Refusal> {
    memory::check(blob.len())?;
    count(blob, width)?;
    Ok(numbers::singles(blob).unwrap_or_default())
}

/// Makes an error about a row of a chunk name the row among all rows.
pub(super) fn in_chunk(error: Error, first: usize, rows: usize) -> Error {
    match error {
        Error::NotFinite { row, .. } | Error::Class { row, .. } | Error::RowWeight { row, .. } if rows > 1 => {
            error.in_row(first + row.unwrap_or(0))
        }
        _ => error,
    }
}

/// Parses the inputs of one row from text.
pub(super) fn inputs(arguments: &[&[u8]], expected: usize) -> Result<Row, Refusal> {
    if arguments.len() != expected {
        return Err(Error::Inputs { row: None, expected, given: arguments.len() }.into());
    }
    let mut row = Row::with_capacity(expected);
    column("input", arguments, &mut row)?;
    Ok(row)
}

/// Parses numbers from text and appends them to `row`. Errors name them by `what` and position.
pub(super) fn column(what: &str, arguments: &[&[u8]], row: &mut Row) -> Result<(), Refusal> {
    let from = row.len();
    row.resize(from + arguments.len(), 0.0);
    for (index, (argument, to)) in arguments.iter().zip(&mut row[from..]).enumerate() {
        let Some(number) = numbers::single(argument) else {
            return Err(Refusal::value(format_args!("{what} {index}"), argument, "a finite number"));
        };
        *to = number;
    }
    Ok(())
}

/// Parsed rows: inputs and outputs of the first row, then those of the second, and so on.
#[derive(Debug)]
pub(super) struct Rows {
    pub(super) values: Row,
    /// The index of the argument, if they came as a blob.
    pub(super) blob: Option<usize>,
    pub(super) weights: Option<Row>,
    pub(super) target: Option<Set>,
}

/// The arguments after rows of NR.OBSERVE.
#[derive(Debug, Default)]
pub(super) struct Following<'a> {
    pub(super) weight: Option<f32>,
    /// The blob of row weights, and its index among the arguments after the rows.
    pub(super) weights: Option<(&'a [u8], usize)>,
    pub(super) target: Option<Set>,
}

impl Rows {
    /// Parses the arguments of NR.OBSERVE.
    pub(super) fn parse(args: &[&[u8]], network: &Network) -> Result<Self, Refusal> {
        let (inputs, targets) = (network.layout().inputs(), network.targets());
        if let Some((blob, rest)) = Blob::find(args)? {
            let following = Following::of_blob(rest)?;
            let count = blob.count(inputs + targets)?;
            let weights = following.weights.map(|(bytes, _)| weights(bytes, count)).transpose()?;
            let values = rows(blob.bytes, inputs + targets)?;
            return Ok(Self { values, blob: Some(blob.index), weights, target: following.target });
        }
        let args = &args[1..];
        let Some(arrow) = args.iter().position(|&argument| argument == b"->") else {
            return Err(Refusal::because("'->' is missing: expected it between inputs and outputs"));
        };
        let mut values = self::inputs(&args[..arrow], inputs)?;
        let rest = &args[arrow + 1..];
        let is_option = |argument: &&[u8]| is(argument, "WEIGHT") || is(argument, "WEIGHTS") || set(argument).is_some();
        let end = rest.iter().position(is_option).unwrap_or(rest.len());
        // A surplus argument that is not a number is reported as a misspelt option.
        if let Some(&word) = rest[..end].get(targets..).and_then(<[_]>::first)
            && numbers::single(word).is_none()
        {
            return Err(Refusal::unknown(word, "WEIGHT, TRAIN or TEST"));
        }
        if end != targets {
            return Err(Error::Outputs { row: None, expected: targets, given: end }.into());
        }
        column("output", &rest[..end], &mut values)?;
        let following = Following::of_row(&rest[end..])?;
        let weights = following.weight.map(|weight| Row::from_slice(&[weight]));
        Ok(Self { values, blob: None, weights, target: following.target })
    }

    pub(super) fn count(&self, network: &Network) -> usize {
        self.values.len() / (network.layout().inputs() + network.targets())
    }

    pub(super) fn batch(&self, network: &Network) -> Batch<'_> {
        let (inputs, targets) = (network.layout().inputs(), network.targets());
        Batch { weights: self.weights.as_deref(), ..interleaved(&self.values, inputs, targets) }
    }
}

impl<'a> Following<'a> {
    fn parse(mut args: &[&'a [u8]]) -> Result<Self, Refusal> {
        let mut following = Self::default();
        let given = args.len();
        while let Some(&word) = args.split_off_first() {
            if is(word, "WEIGHT") {
                let value = value_of("WEIGHT", &mut args)?;
                let number = numbers::single(value).filter(|number| *number > 0.0);
                let number = number.ok_or_else(|| Refusal::value("WEIGHT", value, "a finite number above 0"))?;
                if following.weight.replace(number).is_some() {
                    return Err(Refusal::option("WEIGHT is given twice"));
                }
            } else if is(word, "WEIGHTS") {
                let bytes = value_of("WEIGHTS", &mut args)?;
                if following.weights.replace((bytes, given - args.len() - 1)).is_some() {
                    return Err(Refusal::option("WEIGHTS is given twice"));
                }
            } else if let Some(set) = set(word) {
                if following.target.replace(set).is_some() {
                    return Err(Refusal::unknown(word, "one of TRAIN and TEST, once"));
                }
            } else {
                return Err(Refusal::unknown(word, "WEIGHT, TRAIN or TEST"));
            }
        }
        Ok(following)
    }

    /// Parses the arguments after one row.
    pub(super) fn of_row(args: &[&'a [u8]]) -> Result<Self, Refusal> {
        let following = Self::parse(args)?;
        if following.weights.is_some() {
            return Err(Refusal::option("WEIGHTS are for several rows: expected WEIGHT for one row"));
        }
        Ok(following)
    }

    /// Parses the arguments after a blob, or after a JSON array.
    pub(super) fn of_blob(args: &[&'a [u8]]) -> Result<Self, Refusal> {
        let following = Self::parse(args)?;
        if following.weight.is_some() {
            return Err(Refusal::option("WEIGHT is for one row: expected WEIGHTS and a blob for several"));
        }
        Ok(following)
    }
}

/// A batch of rows whose inputs and outputs are stored side by side.
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
