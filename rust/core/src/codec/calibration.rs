//! The section of a calibration.
//!
//! It is optional, since readers that skip it do not support intervals, and lose nothing else.

use super::frame::Writer;
use super::section::{Piece, Section, damaged};
use crate::conformal::{Calibration, MOST_ROWS, Source};
use crate::error::{Error, Result};
use crate::layout::Kind;

pub(super) fn write(calibration: Option<&Calibration>, writer: &mut Writer<'_>) {
    let Some(calibration) = calibration else { return };
    writer.values(Section::Calibration, size_of::<f64>(), values(calibration));
}

/// The source, then the sorted scores: the smallest of each output, then the second of each, and so on.
fn values(calibration: &Calibration) -> impl Iterator<Item = [u8; 8]> {
    let of_rank = move |rank: usize| calibration.scores.iter().map(move |scores| scores[rank].to_le_bytes());
    std::iter::once(calibration.source.code().to_le_bytes()).chain((0..calibration.rows()).flat_map(of_rank))
}

/// Encode a calibration for another copy of the network.
pub fn encode_calibration(calibration: &Calibration) -> Vec<u8> {
    values(calibration).flatten().collect()
}

/// Decode what [`encode_calibration`] returned, for a network of this kind with this number of outputs.
///
/// # Errors
/// [`Error::Damaged`] for invalid bytes, and for a calibration of another shape.
pub fn decode_calibration(bytes: &[u8], kind: Kind, outputs: usize) -> Result<Calibration> {
    let (values, rest) = bytes.as_chunks();
    if !rest.is_empty() {
        return Err(damaged(Section::Calibration, format!("{} bytes: expected a multiple of 8", bytes.len())));
    }
    of_values(values, kind, outputs)
}

fn score(bytes: [u8; 8]) -> Result<f64> {
    let score = f64::from_le_bytes(bytes);
    if score.is_nan() || score.is_sign_negative() {
        return Err(damaged(Section::Calibration, format!("a score is {score}: expected at least 0")));
    }
    Ok(score)
}

fn of_values(values: &[[u8; 8]], kind: Kind, outputs: usize) -> Result<Calibration> {
    let lists = lists(kind, outputs);
    let reject = |what: &str| Err::<Calibration, Error>(damaged(Section::Calibration, what));
    let Some((&code, values)) = values.split_first() else { return reject("it does not say what its rows are") };
    let Some(source) = Source::from_code(u64::from_le_bytes(code)) else {
        return reject("its rows are of a kind that this version does not know");
    };
    let values = values.iter().map(|value| score(*value)).collect::<Result<Vec<f64>>>()?;
    let rows = values.len() / lists;
    if values.is_empty() || values.len() != rows * lists {
        return reject("it has not as many scores for each output");
    }
    let of_output = |output: usize| values[output..].iter().step_by(lists).copied().collect::<Vec<f64>>();
    let calibration = Calibration { scores: (0..lists).map(of_output).collect(), source };
    if !calibration.fits(kind, outputs) {
        return reject("it has not the scores of such a network");
    }
    if !calibration.scores.iter().all(|scores| scores.is_sorted()) {
        return reject("its scores are not in order");
    }
    Ok(calibration)
}

/// Number of scores of a row.
fn lists(kind: Kind, outputs: usize) -> usize {
    if kind == Kind::Classifier { 1 } else { outputs }
}

/// The values decoded so far.
#[derive(Debug, Default)]
pub(super) struct Parts(Vec<[u8; 8]>);

impl Parts {
    pub(super) fn read(&mut self, piece: &Piece<'_>, kind: Kind, outputs: usize) -> Result<()> {
        let lists = lists(kind, outputs);
        piece.extend(&mut self.0, 1, MOST_ROWS.saturating_mul(lists).saturating_add(1), Ok)
    }

    pub(super) fn finish(self, kind: Kind, outputs: usize) -> Result<Option<Calibration>> {
        if self.0.is_empty() { Ok(None) } else { of_values(&self.0, kind, outputs).map(Some) }
    }
}
