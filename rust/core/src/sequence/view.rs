//! What a network sees of a sequence: a row of fields.
//!
//! The last events are fields of their own, `page[-1]` what came last and `page[-2]` what came before; where there were fewer there
//! are gaps. A reservoir, if there is one, adds what its units hold. So a sequence is answered, trained on, explained and judged as
//! any row is, and nothing else in the engine knows of sequences.

use std::collections::VecDeque;
use std::sync::Arc;

use super::cache::{Cache, Known};
use super::events;
use super::gru;
use super::held::{Heard, Held};
use super::reservoir::Reservoir;
use super::state::Fingerprints;
use super::store::{Sequence, Store};
use super::{Auto, Cell, SequenceOptions, has_gru};
use crate::dataset::{Rows, Set};
use crate::error::{Error, Result};
use crate::memory::{self, Taken};
use crate::normalization::Scaling;
use crate::schema::{Entry, FieldKind, Row, Schema, Target, Value, shown};
use crate::trained::Trained;

/// Kinds of events at most, where each next event is the outcome.
pub const MOST_KINDS: u32 = 1000;
/// The last events that are fields of their own, at most, and those of a series.
const WINDOW: u32 = 8;
const SERIES_WINDOW: u32 = 24;
/// Units of a reservoir.
const UNITS: usize = 200;
/// Events that are gone through again each time, since that is as quick as to look for what is known of them.
const FEW_EVENTS: usize = 8;
/// Units of a gated cell of sequences with an outcome, and of those of which each next event is the outcome.
const GRU_UNITS: usize = 32;
const GRU_UNITS_OF_NEXT: usize = 64;
/// Rows that are made of a set at most, and bytes of these. Of more, every other, every third or so is taken.
const MOST_ROWS: u64 = 1 << 20;
const MOST_BYTES: u64 = 256 << 20;

/// How rows follow from sequences.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct View {
    /// The fields of events.
    events: Schema,
    options: SequenceOptions,
    /// The field that is the target, if it is one.
    next: Option<usize>,
    /// Whether events are numbers by their positions, in one field.
    by_position: bool,
    window: usize,
    reservoir: Option<Arc<Reservoir>>,
    /// Units of the gated cell of each member, where there are such.
    gru: Option<usize>,
    seed: u64,
    /// Rows that are made of a set at most.
    most_rows: u64,
    fingerprints: Fingerprints,
}

/// A row that a sequence is seen as, and what is to be added to an answer to it.
#[derive(Debug, Clone, PartialEq)]
pub struct Seen {
    /// The row of the fields that the network sees.
    pub row: Row,
    /// The number that the answer is the change of; 0 but for series.
    pub level: f32,
}

impl View {
    /// The view of a network of such events, and the fields that it sees.
    pub(crate) fn new(
        fields: Vec<(Vec<u8>, FieldKind)>,
        target: Target,
        (options, auto): (SequenceOptions, Auto),
        by_position: bool,
        seed: u64,
    ) -> Result<(Self, Schema)> {
        let events = Schema::of_events(fields)?;
        let next = next_field(&events, &target)?;
        let target = match (target, next) {
            // Each word that the field can have is a class.
            (Target::Classes { name, most, closed, names }, Some(field)) => {
                let words = events.fields()[field].kind().most_words().unwrap_or(most);
                Target::Classes { name, most: words.max(2), closed, names }
            }
            (target, _) => target,
        };
        let has_gru = has_gru(options.cell, auto, next.is_some() && matches!(target, Target::Classes { .. }));
        let window = match options.cell {
            _ if has_gru => 0,
            Cell::Reservoir | Cell::Gru => 0,
            Cell::Auto | Cell::Window if next.is_some() && matches!(target, Target::Values(_)) => SERIES_WINDOW,
            Cell::Auto | Cell::Window => WINDOW,
        };
        let window = window.min(options.length) as usize;
        let has_reservoir = match options.cell {
            Cell::Reservoir => true,
            Cell::Window | Cell::Gru => false,
            Cell::Auto => !has_gru && (next.is_none() || matches!(target, Target::Classes { .. })),
        };
        let reservoir = has_reservoir.then(|| Arc::new(Reservoir::new(UNITS, &events, seed)));
        let gru = has_gru.then_some(if next.is_some() { GRU_UNITS_OF_NEXT } else { GRU_UNITS });
        if let Some(units) = gru {
            // However many words there will be.
            events.check_size(&[gru::MOST_MEMBERS * 3 * units])?;
        }
        let fingerprints = Fingerprints::new(&events);
        let mut view =
            Self { events, options, next, by_position, window, reservoir, gru, seed, most_rows: 0, fingerprints };
        let schema = view.seen(target)?;
        view.most_rows = (MOST_BYTES / schema.row_bytes() as u64).clamp(1, MOST_ROWS);
        Ok((view, schema))
    }

