//! Sixteen sequences side by side, forward over their events and back again: backpropagation through time.
//!
//! Values lie as the kernels take them, a sequence in each lane. A lane whose sequence has ended holds what it held, and adds
//! nothing to a gradient.

use super::cell::{between, gates};
use super::{Shape, zeros};
use crate::forward::Grouped;
use crate::kernels::{Buffer, LANES, kernels};
use crate::layers::LookedUp;

/// The events of up to sixteen sequences, step by step.
#[derive(Debug, Clone, Default)]
pub(crate) struct Steps {
    /// Computed inputs: of each step in turn, of each input, one a lane.
    pub(crate) computed: Vec<f32>,
    /// A row for each step and lane.
    pub(crate) looked_up: LookedUp,
    /// Events of the sequence in each lane; 0 where there is none.
    pub(crate) lengths: [usize; LANES],
}

impl Steps {
    /// As many as the longest has events.
    pub(crate) fn count(&self) -> usize {
        self.lengths.iter().copied().max().unwrap_or(0)
    }
}

/// What the units of one member held, and what the gates were.
#[derive(Debug)]
pub(crate) struct ThroughTime {
    shape: Shape,
    /// Before the first step, and after each.
    held: Buffer,
    /// Of each step: what units sum up, then z, r and n, then derivatives.
    of_events: Buffer,
    of_units: Buffer,
    carried: Buffer,
    before: Buffer,
}

impl ThroughTime {
    /// Room for so many steps.
    pub(crate) fn new(shape: Shape, steps: usize) -> Self {
        let (size, gates) = (shape.units * LANES, shape.gates() * LANES);
        Self {
            shape,
            held: zeros((steps + 1) * size),
            of_events: zeros(steps * gates),
            of_units: zeros(steps * gates),
            carried: zeros(size),
            before: zeros(size),
        }
    }

    /// Numbers that it takes for each step.
    pub(crate) fn numbers_of_step(shape: Shape) -> usize {
        (shape.units + 2 * shape.gates()) * LANES
    }

    /// What the units hold before each step and after the last, in turn.
    pub(crate) fn held(&self, steps: usize) -> &[f32] {
        &self.held[..(steps + 1) * self.shape.units * LANES]
    }

    /// Goes through the events.
    pub(crate) fn forward(&mut self, weights: &[f32], steps: &Steps) {
        let (count, shape) = (steps.count(), self.shape);
        let (size, width, units) = (shape.units * LANES, shape.gates() * LANES, shape.of_units());
        let of_events = &mut self.of_events[..count * width];
        shape.of_events().forward::<Grouped>(weights, &steps.computed, &steps.looked_up, count, of_events);
        self.held[..size].fill(0.0);
        let gates_of = of_events.chunks_exact_mut(width).zip(self.of_units.chunks_exact_mut(width));
        for (step, (of_event, of_units)) in gates_of.enumerate() {
            let (held, next) = self.held[step * size..].split_at_mut(size);
            let next = &mut next[..size];
            between(&weights[units.all()], shape.units, held, of_units);
            gates(of_event, of_units, held, next);
            for lane in (0..LANES).filter(|&lane| steps.lengths[lane] <= step) {
                let (next, held) = (next[lane..].iter_mut().step_by(LANES), held[lane..].iter().step_by(LANES));
                next.zip(held).for_each(|(next, held)| *next = *held);
            }
        }
    }

    /// Adds to the gradient what the derivatives `delta` by what the units hold, before each step and after the last, come to.
    pub(crate) fn backward(&mut self, weights: &[f32], steps: &Steps, delta: &[f32], gradient: &mut [f32]) {
        let (count, shape) = (steps.count(), self.shape);
        let (size, width, units) = (shape.units * LANES, shape.gates() * LANES, shape.of_units());
        self.carried.copy_from_slice(&delta[count * size..][..size]);
        for step in (0..count).rev() {
            let (of_event, of_units) =
                (&mut self.of_events[step * width..][..width], &mut self.of_units[step * width..][..width]);
            derive(of_event, of_units, &self.held[step * size..][..size], &mut self.carried, |lane| {
                step < steps.lengths[lane]
            });
            (kernels().backward)(&weights[units.all()], shape.units, of_units, 1, &mut self.before);
            let own = &delta[step * size..][..size];
            for ((carried, before), own) in self.carried.iter_mut().zip(&*self.before).zip(own) {
                *carried += before + own;
            }
        }
        let (held, of_units) = (&self.held[..count * size], &self.of_units[..count * width]);
        (kernels().gradient)(shape.units, held, of_units, count, &mut gradient[units.all()]);
        let (events, inputs) = (&mut self.of_events[..count * width], (&steps.computed[..], &steps.looked_up));
        shape.of_events().backward(weights, inputs, &[], events, count, gradient, None);
    }
}

/// Turns the gates of a step into the derivatives by what the units summed up, and what is `carried`, the derivatives by what they
/// held after it, into the part of those by what they held before that does not go through the gates.
fn derive(
    of_event: &mut [f32],
    of_units: &mut [f32],
    held: &[f32],
    carried: &mut [f32],
    goes_on: impl Fn(usize) -> bool,
) {
    let size = held.len();
    let goes_on: [f32; LANES] = std::array::from_fn(|lane| if goes_on(lane) { 1.0 } else { 0.0 });
    let (update, rest) = of_event.split_at_mut(size);
    let (reset, new) = rest.split_at_mut(size);
    let (first, rest) = of_units.split_at_mut(size);
    let (second, third) = rest.split_at_mut(size);
    let lanes = |slice: &mut [f32], at: usize| -> [f32; LANES] {
        *slice[at..].first_chunk().expect("a unit has sixteen lanes")
    };
    for at in (0..size).step_by(LANES) {
        let held: &[f32; LANES] = held[at..].first_chunk().expect("a unit has sixteen lanes");
        let (z, r, n, u) = (lanes(update, at), lanes(reset, at), lanes(new, at), lanes(third, at));
        for lane in 0..LANES {
            let (own, on) = (carried[at + lane], goes_on[lane]);
            let of_update = on * own * (n[lane] - held[lane]) * z[lane] * (1.0 - z[lane]);
            let of_new = on * own * z[lane] * (1.0 - n[lane] * n[lane]);
            let of_reset = of_new * u[lane] * r[lane] * (1.0 - r[lane]);
            carried[at + lane] = own * (1.0 - on * z[lane]);
            (update[at + lane], reset[at + lane], new[at + lane]) = (of_update, of_reset, of_new);
            (first[at + lane], second[at + lane], third[at + lane]) = (of_update, of_reset, of_new * r[lane]);
        }
    }
}
