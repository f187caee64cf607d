//! A reservoir (echo state network): leaky recurrent units with fixed random weights, connected in a cycle (A. Rodan,
//! P. Tiňo, "Minimum complexity echo state network", IEEE Transactions on Neural Networks 22, 2011).
//!
//! `h_i ← h_i + a_i (tanh(W_i·x + b_i + u_i h_(i-1)) − h_i)`: the inputs of a unit are the event and the hidden state
//! of the previous unit in the cycle, so that a step needs no matrix of units times units. The leaks a are drawn from
//! 0.02 to 1, uniformly on a logarithmic scale, so that some units depend on the last event alone and others on many.
//! All weights are drawn from a seed, and none is trained or saved. The hidden state is an input of the trained layers.

use crate::description::ReservoirDescription;
use crate::kernels::{LeakyState, LeakyUnits, kernels};
use crate::memory::{self, Taken};
use crate::normalization::Scaling;
use crate::random::Random;
use crate::schema::{Entry, Row, Schema};

/// The smallest leak. The slowest units have a time constant of 1 / 0.02 = 50 events.
const LEAST_LEAK: f32 = 0.02;
/// With more inputs than this, their weights are scaled by the root of `MANY_INPUTS` over their number.
const MANY_INPUTS: f32 = 10.0;
/// Largest number of looked-up inputs whose weights are stored (3 MB). The others are drawn when needed.
const MOST_KEPT: usize = 4096;
/// The stream of random numbers for the units. The stream of an input is its number.
const UNITS_STREAM: u64 = 1 << 40;

/// The units of a reservoir.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Reservoir {
    seed: u64,
    biases: Vec<f32>,
    leaks: Vec<f32>,
    /// The weights u of the previous unit in the cycle.
    from_before: Vec<f32>,
    /// The weights W of each input in turn, one for each unit: all computed inputs, then up to [`MOST_KEPT`] looked-up
    /// ones.
    weights: Vec<f32>,
    /// Factor of the computed inputs; see [`MANY_INPUTS`].
    factor: f32,
}

/// The hidden state after some events, and buffers for a step.
#[derive(Debug, Clone)]
pub(crate) struct State {
    /// Hidden states h of the units, after one element of padding that the kernel uses.
    hidden: Vec<f32>,
    /// Sums of h over all events.
    sums: Vec<f32>,
    /// Maxima of h over all events.
    most: Vec<f32>,
    events: u32,
    raw: Vec<f32>,
    entries: Vec<Entry>,
}

impl Reservoir {
    /// Draws a reservoir of `units` units for events of this schema.
    pub(crate) fn new(units: usize, events: &Schema, seed: u64) -> Self {
        let mut random = Random::new(seed, UNITS_STREAM);
        let biases = (0..units).map(|_| random.symmetric()).collect();
        let from_before = (0..units).map(|_| random.symmetric()).collect();
        // LEAST_LEAK to the power of a uniform number, by a function that is bit-identical on all machines.
        let leaks = (0..units).map(|_| power(LEAST_LEAK, f32::midpoint(random.symmetric(), 1.0))).collect();
        let inputs = events.dense() as f32;
        let factor = if inputs > MANY_INPUTS { (MANY_INPUTS / inputs).sqrt() } else { 1.0 };
        let mut made = Self { seed, biases, leaks, from_before, weights: Vec::new(), factor };
        made.extend_weights(events);
        made
    }

    /// Stores the weights of the inputs of new words, up to [`MOST_KEPT`] looked-up inputs.
    pub(crate) fn extend_weights(&mut self, events: &Schema) {
        let units = self.units();
        let inputs = events.inputs(events.words().len()).min(events.dense() + MOST_KEPT);
        for input in self.weights.len() / units..inputs {
            self.weights.extend(column(self.seed, input as u32, units));
        }
    }

    pub(crate) fn describe(&self) -> ReservoirDescription {
        let Self { seed, biases, leaks, from_before, weights: _, factor } = self.clone();
        ReservoirDescription { seed, biases, leaks, from_before, factor }
    }

    /// Returns the number of units.
    pub(crate) fn units(&self) -> usize {
        self.biases.len()
    }

    /// Returns the bytes on the heap.
    pub(crate) fn bytes_by(&self, taken: Taken<'_>) -> usize {
        let Self { seed: _, biases, leaks, from_before, weights, factor: _ } = self;
        [biases, leaks, from_before, weights].map(|vec| memory::of_vec(vec, taken)).iter().sum()
    }

    /// Returns the hidden state before the first event.
    pub(crate) fn begin(&self) -> State {
        let units = self.units();
        State {
            hidden: vec![0.0; units + 1],
            sums: vec![0.0; units],
            // Below the range of tanh.
            most: vec![f32::NEG_INFINITY; units],
            events: 0,
            raw: Vec::new(),
            entries: Vec::new(),
        }
    }

    /// Updates a hidden state by one event, whose computed inputs `scaling` standardizes.
    pub(crate) fn step(&self, events: &Schema, scaling: Option<&Scaling>, row: &Row, state: &mut State) {
        let State { hidden, sums, most, raw, entries, events: count } = state;
        raw.clear();
        raw.resize(events.dense(), 0.0);
        events.computed_of(1, &row.cells, None, raw);
        entries.clear();
        for (input, &value) in raw.iter().enumerate() {
            let value = if value.is_nan() { 0.0 } else { scaling.map_or(value, |scaling| scaling.apply(input, value)) };
            let value = self.factor * value.clamp(-MOST, MOST);
            if value != 0.0 {
                entries.push(Entry { number: input as u32, value });
            }
        }
        events.entries_of(|cell| row.cells[cell], &row.list, usize::MAX, |entry| entries.push(entry));
        let known = self.weights.len() / self.units();
        let drawn;
        let weights = if entries.iter().all(|entry| (entry.number as usize) < known) {
            &self.weights
        } else {
            let own = |entry: &Entry| column(self.seed, entry.number, self.units());
            drawn = entries.iter().flat_map(own).collect::<Vec<f32>>();
            entries.iter_mut().enumerate().for_each(|(at, entry)| entry.number = at as u32);
            &drawn
        };
        let Self { biases, leaks, from_before, .. } = self;
        let units = LeakyUnits { biases, leaks, from_before, weights };
        (kernels().leaky_step)(units, entries, LeakyState { held: hidden, sums, most });
        *count += 1;
    }
}

