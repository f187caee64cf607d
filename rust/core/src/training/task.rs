//! What a training is given: a snapshot of the network, and when to end.

use std::sync::Arc;
use std::time::Duration;

use super::lbfgs::{self, Search};
use crate::dataset::Dataset;
use crate::error::{Error, Result};
use crate::layout::Layout;
use crate::model::Model;
use crate::network::Network;
use crate::normalization::Normalization;
use crate::objective::Objective;
use crate::options::{ClassWeight, Options, Restarts};
use crate::random::Random;
use crate::trained::{StepperState, Trained};
use crate::weights::{first_sizes, initial};

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
    /// Whether to return to the weights that did best on the testing rows, by the squared error of the outputs whatever the
    /// loss; without `auto_stop` it has no effect.
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
    /// How many of them it leaves: those with the least test errors.
    pub(super) answering: usize,
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
        let (members, answering) = if trained.is_untrained() {
            let starts = options.restarts.starts(training.auto_stop, dataset.train.len(), layout.parameters());
            (starts, Restarts::answering(training.auto_stop, starts))
        } else {
            (trained.members(), trained.members())
        };
        Ok(Self { layout, options, trained, dataset, training, members, answering, weights_state })
    }

    /// Bytes of memory that it takes with so many threads, about, beyond the rows.
    pub fn bytes(&self, threads: usize) -> usize {
        let objective = self.unweighted(Normalization::default(), self.members);
        // Weights with the stepper's state, of 9 bytes together: as trained, as the best so far, as the best before.
        let shares = objective.shares(&self.dataset.train).len();
        // Weights with the stepper's state are 9 bytes a parameter: as they are, and as the best so far. At the end there are
        // the result and its bytes, and no gradients any more.
        let best = if self.training.auto_stop && self.training.backtrack { 9 } else { 0 };
        let parameters = objective.parameters() * (4 * shares + 9 + best).max(2 * 9);
        let threads = threads.min(shares.max(objective.shares(&self.dataset.test).len())).max(1);
        // The last is for what the rows' means alone would make of them.
        let scratch = (threads + 1) * objective.scratch_bytes();
        let classes = match self.options.class_weight {
            ClassWeight::Balanced => self.layout.outputs() * (size_of::<f64>() + size_of::<f32>()),
            ClassWeight::None | ClassWeight::Given(_) => 0,
        };
        let searches = if self.is_lbfgs() { lbfgs::bytes(self.layout.parameters(), self.members) } else { 0 };
        parameters + scratch + classes + searches
    }

    /// Bytes of what it shares with the network, or keeps of it after that is gone: rows and weights.
    pub fn shared_bytes(&self) -> usize {
        self.dataset.bytes_by(&|bytes| bytes) + self.trained.bytes_by(&|bytes| bytes)
    }

    /// Whether L-BFGS trains it.
    pub(super) fn is_lbfgs(&self) -> bool {
        self.options.algorithm.is_lbfgs(self.dataset.shape.kind, self.layout.parameters())
    }

    /// The searches of its members, which L-BFGS needs.
    pub(super) fn searches(&self) -> Vec<Search> {
        let (parameters, members) = (self.layout.parameters(), self.members);
        (0..members).map(|_| Search::new(parameters, members, self.options.l2)).collect()
    }

    /// What so many members of it minimize.
    pub(super) fn objective(&self, normalization: Normalization, members: usize) -> Objective {
        self.unweighted(normalization, members).weighted(self.class_weights())
    }

    /// What members of another layout, for the same rows, minimize.
    pub(super) fn objective_of(&self, layout: &Layout, normalization: Normalization, members: usize) -> Objective {
        let objective = Objective::new(self.dataset.shape.kind, layout, self.options.clone(), normalization, members);
        objective.weighted(self.class_weights())
    }

    fn unweighted(&self, normalization: Normalization, members: usize) -> Objective {
        Objective::new(self.dataset.shape.kind, &self.layout, self.options.clone(), normalization, members)
    }

    /// What the loss of a row of each class is multiplied by; none where all are alike.
    pub(super) fn class_weights(&self) -> Option<Arc<Vec<f32>>> {
        match &self.options.class_weight {
            ClassWeight::None => None,
            ClassWeight::Balanced => Some(Arc::new(balanced(&self.dataset))),
            ClassWeight::Given(weights) => Some(Arc::clone(weights)),
        }
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
        let sizes = first_sizes(&self.layout).repeat(members);
        let mut random = Random::new(self.weights_state, MEMBERS_STREAM);
        for _ in 1..members {
            weights.extend(initial(&self.layout, self.options.activation, &mut random));
        }
        let decays = self.options.l2.shares(members);
        (weights, StepperState { sizes, decays, ..StepperState::new(members * parameters, members) })
    }

    /// Weights and biases of all members that the network will have.
    pub fn parameters(&self) -> usize {
        self.answering * self.layout.parameters()
    }

    /// When it ends.
    pub fn options(&self) -> &TrainOptions {
        &self.training
    }
}