    /// The fields that the network sees.
    fn seen(&self, target: Target) -> Result<Schema> {
        let lagged = (1..=self.window).flat_map(|lag| {
            let named = move |name: &[u8]| [name, format!("[-{lag}]").as_bytes()].concat();
            self.events.fields().iter().map(move |field| (named(field.name()), field.kind()))
        });
        let held = self.held().map(|numbers| (b"state".to_vec(), FieldKind::Vector(numbers as u32)));
        Schema::derived(lagged.chain(held), target)
    }

    /// Numbers that reservoir and cells add: what their units hold, and of sequences with an outcome of their own the means and of a
    /// reservoir the most of that, too.
    fn held(&self) -> Option<usize> {
        let times = if self.next.is_some() { 1 } else { 3 };
        let of_reservoir = self.reservoir.as_ref().map(|reservoir| times * reservoir.units());
        let of_cells = self.gru.map(|_| gru::MOST_MEMBERS * self.gru_features());
        (of_reservoir.is_some() || of_cells.is_some()).then(|| of_reservoir.unwrap_or(0) + of_cells.unwrap_or(0))
    }

    /// Numbers that the cell of a member adds.
    pub(crate) fn gru_features(&self) -> usize {
        let times = if self.next.is_some() { 1 } else { 2 };
        self.gru.map_or(0, |units| times * units)
    }

    /// Where the numbers of the first cell are among the computed inputs that the network sees.
    pub(crate) fn gru_inputs(&self, seen: &Schema) -> usize {
        seen.dense() - gru::MOST_MEMBERS * self.gru_features()
    }

    /// How large cells are that know all words so far.
    pub(crate) fn gru_shape(&self) -> Option<gru::Shape> {
        let (events, units) = (&self.events, self.gru?);
        Some(gru::Shape { units, computed: events.dense(), inputs: events.inputs(events.words().len()) })
    }

    /// Units of the cell of each member.
    pub(super) fn gru_units(&self) -> Option<usize> {
        self.gru
    }

    /// Multiplications that it takes to hear of an event, about; in lanes a tanh counts as five.
    pub(crate) fn hearing(&self) -> usize {
        let each = self.events.dense() + self.events.fields().len() + 7;
        let of_reservoir = self.reservoir.as_ref().map_or(0, |reservoir| reservoir.units() * each);
        let of_cells = self.gru.map_or(0, |units| gru::MOST_MEMBERS * 3 * units * (each + units));
        self.events.cells() + of_reservoir + of_cells
    }

    /// The fields of events.
    pub(crate) fn events(&self) -> &Schema {
        &self.events
    }

    /// How sequences are kept and seen.
    pub(crate) fn options(&self) -> SequenceOptions {
        self.options
    }

    /// The field that is the target, if it is one.
    pub(crate) fn next(&self) -> Option<usize> {
        self.next
    }

    /// The last events that are fields of their own.
    pub(crate) fn window(&self) -> usize {
        self.window
    }

    /// The units that remember, if there are any.
    pub(crate) fn reservoir(&self) -> Option<&Reservoir> {
        self.reservoir.as_deref()
    }

    /// Whether events are numbers by their positions.
    pub(crate) fn is_by_position(&self) -> bool {
        self.by_position
    }

    /// The seed of what is random in it.
    pub(crate) fn seed(&self) -> u64 {
        self.seed
    }

    /// Of the fields of events and the first so many words, for each number of words.
    pub(super) fn fingerprints(&self) -> &[u64] {
        &self.fingerprints.0
    }

