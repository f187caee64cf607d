//! The sections that say what a network is before it learns: layout, options, limits, random state.

use std::sync::Arc;

use super::frame::Writer;
use super::room;
use super::section::{Piece, Section, damaged};
use crate::dataset::Limits;
use crate::error::Result;
use crate::layout::{Kind, Layout};
use crate::network::MAX_NOTES;
use crate::options::{
    Activation, Algorithm, ClassWeight, Decay, Loss, MAX_MEMBERS, MAX_PATIENCE, Options, Output, Patience, Restarts,
};
use crate::random::Random;

/// Classes weigh as much as each other.
const BALANCED: u8 = 1;
/// Classes weigh as the numbers say that follow.
const GIVEN: u8 = 2;

/// The kind of a layer that is fully connected to the one before. There is no other yet.
const DENSE: u8 = 0;

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
        body.push(DENSE);
        body.extend(units(layer));
    }
    writer.fields(Section::Layout, &[&body]);
}

pub(super) fn read_layout(piece: &Piece<'_>) -> Result<(Kind, Layout)> {
    let mut fields = piece.fields()?;
    let kind = fields.choice("the kind of network", kind_from_code)?;
    let mut units = vec![fields.u32()? as usize];
    while !fields.is_empty() {
        let layer = units.len();
        let known = |code| (code == DENSE).then_some(());
        fields.choice(&format!("the kind of layer {layer}"), known)?;
        units.push(fields.u32()? as usize);
    }
    let layout = Layout::new(&units).map_err(|error| damaged(piece.section, error))?;
    if kind == Kind::Classifier && layout.outputs() < 2 {
        return Err(damaged(piece.section, "a classifier has 1 output: expected at least 2"));
    }
    Ok((kind, layout))
}

pub(super) fn write_options(options: &Options, writer: &mut Writer<'_>) {
    let &Options { normalize, activation, output, loss, algorithm, l2, restarts: _, class_weight: _, patience: _ } =
        options;
    let codes = [u8::from(normalize), activation.code(), output.code(), loss.code(), algorithm.code()];
    match l2 {
        Decay::Auto => writer.fields(Section::Options, &[&codes, &[1]]),
        Decay::Fixed(l2) => writer.fields(Section::Options, &[&codes, &[0], &l2.to_le_bytes()]),
    }
}

pub(super) fn read_options(piece: &Piece<'_>, kind: Kind, layout: &Layout) -> Result<Options> {
    let mut fields = piece.fields()?;
    // The last three have sections of their own.
    let options = Options {
        restarts: Restarts::Auto,
        class_weight: ClassWeight::None,
        patience: Patience::Auto,
        normalize: fields.flag("normalize")?,
        activation: fields.choice("activation", Activation::from_code)?,
        output: fields.choice("output", Output::from_code)?,
        loss: fields.choice("loss", Loss::from_code)?,
        algorithm: fields.choice("algorithm", Algorithm::from_code)?,
        l2: if fields.flag("automatic weight decay")? {
            Decay::Auto
        } else {
            Decay::Fixed(fields.take().map(f32::from_le_bytes)?)
        },
    };
    fields.end()?;
    options.check(kind, layout).map_err(|error| damaged(piece.section, error))?;
    Ok(options)
}

pub(super) fn write_restarts(restarts: Restarts, writer: &mut Writer<'_>) {
    if let Restarts::Fixed(members) = restarts {
        writer.fields(Section::Restarts, &[&[members]]);
    }
}

pub(super) fn read_restarts(piece: &Piece<'_>) -> Result<Restarts> {
    let mut fields = piece.fields()?;
    let [members] = fields.take()?;
    fields.end()?;
    if !(1..=MAX_MEMBERS).contains(&usize::from(members)) {
        return Err(damaged(piece.section, format!("{members}: expected 1 to {MAX_MEMBERS}")));
    }
    Ok(Restarts::Fixed(members))
}

pub(super) fn write_class_weight(class_weight: &ClassWeight, writer: &mut Writer<'_>) {
    match class_weight {
        ClassWeight::None => {}
        ClassWeight::Balanced => writer.fields(Section::ClassWeight, &[&[BALANCED]]),
        ClassWeight::Given(weights) => {
            let weights: Vec<[u8; 4]> = weights.iter().map(|weight| weight.to_le_bytes()).collect();
            writer.fields(Section::ClassWeight, &[&[GIVEN], weights.as_flattened()]);
        }
    }
}

pub(super) fn read_class_weight(piece: &Piece<'_>, kind: Kind, layout: &Layout) -> Result<ClassWeight> {
    let mut fields = piece.fields()?;
    let known = |code| [BALANCED, GIVEN].contains(&code).then_some(code);
    let class_weight = if fields.choice("the kind of weights", known)? == BALANCED {
        ClassWeight::Balanced
    } else {
        // They are there before memory is taken for them.
        let (bytes, _) = fields.bytes(4 * layout.outputs())?.as_chunks();
        let mut weights = room(bytes.len())?;
        weights.extend(bytes.iter().map(|bytes| f32::from_le_bytes(*bytes)));
        ClassWeight::Given(Arc::new(weights))
    };
    fields.end()?;
    class_weight.check(kind, layout).map_err(|error| damaged(piece.section, error))?;
    Ok(class_weight)
}

pub(super) fn write_patience(patience: Patience, writer: &mut Writer<'_>) {
    if let Patience::Cycles(cycles) = patience {
        writer.fields(Section::Patience, &[&cycles.to_le_bytes()]);
    }
}

pub(super) fn read_patience(piece: &Piece<'_>) -> Result<Patience> {
    let mut fields = piece.fields()?;
    let cycles = fields.u32()?;
    fields.end()?;
    if !(1..=MAX_PATIENCE).contains(&cycles) {
        return Err(damaged(piece.section, format!("{cycles} cycles: expected 1 to {MAX_PATIENCE}")));
    }
    Ok(Patience::Cycles(cycles))
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
    let mut notes = room(bytes.len())?;
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

/// The two streams of a network.
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
