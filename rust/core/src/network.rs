//! The network: everything that one key, one Python object or one file contains. No other module has all of it.

use std::sync::Arc;
use std::time::Duration;

use crate::conformal::{Calibration, Memo};
use crate::constraint::Constraint;
use crate::dataset::{Batch, Dataset, Limits, Place, RowShape, Set, not_finite};
use crate::error::{Error, Result};
use crate::evaluation::{self, Evaluation};
use crate::layout::{Kind, Layout};
use crate::memory::{self, Move, Taken};
use crate::model::Model;
use crate::options::{Activation, Changes, Options};
use crate::random::Random;
use crate::report::Report;
use crate::schema::Schema;
use crate::sequence::{Sequences, Store};
use crate::trained::{Statistics, Trained};
use crate::weights;

/// The most bytes of notes: enough for the names of a few thousand columns, and small enough for one frame of a file.
pub const MAX_NOTES: usize = 1 << 20;

/// Bytes whose copying takes about as long as dropping a sequence.
const SEQUENCE_DROP_BYTES: usize = 1024;

/// The streams of random numbers of a network's seed.
const ROWS_STREAM: u64 = 1;
const WEIGHTS_STREAM: u64 = 2;

/// A neural network with the rows that it has observed.
///
/// A clone shares rows and weights with the original, copies what either of them changes, and takes constant time. It
/// also serves as a snapshot.
///
/// ```
/// use neuralredis_core::{Batch, Kind, Layout, Limits, Network, Options};
/// let options = Options { normalize: true, ..Options::new(Kind::Regressor) };
/// let mut net = Network::new(Kind::Regressor, Layout::new(&[2, 3, 1])?, options, Limits { train: 50, test: 10 }, 7)?;
/// net.observe(&Batch::new(&[1.0, 2.0, 4.0, 5.0], 2, &[3.0, 9.0], 1), None, |_| {})?;
/// assert_eq!(net.info().train_rows, 1);
/// assert_eq!(net.info().test_rows, 1);
/// # Ok::<(), neuralredis_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Network {
    pub(crate) kind: Kind,
    /// The fields of rows, with all words observed so far; none for a network without fields.
    pub(crate) schema: Option<Arc<Schema>>,
    pub(crate) options: Options,
    pub(crate) trained: Arc<Trained>,
    /// The report of the last training.
    pub(crate) report: Option<Arc<Report>>,
    pub(crate) dataset: Dataset,
    /// The sequences of a network of sequences, which stores no rows.
    pub(crate) sequences: Option<Sequences>,
    /// The generator that chooses sets, and the rows that are replaced in a full set.
    pub(crate) rows_random: Random,
    /// The generator of initial weights.
    pub(crate) weights_random: Random,
    /// None rather than empty.
    pub(crate) notes: Option<Arc<Vec<u8>>>,
    /// The calibration by rows that were given for it.
    pub(crate) calibrated: Option<Arc<Calibration>>,
    /// The calibration by validation rows, once it has been computed.
    pub(crate) memo: Memo,
}

/// Initial weights that have not been drawn yet. It is independent of the network, so that another thread can draw
/// them, and always gives the same weights.
#[derive(Debug, Clone)]
pub struct Drawing {
    layout: Arc<Layout>,
    activation: Activation,
    constraint: Option<Constraint>,
    random: Random,
}

impl Drawing {
    /// Draws the weights of an untrained network.
    pub fn draw(&self) -> Trained {
        let (layout, constraint) = (Arc::clone(&self.layout), self.constraint.as_ref());
        Trained::untrained(layout, self.activation, constraint, &mut self.random.clone())
    }
}

/// The rows of a network that remain under smaller limits; see [`Network::shrunk`].
#[derive(Debug)]
pub struct Shrunk {
    /// The version of the rows that they were made from.
    of: RowsVersion,
    dataset: Dataset,
    sequences: Option<Store>,
    random: Random,
}

/// A version of the stored rows, which changes with each row that is stored, each event, and the limits.
type RowsVersion = (u64, [u32; 2], Limits, u64);