    /// Whether events have to be scaled before they are heard.
    pub(crate) fn has_scaling(&self) -> bool {
        self.reservoir.is_some() || self.gru.is_some()
    }

    /// Whether a network can have these means and deviations of the numbers of events.
    pub(crate) fn can_have(&self, scaling: Option<&Scaling>) -> bool {
        scaling.is_none_or(|scaling| self.has_scaling() && scaling.mean.len() == self.events.dense())
    }

    /// Whether a network can have these cells: one for each member, of events as they are or were.
    pub(crate) fn can_have_cells(&self, trained: &Trained) -> bool {
        let Some(gru) = &trained.gru else { return true };
        let Some(now) = self.gru_shape() else { return false };
        let shape = gru.shape();
        (shape.units, shape.computed) == (now.units, now.computed)
            && (self.events.inputs(0)..=now.inputs).contains(&shape.inputs)
            && gru.members().len() == trained.members()
            && trained.members() <= gru::MOST_MEMBERS
    }

    /// Takes up a word of events, and as often as it can be seen. If it can be an outcome it is a class, too.
    pub(crate) fn add_word(&mut self, seen: &mut Schema, field: u32, word: Box<[u8]>) -> Result<()> {
        self.events.add_word(field, word.clone())?;
        self.fingerprints.add(field, &word);
        if let Some(reservoir) = &mut self.reservoir {
            Arc::make_mut(reservoir).know(&self.events);
        }
        let fields = self.events.fields().len() as u32;
        for lag in 0..self.window as u32 {
            seen.add_word(lag * fields + field, word.clone())?;
        }
        if self.next == Some(field as usize) && seen.kind() == crate::layout::Kind::Classifier {
            seen.add_class(word)?;
        }
        Ok(())
    }

    /// Forgets the words and classes that came after so many.
    pub(super) fn forget(&mut self, seen: &mut Schema, words: usize, classes: usize) {
        self.events.forget(words, 0);
        self.fingerprints.0.truncate(words + 1);
        seen.forget(words * self.window, classes);
    }

    /// The events of a sequence so far as the network sees them.
    pub(crate) fn see(&self, seen: &Schema, heard: Heard<'_>, history: &[Row]) -> Seen {
        let mut held = self.begin(heard);
        history.iter().for_each(|event| self.hear(heard, event, &mut held));
        self.seen_with(seen, history, &held)
    }

