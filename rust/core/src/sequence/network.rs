//! Methods of networks of sequences: observing events and outcomes, removing sequences, and making rows of them.

use std::borrow::Cow;
use std::collections::HashSet;
use std::sync::Arc;

use super::{Auto, MAX_ID, Placement, Scratch, Sequence, SequenceOptions, SequenceRow, Sequences, Store, View};
use crate::conformal::Memo;
use crate::dataset::{Limits, Rows, Set, check_weight};
use crate::error::{Error, Result};
use crate::evaluation::{self, Evaluation};
use crate::fields::Outcome;
use crate::layout::{Kind, Layout};
use crate::model::Model;
use crate::network::{Drawing, Network};
use crate::options::Options;
use crate::schema::{FieldKind, Row, Schema, Target, Value, check_outcome, shown};

/// An event of a sequence, an outcome, or both, in this order.
#[derive(Debug, Clone, PartialEq)]
pub struct Observation<'a> {
    /// The id of the sequence.
    pub id: Cow<'a, [u8]>,
    /// A value for each field of the event, as [`Schema::understand`] returns them.
    pub event: Option<Cow<'a, [Value<'a>]>>,
    /// The outcome after this event, and its row weight (> 0).
    pub outcome: Option<(Outcome<'a>, f32)>,
}

/// A sequence that is not stored, for an evaluation.
#[derive(Debug, Clone, PartialEq)]
pub struct FreshSequence<'a> {
    /// Events, oldest first, with a value for each field.
    pub events: Vec<Vec<Value<'a>>>,
    /// The outcome, and its row weight (> 0); none if the target is the next event.
    pub outcome: Option<(Outcome<'a>, f32)>,
}

/// An outcome as numbers (the index of a class, or the values of outputs), and its row weight.
type Numbered = (Vec<f32>, f32);

/// How events are declared.
#[derive(Debug, Clone, PartialEq)]
pub enum Events {
    /// By names and kinds of their fields.
    Fields(Vec<(Vec<u8>, FieldKind)>),
    /// As vectors of this many numbers, without names.
    Numbers(u32),
}

/// Returns the initial layout of a network of such events, which new words and classes will widen.
///
/// # Errors
/// The errors of [`Network::of_sequences`] for events, target and hidden layers.
pub fn first_layout(
    (events, target): (Events, Target),
    sequences: SequenceOptions,
    hidden: &[usize],
) -> Result<Layout> {
    sequences.check()?;
    let (fields, by_position) = events.into_fields();
    let (_, row_schema) = View::new(fields, target, (sequences, Auto::default()), by_position, 0)?;
    row_schema.check_size(hidden)?;
    row_schema.layout(hidden)
}

impl Events {
    fn into_fields(self) -> (Vec<(Vec<u8>, FieldKind)>, bool) {
        match self {
            Self::Fields(fields) => (fields, false),
            Self::Numbers(count) => (vec![(b"x".to_vec(), FieldKind::Vector(count))], true),
        }
    }
}

impl Network {
    /// Creates a network of sequences with these events and units of hidden layers.
    ///
    /// # Errors
    /// [`Error::Schema`] for invalid fields or an invalid target, [`Error::Option`], and those of
    /// [`Network::of_fields`].
    pub fn of_sequences(
        (events, target): (Events, Target),
        sequences: SequenceOptions,
        hidden: &[usize],
        options: Options,
        limits: Limits,
        seed: u64,
    ) -> Result<Self> {
        let (mut network, drawing) =
            Self::begin_of_sequences((events, target), sequences, hidden, options, limits, seed)?;
        network.trained = Arc::new(drawing.draw());
        Ok(network)
    }

