//! The sections of what a training changes: weights, state of RPROP, normalization, statistics, cells.

use std::sync::Arc;

use super::frame::Writer;
use super::section::{Piece, Section, damaged};
use super::{reserve, trainer_state, try_with_capacity};
use crate::error::{Error, Result};
use crate::kernels::{FIRST_SIZE, MAX_SIZE, MIN_SIZE};
use crate::layout::{Kind, Layout, MAX_PARAMETERS, MAX_UNITS};
use crate::normalization::{Normalization, Scaling};
use crate::options::MAX_MEMBERS;
use crate::places::{MOST_KNOTS, Places, are_knots};
use crate::schema::MAX_FIELDS;
use crate::sequence::gru::{Gru, Shape};
use crate::trained::{Statistics, Trained};
use crate::trainer_state::RpropState;

/// Maximum of steps and cycles. It leaves room in a signed integer for a thousand years of further training.
pub(super) const MAX_COUNT: u64 = 1 << 62;
/// Maximum factor of the automatic weight decay, far above those that the engine uses.
const MAX_DECAY: f32 = 1e6;

pub(super) fn write(trained: &Trained, writer: &mut Writer<'_>) {
    let Trained { layout: _, weights, decays: _, state, normalization, statistics, gru: _, assigned: _ } = trained;
    writer.values(Section::Weights, 4, weights.iter().map(|weight| weight.to_le_bytes()));
    write_rprop(state.rprop(), writer);
    let Normalization { inputs, outputs, places: _, events: _ } = normalization;
    write_scaling(Section::InputScaling, inputs.as_ref(), writer);
    write_scaling(Section::OutputScaling, outputs.as_ref(), writer);
    write_statistics(statistics, writer);
}

fn write_rprop(state: &RpropState, writer: &mut Writer<'_>) {
    if is_initial(state) {
        return;
    }
    let RpropState { sizes, signs, objectives } = state;
    writer.values(Section::Sizes, 4, sizes.iter().map(|size| size.to_le_bytes()));
    writer.values(Section::Signs, 1, signs.iter().map(|sign| sign.to_le_bytes()));
    writer.values(Section::Objective, 8, objectives.iter().map(|&objective| nan_to_infinity(objective).to_le_bytes()));
}

/// Write the members' factors of the automatic weight decay. Their section number is higher than those that [`write`]
/// writes.
pub(super) fn write_decays(trained: &Trained, writer: &mut Writer<'_>) {
    let decays = &trained.decays;
    if decays.iter().any(|&decay| decay != 1.0) {
        writer.values(Section::Decays, 4, decays.iter().map(|decay| decay.to_le_bytes()));
    }
}

/// Write that the weights were assigned by a user.
pub(super) fn write_assigned(trained: &Trained, writer: &mut Writer<'_>) {
    if trained.assigned {
        writer.fields(Section::Assigned, &[]);
    }
}

/// Write the place encodings of numbers.
pub(super) fn write_places(trained: &Trained, writer: &mut Writer<'_>) {
    let Some(places) = &trained.normalization.places else { return };
    let mut words: Vec<[u8; 4]> = Vec::new();
    for knots in places.fields() {
        words.push((knots.len() as u32).to_le_bytes());
        words.extend(knots.iter().map(|knot| knot.to_le_bytes()));
    }
    writer.values(Section::Places, 4, words);
}

/// Write the scaling of the computed inputs of events.
pub(super) fn write_events(trained: &Trained, writer: &mut Writer<'_>) {
    write_scaling(Section::EventScaling, trained.normalization.events.as_ref(), writer);
}

/// Write the gated cells of all members.
pub(super) fn write_gru(trained: &Trained, writer: &mut Writer<'_>) {
    let Some(gru) = &trained.gru else { return };
    let Shape { units, computed, inputs } = gru.shape();
    let head = [units, computed, inputs].map(|number| (number as u32).to_le_bytes());
    let weights = gru.members().flatten().map(|weight| weight.to_le_bytes());
    writer.values(Section::Gru, 4, head.into_iter().chain(weights));
}

/// The state of RPROP before the first step.
fn initial_state(parameters: usize, members: usize) -> Result<RpropState> {
    let mut state = RpropState {
        sizes: try_with_capacity(parameters)?,
        signs: try_with_capacity(parameters)?,
        ..RpropState::new(0, members)
    };
    state.sizes.resize(parameters, FIRST_SIZE);
    state.signs.resize(parameters, 0);
    Ok(state)
}