    /// The same of events as bytes, so many, and of one more if there is one. Of all of these the last are looked at that would be kept.
    ///
    /// # Panics
    /// If the bytes are not those of events.
    pub(super) fn see_kept(
        &self,
        seen: &Schema,
        (heard, cache): (Heard<'_>, &Cache),
        (mut bytes, mut count): (&[u8], usize),
        more: Option<Row>,
    ) -> Seen {
        // Without a state to be led through all of them, those that are fields of their own are enough.
        let has_state = self.has_scaling();
        let looked_at = if has_state { self.options.length as usize } else { self.window };
        while count > 0 && count + usize::from(more.is_some()) > looked_at {
            bytes = &bytes[events::length(&self.events, bytes)..];
            count -= 1;
        }
        let is_cached = has_state && count >= FEW_EVENTS;
        let known = if is_cached { cache.take(heard, bytes) } else { None };
        let mut known = known.unwrap_or_else(|| Known { events: Vec::new(), state: self.begin(heard) });
        let done = if has_state { known.events.len() } else { bytes.len() };
        let mut last: VecDeque<Row> = VecDeque::with_capacity(self.window + 2);
        let mut at = 0;
        for index in 0..count {
            if at < done && index + self.window.max(1) < count {
                at += events::length(&self.events, &bytes[at..]);
                continue;
            }
            // Rows are used again: an event is read in less time than memory for it is found.
            let mut row = if last.len() > self.window { last.pop_front().unwrap_or_default() } else { Row::default() };
            let length = events::read_into(&self.events, &bytes[at..], &mut row).expect("events that were written");
            if at >= done {
                self.hear(heard, &row, &mut known.state);
            }
            at += length;
            last.push_back(row);
        }
        let mut after = None;
        if let Some(more) = more {
            // What is asked about is not kept.
            if has_state {
                let mut state = known.state.clone();
                self.hear(heard, &more, &mut state);
                after = Some(state);
            }
            last.push_back(more);
        }
        let found = self.seen_with(seen, last.make_contiguous(), after.as_ref().unwrap_or(&known.state));
        if is_cached {
            known.events.extend_from_slice(&bytes[done..]);
            cache.put(heard, known);
        }
        found
    }

    fn seen_with(&self, seen: &Schema, history: &[Row], held: &Held) -> Seen {
        let level = self.level(history);
        let mut row = Row { cells: Vec::with_capacity(seen.cells()), list: Vec::new() };
        for lag in 0..self.window {
            if let Some(at) = history.len().checked_sub(lag + 1) {
                self.lagged(seen, lag, &history[at], level, &mut row);
            } else {
                let fields = lag * self.events.fields().len()..(lag + 1) * self.events.fields().len();
                seen.fields()[fields].iter().for_each(|field| field.encode(&Value::Gap, &mut row));
            }
        }
        self.tell(held, &mut row.cells);
        row.cells.resize(seen.cells(), 0.0);
        Seen { row, level: level.unwrap_or(0.0) }
    }

    /// Adds the fields of an event as it is seen so many events later.
    fn lagged(&self, seen: &Schema, lag: usize, event: &Row, level: Option<f32>, row: &mut Row) {
        let mut listed = event.list.iter().peekable();
        for (index, field) in self.events.fields().iter().enumerate() {
            let number = |number: u32| self.number(seen, (index, lag), number);
            let cells = &event.cells[self.events.cells_of(index)];
            match field.kind() {
                FieldKind::Category(_) => row.cells.push(number(cells[0] as u32) as f32),
                FieldKind::Auto(_) if cells[0].is_nan() => {
                    row.cells.extend([f32::NAN, number(cells[1] as u32) as f32]);
                }
                // Of a series the last number, and how far those before were from it.
                FieldKind::Number if lag > 0 && self.next == Some(index) => match level {
                    Some(level) if !cells[0].is_nan() => row.cells.push(difference(cells[0], level)),
                    _ => row.cells.push(f32::NAN),
                },
                FieldKind::Text(_) | FieldKind::Tags(_) => {
                    while let Some(entry) = listed.next_if(|entry| self.events.owner(entry.number) == Some(index)) {
                        row.list.push(Entry { number: number(entry.number), ..*entry });
                    }
                }
                _ => row.cells.extend_from_slice(cells),
            }
        }
        debug_assert!(listed.peek().is_none());
    }

    /// The input of a word, a gap or a bucket of a field of events, so many events later.
    fn number(&self, seen: &Schema, (index, lag): (usize, usize), number: u32) -> u32 {
        let first_word = self.events.inputs(0) as u32;
        if number < first_word {
            let field = &seen.fields()[lag * self.events.fields().len() + index];
            return field.gap() + (number - self.events.fields()[index].gap());
        }
        let word = number - first_word;
        seen.inputs(0) as u32 + word * self.window as u32 + lag as u32
    }

    /// The last number of a series, which its next is distinguished from.
    fn level(&self, history: &[Row]) -> Option<f32> {
        let field = self.next.filter(|&field| self.events.fields()[field].kind() == FieldKind::Number)?;
        let cell = self.events.cells_of(field).start;
        history.last().map(|event| event.cells[cell]).filter(|number| !number.is_nan())
    }

    /// What the next event is, as the outcome of those before; none of one that says nothing, or of the first of a series.
    pub(super) fn outcome(&self, classes: &[u32], history: &[Row], event: &Row) -> Option<f32> {
        let field = self.next?;
        let cell = event.cells[self.events.cells_of(field).start];
        if self.events.fields()[field].kind() == FieldKind::Number {
            let level = self.level(history)?;
            return (!cell.is_nan()).then(|| difference(cell, level));
        }
        let word = (cell as u32).checked_sub(self.events.inputs(0) as u32)?;
        Some(classes[word as usize] as f32)
    }

    /// The class of each word of events; of words of other fields, none that is looked at.
    pub(super) fn classes(&self) -> Vec<u32> {
        let mut class = 0;
        let of_word = |&(field, _): &(u32, Box<[u8]>)| {
            let own = class;
            class += u32::from(self.next == Some(field as usize));
            own
        };
        self.events.words().iter().map(of_word).collect()
    }

    /// How many rows a training makes of a set, about.
    pub(crate) fn rows_of(&self, store: &Store, set: Set) -> u64 {
        self.outcomes(store, set).min(self.most_rows)
    }

    /// What has come to something in a set, or could have.
    fn outcomes(&self, store: &Store, set: Set) -> u64 {
        if self.next.is_some() { store.events(set) } else { store.finished(set).into() }
    }

    /// The rows that a training makes of a set.
    ///
    /// # Errors
    /// [`Error::Stopped`] once `keep_on`, which is asked before each sequence, says no.
    pub(crate) fn rows(
        &self,
        seen: &Schema,
        heard: Heard<'_>,
        (store, set): (&Store, Set),
        keep_on: &dyn Fn() -> bool,
    ) -> Result<Rows> {
        let step = self.outcomes(store, set).div_ceil(self.most_rows).max(1);
        let mut rows = Learnt::new(self, seen, heard, step);
        for sequence in store.of_set(set) {
            if !keep_on() {
                return Err(Error::Stopped);
            }
            rows.add(sequence);
        }
        Ok(rows.rows)
    }

    /// The rows that fresh sequences make, which are not kept.
    pub(super) fn fresh_rows<'a>(
        &self,
        seen: &Schema,
        heard: Heard<'_>,
        sequences: impl IntoIterator<Item = (&'a [Row], Option<(&'a [f32], f32)>)>,
    ) -> Rows {
        let mut rows = Learnt::new(self, seen, heard, 1);
        for (history, outcome) in sequences {
            rows.add_events(history, false, outcome);
        }
        rows.rows
    }

    /// Means and deviations of the numbers of events of a set.
    ///
    /// # Errors
    /// As [`Self::rows`].
    pub(crate) fn scaling(&self, store: &Store, set: Set, keep_on: &dyn Fn() -> bool) -> Result<Scaling> {
        let width = self.events.dense();
        let mut raw = vec![0.0; width];
        let mut sums = vec![(0.0f64, 0.0f64, 0.0f64); width];
        // Around the first number of each, so that large numbers that differ little are distinguished.
        let mut first = vec![f32::NAN; width];
        for sequence in store.of_set(set) {
            if !keep_on() {
                return Err(Error::Stopped);
            }
            for event in sequence.rows(&self.events) {
                self.events.computed_of(1, &event.cells, None, &mut raw);
                for ((&value, (count, sum, squares)), first) in raw.iter().zip(&mut sums).zip(&mut first) {
                    if !value.is_nan() {
                        if first.is_nan() {
                            *first = value;
                        }
                        let apart = f64::from(value) - f64::from(*first);
                        (*count, *sum, *squares) = (*count + 1.0, *sum + apart, *squares + apart * apart);
                    }
                }
            }
        }
        let mut scaling = Scaling { mean: Vec::with_capacity(width), scale: Vec::with_capacity(width) };
        for ((count, sum, squares), first) in sums.into_iter().zip(first) {
            let (mean, scale) = if count > 0.0 {
                let mean = sum / count;
                let variance = (squares / count - mean * mean).max(0.0);
                let scale = 1.0 / variance.sqrt();
                ((f64::from(first) + mean) as f32, if (scale as f32).is_finite() { scale as f32 } else { 0.0 })
            } else {
                (0.0, 0.0)
            };
            scaling.mean.push(mean);
            scaling.scale.push(scale);
        }
        Ok(scaling)
    }

    /// Bytes beyond the view itself.
    pub(crate) fn bytes_by(&self, taken: Taken<'_>) -> usize {
        let reservoir = self
            .reservoir
            .as_ref()
            .map_or(0, |reservoir| memory::of_shared::<Reservoir>(taken) + reservoir.bytes_by(taken));
        self.events.bytes_by(taken) + reservoir + memory::of_vec(&self.fingerprints.0, taken)
    }
}

