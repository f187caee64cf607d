//! What a network of sequences can do: take events and outcomes, forget, and see a sequence as a row.

use std::borrow::Cow;
use std::sync::Arc;

use super::{Auto, Cache, MAX_ID, Placing, Seen, Sequence, SequenceOptions, Sequences, Store, View};
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

/// What came of a sequence: an event, an outcome, or both, the event first.
#[derive(Debug, Clone, PartialEq)]
pub struct Happened<'a> {
    /// The id of the sequence.
    pub id: Cow<'a, [u8]>,
    /// A value for each field of the event, as [`Schema::understand`] gives them.
    pub event: Option<Vec<Value<'a>>>,
    /// What it has come to with this, and how much that counts.
    pub outcome: Option<(Outcome<'a>, f32)>,
}

/// A sequence that is not kept.
#[derive(Debug, Clone, PartialEq)]
pub struct FreshSequence<'a> {
    /// Its events, each with a value for each field.
    pub events: Vec<Vec<Value<'a>>>,
    /// What it has come to, and how much that counts; none where each next event is looked at instead.
    pub outcome: Option<(Outcome<'a>, f32)>,
}

/// What a sequence has come to, in numbers, and how much that counts.
type Numbered = (Vec<f32>, f32);

/// How events are declared.
#[derive(Debug, Clone, PartialEq)]
pub enum Events {
    /// By their fields.
    Fields(Vec<(Vec<u8>, FieldKind)>),
    /// As so many numbers each, by their positions.
    Numbers(u32),
}

