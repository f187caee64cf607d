//! Temperature scaling of a classifier at the end of a training with AUTOSTOP.
//!
//! A network that fits its training rows is overconfident about other rows. Its logits are therefore divided by a
//! temperature of at least 1, the one that minimizes the loss of the validation rows (Guo, Pleiss, Sun, Weinberger, "On
//! calibration of modern neural networks", ICML 2017). The most probable class does not change. The ensemble's logits
//! are the mean of its members' logits, so the temperature is folded into each member's last layer, and answers are
//! computed as without it.
//!
//! Temperatures below 1, which would raise the confidence, are not tried: if few validation rows are misclassified,
//! they overfit these rows. On eleven data sets the log loss of fresh rows fell to 0.98 of its value with any
//! temperature, and to 0.93 with one of at least 1 (`benchmarks/quality/softening.txt`).

use super::statistics::Class;
use super::task::Task;
use crate::kernels::{MAX_SIZE, MIN_SIZE};
use crate::layout::{Connection, Kind, Layout};
use crate::options::Loss;
use crate::trainer_state::{AdamState, TrainerState};

/// The least validation rows from which a temperature is estimated.
const MIN_ROWS: u64 = 5;
/// The least factor of the logits: the reciprocal of the highest temperature.
const MIN_FACTOR: f64 = 0.1;
/// The search takes place only if this factor has a lower loss than 1: a factor closer to 1 is not worth a change.
const FIRST_FACTOR: f64 = 0.98;
/// Evaluations of the loss between the least factor and 1. They find the factor to within 0.005.
const SEARCH_EVALUATIONS: u32 = 11;

/// Whether softening applies to a training, if it takes a step. It does not to a trial, whose members are trained
/// further.
pub(super) fn applies(task: &Task) -> bool {
    let is_watched = task.training.auto_stop && !task.is_trial();
    task.kind() == Kind::Classifier && task.options.loss == Loss::CrossEntropy && is_watched
}

/// The class weights with which the validation rows are evaluated here; none if there are too few rows. Classes without
/// training rows get weight 0: the network rightly predicts them with low probabilities, and their rows would lead to a
/// temperature that spoils all other predictions.
pub(super) fn class_weights(classes: &[Class], weights: Option<&Vec<f32>>) -> Option<Vec<f32>> {
    let has_training_rows = |class: &&Class| class.train_rows > 0;
    let rows: u64 = classes.iter().filter(has_training_rows).map(|class| class.test_rows).sum();
    let weight = |(at, class)| if has_training_rows(&class) { weights.map_or(1.0, |weights| weights[at]) } else { 0.0 };
    (rows >= MIN_ROWS).then(|| classes.iter().enumerate().map(weight).collect())
}

/// The factor with the least loss, where the loss is convex in the factor; 1 if [`FIRST_FACTOR`] is no better. None if
/// `loss_at` returns none, as when the training is cancelled.
///
/// Golden-section search, in arithmetic that gives the same bits on every machine.
pub(super) fn best_factor(mut loss_at: impl FnMut(f64) -> Option<f64>) -> Option<f64> {
    let (loss, first) = (loss_at(1.0)?, loss_at(FIRST_FACTOR)?);
    if first >= loss {
        return Some(1.0);
    }
    let golden = (5f64.sqrt() - 1.0) / 2.0;
    let mut best = (first, FIRST_FACTOR);
    let mut evaluate = |factor: f64| {
        let loss = loss_at(factor)?;
        if loss < best.0 {
            best = (loss, factor);
        }
        Some((loss, factor))
    };
    let (mut from, mut to) = (MIN_FACTOR, 1.0);
    let mut low = evaluate(to - golden * (to - from))?;
    let mut high = evaluate(from + golden * (to - from))?;
    for _ in 2..SEARCH_EVALUATIONS {
        if low.0 < high.0 {
            (to, high) = (high.1, low);
            low = evaluate(to - golden * (to - from))?;
        } else {
            (from, low) = (low.1, high);
            high = evaluate(from + golden * (to - from))?;
        }
    }
    Some(best.1)
}

