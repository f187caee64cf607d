//! A reservoir: fixed units that remember, each for a time of its own, what came before (A. Rodan, P. Tiňo, "Minimum complexity echo
//! state network", IEEE Transactions on Neural Networks 22, 2011).
//!
//! `h_i ← h_i + a_i (tanh(W_i·x + b_i + u_i h_(i-1)) − h_i)`: each unit hears of the event and of the one before it in a circle,
//! which takes as many operations as there are units and inputs, and no matrix. Leaks a are drawn from 0.02 to 1, evenly on a
//! logarithmic scale, so that some units hold the last event and others a mean of many. All weights follow from a seed: nothing of
//! it is trained or saved. What is trained reads the states.

use crate::description::ReservoirDescription;
use crate::kernels::{LeakyState, LeakyUnits, kernels};
use crate::memory::{self, Taken};
use crate::normalization::Scaling;
use crate::random::Random;
use crate::schema::{Entry, Row, Schema};

/// The least leak: the slowest units look back some fifty events.
const LEAST_LEAK: f32 = 0.02;
/// From so many inputs on their weights are smaller.
const MANY_INPUTS: f32 = 10.0;
/// Inputs that are looked up whose weights are kept, at most: 3 MB.
const MOST_KEPT: usize = 4096;
/// Random streams of its seed, beyond those of the inputs.
const UNITS_STREAM: u64 = 1 << 40;

/// The units of a reservoir.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Reservoir {
    seed: u64,
    biases: Vec<f32>,
    leaks: Vec<f32>,
    from_before: Vec<f32>,
    /// Of each input in turn, one for each unit: of all that are computed, and of those that are looked up as many as are kept.
    weights: Vec<f32>,
    factor: f32,
}

/// What a reservoir knows of a sequence so far.
#[derive(Debug, Clone)]
pub(crate) struct State {
    /// After a place that a kernel uses.
    held: Vec<f32>,
    sums: Vec<f32>,
    most: Vec<f32>,
    events: u32,
    raw: Vec<f32>,
    entries: Vec<Entry>,
}

impl Reservoir {
    /// As many units as are asked for, for events of these fields.
    pub(crate) fn new(units: usize, events: &Schema, seed: u64) -> Self {
        let mut random = Random::new(seed, UNITS_STREAM);
        let biases = (0..units).map(|_| random.symmetric()).collect();
        let from_before = (0..units).map(|_| random.symmetric()).collect();
        // Powers of two of evenly drawn exponents, by a series that is the same everywhere: LEAST_LEAK ^ share.
        let leaks = (0..units).map(|_| power(LEAST_LEAK, f32::midpoint(random.symmetric(), 1.0))).collect();
        let inputs = events.dense() as f32;
        let factor = if inputs > MANY_INPUTS { (MANY_INPUTS / inputs).sqrt() } else { 1.0 };
        let mut made = Self { seed, biases, leaks, from_before, weights: Vec::new(), factor };
        made.know(events);
        made
    }

    /// Keeps the weights of all inputs that events have by now, up to a bound. Those of others are drawn each time.
    pub(crate) fn know(&mut self, events: &Schema) {
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

    /// How many units it has.
    pub(crate) fn units(&self) -> usize {
        self.biases.len()
    }

    /// Bytes beyond the reservoir itself.
    pub(crate) fn bytes_by(&self, taken: Taken<'_>) -> usize {
        let Self { seed: _, biases, leaks, from_before, weights, factor: _ } = self;
        [biases, leaks, from_before, weights].map(|vec| memory::of_vec(vec, taken)).iter().sum()
    }

    /// Before the first event.
    pub(crate) fn begin(&self) -> State {
        let units = self.units();
        State {
            held: vec![0.0; units + 1],
            sums: vec![0.0; units],
            // Below all that a unit can hold.
            most: vec![f32::NEG_INFINITY; units],
            events: 0,
            raw: Vec::new(),
            entries: Vec::new(),
        }
    }

    /// Hears of an event, the computed inputs of which are scaled.
    pub(crate) fn hear(&self, events: &Schema, scaling: Option<&Scaling>, row: &Row, state: &mut State) {
        let State { held, sums, most, raw, entries, events: heard } = state;
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
        (kernels().leaky_step)(units, entries, LeakyState { held, sums, most });
        *heard += 1;
    }
}

/// Standard deviations beyond which an input says no more.
const MOST: f32 = 10.0;

impl State {
    /// Bytes beyond the state itself.
    pub(super) fn bytes_by(&self, taken: Taken<'_>) -> usize {
        let Self { held, sums, most, events: _, raw, entries } = self;
        [held, sums, most, raw].map(|vec| memory::of_vec(vec, taken)).iter().sum::<usize>()
            + memory::of_vec(entries, taken)
    }

    /// The units as they are.
    pub(crate) fn last(&self) -> &[f32] {
        &self.held[1..]
    }

    /// The most that each has held after any event; 0 before the first.
    pub(crate) fn most(&self) -> impl Iterator<Item = f32> + '_ {
        self.most.iter().map(|most| if self.events == 0 { 0.0 } else { *most })
    }

    /// Their means over all events.
    pub(crate) fn mean(&self) -> impl Iterator<Item = f32> + '_ {
        let events = self.events.max(1) as f32;
        self.sums.iter().map(move |sum| sum / events)
    }
}

/// The weights of an input.
fn column(seed: u64, input: u32, units: usize) -> impl Iterator<Item = f32> {
    let mut random = Random::new(seed, input.into());
    (0..units).map(move |_| random.symmetric())
}

/// A power of a base from 0 to 1, the same on every machine: by repeated square roots for the bits of the exponent.
fn power(base: f32, exponent: f32) -> f32 {
    let (mut root, mut found, mut left) = (f64::from(base), 1.0, f64::from(exponent));
    if left >= 1.0 {
        return base;
    }
    // An exponent has 24 bits.
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
    fn powers_are_those_of_the_library() {
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
        let (mut held, mut sums, mut most) = (vec![0.0f64; 20], vec![0.0f64; 20], vec![f64::NEG_INFINITY; 20]);
        for row in &rows {
            reservoir.hear(&schema, Some(&scaling), row, &mut state);
            let was = held.clone();
            for unit in 0..20 {
                let weight = |input: u32| f64::from(column(7, input, 20).nth(unit).unwrap());
                let mut z = f64::from(reservoir.biases[unit]);
                if row.cells[0].is_nan() {
                    // The place of a number, which has none without knots, and that there is a gap.
                    z += weight(schema.fields()[0].gap());
                } else {
                    z += (f64::from(row.cells[0]) - 1.0) * 0.5 * weight(0);
                    z += -0.5 * weight(1);
                }
                z += weight(row.cells[1] as u32);
                z += f64::from(reservoir.from_before[unit]) * was[(unit + 19) % 20];
                held[unit] += f64::from(reservoir.leaks[unit]) * (z.tanh() - was[unit]);
                sums[unit] += held[unit];
                most[unit] = most[unit].max(held[unit]);
            }
        }
        for unit in 0..20 {
            assert!((f64::from(state.last()[unit]) - held[unit]).abs() < 1e-4, "{unit}: {held:?}");
            assert!((f64::from(state.mean().nth(unit).unwrap()) - sums[unit] / 3.0).abs() < 1e-4);
            assert!((f64::from(state.most().nth(unit).unwrap()) - most[unit]).abs() < 1e-4);
        }
    }
}