/// Rows that are made of sequences.
struct Learnt<'a> {
    view: &'a View,
    seen: &'a Schema,
    heard: Heard<'a>,
    classes: Vec<u32>,
    rows: Rows,
    /// Of the outcomes every so many are taken.
    step: u64,
    met: u64,
}

impl<'a> Learnt<'a> {
    fn new(view: &'a View, seen: &'a Schema, heard: Heard<'a>, step: u64) -> Self {
        let width = seen.shape().width();
        let rows = if seen.has_lists() { Rows::with_lists(width) } else { Rows::new(width) };
        Self { view, seen, heard, classes: view.classes(), rows, step, met: 0 }
    }

    fn add(&mut self, sequence: &Sequence) {
        let outcome = sequence.outcome();
        if self.view.next.is_none() {
            self.met += u64::from(outcome.is_some());
            if outcome.is_none() || !self.met.is_multiple_of(self.step) {
                return;
            }
        }
        let mut history = sequence.rows(&self.view.events);
        if let Some(outcome) = outcome {
            history.truncate(outcome.after as usize);
        }
        self.add_events(&history, sequence.is_cut(), outcome.map(|outcome| (&outcome.values[..], outcome.weight)));
    }

    fn add_events(&mut self, history: &[Row], is_cut: bool, outcome: Option<(&[f32], f32)>) {
        if let Some((values, weight)) = outcome {
            let Seen { row, .. } = self.view.see(self.seen, self.heard, history);
            self.put(&row, values, weight);
        }
        if self.view.next.is_none() {
            return;
        }
        let mut held = self.view.begin(self.heard);
        for (at, event) in history.iter().enumerate() {
            // Of a sequence the beginning of which is gone nothing tells what the first event came after.
            if at > 0 || !is_cut {
                let before = &history[..at];
                if let Some(value) = self.view.outcome(&self.classes, before, event) {
                    self.met += 1;
                    if self.met.is_multiple_of(self.step) {
                        let Seen { row, .. } = self.view.seen_with(self.seen, before, &held);
                        self.put(&row, &[value], 1.0);
                    }
                }
            }
            self.view.hear(self.heard, event, &mut held);
        }
    }

