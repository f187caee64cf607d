//! The result of trainings as one immutable value: weights, trainer state, normalization and statistics.

use std::sync::Arc;

use crate::constraint::Constraint;
use crate::layout::Layout;
use crate::memory::{self, Move, Taken};
use crate::normalization::{Normalization, Scaling};
use crate::options::Activation;
use crate::random::Random;
use crate::sequence::CellParameters;
use crate::sequence::gru::Gru;
use crate::trainer_state::{RpropState, TrainerState};
use crate::weights;

/// Everything that a training changes. A training returns it, the network installs it, and replicas receive it.
#[derive(Debug, Clone, PartialEq)]
pub struct Trained {
    /// The layout of the weights.
    pub(crate) layout: Arc<Layout>,
    /// Weights and biases, member after member; see [`crate::layout::Connection`] for their order in a member.
    pub(crate) weights: Vec<f32>,
    /// Multiplier of the automatic weight decay for each member; above 0.
    pub(crate) decays: Vec<f32>,
    pub(crate) state: TrainerState,
    pub(crate) normalization: Normalization,
    pub(crate) statistics: Statistics,
    /// The gated recurrent cells, one for each member; none before a training has made them.
    pub(crate) gru: Option<Arc<Gru>>,
    /// Whether the weights were assigned, so that the first training continues from them instead of drawing members.
    pub(crate) assigned: bool,
}

/// Statistics of the trainings of a network.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Statistics {
    /// Presentations of a row to a member, over all trainings.
    pub total_steps: u64,
    /// Cycles of all trainings.
    pub total_cycles: u64,
    /// Seconds of all trainings.
    pub total_seconds: f64,
    /// Mean loss of the training rows at the end of the last training; 0 before the first.
    pub train_error: f64,
    /// Mean loss of the validation rows at the end of the last training; 0 without such rows.
    pub test_error: f64,
    /// Misclassified validation rows at the end of the last training, in percent; 0 for a regressor.
    pub class_errors: f64,
    /// Whether the last training was stopped because the error of the validation rows rose.
    pub overfitting: bool,
    /// Whether the validation rows decided when the last training stopped, or which weights it kept. Their error is
    /// then an optimistic estimate of that of fresh rows.
    pub test_decided: bool,
}

impl Trained {
    /// Bytes for each parameter of an untrained network: its weight, and the initial state of RPROP.
    pub const BYTES_PER_PARAMETER: usize = size_of::<f32>() + RpropState::BYTES_PER_PARAMETER;

    /// Draws the random weights of an untrained network.
    pub(crate) fn untrained(
        layout: Arc<Layout>,
        activation: Activation,
        constraint: Option<&Constraint>,
        random: &mut Random,
    ) -> Self {
        let weights = weights::initial(&layout, activation, constraint, random);
        // Monotone answers need bounded inputs, and a scaling clamps them.
        let inputs = constraint.map(|_| Scaling::identity(layout.first_inputs().computed));
        let normalization = Normalization { inputs, ..Normalization::default() };
        Self { state: TrainerState::new(weights.len(), 1), weights, normalization, ..Self::nothing(layout) }
    }

    /// The value of a network whose weights have not been drawn yet.
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

    /// Members of the ensemble, whose pre-activations of output units are averaged.
    pub(crate) fn members(&self) -> usize {
        self.decays.len()
    }

    /// What the rows of sequences are computed with: the scaling of events and the trained cells.
    pub(crate) fn cell_parameters(&self) -> CellParameters<'_> {
        CellParameters { scaling: self.normalization.events.as_ref(), gru: self.gru.as_ref() }
    }

    /// Whether the weights are the initial random ones: no training has changed them, and none were assigned.
    pub(crate) fn is_untrained(&self) -> bool {
        self.statistics.total_cycles == 0 && !self.assigned
    }

    /// A copy with other weights under the same scaling, without the trainer state and statistics of the old ones.
    pub(crate) fn with_weights(&self, activation: Activation, weights: Vec<f32>) -> Self {
        let (layout, members) = (Arc::clone(&self.layout), self.members());
        let sizes = weights::first_sizes(&layout, activation).repeat(members);
        let state = TrainerState::Rprop(RpropState { sizes, ..RpropState::new(weights.len(), members) });
        let (decays, normalization, gru) = (self.decays.clone(), self.normalization.clone(), self.gru.clone());
        let statistics = Statistics::default();
        Self { layout, weights, decays, state, normalization, statistics, gru, assigned: true }
    }

    /// Visits each of its vectors, which may be moved in memory, except the small ones with a few bytes for each
    /// member.
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

    /// Bytes of a shared value, where `taken` returns the bytes that the allocator uses for a block.
    pub fn bytes_by(&self, taken: Taken<'_>) -> usize {
        memory::of_shared::<Self>(taken)
            + self.layout.bytes_by(taken)
            + memory::of_vec(&self.weights, taken)
            + memory::of_vec(&self.decays, taken)
            + self.state.bytes_by(taken)
            + self.normalization.bytes_by(taken)
            + self.gru.as_ref().map_or(0, |gru| memory::of_shared::<Gru>(taken) + gru.bytes_by(taken))
    }

    /// Weights and biases of each member; see [`crate::layout::Connection`] for their order.
    pub fn weights(&self) -> impl ExactSizeIterator<Item = &[f32]> {
        self.weights.chunks_exact(self.weights.len().max(1) / self.members())
    }

    /// Statistics of the trainings.
    pub fn statistics(&self) -> &Statistics {
        &self.statistics
    }
}
