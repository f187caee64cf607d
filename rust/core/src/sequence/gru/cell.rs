//! One event after the other, of one sequence.

use super::{Gru, MOST_INPUT};
use crate::forward::{Arrangement, Grouped, Single};
use crate::kernels::{LANES, kernels};
use crate::layers::LookedUp;
use crate::memory::{self, Taken};
use crate::normalization::Scaling;
use crate::options::Activation;
use crate::schema::{Row, Schema};

/// What the cells of all members know of a sequence so far.
#[derive(Debug, Clone)]
pub(crate) struct State {
    /// Member after member.
    held: Vec<f32>,
    sums: Vec<f32>,
    events: u32,
    event: Event,
    /// What units sum up of the event, and of each other.
    of_event: Vec<f32>,
    of_units: Vec<f32>,
    next: Vec<f32>,
}

/// The inputs that an event is.
#[derive(Debug, Clone, Default)]
pub(super) struct Event {
    pub(super) computed: Vec<f32>,
    pub(super) looked_up: LookedUp,
}

impl Event {
    /// Reads an event for a cell of so many inputs.
    pub(super) fn read(&mut self, events: &Schema, scaling: Option<&Scaling>, row: &Row, inputs: usize) {
        self.looked_up.clear();
        scaled(events, scaling, row, &mut self.computed);
        events.entries_of(|cell| row.cells[cell], &row.list, inputs, |entry| self.looked_up.add(entry));
        self.looked_up.end_row();
    }
}

/// The computed inputs of an event, scaled; gaps are 0.
pub(super) fn scaled(events: &Schema, scaling: Option<&Scaling>, row: &Row, to: &mut Vec<f32>) {
    to.clear();
    to.resize(events.dense(), 0.0);
    events.computed_of(1, &row.cells, None, to);
    for (input, value) in to.iter_mut().enumerate() {
        let scaled = if value.is_nan() { 0.0 } else { scaling.map_or(*value, |scaling| scaling.apply(input, *value)) };
        *value = scaled.clamp(-MOST_INPUT, MOST_INPUT);
    }
}

impl Gru {
    /// Before the first event.
    pub(crate) fn begin(&self) -> State {
        let (units, gates) = (self.shape.units, self.shape.gates());
        let held = vec![0.0; self.members().len() * units];
        State {
            sums: held.clone(),
            held,
            events: 0,
            event: Event::default(),
            of_event: vec![0.0; gates],
            of_units: vec![0.0; gates],
            next: vec![0.0; units],
        }
    }

    /// Hears of an event.
    pub(crate) fn hear(&self, events: &Schema, scaling: Option<&Scaling>, row: &Row, state: &mut State) {
        let (units, shape) = (self.shape.units, self.shape);
        let State { held, sums, events: heard, event, of_event, of_units, next } = state;
        event.read(events, scaling, row, shape.inputs);
        let (of_events, between) = (shape.of_events(), shape.of_units());
        for (weights, held) in self.members().zip(held.chunks_exact_mut(units)) {
            of_events.forward::<Single>(weights, &event.computed, &event.looked_up, 1, of_event);
            Single::affine(&weights[between.all()], units, held, 1, of_units);
            gates(of_event, of_units, held, next);
            held.copy_from_slice(next);
        }
        sums.iter_mut().zip(&*held).for_each(|(sum, held)| *sum += held);
        *heard += 1;
    }
}

impl State {
    /// Bytes on the heap; the buffer for an event is small and left out where a field is a list.
    pub(crate) fn bytes_by(&self, taken: Taken<'_>) -> usize {
        let Self { held, sums, events: _, event, of_event, of_units, next } = self;
        [held, sums, &event.computed, of_event, of_units, next]
            .map(|numbers| memory::of_vec(numbers, taken))
            .iter()
            .sum()
    }

    /// What the units of each member hold, and, with the means, over all events, too, as the network sees it.
    pub(crate) fn write(&self, units: usize, with_means: bool, to: &mut Vec<f32>) {
        let events = self.events.max(1) as f32;
        for (held, sums) in self.held.chunks_exact(units).zip(self.sums.chunks_exact(units)) {
            to.extend_from_slice(held);
            if with_means {
                to.extend(sums.iter().map(|sum| sum / events));
            }
        }
    }
}

/// What units of some sequences side by side hold after an event, from what they sum up of it and of each other, which become the
/// gates: z, r and n in the place of the former; of the latter the last third is left as it was.
pub(super) fn gates(of_event: &mut [f32], of_units: &[f32], held: &[f32], next: &mut [f32]) {
    let size = held.len();
    let (update_reset, new) = of_event.split_at_mut(2 * size);
    update_reset.iter_mut().zip(of_units).for_each(|(to, of_units)| *to += of_units);
    (kernels().activate)(Activation::Sigmoid, update_reset);
    let (update, reset) = update_reset.split_at(size);
    for ((new, reset), of_units) in new.iter_mut().zip(reset).zip(&of_units[2 * size..]) {
        *new += reset * of_units;
    }
    (kernels().activate)(Activation::Tanh, new);
    for (((next, held), update), new) in next.iter_mut().zip(held).zip(update).zip(&*new) {
        *next = held + update * (new - held);
    }
}

/// What sixteen sequences' units sum up of each other.
pub(super) fn between(matrix: &[f32], units: usize, held: &[f32], to: &mut [f32]) {
    debug_assert!(held.len() == units * LANES);
    Grouped::affine(matrix, units, held, 1, to);
}
