//! The members of a network while they learn: each is stopped, goes back and is judged by the test error that it alone makes.
//!
//! One test error of them all was tried first: it falls for longer than any member's own, and members of whom most have
//! learnt too much answer worse together (`benchmarks/quality`).

use std::ops::Range;

use super::task::Task;
use crate::dataset::Dataset;
use crate::stopping::{AutoStop, Rule};
use crate::trained::StepperState;

/// How far each member is, under AUTOSTOP.
pub(super) struct Members {
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
struct Best {
    weights: Vec<f32>,
    sizes: Vec<f32>,
    signs: Vec<i8>,
    objective: f64,
}

impl Members {
    pub(super) fn new(task: &Task) -> Self {
        let Dataset { shape, test, .. } = &task.dataset;
        let member = || Member {
            stop: AutoStop::new(shape.kind, test.len(), task.training.backtrack, task.options.patience),
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
    pub(super) fn learn(&self) -> &[bool] {
        &self.learns
    }

    /// How many of them still learn.
    pub(super) fn learning(&self) -> usize {
        self.learns.iter().filter(|&&learns| learns).count()
    }

    fn range(&self, member: usize) -> Range<usize> {
        member * self.parameters..(member + 1) * self.parameters
    }

    /// Hears of the members' own test errors after `cycle` cycles. A member that ends there goes back at once.
    /// Whether that changed any weights.
    pub(super) fn hear(
        &mut self,
        cycle: u64,
        test_errors: impl Fn(usize) -> f64,
        weights: &mut [f32],
        state: &mut StepperState,
    ) -> bool {
        let mut changed = false;
        for at in 0..self.each.len() {
            if !self.learns[at] {
                continue;
            }
            let (range, backtrack, test_error) = (self.range(at), self.backtrack, test_errors(at));
            let member = &mut self.each[at];
            if !backtrack || test_error < member.test_error {
                (member.test_error, member.cycle) = (test_error, cycle);
                if backtrack {
                    let best = member.best.get_or_insert_with(Best::nothing);
                    best.keep(&weights[range.clone()], state, range, at);
                }
            }
            member.ended = member.stop.ends(cycle, test_error);
            if member.ended.is_some() {
                self.learns[at] = false;
                changed |= self.go_back(at, cycle, weights, state);
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

    /// Takes those who still learn back to their best weights, where there are such. Whether that changed any.
    pub(super) fn all_go_back(&mut self, cycle: u64, weights: &mut [f32], state: &mut StepperState) -> bool {
        let mut changed = false;
        for at in 0..self.each.len() {
            changed |= self.learns[at] && self.go_back(at, cycle, weights, state);
        }
        changed
    }

    fn go_back(&mut self, at: usize, cycle: u64, weights: &mut [f32], state: &mut StepperState) -> bool {
        let range = self.range(at);
        let member = &mut self.each[at];
        let Some(best) = member.best.take().filter(|_| member.cycle < cycle) else { return false };
        weights[range.clone()].copy_from_slice(&best.weights);
        state.sizes[range.clone()].copy_from_slice(&best.sizes);
        state.signs[range].copy_from_slice(&best.signs);
        state.objectives[at] = best.objective;
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

impl Best {
    fn nothing() -> Self {
        Self { weights: Vec::new(), sizes: Vec::new(), signs: Vec::new(), objective: f64::INFINITY }
    }

    /// In the memory of what was kept before.
    fn keep(&mut self, weights: &[f32], state: &StepperState, range: Range<usize>, member: usize) {
        fn refill<T: Copy>(to: &mut Vec<T>, from: &[T]) {
            to.clear();
            to.extend_from_slice(from);
        }
        refill(&mut self.weights, weights);
        refill(&mut self.sizes, &state.sizes[range.clone()]);
        refill(&mut self.signs, &state.signs[range]);
        self.objective = state.objectives[member];
    }
}
