//! Early stopping of an ensemble: each member is stopped, backtracked and ranked by its own validation error.
//!
//! Rejected: one validation error, of the averaged answer. It falls for longer than the error of any single member, and
//! an ensemble of mostly overfitted members answers worse (`benchmarks/quality`).

use std::ops::Range;

use super::task::Task;
use super::trainers::Trainer;
use crate::dataset::Dataset;
use crate::stopping::{AutoStop, Rule};
use crate::trainer_state::TrainerState;

/// The state of each member under AUTOSTOP.
pub(super) struct Ensemble {
    each: Vec<Member>,
    /// Whether each member still trains.
    learns: Vec<bool>,
    backtrack: bool,
    /// Parameters of one member.
    parameters: usize,
}

struct Member {
    stop: AutoStop,
    /// The rule that stopped it, if one has.
    ended: Option<Rule>,
    /// Validation error of the weights that it would keep if the training ended now: the best ones with BACKTRACK, else
    /// the latest.
    test_error: f64,
    /// The cycle that had these weights.
    cycle: u64,
    best: Option<Best>,
}

/// A member's best weights so far, and the trainer's state of the same cycle.
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

    /// Whether each member still trains.
    pub(super) fn learns(&self) -> &[bool] {
        &self.learns
    }

    /// How many members still train.
    pub(super) fn learning(&self) -> usize {
        self.learns.iter().filter(|&&learns| learns).count()
    }

    fn range(&self, member: usize) -> Range<usize> {
        member * self.parameters..(member + 1) * self.parameters
    }

    /// Records each member's validation error after `cycle` cycles. With BACKTRACK a member that stops there gets its
    /// best weights back at once. Returns whether any weights changed.
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
                    // Reuses the allocation of the previous copy.
                    best.weights.clear();
                    best.weights.extend_from_slice(&weights[range]);
                    trainer.copy_member(at, &mut best.state);
                }
            }
            member.ended = member.stop.ends(cycle, test_error);
            if member.ended.is_some() {
                self.learns[at] = false;
                changed |= self.restore_best(at, cycle, weights, trainer);
            }
        }
        changed
    }

    /// The rule that ended the training, once every member has stopped: the rule that stopped more of them. A tie
    /// counts as convergence.
    pub(super) fn ended(&self) -> Option<Rule> {
        if self.learns.contains(&true) {
            return None;
        }
        let overfitting = self.each.iter().filter(|member| member.ended == Some(Rule::Overfitting)).count();
        Some(if 2 * overfitting > self.each.len() { Rule::Overfitting } else { Rule::Converged })
    }

    /// Gives the members that still train their best weights back, if these are kept. Returns whether any weights
    /// changed.
    pub(super) fn restore_all(&mut self, cycle: u64, weights: &mut [f32], trainer: &mut dyn Trainer) -> bool {
        let mut changed = false;
        for at in 0..self.each.len() {
            changed |= self.learns[at] && self.restore_best(at, cycle, weights, trainer);
        }
        changed
    }

    fn restore_best(&mut self, at: usize, cycle: u64, weights: &mut [f32], trainer: &mut dyn Trainer) -> bool {
        let range = self.range(at);
        let member = &mut self.each[at];
        let Some(best) = member.best.take().filter(|_| member.cycle < cycle) else { return false };
        weights[range].copy_from_slice(&best.weights);
        trainer.restore_member(at, &best.weights, best.state.as_ref());
        true
    }

    /// The `count` members with the least validation errors, in ascending order of their numbers.
    pub(super) fn best(&self, count: usize) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.each.len()).collect();
        // A stable sort, so that the first of equal members is kept.
        order.sort_by(|&a, &b| self.each[a].test_error.total_cmp(&self.each[b].test_error));
        order.truncate(count);
        order.sort_unstable();
        order
    }

    /// The latest cycle that any of these members has its present weights from, where `cycle` is the last of the
    /// training.
    pub(super) fn latest_cycle(&self, members: &[usize], cycle: u64) -> u64 {
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
    use super::super::trainers::PassResult;
    use super::*;
    use crate::dataset::{Batch, Limits, Set};
    use crate::layout::{Kind, Layout};
    use crate::network::Network;
    use crate::options::{self, Options, Patience};
    use crate::training::TrainOptions;

    /// A trainer that records which members were restored.
    struct Restored(Vec<usize>);

    impl Trainer for Restored {
        fn step(&mut self, _: u64, _: PassResult<'_>, _: &mut Threads) {}

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

    /// Runs `cycles` cycles of members of two parameters, whose validation errors are given by member and cycle. The
    /// weights of a cycle are its number. Returns the ensemble, its weights, and which members were restored.
    fn after(backtrack: bool, errors: &[&[f64]], cycles: usize) -> (Ensemble, Vec<f32>, Vec<usize>) {
        let members = errors.len();
        let options = Options {
            ensemble: options::Ensemble::Fixed(members as u8),
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

    /// Overfits: it is best after one cycle.
    const WORSE: &[f64] = &[1.0, 0.5, 0.6, 0.7, 0.8, 0.9];
    /// Converges: it is best after one cycle.
    const SAME: &[f64] = &[1.0, 0.9, 0.9, 0.9, 0.9, 0.9];
    /// Keeps falling.
    const BETTER: &[f64] = &[1.0, 0.8, 0.6, 0.4, 0.2, 0.1];

    #[test]
    fn each_member_stops_by_its_own_error_and_backtrack_restores_its_best_weights() {
        let (mut ensemble, mut weights, restored) = after(true, &[WORSE, SAME, BETTER], 5);
        assert_eq!((ensemble.learns(), ensemble.learning(), ensemble.ended()), (&[false, false, true][..], 1, None));
        assert_eq!((&weights[..], &restored[..]), (&[1.0, 1.0, 1.0, 1.0, 4.0, 4.0][..], &[0, 1][..]));
        assert_eq!((ensemble.best(1), ensemble.best(2)), (vec![2], vec![0, 2]));
        assert_eq!((ensemble.latest_cycle(&[0, 1], 5), ensemble.latest_cycle(&[0, 2], 5)), (1, 4));
        // The last member's weights of cycle 5 were never evaluated, so it returns to those of cycle 4.
        let mut trainer = Restored(Vec::new());
        weights[4..].fill(5.0);
        assert!(ensemble.restore_all(5, &mut weights, &mut trainer));
        assert_eq!((&weights[4..], &trainer.0[..]), (&[4.0, 4.0][..], &[2][..]));
        assert!(!ensemble.restore_all(5, &mut weights, &mut trainer));

        let (ensemble, weights, restored) = after(false, &[WORSE, SAME, BETTER], 5);
        assert_eq!((&weights[..], restored.len()), (&[3.0, 3.0, 3.0, 3.0, 4.0, 4.0][..], 0));
        assert_eq!((ensemble.latest_cycle(&[0, 1], 5), ensemble.best(2)), (3, vec![0, 2]));
    }

    #[test]
    fn a_training_is_ended_by_the_rule_that_stopped_most_members() {
        let ended = |errors: &[&[f64]]| after(true, errors, 6).0.ended();
        assert_eq!(ended(&[WORSE]), Some(Rule::Overfitting));
        assert_eq!(ended(&[SAME]), Some(Rule::Converged));
        assert_eq!(ended(&[WORSE, SAME]), Some(Rule::Converged));
        assert_eq!(ended(&[WORSE, SAME, WORSE]), Some(Rule::Overfitting));
        assert_eq!(ended(&[SAME, WORSE, SAME]), Some(Rule::Converged));
        assert_eq!(ended(&[WORSE, BETTER]), None);
    }
}
