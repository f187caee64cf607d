//! The inputs of a training: a snapshot of the network, and the limits of the training.

use std::sync::Arc;
use std::time::Duration;

use super::recurrent;
use super::soften::{self, LastLayers};
use super::statistics::RowStatistics;
use super::trainers::{Description, description};
use crate::constraint::Constraint;
use crate::dataset::{Dataset, Set};
use crate::error::{Error, Result};
use crate::inputs::Inputs;
use crate::kernels::LANES;
use crate::layout::{Kind, Layout, MAX_PARAMETERS};
use crate::model::Model;
use crate::network::Network;
use crate::normalization::{Normalization, Scaling};
use crate::objective::Objective;
use crate::options::{ClassWeight, Ensemble, Options, Size};
use crate::random::Random;
use crate::schema::Schema;
use crate::sequence::gru::MOST_MEMBERS;
use crate::sequence::{CellParameters, Sequences};
use crate::trained::Trained;
use crate::trainer_state::{RpropState, TrainerState};
use crate::weights::{first_sizes, initial, widened};

/// The stream of random numbers for the initial weights of the members after the first.
const MEMBERS_STREAM: u64 = 3;

/// When a training ends without a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TrainOptions {
    /// The most cycles; 0 for no limit.
    pub max_cycles: u64,
    /// The most time, counted from the start of the training and not from its queueing; zero for no limit.
    pub max_time: Duration,
    /// Whether to stop early: when the error of the validation rows no longer falls.
    pub auto_stop: bool,
    /// Whether to return to the weights with the least mean squared error on the validation rows, whatever the loss. It
    /// has no effect without `auto_stop`.
    pub backtrack: bool,
}

impl Default for TrainOptions {
    /// A limit of ten seconds, and no other.
    fn default() -> Self {
        Self { max_cycles: 0, max_time: Duration::from_secs(10), auto_stop: false, backtrack: false }
    }
}

/// A training to be done. Making one takes constant time, since it shares the network's rows and weights.
#[derive(Debug, Clone)]
pub struct Task {
    pub(super) schema: Option<Arc<Schema>>,
    pub(super) layout: Arc<Layout>,
    pub(super) options: Options,
    pub(super) trained: Arc<Trained>,
    pub(super) dataset: Dataset,
    /// The sequences from which the rows are made, if the network has sequences.
    pub(super) sequences: Option<Sequences>,
    /// The scaling of the events' numbers, once the rows have been made.
    pub(super) events: Option<Scaling>,
    pub(super) training: TrainOptions,
    /// How many members are trained.
    pub(super) members: usize,
    /// How many members the result has: those with the least validation errors.
    pub(super) answering: usize,
    /// In a [trial](super::trial), whose own validation rows are held-out training rows: the network's validation rows,
    /// without training rows. Their errors are reported. None if the task is no trial.
    pub(super) reported: Option<Dataset>,
    /// The state of the network's random generator of initial weights.
    pub(super) weights_state: u64,
}

impl Task {
    /// Makes a task of a network as it is now.
    ///
    /// # Errors
    /// [`Error::NoTrainingRows`] without training rows, [`Error::NoTestingRows`] if `auto_stop` is set without
    /// validation rows, and an error if new words or classes would make the layout too large.
    pub fn new(network: &Network, training: TrainOptions) -> Result<Self> {
        let rows = |set| match &network.sequences {
            Some(sequences) => sequences.view.rows_of(&sequences.store, set) as usize,
            None => network.dataset.set(set).len(),
        };
        if rows(Set::Train) == 0 {
            return Err(Error::NoTrainingRows);
        }
        if training.auto_stop && rows(Set::Test) == 0 {
            return Err(Error::NoTestingRows);
        }
        let Model { schema, options, trained, .. } = network.model();
        // New words and classes become inputs and outputs.
        let layout = match &schema {
            Some(schema) => Arc::new(schema.layout(trained.layout.hidden())?),
            None => Arc::clone(&trained.layout),
        };
        let (dataset, weights_state) = (network.dataset.clone(), network.weights_state());
        let (members, answering) = (trained.members(), trained.members());
        let mut task = Self {
            schema,
            layout,
            options,
            trained,
            dataset,
            sequences: network.sequences.clone(),
            events: None,
            training,
            members,
            answering,
            reported: None,
            weights_state,
        };
        if task.trained.is_untrained() {
            let (rows, parameters) = (task.rows(Set::Train), task.layout.parameters());
            let (by_batches, has_trial) = (task.trainer().by_batches, task.allows_trial());
            let chooses = training.auto_stop || has_trial;
            let starts = if has_trial {
                task.max_trial_members()
            } else {
                task.options.ensemble.starts(chooses, by_batches, rows, parameters)
            };
            task.answering = Ensemble::answering(chooses, starts);
            task.members = if training.auto_stop { starts } else { task.answering };
            if task.has_cells() {
                let starts = task.recurrent_starts();
                let most = MOST_MEMBERS.min(MAX_PARAMETERS / parameters).max(1);
                task.answering = Ensemble::answering(training.auto_stop, starts).min(most);
                task.members = if training.auto_stop { starts } else { task.answering };
            }
        }
        Ok(task)
    }

