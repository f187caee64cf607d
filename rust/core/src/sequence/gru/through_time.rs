//! Backpropagation through time of sixteen sequences in lanes.
//!
//! Values are laid out as the kernels expect, with a sequence in each lane. After the end of its sequence, a lane keeps
//! its hidden state and adds nothing to the gradient.

use super::cell::{gates, recurrent_sums};
use super::{Shape, zeros};
use crate::forward::Grouped;
use crate::kernels::{Buffer, LANES, kernels};
use crate::layers::LookedUp;

/// The events of up to sixteen sequences, step by step.
#[derive(Debug, Clone, Default)]
pub(crate) struct Steps {
    /// Computed inputs: `[step][input][lane]`.
    pub(crate) computed: Vec<f32>,
    /// Looked-up inputs: a row for each step and lane.
    pub(crate) looked_up: LookedUp,
    /// Number of events of the sequence in each lane; 0 if there is none.
    pub(crate) lengths: [usize; LANES],
}

impl Steps {
    /// Returns the number of events of the longest sequence.
    pub(crate) fn count(&self) -> usize {
        self.lengths.iter().copied().max().unwrap_or(0)
    }
}

/// Buffers for the forward and backward pass through the cell of one member.
#[derive(Debug)]
pub(crate) struct ThroughTime {
    shape: Shape,
    /// Hidden states before the first step and after each: `[step][unit][lane]`.
    hidden: Buffer,
    /// Of each step, pre-activations from the event; then the gates z, r and n; then derivatives.
    from_events: Buffer,
    /// Of each step, pre-activations from the hidden state, then derivatives.
    from_hidden: Buffer,
    /// Derivatives of the loss with respect to the hidden states after the current step.
    carried: Buffer,
    /// The part of the derivatives with respect to the hidden states before the step that goes through the gates.
    before: Buffer,
}

impl ThroughTime {
    /// Allocates buffers for sequences of up to `steps` events.
    pub(crate) fn new(shape: Shape, steps: usize) -> Self {
        let (size, gates) = (shape.units * LANES, shape.gates() * LANES);
        Self {
            shape,
            hidden: zeros((steps + 1) * size),
            from_events: zeros(steps * gates),
            from_hidden: zeros(steps * gates),
            carried: zeros(size),
            before: zeros(size),
        }
    }

    /// Returns the number of floats that a step takes in the buffers.
    pub(crate) fn numbers_of_step(shape: Shape) -> usize {
        (shape.units + 2 * shape.gates()) * LANES
    }

    /// Returns the hidden states before each step and after the last: `[step][unit][lane]`.
    pub(crate) fn hidden(&self, steps: usize) -> &[f32] {
        &self.hidden[..(steps + 1) * self.shape.units * LANES]
    }

    /// Computes the hidden states and gates of all steps.
    pub(crate) fn forward(&mut self, weights: &[f32], steps: &Steps) {
        let (count, shape) = (steps.count(), self.shape);
        let (size, width, units) = (shape.units * LANES, shape.gates() * LANES, shape.recurrent());
        let from_events = &mut self.from_events[..count * width];
        shape.input_layer().forward::<Grouped>(weights, &steps.computed, &steps.looked_up, count, from_events);
        self.hidden[..size].fill(0.0);
        let gates_of = from_events.chunks_exact_mut(width).zip(self.from_hidden.chunks_exact_mut(width));
        for (step, (from_event, from_hidden)) in gates_of.enumerate() {
            let (hidden, next) = self.hidden[step * size..].split_at_mut(size);
            let next = &mut next[..size];
            recurrent_sums(&weights[units.all()], shape.units, hidden, from_hidden);
            gates(from_event, from_hidden, hidden, next);
            for lane in (0..LANES).filter(|&lane| steps.lengths[lane] <= step) {
                let (next, hidden) = (next[lane..].iter_mut().step_by(LANES), hidden[lane..].iter().step_by(LANES));
                next.zip(hidden).for_each(|(next, hidden)| *next = *hidden);
            }
        }
    }

    /// Adds the gradient of the loss with respect to the parameters to `gradient`. `delta` has its derivatives with
    /// respect to the hidden states before each step and after the last, `[step][unit][lane]`. Call [`Self::forward`]
    /// before.
    pub(crate) fn backward(&mut self, weights: &[f32], steps: &Steps, delta: &[f32], gradient: &mut [f32]) {
        let (count, shape) = (steps.count(), self.shape);
        let (size, width, units) = (shape.units * LANES, shape.gates() * LANES, shape.recurrent());
        self.carried.copy_from_slice(&delta[count * size..][..size]);
        for step in (0..count).rev() {
            let (from_event, from_hidden) =
                (&mut self.from_events[step * width..][..width], &mut self.from_hidden[step * width..][..width]);
            derive(from_event, from_hidden, &self.hidden[step * size..][..size], &mut self.carried, |lane| {
                step < steps.lengths[lane]
            });
            (kernels().backward)(&weights[units.all()], shape.units, from_hidden, 1, &mut self.before);
            let own = &delta[step * size..][..size];
            for ((carried, before), own) in self.carried.iter_mut().zip(&*self.before).zip(own) {
                *carried += before + own;
            }
        }
        let (hidden, from_hidden) = (&self.hidden[..count * size], &self.from_hidden[..count * width]);
        (kernels().gradient)(shape.units, hidden, from_hidden, count, &mut gradient[units.all()]);
        let (events, inputs) = (&mut self.from_events[..count * width], (&steps.computed[..], &steps.looked_up));
        shape.input_layer().backward(weights, inputs, &[], events, count, gradient, None);
    }
}

/// Replaces the gates of a step by the derivatives with respect to their pre-activations. `carried` has the derivatives
/// with respect to the hidden states after the step, and receives the part of those before the step that bypasses the
/// gates.
fn derive(
    from_event: &mut [f32],
    from_hidden: &mut [f32],
    hidden: &[f32],
    carried: &mut [f32],
    is_active: impl Fn(usize) -> bool,
) {
    let size = hidden.len();
    let is_active: [f32; LANES] = std::array::from_fn(|lane| if is_active(lane) { 1.0 } else { 0.0 });
    let (update, rest) = from_event.split_at_mut(size);
    let (reset, new) = rest.split_at_mut(size);
    let (first, rest) = from_hidden.split_at_mut(size);
    let (second, third) = rest.split_at_mut(size);
    let lanes = |slice: &mut [f32], at: usize| -> [f32; LANES] {
        *slice[at..].first_chunk().expect("a unit has sixteen lanes")
    };
    for at in (0..size).step_by(LANES) {
        let hidden: &[f32; LANES] = hidden[at..].first_chunk().expect("a unit has sixteen lanes");
        let (z, r, n, u) = (lanes(update, at), lanes(reset, at), lanes(new, at), lanes(third, at));
        for lane in 0..LANES {
            let (own, on) = (carried[at + lane], is_active[lane]);
            let of_update = on * own * (n[lane] - hidden[lane]) * z[lane] * (1.0 - z[lane]);
            let of_new = on * own * z[lane] * (1.0 - n[lane] * n[lane]);
            let of_reset = of_new * u[lane] * r[lane] * (1.0 - r[lane]);
            carried[at + lane] = own * (1.0 - on * z[lane]);
            (update[at + lane], reset[at + lane], new[at + lane]) = (of_update, of_reset, of_new);
            (first[at + lane], second[at + lane], third[at + lane]) = (of_update, of_reset, of_new * r[lane]);
        }
    }
}
