//! The sign constraint on weights that makes answers monotone in some inputs.
//!
//! Weights of an input with which the answer is to increase are at least 0, and of one with which it is to decrease at
//! most 0. All weights of later layers are at least 0, except that those of a classifier's first output unit have the
//! opposite sign of the second's. Activations are increasing functions, so the answer is monotone in these inputs; the
//! weights of other inputs are free. Rounding keeps this: each operation (among them fused multiply-adds,
//! standardization, the mean of members and the functions of `kernels::functions`) is monotone in single precision,
//! too. With tanh units and at least two hidden layers a network can approximate any monotone function (Mikulincer and
//! Reichman, "Size and depth of monotone neural networks", `NeurIPS` 2022).
//!
//! A weight that a step takes across 0 is reflected there, as if it were the absolute value of an unconstrained
//! parameter (as in Runje and Shankaranarayana, "Constrained monotonic neural networks", ICML 2023). So kernels, files
//! and descriptions do not depend on the constraint. Rejected: clamping such weights to 0, where they fit less well;
//! and a layer with reflected rectified units, which would need kernels of its own and fits steps worse than tanh.

use std::ops::Range;
use std::sync::Arc;

use crate::error::{Error, Result};
use crate::layout::{Kind, Layout};
use crate::options::Options;
use crate::schema::Schema;
use crate::trained::Trained;

/// Bound of a weight's absolute value. With it no sum overflows, even of the largest inputs; the difference of two
/// infinite sums would be NaN.
const MAX_WEIGHT: f32 = (1u64 << 50) as f32;
/// Factor of initial weights with a fixed sign, whose products do not cancel in a sum.
const INITIAL_FACTOR: f32 = 0.5;

/// The weights of a member that have a fixed sign.
#[derive(Debug, Clone)]
pub(crate) struct Constraint {
    layout: Arc<Layout>,
    /// For each computed input 1 (increasing), -1 (decreasing) or 0 (free).
    inputs: Vec<f32>,
    /// Whether there are two output units, of which the first decreases where the second increases.
    has_classes: bool,
}

impl Constraint {
    /// The constraint of a network; none if no input is monotone.
    pub(crate) fn of(kind: Kind, schema: Option<&Schema>, options: &Options, layout: &Arc<Layout>) -> Option<Self> {
        if !options.monotone.is_any() {
            return None;
        }
        let mut inputs = vec![0.0; layout.first_inputs().computed];
        match schema {
            None => inputs.copy_from_slice(options.monotone.signs()),
            Some(schema) => {
                for (field, &sign) in schema.fields().iter().zip(options.monotone.signs()) {
                    inputs[field.dense()..][..field.kind().dense()].fill(sign);
                }
            }
        }
        Some(Self { layout: Arc::clone(layout), inputs, has_classes: kind == Kind::Classifier })
    }

    /// Ranges of a member's weights with a fixed sign, and the sign.
    fn signed(&self) -> impl Iterator<Item = (Range<usize>, f32)> + '_ {
        let last = self.layout.connections().len() - 1;
        self.layout.connections().enumerate().flat_map(move |(index, connection)| {
            let sign =
                move |input: usize| if index == 0 { self.inputs.get(input).copied().unwrap_or(0.0) } else { 1.0 };
            let rows = (0..connection.inputs).map(move |input| (input, sign(input))).filter(|&(_, sign)| sign != 0.0);
            rows.flat_map(move |(input, sign)| {
                let row = connection.offset + (1 + input) * connection.outputs;
                let all = row..row + connection.outputs;
                if index == last && self.has_classes {
                    [(row..row + 1, -sign), (row + 1..all.end, sign)]
                } else {
                    [(all, sign), (row..row, sign)]
                }
            })
        })
    }

    /// Changes random initial weights of a member so that they satisfy the constraint.
    pub(crate) fn apply_to_initial(&self, weights: &mut [f32]) {
        for (range, sign) in self.signed() {
            weights[range].iter_mut().for_each(|weight| *weight = sign * INITIAL_FACTOR * weight.abs());
        }
    }

    /// Reflects the weights of a member that have crossed 0. Calls `reflected` with the index of each.
    pub(crate) fn reflect(&self, weights: &mut [f32], mut reflected: impl FnMut(usize)) {
        for (range, sign) in self.signed() {
            for at in range {
                if weights[at] * sign < 0.0 {
                    weights[at] = -weights[at];
                    reflected(at);
                }
            }
        }
    }

    /// Checks that the weights of all members satisfy the constraint.
    ///
    /// # Errors
    /// [`Error::Constraint`] for the first weight that does not.
    pub(crate) fn check(&self, weights: &[f32]) -> Result<()> {
        let parameters = self.layout.parameters();
        if let Some(at) = weights.iter().position(|weight| weight.abs() > MAX_WEIGHT) {
            let expected = format!("{} to {MAX_WEIGHT}", -MAX_WEIGHT);
            return Err(Error::Constraint { weight: at, value: weights[at], expected });
        }
        for (member, weights) in weights.chunks_exact(parameters).enumerate() {
            for (range, sign) in self.signed() {
                if let Some(at) = range.clone().find(|&at| weights[at] * sign < 0.0) {
                    let expected = format!("{} 0", if sign > 0.0 { "at least" } else { "at most" });
                    return Err(Error::Constraint { weight: member * parameters + at, value: weights[at], expected });
                }
            }
        }
        Ok(())
    }

    /// Checks that a trained network satisfies the constraint.
    ///
    /// # Errors
    /// [`Error::Damaged`] if it does not.
    pub(crate) fn check_trained(&self, trained: &Trained) -> Result<()> {
        if trained.normalization.inputs.is_none() {
            return Err(Error::Damaged("inputs are monotone and not bounded: expected their scaling".into()));
        }
        self.check(&trained.weights).map_err(|error| Error::Damaged(error.to_string()))
    }
}