/// The layout that a network of such events begins with.
///
/// # Errors
/// What [`Network::of_sequences`] refuses of events, a target and hidden layers.
pub fn first_layout(
    (events, target): (Events, Target),
    sequences: SequenceOptions,
    hidden: &[usize],
) -> Result<Layout> {
    sequences.check()?;
    let (fields, by_position) = events.into_fields();
    let (_, seen) = View::new(fields, target, (sequences, Auto::default()), by_position, 0)?;
    seen.check_size(hidden)?;
    seen.layout(hidden)
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
    /// A network of sequences of such events, with these hidden layers.
    ///
    /// # Errors
    /// [`Error::Schema`] for fields or a target that cannot be, [`Error::Option`], and what [`Network::of_fields`] refuses.
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
    /// Those of [`Self::of_sequences`].
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
        let (fields, by_position) = events.into_fields();
        let (view, seen) = View::new(fields, target, (sequences, Auto::default()), by_position, seed)?;
        let (mut network, drawing) = Self::begin_of_fields(seen, hidden, options, limits, seed)?;
        network.sequences = Some(Sequences { view: Arc::new(view), store: Store::default(), cache: Cache::default() });
        Ok((network, drawing))
    }

    /// How sequences are kept and seen; none where the network learns from rows.
    pub fn sequence_options(&self) -> Option<SequenceOptions> {
        self.sequences.as_ref().map(|sequences| sequences.view.options())
    }

    /// The fields of events; none where the network learns from rows.
    pub fn event_fields(&self) -> Option<&Schema> {
        self.sequences.as_ref().map(|sequences| sequences.view.events())
    }

    /// Whether events are numbers by their positions.
    pub fn has_events_by_position(&self) -> bool {
        self.sequences.as_ref().is_some_and(|sequences| sequences.view.is_by_position())
    }

    /// Whether each event is the outcome of those before it.
    pub fn learns_next_event(&self) -> bool {
        self.sequences.as_ref().is_some_and(|sequences| sequences.view.next().is_some())
    }

    fn sequences(&self) -> Result<&Sequences> {
        self.sequences.as_ref().ok_or(Error::NoSequences)
    }

    /// Takes events and outcomes, all or none, each at the end of its sequence. Without a target a sequence goes to the set that its
    /// id says. How many sequences there are then in the training and in the validation set.
    ///
    /// # Errors
    /// [`Error::NoSequences`] for a network of rows; [`Error::SequenceId`], [`Error::NoEvents`] for an outcome of a sequence without
    /// events, [`Error::OwnOutcome`], and what [`Self::observe_fields`] refuses.
    ///
    /// # Panics
    /// If a word of its own dictionary has no place there: a bug.
    pub fn happen(&mut self, all: &[Happened<'_>], target: Option<Set>) -> Result<(u32, u32)> {
        self.sequences()?;
        self.dataset.check_target(target)?;
        let limits = self.dataset.limits();
        let Self { schema, sequences, .. } = self;
        let (schema, sequences) =
            (schema.as_mut().expect("fields that are seen"), sequences.as_mut().expect("sequences"));
        let length = sequences.view.options().length;
        let place = Placing { limits, length, set: target };
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
        // What is full lets sequences go, and among them may be one whose outcome is still to come in the same breath.
        let most = all.len() as u64;
        let is_full = |set, limit: u32| u64::from(sequences.store.count(set)) + most > limit.into();
        let before = (all.len() > 1
            && all.iter().any(|happened| happened.outcome.is_some())
            && (is_full(Set::Train, limits.train) || is_full(Set::Test, limits.test)))
        .then(|| (sequences.clone(), Arc::clone(schema)));
        let mut bytes = Vec::new();
        for (at, happened) in all.iter().enumerate() {
            if let Some(event) = &happened.event {
                for (field, word) in sequences.view.events().new_words(event) {
                    let view = Arc::make_mut(&mut sequences.view);
                    view.add_word(Arc::make_mut(schema), field, word)
                        .expect("a word that is new, and for which there is room");
                }
                let events = sequences.view.events();
                bytes.clear();
                super::events::write(events, &events.row(event), &mut bytes);
                sequences.store.push(events, &happened.id, &bytes, &place)?;
            }
            if let Some((values, weight)) = outcomes.get_mut(at).and_then(Option::take)
                && let Err(error) = sequences.store.finish(&happened.id, values, weight, &place)
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

    /// Drops a sequence. Whether there was one.
    ///
    /// # Errors
    /// [`Error::NoSequences`].
    pub fn forget_sequence(&mut self, id: &[u8]) -> Result<bool> {
        let Some(sequences) = &mut self.sequences else { return Err(Error::NoSequences) };
        let was_there = sequences.store.forget(id);
        self.memo.forget();
        Ok(was_there)
    }

    /// The events of a sequence, those that are kept, from the first on; none of one that is not there.
    ///
    /// # Errors
    /// [`Error::NoSequences`].
    pub fn events_of(&self, id: &[u8]) -> Result<Option<Vec<Row>>> {
        let Sequences { view, store, .. } = self.sequences()?;
        Ok(store.get(id).map(|sequence| sequence.rows(view.events())))
    }

    /// What a sequence has come to; none of one that is not there, or has not.
    ///
    /// # Errors
    /// [`Error::NoSequences`].
    pub fn outcome_of(&self, id: &[u8]) -> Result<Option<(Vec<f32>, f32)>> {
        let outcome = self.sequences()?.store.get(id).and_then(|sequence| sequence.outcome());
        Ok(outcome.map(|outcome| (outcome.values.clone(), outcome.weight)))
    }

    /// The ids of all sequences, in the order in which trainings see them.
    ///
    /// # Errors
    /// [`Error::NoSequences`].
    pub fn sequence_ids(&self) -> Result<impl Iterator<Item = &[u8]>> {
        Ok(self.sequences()?.store.iter().map(Sequence::id))
    }

    /// What the network sees of a sequence, after one more event if one is given, which is not kept. A sequence that is not there has
    /// no events.
    ///
    /// # Errors
    /// [`Error::NoSequences`].
    pub fn see(&self, id: &[u8], event: Option<&[Value<'_>]>) -> Result<Seen> {
        let own = self.sequences()?;
        let kept = own.store.get(id).map_or((&[][..], 0), |sequence| (sequence.events(), sequence.len()));
        Ok(self.see_kept(own, kept, event.map(|event| own.view.events().row(event))))
    }

    /// What it sees of so many events, as bytes, and of one more if there is one.
    pub(super) fn see_kept(&self, own: &Sequences, kept: (&[u8], usize), more: Option<Row>) -> Seen {
        let seen = self.schema.as_ref().expect("fields that are seen");
        own.view.see_kept(seen, (self.trained.heard(), &own.cache), kept, more)
    }

    /// Multiplications that it takes to see a sequence after so many events more, about.
    pub fn seeing(&self, id: &[u8], more: usize) -> usize {
        let Some(Sequences { view, store, cache }) = &self.sequences else { return 0 };
        let most = view.options().length as usize;
        let left = store.get(id).map_or(0, |sequence| {
            // Once the first events are dropped, no cached state fits the rest.
            let is_whole = sequence.len().saturating_add(more) <= most;
            let known = if is_whole { cache.known(self.trained.heard(), sequence.events()) } else { 0 };
            // Events take about as many bytes each.
            let all = sequence.events().len().max(1);
            (sequence.len() as u128 * (all - known) as u128 / all as u128) as usize
        });
        left.saturating_add(more).min(most).saturating_mul(view.hearing())
    }

    /// Multiplications that it takes to make the rows of a set of sequences, about.
    pub fn making(&self, set: Set) -> usize {
        let Some(Sequences { view, store, .. }) = &self.sequences else { return 0 };
        usize::try_from(store.events(set)).unwrap_or(usize::MAX).saturating_mul(view.hearing())
    }

    /// What the network sees of these events, one after the other.
    ///
    /// # Errors
    /// [`Error::NoSequences`].
    ///
    /// # Panics
    /// If a network of sequences sees no fields: a bug.
    pub fn see_events(&self, history: &[Row]) -> Result<Seen> {
        let Sequences { view, .. } = self.sequences()?;
        let seen = self.schema.as_ref().expect("fields that are seen");
        let kept = history.len().saturating_sub(view.options().length as usize);
        Ok(view.see(seen, self.trained.heard(), &history[kept..]))
    }

    /// How well the present weights do on fresh sequences, which are not kept: their events, and what each has come to.
    ///
    /// # Errors
    /// [`Error::NoRows`] if there are none, [`Error::NoSequences`], and what [`Self::happen`] refuses of outcomes.
    ///
    /// # Panics
    /// If a network of sequences sees no fields: a bug.
    pub fn evaluate_sequences(&self, sequences: &[FreshSequence<'_>]) -> Result<(Evaluation, Vec<Box<[u8]>>)> {
        let own = self.sequences()?;
        let mut seen = Arc::clone(self.schema.as_ref().expect("fields that are seen"));
        let mut rows: Vec<(Vec<Row>, Option<Numbered>)> = Vec::with_capacity(sequences.len());
        for FreshSequence { events: history, outcome } in sequences {
            let outcome = outcome.as_ref().map(|(outcome, weight)| {
                check_weight(*weight)?;
                Ok((number_of(&own.view, &mut seen, outcome)?, *weight))
            });
            let kept = history.len().saturating_sub(own.view.options().length as usize);
            let history = history[kept..].iter().map(|event| own.view.events().row(event)).collect();
            rows.push((history, outcome.transpose()?));
        }
        let heard = self.trained.heard();
        let given = rows
            .iter()
            .map(|(history, outcome)| (&history[..], outcome.as_ref().map(|(values, weight)| (&values[..], *weight))));
        let rows = own.view.fresh_rows(&seen, heard, given);
        let classes = seen.classes().to_vec();
        let model = Model { schema: Some(seen), ..self.model() };
        Ok((evaluation::evaluate(&model, &rows, &|| true)?, classes))
    }

    /// The same network as one of rows: of those that its sequences make.
    ///
    /// # Errors
    /// [`Error::Stopped`] once `keep_on` says no.
    pub fn of_what_is_seen(&self, keep_on: &dyn Fn() -> bool) -> Result<Self> {
        let mut network = Self { sequences: None, ..self.clone() };
        if self.sequences.is_some() {
            network.dataset.train = self.known_rows(Set::Train, keep_on)?.into_owned();
            network.dataset.test = self.known_rows(Set::Test, keep_on)?.into_owned();
            network.memo = Memo::default();
        }
        Ok(network)
    }

    /// How many rows a training sees of a set, about.
    pub fn known_row_count(&self, set: Set) -> usize {
        match &self.sequences {
            Some(Sequences { view, store, .. }) => view.rows_of(store, set) as usize,
            None => self.dataset.set(set).len(),
        }
    }

    /// The rows that a training sees: those that are stored, or those that sequences make.
    pub(crate) fn known_rows(&self, set: Set, keep_on: &dyn Fn() -> bool) -> Result<Cow<'_, Rows>> {
        let Some(Sequences { view, store, .. }) = &self.sequences else {
            return Ok(Cow::Borrowed(self.dataset.set(set)));
        };
        let seen = self.schema.as_ref().expect("fields that are seen");
        Ok(Cow::Owned(view.rows(seen, self.trained.heard(), (store, set), keep_on)?))
    }
}

/// The outcomes of what has happened, in numbers, at their places up to the last; classes that are new are taken up.
fn outcomes(view: &View, seen: &mut Arc<Schema>, store: &Store, all: &[Happened<'_>]) -> Result<Vec<Option<Numbered>>> {
    let mut begun: std::collections::HashSet<&[u8]> = std::collections::HashSet::new();
    let last = all.iter().rposition(|happened| happened.outcome.is_some());
    let mut found = Vec::with_capacity(last.map_or(0, |last| last + 1));
    for (at, Happened { id, event, outcome }) in all.iter().enumerate() {
        let in_row = |error: Error| if all.len() > 1 { error.in_row(at) } else { error };
        if id.is_empty() || id.len() > MAX_ID {
            return Err(Error::SequenceId { bytes: id.len() });
        }
        let outcome = outcome.as_ref().map(|(outcome, weight)| {
            if view.next().is_some() {
                return Err(Error::OwnOutcome { target: shown(&seen.target_names()[0]) });
            }
            check_weight(*weight)?;
            Ok((number_of(view, seen, outcome)?, *weight))
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

/// An outcome in numbers; a class that is new is taken up.
fn number_of(view: &View, seen: &mut Arc<Schema>, outcome: &Outcome<'_>) -> Result<Vec<f32>> {
    if view.next().is_some() {
        return Err(Error::OwnOutcome { target: shown(&seen.target_names()[0]) });
    }
    let expected = if seen.kind() == Kind::Classifier { 1 } else { seen.target_names().len() };
    let values = match outcome {
        Outcome::Class(name) if seen.kind() == Kind::Classifier => {
            let class = if let Some(class) = seen.class(name)? {
                class
            } else {
                Arc::make_mut(seen).add_class(name.as_ref().into())?;
                seen.classes().len() - 1
            };
            vec![class as f32]
        }
        Outcome::Values(values) if seen.kind() == Kind::Regressor => values.clone(),
        Outcome::Class(_) => return Err(Error::Outputs { row: None, expected, given: 1 }),
        Outcome::Values(values) => return Err(Error::Outputs { row: None, expected, given: values.len() }),
    };
    check_outcome(seen.target(), &values)?;
    Ok(values)
}