/// A summary of a network.
#[derive(Debug, Clone, PartialEq)]
pub struct Info {
    /// Classifier or regressor.
    pub kind: Kind,
    /// Units of each layer, inputs first.
    pub layout: Vec<usize>,
    /// Weights and biases of one member.
    pub parameters: usize,
    /// Members of the ensemble; see [`crate::options::Ensemble`].
    pub members: usize,
    /// The options.
    pub options: Options,
    /// The most rows of each set.
    pub limits: Limits,
    /// Rows of the training set, or sequences.
    pub train_rows: u32,
    /// Rows of the validation set, or sequences.
    pub test_rows: u32,
    /// Statistics of its trainings.
    pub statistics: Statistics,
}

impl Network {
    /// Makes an untrained network. The same seed gives the same network on every machine.
    ///
    /// # Errors
    /// [`Error::ClassifierOutputs`] for a classifier with one output, [`Error::Option`] for invalid options.
    pub fn new(kind: Kind, layout: Layout, options: Options, limits: Limits, seed: u64) -> Result<Self> {
        let (mut network, drawing) = Self::begin(kind, layout, options, limits, seed)?;
        network.trained = Arc::new(drawing.draw());
        Ok(network)
    }

    /// [`Self::new`] without drawing the weights; see [`Self::begin_reset`].
    ///
    /// # Errors
    /// The errors of [`Self::new`].
    pub fn begin(kind: Kind, layout: Layout, options: Options, limits: Limits, seed: u64) -> Result<(Self, Drawing)> {
        let mut network = Self::of_trained(kind, options, limits, seed, Trained::nothing(Arc::new(layout)))?;
        network.check_options(&network.options)?;
        let drawing = network.begin_reset();
        Ok((network, drawing))
    }

    /// Makes a network with these weights, without rows. `seed` seeds both random generators.
    pub(crate) fn of_trained(
        kind: Kind,
        options: Options,
        limits: Limits,
        seed: u64,
        trained: Trained,
    ) -> Result<Self> {
        let layout = &trained.layout;
        if kind == Kind::Classifier && layout.outputs() < 2 {
            return Err(Error::ClassifierOutputs { outputs: layout.outputs() });
        }
        options.check(kind, layout)?;
        Ok(Self {
            kind,
            schema: None,
            options,
            dataset: Dataset::new(RowShape::new(kind, layout), limits),
            trained: Arc::new(trained),
            report: None,
            sequences: None,
            rows_random: Random::new(seed, ROWS_STREAM),
            weights_random: Random::new(seed, WEIGHTS_STREAM),
            notes: None,
            calibrated: None,
            memo: Memo::default(),
        })
    }

    /// A summary of the network.
    pub fn info(&self) -> Info {
        Info {
            kind: self.kind,
            layout: self.layout().units().to_vec(),
            parameters: self.layout().parameters(),
            members: self.trained.members(),
            options: self.options.clone(),
            limits: self.dataset.limits(),
            train_rows: self.rows(Set::Train),
            test_rows: self.rows(Set::Test),
            statistics: self.trained.statistics,
        }
    }

    /// Classifier or regressor.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Units of each layer.
    pub fn layout(&self) -> &Layout {
        &self.trained.layout
    }

    /// The shape of a stored row.
    pub fn row_shape(&self) -> RowShape {
        self.dataset.shape
    }

    /// Targets of a stored row: 1 for a classifier (the class), the number of outputs for a regressor.
    pub fn targets(&self) -> usize {
        self.dataset.shape.targets()
    }

    /// An immutable snapshot that answers.
    pub fn model(&self) -> Model {
        Model {
            kind: self.kind,
            schema: self.schema.clone(),
            options: self.options.clone(),
            trained: Arc::clone(&self.trained),
        }
    }

    /// Stores rows, all or none: in the `target` set, or divided between the sets in proportion to the limits. Calls
    /// `placed` with the place of each. Returns the number of rows in the training and the validation set.
    ///
    /// # Errors
    /// [`Error::HasFields`] for a network of fields; [`Error::Inputs`], [`Error::Outputs`] or [`Error::RowCounts`] for
    /// arrays of the wrong shape; [`Error::NotFinite`], [`Error::Class`] or [`Error::RowWeight`] for an invalid row;
    /// [`Error::NoRoom`] for a set whose limit is 0.
    pub fn observe(
        &mut self,
        batch: &Batch<'_>,
        target: Option<Set>,
        mut placed: impl FnMut(Place),
    ) -> Result<(u32, u32)> {
        self.check_positions()?;
        batch.check(self.dataset.shape)?;
        self.dataset.check_target(target)?;
        let memo = &mut self.memo;
        self.dataset.observe(batch, target, &mut self.rows_random, |place| {
            memo.follow(place);
            placed(place);
        });
        Ok((self.dataset.train.len() as u32, self.dataset.test.len() as u32))
    }