/// Whether this is the state before the first step, which is left out.
fn is_initial(state: &RpropState) -> bool {
    state.objectives.iter().all(|&objective| nan_to_infinity(objective) == f64::INFINITY)
        && state.signs.iter().all(|&sign| sign == 0)
        && state.sizes.iter().all(|&size| size == FIRST_SIZE)
}

/// An error as it is saved: NaN becomes infinity. Weights that overflow can make a loss NaN, and in comparisons it has
/// the same effect.
pub(super) fn nan_to_infinity(error: f64) -> f64 {
    if error.is_nan() { f64::INFINITY } else { error }
}

fn write_scaling(section: Section, scaling: Option<&Scaling>, writer: &mut Writer<'_>) {
    let Some(Scaling { mean, scale }) = scaling else { return };
    let columns = mean.iter().zip(scale).map(|(mean, scale)| {
        let (mean, scale) = (mean.to_le_bytes(), scale.to_le_bytes());
        [mean[0], mean[1], mean[2], mean[3], scale[0], scale[1], scale[2], scale[3]]
    });
    writer.values(section, 8, columns);
}

fn write_statistics(statistics: &Statistics, writer: &mut Writer<'_>) {
    let Statistics {
        total_steps,
        total_cycles,
        total_seconds,
        train_error,
        test_error,
        class_errors,
        overfitting,
        test_decided,
    } = *statistics;
    // Decoding accepts counts up to MAX_COUNT. A forged network can be near it, and must still be readable after more
    // training.
    let fields = [
        total_steps.min(MAX_COUNT).to_le_bytes(),
        total_cycles.min(MAX_COUNT).to_le_bytes(),
        total_seconds.to_le_bytes(),
        nan_to_infinity(train_error).to_le_bytes(),
        nan_to_infinity(test_error).to_le_bytes(),
        class_errors.to_le_bytes(),
    ];
    let flags = [u8::from(overfitting), u8::from(test_decided)];
    writer.fields(Section::Statistics, &[fields.as_flattened(), &flags]);
}

/// The parts decoded so far.
#[derive(Debug, Default)]
pub(super) struct Parts {
    weights: Vec<f32>,
    sizes: Vec<f32>,
    signs: Vec<i8>,
    objectives: Vec<f64>,
    decays: Vec<f32>,
    state: trainer_state::Parts,
    inputs: Option<Scaling>,
    outputs: Option<Scaling>,
    statistics: Option<Statistics>,
    assigned: bool,
    /// Place encodings: for each field the number of its knots, and these.
    places: Vec<[u8; 4]>,
    events: Option<Scaling>,
    gru: Vec<[u8; 4]>,
}

impl Parts {
    pub(super) fn read_weights(&mut self, piece: &Piece<'_>, layout: &Layout) -> Result<()> {
        let each = layout.parameters();
        let most = MAX_MEMBERS.min(MAX_PARAMETERS / each) * each;
        piece.extend(&mut self.weights, each, most, |bytes| {
            let weight = f32::from_le_bytes(bytes);
            if weight.is_finite() { Ok(weight) } else { Err(format!("{weight}: expected a finite number")) }
        })
    }

    pub(super) fn read_sizes(&mut self, piece: &Piece<'_>, layout: &Layout) -> Result<()> {
        let all = self.parameters(layout);
        piece.extend(&mut self.sizes, all, all, |bytes| {
            let size = f32::from_le_bytes(bytes);
            if (MIN_SIZE..=MAX_SIZE).contains(&size) {
                Ok(size)
            } else {
                Err(format!("{size}: expected {MIN_SIZE} to {MAX_SIZE}"))
            }
        })
    }

    pub(super) fn read_signs(&mut self, piece: &Piece<'_>, layout: &Layout) -> Result<()> {
        let all = self.parameters(layout);
        piece.extend(&mut self.signs, all, all, |bytes| {
            let sign = i8::from_le_bytes(bytes);
            if (-1..=1).contains(&sign) { Ok(sign) } else { Err(format!("{sign}: expected -1, 0 or 1")) }
        })
    }

    pub(super) fn read_objective(&mut self, piece: &Piece<'_>, layout: &Layout) -> Result<()> {
        let members = self.parameters(layout) / layout.parameters();
        piece.extend(&mut self.objectives, members, members, |bytes| {
            let objective = f64::from_le_bytes(bytes);
            if objective.is_nan() { Err("NaN: expected a number".into()) } else { Ok(objective) }
        })
    }

    pub(super) fn read_decays(&mut self, piece: &Piece<'_>, layout: &Layout) -> Result<()> {
        let members = self.parameters(layout) / layout.parameters();
        piece.extend(&mut self.decays, members, members, |bytes| {
            let decay = f32::from_le_bytes(bytes);
            if decay > 0.0 && decay <= MAX_DECAY {
                Ok(decay)
            } else {
                Err(format!("{decay}: expected above 0, at most {MAX_DECAY}"))
            }
        })
    }

