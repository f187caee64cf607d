//! The step of RPROP that a cycle ends with.

use crate::kernels::{StepRule, kernels};
use crate::layout::{Connection, Layout};
use crate::options::{Algorithm, Decay, Options};

/// How a member steps whose training rows, which weigh `rows` together, have a mean loss of `error`; `decay` is how
/// much it has of the decay that the engine chooses, and `before` what it minimized at its previous step, and afterwards
/// at this one. Not at all where nothing is left to minimize: what rounding leaves of a gradient has signs, and steps
/// in their directions would grow until all is lost.
pub(super) fn rule(
    options: &Options,
    layout: &Layout,
    weights: &[f32],
    rows: f64,
    error: f64,
    decay: f32,
    before: &mut f64,
) -> Option<StepRule> {
    let decay = options.l2.at(options.loss, rows, error, decay);
    let objective = error + penalty(layout, weights, options.l2, decay);
    let undo = match options.algorithm {
        Algorithm::RpropPlus => true,
        Algorithm::IrpropMinus => false,
        Algorithm::Auto | Algorithm::IrpropPlus | Algorithm::Lbfgs => objective > *before,
    };
    *before = objective;
    (objective != 0.0).then_some(StepRule { scale: (1.0 / rows) as f32, decay, undo })
}

/// What weight decay adds to the loss.
pub(super) fn penalty(layout: &Layout, weights: &[f32], l2: Decay, decay: f32) -> f64 {
    if decay == 0.0 {
        return 0.0;
    }
    let squares = |weights: &[f32]| weights.iter().map(|&w| f64::from(w).powi(2)).sum::<f64>();
    let of_connection =
        |c: Connection| f64::from(l2.of_unit(c.inputs)) * squares(&weights[c.biases().end..c.all().end]);
    f64::from(decay) / 2.0 * layout.connections().map(of_connection).sum::<f64>()
}

/// Some of the parameters, with all that a step of theirs takes.
pub(super) struct Part<'a> {
    pub(super) rule: StepRule,
    /// Where they begin in their member.
    pub(super) from: usize,
    pub(super) weights: &'a mut [f32],
    pub(super) sizes: &'a mut [f32],
    pub(super) signs: &'a mut [i8],
    pub(super) gradients: Vec<&'a mut [f32]>,
}

impl Part<'_> {
    pub(super) fn step(&mut self, layout: &Layout, l2: Decay) {
        let rule = self.rule;
        let sum = add_up(&mut self.gradients);
        // Biases do not decay, so they step apart.
        let end = self.from + self.weights.len();
        for connection in layout.connections() {
            let (biases, all) = (connection.biases(), connection.all());
            let decay = rule.decay * l2.of_unit(connection.inputs);
            for (range, decay) in [(biases.clone(), 0.0), (biases.end..all.end, decay)] {
                let (from, to) = (range.start.max(self.from), range.end.min(end));
                if from < to {
                    let range = from - self.from..to - self.from;
                    (kernels().step)(
                        StepRule { decay, ..rule },
                        &sum[range.clone()],
                        &mut self.weights[range.clone()],
                        &mut self.sizes[range.clone()],
                        &mut self.signs[range],
                    );
                }
            }
        }
    }
}

/// The sum of the shares' gradients, in the order of the shares; it takes the place of the first.
pub(super) fn add_up<'a>(gradients: &'a mut [&mut [f32]]) -> &'a mut [f32] {
    let (sum, others) = gradients.split_first_mut().expect("there is a share");
    for other in others {
        sum.iter_mut().zip(other.iter()).for_each(|(sum, other)| *sum += other);
    }
    sum
}