/// The last layers of all members, before they are multiplied.
pub(super) struct LastLayers<'a> {
    layout: &'a Layout,
    parameters: Vec<f32>,
}

impl<'a> LastLayers<'a> {
    pub(super) fn of(layout: &'a Layout, weights: &[f32]) -> Self {
        let parameters = members(layout, weights).flatten().copied().collect();
        Self { layout, parameters }
    }

    /// Bytes of the last layers of all members.
    pub(super) fn bytes(layout: &Layout, members: usize) -> usize {
        last(layout).parameters() * members * size_of::<f32>()
    }

    /// Writes the last layers, multiplied by `factor`, to `weights`, which multiplies the logits by the same factor.
    pub(super) fn multiply(&self, factor: f64, weights: &mut [f32]) {
        let to = members_mut(self.layout, weights).flatten();
        to.zip(&self.parameters).for_each(|(to, &value)| *to = (f64::from(value) * factor) as f32);
    }
}

/// The trainer's state after the last layers were multiplied by `factor`. RPROP's step sizes of these layers are
/// multiplied, too. Signs, objectives and the moves of L-BFGS belong to the old weights and are dropped.
pub(super) fn scaled(state: TrainerState, layout: &Layout, factor: f64) -> TrainerState {
    match state {
        // The moments are kept: the length of Adam's steps does not depend on the scale of gradients, and the moments
        // soon follow the gradients of the new weights.
        TrainerState::Adam(rprop, AdamState { mut weights, first, second, members }) => {
            LastLayers::of(layout, &weights).multiply(factor, &mut weights);
            TrainerState::Adam(rprop, AdamState { weights, first, second, members })
        }
        // The state of the Adam that trains cells is added later (`recurrent`).
        TrainerState::Rprop(mut rprop) | TrainerState::Lbfgs(mut rprop, _) | TrainerState::Cells(mut rprop, _) => {
            for size in members_mut(layout, &mut rprop.sizes).flatten() {
                *size = ((f64::from(*size) * factor) as f32).clamp(MIN_SIZE, MAX_SIZE);
            }
            rprop.signs.fill(0);
            rprop.objectives.fill(f64::INFINITY);
            TrainerState::Rprop(rprop)
        }
    }
}

fn last(layout: &Layout) -> Connection {
    layout.connections().next_back().expect("a layout has a connection")
}

/// The last layer's part of `values`, which has one value for each parameter, member by member.
fn members<'a>(layout: &Layout, values: &'a [f32]) -> impl Iterator<Item = &'a [f32]> {
    let range = last(layout).all();
    values.chunks_exact(layout.parameters()).map(move |member| &member[range.clone()])
}

