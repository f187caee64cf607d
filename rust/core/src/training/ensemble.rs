//! The ensemble's members while they learn: each is stopped, goes back and is judged by the test error that it alone makes.
//!
//! One test error of them all was tried first: it falls for longer than any member's own, and members of whom most have
//! learnt too much answer worse together (`benchmarks/quality`).

use std::ops::Range;

use super::task::Task;
use super::trainers::Trainer;
use crate::dataset::Dataset;
use crate::stopping::{AutoStop, Rule};
use crate::trainer_state::TrainerState;

/// How far each member is, under AUTOSTOP.
pub(super) struct Ensemble {
    each: Vec<Member>,
    learns: Vec<bool>,
    backtrack: bool,
    /// Parameters of one.
    parameters: usize,
}

struct Member {
    stop: AutoStop,
    /// What ended it.
    ended: Option<Rule>,
    /// Of the weights that it would leave now: those with BACKTRACK's least, or the last.
    test_error: f64,
    /// The cycle of these weights.
    cycle: u64,
    best: Option<Best>,
}

/// A member's weights with the trainer's state at that cycle.
#[derive(Default)]
struct Best {
    weights: Vec<f32>,
    state: Option<TrainerState>,
}

impl Ensemble {
    pub(super) fn new(task: &Task) -> Self {
        let Dataset { shape, test, .. } = &task.dataset;
        let member = || Member {
            stop: AutoStop::new(
                shape.kind,
                test.len(),
                task.training.backtrack,
                task.options.patience,
                task.trainer().by_batches,
            ),
            ended: None,
            test_error: f64::INFINITY,
            cycle: 0,
            best: None,
        };
        Self {
            each: (0..task.members).map(|_| member()).collect(),
            learns: vec![true; task.members],
            backtrack: task.training.backtrack,
            parameters: task.layout.parameters(),
        }
    }

    /// Which of them still learn.
    pub(super) fn learns(&self) -> &[bool] {
        &self.learns
    }

    /// How many of them still learn.
    pub(super) fn learning(&self) -> usize {
        self.learns.iter().filter(|&&learns| learns).count()
    }

    fn range(&self, member: usize) -> Range<usize> {
        member * self.parameters..(member + 1) * self.parameters
    }

    /// Records the members' own test errors after `cycle` cycles. A member that ends there goes back at once.
    /// Whether that changed any weights.
    pub(super) fn record(
        &mut self,
        cycle: u64,
        test_errors: &[f64],
        weights: &mut [f32],
        trainer: &mut dyn Trainer,
    ) -> bool {
        let mut changed = false;
        for (at, &test_error) in test_errors.iter().enumerate() {
            if !self.learns[at] {
                continue;
            }
            let (range, backtrack) = (self.range(at), self.backtrack);
            let member = &mut self.each[at];
            if !backtrack || test_error < member.test_error {
                (member.test_error, member.cycle) = (test_error, cycle);
                if backtrack {
                    let best = member.best.get_or_insert_default();
                    // In the memory of what was kept before.
                    best.weights.clear();
                    best.weights.extend_from_slice(&weights[range]);
                    trainer.copy_member(at, &mut best.state);
                }
            }
            member.ended = member.stop.ends(cycle, test_error);
            if member.ended.is_some() {
                self.learns[at] = false;
                changed |= self.go_back(at, cycle, weights, trainer);
            }
        }
        changed
    }

    /// What ended the training, once it has ended every member: of the two rules that which ended most.
    pub(super) fn ended(&self) -> Option<Rule> {
        if self.learns.contains(&true) {
            return None;
        }
        let overfitting = self.each.iter().filter(|member| member.ended == Some(Rule::Overfitting)).count();
        Some(if 2 * overfitting > self.each.len() { Rule::Overfitting } else { Rule::Converged })
    }

    /// Takes those that still learn back to their best weights, where there are such. Whether that changed any.
    pub(super) fn all_go_back(&mut self, cycle: u64, weights: &mut [f32], trainer: &mut dyn Trainer) -> bool {
        let mut changed = false;
        for at in 0..self.each.len() {
            changed |= self.learns[at] && self.go_back(at, cycle, weights, trainer);
        }
        changed
    }

    fn go_back(&mut self, at: usize, cycle: u64, weights: &mut [f32], trainer: &mut dyn Trainer) -> bool {
        let range = self.range(at);
        let member = &mut self.each[at];
        let Some(best) = member.best.take().filter(|_| member.cycle < cycle) else { return false };
        weights[range].copy_from_slice(&best.weights);
        trainer.restore_member(at, &best.weights, best.state.as_ref());
        true
    }

