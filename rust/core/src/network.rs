//! The network: all that one key, one object, one file holds. The only room that knows all of it.

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

/// Bytes of notes at most: room for what a few thousand columns are called, and nothing that a frame could not hold.
pub const MAX_NOTES: usize = 1 << 20;

/// Bytes whose copying takes about as long as a sequence takes to go.
const MOVED_SEQUENCE: usize = 1024;

/// Numbers of the random streams of a network's seed.
const ROWS_STREAM: u64 = 1;
const WEIGHTS_STREAM: u64 = 2;

/// A small fully connected neural network with the rows it has observed.
///
/// A clone shares what it can and changes nothing of the original: it is also how a snapshot is taken.
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
    /// What the fields of rows are, with all words that have come; none where rows are the inputs themselves.
    pub(crate) schema: Option<Arc<Schema>>,
    pub(crate) options: Options,
    pub(crate) trained: Arc<Trained>,
    /// Of the last training.
    pub(crate) report: Option<Arc<Report>>,
    pub(crate) dataset: Dataset,
    /// Sequences that rows are made of, if it learns from such; no rows are stored then.
    pub(crate) sequences: Option<Sequences>,
    /// Chooses sets and evicted rows.
    pub(crate) rows_random: Random,
    /// Draws initial weights.
    pub(crate) weights_random: Random,
    /// None rather than empty.
    pub(crate) notes: Option<Arc<Vec<u8>>>,
    /// What rows that were given for it say of how far answers are off.
    pub(crate) calibrated: Option<Arc<Calibration>>,
    /// What the validation rows say, once it has been asked.
    pub(crate) memo: Memo,
}

/// Initial weights that are yet to be drawn. It needs nothing of the network, and gives the same weights each time.
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

/// Rows of a network, some of them dropped to obey smaller limits; see [`Network::shrunk`].
#[derive(Debug)]
pub struct Shrunk {
    /// The rows that they are of.
    of: RowsVersion,
    dataset: Dataset,
    sequences: Option<Store>,
    random: Random,
}

/// What changes with each row that is stored, each event, and with the limits.
type RowsVersion = (u64, [u32; 2], Limits, u64);

/// What a network tells of itself.
#[derive(Debug, Clone, PartialEq)]
pub struct Info {
    /// What it answers.
    pub kind: Kind,
    /// Units of each layer.
    pub layout: Vec<usize>,
    /// Weights and biases of a network of this layout.
    pub parameters: usize,
    /// Networks of this layout that answer together; see [`crate::options::Restarts`].
    pub members: usize,
    /// How it computes and learns.
    pub options: Options,
    /// How many rows each set holds at most.
    pub limits: Limits,
    /// Rows of the training set.
    pub train_rows: u32,
    /// Rows of the validation set.
    pub test_rows: u32,
    /// What trainings have found.
    pub statistics: Statistics,
}

impl Network {
    /// An untrained network. The same seed gives the same network, whatever the machine.
    ///
    /// # Errors
    /// [`Error::ClassifierOutputs`] for a classifier with one output, [`Error::Option`] for options that make no sense.
    pub fn new(kind: Kind, layout: Layout, options: Options, limits: Limits, seed: u64) -> Result<Self> {
        let (mut network, drawing) = Self::begin(kind, layout, options, limits, seed)?;
        network.trained = Arc::new(drawing.draw());
        Ok(network)
    }

    /// [`Self::new`] in two parts; see [`Self::begin_reset`].
    ///
    /// # Errors
    /// Those of [`Self::new`].
    pub fn begin(kind: Kind, layout: Layout, options: Options, limits: Limits, seed: u64) -> Result<(Self, Drawing)> {
        let mut network = Self::of_trained(kind, options, limits, seed, Trained::nothing(Arc::new(layout)))?;
        network.check_options(&network.options)?;
        let drawing = network.begin_reset();
        Ok((network, drawing))
    }

    /// A network that trainings have made, without rows. The seed is of what is random from here on.
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