    pub(super) fn read_trainer_state(&mut self, piece: &Piece<'_>, layout: &Layout) -> Result<()> {
        let members = self.parameters(layout) / layout.parameters();
        self.state.read(piece, layout, members)
    }

    pub(super) fn read_assigned(&mut self, piece: &Piece<'_>) -> Result<()> {
        self.assigned = true;
        piece.fields()?.end()
    }

    pub(super) fn read_places(&mut self, piece: &Piece<'_>) -> Result<()> {
        let most = MAX_FIELDS * (1 + MOST_KNOTS);
        piece.extend(&mut self.places, 1, most, Ok)
    }

    /// Read the scaling of events. That it fits the events is checked when the network is complete.
    pub(super) fn read_events(&mut self, piece: &Piece<'_>) -> Result<()> {
        let columns = self.events.as_ref().map_or(0, |scaling| scaling.mean.len()) + piece.units(8)?.len();
        read_scaling(&mut self.events, piece, if piece.more { MAX_UNITS } else { columns.min(MAX_UNITS) })
    }

    /// Read gated cells. That they fit the network is checked when it is complete.
    pub(super) fn read_gru(&mut self, piece: &Piece<'_>) -> Result<()> {
        piece.extend(&mut self.gru, 1, 2 * MAX_PARAMETERS, Ok)
    }

    /// Number of parameters of all members.
    fn parameters(&self, layout: &Layout) -> usize {
        self.weights.len().max(layout.parameters())
    }

    pub(super) fn read_input_scaling(&mut self, piece: &Piece<'_>, layout: &Layout) -> Result<()> {
        read_scaling(&mut self.inputs, piece, layout.first_inputs().computed)
    }

    pub(super) fn read_output_scaling(&mut self, piece: &Piece<'_>, kind: Kind, layout: &Layout) -> Result<()> {
        if kind == Kind::Classifier {
            return Err(damaged(piece.section, "the network is a classifier: expected none"));
        }
        read_scaling(&mut self.outputs, piece, layout.outputs())
    }

    pub(super) fn read_statistics(&mut self, piece: &Piece<'_>) -> Result<()> {
        let mut fields = piece.fields()?;
        let statistics = Statistics {
            total_steps: fields.u64()?,
            total_cycles: fields.u64()?,
            total_seconds: fields.f64()?,
            train_error: fields.f64()?,
            test_error: fields.f64()?,
            class_errors: fields.f64()?,
            overfitting: fields.flag("overfitting")?,
            test_decided: fields.flag("test decided")?,
        };
        fields.end()?;
        let reject = |what: String| Err(damaged(piece.section, what));
        for (name, count) in [("steps", statistics.total_steps), ("cycles", statistics.total_cycles)] {
            if count > MAX_COUNT {
                return reject(format!("{count} {name}: expected at most {MAX_COUNT}"));
            }
        }
        if !(statistics.total_seconds >= 0.0 && statistics.total_seconds.is_finite()) {
            return reject(format!("{} seconds: expected a finite number of at least 0", statistics.total_seconds));
        }
        // A loss can overflow to infinity, and it can be negative: cross-entropy of sigmoid outputs with targets
        // outside of 0 to 1.
        for (name, error) in [("training", statistics.train_error), ("testing", statistics.test_error)] {
            if error.is_nan() {
                return reject(format!("the {name} error is NaN: expected a number"));
            }
        }
        if !(0.0..=100.0).contains(&statistics.class_errors) {
            return reject(format!("class errors are {} percent: expected 0 to 100", statistics.class_errors));
        }
        self.statistics = Some(statistics);
        Ok(())
    }