/// Standardized inputs are clipped to this many standard deviations.
const MOST: f32 = 10.0;

impl State {
    /// Returns the bytes on the heap.
    pub(super) fn bytes_by(&self, taken: Taken<'_>) -> usize {
        let Self { hidden, sums, most, events: _, raw, entries } = self;
        [hidden, sums, most, raw].map(|vec| memory::of_vec(vec, taken)).iter().sum::<usize>()
            + memory::of_vec(entries, taken)
    }

    /// Returns the hidden states of all units after the last event.
    pub(crate) fn last(&self) -> &[f32] {
        &self.hidden[1..]
    }

    /// Iterates over the maximum of each unit over all events; 0 without events.
    pub(crate) fn most(&self) -> impl Iterator<Item = f32> + '_ {
        self.most.iter().map(|most| if self.events == 0 { 0.0 } else { *most })
    }

    /// Iterates over the mean of each unit over all events; 0 without events.
    pub(crate) fn mean(&self) -> impl Iterator<Item = f32> + '_ {
        let events = self.events.max(1) as f32;
        self.sums.iter().map(move |sum| sum / events)
    }
}

/// Draws the weights of an input, one for each unit.
fn column(seed: u64, input: u32, units: usize) -> impl Iterator<Item = f32> {
    let mut random = Random::new(seed, input.into());
    (0..units).map(move |_| random.symmetric())
}

/// Raises a base from 0 to 1 to an exponent from 0 to 1. Uses only square roots, one for each bit of the exponent, so
/// that the result is bit-identical on all machines.
fn power(base: f32, exponent: f32) -> f32 {
    let (mut root, mut found, mut left) = (f64::from(base), 1.0, f64::from(exponent));
    if left >= 1.0 {
        return base;
    }
    // The significand of an f32 has 24 bits.
    for _ in 0..24 {
        root = root.sqrt();
        left *= 2.0;
        if left >= 1.0 {
            found *= root;
            left -= 1.0;
        }
    }
    found as f32
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::{FieldKind, Given, Target};

    fn schema() -> Schema {
        let target = Target::Values(vec![(*b"y").into()]);
        let fields = [(b"x".to_vec(), FieldKind::Number), (b"page".to_vec(), FieldKind::Category(9))];
        let mut schema = Schema::new(fields, target).unwrap();
        schema.add_word(1, (*b"home").into()).unwrap();
        schema
    }

    fn row(schema: &Schema, x: &str, page: &str) -> Row {
        let given = [(b"x".as_slice(), Given::text(x.as_bytes())), (b"page", Given::text(page.as_bytes()))];
        schema.row(&schema.understand(given).unwrap())
    }

    #[test]
    fn powers_equal_those_of_the_standard_library() {
        for exponent in [0.0f32, 0.25, 0.3, 0.5, 0.999, 1.0] {
            let expected = f64::from(LEAST_LEAK).powf(exponent.into());
            assert!((f64::from(power(LEAST_LEAK, exponent)) - expected).abs() < 1e-6, "{exponent}");
        }
    }

    #[test]
    fn a_state_follows_the_equation() {
        let schema = schema();
        let reservoir = Reservoir::new(20, &schema, 7);
        let scaling = Scaling { mean: vec![1.0; 2], scale: vec![0.5; 2] };
        let mut state = reservoir.begin();
        let rows = [row(&schema, "3", "home"), row(&schema, "", "other"), row(&schema, "-9", "")];
        let (mut hidden, mut sums, mut most) = (vec![0.0f64; 20], vec![0.0f64; 20], vec![f64::NEG_INFINITY; 20]);
        for row in &rows {
            reservoir.step(&schema, Some(&scaling), row, &mut state);
            let was = hidden.clone();
            for unit in 0..20 {
                let weight = |input: u32| f64::from(column(7, input, 20).nth(unit).unwrap());
                let mut z = f64::from(reservoir.biases[unit]);
                if row.cells[0].is_nan() {
                    // The computed inputs of a gap are 0; its own looked-up input is 1.
                    z += weight(schema.fields()[0].gap());
                } else {
                    z += (f64::from(row.cells[0]) - 1.0) * 0.5 * weight(0);
                    z += -0.5 * weight(1);
                }
                z += weight(row.cells[1] as u32);
                z += f64::from(reservoir.from_before[unit]) * was[(unit + 19) % 20];
                hidden[unit] += f64::from(reservoir.leaks[unit]) * (z.tanh() - was[unit]);
                sums[unit] += hidden[unit];
                most[unit] = most[unit].max(hidden[unit]);
            }
        }
        for unit in 0..20 {
            assert!((f64::from(state.last()[unit]) - hidden[unit]).abs() < 1e-4, "{unit}: {hidden:?}");
            assert!((f64::from(state.mean().nth(unit).unwrap()) - sums[unit] / 3.0).abs() < 1e-4);
            assert!((f64::from(state.most().nth(unit).unwrap()) - most[unit]).abs() < 1e-4);
        }
    }
}