    /// Stores rows, all or none, at the places where another copy of this network has stored them, and sets the state
    /// of the generator that chooses sets and replaced rows. This is how a replica repeats [`Self::observe`].
    ///
    /// # Errors
    /// The errors of [`Self::observe`] for rows; [`Error::RowCounts`] if there are not as many places as rows;
    /// [`Error::NoRoom`] or [`Error::RowIndex`] for a place that is neither that of a stored row nor the next one.
    pub fn place(&mut self, batch: &Batch<'_>, places: &[Place], rows_state: u64) -> Result<()> {
        self.check_positions()?;
        batch.check(self.dataset.shape)?;
        if places.len() != batch.rows {
            return Err(Error::RowCounts { inputs: batch.rows, given: places.len(), what: "places" });
        }
        self.dataset.check_places(places)?;
        self.dataset.place(batch, places);
        places.iter().for_each(|place| self.memo.follow(*place));
        self.rows_random = Random::from_state(rows_state);
        Ok(())
    }

    /// Clears what depends on the machine, for comparisons: the time and the threads of trainings.
    pub(crate) fn forget_times(&mut self) {
        Arc::make_mut(&mut self.trained).statistics.total_seconds = 0.0;
        if let Some(report) = &mut self.report {
            let report = Arc::make_mut(report);
            (report.time, report.threads) = (Duration::ZERO, 0);
        }
    }

    /// The state of the generator that chooses sets and replaced rows.
    pub fn rows_state(&self) -> u64 {
        self.rows_random.state()
    }

    /// Sets the state of the generator that chooses sets and replaced rows to that of another copy of this network.
    pub fn set_rows_state(&mut self, state: u64) {
        self.rows_random = Random::from_state(state);
    }

    /// The state of the generator of initial weights.
    pub fn weights_state(&self) -> u64 {
        self.weights_random.state()
    }

    /// Sets the state of the generator of initial weights to that of another copy of this network.
    pub fn set_weights_state(&mut self, state: u64) {
        self.weights_random = Random::from_state(state);
    }

    /// The present result of trainings: weights, trainer state, normalization and statistics.
    pub fn trained(&self) -> &Arc<Trained> {
        &self.trained
    }

    /// The report of the last training; none if there was none since the network was created or reset.
    pub fn report(&self) -> Option<&Arc<Report>> {
        self.report.as_ref()
    }

    /// Installs the result and the report of a training of this network or of a copy; see
    /// [`crate::codec::decode_trained`].
    ///
    /// # Errors
    /// [`Error::Parameters`] if the result does not fit the layout or the fields of this network.
    pub fn install(&mut self, trained: impl Into<Arc<Trained>>, report: Option<Arc<Report>>) -> Result<()> {
        let trained = trained.into();
        let fits = if let Some(schema) = &self.schema {
            let events = trained.normalization.events.as_ref();
            schema.has_had(&trained.layout, self.layout().hidden())
                && schema.has_had_places(&trained)
                && self.sequences.as_ref().map_or(events.is_none() && trained.gru.is_none(), |own| {
                    own.view.accepts_scaling(events) && own.view.accepts_cells(&trained)
                })
        } else {
            let is_plain = trained.normalization.places.is_none() && trained.gru.is_none();
            *trained.layout == *self.layout() && is_plain
        };
        if !fits || trained.weights.len() != trained.members() * trained.layout.parameters() {
            return Err(Error::Parameters { parameters: trained.weights.len() as u64 });
        }
        self.trained = trained;
        self.report = report;
        self.forget_calibration();
        Ok(())
    }

    /// The constraint that keeps answers monotone in some inputs, if there are such.
    pub(crate) fn constraint(&self) -> Option<Constraint> {
        Constraint::of(self.kind, self.schema.as_deref(), &self.options, &self.trained.layout)
    }