    /// Check that the parts are complete and consistent, and combine them.
    pub(super) fn finish(self, layout: Arc<Layout>) -> Result<Trained> {
        let Self {
            weights,
            sizes,
            signs,
            objectives,
            decays,
            state,
            inputs,
            outputs,
            statistics,
            assigned,
            places,
            events,
            gru,
        } = self;
        let missing = |section| damaged(section, "it is missing");
        if weights.is_empty() {
            return Err(missing(Section::Weights));
        }
        let began = !objectives.is_empty();
        let members = weights.len() / layout.parameters();
        if !decays.is_empty() && decays.iter().all(|&decay| decay == 1.0) {
            return Err(damaged(Section::Decays, "all are 1: expected it to be left out"));
        }
        let decays = if decays.is_empty() { vec![1.0; members] } else { decays };
        let rprop = match (sizes.is_empty(), signs.is_empty(), began) {
            (true, true, false) => initial_state(weights.len(), members)?,
            (false, false, true) => RpropState { sizes, signs, objectives },
            (true, _, _) => return Err(missing(Section::Sizes)),
            (_, true, _) => return Err(missing(Section::Signs)),
            (_, _, false) => return Err(missing(Section::Objective)),
        };
        if began && is_initial(&rprop) {
            return Err(Error::Damaged(
                "RPROP's state is that before the first step: expected it to be left out".into(),
            ));
        }
        let statistics = statistics.ok_or_else(|| missing(Section::Statistics))?;
        let normalization = Normalization { inputs, outputs, places: read_knots(&places)?, events };
        let gru = read_cells(&gru)?.map(Arc::new);
        let state = state.finish(rprop, weights.len(), gru.is_some())?;
        Ok(Trained { layout, weights, decays, state, normalization, statistics, gru, assigned })
    }
}

/// Decode gated cells from their sizes and weights.
fn read_cells(words: &[[u8; 4]]) -> Result<Option<Gru>> {
    if words.is_empty() {
        return Ok(None);
    }
    let reject = |what: String| Err(damaged(Section::Gru, what));
    let Some((&head, words)) = words.split_first_chunk::<3>() else {
        return reject(format!("{} numbers: expected a size and weights", words.len()));
    };
    let [units, computed, inputs] = head.map(|number| u32::from_le_bytes(number) as usize);
    let known = units > 0 && units <= MAX_UNITS && computed <= inputs && inputs <= words.len();
    // This cannot overflow: it is at most 2^60.
    let each = (2 + inputs as u64 + units as u64) * 3 * units as u64;
    if !known || words.is_empty() || !(words.len() as u64).is_multiple_of(each) {
        return reject(format!("{} weights of cells of {units} units and {inputs} inputs", words.len()));
    }
    let shape = Shape { units, computed, inputs };
    let weights: Vec<f32> = words.iter().map(|&weight| f32::from_le_bytes(weight)).collect();
    match weights.iter().find(|weight| !weight.is_finite()) {
        Some(weight) => reject(format!("a weight of {weight}: expected a finite number")),
        None => Ok(Some(Gru::new(shape, weights))),
    }
}

/// Decode place encodings.
fn read_knots(words: &[[u8; 4]]) -> Result<Option<Places>> {
    if words.is_empty() {
        return Ok(None);
    }
    let (mut places, mut rest) = (Places::default(), words);
    while let Some((&count, others)) = rest.split_first() {
        let count = u32::from_le_bytes(count) as usize;
        let Some((knots, after)) = others.split_at_checked(count) else {
            return Err(damaged(Section::Places, format!("{count} knots: there are {}", others.len())));
        };
        let knots: Vec<f32> = knots.iter().map(|&knot| f32::from_le_bytes(knot)).collect();
        if !are_knots(&knots) {
            let what = format!("the knots of field {} are none: expected each above the last", places.fields().len());
            return Err(damaged(Section::Places, what));
        }
        places.push(&knots);
        rest = after;
    }
    Ok(Some(places))
}

/// Read a scaling. A scale of 0 is valid: it removes the input, or makes the output its mean.
fn read_scaling(to: &mut Option<Scaling>, piece: &Piece<'_>, columns: usize) -> Result<()> {
    let Scaling { mean, scale } = to.get_or_insert_with(|| Scaling { mean: Vec::new(), scale: Vec::new() });
    let units = piece.units(8)?;
    let count = mean.len() + units.len();
    if count > columns || !piece.more && count < columns {
        return Err(damaged(piece.section, format!("{count} columns: expected {columns}")));
    }
    reserve(mean, units.len())?;
    reserve(scale, units.len())?;
    for unit in units {
        let (&[of_mean, of_scale], _) = unit.as_chunks::<4>().0.split_first_chunk().expect("a unit has its length");
        let (column, one_mean, one_scale) = (mean.len(), f32::from_le_bytes(of_mean), f32::from_le_bytes(of_scale));
        if !one_mean.is_finite() {
            let what = format!("the mean of column {column} is {one_mean}: expected a finite number");
            return Err(damaged(piece.section, what));
        }
        if !(one_scale.is_finite() && one_scale >= 0.0) {
            let what = format!("the scale of column {column} is {one_scale}: expected a finite number of at least 0");
            return Err(damaged(piece.section, what));
        }
        mean.push(one_mean);
        scale.push(one_scale);
    }
    Ok(())
}
