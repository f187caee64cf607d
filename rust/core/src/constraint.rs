//! What keeps an answer monotone in some inputs.
//!
//! Weights of an input with which the answer is to rise are at least 0, of one with which it is to fall at most 0, and those of
//! all later layers at least 0; of a classifier's two output units the first has them the other way. The activations rise, so
//! all that follows does; what enters beside these inputs is as free as ever. Rounding keeps it so: each operation, among them
//! fused multiplication and addition, standardization, the mean of members and the functions of `kernels::functions`, is
//! monotone in single precision, too. With tanh units and two hidden layers or more a network comes as close as is wanted to
//! any monotone function (Mikulincer and Reichman, "Size and depth of monotone neural networks", `NeurIPS` 2022).
//!
//! A step that would take a weight across 0 is reflected there, as if the weight were the size of a parameter that may cross 0
//! (Runje and Shankaranarayana, "Constrained monotonic neural networks", ICML 2023), so that kernels, files and descriptions
//! know nothing of it. Rejected: weights that stay at 0 where a step leads below, which learn less; and halves of rectified units
//! turned around, for the sake of which every kernel would have to know of them, and which fit steps worse than tanh.

use std::ops::Range;
use std::sync::Arc;

use crate::error::{Error, Result};
use crate::layout::{Kind, Layout};
use crate::options::Options;
use crate::schema::Schema;
use crate::trained::Trained;

/// Bound of a weight's size. With inputs as large as they may be, no sum overflows, as which it would not be a number any more.
const MAX_WEIGHT: f32 = (1u64 << 50) as f32;
/// How much smaller the first weights are that all have one sign: what they sum up does not cancel.
const FIRST_SHARE: f32 = 0.5;

/// Which weights of a member have a sign that they keep.
#[derive(Debug, Clone)]
pub(crate) struct Constraint {
    layout: Arc<Layout>,
    /// 1, -1 or 0 of each input that is computed.
    inputs: Vec<f32>,
    /// Whether the first output unit is to fall where the second rises.
    has_classes: bool,
}

impl Constraint {
    /// That of a network; none where it is free.
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

    /// Weights of a member side by side that have the same sign, and the sign.
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

    /// Makes random first weights of a member those of one that obeys.
    pub(crate) fn begin(&self, weights: &mut [f32]) {
        for (range, sign) in self.signed() {
            weights[range].iter_mut().for_each(|weight| *weight = sign * FIRST_SHARE * weight.abs());
        }
    }

    /// Turns the weights of a member that have crossed 0 back; `turned` hears where.
    pub(crate) fn reflect(&self, weights: &mut [f32], mut turned: impl FnMut(usize)) {
        for (range, sign) in self.signed() {
            for at in range {
                if weights[at] * sign < 0.0 {
                    weights[at] = -weights[at];
                    turned(at);
                }
            }
        }
    }

    /// Whether weights of members obey.
    ///
    /// # Errors
    /// [`Error::Constraint`] for the first that does not.
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

    /// Whether what trainings have made of a network obeys.
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

/// Keeps weights within bounds.
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

    /// The sign of each weight, 0 of those that are free.
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
    fn first_weights_get_their_signs_and_are_smaller_where_they_have_one() {
        let constraint = constraint(Kind::Regressor, &[2, 2, 1], &[0.0, -1.0]);
        let mut weights = [0.5, -0.5, 1.0, -1.0, 2.0, -2.0, 0.25, -3.0, 4.0];
        constraint.begin(&mut weights);
        assert_eq!(weights, [0.5, -0.5, 1.0, -1.0, -1.0, -1.0, 0.25, 1.5, 2.0]);
        constraint.check(&weights).unwrap();
    }

    #[test]
    fn what_has_crossed_0_is_turned_back_and_told() {
        let constraint = constraint(Kind::Regressor, &[2, 1], &[1.0, -1.0]);
        let (mut weights, mut turned) = ([-7.0, -0.5, 0.25], Vec::new());
        constraint.reflect(&mut weights, |at| turned.push(at));
        assert_eq!((weights, turned), ([-7.0, 0.5, -0.25], vec![1, 2]));
        constraint.reflect(&mut weights, |at| panic!("{at} has its sign"));
        let mut weights = [f32::MAX, -1e30, 3.0];
        bound(&mut weights);
        assert_eq!(weights, [MAX_WEIGHT, -MAX_WEIGHT, 3.0]);
    }

    #[test]
    fn weights_that_do_not_obey_are_named() {
        let constraint = constraint(Kind::Regressor, &[2, 1], &[1.0, -1.0]);
        let of_two = |second: [f32; 3]| [[-1.0, 0.0, -0.0], second].concat();
        constraint.check(&of_two([1.0, 2.0, -2.0])).unwrap();
        let refused = |second| constraint.check(&of_two(second)).unwrap_err().to_string();
        let because = "since the answer is monotone in inputs";
        assert_eq!(refused([1.0, -2.0, -2.0]), format!("weight 4 is -2: expected at least 0, {because}"));
        assert_eq!(refused([1.0, 2.0, 2.0]), format!("weight 5 is 2: expected at most 0, {because}"));
        assert!(refused([1e30, 2.0, -2.0]).starts_with("weight 3 is 1"));
        let mut trained = Trained::nothing(Arc::clone(&constraint.layout));
        trained.weights = of_two([1.0, 2.0, -2.0]);
        assert!(constraint.check_trained(&trained).is_err(), "inputs are not bounded");
        trained.normalization.inputs = Some(Scaling::identity(2));
        constraint.check_trained(&trained).unwrap();
        trained.weights[1] = -1e-30;
        assert!(matches!(constraint.check_trained(&trained), Err(Error::Damaged(_))));
    }
}
