//! The sections of layout, limits, random state and notes.

use std::sync::Arc;

use super::frame::Writer;
use super::section::{Piece, Section, damaged};
use super::try_with_capacity;
use crate::dataset::Limits;
use crate::error::Result;
use crate::layout::{FirstInputs, Kind, Layout};
use crate::network::MAX_NOTES;
use crate::random::Random;

/// Code of a dense layer.
const DENSE: u8 = 0;
/// Code of a dense first layer with looked-up inputs. The numbers of computed inputs and of inputs of a row follow.
const FIELDS: u8 = 1;

fn kind_code(kind: Kind) -> u8 {
    match kind {
        Kind::Classifier => 1,
        Kind::Regressor => 2,
    }
}

fn kind_from_code(code: u8) -> Option<Kind> {
    [Kind::Classifier, Kind::Regressor].into_iter().find(|&kind| kind_code(kind) == code)
}

pub(super) fn write_layout(kind: Kind, layout: &Layout, writer: &mut Writer<'_>) {
    let units = |layer: usize| (layout.units()[layer] as u32).to_le_bytes();
    let mut body = vec![kind_code(kind)];
    body.extend(units(0));
    for layer in 1..layout.units().len() {
        if let (1, Some(FirstInputs { computed, of_a_row })) = (layer, layout.looked_up()) {
            body.push(FIELDS);
            body.extend((computed as u32).to_le_bytes());
            body.extend((of_a_row as u32).to_le_bytes());
        } else {
            body.push(DENSE);
        }
        body.extend(units(layer));
    }
    writer.fields(Section::Layout, &[&body]);
}

pub(super) fn read_layout(piece: &Piece<'_>) -> Result<(Kind, Layout)> {
    let mut fields = piece.fields()?;
    let kind = fields.choice("the kind of network", kind_from_code)?;
    let (mut units, mut inputs) = (vec![fields.u32()? as usize], None);
    while !fields.is_empty() {
        let layer = units.len();
        let known = |code| (code == DENSE || code == FIELDS && layer == 1).then_some(code);
        if fields.choice(&format!("the kind of layer {layer}"), known)? == FIELDS {
            inputs = Some(FirstInputs { computed: fields.u32()? as usize, of_a_row: fields.u32()? as usize });
        }
        units.push(fields.u32()? as usize);
    }
    let layout = match inputs {
        None => Layout::new(&units),
        // Whether the numbers match the fields is checked with the schema, which follows.
        Some(FirstInputs { computed, .. }) if computed == 0 || computed >= units[0] => {
            return Err(damaged(piece.section, format!("{computed} of {} inputs are computed", units[0])));
        }
        Some(inputs) => Layout::of_fields(&units, inputs),
    };
    let layout = layout.map_err(|error| damaged(piece.section, error))?;
    if kind == Kind::Classifier && layout.outputs() < 2 {
        return Err(damaged(piece.section, "a classifier has 1 output: expected at least 2"));
    }
    Ok((kind, layout))
}

pub(super) fn write_notes(notes: &[u8], writer: &mut Writer<'_>) {
    if !notes.is_empty() {
        writer.fields(Section::Notes, &[notes]);
    }
}

pub(super) fn read_notes(piece: &Piece<'_>) -> Result<Arc<Vec<u8>>> {
    let bytes = piece.fields()?.rest();
    if !(1..=MAX_NOTES).contains(&bytes.len()) {
        return Err(damaged(piece.section, format!("{} bytes: expected 1 to {MAX_NOTES}", bytes.len())));
    }
    let mut notes = try_with_capacity(bytes.len())?;
    notes.extend_from_slice(bytes);
    Ok(Arc::new(notes))
}

pub(super) fn write_limits(limits: Limits, writer: &mut Writer<'_>) {
    let Limits { train, test } = limits;
    writer.fields(Section::Limits, &[&train.to_le_bytes(), &test.to_le_bytes()]);
}

pub(super) fn read_limits(piece: &Piece<'_>) -> Result<Limits> {
    let mut fields = piece.fields()?;
    let limits = Limits { train: fields.u32()?, test: fields.u32()? };
    fields.end()?;
    Ok(limits)
}

/// The random streams of a network.
#[derive(Debug, Clone, Copy)]
pub(super) struct Streams {
    pub(super) rows: Random,
    pub(super) weights: Random,
}

pub(super) fn write_random(streams: Streams, writer: &mut Writer<'_>) {
    let Streams { rows, weights } = streams;
    writer.fields(Section::Random, &[&rows.state().to_le_bytes(), &weights.state().to_le_bytes()]);
}

pub(super) fn read_random(piece: &Piece<'_>) -> Result<Streams> {
    let mut fields = piece.fields()?;
    let streams = Streams { rows: Random::from_state(fields.u64()?), weights: Random::from_state(fields.u64()?) };
    fields.end()?;
    Ok(streams)
}
