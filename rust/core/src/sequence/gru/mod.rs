//! A gated recurrent unit: what a network holds of a sequence, learnt (K. Cho and others, "Learning phrase representations using RNN
//! encoder-decoder for statistical machine translation", EMNLP 2014).
//!
//! ```text
//! z = σ(W_z x + b_z + U_z h + c_z)
//! r = σ(W_r x + b_r + U_r h + c_r)
//! n = tanh(W_n x + b_n + r ∘ (U_n h + c_n))
//! h ← h + z ∘ (n − h)
//! ```
//!
//! The reset gate comes after the matrix, as `PyTorch`, cuDNN and ONNX's `linear_before_reset=1` have it. These write the last line
//! `h ← (1 − z) ∘ n + z ∘ h`: what they call z is 1 − z here, so that `W_z`, `U_z` and both biases change their signs on the way to them,
//! and nothing else does. The gates are in ONNX's order: z, r, n.
//!
//! Both products are dense layers of the engine, with all gates side by side: a group of sixteen sequences goes through a step as a
//! group of sixteen rows goes through a layer, and gives the same bits as a sequence alone.

mod cell;
mod lessons;
mod through_time;

use crate::description::GruCellDescription;
use crate::kernels::{self, Buffer};
use crate::layers::{Dense, Layer};
use crate::layout::{Connection, FirstInputs};
use crate::memory::{self, Move, Taken};
use crate::random::Random;
use crate::schema::Schema;
pub(crate) use cell::State;
pub(crate) use lessons::{Lesson, Lessons};
pub(crate) use through_time::{Steps, ThroughTime};

/// Members of a network that have a cell of their own, at most: each sees its own part of the state.
pub(crate) const MOST_MEMBERS: usize = 4;
/// Standard deviations beyond which an input says no more.
const MOST_INPUT: f32 = 10.0;
/// What the variance of the weights of an input that is looked up is divided by: of a few there is always one.
const FEW_LOOKED_UP: f32 = 4.0;
/// Time scales of units, in events, are drawn up to this, or up to the events that are kept, if they are fewer.
const MOST_TIME: f32 = 1000.0;

/// How large a cell is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Shape {
    pub(crate) units: usize,
    /// Inputs that each event has a number for.
    pub(crate) computed: usize,
    /// All inputs: those after the computed ones are looked up.
    pub(crate) inputs: usize,
}

impl Shape {
    /// What units sum up of an event: three gates, in turn.
    fn gates(self) -> usize {
        3 * self.units
    }

    /// How what is known of an event comes in.
    fn of_events(self) -> Layer {
        let connection = Connection { inputs: self.inputs, outputs: self.gates(), offset: 0 };
        let inputs = FirstInputs { computed: self.computed, of_a_row: self.computed.max(1) };
        Layer::Dense(Dense { connection, inputs, activation: None })
    }

    /// How units hear of each other.
    pub(crate) fn of_units(self) -> Connection {
        let before = (1 + self.inputs) * self.gates();
        Connection { inputs: self.units, outputs: self.gates(), offset: before }
    }

    /// Weights and biases of a cell: `W` and `b`, then `U` and `c`, each as a [`Connection`].
    pub(crate) fn parameters(self) -> usize {
        self.of_units().all().end
    }

    /// The parameters that weight decay leaves alone, and the others.
    pub(crate) fn decaying(self) -> [(std::ops::Range<usize>, bool); 4] {
        let units = self.of_units();
        let of_events = self.gates()..units.offset;
        [(0..self.gates(), false), (of_events, true), (units.biases(), false), (units.weights(), true)]
    }

