//! The number that is explained, of the outputs that a network gives before the output function.
//!
//! A softmax leaves open what its units sum up: adding the same to all of them changes no probability, so that a unit alone says
//! little. What is told of a class are its odds against all others together, `ln(p / (1 - p))`, which with two classes is what one
//! unit sums up minus the other. It is computed of these sums: a probability near to 1 is rounded.

use crate::kernels::double::{exp, ln};
use crate::layout::Kind;
use crate::model::Model;
use crate::options::Output;

/// What is told of the outputs of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Told {
    /// One of them as it is: a sigmoid's sum is the logarithm of its odds already.
    Output(usize),
    /// How one of them stands against all others.
    LogOdds(usize),
}

impl Told {
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
    fn odds_are_those_of_the_probabilities_and_do_not_saturate() {
        let sums = [1.5f32, -0.5, 0.25, -3.0];
        let all: f64 = sums.iter().map(|&sum| f64::from(sum).exp()).sum();
        for (class, &sum) in sums.iter().enumerate() {
            let p = f64::from(sum).exp() / all;
            assert!((Told::LogOdds(class).value(&sums) - (p / (1.0 - p)).ln()).abs() < 1e-12);
        }
        assert_eq!(Told::LogOdds(0).value(&[90.0, -110.0]), 200.0);
        assert_eq!(Told::LogOdds(1).value(&[0.1, 0.3]), f64::from(0.3f32) - f64::from(0.1f32));
        assert_eq!(Told::Output(1).value(&[0.1, 0.5]), 0.5);
    }
}