    /// Checks that rows are arrays of inputs, without fields.
    fn check_positions(&self) -> Result<()> {
        if self.schema.is_some() { Err(Error::HasFields) } else { Ok(()) }
    }

    /// The number of rows of a set, or of sequences for a network of sequences.
    pub fn rows(&self, set: Set) -> u32 {
        match &self.sequences {
            Some(sequences) => sequences.store.count(set),
            None => self.dataset.set(set).len() as u32,
        }
    }

    /// Bytes of a block of stored rows. A block is copied when one of its rows is replaced while a training shares it.
    pub fn block_bytes(&self) -> usize {
        self.dataset.train.table.block_bytes()
    }

    /// Inputs, targets and weight of a stored row, as it was observed; none beyond the end.
    pub fn row(&self, set: Set, row: u32) -> Option<(Vec<f32>, Vec<f32>, f32)> {
        let rows = self.dataset.set(set);
        ((row as usize) < rows.len()).then(|| {
            let mut values = rows.table.row(row as usize);
            let inputs = values.by_ref().take(self.dataset.shape.inputs).collect();
            (inputs, values.collect(), rows.weight(row as usize))
        })
    }

    /// Inputs, targets and weights of up to `count` stored rows from `first` on, as they were observed, row by row.
    pub fn rows_from(&self, set: Set, first: usize, count: usize) -> (Vec<f32>, Vec<f32>, Vec<f32>) {
        let rows = self.dataset.set(set);
        let shape = self.dataset.shape;
        let places = first.min(rows.len())..first.saturating_add(count).min(rows.len());
        let mut inputs = Vec::with_capacity(places.len() * shape.inputs);
        let mut targets = Vec::with_capacity(places.len() * shape.targets());
        for row in places.clone() {
            let mut values = rows.table.row(row);
            inputs.extend(values.by_ref().take(shape.inputs));
            targets.extend(values);
        }
        (inputs, targets, places.map(|row| rows.weight(row)).collect())
    }

    /// Draws new random weights, and clears statistics and report. Rows are kept.
    pub fn reset(&mut self) {
        let drawing = self.begin_reset();
        self.trained = Arc::new(drawing.draw());
    }

    /// [`Self::reset`] without drawing the weights, which takes long for a large network. The result of
    /// [`Drawing::draw`] must be passed to [`Self::install`]. Until then the network has no weights and must not
    /// answer, be trained or be saved.
    pub fn begin_reset(&mut self) -> Drawing {
        let drawing = Drawing {
            layout: Arc::clone(&self.trained.layout),
            activation: self.options.activation,
            constraint: self.constraint(),
            random: self.weights_random,
        };
        self.weights_random = self.weights_random.skip(weights::draws(self.layout(), self.options.activation));
        self.report = None;
        self.forget_calibration();
        self.trained = Arc::new(Trained::nothing(Arc::clone(&self.trained.layout)));
        drawing
    }

    /// Changes options and limits, all or none. A set with more rows than its new limit loses random ones.
    /// Normalization is changed by the next training.
    ///
    /// # Errors
    /// [`Error::Option`] for invalid options.
    pub fn configure(&mut self, changes: &Changes, limits: Limits) -> Result<()> {
        let options = self.changed_options(changes)?;
        self.set_options(options);
        self.dataset.limit_to(limits, &mut self.rows_random);
        if let Some(sequences) = &mut self.sequences {
            sequences.store.limit_to(limits);
        }
        self.memo.forget();
        Ok(())
    }

    /// The options after these changes. MONOTONE cannot be changed, since the present weights may violate another
    /// constraint.
    fn changed_options(&self, changes: &Changes) -> Result<Options> {
        let present = &self.options.monotone;
        if let Some(other) = changes.monotone.as_ref().filter(|monotone| *monotone != present) {
            let (value, expected) = (other.to_string(), format!("{present}, as the network was created"));
            return Err(Error::Option { option: "monotone", value, expected });
        }
        let options = self.options.with(self.kind, self.layout(), changes)?;
        self.check_options(&options)?;
        Ok(options)
    }

