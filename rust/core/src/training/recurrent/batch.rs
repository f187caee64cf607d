//! The forward and backward pass of sixteen sequences through a member: their losses, and the gradient of its
//! parameters.

use super::plan::Plan;
use crate::forward::{Grouped, largest};
use crate::kernels::{Buffer, LANES, kernels, sum_of_lanes};
use crate::layers::LookedUp;
use crate::objective::Sums;
use crate::options::Loss;
use crate::sequence::gru::{Segment, Segments, Steps, ThroughTime};

/// Working memory of a member.
pub(super) struct Scratch {
    steps: Steps,
    time: ThroughTime,
    /// Inputs of the layers if each sequence has one outcome: the last hidden state, and the mean of all. If each event
    /// is an outcome, the inputs are the hidden states before each event.
    features: Buffer,
    /// Outputs of each layer.
    values: Vec<Buffer>,
    target: Buffer,
    /// Derivatives of the loss with respect to a layer's outputs, and to its inputs.
    delta: Buffer,
    before: Buffer,
    /// Derivatives of the loss with respect to the hidden states, before each event and after the last.
    of_hidden: Buffer,
}

impl Scratch {
    pub(super) fn new(plan: &Plan<'_>) -> Self {
        let steps = plan.train.longest().max(plan.test.longest());
        let groups = if plan.train.is_next { steps } else { 1 };
        let units = plan.head.units();
        let widest = units.iter().max().copied().unwrap_or(0) * groups * LANES;
        Self {
            steps: Steps::default(),
            time: ThroughTime::new(plan.shape, steps),
            features: Buffer::new(units[0] * LANES),
            values: units[1..].iter().map(|units| Buffer::new(units * groups * LANES)).collect(),
            target: Buffer::new(plan.head.outputs() * LANES),
            delta: Buffer::new(widest),
            before: Buffer::new(widest),
            of_hidden: Buffer::new((steps + 1) * plan.shape.units * LANES),
        }
    }

    /// Adds the losses of up to sixteen sequences to `sums`, and their gradient to `gradient`, if it is given. Without
    /// a gradient also adds the squared errors and the wrong answers, as validation needs them.
    pub(super) fn pass(
        &mut self,
        plan: &Plan<'_>,
        (segments, chosen): (&Segments, &[u32]),
        weights: &[f32],
        gradient: Option<&mut [f32]>,
        sums: &mut Sums,
    ) {
        let (of_cell, of_head) = weights.split_at(plan.shape.parameters());
        segments.fill_steps(chosen, &mut self.steps);
        let steps = self.steps.count();
        let (size, is_next) = (plan.shape.units * LANES, segments.is_next);
        let groups = if is_next { steps } else { 1 };
        self.time.forward(of_cell, &self.steps);
        if !is_next {
            self.fill_features(size, steps);
        }
        let Self { steps: side_by_side, time, features, values, target, delta, before, of_hidden } = self;
        let x = if is_next { &time.hidden(steps)[..steps * size] } else { &features[..] };
        let layers: Vec<_> = plan.head.layers(plan.task.options.activation).collect();
        for (at, layer) in layers.iter().enumerate() {
            let (known, next) = values.split_at_mut(at);
            let x = known.last().map_or(x, |values| &values[..]);
            layer.forward::<Grouped>(of_head, x, LookedUp::NONE, groups, &mut next[0]);
        }
        let own: Vec<&Segment> = chosen.iter().map(|&at| &segments.all[at as usize]).collect();
        let (last, width) = (values.last_mut().expect("a layout has a layer"), plan.head.outputs() * LANES);
        for group in 0..groups {
            let (z, delta) = (&mut last[group * width..][..width], &mut delta[group * width..][..width]);
            loss(plan, &own, group, z, target, delta, gradient.is_none(), sums);
        }
        let Some(gradient) = gradient else { return };
        let (to_cell, to_head) = gradient.split_at_mut(plan.shape.parameters());
        let (mut delta, mut before) = (&mut delta[..], &mut before[..]);
        for (at, layer) in layers.iter().enumerate().rev() {
            let x = if at == 0 { x } else { &values[at - 1][..layer.inputs() * groups * LANES] };
            let (inputs, outputs) = (layer.inputs() * groups * LANES, layer.outputs() * groups * LANES);
            let (of_layer, y) = (&mut delta[..outputs], &values[at][..outputs]);
            let of_inputs = Some(&mut before[..inputs]);
            layer.backward(of_head, (x, LookedUp::NONE), y, of_layer, groups, to_head, of_inputs);
            std::mem::swap(&mut delta, &mut before);
        }
        let of_hidden = &mut of_hidden[..(steps + 1) * size];
        if is_next {
            of_hidden[..steps * size].copy_from_slice(&delta[..steps * size]);
            of_hidden[steps * size..].fill(0.0);
        } else {
            spread(&delta[..2 * size], &side_by_side.lengths, of_hidden);
        }
        time.backward(of_cell, side_by_side, of_hidden, to_cell);
    }

