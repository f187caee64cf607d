//! Gated recurrent units (K. Cho and others, "Learning phrase representations using RNN encoder-decoder for statistical
//! machine translation", EMNLP 2014).
//!
//! ```text
//! z = σ(W_z x + b_z + U_z h + c_z)
//! r = σ(W_r x + b_r + U_r h + c_r)
//! n = tanh(W_n x + b_n + r ∘ (U_n h + c_n))
//! h ← h + z ∘ (n − h)
//! ```
//!
//! The reset gate is applied after the matrix product, as in `PyTorch`, cuDNN and ONNX with `linear_before_reset=1`.
//! These define the last line as `h ← (1 − z) ∘ n + z ∘ h`. Their z is 1 − z here, so the export to ONNX negates `W_z`,
//! `U_z` and both biases of z. The gates are in ONNX's order: z, r, n.
//!
//! Both products are dense layers of the engine, whose outputs are the three gates. A step of sixteen sequences is
//! computed like a layer for sixteen rows, and gives the same bits as a step of one sequence.

mod cell;
mod segments;
mod through_time;

use crate::description::GruCellDescription;
use crate::kernels::{self, Buffer};
use crate::layers::{Dense, Layer};
use crate::layout::{Connection, FirstInputs};
use crate::memory::{self, Move, Taken};
use crate::random::Random;
use crate::schema::Schema;
pub(crate) use cell::State;
pub(crate) use segments::{Segment, Segments};
pub(crate) use through_time::{Steps, ThroughTime};

/// Largest number of members of a network with cells. Rows have room for the hidden states of this many cells.
pub(crate) const MOST_MEMBERS: usize = 4;
/// Standardized inputs are clipped to this many standard deviations.
const MOST_INPUT: f32 = 10.0;
/// Fan-in that the initial weights of looked-up inputs assume, since few of these are active in an event.
const FEW_LOOKED_UP: f32 = 4.0;
/// Largest initial time scale of a unit, in events. If fewer events are stored, their number is the limit.
const MOST_TIME: f32 = 1000.0;

/// The size of a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Shape {
    /// Hidden units.
    pub(crate) units: usize,
    /// Computed inputs, which have a number for each event.
    pub(crate) computed: usize,
    /// All inputs: computed ones, then looked-up ones.
    pub(crate) inputs: usize,
}

impl Shape {
    /// Returns the number of pre-activations: three gates of all units.
    fn gates(self) -> usize {
        3 * self.units
    }

    /// Returns the layer from the inputs of an event to the gates: W and b.
    fn input_layer(self) -> Layer {
        let connection = Connection { inputs: self.inputs, outputs: self.gates(), offset: 0 };
        let inputs = FirstInputs { computed: self.computed, of_a_row: self.computed.max(1) };
        Layer::Dense(Dense { connection, inputs, activation: None })
    }

    /// Returns the connection from the hidden state to the gates: U and c.
    pub(crate) fn recurrent(self) -> Connection {
        let before = (1 + self.inputs) * self.gates();
        Connection { inputs: self.units, outputs: self.gates(), offset: before }
    }

    /// Returns the number of parameters of a cell. They are `b`, `W`, `c` and `U`, in the order of a [`Connection`].
    pub(crate) fn parameters(self) -> usize {
        self.recurrent().all().end
    }

    /// Returns ranges of parameters, and whether weight decay applies to them.
    pub(crate) fn decaying(self) -> [(std::ops::Range<usize>, bool); 4] {
        let units = self.recurrent();
        let from_events = self.gates()..units.offset;
        [(0..self.gates(), false), (from_events, true), (units.biases(), false), (units.weights(), true)]
    }

    /// Returns a cell's values, one for each parameter, with inputs for new words. Their values are copies of those of the
    /// input that stood for unknown words. With weights, answers do not change.
    pub(crate) fn widened(self, values: &[f32], events: &Schema, shape: Self) -> Vec<f32> {
        let (from_events, from_hidden) = values.split_at(self.recurrent().offset);
        let gates = shape.gates();
        let mut widened = from_events.to_vec();
        for number in self.inputs..shape.inputs {
            let other = events.known(number as u32, self.inputs) as usize;
            widened.extend_from_within((1 + other) * gates..(2 + other) * gates);
        }
        widened.extend(from_hidden);
        widened
    }

    /// Draws initial weights. The recurrent matrix of each gate is orthogonal, which avoids exploding and vanishing
    /// gradients. The biases of update gates are -ln of time scales, which are uniform from 1 to `length` events
    /// (C. Tallec, Y. Ollivier, "Can recurrent neural networks warp time?", ICLR 2018).
    pub(crate) fn draw(self, length: u32, random: &mut Random, weights: &mut [f32]) {
        let (gates, units) = (self.gates(), self.recurrent());
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

/// Draws a random orthogonal matrix, `size` by `size` (modified Gram-Schmidt).
fn orthogonal(size: usize, random: &mut Random) -> Vec<f64> {
    let mut all: Vec<f64> = Vec::with_capacity(size * size);
    while all.len() < size * size {
        let mut vector: Vec<f64> = (0..size).map(|_| f64::from(random.symmetric())).collect();
        for other in all.chunks_exact(size) {
            let along: f64 = vector.iter().zip(other).map(|(a, b)| a * b).sum();
            vector.iter_mut().zip(other).for_each(|(to, other)| *to -= along * other);
        }
        let length = vector.iter().map(|value| value * value).sum::<f64>().sqrt();
        // A vector that nearly depends on the others is mostly rounding error, and is drawn again.
        if length > 1e-3 {
            all.extend(vector.iter().map(|value| value / length));
        }
    }
    all
}

/// The GRU cells of a network, one for each member.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Gru {
    shape: Shape,
    /// The parameters of each member in turn.
    weights: Vec<f32>,
}

impl Gru {
    /// Creates cells of one shape; `weights` has the parameters of each member in turn.
    pub(crate) fn new(shape: Shape, weights: Vec<f32>) -> Self {
        debug_assert!(weights.len().is_multiple_of(shape.parameters()) && !weights.is_empty());
        Self { shape, weights }
    }

    pub(crate) fn shape(&self) -> Shape {
        self.shape
    }

    /// Iterates over the parameters of each member.
    pub(crate) fn members(&self) -> impl ExactSizeIterator<Item = &[f32]> {
        self.weights.chunks_exact(self.shape.parameters())
    }

    /// Describes the parameters of each cell.
    pub(crate) fn describe(&self) -> Vec<GruCellDescription> {
        let (gates, units) = (self.shape.gates(), self.shape.recurrent());
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

    /// Moves the weights in memory (defragmentation).
    pub(crate) fn move_by(&mut self, mover: &mut dyn Move) {
        mover.floats(&mut self.weights);
    }

    /// Returns the bytes on the heap.
    pub(crate) fn bytes_by(&self, taken: Taken<'_>) -> usize {
        memory::of_vec(&self.weights, taken)
    }
}

/// Returns a buffer of zeros.
fn zeros(count: usize) -> Buffer {
    Buffer::new(count)
}

#[cfg(test)]
mod tests;