    /// The `count` members with the least test errors, in their order.
    pub(super) fn best(&self, count: usize) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.each.len()).collect();
        // Stable: of equals the first.
        order.sort_by(|&a, &b| self.each[a].test_error.total_cmp(&self.each[b].test_error));
        order.truncate(count);
        order.sort_unstable();
        order
    }

    /// The latest cycle whose weights one of these members has now, `cycle` being the last of all.
    pub(super) fn latest(&self, members: &[usize], cycle: u64) -> u64 {
        let of = |&at: &usize| if self.test_error_is_known(at) { self.each[at].cycle } else { cycle };
        members.iter().map(of).max().unwrap_or(cycle)
    }

    fn test_error_is_known(&self, at: usize) -> bool {
        self.each[at].test_error < f64::INFINITY
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::threads::Threads;
    use super::super::trainers::Found;
    use super::*;
    use crate::dataset::{Batch, Limits, Set};
    use crate::layout::{Kind, Layout};
    use crate::network::Network;
    use crate::options::{Options, Patience, Restarts};
    use crate::training::TrainOptions;

    /// Remembers how many members it was told to restore.
    struct Restored(Vec<usize>);

    impl Trainer for Restored {
        fn step(&mut self, _: u64, _: Found<'_>, _: &mut Threads) {}

        fn copy_member(&self, member: usize, to: &mut Option<TrainerState>) {
            *to = Some(TrainerState::new(member, 1));
        }

        fn restore_member(&mut self, member: usize, _: &[f32], from: Option<&TrainerState>) {
            assert_eq!(from.unwrap().rprop().sizes.len(), member);
            self.0.push(member);
        }

        fn state(self: Box<Self>, _: &[usize]) -> TrainerState {
            TrainerState::new(0, 0)
        }
    }

    /// Members of two parameters, whose test errors, cycle by cycle, are given; the weights of a cycle are its number.
    /// The ensemble after so many cycles, its weights, and who was restored.
    fn after(backtrack: bool, errors: &[&[f64]], cycles: usize) -> (Ensemble, Vec<f32>, Vec<usize>) {
        let members = errors.len();
        let options = Options {
            restarts: Restarts::Fixed(members as u8),
            patience: Patience::Cycles(2),
            ..Options::new(Kind::Regressor)
        };
        let limits = Limits { train: 1, test: 1 };
        let mut network = Network::new(Kind::Regressor, Layout::new(&[1, 1]).unwrap(), options, limits, 1).unwrap();
        for set in [Set::Train, Set::Test] {
            network.observe(&Batch::new(&[0.0], 1, &[0.0], 1), Some(set), |_| {}).unwrap();
        }
        let training = TrainOptions { auto_stop: true, backtrack, max_cycles: 0, max_time: Duration::ZERO };
        let mut ensemble = Ensemble::new(&Task::new(&network, training).unwrap());
        let (mut weights, mut trainer) = (vec![0.0; 2 * members], Restored(Vec::new()));
        for cycle in 0..cycles {
            for (member, weights) in weights.chunks_mut(2).enumerate() {
                if ensemble.learns()[member] {
                    weights.fill(cycle as f32);
                }
            }
            let now: Vec<f64> = errors.iter().map(|errors| errors[cycle]).collect();
            let before = weights.clone();
            let changed = ensemble.record(cycle as u64, &now, &mut weights, &mut trainer);
            assert_eq!(changed, weights != before);
        }
        (ensemble, weights, trainer.0)
    }

    /// Overfits: best after one cycle.
    const WORSE: &[f64] = &[1.0, 0.5, 0.6, 0.7, 0.8, 0.9];
    /// Converges: best after one cycle.
    const SAME: &[f64] = &[1.0, 0.9, 0.9, 0.9, 0.9, 0.9];
    /// Goes on falling.
    const BETTER: &[f64] = &[1.0, 0.8, 0.6, 0.4, 0.2, 0.1];

    #[test]
    fn each_member_ends_by_its_own_error_and_goes_back_with_backtrack() {
        let (mut ensemble, mut weights, restored) = after(true, &[WORSE, SAME, BETTER], 5);
        assert_eq!((ensemble.learns(), ensemble.learning(), ensemble.ended()), (&[false, false, true][..], 1, None));
        assert_eq!((&weights[..], &restored[..]), (&[1.0, 1.0, 1.0, 1.0, 4.0, 4.0][..], &[0, 1][..]));
        assert_eq!((ensemble.best(1), ensemble.best(2)), (vec![2], vec![0, 2]));
        assert_eq!((ensemble.latest(&[0, 1], 5), ensemble.latest(&[0, 2], 5)), (1, 4));
        // Without a look since then the last member goes back by one cycle.
        let mut trainer = Restored(Vec::new());
        weights[4..].fill(5.0);
        assert!(ensemble.all_go_back(5, &mut weights, &mut trainer));
        assert_eq!((&weights[4..], &trainer.0[..]), (&[4.0, 4.0][..], &[2][..]));
        assert!(!ensemble.all_go_back(5, &mut weights, &mut trainer));

        let (ensemble, weights, restored) = after(false, &[WORSE, SAME, BETTER], 5);
        assert_eq!((&weights[..], restored.len()), (&[3.0, 3.0, 3.0, 3.0, 4.0, 4.0][..], 0));
        assert_eq!((ensemble.latest(&[0, 1], 5), ensemble.best(2)), (3, vec![0, 2]));
    }

    #[test]
    fn a_training_was_ended_by_the_rule_that_ended_most_members() {
        let ended = |errors: &[&[f64]]| after(true, errors, 6).0.ended();
        assert_eq!(ended(&[WORSE]), Some(Rule::Overfitting));
        assert_eq!(ended(&[SAME]), Some(Rule::Converged));
        assert_eq!(ended(&[WORSE, SAME]), Some(Rule::Converged));
        assert_eq!(ended(&[WORSE, SAME, WORSE]), Some(Rule::Overfitting));
        assert_eq!(ended(&[SAME, WORSE, SAME]), Some(Rule::Converged));
        assert_eq!(ended(&[WORSE, BETTER]), None);
    }
}
