//! GRU steps of a single sequence, as answers need them.

use super::{Gru, MOST_INPUT};
use crate::forward::{Arrangement, Grouped, Single};
use crate::kernels::{LANES, kernels};
use crate::layers::LookedUp;
use crate::memory::{self, Taken};
use crate::normalization::Scaling;
use crate::options::Activation;
use crate::schema::{Row, Schema};

/// The hidden states of all members' cells after some events, and buffers for a step.
#[derive(Debug, Clone)]
pub(crate) struct State {
    /// Hidden states h, `units` for each member in turn.
    hidden: Vec<f32>,
    /// Sums of h over all events.
    sums: Vec<f32>,
    events: u32,
    event: Event,
    /// Pre-activations of the gates from the event: W x + b.
    from_event: Vec<f32>,
    /// Pre-activations of the gates from the hidden state: U h + c.
    from_hidden: Vec<f32>,
    next: Vec<f32>,
}

/// The inputs of a cell for one event.
#[derive(Debug, Clone, Default)]
pub(super) struct Event {
    pub(super) computed: Vec<f32>,
    pub(super) looked_up: LookedUp,
}

impl Event {
    /// Computes the inputs from an event, for a cell with `inputs` inputs. Words beyond these are treated as unknown.
    pub(super) fn read(&mut self, events: &Schema, scaling: Option<&Scaling>, row: &Row, inputs: usize) {
        self.looked_up.clear();
        scaled(events, scaling, row, &mut self.computed);
        events.entries_of(|cell| row.cells[cell], &row.list, inputs, |entry| self.looked_up.add(entry));
        self.looked_up.end_row();
    }
}

/// Computes the computed inputs of an event, standardized and clipped to [`MOST_INPUT`]; gaps are 0.
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
    /// Returns the hidden states before the first event.
    pub(crate) fn begin(&self) -> State {
        let (units, gates) = (self.shape.units, self.shape.gates());
        let hidden = vec![0.0; self.members().len() * units];
        State {
            sums: hidden.clone(),
            hidden,
            events: 0,
            event: Event::default(),
            from_event: vec![0.0; gates],
            from_hidden: vec![0.0; gates],
            next: vec![0.0; units],
        }
    }

    /// Updates the hidden states of all members by one event.
    pub(crate) fn step(&self, events: &Schema, scaling: Option<&Scaling>, row: &Row, state: &mut State) {
        let (units, shape) = (self.shape.units, self.shape);
        let State { hidden, sums, events: count, event, from_event, from_hidden, next } = state;
        event.read(events, scaling, row, shape.inputs);
        let (from_events, between) = (shape.input_layer(), shape.recurrent());
        for (weights, hidden) in self.members().zip(hidden.chunks_exact_mut(units)) {
            from_events.forward::<Single>(weights, &event.computed, &event.looked_up, 1, from_event);
            Single::affine(&weights[between.all()], units, hidden, 1, from_hidden);
            gates(from_event, from_hidden, hidden, next);
            hidden.copy_from_slice(next);
        }
        sums.iter_mut().zip(&*hidden).for_each(|(sum, hidden)| *sum += hidden);
        *count += 1;
    }
}

impl State {
    /// Returns the bytes on the heap, without the small buffer of looked-up inputs.
    pub(crate) fn bytes_by(&self, taken: Taken<'_>) -> usize {
        let Self { hidden, sums, events: _, event, from_event, from_hidden, next } = self;
        [hidden, sums, &event.computed, from_event, from_hidden, next]
            .map(|numbers| memory::of_vec(numbers, taken))
            .iter()
            .sum()
    }

    /// Appends the hidden states of each member, each followed by their means over all events if `with_means` is set.
    pub(crate) fn write(&self, units: usize, with_means: bool, to: &mut Vec<f32>) {
        let events = self.events.max(1) as f32;
        for (hidden, sums) in self.hidden.chunks_exact(units).zip(self.sums.chunks_exact(units)) {
            to.extend_from_slice(hidden);
            if with_means {
                to.extend(sums.iter().map(|sum| sum / events));
            }
        }
    }
}

/// Computes the gates and the hidden states `next` after an event, for any number of sequences in lanes. Replaces the
/// pre-activations `from_event` by the gates z, r and n.
pub(super) fn gates(from_event: &mut [f32], from_hidden: &[f32], hidden: &[f32], next: &mut [f32]) {
    let size = hidden.len();
    let (update_reset, new) = from_event.split_at_mut(2 * size);
    update_reset.iter_mut().zip(from_hidden).for_each(|(to, from_hidden)| *to += from_hidden);
    (kernels().activate)(Activation::Sigmoid, update_reset);
    let (update, reset) = update_reset.split_at(size);
    for ((new, reset), from_hidden) in new.iter_mut().zip(reset).zip(&from_hidden[2 * size..]) {
        *new += reset * from_hidden;
    }
    (kernels().activate)(Activation::Tanh, new);
    for (((next, hidden), update), new) in next.iter_mut().zip(hidden).zip(update).zip(&*new) {
        *next = hidden + update * (new - hidden);
    }
}

/// Computes the pre-activations of the gates from the hidden states of sixteen sequences, U h + c.
pub(super) fn recurrent_sums(matrix: &[f32], units: usize, hidden: &[f32], to: &mut [f32]) {
    debug_assert!(hidden.len() == units * LANES);
    Grouped::affine(matrix, units, hidden, 1, to);
}
