//! Softer probabilities at the end of a training that AUTOSTOP watched.
//!
//! A network that has learnt its training rows is surer of its answers than other rows bear out. What its output units sum up
//! is therefore divided by a temperature, one number of at least 1, with which the validation rows have the least loss (Guo,
//! Pleiss, Sun, Weinberger, "On calibration of modern neural networks", ICML 2017). Which class is the likeliest stays as it is.
//! The members' answer is the mean of what their units sum up, so the temperature goes into the last layer of each, and nobody
//! else has to know of it.
//!
//! Temperatures below 1, which would make answers surer, are not tried: where few validation rows are wrong they trust these too
//! much. On eleven sets the log loss of fresh rows was 0.98 of what it had been with any temperature, 0.93 with one of at least
//! 1. What that is worth is in `benchmarks/quality/softening.txt`.

use super::statistics::Class;
use super::task::Task;
use crate::kernels::{MAX_SIZE, MIN_SIZE};
use crate::layout::{Connection, Kind, Layout};
use crate::options::Loss;
use crate::trainer_state::{AdamState, TrainerState};

/// Validation rows below which they are too few to tell.
const LEAST_ROWS: u64 = 5;
/// The least that what the units sum up is multiplied by: one by the highest temperature.
const LEAST_FACTOR: f64 = 0.1;
/// A factor closer to 1 than this is not worth a change.
const FIRST_FACTOR: f64 = 0.98;
/// Losses that are looked at, between the least factor and 1: they tell it to within 0.005.
const LOOKS: u32 = 11;

/// Whether a training may end so, if it takes a step. A trial does not: its members go on.
pub(super) fn applies(task: &Task) -> bool {
    let is_watched = task.training.auto_stop && !task.is_trial();
    task.kind() == Kind::Classifier && task.options.loss == Loss::CrossEntropy && is_watched
}

/// How much more the validation rows of each class count here than others; none if too few can tell. Those of classes of which
/// there are no training rows say nothing: that a network is sure that there are none is not for all other answers to pay for.
pub(super) fn class_weights(classes: &[Class], weights: Option<&Vec<f32>>) -> Option<Vec<f32>> {
    let is_taught = |class: &&Class| class.train_rows > 0;
    let rows: u64 = classes.iter().filter(is_taught).map(|class| class.test_rows).sum();
    let weight = |(at, class)| if is_taught(&class) { weights.map_or(1.0, |weights| weights[at]) } else { 0.0 };
    (rows >= LEAST_ROWS).then(|| classes.iter().enumerate().map(weight).collect())
}

/// Which factor makes a loss least that is convex in it; 1 if none is better. None if one cannot be told.
///
/// By golden sections, in arithmetic that is the same on every machine.
pub(super) fn best_factor(mut loss_at: impl FnMut(f64) -> Option<f64>) -> Option<f64> {
    let (loss, first) = (loss_at(1.0)?, loss_at(FIRST_FACTOR)?);
    if first >= loss {
        return Some(1.0);
    }
    let golden = (5f64.sqrt() - 1.0) / 2.0;
    let mut best = (first, FIRST_FACTOR);
    let mut look = |factor: f64| {
        let loss = loss_at(factor)?;
        if loss < best.0 {
            best = (loss, factor);
        }
        Some((loss, factor))
    };
    let (mut from, mut to) = (LEAST_FACTOR, 1.0);
    let mut low = look(to - golden * (to - from))?;
    let mut high = look(from + golden * (to - from))?;
    for _ in 2..LOOKS {
        if low.0 < high.0 {
            (to, high) = (high.1, low);
            low = look(to - golden * (to - from))?;
        } else {
            (from, low) = (low.1, high);
            high = look(from + golden * (to - from))?;
        }
    }
    Some(best.1)
}

/// The last layers of a training's members, as it has left them.
pub(super) struct LastLayers<'a> {
    layout: &'a Layout,
    parameters: Vec<f32>,
}

impl<'a> LastLayers<'a> {
    pub(super) fn of(layout: &'a Layout, weights: &[f32]) -> Self {
        let parameters = members(layout, weights).flatten().copied().collect();
        Self { layout, parameters }
    }

