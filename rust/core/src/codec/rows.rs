//! The sections of stored rows and their weights.
//!
//! The number of rows is not stored but follows from the bytes, so it cannot be forged.

use super::frame::Writer;
use super::section::{Piece, Section, damaged};
use crate::dataset::{RowShape, Rows, Table, check_weight};
use crate::error::Result;

/// The sections of a set of rows.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sections {
    pub(super) rows: Section,
    pub(super) weights: Section,
}

pub(super) const TRAIN: Sections = Sections { rows: Section::TrainRows, weights: Section::TrainRowWeights };
pub(super) const TEST: Sections = Sections { rows: Section::TestRows, weights: Section::TestRowWeights };

pub(super) fn write(rows: &Rows, sections: Sections, writer: &mut Writer<'_>) {
    if rows.len() == 0 {
        return;
    }
    let values = (0..rows.len()).flat_map(|row| rows.table.row(row));
    writer.values(sections.rows, rows.table.width() * 4, values.map(f32::to_le_bytes));
    if !all_ones(rows) {
        writer.values(sections.weights, 4, (0..rows.len()).map(|row| rows.weight(row).to_le_bytes()));
    }
}

/// Whether all weights are 1. Stored weights can all have become 1 again, and are then left out as if there were none.
fn all_ones(rows: &Rows) -> bool {
    rows.weights.is_none() || (0..rows.len()).all(|row| rows.weight(row) == 1.0)
}

/// Read a piece of rows.
pub(super) fn read(rows: &mut Rows, shape: RowShape, limit: u32, piece: &Piece<'_>) -> Result<()> {
    read_checked(rows, shape, limit, piece, |inputs, targets| {
        RowShape::check_inputs(inputs).and_then(|()| shape.check_targets(targets))
    })
}

/// Read a piece of rows. `check` is called with the inputs (or cells) and the outcome of each.
pub(super) fn read_checked(
    rows: &mut Rows,
    shape: RowShape,
    limit: u32,
    piece: &Piece<'_>,
    check: impl Fn(&[f32], &[f32]) -> Result<()>,
) -> Result<()> {
    let units = piece.units(shape.width() * 4)?;
    let count = rows.len() + units.len();
    if count > limit as usize {
        return Err(damaged(piece.section, format!("{count} rows: expected at most {limit}, the limit of the set")));
    }
    let mut values = super::try_with_capacity(shape.width())?;
    for unit in units {
        let row = rows.len();
        values.clear();
        values.extend(unit.as_chunks().0.iter().copied().map(f32::from_le_bytes));
        let (inputs, targets) = values.split_at(shape.inputs);
        check(inputs, targets).map_err(|error| damaged(piece.section, error.in_row(row)))?;
        rows.reserve()?;
        rows.set(row, values.iter().copied(), 1.0);
    }
    Ok(())
}

/// Read a piece of weights. All rows must have been read.
pub(super) fn read_weights(rows: &mut Rows, piece: &Piece<'_>) -> Result<()> {
    let units = piece.units(4)?;
    let mut weights = rows.weights.take().unwrap_or_else(|| Table::new(1));
    let (count, expected) = (weights.rows() + units.len(), rows.len());
    if count > expected || !piece.more && count < expected {
        return Err(damaged(piece.section, format!("{count} weights: expected {expected}, one for each row")));
    }
    for unit in units {
        let row = weights.rows();
        let weight = f32::from_le_bytes(unit.try_into().expect("a unit has its length"));
        check_weight(weight).map_err(|error| damaged(piece.section, error.in_row(row)))?;
        weights.reserve()?;
        weights.set(row, std::iter::once(weight));
    }
    rows.weights = Some(weights);
    if !piece.more && all_ones(rows) {
        return Err(damaged(piece.section, "all weights are 1: expected them to be left out"));
    }
    Ok(())
}
