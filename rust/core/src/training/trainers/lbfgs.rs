//! L-BFGS, a quasi-Newton method, with a [`Search`] for each member.
//!
//! It begins with some cycles of RPROP. The state of the searches is saved with the network, so that two trainings take
//! the same steps as one long training. The state is useless once the objective or the weights have been changed
//! otherwise: by other rows or options, another normalization, a reset, another trainer, or a return to weights of an
//! earlier cycle. A search detects such a change, if the training did not cause it, because the objective at its
//! weights differs.

use super::rprop::Rprop;
use super::search::Search;
use super::{Description, PassResult, THREAD_PARAMETERS, Threads, Trainer, Verdict};
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

/// Cycles of RPROP with which L-BFGS begins if the network is untrained. Far from a minimum the curvature says little,
/// and RPROP gets closer in the same number of cycles; with more of them, small networks end in worse minima.
const START_CYCLES: u64 = 30;
/// The work of L-BFGS for a parameter and cycle, as a multiple of RPROP's.
const WORK_PER_RPROP_STEP: usize = 16;
/// The least moves that are stored, whatever memory they need.
const MIN_MOVES: usize = 5;
/// The most bytes of the moves of all members, unless there are no more than [`MIN_MOVES`] each.
const MOVES_BYTES: usize = 64 << 20;

/// The trainer: RPROP's first steps, then a search for each member.
struct Lbfgs {
    /// RPROP, whose state is updated by the searches, so that a later training by RPROP can continue from it.
    start: Rprop,
    start_cycles: u64,
    searches: Vec<Search>,
}

impl Trainer for Lbfgs {
    fn judges(&self, cycle: u64) -> bool {
        cycle >= self.start_cycles
    }

    fn judge(&mut self, found: PassResult<'_>, threads: &mut Threads) -> Vec<Verdict> {
        let work = WORK_PER_RPROP_STEP * found.weights.len();
        let mut verdicts = vec![Verdict::Kept; found.learns.len()];
        let Rprop { decay, state, .. } = &mut self.start;
        let members = found.learning(self.searches.iter_mut().zip(state.members_mut()).zip(&mut verdicts)).collect();
        threads.each(work.div_ceil(THREAD_PARAMETERS), members, |(found, ((search, rprop), verdict))| {
            **verdict = search.judge(decay, found, rprop);
        });
        verdicts
    }

    fn step(&mut self, cycle: u64, found: PassResult<'_>, threads: &mut Threads) {
        if !self.judges(cycle) {
            return self.start.step(cycle, found, threads);
        }
        found.learning(self.searches.iter()).for_each(|(member, search)| search.set_trial_point(member.weights));
    }

    fn discard_unevaluated(&self, member: usize, weights: &mut [f32]) {
        self.searches[member].restore_accepted(weights);
    }

    fn copy_member(&self, member: usize, to: &mut Option<TrainerState>) {
        self.start.copy_member(member, to);
    }

    fn restore_member(&mut self, member: usize, weights: &[f32], from: Option<&TrainerState>) {
        self.start.restore_member(member, weights, from);
        // The moves belong to later weights.
        self.searches[member].restart();
    }

    fn state(self: Box<Self>, members: &[usize]) -> TrainerState {
        let rprop = self.start.state.of_members(members);
        let mut searches: Vec<_> = self.searches.into_iter().map(Some).collect();
        let picked =
            members.iter().map(|&member| searches[member].take().expect("no member is listed twice").into_state());
        let picked: Vec<_> = picked.collect();
        if picked.iter().any(SearchState::has_begun) {
            TrainerState::Lbfgs(rprop, picked)
        } else {
            TrainerState::Rprop(rprop)
        }
    }
}

/// How many moves each member stores.
fn most_moves(parameters: usize, members: usize) -> usize {
    (MOVES_BYTES / (2 * size_of::<f32>() * parameters * members)).clamp(MIN_MOVES, MOST_MOVES)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_moves_of_all_members_are_bounded() {
        assert_eq!((most_moves(3_000, 10), most_moves(1 << 24, 1)), (MOST_MOVES, MIN_MOVES));
        assert!((MIN_MOVES + 1..MOST_MOVES).contains(&most_moves(1 << 20, 1)));
        assert_eq!((DESCRIPTION.state_bytes)(3_000, 10), 5 + 20 * 8);
    }
}