    /// What the network tells of itself.
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

    /// What the network answers.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Units of each layer.
    pub fn layout(&self) -> &Layout {
        &self.trained.layout
    }

    /// How an observed row is made up.
    pub fn row_shape(&self) -> RowShape {
        self.dataset.shape
    }

    /// Numbers that say what the outputs of an observed row are: 1, the class, or the outputs of a regressor.
    pub fn targets(&self) -> usize {
        self.dataset.shape.targets()
    }

    /// The network as it answers now.
    pub fn model(&self) -> Model {
        Model {
            kind: self.kind,
            schema: self.schema.clone(),
            options: self.options.clone(),
            trained: Arc::clone(&self.trained),
        }
    }

    /// Stores rows, all or none: in the named set, or shared out in proportion to the limits. `placed` hears where each
    /// went. Returns the rows of the training and of the validation set.
    ///
    /// # Errors
    /// [`Error::NotFinite`], [`Error::Class`], [`Error::RowWeight`] for a row that the network does not take,
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

    /// Stores rows at the places that they took in another copy of this network, all or none, and makes the state that
    /// chooses sets and evicted rows what it was there afterwards: what a replica does with [`Self::observe`].
    ///
    /// # Errors
    /// What [`Self::observe`] refuses of the rows; [`Error::RowCounts`] if there is not a place for each;
    /// [`Error::NoRoom`] or [`Error::RowIndex`] for a place that is neither a stored row nor the next one.
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

    /// Sets what depends on the machine to nothing: how long trainings took, and on how many threads.
    pub(crate) fn forget_times(&mut self) {
        Arc::make_mut(&mut self.trained).statistics.total_seconds = 0.0;
        if let Some(report) = &mut self.report {
            let report = Arc::make_mut(report);
            (report.time, report.threads) = (Duration::ZERO, 0);
        }
    }

    /// The state of what chooses sets and evicted rows.
    pub fn rows_state(&self) -> u64 {
        self.rows_random.state()
    }

    /// Sets the state of what chooses sets and evicted rows, to that of another copy of this network.
    pub fn set_rows_state(&mut self, state: u64) {
        self.rows_random = Random::from_state(state);
    }

    /// The state of what draws initial weights.
    pub fn weights_state(&self) -> u64 {
        self.weights_random.state()
    }

    /// Sets the state of what draws initial weights, to that of another copy of this network.
    pub fn set_weights_state(&mut self, state: u64) {
        self.weights_random = Random::from_state(state);
    }

    /// What trainings have made of it so far.
    pub fn trained(&self) -> &Arc<Trained> {
        &self.trained
    }

    /// What the last training told when it had ended, if there was one since the network was made or reset.
    pub fn report(&self) -> Option<&Arc<Report>> {
        self.report.as_ref()
    }