/// Clamps weights to [`MAX_WEIGHT`].
pub(crate) fn bound(weights: &mut [f32]) {
    weights.iter_mut().for_each(|weight| *weight = weight.clamp(-MAX_WEIGHT, MAX_WEIGHT));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::normalization::Scaling;
    use crate::options::Monotone;

    fn constraint(kind: Kind, units: &[usize], signs: &[f32]) -> Constraint {
        let options = Options { monotone: Monotone::Given(Arc::new(signs.to_vec())), ..Options::new(kind) };
        Constraint::of(kind, None, &options, &Arc::new(Layout::new(units).unwrap())).unwrap()
    }

    /// The sign of each weight, 0 if it is free.
    fn signs(constraint: &Constraint) -> Vec<f32> {
        let mut signs = vec![0.0; constraint.layout.parameters()];
        constraint.signed().for_each(|(range, sign)| signs[range].fill(sign));
        signs
    }

    #[test]
    fn weights_of_monotone_inputs_and_of_later_layers_have_signs() {
        let regressor = constraint(Kind::Regressor, &[3, 2, 1], &[1.0, 0.0, -1.0]);
        // Biases, a row for each input, the bias of the output, its weights.
        assert_eq!(signs(&regressor), [0.0, 0.0, 1.0, 1.0, 0.0, 0.0, -1.0, -1.0, 0.0, 1.0, 1.0]);
        let classifier = constraint(Kind::Classifier, &[2, 2, 2], &[0.0, -1.0]);
        assert_eq!(signs(&classifier), [0.0, 0.0, 0.0, 0.0, -1.0, -1.0, 0.0, 0.0, -1.0, 1.0, -1.0, 1.0]);
        let without_hidden = constraint(Kind::Classifier, &[2, 2], &[1.0, -1.0]);
        assert_eq!(signs(&without_hidden), [0.0, 0.0, -1.0, 1.0, 1.0, -1.0]);
    }

    #[test]
    fn only_networks_with_a_monotone_input_have_a_constraint() {
        let layout = Arc::new(Layout::new(&[2, 1]).unwrap());
        let of = |monotone| {
            let options = Options { monotone, ..Options::new(Kind::Regressor) };
            Constraint::of(Kind::Regressor, None, &options, &layout)
        };
        assert!(of(Monotone::None).is_none() && of(Monotone::Given(Arc::new(vec![0.0, 0.0]))).is_none());
        assert!(of(Monotone::Given(Arc::new(vec![0.0, -1.0]))).is_some());
    }

    #[test]
    fn initial_weights_with_a_fixed_sign_get_it_and_become_smaller() {
        let constraint = constraint(Kind::Regressor, &[2, 2, 1], &[0.0, -1.0]);
        let mut weights = [0.5, -0.5, 1.0, -1.0, 2.0, -2.0, 0.25, -3.0, 4.0];
        constraint.apply_to_initial(&mut weights);
        assert_eq!(weights, [0.5, -0.5, 1.0, -1.0, -1.0, -1.0, 0.25, 1.5, 2.0]);
        constraint.check(&weights).unwrap();
    }

    #[test]
    fn weights_that_have_crossed_0_are_reflected_and_reported() {
        let constraint = constraint(Kind::Regressor, &[2, 1], &[1.0, -1.0]);
        let (mut weights, mut reflected) = ([-7.0, -0.5, 0.25], Vec::new());
        constraint.reflect(&mut weights, |at| reflected.push(at));
        assert_eq!((weights, reflected), ([-7.0, 0.5, -0.25], vec![1, 2]));
        constraint.reflect(&mut weights, |at| panic!("{at} has its sign"));
        let mut weights = [f32::MAX, -1e30, 3.0];
        bound(&mut weights);
        assert_eq!(weights, [MAX_WEIGHT, -MAX_WEIGHT, 3.0]);
    }

    #[test]
    fn weights_that_violate_the_constraint_are_named() {
        let constraint = constraint(Kind::Regressor, &[2, 1], &[1.0, -1.0]);
        let of_two = |second: [f32; 3]| [[-1.0, 0.0, -0.0], second].concat();
        constraint.check(&of_two([1.0, 2.0, -2.0])).unwrap();
        let rejection = |second| constraint.check(&of_two(second)).unwrap_err().to_string();
        let because = "since the answer is monotone in inputs";
        assert_eq!(rejection([1.0, -2.0, -2.0]), format!("weight 4 is -2: expected at least 0, {because}"));
        assert_eq!(rejection([1.0, 2.0, 2.0]), format!("weight 5 is 2: expected at most 0, {because}"));
        assert!(rejection([1e30, 2.0, -2.0]).starts_with("weight 3 is 1"));
        let mut trained = Trained::nothing(Arc::clone(&constraint.layout));
        trained.weights = of_two([1.0, 2.0, -2.0]);
        assert!(constraint.check_trained(&trained).is_err(), "inputs are not bounded");
        trained.normalization.inputs = Some(Scaling::identity(2));
        constraint.check_trained(&trained).unwrap();
        trained.weights[1] = -1e-30;
        assert!(matches!(constraint.check_trained(&trained), Err(Error::Damaged(_))));
    }
}