    /// Computes the last hidden state, and the mean over all events.
    fn fill_features(&mut self, size: usize, steps: usize) {
        let hidden = self.time.hidden(steps);
        let (last, mean) = self.features.split_at_mut(size);
        last.copy_from_slice(&hidden[steps * size..]);
        mean.fill(0.0);
        for (step, hidden) in hidden[size..].chunks_exact(size).enumerate() {
            for (mean, hidden) in mean.as_chunks_mut::<LANES>().0.iter_mut().zip(hidden.as_chunks::<LANES>().0) {
                for lane in (0..LANES).filter(|&lane| step < self.steps.lengths[lane]) {
                    mean[lane] += hidden[lane];
                }
            }
        }
        for mean in mean.as_chunks_mut::<LANES>().0 {
            for (mean, length) in mean.iter_mut().zip(self.steps.lengths) {
                *mean /= length.max(1) as f32;
            }
        }
    }
}

/// The derivatives with respect to the hidden states before each event and after the last, from those with respect to
/// the last and to the mean.
fn spread(delta: &[f32], lengths: &[usize; LANES], of_hidden: &mut [f32]) {
    let size = delta.len() / 2;
    let (last, mean) = delta.split_at(size);
    of_hidden.fill(0.0);
    let steps = of_hidden.len() / size - 1;
    of_hidden[steps * size..].copy_from_slice(last);
    for (step, of_hidden) in of_hidden[size..].chunks_exact_mut(size).enumerate() {
        for (to, mean) in of_hidden.as_chunks_mut::<LANES>().0.iter_mut().zip(mean.as_chunks::<LANES>().0) {
            for lane in (0..LANES).filter(|&lane| step < lengths[lane]) {
                to[lane] += mean[lane] / lengths[lane] as f32;
            }
        }
    }
}

/// Adds the losses of a group of outcomes, one in each lane, and computes their derivatives. `z`, the pre-activations
/// of the output units, becomes their outputs.
#[expect(clippy::too_many_arguments, reason = "inputs and outputs of one step of the pass")]
fn loss(
    plan: &Plan<'_>,
    own: &[&Segment],
    group: usize,
    z: &mut [f32],
    target: &mut [f32],
    delta: &mut [f32],
    is_validation: bool,
    sums: &mut Sums,
) {
    let options = &plan.task.options;
    let weights: [f32; LANES] =
        std::array::from_fn(|lane| own.get(lane).map_or(0.0, |segment| plan.weight_at(segment, group)));
    if weights == [0.0; LANES] {
        return delta.fill(0.0);
    }
    target.fill(0.0);
    for (lane, segment) in own.iter().enumerate().filter(|&(lane, _)| weights[lane] > 0.0) {
        if plan.is_classifier() {
            target[segment.outcome[group] as usize * LANES + lane] = 1.0;
            continue;
        }
        for (at, to) in target[lane..].iter_mut().step_by(LANES).enumerate() {
            let value = segment.outcome[group + at];
            *to = plan.normalization.outputs.as_ref().map_or(value, |scaling| scaling.target(at, value));
        }
    }
    let mut losses = [0.0; LANES];
    (kernels().loss)(options.output, options.loss, z, target, delta, &mut losses);
    for delta in delta.as_chunks_mut::<LANES>().0 {
        delta.iter_mut().zip(weights).for_each(|(delta, weight)| *delta *= weight);
    }
    if let Some(scaling) = &plan.normalization.outputs {
        // Constant outputs are answered by their constant, so their weights have no gradient.
        scaling.constant().for_each(|unit| delta[unit * LANES..][..LANES].fill(0.0));
    }
    let weighted = |of: &[f32; LANES]| sum_of_lanes(|lane| f64::from(of[lane] * weights[lane]));
    sums.loss += weighted(&losses);
    sums.weight += sum_of_lanes(|lane| f64::from(weights[lane]));
    sums.rows += weights.iter().filter(|&&weight| weight > 0.0).count() as u64;
    if !is_validation {
        return;
    }
    if options.loss == Loss::Mse {
        sums.squares += weighted(&losses);
    } else {
        let mut squares = [0.0; LANES];
        for (outputs, target) in z.as_chunks::<LANES>().0.iter().zip(target.as_chunks::<LANES>().0) {
            for ((square, output), target) in squares.iter_mut().zip(outputs).zip(target) {
                *square += (output - target) * (output - target);
            }
        }
        sums.squares += weighted(&squares);
    }
    if plan.is_classifier() {
        let answer = |values: &[f32], lane: usize| largest(values[lane..].iter().step_by(LANES).copied());
        let is_wrong = |&lane: &usize| weights[lane] > 0.0 && answer(z, lane) != answer(target, lane);
        sums.wrong += (0..LANES).filter(is_wrong).count() as u64;
    }
}
