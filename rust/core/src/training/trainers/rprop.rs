//! RPROP, iRPROP- and iRPROP+: each parameter has its own step size, and only the sign of its gradient matters. The
//! papers are cited in `kernels/rprop.rs`.

use super::{Description, MemberResult, PassResult, THREAD_PARAMETERS, Threads, Trainer, WeightDecay};
use crate::constraint::Constraint;
use crate::kernels::{StepRule, kernels};
use crate::options::Algorithm;
use crate::trainer_state::{RpropMember, RpropState, TrainerState};
use crate::training::pass::Gradient;

pub(super) const DESCRIPTION: Description = Description {
    new: |task, decay, state| {
        let rprop = Rprop::new(task.options.algorithm, decay, state.into_rprop());
        Box::new(Rprop { constraint: task.constraint(), ..rprop })
    },
    state_bytes: |_, _| RpropState::BYTES_PER_PARAMETER,
    working_bytes: 0,
    by_batches: false,
};

/// Parameters of a chunk. Its gradient stays in the level 1 cache from its summation until the step is done.
const CHUNK_PARAMETERS: usize = 4 << 10;

/// Whether the step of a parameter is undone when the sign of its gradient changes.
enum Undo {
    /// RPROP+.
    Always,
    /// iRPROP-.
    Never,
    /// iRPROP+: if the objective has increased.
    IfWorse,
}

pub(super) struct Rprop {
    pub(super) decay: WeightDecay,
    undo: Undo,
    constraint: Option<Constraint>,
    pub(super) state: RpropState,
}

impl Rprop {
    pub(super) fn new(algorithm: Algorithm, decay: WeightDecay, state: RpropState) -> Self {
        let undo = match algorithm {
            Algorithm::RpropPlus => Undo::Always,
            Algorithm::IrpropMinus => Undo::Never,
            _ => Undo::IfWorse,
        };
        Self { decay, undo, constraint: None, state }
    }
}

/// Some of the parameters of a member, with all that their step needs.
struct StepChunk<'a> {
    rule: StepRule,
    /// The index of the first one in the member.
    from: usize,
    weights: &'a mut [f32],
    sizes: &'a mut [f32],
    signs: &'a mut [i8],
    gradient: Gradient<'a>,
}

/// The rule of a member's step; `objective` becomes that of the present weights. None if that is 0: the gradient is
/// then no more than rounding, and steps along its signs would grow until the weights are useless.
fn rule(decay: &WeightDecay, undo: &Undo, found: &MemberResult<'_>, objective: &mut f64) -> Option<StepRule> {
    let MemberResult { member, weights, loss, rows, .. } = found;
    let of_weights = decay.at(*member, *rows, *loss);
    let before = std::mem::replace(objective, loss + decay.penalty(of_weights, weights));
    let undo = match undo {
        Undo::Always => true,
        Undo::Never => false,
        Undo::IfWorse => *objective > before,
    };
    (*objective != 0.0).then_some(StepRule { scale: (1.0 / rows) as f32, decay: of_weights, undo })
}

impl Trainer for Rprop {
    fn step(&mut self, _cycle: u64, found: PassResult<'_>, threads: &mut Threads) {
        let workers = found.weights.len().div_ceil(THREAD_PARAMETERS);
        let PassResult { parameters, weights, learns, .. } = found;
        let found = PassResult { weights: &mut *weights, ..found };
        let mut chunks = Vec::with_capacity(found.weights.len() / CHUNK_PARAMETERS + found.learns.len());
        for (member, state) in found.learning(self.state.members_mut()) {
            let RpropMember { sizes, signs, objective } = state;
            let Some(rule) = rule(&self.decay, &self.undo, &member, objective) else { continue };
            let each = member.weights.chunks_mut(CHUNK_PARAMETERS).zip(member.gradient.chunks(CHUNK_PARAMETERS));
            let state = sizes.chunks_mut(CHUNK_PARAMETERS).zip(signs.chunks_mut(CHUNK_PARAMETERS));
            for (index, ((weights, gradient), (sizes, signs))) in each.zip(state).enumerate() {
                let from = index * CHUNK_PARAMETERS;
                chunks.push(StepChunk { rule, from, weights, sizes, signs, gradient });
            }
        }
        let decay = &self.decay;
        threads.each(workers, chunks, |chunk| chunk.step(decay));
        if let Some(constraint) = &self.constraint {
            let members = weights.chunks_mut(parameters).zip(self.state.members_mut()).zip(learns);
            for ((weights, RpropMember { signs, .. }), _) in members.filter(|(_, learns)| **learns) {
                constraint.reflect(weights, |at| signs[at] = -signs[at]);
            }
        }
    }

    fn copy_member(&self, member: usize, to: &mut Option<TrainerState>) {
        fn refill<T: Copy>(to: &mut Vec<T>, from: &[T]) {
            to.clear();
            to.extend_from_slice(from);
        }
        let parameters = self.state.sizes.len() / self.state.objectives.len();
        let range = member * parameters..(member + 1) * parameters;
        let copy = to.get_or_insert_with(|| TrainerState::new(0, 0)).rprop_mut();
        refill(&mut copy.sizes, &self.state.sizes[range.clone()]);
        refill(&mut copy.signs, &self.state.signs[range]);
        refill(&mut copy.objectives, &self.state.objectives[member..=member]);
    }

    fn restore_member(&mut self, member: usize, _weights: &[f32], from: Option<&TrainerState>) {
        let from = from.expect("copy_member was called before");
        let (copy, parameters) = (from.rprop(), self.state.sizes.len() / self.state.objectives.len());
        let range = member * parameters..(member + 1) * parameters;
        self.state.sizes[range.clone()].copy_from_slice(&copy.sizes);
        self.state.signs[range].copy_from_slice(&copy.signs);
        self.state.objectives[member] = copy.objectives[0];
    }

    fn state(self: Box<Self>, members: &[usize]) -> TrainerState {
        TrainerState::Rprop(self.state.of_members(members))
    }
}

impl StepChunk<'_> {
    fn step(&mut self, decay: &WeightDecay) {
        let Self { rule, from, weights, sizes, signs, gradient } = self;
        let (sum, end) = (gradient.sum(), *from + weights.len());
        // Each range has its own decay factor.
        for (range, factor) in decay.factors() {
            let (first, last) = (range.start.max(*from), range.end.min(end));
            if first < last {
                let range = first - *from..last - *from;
                (kernels().step)(
                    StepRule { decay: rule.decay * factor, ..*rule },
                    &sum[range.clone()],
                    &mut weights[range.clone()],
                    &mut sizes[range.clone()],
                    &mut signs[range],
                );
            }
        }
    }
}