    /// The rows that remain under smaller limits. This is the slow part of [`Self::configure`], and can be done on a
    /// clone on another thread; see [`Self::configure_shrunk`].
    pub fn shrunk(&self, limits: Limits) -> Shrunk {
        let (mut dataset, mut random) = (self.dataset.clone(), self.rows_random);
        dataset.limit_to(limits, &mut random);
        let sequences = self.sequences.as_ref().map(|sequences| {
            let mut store = sequences.store.clone();
            store.limit_to(limits);
            store
        });
        Shrunk { of: self.rows_version(), dataset, sequences, random }
    }

    /// [`Self::configure`] with the result of [`Self::shrunk`]. Returns none and changes nothing if rows have been
    /// observed since then; else returns the previous rows, which may take long to drop.
    ///
    /// # Errors
    /// [`Error::Option`] for invalid options.
    pub fn configure_shrunk(&mut self, changes: &Changes, shrunk: Shrunk) -> Result<Option<Shrunk>> {
        let options = self.changed_options(changes)?;
        if self.rows_version() != shrunk.of {
            return Ok(None);
        }
        self.set_options(options);
        self.memo.forget();
        let dataset = std::mem::replace(&mut self.dataset, shrunk.dataset);
        let random = std::mem::replace(&mut self.rows_random, shrunk.random);
        let mut sequences = shrunk.sequences;
        if let (Some(own), Some(left)) = (&mut self.sequences, &mut sequences) {
            std::mem::swap(&mut own.store, left);
        }
        Ok(Some(Shrunk { dataset, sequences, random, ..shrunk }))
    }

    fn set_options(&mut self, options: Options) {
        // With other functions the same weights give other answers.
        if (options.activation, options.output) != (self.options.activation, self.options.output) {
            self.forget_calibration();
        }
        self.options = options;
    }

    /// The version of the rows. A row that is stored in a full set advances the random state, so every stored row
    /// changes it.
    fn rows_version(&self) -> RowsVersion {
        let changes = self.sequences.as_ref().map_or(0, |sequences| sequences.store.changes());
        (self.rows_state(), [Set::Train, Set::Test].map(|set| self.rows(set)), self.dataset.limits(), changes)
    }

    /// Bytes of the sets that have more rows than these limits, as an estimate of the work: some rows are dropped,
    /// others are moved.
    pub fn shrinking_bytes(&self, limits: Limits) -> usize {
        let of = |set, limit| if self.rows(set) > limit { self.rows(set) as usize } else { 0 };
        let each = if self.sequences.is_some() { SEQUENCE_DROP_BYTES } else { 4 * self.dataset.shape.width() };
        each * (of(Set::Train, limits.train) + of(Set::Test, limits.test))
    }

    /// Evaluates the present weights on a stored set.
    ///
    /// # Errors
    /// [`Error::NoRows`] if the set is empty.
    pub fn evaluate(&self, set: Set) -> Result<Evaluation> {
        self.evaluate_while(set, &|| true)
    }

    /// [`Self::evaluate`] that can be stopped. `keep_on` is called every few rows.
    ///
    /// # Errors
    /// [`Error::Stopped`] once `keep_on` returns false, and those of [`Self::evaluate`].
    pub fn evaluate_while(&self, set: Set, keep_on: &dyn Fn() -> bool) -> Result<Evaluation> {
        let rows = self.known_rows(set, keep_on)?;
        evaluation::evaluate(&self.model(), &rows, keep_on)
    }

    /// Evaluates the present weights on fresh rows, which are not stored.
    ///
    /// # Errors
    /// [`Error::NoRows`] without rows, and those of [`Self::observe`] for rows.
    pub fn evaluate_on(&self, batch: &Batch<'_>) -> Result<Evaluation> {
        self.evaluate_on_while(batch, &|| true)
    }

    /// [`Self::evaluate_on`] that can be stopped, as [`Self::evaluate_while`].
    ///
    /// # Errors
    /// [`Error::Stopped`] once `keep_on` returns false, and those of [`Self::evaluate_on`].
    pub fn evaluate_on_while(&self, batch: &Batch<'_>, keep_on: &dyn Fn() -> bool) -> Result<Evaluation> {
        evaluation::evaluate_batch(&self.model(), batch, keep_on)
    }

