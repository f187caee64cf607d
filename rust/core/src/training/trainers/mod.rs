//! Trainers, which change the weights given losses and gradients.
//!
//! In each cycle the session computes a pass over the rows, lets the trainer accept or reject the weights, decides
//! whether to end, and if not calls the trainer's step. A trainer is called a few times a cycle, so it is a trait
//! object; the loops over parameters are inside its methods.

mod adam;
mod decay;
mod lbfgs;
mod moves;
mod rprop;
mod search;

use super::pass::{Batches, Gradient, Losses};
use super::task::Task;
use super::threads::Threads;
use crate::options::{Algorithm, Size};
use crate::trainer_state::TrainerState;
pub(super) use decay::WeightDecay;

/// Parameters of a step for which another thread pays.
const THREAD_PARAMETERS: usize = 16 << 10;

/// Properties of a trainer that are needed before it is made, and its constructor.
pub(super) struct Description {
    /// Makes a trainer that continues from a state.
    pub(super) new: fn(&Task, WeightDecay, TrainerState) -> Box<dyn Trainer>,
    /// Bytes of its state for each parameter, by the parameters of a member and the number of members.
    pub(super) state_bytes: fn(parameters: usize, members: usize) -> usize,
    /// Bytes for each parameter that it needs while it trains, besides its state.
    pub(super) working_bytes: usize,
    /// Whether it steps many times a cycle, with gradients of mini-batches that it computes itself.
    pub(super) by_batches: bool,
}

/// The trainer of an algorithm, where [`Algorithm::Auto`] depends on the size of the training.
pub(super) fn description(algorithm: Algorithm, size: Size) -> &'static Description {
    match algorithm.chosen(size) {
        Algorithm::Auto | Algorithm::IrpropPlus | Algorithm::IrpropMinus | Algorithm::RpropPlus => &rprop::DESCRIPTION,
        Algorithm::Lbfgs => &lbfgs::DESCRIPTION,
        Algorithm::Adam => &adam::DESCRIPTION,
    }
}

/// Changes the weights of the members of a training.
pub(super) trait Trainer {
    /// Threads that are useful in a step of this many members; none if that depends on the rows alone.
    fn threads(&self, _learning: usize) -> Option<usize> {
        None
    }

    /// Whether [`Self::judge`] is to be called in this cycle, which needs gradients even if the training ends there.
    fn judges(&self, _cycle: u64) -> bool {
        false
    }

    /// Accepts or rejects the present weights of the members that still train, before the pass is used for anything
    /// else. Rejected weights are replaced by the last accepted ones. Returns a verdict for each member; those of
    /// members that have stopped are ignored.
    fn judge(&mut self, found: PassResult<'_>, _threads: &mut Threads) -> Vec<Verdict> {
        vec![Verdict::Kept; found.learns.len()]
    }

    /// Changes the weights of the members that still train to those that the next cycle evaluates.
    fn step(&mut self, cycle: u64, found: PassResult<'_>, threads: &mut Threads);

    /// Replaces a member's weights, which no pass has evaluated, by the last that one has, if the trainer keeps these.
    fn discard_unevaluated(&self, _member: usize, _weights: &mut [f32]) {}

    /// Copies the state of one member, in the memory of an earlier copy if there is one. A trainer without such state
    /// copies nothing.
    fn copy_member(&self, _member: usize, _to: &mut Option<TrainerState>) {}

    /// Restores a member's state from a copy, if one was made, after its weights were replaced by those of the same
    /// time.
    fn restore_member(&mut self, _member: usize, _weights: &[f32], _from: Option<&TrainerState>) {}

    /// The state of these members, from which the next training continues.
    fn state(self: Box<Self>, members: &[usize]) -> TrainerState;
}

/// Whether a trainer accepts a member's weights.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// The weights are kept.
    Kept,
    /// The weights have been replaced by the last accepted ones.
    Rejected,
}

/// The result of a pass over the rows, and the weights of all members.
pub(super) struct PassResult<'a> {
    /// Parameters of one member.
    pub(super) parameters: usize,
    pub(super) weights: &'a mut [f32],
    pub(super) gradient: Gradient<'a>,
    pub(super) batches: Batches<'a>,
    pub(super) losses: &'a Losses,
    pub(super) learns: &'a [bool],
    /// Returns false once the training is to end.
    pub(super) go_on: &'a (dyn Fn() -> bool + Sync),
}

/// The result of a pass for one member, and its weights.
pub(super) struct MemberResult<'a> {
    pub(super) member: usize,
    pub(super) weights: &'a mut [f32],
    /// The mean loss of its training rows.
    pub(super) loss: f64,
    /// Sum of the weights of the training rows.
    pub(super) rows: f64,
    /// The gradient of the sum of the losses of these rows.
    pub(super) gradient: Gradient<'a>,
}

impl<'a> PassResult<'a> {
    /// The members that still train, each with its item of `own`, which has one for every member.
    pub(super) fn learning<T>(self, own: impl Iterator<Item = T>) -> impl Iterator<Item = (MemberResult<'a>, T)> {
        let Self { parameters, weights, gradient, losses, learns, .. } = self;
        let members = weights.chunks_mut(parameters).zip(gradient.chunks(parameters)).zip(own).enumerate();
        members.filter(|&(member, _)| learns[member]).map(|(member, ((weights, gradient), own))| {
            let (loss, rows) = (losses.train[member], losses.all.train.weight);
            (MemberResult { member, weights, loss, rows, gradient }, own)
        })
    }
}
