//! Trainers: what becomes of the weights, given losses and gradients.
//!
//! The session asks for a pass over the rows in each cycle, lets the trainer judge what was found, decides whether to end, and
//! if not has the trainer step. A trainer is called a few times a cycle, so it is a trait object; its loops over parameters
//! are its own.

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

/// Parameters of a step that are worth another thread.
const THREAD_PARAMETERS: usize = 16 << 10;

/// What a training has to know of a trainer before it has one.
pub(super) struct Description {
    /// Makes one that goes on from a state.
    pub(super) new: fn(&Task, WeightDecay, TrainerState) -> Box<dyn Trainer>,
    /// Bytes of a parameter that its state takes, where so many members have so many parameters each.
    pub(super) state_bytes: fn(parameters: usize, members: usize) -> usize,
    /// Bytes of a parameter that it takes beyond its state, while it trains.
    pub(super) working_bytes: usize,
    /// Whether it steps many times a cycle, by gradients of its own.
    pub(super) by_batches: bool,
}

/// The trainer of each algorithm, for a network of that size.
pub(super) fn description(algorithm: Algorithm, size: Size) -> &'static Description {
    match algorithm.chosen(size) {
        Algorithm::Auto | Algorithm::IrpropPlus | Algorithm::IrpropMinus | Algorithm::RpropPlus => &rprop::DESCRIPTION,
        Algorithm::Lbfgs => &lbfgs::DESCRIPTION,
        Algorithm::Adam => &adam::DESCRIPTION,
    }
}

/// What changes the weights of a training's members.
pub(super) trait Trainer {
    /// Threads that have something to do in a step of so many members, if that is told by other than the rows.
    fn threads(&self, _learning: usize) -> Option<usize> {
        None
    }

    /// Whether it judges the weights of a cycle, for which it needs gradients even if the training ends there.
    fn judges(&self, _cycle: u64) -> bool {
        false
    }

    /// Judges the present weights of the members that learn, before anything else is made of what was found. Weights that
    /// it rejects it replaces by those of before. A verdict for each member; that on members that learn no more counts for
    /// nothing.
    fn judge(&mut self, found: Found<'_>, _threads: &mut Threads) -> Vec<Verdict> {
        vec![Verdict::Kept; found.learns.len()]
    }

    /// Moves the weights of the members that learn to where the next cycle is to look.
    fn step(&mut self, cycle: u64, found: Found<'_>, threads: &mut Threads);

    /// Replaces weights of a member that no cycle has looked at by the last that one did.
    fn take_back(&self, _member: usize, _weights: &mut [f32]) {}

    /// Copies what it remembers of one member, in the memory of an earlier copy. A trainer that remembers nothing has
    /// nothing to copy.
    fn copy_member(&self, _member: usize, _to: &mut Option<TrainerState>) {}

    /// Goes on from a copy, if it has made one, after the member's weights were replaced by those of then.
    fn restore_member(&mut self, _member: usize, _weights: &[f32], _from: Option<&TrainerState>) {}

    /// What it remembers of these members, for the next training.
    fn state(self: Box<Self>, members: &[usize]) -> TrainerState;
}

/// What a trainer says of a member's weights.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// They stay.
    Kept,
    /// Those of before are back.
    Rejected,
}

/// What a pass has found of a training's members, and their weights.
pub(super) struct Found<'a> {
    /// Parameters of one member.
    pub(super) parameters: usize,
    pub(super) weights: &'a mut [f32],
    pub(super) gradient: Gradient<'a>,
    pub(super) batches: Batches<'a>,
    pub(super) losses: &'a Losses,
    pub(super) learns: &'a [bool],
    /// Whether the training is to go on.
    pub(super) go_on: &'a (dyn Fn() -> bool + Sync),
}

/// What a pass has found of one member.
pub(super) struct MemberFound<'a> {
    pub(super) member: usize,
    pub(super) weights: &'a mut [f32],
    /// The mean loss of its training rows.
    pub(super) loss: f64,
    /// What the training rows weigh together.
    pub(super) rows: f64,
    /// The gradient of the sum of the losses of these rows.
    pub(super) gradient: Gradient<'a>,
}

impl<'a> Found<'a> {
    /// The members that learn, each with what a trainer has of it; `own` is of all members.
    pub(super) fn learning<T>(self, own: impl Iterator<Item = T>) -> impl Iterator<Item = (MemberFound<'a>, T)> {
        let Self { parameters, weights, gradient, losses, learns, .. } = self;
        let members = weights.chunks_mut(parameters).zip(gradient.chunks(parameters)).zip(own).enumerate();
        members.filter(|&(member, _)| learns[member]).map(|(member, ((weights, gradient), own))| {
            let (loss, rows) = (losses.train[member], losses.all.train.weight);
            (MemberFound { member, weights, loss, rows, gradient }, own)
        })
    }
}