    /// First weights: orthogonal between units, so that nothing grows or fades over many events; the biases of update gates by
    /// time scales from one event to as many as are kept (C. Tallec, Y. Ollivier, "Can recurrent neural networks warp time?", ICLR
    /// 2018).
    pub(crate) fn draw(self, length: u32, random: &mut Random, weights: &mut [f32]) {
        let (gates, units) = (self.gates(), self.of_units());
        let most = (length as f32).clamp(2.0, MOST_TIME);
        for bias in &mut weights[..self.units] {
            let time = 1.0 + (most - 1.0) * f32::midpoint(random.symmetric(), 1.0);
            *bias = -kernels::ln(time);
        }
        let bound = |inputs: f32| (3.0 / inputs).sqrt();
        let (computed, looked_up) = weights[gates..units.offset].split_at_mut(self.computed * gates);
        computed.fill_with(|| bound(self.computed as f32) * random.symmetric());
        looked_up.fill_with(|| bound(FEW_LOOKED_UP) * random.symmetric());
        let between = &mut weights[units.weights()];
        for gate in 0..3 {
            let columns = orthogonal(self.units, random);
            for (from, row) in between.chunks_exact_mut(gates).enumerate() {
                for (to, weight) in row[gate * self.units..][..self.units].iter_mut().enumerate() {
                    *weight = columns[to * self.units + from] as f32;
                }
            }
        }
    }
}

/// Vectors of length 1, each at right angles to all others, one after the other (Gram and Schmidt's method, modified).
fn orthogonal(size: usize, random: &mut Random) -> Vec<f64> {
    let mut all: Vec<f64> = Vec::with_capacity(size * size);
    while all.len() < size * size {
        let mut vector: Vec<f64> = (0..size).map(|_| f64::from(random.symmetric())).collect();
        for other in all.chunks_exact(size) {
            let along: f64 = vector.iter().zip(other).map(|(a, b)| a * b).sum();
            vector.iter_mut().zip(other).for_each(|(to, other)| *to -= along * other);
        }
        let length = vector.iter().map(|value| value * value).sum::<f64>().sqrt();
        // Else what is left of it is chance of the last digits.
        if length > 1e-3 {
            all.extend(vector.iter().map(|value| value / length));
        }
    }
    all
}

/// The cells of a network, one of each member.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Gru {
    shape: Shape,
    /// Member after member.
    weights: Vec<f32>,
}

impl Gru {
    /// Cells of that shape with these weights.
    pub(crate) fn new(shape: Shape, weights: Vec<f32>) -> Self {
        debug_assert!(weights.len().is_multiple_of(shape.parameters()) && !weights.is_empty());
        Self { shape, weights }
    }

    pub(crate) fn shape(&self) -> Shape {
        self.shape
    }

    /// Weights of each member in turn.
    pub(crate) fn members(&self) -> impl ExactSizeIterator<Item = &[f32]> {
        self.weights.chunks_exact(self.shape.parameters())
    }

    /// The parameters of each cell in turn.
    pub(crate) fn describe(&self) -> Vec<GruCellDescription> {
        let (gates, units) = (self.shape.gates(), self.shape.of_units());
        let part = |weights: &[f32], range: std::ops::Range<usize>| weights[range].to_vec();
        self.members()
            .map(|weights| GruCellDescription {
                input_biases: part(weights, 0..gates),
                input_weights: part(weights, gates..units.offset),
                hidden_biases: part(weights, units.biases()),
                hidden_weights: part(weights, units.weights()),
            })
            .collect()
    }

    /// The weights of a member for events of more words: those that are new begin as any other word was taken until now.
    pub(crate) fn widened(&self, member: usize, events: &Schema, shape: Shape) -> Vec<f32> {
        let own = &self.weights[member * self.shape.parameters()..][..self.shape.parameters()];
        let (of_events, of_units) = own.split_at(self.shape.of_units().offset);
        let gates = shape.gates();
        let mut weights = of_events.to_vec();
        for number in self.shape.inputs..shape.inputs {
            let other = events.known(number as u32, self.shape.inputs) as usize;
            weights.extend_from_within((1 + other) * gates..(2 + other) * gates);
        }
        weights.extend(of_units);
        weights
    }

    /// Lends its vector to be moved in memory.
    pub(crate) fn move_by(&mut self, mover: &mut dyn Move) {
        mover.floats(&mut self.weights);
    }

    /// Bytes beyond itself.
    pub(crate) fn bytes_by(&self, taken: Taken<'_>) -> usize {
        memory::of_vec(&self.weights, taken)
    }
}

/// Zeros.
fn zeros(count: usize) -> Buffer {
    Buffer::new(count)
}

#[cfg(test)]
mod tests;
