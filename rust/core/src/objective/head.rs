//! Losses, deltas, squared errors and wrong answers, from the pre-activations of a block's output units.

use super::{Objective, Scratch, Sums, Tally};
use crate::dataset::Rows;
use crate::kernels::{LANES, kernels, sum_of_lanes};
use crate::layout::Kind;
use crate::options::{Loss, Output};

/// The pre-activation of a constant sigmoid output, which gives an output of 0.
const SIGMOID_ZERO: f32 = -100.0;

impl Objective {
    /// Adds the losses of some groups to `sums`, and replaces the pre-activations in `scratch` by outputs and deltas.
    /// With `judge` also adds squared errors and wrong answers.
    pub(super) fn losses(
        &self,
        rows: &Rows,
        groups: impl Iterator<Item = usize>,
        scratch: &mut Scratch,
        sums: &mut Sums,
        judge: bool,
        mut tally: Option<&mut Tally<'_>>,
    ) {
        let width = self.shape.outputs * LANES;
        let last = scratch.values.len() - 1;
        for (slot, group) in groups.enumerate() {
            let stored = rows.table.group(group, &mut scratch.gather);
            let stored_targets = &stored[self.shape.inputs * LANES..];
            self.targets(stored_targets, &mut scratch.target);
            let z = &mut scratch.values[last][slot * width..][..width];
            let delta = &mut scratch.delta[slot * width..][..width];
            let mut losses = [0.0; LANES];
            // Constant outputs are answered by their constant, whatever the weights, so they have neither loss nor
            // gradient here.
            let constant = if self.options.output == Output::Sigmoid { SIGMOID_ZERO } else { 0.0 };
            self.constant.iter().for_each(|unit| z[unit * LANES..][..LANES].fill(constant));
            (kernels().loss)(self.options.output, self.options.loss, z, &scratch.target, delta, &mut losses);
            self.constant.iter().for_each(|unit| delta[unit * LANES..][..LANES].fill(0.0));
            let mut squares = if judge { self.squares(z, &scratch.target, &losses) } else { [0.0; LANES] };
            let first = group * LANES;
            let there = (rows.len() - first).min(LANES);
            if there < LANES || rows.weights.is_some() || self.class_weights.is_some() {
                let weight = |lane| {
                    let own = rows.weight(first + lane);
                    self.class_weights.as_ref().map_or(own, |of_class| {
                        let class = stored_targets[lane] as usize;
                        // The product may underflow or overflow; a row must have a positive and finite weight.
                        (own * of_class[class]).clamp(f32::MIN_POSITIVE, f32::MAX)
                    })
                };
                // Lanes beyond the last row have weight 0.
                let weights: [f32; LANES] = std::array::from_fn(|lane| if lane < there { weight(lane) } else { 0.0 });
                for delta in delta.as_chunks_mut::<LANES>().0 {
                    delta.iter_mut().zip(weights).for_each(|(delta, weight)| *delta *= weight);
                }
                losses.iter_mut().zip(weights).for_each(|(loss, weight)| *loss *= weight);
                squares.iter_mut().zip(weights).for_each(|(square, weight)| *square *= weight);
                sums.weight += sum_of_lanes(|lane| f64::from(weights[lane]));
            } else {
                sums.weight += LANES as f64;
            }
            sums.rows += there as u64;
            sums.loss += sum_of_lanes(|lane| f64::from(losses[lane]));
            if judge {
                sums.squares += sum_of_lanes(|lane| f64::from(squares[lane]));
            }
            if judge && self.shape.kind == Kind::Classifier {
                let answers = self.options.threshold.class_of_each(z);
                let is_wrong = |&lane: &usize| answers[lane] as f32 != stored_targets[lane];
                sums.wrong += (0..there).filter(is_wrong).count() as u64;
            }
            if let Some(tally) = &mut tally {
                tally(z, stored_targets, there);
            }
        }
    }

    /// The squared error of each row's outputs, which for probabilities is the Brier score. Early stopping uses it
    /// rather than cross-entropy, which grows without bounds with the confidence of wrong answers, even while the
    /// accuracy still rises.
    fn squares(&self, outputs: &[f32], target: &[f32], losses: &[f32; LANES]) -> [f32; LANES] {
        if self.options.loss == Loss::Mse {
            return *losses;
        }
        let mut squares = [0.0; LANES];
        for (outputs, target) in outputs.as_chunks::<LANES>().0.iter().zip(target.as_chunks::<LANES>().0) {
            for ((square, output), target) in squares.iter_mut().zip(outputs).zip(target) {
                *square += (output - target) * (output - target);
            }
        }
        squares
    }

    /// The targets of a group: one-hot classes for a classifier, scaled targets for a regressor.
    fn targets(&self, stored: &[f32], target: &mut [f32]) {
        match self.shape.kind {
            Kind::Classifier => {
                // Comparing sixteen lanes with each class vectorizes; writing a 1 at sixteen scattered places does not.
                let classes = stored.first_chunk::<LANES>().expect("a row ends with its class");
                for (unit, target) in target.as_chunks_mut::<LANES>().0.iter_mut().enumerate() {
                    for (target, &class) in target.iter_mut().zip(classes) {
                        *target = if class == unit as f32 { 1.0 } else { 0.0 };
                    }
                }
            }
            Kind::Regressor => match &self.normalization.outputs {
                None => target.copy_from_slice(&stored[..target.len()]),
                Some(scaling) => {
                    for (at, (target, &stored)) in target.iter_mut().zip(stored).enumerate() {
                        *target = scaling.target(at / LANES, stored);
                    }
                }
            },
        }
    }
}
