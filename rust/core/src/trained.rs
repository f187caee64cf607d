//! What a training changes, as one immutable value: weights, the trainer's state, normalization, statistics.

use std::sync::Arc;

use crate::constraint::Constraint;
use crate::layout::Layout;
use crate::memory::{self, Move, Taken};
use crate::normalization::{Normalization, Scaling};
use crate::options::Activation;
use crate::random::Random;
use crate::sequence::Heard;
use crate::sequence::gru::Gru;
use crate::trainer_state::{RpropState, TrainerState};
use crate::weights;

/// All that a training changes. The live network, a training's result, BACKTRACK and a replica exchange only this.
#[derive(Debug, Clone, PartialEq)]
pub struct Trained {
    /// What the weights are arranged by.
    pub(crate) layout: Arc<Layout>,
    /// Weights and biases, member after member; see [`crate::layout::Connection`] for the order in each.
    pub(crate) weights: Vec<f32>,
    /// Multiplier of the automatic weight decay for each member; above 0.
    pub(crate) decays: Vec<f32>,
    pub(crate) state: TrainerState,
    pub(crate) normalization: Normalization,
    pub(crate) statistics: Statistics,
    /// The gated cells through which sequences are heard, one of each member, once a training has made such.
    pub(crate) gru: Option<Arc<Gru>>,
    /// Whether the weights were assigned: a training goes on from them, though none may have been before.
    pub(crate) assigned: bool,
}

/// What a network tells of its trainings.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Statistics {
    /// Rows presented, each time counted.
    pub total_steps: u64,
    /// Times that all training rows were presented.
    pub total_cycles: u64,
    /// Seconds spent training.
    pub total_seconds: f64,
    /// Mean loss of a training row with the present weights, as of the last training; 0 before the first.
    pub train_error: f64,
    /// Mean loss of a validation row, likewise; 0 where there were none.
    pub test_error: f64,
    /// Validation rows classified wrongly, in percent, likewise.
    pub class_errors: f64,
    /// Whether the last training was stopped because the validation rows got worse.
    pub overfitting: bool,
    /// Whether the validation rows had a say in when the last training stopped or what it kept: what they show since then is
    /// optimistic.
    pub test_decided: bool,
}

impl Trained {
    /// Bytes of a parameter of an untrained network: its weight, and the state that RPROP begins with.
    pub const BYTES_PER_PARAMETER: usize = size_of::<f32>() + RpropState::BYTES_PER_PARAMETER;

    /// An untrained network with new random weights.
    pub(crate) fn untrained(
        layout: Arc<Layout>,
        activation: Activation,
        constraint: Option<&Constraint>,
        random: &mut Random,
    ) -> Self {
        let weights = weights::initial(&layout, activation, constraint, random);
        // A scaling keeps inputs within bounds, where an answer is to be monotone in them.
        let inputs = constraint.map(|_| Scaling::identity(layout.first_inputs().computed));
        let normalization = Normalization { inputs, ..Normalization::default() };
        Self { state: TrainerState::new(weights.len(), 1), weights, normalization, ..Self::nothing(layout) }
    }

    /// What a network has before it has weights.
    pub(crate) fn nothing(layout: Arc<Layout>) -> Self {
        Self {
            layout,
            weights: Vec::new(),
            decays: vec![1.0],
            state: TrainerState::new(0, 1),
            normalization: Normalization::default(),
            statistics: Statistics::default(),
            gru: None,
            assigned: false,
        }
    }

    /// Networks of the layout that answer together, by the mean of what their output units sum up.
    pub(crate) fn members(&self) -> usize {
        self.decays.len()
    }

    /// How sequences are heard.
    pub(crate) fn heard(&self) -> Heard<'_> {
        Heard { scaling: self.normalization.events.as_ref(), gru: self.gru.as_ref() }
    }

    /// Whether the weights are those drawn at first: no training has changed them, and no others were assigned.
    pub(crate) fn is_untrained(&self) -> bool {
        self.statistics.total_cycles == 0 && !self.assigned
    }

    /// The same with other weights, scaled as before, and nothing remembered of the trainings that led to the old ones.
    pub(crate) fn with_weights(&self, activation: Activation, weights: Vec<f32>) -> Self {
        let (layout, members) = (Arc::clone(&self.layout), self.members());
        let sizes = weights::first_sizes(&layout, activation).repeat(members);
        let state = TrainerState::Rprop(RpropState { sizes, ..RpropState::new(weights.len(), members) });
        let (decays, normalization, gru) = (self.decays.clone(), self.normalization.clone(), self.gru.clone());
        let statistics = Statistics::default();
        Self { layout, weights, decays, state, normalization, statistics, gru, assigned: true }
    }

    /// Lends each of its vectors to be moved in memory, but for the few bytes of each member.
    pub(crate) fn move_by(&mut self, mover: &mut dyn Move) {
        let Self { layout: _, weights, decays: _, state, normalization, statistics: _, gru, assigned: _ } = self;
        mover.floats(weights);
        state.move_by(mover);
        for scaling in
            normalization.inputs.iter_mut().chain(&mut normalization.outputs).chain(&mut normalization.events)
        {
            mover.floats(&mut scaling.mean);
            mover.floats(&mut scaling.scale);
        }
        normalization.places.iter_mut().for_each(|places| places.move_by(mover));
        if let Some(gru) = gru.as_mut().and_then(Arc::get_mut) {
            gru.move_by(mover);
        }
    }

    /// Bytes of what is shared, where a block takes what `taken` says.
    pub fn bytes_by(&self, taken: Taken<'_>) -> usize {
        memory::of_shared::<Self>(taken)
            + self.layout.bytes_by(taken)
            + memory::of_vec(&self.weights, taken)
            + memory::of_vec(&self.decays, taken)
            + self.state.bytes_by(taken)
            + self.normalization.bytes_by(taken)
            + self.gru.as_ref().map_or(0, |gru| memory::of_shared::<Gru>(taken) + gru.bytes_by(taken))
    }

    /// Weights and biases of each member, for reading; see [`crate::layout::Connection`] for their order.
    pub fn weights(&self) -> impl ExactSizeIterator<Item = &[f32]> {
        self.weights.chunks_exact(self.weights.len().max(1) / self.members())
    }

    /// What a training has found, for reading.
    pub fn statistics(&self) -> &Statistics {
        &self.statistics
    }
}