    fn put(&mut self, row: &Row, outcome: &[f32], weight: f32) {
        let at = self.rows.len();
        self.rows.set_list(at, &row.list);
        self.rows.set(at, row.cells.iter().chain(outcome).copied(), weight);
    }
}

/// How far a number is from another.
fn difference(number: f32, level: f32) -> f32 {
    (number - level).clamp(f32::MIN, f32::MAX)
}

/// The field that a target is, if one has its name.
fn next_field(events: &Schema, target: &Target) -> Result<Option<usize>> {
    let names = match target {
        Target::Classes { name, .. } => std::slice::from_ref(name),
        Target::Values(names) => &names[..],
    };
    let Some(field) = names.iter().find_map(|name| events.position(name, 0)) else { return Ok(None) };
    let (name, kind) = (shown(events.fields()[field].name()), events.fields()[field].kind());
    match (target, kind) {
        (Target::Classes { closed: true, .. }, _) => {
            Err(Error::Schema(format!("CLASSES for {name}, a field of the events: its words are the classes")))
        }
        (Target::Classes { .. }, FieldKind::Category(most)) if most <= MOST_KINDS => Ok(Some(field)),
        (Target::Classes { .. }, FieldKind::Category(most)) => Err(Error::Schema(format!(
            "the target {name} is a field of up to {most} kinds of events: expected at most {MOST_KINDS}, since of more those that \
             came together in like sequences tell more, as nearest neighbours of sessions do"
        ))),
        (Target::Classes { .. }, kind) => Err(Error::Schema(format!(
            "the target {name} is a field of kind {kind}: expected a CATEGORY, for a classifier answers words"
        ))),
        (Target::Values(names), FieldKind::Number) if names.len() == 1 => Ok(Some(field)),
        (Target::Values(_), FieldKind::Number) => {
            Err(Error::Schema(format!("the target {name} is a field of the events: expected no target besides")))
        }
        (Target::Values(_), kind) => Err(Error::Schema(format!(
            "the target {name} is a field of kind {kind}: expected a NUMBER, for a regressor answers numbers"
        ))),
    }
}