    /// Bytes of memory that the training uses with this many threads, estimated, besides the network's rows.
    pub fn bytes(&self, threads: usize) -> usize {
        let trial = self.trial_members();
        let members = trial.unwrap_or(self.members);
        let objective = self.objective(Normalization::default(), members);
        let of_train = objective.shares_of(self.groups(Set::Train)).len();
        // With mini-batches each member has a gradient and scratch of its own, and shares have no gradients.
        let by_batches = self.trainer().by_batches;
        let (shares, own) = if by_batches { (0, members) } else { (of_train, 0) };
        let (weight, state) = (size_of::<f32>(), self.state_bytes(members));
        // BACKTRACK, which a trial uses too, keeps a copy of the weights and of RPROP's state.
        let keeps = trial.is_some() || self.training.auto_stop && self.training.backtrack;
        let kept = if keeps { Trained::BYTES_PER_PARAMETER } else { 0 };
        let training = shares * weight + weight + state + self.trainer().working_bytes + kept;
        // At the end there are the result and its encoded bytes, but no gradients any more.
        let parameters = objective.parameters() * training.max(2 * (weight + state));
        let threads = threads.min(of_train.max(objective.shares_of(self.groups(Set::Test)).len())).max(1);
        // A trial has passes of their own over the network's validation rows.
        let passes = if trial.is_some() && self.dataset.test.len() > 0 { 2 } else { 1 };
        // The last scratch is the baseline's.
        let scratch = (passes * threads + own + 1) * objective.scratch_bytes();
        let classes = match self.options.class_weight {
            ClassWeight::Balanced => self.layout.outputs() * (size_of::<f64>() + size_of::<f32>()),
            ClassWeight::None | ClassWeight::Given(_) => 0,
        };
        // A trial has a copy of the training rows.
        let rows = trial.map_or(0, |_| self.dataset.train.bytes_by(&|bytes| bytes));
        let softening = if soften::applies(self) { LastLayers::bytes(&self.layout, self.members) } else { 0 };
        // With cells the rows are made twice.
        let made = if self.has_cells() { 2 } else { 1 } * self.made_bytes();
        parameters + scratch + classes + rows + softening + made + recurrent::bytes(self)
    }

    /// Rows of a set, including those still to be made of sequences.
    fn rows(&self, set: Set) -> usize {
        match &self.sequences {
            Some(sequences) if self.dataset.train.len() == 0 => sequences.view.rows_of(&sequences.store, set) as usize,
            _ => self.dataset.set(set).len(),
        }
    }

    /// Groups of rows of a set, including those still to be made of sequences.
    fn groups(&self, set: Set) -> usize {
        match self.dataset.set(set).table.groups() {
            0 => self.rows(set).div_ceil(LANES),
            groups => groups,
        }
    }

    /// Bytes of the rows that are made of sequences.
    fn made_bytes(&self) -> usize {
        let rows = if self.sequences.is_some() { self.rows(Set::Train) + self.rows(Set::Test) } else { 0 };
        rows * size_of::<f32>() * self.dataset.shape.width()
    }

    /// The task with rows made of its sequences; none if it has no sequences. Takes time in proportion to the events.
    ///
    /// # Errors
    /// [`Error::NoTrainingRows`] or [`Error::NoTestingRows`] if the sequences give no rows, for example because each
    /// outcome is a gap; [`Error::Stopped`] once `keep_on` returns false.
    pub(super) fn with_rows(&self, keep_on: &dyn Fn() -> bool) -> Result<Option<Self>> {
        let Some(Sequences { view, store, .. }) = &self.sequences else { return Ok(None) };
        let row_schema = self.schema.as_ref().expect("a network of sequences has a schema of rows");
        let events = view.has_scaling().then(|| view.scaling(store, Set::Train, keep_on)).transpose()?;
        let mut dataset = self.dataset.clone();
        let parameters = CellParameters { scaling: events.as_ref(), gru: self.trained.gru.as_ref() };
        dataset.train = view.rows(row_schema, parameters, (store, Set::Train), keep_on)?;
        dataset.test = view.rows(row_schema, parameters, (store, Set::Test), keep_on)?;
        if dataset.train.len() == 0 {
            return Err(Error::NoTrainingRows);
        }
        if self.training.auto_stop && dataset.test.len() == 0 {
            return Err(Error::NoTestingRows);
        }
        Ok(Some(Self { dataset, events, ..self.clone() }))
    }

