//! L-BFGS: steps along directions that the last moves tell.
//!
//! It begins with some cycles of RPROP, and each member then has a search of its own. What these remember is saved with the
//! network: a training that goes on from it takes the steps that one training would have taken. It is of no more use once
//! anything else has changed what is minimized, or where: other rows, other options, another normalization, a reset, another
//! trainer's steps, weights of an earlier cycle. What of that a training cannot know, a search finds out by itself, since the
//! objective at its weights is another then.

use super::rprop::Rprop;
use super::search::Search;
use super::{Description, Found, THREAD_PARAMETERS, Threads, Trainer, Verdict};
use crate::trainer_state::{MOST_MOVES, RpropState, SearchState, TrainerState};

pub(super) const DESCRIPTION: Description = Description {
    new: |task, decay, state| {
        let (parameters, members) = (task.layout.parameters(), task.members);
        let most_moves = most_moves(parameters, members);
        let (rprop, saved) = match state {
            TrainerState::Lbfgs(rprop, searches) => (rprop, searches),
            other => (other.into_rprop(), vec![SearchState::NONE; members]),
        };
        Box::new(Lbfgs {
            start: Rprop::new(task.options.algorithm, decay, rprop),
            start_cycles: if task.trained.is_untrained() { START_CYCLES } else { 0 },
            searches: saved.into_iter().map(|saved| Search::new(parameters, most_moves, saved)).collect(),
        })
    },
    state_bytes: |parameters, members| {
        RpropState::BYTES_PER_PARAMETER + 2 * size_of::<f32>() * most_moves(parameters, members)
    },
    // Weights, gradient, direction.
    working_bytes: 3 * size_of::<f32>(),
    by_batches: false,
};

/// Cycles of RPROP with which L-BFGS begins where the weights are new. Far from a minimum, how the function bends tells
/// little, and RPROP gets closer in as many cycles; a longer start leaves small networks in worse places.
const START_CYCLES: u64 = 30;
/// How much more a cycle's work on a parameter is than RPROP's.
const WORK_OF_RPROP: usize = 16;
/// Moves remembered at least, whatever memory they take.
const LEAST_MOVES: usize = 5;
/// Bytes of the moves that all members remember, beyond which they are fewer than the most.
const MOVES_BYTES: usize = 64 << 20;
/// The trainer: RPROP's first steps, then a search for each member.
struct Lbfgs {
    /// It has RPROP's state, too, which follows the searches, so that RPROP could go on from there.
    start: Rprop,
    start_cycles: u64,
    searches: Vec<Search>,
}

impl Trainer for Lbfgs {
    fn judges(&self, cycle: u64) -> bool {
        cycle >= self.start_cycles
    }

    fn judge(&mut self, found: Found<'_>, threads: &mut Threads) -> Vec<Verdict> {
        let work = WORK_OF_RPROP * found.weights.len();
        let mut verdicts = vec![Verdict::Kept; found.learns.len()];
        let Rprop { decay, state, .. } = &mut self.start;
        let members = found.learning(self.searches.iter_mut().zip(state.members_mut()).zip(&mut verdicts)).collect();
        threads.each(work.div_ceil(THREAD_PARAMETERS), members, |(found, ((search, rprop), verdict))| {
            **verdict = search.judge(decay, found, rprop);
        });
        verdicts
    }

    fn step(&mut self, cycle: u64, found: Found<'_>, threads: &mut Threads) {
        if !self.judges(cycle) {
            return self.start.step(cycle, found, threads);
        }
        found.learning(self.searches.iter()).for_each(|(member, search)| search.go_on(member.weights));
    }

    fn take_back(&self, member: usize, weights: &mut [f32]) {
        self.searches[member].take_back(weights);
    }

    fn copy_member(&self, member: usize, to: &mut Option<TrainerState>) {
        self.start.copy_member(member, to);
    }

    fn restore_member(&mut self, member: usize, weights: &[f32], from: Option<&TrainerState>) {
        self.start.restore_member(member, weights, from);
        // What is remembered is of later weights.
        self.searches[member].forget();
    }

    fn state(self: Box<Self>, members: &[usize]) -> TrainerState {
        let rprop = self.start.state.of_members(members);
        let mut searches: Vec<_> = self.searches.into_iter().map(Some).collect();
        let picked = members.iter().map(|&member| searches[member].take().expect("members differ").into_state());
        let picked: Vec<_> = picked.collect();
        if picked.iter().any(SearchState::has_begun) {
            TrainerState::Lbfgs(rprop, picked)
        } else {
            TrainerState::Rprop(rprop)
        }
    }
}

/// Moves that each of so many members remembers.
fn most_moves(parameters: usize, members: usize) -> usize {
    (MOVES_BYTES / (2 * size_of::<f32>() * parameters * members)).clamp(LEAST_MOVES, MOST_MOVES)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_remembered_is_bounded() {
        assert_eq!((most_moves(3_000, 10), most_moves(1 << 24, 1)), (MOST_MOVES, LEAST_MOVES));
        assert!((LEAST_MOVES + 1..MOST_MOVES).contains(&most_moves(1 << 20, 1)));
        assert_eq!((DESCRIPTION.state_bytes)(3_000, 10), 5 + 20 * 8);
    }
}
