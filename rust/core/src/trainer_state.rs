//! The state of trainers from which the next training continues. It is saved with the network.

use crate::kernels::FIRST_SIZE;
use crate::memory::{self, Move, Taken};

/// The most moves that L-BFGS stores: twice as many as usual, since they are cheap compared to a cycle.
pub(crate) const MOST_MOVES: usize = 20;
/// The most times that a step is shortened before the moves are dropped.
pub(crate) const MOST_SHORTENED: u32 = 8;

/// The state of a trainer, by kind of trainer.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum TrainerState {
    /// The state of RPROP, and of an untrained network.
    Rprop(RpropState),
    /// The state of L-BFGS: a state from which RPROP could continue, and the search of each member. At least one search
    /// has begun.
    Lbfgs(RpropState, Vec<SearchState>),
    /// The state of Adam: a state from which RPROP could continue, and Adam's own. At least one member has taken a
    /// step.
    Adam(RpropState, AdamState),
    /// The state of the Adam that trains GRU cells. Its parameters of a member are those of the member's cell, then those
    /// of layers that see this cell alone. At least one member has taken a step.
    Cells(RpropState, AdamState),
}

/// The state of RPROP.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct RpropState {
    /// Each parameter's step size.
    pub(crate) sizes: Vec<f32>,
    /// The sign of each parameter's previous gradient: -1, 0 or 1.
    pub(crate) signs: Vec<i8>,
    /// Each member's objective at the previous step; infinite before the first.
    pub(crate) objectives: Vec<f64>,
}

/// One member's part of RPROP's state.
pub(crate) struct RpropMember<'a> {
    pub(crate) sizes: &'a mut [f32],
    pub(crate) signs: &'a mut [i8],
    pub(crate) objective: &'a mut f64,
}

/// The state of L-BFGS for one member, whose next step begins at its present weights.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct SearchState {
    /// The objective at the present weights; infinite if no search has begun.
    pub(crate) objective: f64,
    /// The length of the next step, as a multiple of the direction.
    pub(crate) step: f64,
    /// Weight decay of the step that led to the present weights; 0 if there was none.
    pub(crate) decay_before: f32,
    /// How often the next step has been shortened.
    pub(crate) shortened: u32,
    /// The stored moves, the oldest first: for each the change of the weights, then that of the gradient.
    pub(crate) moves: Vec<f32>,
}

/// The state of Adam. The network answers with the moving average of these weights, which is in [`crate::Trained`].
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct AdamState {
    /// The weights that steps change.
    pub(crate) weights: Vec<f32>,
    /// First moments: moving averages of the gradients.
    pub(crate) first: Vec<f32>,
    /// Second moments: moving averages of the squared gradients.
    pub(crate) second: Vec<f32>,
    /// The progress of each member.
    pub(crate) members: Vec<Presented>,
}

/// The progress of a member that Adam trains.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Presented {
    /// Steps taken so far.
    pub(crate) steps: u64,
    /// The mean loss of the rows in the last cycle, each at the time when it was presented.
    pub(crate) loss: f64,
}

/// One member's part of Adam's state.
pub(crate) struct AdamMember<'a> {
    pub(crate) weights: &'a mut [f32],
    pub(crate) first: &'a mut [f32],
    pub(crate) second: &'a mut [f32],
    pub(crate) presented: &'a mut Presented,
}

impl AdamState {
    /// Bytes for each parameter: its weight and the two moments.
    pub(crate) const BYTES_PER_PARAMETER: usize = 3 * size_of::<f32>();

    /// The state before the first step from these weights.
    pub(crate) fn new(weights: Vec<f32>, members: usize) -> Self {
        let means = vec![0.0; weights.len()];
        let members = vec![Presented { steps: 0, loss: f64::INFINITY }; members];
        Self { weights, first: means.clone(), second: means, members }
    }

    pub(crate) fn has_begun(&self) -> bool {
        self.members.iter().any(|member| member.steps > 0)
    }

    /// Each member's part.
    pub(crate) fn members_mut(&mut self) -> impl Iterator<Item = AdamMember<'_>> {
        let Self { weights, first, second, members } = self;
        let each = weights.len() / members.len();
        let parts = weights.chunks_mut(each).zip(first.chunks_mut(each)).zip(second.chunks_mut(each)).zip(members);
        parts.map(|(((weights, first), second), presented)| AdamMember { weights, first, second, presented })
    }

    /// The state of these members alone.
    pub(crate) fn of_members(self, members: &[usize]) -> Self {
        if members.len() == self.members.len() {
            return self;
        }
        let each = self.weights.len() / self.members.len();
        let [weights, first, second] = [&self.weights, &self.first, &self.second].map(|of| pick(of, each, members));
        Self { weights, first, second, members: pick(&self.members, 1, members) }
    }
}

impl TrainerState {
    /// The state before the first step.
    pub(crate) fn new(parameters: usize, members: usize) -> Self {
        Self::Rprop(RpropState::new(parameters, members))
    }

    pub(crate) fn rprop(&self) -> &RpropState {
        match self {
            Self::Rprop(rprop) | Self::Lbfgs(rprop, _) | Self::Adam(rprop, _) | Self::Cells(rprop, _) => rprop,
        }
    }

    pub(crate) fn rprop_mut(&mut self) -> &mut RpropState {
        match self {
            Self::Rprop(rprop) | Self::Lbfgs(rprop, _) | Self::Adam(rprop, _) | Self::Cells(rprop, _) => rprop,
        }
    }