    /// Bytes of the weights and the trainer's state of the result.
    pub fn result_bytes(&self) -> usize {
        let layers = self.layout.parameters() * (size_of::<f32>() + self.state_bytes(self.answering));
        self.answering * (layers + recurrent::result_bytes(self))
    }

    fn state_bytes(&self, members: usize) -> usize {
        if self.has_cells() {
            // The state of the Adam that trains cells is counted with them, and ALGORITHM has no effect.
            return RpropState::BYTES_PER_PARAMETER;
        }
        (self.trainer().state_bytes)(self.layout.parameters(), members)
    }

    /// Bytes of rows and weights that the task shares with the network, and keeps allocated after the network is freed.
    pub fn shared_bytes(&self) -> usize {
        let sequences = self.sequences.as_ref().map_or(0, |sequences| sequences.bytes_by(&|bytes| bytes));
        sequences + self.dataset.bytes_by(&|bytes| bytes) + self.trained.bytes_by(&|bytes| bytes)
    }

    /// The trainer of this task.
    pub(super) fn trainer(&self) -> &'static Description {
        description(self.options.algorithm, self.size())
    }

    fn size(&self) -> Size {
        let (kind, parameters) = (self.dataset.shape.kind, self.layout.parameters());
        let is_monotone = self.options.monotone.is_any();
        // Held-out rows count, so that a trial has the trainer of the training that continues it.
        let held_out = if self.is_trial() { self.dataset.test.len() } else { 0 };
        let rows = self.rows(Set::Train) + held_out;
        Size { kind, parameters, rows, has_fields: self.schema.is_some(), is_monotone }
    }

    /// The normalization of the training, whose rows have these statistics. Hidden states are not scaled: they lie
    /// between -1 and 1, and the layers after cells are trained on them as they are.
    pub(super) fn normalization(&self, statistics: &RowStatistics) -> Normalization {
        let found = statistics.normalization(&self.options, &self.trained);
        let mut inputs = found.inputs.filter(|_| !self.has_cells());
        if let (Some(sequences), Some(inputs)) = (&self.sequences, &mut inputs) {
            sequences.view.weigh_inputs(inputs, &statistics.inputs);
        }
        Normalization { inputs, events: self.events.clone(), ..found }
    }

    /// The objective of this many members, without class weights.
    pub(super) fn objective(&self, normalization: Normalization, members: usize) -> Objective {
        let inputs = (&*self.layout, self.inputs());
        Objective::new(self.dataset.shape, inputs, self.options.clone(), normalization, members)
    }

    /// The constraint that keeps answers monotone in some inputs, if the options ask for one.
    pub(super) fn constraint(&self) -> Option<Constraint> {
        Constraint::of(self.kind(), self.schema.as_deref(), &self.options, &self.layout)
    }

    /// The seed of all random choices of the training.
    pub(super) fn seed(&self) -> u64 {
        self.weights_state
    }

    /// How inputs are computed from rows.
    pub(super) fn inputs(&self) -> Inputs {
        Inputs::new(self.schema.clone(), &self.layout)
    }

    /// The initial weights, the members' multipliers of the automatic weight decay, and the initial state of the
    /// trainer. They are those of the network; if it is untrained, the weights of the other members are drawn from a
    /// stream of their own.
    pub(super) fn initial_state(&self) -> (Vec<f32>, Vec<f32>, TrainerState) {
        let Trained { layout: before, decays, .. } = &*self.trained;
        let (weights, state) = match &self.schema {
            Some(schema) if before != &self.layout => widened(&self.trained, &self.layout, schema, &self.options),
            _ => (self.trained.weights.clone(), self.trained.state.clone()),
        };
        if !self.trained.is_untrained() {
            return (weights, decays.clone(), state);
        }
        let (parameters, members) = (self.layout.parameters(), self.members);
        let mut weights = weights[..parameters].to_vec();
        let sizes = first_sizes(&self.layout, self.options.activation).repeat(members);
        let constraint = self.constraint();
        let mut random = Random::new(self.weights_state, MEMBERS_STREAM);
        for _ in 1..members {
            weights.extend(initial(&self.layout, self.options.activation, constraint.as_ref(), &mut random));
        }
        let state = RpropState { sizes, ..RpropState::new(members * parameters, members) };
        (weights, self.options.l2.shares(members), TrainerState::Rprop(state))
    }

    /// The kind of the network.
    pub fn kind(&self) -> Kind {
        self.dataset.shape.kind
    }

    /// When the training ends without a request.
    pub fn options(&self) -> &TrainOptions {
        &self.training
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Job, Live, Outcome, Owner, Pool};
    use super::*;
    use crate::dataset::{Batch, Limits};
    use crate::options::Algorithm;

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
    fn a_panic_in_a_training_fails_only_that_training() {
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
    fn the_bytes_of_a_task_are_those_of_its_parts() {
        let task = |units: &[usize], algorithm, ensemble, training| {
            let options = Options { algorithm, ensemble, ..Options::new(Kind::Regressor) };
            let limits = Limits { train: 100, test: 10 };
            let mut network = Network::new(Kind::Regressor, Layout::new(units).unwrap(), options, limits, 1).unwrap();
            let (inputs, outputs) = (vec![0.0; units[0]], vec![0.0; *units.last().unwrap()]);
            let batch = Batch::new(&inputs, inputs.len(), &outputs, outputs.len());
            for set in [Set::Train, Set::Test] {
                network.observe(&batch, Some(set), |_| {}).unwrap();
            }
            Task::new(&network, training).unwrap()
        };
        let scratch = |task: &Task| 2 * task.objective(Normalization::default(), task.members).scratch_bytes();
        let parameters = 1001 * 30 + 31;
        let (one, rprop, units) = (Ensemble::Fixed(1), Algorithm::IrpropPlus, &[1000, 30, 1][..]);
        // Weights and state, 4 and 5 bytes, and the gradient of one share, 4; at the end the result twice.
        let plain = task(units, rprop, one, one_cycle());
        assert_eq!(plain.bytes(1), parameters * 18 + scratch(&plain));
        assert_eq!(plain.bytes(9), plain.bytes(1), "one share occupies one thread");
        assert_eq!(plain.result_bytes(), parameters * 9);
        // BACKTRACK keeps a copy of weights and state.
        let backtrack = TrainOptions { auto_stop: true, backtrack: true, ..one_cycle() };
        let kept = task(units, rprop, one, backtrack);
        assert_eq!(kept.bytes(1), parameters * (4 + 9 + 9) + scratch(&kept));
        // Two of four members are kept.
        let four = task(units, rprop, Ensemble::Fixed(4), backtrack);
        assert_eq!(four.bytes(1), 4 * parameters * 22 + scratch(&four));
        assert_eq!(four.result_bytes(), 2 * parameters * 9);
        // Twenty moves of 8 bytes.
        let lbfgs = task(units, Algorithm::Lbfgs, one, one_cycle());
        assert_eq!(lbfgs.bytes(1), parameters * 2 * (9 + 160) + scratch(&lbfgs));
        assert_eq!(lbfgs.result_bytes(), parameters * (9 + 160));
        // Three numbers for each parameter, and another scratch for the one member.
        let adam = task(units, Algorithm::Adam, one, one_cycle());
        assert_eq!(adam.bytes(1), parameters * 2 * (9 + 12) + scratch(&adam) * 3 / 2);
        assert_eq!(adam.result_bytes(), parameters * (9 + 12));
        assert!(task(&[1, 1 << 20], rprop, one, one_cycle()).bytes(1) > (3 * 16 * 4) << 20);
    }

    #[test]
    fn a_task_shares_the_rows_and_weights_of_its_network() {
        let network = network(3);
        let task = Task::new(&network, one_cycle()).unwrap();
        // The task does not share the network's calibration.
        let own = size_of::<Network>() + network.calibration_bytes_by(&|bytes| bytes);
        assert_eq!(task.shared_bytes(), network.bytes() - own);
        assert_eq!((task.kind(), *task.options()), (Kind::Classifier, one_cycle()));
        let plain =
            TrainOptions { max_cycles: 0, max_time: Duration::from_secs(10), auto_stop: false, backtrack: false };
        assert_eq!(TrainOptions::default(), plain);
    }

    #[test]
    fn members_after_the_first_have_random_weights_and_own_decay() {
        let mut network = network(12);
        network.options.ensemble = Ensemble::Fixed(3);
        let task = Task::new(&network, one_cycle()).unwrap();
        let (weights, decays, state) = task.initial_state();
        let each = network.layout().parameters();
        let members: Vec<&[f32]> = weights.chunks(each).collect();
        assert_eq!(members[0], &network.trained.weights[..]);
        assert!(members.len() == 3 && members[1] != members[0] && members[2] != members[1]);
        assert_eq!(decays, network.options.l2.shares(3));
        let sizes = first_sizes(network.layout(), network.options.activation);
        assert_eq!(*state.rprop(), RpropState { sizes: sizes.repeat(3), ..RpropState::new(3 * each, 3) });
        // The weights are reproducible, and differ after a reset.
        assert_eq!(task.initial_state().0, weights);
        network.reset();
        assert_ne!(Task::new(&network, one_cycle()).unwrap().initial_state().0, weights);
    }
}
