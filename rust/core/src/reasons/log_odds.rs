//! The number to explain, as a function of the outputs before the output function (logits).
//!
//! A single logit of a softmax has no meaning, since a constant added to all changes no probability. So a class is
//! explained by its log-odds against all others, `ln(p / (1 - p))`. With two classes, this is the difference of the two
//! logits. It is computed from the logits, because a probability near 1 has lost precision.

use crate::kernels::double::{exp, ln};
use crate::layout::Kind;
use crate::model::Model;
use crate::options::Output;

/// Which number to explain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Readout {
    /// An output as it is. The logit of a sigmoid is already its log-odds.
    Output(usize),
    /// The log-odds of a softmax output against all others.
    LogOdds(usize),
}

impl Readout {
    pub(super) fn of(model: &Model, output: usize) -> Self {
        match (model.kind, model.options.output) {
            (Kind::Classifier, Output::Softmax) => Self::LogOdds(output),
            _ => Self::Output(output),
        }
    }

    pub(super) fn value(self, outputs: &[f32]) -> f64 {
        match self {
            Self::Output(output) => f64::from(outputs[output]),
            Self::LogOdds(class) => {
                let others = || outputs.iter().enumerate().filter(|&(unit, _)| unit != class).map(|(_, &sum)| sum);
                let most = f64::from(others().fold(f32::MIN, f32::max));
                let sum: f64 = others().map(|other| exp(f64::from(other) - most)).sum();
                f64::from(outputs[class]) - most - ln(sum)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn log_odds_match_the_probabilities_and_do_not_saturate() {
        let sums = [1.5f32, -0.5, 0.25, -3.0];
        let all: f64 = sums.iter().map(|&sum| f64::from(sum).exp()).sum();
        for (class, &sum) in sums.iter().enumerate() {
            let p = f64::from(sum).exp() / all;
            assert!((Readout::LogOdds(class).value(&sums) - (p / (1.0 - p)).ln()).abs() < 1e-12);
        }
        assert_eq!(Readout::LogOdds(0).value(&[90.0, -110.0]), 200.0);
        assert_eq!(Readout::LogOdds(1).value(&[0.1, 0.3]), f64::from(0.3f32) - f64::from(0.1f32));
        assert_eq!(Readout::Output(1).value(&[0.1, 0.5]), 0.5);
    }
}