fn members_mut<'a>(layout: &Layout, values: &'a mut [f32]) -> impl Iterator<Item = &'a mut [f32]> {
    let range = last(layout).all();
    values.chunks_exact_mut(layout.parameters()).map(move |member| &mut member[range.clone()])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trainer_state::RpropState;

    /// The factor found for rows with these logits, of which `rows` belong to each class, and the number of
    /// evaluations.
    fn found(units: [f64; 2], rows: [f64; 2]) -> (f64, u32) {
        let mut evaluations = 0;
        let loss_at = |factor: f64| {
            evaluations += 1;
            let by = factor * (units[1] - units[0]);
            Some((rows[0] * by.exp().ln_1p() + rows[1] * (-by).exp().ln_1p()) / (rows[0] + rows[1]))
        };
        (best_factor(loss_at).unwrap(), evaluations)
    }

    #[test]
    fn the_factor_minimizes_the_loss_between_a_tenth_and_one() {
        for (surer, share) in [(1.5, 0.9), (2.0, 0.7), (5.0, 0.6), (1.1, 0.99), (8.0, 0.6)] {
            let odds = f64::ln(share / (1.0 - share));
            let (factor, evaluations) = found([0.0, surer * odds], [1.0 - share, share]);
            assert!((factor - 1.0 / surer).abs() < 5e-3, "{factor} {surer}");
            assert_eq!(evaluations, 2 + SEARCH_EVALUATIONS);
        }
        // If every second row is wrong, the logits say nothing, and the factor is the least.
        let (factor, _) = found([0.0, 5.0], [1.0, 1.0]);
        assert!((MIN_FACTOR..MIN_FACTOR + 5e-3).contains(&factor), "{factor}");
        // Answers that are not overconfident stay unchanged, after two evaluations.
        for (units, rows) in [([0.0, 1.0], [1.0, 9.0]), ([0.0, 3.0], [0.0, 1.0]), ([0.0, 0.0], [1.0, 2.0])] {
            assert_eq!(found(units, rows), (1.0, 2));
        }
    }

    #[test]
    fn rows_of_classes_that_no_training_row_has_do_not_count() {
        let class = |train_rows, test_rows| Class { train_rows, test_rows, weight: train_rows as f64 };
        let classes = [class(9, 3), class(0, 7), class(1, 2), class(0, 0)];
        assert_eq!(class_weights(&classes, None), Some(vec![1.0, 0.0, 1.0, 0.0]));
        let weights = vec![0.5, 2.0, 3.0, 1.0];
        assert_eq!(class_weights(&classes, Some(&weights)), Some(vec![0.5, 0.0, 3.0, 0.0]));
        assert_eq!(class_weights(&[class(9, 3), class(0, 7), class(1, 1)], None), None);
    }

    #[test]
    fn a_cancelled_search_returns_none() {
        for most in 0..2 + SEARCH_EVALUATIONS {
            let mut evaluations = 0;
            let loss_at = |factor: f64| {
                evaluations += 1;
                (evaluations <= most).then(|| (factor - 0.5).powi(2))
            };
            assert_eq!(best_factor(loss_at), None);
        }
    }

    #[test]
    fn the_last_layers_of_all_members_and_the_trainers_state_are_multiplied() {
        let layout = Layout::new(&[1, 1, 2]).unwrap();
        let weights: Vec<f32> = (0..12).map(|at| at as f32 - 6.0).collect();
        let expected = [-6.0, -5.0, -2.0, -1.5, -1.0, -0.5, 0.0, 1.0, 1.0, 1.5, 2.0, 2.5];
        let last = LastLayers::of(&layout, &weights);
        assert_eq!(LastLayers::bytes(&layout, 2), 2 * 4 * 4);
        let mut to = weights.clone();
        // Each factor applies to the original weights, so the second call does not compound the first.
        last.multiply(0.25, &mut to);
        last.multiply(0.5, &mut to);
        assert_eq!(to, expected);

        let rprop = RpropState { sizes: vec![0.5; 12], signs: vec![1; 12], objectives: vec![0.25; 2] };
        let sizes = [0.5, 0.5, 0.25, 0.25, 0.25, 0.25].repeat(2);
        let other = TrainerState::Rprop(RpropState { sizes, ..RpropState::new(12, 2) });
        assert_eq!(scaled(TrainerState::Rprop(rprop.clone()), &layout, 0.5), other);
        assert_eq!(scaled(TrainerState::Lbfgs(rprop.clone(), Vec::new()), &layout, 0.5), other);
        let least = RpropState { sizes: vec![MIN_SIZE; 12], ..RpropState::new(12, 2) };
        assert_eq!(*scaled(TrainerState::Rprop(least.clone()), &layout, 0.5).rprop(), least);
        let adam = AdamState::new(weights, 2);
        let moved = AdamState { weights: expected.to_vec(), ..adam.clone() };
        assert_eq!(scaled(TrainerState::Adam(rprop.clone(), adam), &layout, 0.5), TrainerState::Adam(rprop, moved));
    }
}
