//! Weight decay: what it adds to the loss of a member, and to its gradient.

use std::ops::Range;

use crate::kernels::kernels;
use crate::layers::Decaying;
use crate::layout::Layout;
use crate::options::{Decay, Loss, Options};

/// The weight decay of a training's members.
pub(crate) struct WeightDecay {
    l2: Decay,
    loss: Loss,
    /// Multiplier of the automatic decay, for each member.
    shares: Vec<f32>,
    /// Ranges of a member's parameters with the factor of the decay there.
    factors: Vec<(Range<usize>, f32)>,
}

impl WeightDecay {
    pub(crate) fn new(layout: &Layout, options: &Options, shares: &[f32]) -> Self {
        let l2 = options.l2;
        let factor = |Decaying { range, inputs }| (range, inputs.map_or(0.0, |inputs| l2.of_unit(inputs)));
        let factors = layout.layers(options.activation).flat_map(|layer| layer.decaying()).map(factor).collect();
        Self { l2, loss: options.loss, shares: shares.to_vec(), factors }
    }

    /// The decay of a member with this mean loss on the training rows, whose weights add up to `rows`.
    pub(crate) fn at(&self, member: usize, rows: f64, loss: f64) -> f32 {
        self.l2.at(self.loss, rows, loss, self.shares[member])
    }

    /// Ranges that cover a member's parameters, each with the factor of the decay there, which is 0 for biases.
    pub(crate) fn factors(&self) -> &[(Range<usize>, f32)] {
        &self.factors
    }

    fn decaying(&self) -> impl Iterator<Item = (Range<usize>, f32)> {
        self.factors.iter().filter(|(_, factor)| *factor != 0.0).cloned()
    }

    /// The penalty that a decay adds to the loss: half of it times the weighted sum of squared weights.
    pub(crate) fn penalty(&self, decay: f32, weights: &[f32]) -> f64 {
        if decay == 0.0 {
            return 0.0;
        }
        let squares = |weights: &[f32]| weights.iter().map(|&w| f64::from(w).powi(2)).sum::<f64>();
        let sum: f64 = self.decaying().map(|(range, factor)| f64::from(factor) * squares(&weights[range])).sum();
        f64::from(decay) / 2.0 * sum
    }

    /// Adds the gradient of the penalty to a gradient.
    pub(crate) fn add_gradient(&self, decay: f32, weights: &[f32], gradient: &mut [f32]) {
        if decay == 0.0 {
            return;
        }
        for (range, factor) in self.decaying() {
            (kernels().add_scaled)(decay * factor, &weights[range.clone()], &mut gradient[range]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layout::Kind;

    #[test]
    fn biases_do_not_decay_and_units_with_many_inputs_have_more_automatic_decay() {
        let layout = Layout::new(&[200, 2, 1]).unwrap();
        // 2 biases, 400 weights; 1 bias, 2 weights.
        let places = [0..2, 2..402, 402..403, 403..405];
        for (l2, wide) in [(Decay::Auto, 4.0), (Decay::Fixed(0.5), 1.0)] {
            let options = Options { l2, ..Options::new(Kind::Regressor) };
            let decay = WeightDecay::new(&layout, &options, &[1.0]);
            let expected: Vec<_> = places.clone().into_iter().zip([0.0, wide, 0.0, 1.0]).collect();
            assert_eq!(decay.factors(), expected);

            let weights: Vec<f32> = (0..405).map(|at| (at as f32 - 200.0) / 100.0).collect();
            let mut gradient = vec![0.0; 405];
            decay.add_gradient(0.25, &weights, &mut gradient);
            let penalty = |weights: &[f32]| decay.penalty(0.25, weights);
            for at in 0..405 {
                let moved = |by: f32| {
                    let mut weights = weights.clone();
                    weights[at] += by;
                    penalty(&weights)
                };
                let slope = (moved(1e-2) - moved(-1e-2)) / 2e-2;
                assert!((slope - f64::from(gradient[at])).abs() < 1e-3, "{at}: {slope} {}", gradient[at]);
            }
            assert!(gradient[403] != 0.0 && gradient[402] == 0.0);
            assert_eq!(decay.penalty(0.0, &weights), 0.0);
        }
    }

    #[test]
    fn each_member_has_its_share_of_the_automatic_decay() {
        let layout = Layout::new(&[2, 1]).unwrap();
        let options = Options::new(Kind::Regressor);
        let decay = WeightDecay::new(&layout, &options, &[1.0, 0.25]);
        assert!(decay.at(0, 1000.0, 0.5) > 0.0);
        assert_eq!(decay.at(1, 1000.0, 0.5), decay.at(0, 1000.0, 0.5) / 4.0);
    }
}