    /// The mean loss of rows, which are not stored, and its gradient with respect to the present weights, in the order
    /// of [`Trained::weights`]. The loss is that of [`Self::evaluate_on`]: of the members' averaged output, without
    /// weight decay and class weights.
    ///
    /// # Errors
    /// The errors of [`Self::evaluate_on`].
    pub fn gradient(&self, batch: &Batch<'_>) -> Result<(f64, Vec<f64>)> {
        evaluation::gradient(&self.model(), batch)
    }

    /// Replaces weights and biases, in the order of [`Trained::weights`]. The scaling of inputs and outputs and the
    /// rows are kept. Statistics, report and trainer state are cleared. The next training continues from these weights,
    /// with as many members.
    ///
    /// # Errors
    /// [`Error::Weights`] for a wrong number of weights, [`Error::NotFinite`] for one that is NaN or infinite,
    /// [`Error::Constraint`] for one that violates the monotonicity constraint.
    pub fn set_weights(&mut self, weights: Vec<f32>) -> Result<()> {
        let (expected, given) = (self.trained.weights.len(), weights.len());
        if given != expected {
            return Err(Error::Weights { expected, given });
        }
        if let Some(column) = not_finite(&weights) {
            return Err(Error::NotFinite { row: None, what: "weight", column, value: weights[column] });
        }
        if let Some(constraint) = self.constraint() {
            constraint.check(&weights)?;
        }
        self.trained = Arc::new(self.trained.with_weights(self.options.activation, weights));
        self.report = None;
        self.forget_calibration();
        Ok(())
    }

    /// The bytes that a user stores with the network, such as the names of inputs. They have no effect on the network.
    pub fn notes(&self) -> &[u8] {
        self.notes.as_ref().map_or(&[], |notes| notes.as_slice())
    }

    /// Replaces the notes.
    ///
    /// # Errors
    /// [`Error::Option`] for more than [`MAX_NOTES`] bytes, [`Error::Memory`] if there is not enough memory for them.
    pub fn set_notes(&mut self, notes: &[u8]) -> Result<()> {
        if notes.len() > MAX_NOTES {
            let (value, expected) = (format!("{} bytes long", notes.len()), format!("at most {MAX_NOTES}"));
            return Err(Error::Option { option: "notes", value, expected });
        }
        let mut kept = Vec::new();
        kept.try_reserve_exact(notes.len()).map_err(|_| Error::Memory { bytes: notes.len() })?;
        kept.extend_from_slice(notes);
        self.notes = (!kept.is_empty()).then(|| Arc::new(kept));
        Ok(())
    }

    /// Visits each of its vectors, which may be moved in memory, always in the same order. Vectors that a snapshot
    /// shares are left out.
    pub fn move_by(&mut self, mover: &mut dyn Move) {
        if let Some(sequences) = &self.sequences {
            // Its weak reference would keep the GRU cells where they are.
            sequences.cache.clear();
        }
        if let Some(trained) = Arc::get_mut(&mut self.trained) {
            trained.move_by(mover);
        }
        self.options.class_weight.move_by(mover);
        self.options.monotone.move_by(mover);
        self.dataset.move_by(mover);
    }

    /// Bytes of memory of the network, without what the allocator adds.
    pub fn bytes(&self) -> usize {
        self.bytes_by(&|bytes| bytes)
    }

    /// Bytes of memory of the network, where `taken` returns the bytes that the allocator uses for a block. It is
    /// called a bounded number of times, however many rows there are.
    pub fn bytes_by(&self, taken: Taken<'_>) -> usize {
        let report = self.report.as_ref().map_or(0, |report| report.bytes_by(taken));
        let sequences = self.sequences.as_ref().map_or(0, |sequences| sequences.bytes_by(taken));
        let parts = self.trained.bytes_by(taken) + self.dataset.bytes_by(taken) + sequences;
        let notes = |notes: &Arc<Vec<u8>>| memory::of_shared::<Vec<u8>>(taken) + memory::of_vec(notes, taken);
        let notes = self.notes.as_ref().map_or(0, notes);
        let schema = |schema: &Arc<Schema>| memory::of_shared::<Schema>(taken) + schema.bytes_by(taken);
        let parts = parts + self.schema.as_ref().map_or(0, schema);
        let options = self.options.class_weight.bytes_by(taken) + self.options.monotone.bytes_by(taken);
        let calibration = self.calibration_bytes_by(taken);
        size_of::<Self>() + parts + options + report + notes + calibration
    }
}