    /// Bytes of those of so many members.
    pub(super) fn bytes(layout: &Layout, members: usize) -> usize {
        last(layout).parameters() * members * size_of::<f32>()
    }

    /// Makes the output units of all members sum up so many times what they did.
    pub(super) fn multiply(&self, factor: f64, weights: &mut [f32]) {
        let to = members_mut(self.layout, weights).flatten();
        to.zip(&self.parameters).for_each(|(to, &value)| *to = (f64::from(value) * factor) as f32);
    }
}

/// What a trainer remembers of members whose output units sum up so many times what they did. Steps are as much of a weight as
/// they were. Of what was minimized at weights that are no longer there, and how it bent, nothing is left.
pub(super) fn scaled(state: TrainerState, layout: &Layout, factor: f64) -> TrainerState {
    match state {
        TrainerState::Rprop(mut rprop) | TrainerState::Lbfgs(mut rprop, _) => {
            for size in members_mut(layout, &mut rprop.sizes).flatten() {
                *size = ((f64::from(*size) * factor) as f32).clamp(MIN_SIZE, MAX_SIZE);
            }
            rprop.signs.fill(0);
            rprop.objectives.fill(f64::INFINITY);
            TrainerState::Rprop(rprop)
        }
        // The lengths of its steps do not follow from gradients, whose means are soon those of other weights.
        TrainerState::Adam(rprop, AdamState { mut weights, first, second, members }) => {
            LastLayers::of(layout, &weights).multiply(factor, &mut weights);
            TrainerState::Adam(rprop, AdamState { weights, first, second, members })
        }
    }
}

fn last(layout: &Layout) -> Connection {
    layout.connections().next_back().expect("a layout has a connection")
}

/// What the last layer has of values of which each parameter has one, member by member.
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

    /// The factor that is found where losses are those of a row whose units sum up `units`, and of some rows of each class.
    fn found(units: [f64; 2], rows: [f64; 2]) -> (f64, u32) {
        let mut looks = 0;
        let loss_at = |factor: f64| {
            looks += 1;
            let by = factor * (units[1] - units[0]);
            Some((rows[0] * by.exp().ln_1p() + rows[1] * (-by).exp().ln_1p()) / (rows[0] + rows[1]))
        };
        (best_factor(loss_at).unwrap(), looks)
    }

    #[test]
    fn the_factor_is_that_of_the_least_loss_between_a_tenth_and_one() {
        for (surer, share) in [(1.5, 0.9), (2.0, 0.7), (5.0, 0.6), (1.1, 0.99), (8.0, 0.6)] {
            let odds = f64::ln(share / (1.0 - share));
            let (factor, looks) = found([0.0, surer * odds], [1.0 - share, share]);
            assert!((factor - 1.0 / surer).abs() < 5e-3, "{factor} {surer}");
            assert_eq!(looks, 2 + LOOKS);
        }
        // Nothing is said by rows of which every second is wrong.
        let (factor, _) = found([0.0, 5.0], [1.0, 1.0]);
        assert!((LEAST_FACTOR..LEAST_FACTOR + 5e-3).contains(&factor), "{factor}");
        // Answers that are not too sure stay as they are, and a second look is enough to see it.
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
    fn a_search_that_is_cancelled_finds_nothing() {
        for most in 0..2 + LOOKS {
            let mut looks = 0;
            let loss_at = |factor: f64| {
                looks += 1;
                (looks <= most).then(|| (factor - 0.5).powi(2))
            };
            assert_eq!(best_factor(loss_at), None);
        }
    }

    #[test]
    fn the_last_layers_of_all_members_are_multiplied_with_what_trainers_remember_of_them() {
        let layout = Layout::new(&[1, 1, 2]).unwrap();
        let weights: Vec<f32> = (0..12).map(|at| at as f32 - 6.0).collect();
        let expected = [-6.0, -5.0, -2.0, -1.5, -1.0, -0.5, 0.0, 1.0, 1.0, 1.5, 2.0, 2.5];
        let last = LastLayers::of(&layout, &weights);
        assert_eq!(LastLayers::bytes(&layout, 2), 2 * 4 * 4);
        let mut to = weights.clone();
        // From what there was, however often.
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