    pub(crate) fn into_rprop(self) -> RpropState {
        match self {
            Self::Rprop(rprop) | Self::Lbfgs(rprop, _) | Self::Adam(rprop, _) | Self::Cells(rprop, _) => rprop,
        }
    }

    /// Visits each vector, which may be moved in memory, except the small ones with a few bytes for each member.
    pub(crate) fn move_by(&mut self, mover: &mut dyn Move) {
        let RpropState { sizes, signs, objectives: _ } = self.rprop_mut();
        mover.floats(sizes);
        mover.signs(signs);
        match self {
            Self::Rprop(_) => {}
            Self::Lbfgs(_, searches) => searches.iter_mut().for_each(|search| mover.floats(&mut search.moves)),
            Self::Adam(_, AdamState { weights, first, second, members: _ })
            | Self::Cells(_, AdamState { weights, first, second, members: _ }) => {
                [weights, first, second].into_iter().for_each(|values| mover.floats(values));
            }
        }
    }

    /// Bytes of the vectors.
    pub(crate) fn bytes_by(&self, taken: Taken<'_>) -> usize {
        let RpropState { sizes, signs, objectives } = self.rprop();
        let others = match self {
            Self::Rprop(_) => 0,
            Self::Lbfgs(_, searches) => {
                let moves = searches.iter().map(|search| memory::of_vec(&search.moves, taken));
                memory::of_vec(searches, taken) + moves.sum::<usize>()
            }
            Self::Adam(_, AdamState { weights, first, second, members })
            | Self::Cells(_, AdamState { weights, first, second, members }) => {
                let values = [weights, first, second].map(|values| memory::of_vec(values, taken));
                values.iter().sum::<usize>() + memory::of_vec(members, taken)
            }
        };
        memory::of_vec(sizes, taken) + memory::of_vec(signs, taken) + memory::of_vec(objectives, taken) + others
    }
}

impl RpropState {
    /// Bytes for each parameter: its step size and sign.
    pub(crate) const BYTES_PER_PARAMETER: usize = size_of::<f32>() + size_of::<i8>();

    /// The state before the first step.
    pub(crate) fn new(parameters: usize, members: usize) -> Self {
        Self {
            sizes: vec![FIRST_SIZE; parameters],
            signs: vec![0; parameters],
            objectives: vec![f64::INFINITY; members],
        }
    }

    /// Each member's part.
    pub(crate) fn members_mut(&mut self) -> impl Iterator<Item = RpropMember<'_>> {
        let Self { sizes, signs, objectives } = self;
        let parameters = sizes.len() / objectives.len();
        let members = sizes.chunks_mut(parameters).zip(signs.chunks_mut(parameters)).zip(objectives);
        members.map(|((sizes, signs), objective)| RpropMember { sizes, signs, objective })
    }

    /// The state of these members alone.
    pub(crate) fn of_members(self, members: &[usize]) -> Self {
        if members.len() == self.objectives.len() {
            return self;
        }
        let each = self.sizes.len() / self.objectives.len();
        Self {
            sizes: pick(&self.sizes, each, members),
            signs: pick(&self.signs, each, members),
            objectives: pick(&self.objectives, 1, members),
        }
    }
}

impl SearchState {
    /// The state before a search has begun.
    pub(crate) const NONE: Self =
        Self { objective: f64::INFINITY, step: 0.0, decay_before: 0.0, shortened: 0, moves: Vec::new() };

    pub(crate) fn has_begun(&self) -> bool {
        self.objective < f64::INFINITY
    }
}

/// The values of these members, where each member has `each` values.
pub(crate) fn pick<T: Copy>(from: &[T], each: usize, members: &[usize]) -> Vec<T> {
    members.iter().flat_map(|member| &from[member * each..(member + 1) * each]).copied().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn picked_members_keep_their_state() {
        let state = RpropState {
            sizes: vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0],
            signs: vec![1, 1, 0, 0, -1, -1],
            objectives: vec![0.1, 0.2, 0.3],
        };
        assert_eq!(state.clone().of_members(&[0, 1, 2]), state);
        let picked =
            RpropState { sizes: vec![1.0, 2.0, 5.0, 6.0], signs: vec![1, 1, -1, -1], objectives: vec![0.1, 0.3] };
        assert_eq!(state.of_members(&[0, 2]), picked);
    }

    #[test]
    fn a_visitor_sees_every_vector_and_bytes_count_them() {
        struct Visited(Vec<usize>);
        impl Move for Visited {
            fn floats(&mut self, vec: &mut Vec<f32>) {
                self.0.push(4 * vec.len());
            }
            fn signs(&mut self, vec: &mut Vec<i8>) {
                self.0.push(vec.len());
            }
        }
        let moves = vec![0.0; 12];
        let searches = vec![SearchState { objective: 1.0, moves, ..SearchState::NONE }, SearchState::NONE];
        let mut state = TrainerState::Lbfgs(RpropState::new(6, 2), searches);
        let mut visited = Visited(Vec::new());
        state.move_by(&mut visited);
        assert_eq!(visited.0, [24, 6, 48, 0]);
        let members = 2 * (size_of::<f64>() + size_of::<SearchState>());
        assert_eq!(state.bytes_by(&|bytes| bytes), 24 + 6 + 48 + members);
        assert_eq!(TrainerState::new(6, 2).bytes_by(&|bytes| bytes), 6 * RpropState::BYTES_PER_PARAMETER + 2 * 8);
    }
}
