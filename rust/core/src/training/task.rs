//! What a training is given: a snapshot of the network, and when to end.

use std::sync::Arc;
use std::time::Duration;

use crate::dataset::Dataset;
use crate::error::{Error, Result};
use crate::layout::Layout;
use crate::model::Model;
use crate::network::Network;
use crate::normalization::Normalization;
use crate::objective::Objective;
use crate::options::Options;
use crate::random::Random;
use crate::trained::{StepperState, Trained};
use crate::weights::initial;

/// The random stream of the members after the first.
const MEMBERS_STREAM: u64 = 3;

/// When a training ends, besides by a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TrainOptions {
    /// Cycles at most; 0 for no limit.
    pub max_cycles: u64,
    /// Time at most, from the real start; zero for no limit.
    pub max_time: Duration,
    /// Whether to end when the testing rows have nothing more to gain.
    pub auto_stop: bool,
    /// Whether to return to the weights with the least test error seen; without `auto_stop` it has no effect.
    pub backtrack: bool,
}

impl Default for TrainOptions {
    /// Ten seconds, and nothing else ends it.
    fn default() -> Self {
        Self { max_cycles: 0, max_time: Duration::from_secs(10), auto_stop: false, backtrack: false }
    }
}

/// A training to be done. Taking one costs constant time and shares the network's rows.
#[derive(Debug, Clone)]
pub struct Task {
    pub(super) layout: Arc<Layout>,
    pub(super) options: Options,
    pub(super) trained: Arc<Trained>,
    pub(super) dataset: Dataset,
    pub(super) training: TrainOptions,
    /// Networks of the layout that it trains.
    pub(super) members: usize,
    /// The network's state of what draws initial weights.
    weights_state: u64,
}

impl Task {
    /// A training of a network as it is now.
    ///
    /// # Errors
    /// [`Error::NoTrainingRows`], or [`Error::NoTestingRows`] if `auto_stop` has none to watch.
    pub fn new(network: &Network, training: TrainOptions) -> Result<Self> {
        if network.dataset.train.len() == 0 {
            return Err(Error::NoTrainingRows);
        }
        if training.auto_stop && network.dataset.test.len() == 0 {
            return Err(Error::NoTestingRows);
        }
        let Model { layout, options, trained, .. } = network.model();
        let (dataset, weights_state) = (network.dataset.clone(), network.weights_state());
        let members = if trained.is_untrained() {
            options.restarts.members(training.auto_stop, dataset.train.len(), layout.parameters())
        } else {
            trained.members()
        };
        Ok(Self { layout, options, trained, dataset, training, members, weights_state })
    }

    /// Bytes of memory that one thread takes for it, about, beyond the rows.
    pub fn bytes(&self) -> usize {
        let objective = self.objective(Normalization::default());
        // Weights with the stepper's state, of 9 bytes together: as trained, as the best so far, as the best before.
        let parameters = objective.parameters() * (4 * objective.shares(&self.dataset.train).len() + 3 * 9);
        parameters + objective.scratch_bytes()
    }

    /// What it minimizes.
    pub(super) fn objective(&self, normalization: Normalization) -> Objective {
        Objective::new(self.dataset.shape.kind, &self.layout, self.options, normalization, self.members)
    }

    /// The weights and the trainer's state that the training begins with: those of the network, and if nothing has trained
    /// it yet, those of as many more members as it is to have, drawn from a stream of their own.
    pub(super) fn beginning(&self) -> (Vec<f32>, StepperState) {
        let mut weights = self.trained.weights.clone();
        if !self.trained.is_untrained() {
            return (weights, self.trained.state.clone());
        }
        let (parameters, members) = (self.layout.parameters(), self.members);
        weights.truncate(parameters);
        let mut random = Random::new(self.weights_state, MEMBERS_STREAM);
        for _ in 1..members {
            weights.extend(initial(&self.layout, self.options.activation, &mut random));
        }
        (weights, StepperState::new(members * parameters, members))
    }

    /// When it ends.
    pub fn options(&self) -> &TrainOptions {
        &self.training
    }
}