/// The weights of [`ClassWeight::Balanced`].
fn balanced(dataset: &Dataset) -> Vec<f32> {
    let (rows, shape) = (&dataset.train, dataset.shape);
    let mut of_class = vec![0.0; shape.outputs];
    for row in 0..rows.len() {
        let class = rows.table.row(row).nth(shape.inputs).expect("a row ends with its class");
        of_class[class as usize] += f64::from(rows.weight(row));
    }
    let (all, classes) = (of_class.iter().sum::<f64>(), of_class.iter().filter(|&&own| own > 0.0).count() as f64);
    // Bounded for row weights at both ends of single precision.
    let weight = |own: f64| (all / (classes * own)).clamp(f32::MIN_POSITIVE.into(), f32::MAX.into()) as f32;
    of_class.into_iter().map(|own| if own > 0.0 { weight(own) } else { 1.0 }).collect()
}

#[cfg(test)]
mod tests {
    use super::super::{Job, Live, Outcome, Owner, Pool};
    use super::*;
    use crate::dataset::{Batch, Limits};
    use crate::layout::Kind;

    fn network(inputs: usize) -> Network {
        let layout = Layout::new(&[inputs, 2]).unwrap();
        let options = Options::new(Kind::Classifier);
        let limits = Limits { train: 10, test: 0 };
        let mut network = Network::new(Kind::Classifier, layout, options, limits, 1).unwrap();
        let values = vec![1.0; 3 * inputs];
        network.observe(&Batch::new(&values, inputs, &[0.0, 1.0, 1.0], 1), None, |_| {}).unwrap();
        network
    }

    fn one_cycle() -> TrainOptions {
        TrainOptions { max_cycles: 1, max_time: Duration::ZERO, ..TrainOptions::default() }
    }

    #[test]
    fn a_bug_in_a_training_fails_that_training_and_no_other() {
        let pool = Pool::new(2, 1);
        // A bug: the weights of another network.
        let trained = Arc::clone(&network(3).trained);
        let task = Task { trained, ..Task::new(&network(50), one_cycle()).unwrap() };
        let job = Job::start(task, &Owner::default(), &pool, |_| Ok(()), |_| {});
        assert!(job.wait(Duration::from_secs(60)));
        assert!(matches!(job.outcome(), Some(Outcome::Failed(reason)) if reason.contains("out of range")));
        assert_eq!(pool.counts(), (0, 0));
        let mut live = Live::new(network(3));
        assert!(live.train(one_cycle(), &pool, |_| {}).unwrap().wait(Duration::from_secs(60)));
        assert!(matches!(live.collect(), Some(Outcome::Trained(..))));
    }

    #[test]
    fn balanced_weights_give_each_class_that_occurs_as_much_as_another() {
        let layout = Layout::new(&[1, 4]).unwrap();
        let limits = Limits { train: 100, test: 0 };
        let mut network = Network::new(Kind::Classifier, layout, Options::new(Kind::Classifier), limits, 1).unwrap();
        // Ten rows of class 0, the last of which counts as ten; two of class 1; four of class 3.
        let classes = [[0.0; 10].as_slice(), &[1.0; 2], &[3.0; 4]].concat();
        let weights: Vec<f32> = (0..16).map(|row| if row == 9 { 10.0 } else { 1.0 }).collect();
        let mut batch = Batch::new(&classes, 1, &classes, 1);
        batch.weights = Some(&weights);
        network.observe(&batch, None, |_| {}).unwrap();
        let all = 19.0 + 2.0 + 4.0;
        let expected = [all / (3.0 * 19.0), all / (3.0 * 2.0), 1.0, all / (3.0 * 4.0)];
        assert_eq!(balanced(&network.dataset), expected.map(|weight| weight as f32));

        let extremes = [f32::from_bits(1), f32::MAX];
        let mut batch = Batch::new(&classes[9..11], 1, &classes[9..11], 1);
        batch.weights = Some(&extremes);
        let mut network = self::network(1);
        network.dataset.train = crate::dataset::Rows::new(2);
        network.observe(&batch, None, |_| {}).unwrap();
        assert_eq!(balanced(&network.dataset), [f32::MAX, 0.5]);
    }

    #[test]
    fn the_bytes_of_a_task_grow_with_its_weights_and_layers() {
        let bytes = |units: &[usize]| {
            let options = Options::new(Kind::Regressor);
            let limits = Limits { train: 100, test: 0 };
            let mut network = Network::new(Kind::Regressor, Layout::new(units).unwrap(), options, limits, 1).unwrap();
            let (inputs, outputs) = (vec![0.0; units[0]], vec![0.0; *units.last().unwrap()]);
            network.observe(&Batch::new(&inputs, inputs.len(), &outputs, outputs.len()), None, |_| {}).unwrap();
            Task::new(&network, one_cycle()).unwrap().bytes(1)
        };
        assert!(bytes(&[1, 1]) < 1 << 20);
        assert!(bytes(&[1000, 1000, 10]) > 18 * 1_000_000);
        assert!(bytes(&[1, 1 << 20]) > (3 * 16 * 4) << 20);
    }
}