    /// Takes what a training of another copy of this network has made of it and told; see [`crate::codec::decode_trained`].
    ///
    /// # Errors
    /// [`Error::Parameters`] if it is of a network of another size.
    pub fn install(&mut self, trained: impl Into<Arc<Trained>>, report: Option<Arc<Report>>) -> Result<()> {
        let trained = trained.into();
        let fits = if let Some(schema) = &self.schema {
            let events = trained.normalization.events.as_ref();
            schema.has_had(&trained.layout, self.layout().hidden())
                && schema.has_had_places(&trained)
                && self.sequences.as_ref().map_or(events.is_none() && trained.gru.is_none(), |own| {
                    own.view.can_have(events) && own.view.can_have_cells(&trained)
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

    /// What keeps its answers monotone in some inputs.
    pub(crate) fn constraint(&self) -> Option<Constraint> {
        Constraint::of(self.kind, self.schema.as_deref(), &self.options, &self.trained.layout)
    }

    /// Whether rows are the inputs themselves, by their positions.
    fn check_positions(&self) -> Result<()> {
        if self.schema.is_some() { Err(Error::HasFields) } else { Ok(()) }
    }

    /// Rows of a set; sequences, where it learns from such.
    pub fn rows(&self, set: Set) -> u32 {
        match &self.sequences {
            Some(sequences) => sequences.store.count(set),
            None => self.dataset.set(set).len() as u32,
        }
    }

    /// Bytes of a block of stored rows, which is copied when one of them is replaced while a training shares it.
    pub fn block_bytes(&self) -> usize {
        self.dataset.train.table.block_bytes()
    }

    /// Inputs and targets of a stored row as it came, and its weight; none past the end.
    pub fn row(&self, set: Set, row: u32) -> Option<(Vec<f32>, Vec<f32>, f32)> {
        let rows = self.dataset.set(set);
        ((row as usize) < rows.len()).then(|| {
            let mut values = rows.table.row(row as usize);
            let inputs = values.by_ref().take(self.dataset.shape.inputs).collect();
            (inputs, values.collect(), rows.weight(row as usize))
        })
    }

    /// Inputs, targets and weights of stored rows as they came, `count` from `first` on or as many as there are.
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

    /// New random weights, the next of the network's random state, fresh statistics and no report. The rows stay.
    pub fn reset(&mut self) {
        let drawing = self.begin_reset();
        self.trained = Arc::new(drawing.draw());
    }

    /// [`Self::reset`] in two parts, for a network so large that drawing its weights takes long: what [`Drawing::draw`]
    /// returns must be given to [`Self::install`]. Until then the network has no weights and must not answer, be trained or be
    /// saved.
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

    /// Changes options and limits, all or nothing. A set that has more rows than its new limit loses random ones;
    /// normalization changes at the next training.
    ///
    /// # Errors
    /// [`Error::Option`] for options that make no sense.
    pub fn configure(&mut self, changes: &Changes, limits: Limits) -> Result<()> {
        let options = self.changed_options(changes)?;
        self.have_options(options);
        self.dataset.limit_to(limits, &mut self.rows_random);
        if let Some(sequences) = &mut self.sequences {
            sequences.store.limit_to(limits);
        }
        self.memo.forget();
        Ok(())
    }

    /// The options as changed. Weights that are there need not be such that the answer is monotone in other inputs.
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

    /// The rows that are left under smaller limits: the long part of [`Self::configure`], which may be done on a clone while
    /// this network goes on; see [`Self::configure_shrunk`].
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

    /// [`Self::configure`] with rows that [`Self::shrunk`] has left. None, and nothing is changed, if rows have come since
    /// then; else the rows as they were, which may take long to drop.
    ///
    /// # Errors
    /// [`Error::Option`] for options that make no sense.
    pub fn configure_shrunk(&mut self, changes: &Changes, shrunk: Shrunk) -> Result<Option<Shrunk>> {
        let options = self.changed_options(changes)?;
        if self.rows_version() != shrunk.of {
            return Ok(None);
        }
        self.have_options(options);
        self.memo.forget();
        let dataset = std::mem::replace(&mut self.dataset, shrunk.dataset);
        let random = std::mem::replace(&mut self.rows_random, shrunk.random);
        let mut sequences = shrunk.sequences;
        if let (Some(own), Some(left)) = (&mut self.sequences, &mut sequences) {
            std::mem::swap(&mut own.store, left);
        }
        Ok(Some(Shrunk { dataset, sequences, random, ..shrunk }))
    }

    fn have_options(&mut self, options: Options) {
        // The same weights give other answers.
        if (options.activation, options.output) != (self.options.activation, self.options.output) {
            self.forget_calibration();
        }
        self.options = options;
    }

    /// A full set draws a number for a row's place.
    fn rows_version(&self) -> RowsVersion {
        let changes = self.sequences.as_ref().map_or(0, |sequences| sequences.store.changes());
        (self.rows_state(), [Set::Train, Set::Test].map(|set| self.rows(set)), self.dataset.limits(), changes)
    }

    /// Bytes of the sets that have more rows than these limits: some are dropped, others move.
    pub fn shrinking_bytes(&self, limits: Limits) -> usize {
        let of = |set, limit| if self.rows(set) > limit { self.rows(set) as usize } else { 0 };
        let each = if self.sequences.is_some() { MOVED_SEQUENCE } else { 4 * self.dataset.shape.width() };
        each * (of(Set::Train, limits.train) + of(Set::Test, limits.test))
    }

    /// How well the present weights do on a stored set.
    ///
    /// # Errors
    /// [`Error::NoRows`] if the set is empty.
    pub fn evaluate(&self, set: Set) -> Result<Evaluation> {
        self.evaluate_while(set, &|| true)
    }

    /// [`Self::evaluate`], ended by [`Error::Stopped`] as soon as `keep_on`, which is asked every few rows, says no.
    ///
    /// # Errors
    /// [`Error::Stopped`], and those of [`Self::evaluate`].
    pub fn evaluate_while(&self, set: Set, keep_on: &dyn Fn() -> bool) -> Result<Evaluation> {
        let rows = self.known_rows(set, keep_on)?;
        evaluation::evaluate(&self.model(), &rows, keep_on)
    }

    /// How well the present weights do on fresh rows, which are not kept.
    ///
    /// # Errors
    /// [`Error::NoRows`] if there are none, and what [`Self::observe`] refuses.
    pub fn evaluate_on(&self, batch: &Batch<'_>) -> Result<Evaluation> {
        self.evaluate_on_while(batch, &|| true)
    }

    /// [`Self::evaluate_on`], ended as [`Self::evaluate_while`] is.
    ///
    /// # Errors
    /// [`Error::Stopped`], and those of [`Self::evaluate_on`].
    pub fn evaluate_on_while(&self, batch: &Batch<'_>, keep_on: &dyn Fn() -> bool) -> Result<Evaluation> {
        evaluation::evaluate_batch(&self.model(), batch, keep_on)
    }

    /// The mean loss of rows, which are not kept, and its gradient by each of the present weights, in their order. The loss is
    /// that of [`Self::evaluate_on`]: of all members together, without weight decay and the weights of classes.
    ///
    /// # Errors
    /// Those of [`Self::evaluate_on`].
    pub fn gradient(&self, batch: &Batch<'_>) -> Result<(f64, Vec<f64>)> {
        evaluation::gradient(&self.model(), batch)
    }

    /// Other weights and biases, in the order of [`Trained::weights`]. The scaling of inputs and outputs stays, and so do the
    /// rows; as after a reset there are no statistics and no report, and trainers remember nothing. The next training goes on
    /// from these weights, with as many members.
    ///
    /// # Errors
    /// [`Error::Weights`] for another number of them, [`Error::NotFinite`]; [`Error::Constraint`] for one with which the answer
    /// would not be monotone in the inputs in which it is to be.
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

    /// What a user keeps with the network, such as what its inputs are called. It changes nothing that the network does.
    pub fn notes(&self) -> &[u8] {
        self.notes.as_ref().map_or(&[], |notes| notes.as_slice())
    }

    /// Takes the place of the notes; empty ones are none.
    ///
    /// # Errors
    /// [`Error::Option`] for more than [`MAX_NOTES`] bytes, [`Error::Memory`] where there is too little for them.
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

    /// Lends each of its vectors to be moved in memory, always in the same order; what a snapshot shares stays where it is.
    pub fn move_by(&mut self, mover: &mut dyn Move) {
        if let Some(trained) = Arc::get_mut(&mut self.trained) {
            trained.move_by(mover);
        }
        self.options.class_weight.move_by(mover);
        self.options.monotone.move_by(mover);
        self.dataset.move_by(mover);
    }

    /// Bytes of memory that the network takes.
    pub fn bytes(&self) -> usize {
        self.bytes_by(&|bytes| bytes)
    }

    /// Bytes of memory that the network takes, where a block takes what `taken` says: an allocator rounds up, and who knows
    /// it can tell. It is asked of few blocks, however many there are.
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