    /// [`Self::of_sequences`] in two parts; see [`Self::begin_reset`].
    ///
    /// # Errors
    /// The errors of [`Self::of_sequences`].
    pub fn begin_of_sequences(
        (events, target): (Events, Target),
        sequences: SequenceOptions,
        hidden: &[usize],
        options: Options,
        limits: Limits,
        seed: u64,
    ) -> Result<(Self, Drawing)> {
        sequences.check()?;
        if options.monotone.is_any() {
            let (value, expected) = (options.monotone.to_string(), "none for a network of sequences".into());
            return Err(Error::Option { option: "monotone", value, expected });
        }
        options.threshold.check_of_sequences()?;
        let (fields, by_position) = events.into_fields();
        let (view, row_schema) = View::new(fields, target, (sequences, Auto::default()), by_position, seed)?;
        let (mut network, drawing) = Self::begin_of_fields(row_schema, hidden, options, limits, seed)?;
        network.sequences = Some(Sequences::new(view, Store::default()));
        network.check_options(&network.options)?;
        Ok((network, drawing))
    }

    /// Returns the stored length and the kind of cell; none for a network of rows.
    pub fn sequence_options(&self) -> Option<SequenceOptions> {
        self.sequences.as_ref().map(|sequences| sequences.view.options())
    }

    /// Returns the schema of events; none for a network of rows.
    pub fn event_fields(&self) -> Option<&Schema> {
        self.sequences.as_ref().map(|sequences| sequences.view.events())
    }

    /// Whether events are vectors of numbers without names.
    pub fn has_events_by_position(&self) -> bool {
        self.sequences.as_ref().is_some_and(|sequences| sequences.view.is_by_position())
    }

    /// Whether the target is the next event.
    pub fn learns_next_event(&self) -> bool {
        self.sequences.as_ref().is_some_and(|sequences| sequences.view.next().is_some())
    }

    /// A clone that answers while this network changes, but is not changed itself. Both use the same cache of hidden
    /// states.
    #[must_use]
    pub fn snapshot(&self) -> Self {
        Self { sequences: self.sequences.as_ref().map(Sequences::snapshot), ..self.clone() }
    }

    fn sequences(&self) -> Result<&Sequences> {
        self.sequences.as_ref().ok_or(Error::NoSequences)
    }

    /// Appends events and outcomes to their sequences: all of them or, on an error, none. Without `target`, a
    /// new sequence belongs to the set that the hash of its id chooses. Returns the numbers of sequences in the
    /// training and in the validation set.
    ///
    /// # Errors
    /// [`Error::NoSequences`] for a network of rows; [`Error::SequenceId`], [`Error::NoEvents`] for an outcome of a
    /// sequence without events, [`Error::OwnOutcome`], and those of [`Self::observe_fields`].
    ///
    /// # Panics
    /// If a new word cannot be added to the dictionary: a bug.
    pub fn observe_events(&mut self, all: &[Observation<'_>], target: Option<Set>) -> Result<(u32, u32)> {
        self.sequences()?;
        self.dataset.check_target(target)?;
        let limits = self.dataset.limits();
        let Self { schema, sequences, .. } = self;
        let (schema, sequences) = (
            schema.as_mut().expect("a network of sequences has a schema of rows"),
            sequences.as_mut().expect("sequences"),
        );
        let length = sequences.view.options().length;
        let place = Placement { limits, length, set: target };
        let (words, classes) = (sequences.view.events().words().len(), schema.classes().len());
        let mut outcomes = match outcomes(&sequences.view, schema, &sequences.store, all) {
            Ok(outcomes) => outcomes,
            Err(error) => {
                if schema.classes().len() > classes {
                    Arc::make_mut(&mut sequences.view).forget(Arc::make_mut(schema), words, classes);
                }
                return Err(error);
            }
        };
        // A full set evicts sequences, maybe one whose outcome follows in the same batch. That is an error, and the
        // copy restores the state before the batch.
        let most = all.len() as u64;
        let is_full = |set, limit: u32| u64::from(sequences.store.count(set)) + most > limit.into();
        let before = (all.len() > 1
            && all.iter().any(|observation| observation.outcome.is_some())
            && (is_full(Set::Train, limits.train) || is_full(Set::Test, limits.test)))
        .then(|| (sequences.clone(), Arc::clone(schema)));
        for (at, observation) in all.iter().enumerate() {
            if let Some(event) = &observation.event {
                let Sequences { view, store, scratch: Scratch { row, bytes }, .. } = &mut *sequences;
                if !view.events().row_into(event, row) {
                    for (field, word) in view.events().new_words(event) {
                        let view = Arc::make_mut(view);
                        view.add_word(Arc::make_mut(schema), field, word)
                            .expect("new_words returns only words that can be added");
                    }
                    view.events().row_into(event, row);
                }
                bytes.clear();
                super::events::write(view.events(), row, bytes);
                store.push(view.events(), &observation.id, bytes, &place)?;
            }
            if let Some((values, weight)) = outcomes.get_mut(at).and_then(Option::take)
                && let Err(error) = sequences.store.set_outcome(&observation.id, values, weight, &place)
            {
                if let Some((were, schema_was)) = before {
                    (*sequences, *schema) = (were, schema_was);
                    if schema.classes().len() > classes {
                        Arc::make_mut(&mut sequences.view).forget(Arc::make_mut(schema), words, classes);
                    }
                }
                return Err(if most > 1 { error.in_row(at) } else { error });
            }
        }
        self.dataset.shape = schema.shape();
        self.memo.forget();
        Ok((self.rows(Set::Train), self.rows(Set::Test)))
    }

    /// Removes a sequence. Returns whether it existed.
    ///
    /// # Errors
    /// [`Error::NoSequences`].
    pub fn forget_sequence(&mut self, id: &[u8]) -> Result<bool> {
        let Some(sequences) = &mut self.sequences else { return Err(Error::NoSequences) };
        let was_there = sequences.store.forget(id);
        self.memo.forget();
        Ok(was_there)
    }

    /// Returns the stored events of a sequence, oldest first; none if it does not exist.
    ///
    /// # Errors
    /// [`Error::NoSequences`].
    pub fn events_of(&self, id: &[u8]) -> Result<Option<Vec<Row>>> {
        let Sequences { view, store, .. } = self.sequences()?;
        Ok(store.get(id).map(|sequence| sequence.rows(view.events())))
    }

    /// Returns the outcome of a sequence, as numbers, and its row weight; none if there is no outcome or no sequence.
    ///
    /// # Errors
    /// [`Error::NoSequences`].
    pub fn outcome_of(&self, id: &[u8]) -> Result<Option<(Vec<f32>, f32)>> {
        let outcome = self.sequences()?.store.get(id).and_then(|sequence| sequence.outcome());
        Ok(outcome.map(|outcome| (outcome.values.clone(), outcome.weight)))
    }

    /// Returns the ids of all sequences, in the order of their training rows.
    ///
    /// # Errors
    /// [`Error::NoSequences`].
    pub fn sequence_ids(&self) -> Result<impl Iterator<Item = &[u8]>> {
        Ok(self.sequences()?.store.iter().map(Sequence::id))
    }

    /// Returns the row of a stored sequence, after one more event if it is given, which is not stored. A sequence that
    /// does not exist has no events.
    ///
    /// # Errors
    /// [`Error::NoSequences`].
    pub fn sequence_row(&self, id: &[u8], event: Option<&[Value<'_>]>) -> Result<SequenceRow> {
        let own = self.sequences()?;
        let kept = own.store.get(id).map_or((&[][..], 0), |sequence| (sequence.events(), sequence.len()));
        Ok(self.row_of_bytes(own, kept, event.map(|event| own.view.events().row(event))))
    }

    /// Returns the row of a number of serialized events, and of one more if it is given.
    pub(super) fn row_of_bytes(&self, own: &Sequences, kept: (&[u8], usize), more: Option<Row>) -> SequenceRow {
        let row_schema = self.schema.as_ref().expect("a network of sequences has a schema of rows");
        own.view.row_of_bytes(row_schema, (self.trained.cell_parameters(), &own.cache), kept, more)
    }

    /// Estimates the multiplications of [`Self::sequence_row`] after `more` events.
    pub fn cost_of_sequence(&self, id: &[u8], more: usize) -> usize {
        let Some(Sequences { view, store, cache, .. }) = &self.sequences else { return 0 };
        let most = view.options().length as usize;
        let left = store.get(id).map_or(0, |sequence| {
            // Once the first events are dropped, no cached state is a prefix of the rest.
            let is_whole = sequence.len().saturating_add(more) <= most;
            let known =
                if is_whole { cache.cached_bytes(self.trained.cell_parameters(), sequence.events()) } else { 0 };
            // Assumes that all events take about the same number of bytes.
            let all = sequence.events().len().max(1);
            (sequence.len() as u128 * (all - known) as u128 / all as u128) as usize
        });
        left.saturating_add(more).min(most).saturating_mul(view.cost_of_event())
    }

    /// Estimates the multiplications that making the rows of a set takes.
    pub fn cost_of_rows(&self, set: Set) -> usize {
        let Some(Sequences { view, store, .. }) = &self.sequences else { return 0 };
        usize::try_from(store.events(set)).unwrap_or(usize::MAX).saturating_mul(view.cost_of_event())
    }

    /// Returns the row of a sequence of these events.
    ///
    /// # Errors
    /// [`Error::NoSequences`].
    ///
    /// # Panics
    /// If a network of sequences has no schema of rows: a bug.
    pub fn row_of_events(&self, history: &[Row]) -> Result<SequenceRow> {
        let Sequences { view, .. } = self.sequences()?;
        let row_schema = self.schema.as_ref().expect("a network of sequences has a schema of rows");
        let kept = history.len().saturating_sub(view.options().length as usize);
        Ok(view.row_of_history(row_schema, self.trained.cell_parameters(), &history[kept..]))
    }

    /// Evaluates the current weights on fresh sequences, which are not stored. Returns also the classes, with those
    /// that only these sequences have.
    ///
    /// # Errors
    /// [`Error::NoRows`] if there are none, [`Error::NoSequences`], and those of [`Self::observe_events`] for outcomes.
    ///
    /// # Panics
    /// If a network of sequences has no schema of rows: a bug.
    pub fn evaluate_sequences(&self, sequences: &[FreshSequence<'_>]) -> Result<(Evaluation, Vec<Box<[u8]>>)> {
        let own = self.sequences()?;
        let mut row_schema = Arc::clone(self.schema.as_ref().expect("a network of sequences has a schema of rows"));
        let mut rows: Vec<(Vec<Row>, Option<Numbered>)> = Vec::with_capacity(sequences.len());
        for FreshSequence { events: history, outcome } in sequences {
            let outcome = outcome.as_ref().map(|(outcome, weight)| {
                check_weight(*weight)?;
                Ok((number_of(&own.view, &mut row_schema, outcome)?, *weight))
            });
            let kept = history.len().saturating_sub(own.view.options().length as usize);
            let history = history[kept..].iter().map(|event| own.view.events().row(event)).collect();
            rows.push((history, outcome.transpose()?));
        }
        let parameters = self.trained.cell_parameters();
        let given = rows
            .iter()
            .map(|(history, outcome)| (&history[..], outcome.as_ref().map(|(values, weight)| (&values[..], *weight))));
        let rows = own.view.fresh_rows(&row_schema, parameters, given);
        let classes = row_schema.classes().to_vec();
        let model = Model { schema: Some(row_schema), ..self.model() };
        Ok((evaluation::evaluate(&model, &rows, &|| true)?, classes))
    }

    /// Converts the network into one of rows, with the rows of its sequences. A network of rows is copied.
    ///
    /// # Errors
    /// [`Error::Stopped`] once `keep_on` returns false.
    pub fn as_network_of_rows(&self, keep_on: &dyn Fn() -> bool) -> Result<Self> {
        let mut network = Self { sequences: None, ..self.clone() };
        if self.sequences.is_some() {
            network.dataset.train = self.known_rows(Set::Train, keep_on)?.into_owned();
            network.dataset.test = self.known_rows(Set::Test, keep_on)?.into_owned();
            network.memo = Memo::default();
        }
        Ok(network)
    }

    /// Returns the number of rows of a set, stored or made of sequences; of sequences an estimate.
    pub fn known_row_count(&self, set: Set) -> usize {
        match &self.sequences {
            Some(Sequences { view, store, .. }) => view.rows_of(store, set) as usize,
            None => self.dataset.set(set).len(),
        }
    }

    /// Returns the rows of a set as a training uses them: the stored ones, or those made of sequences.
    pub(crate) fn known_rows(&self, set: Set, keep_on: &dyn Fn() -> bool) -> Result<Cow<'_, Rows>> {
        let Some(Sequences { view, store, .. }) = &self.sequences else {
            return Ok(Cow::Borrowed(self.dataset.set(set)));
        };
        let row_schema = self.schema.as_ref().expect("a network of sequences has a schema of rows");
        Ok(Cow::Owned(view.rows(row_schema, self.trained.cell_parameters(), (store, set), keep_on)?))
    }
}

/// Checks all observations. Returns their outcomes as numbers, up to the last one that has an outcome. Adds new
/// classes.
fn outcomes(
    view: &View,
    row_schema: &mut Arc<Schema>,
    store: &Store,
    all: &[Observation<'_>],
) -> Result<Vec<Option<Numbered>>> {
    let last = all.iter().rposition(|observation| observation.outcome.is_some());
    let mut begun: HashSet<&[u8]> = HashSet::new();
    let mut found = Vec::with_capacity(last.map_or(0, |last| last + 1));
    for (at, Observation { id, event, outcome }) in all.iter().enumerate() {
        let in_row = |error: Error| if all.len() > 1 { error.in_row(at) } else { error };
        if id.is_empty() || id.len() > MAX_ID {
            return Err(Error::SequenceId { bytes: id.len() });
        }
        let outcome = outcome.as_ref().map(|(outcome, weight)| {
            if view.next().is_some() {
                return Err(Error::OwnOutcome { target: shown(&row_schema.target_names()[0]) });
            }
            check_weight(*weight)?;
            Ok((number_of(view, row_schema, outcome)?, *weight))
        });
        let outcome = outcome.transpose().map_err(in_row)?;
        if last.is_none_or(|last| at > last) {
            continue;
        }
        if event.is_some() {
            begun.insert(id);
        } else if outcome.is_some() && !begun.contains(&id[..]) && store.get(id).is_none_or(|known| known.len() == 0) {
            return Err(Error::NoEvents { id: shown(id) });
        }
        found.push(outcome);
    }
    Ok(found)
}

/// Converts an outcome to numbers. Adds its class if that is new.
fn number_of(view: &View, row_schema: &mut Arc<Schema>, outcome: &Outcome<'_>) -> Result<Vec<f32>> {
    if view.next().is_some() {
        return Err(Error::OwnOutcome { target: shown(&row_schema.target_names()[0]) });
    }
    let expected = if row_schema.kind() == Kind::Classifier { 1 } else { row_schema.target_names().len() };
    let values = match outcome {
        Outcome::Class(name) if row_schema.kind() == Kind::Classifier => {
            let class = if let Some(class) = row_schema.class(name)? {
                class
            } else {
                Arc::make_mut(row_schema).add_class(name.as_ref().into())?;
                row_schema.classes().len() - 1
            };
            vec![class as f32]
        }
        Outcome::Values(values) if row_schema.kind() == Kind::Regressor => values.clone(),
        Outcome::Class(_) => return Err(Error::Outputs { row: None, expected, given: 1 }),
        Outcome::Values(values) => return Err(Error::Outputs { row: None, expected, given: values.len() }),
    };
    check_outcome(row_schema.target(), &values)?;
    Ok(values)
}
