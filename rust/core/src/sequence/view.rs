//! Conversion of a sequence into a row of fields.
//!
//! The fields of the last events become lagged fields: `page[-1]` of the last event, `page[-2]` of the one before, and
//! gaps if the sequence is shorter. The hidden states of a reservoir or of GRU cells become a vector field, `state`.
//! Answering, training, explaining and evaluating then work on rows as in any other network.

use std::collections::VecDeque;
use std::iter;
use std::sync::Arc;

use super::cache::{Cache, CachedState};
use super::client_state::Fingerprints;
use super::events;
use super::gru;
use super::hidden_state::{CellParameters, HiddenState};
use super::reservoir::Reservoir;
use super::store::{Sequence, Store};
use super::{Auto, Cell, SequenceOptions, has_gru};
use crate::dataset::{Rows, Set};
use crate::error::{Error, Result};
use crate::layout::Layout;
use crate::memory::{self, Taken};
use crate::normalization::{Column, Scaling};
use crate::schema::{Entry, FieldKind, Row, Schema, Target, Value, shown};
use crate::trained::Trained;
use crate::trainer_state::TrainerState;

/// Largest number of categories of the target if it is the next event.
pub const MOST_KINDS: u32 = 1000;
/// Number of lagged events.
const WINDOW: u32 = 8;
/// Standard deviations of the inputs of lagged numbers and of hidden states if a row has both. If they were equal, the
/// hundreds of hidden states would outweigh the few lagged numbers (benchmarks/sequences/trials.txt).
const LAGGED_DEVIATION: f32 = 2.0;
const HIDDEN_DEVIATION: f32 = 0.7;
/// Number of lagged events of a series.
const SERIES_WINDOW: u32 = 24;
/// Units of a reservoir.
const UNITS: usize = 200;
/// With fewer events than this, the cache is not used: processing them takes no longer than a lookup.
const FEW_EVENTS: usize = 8;
/// Units of the GRU cell of a member.
const GRU_UNITS: usize = 32;
/// Units of the GRU cell of a member if the target is the next event.
const GRU_UNITS_OF_NEXT: usize = 64;
/// Largest number of rows that are made of a set. With more outcomes, every second, third, ... is used.
const MOST_ROWS: u64 = 1 << 20;
/// Largest size of the rows of a set, in bytes.
const MOST_BYTES: u64 = 256 << 20;

/// How rows are derived from sequences.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct View {
    /// The schema of events.
    events: Schema,
    options: SequenceOptions,
    /// The event field that is the target, if the target is the next event.
    next: Option<usize>,
    /// Whether events are vectors of numbers without names, in one field.
    by_position: bool,
    /// Number of lagged events.
    window: usize,
    reservoir: Option<Arc<Reservoir>>,
    /// Units of the GRU cell of each member, if there are GRU cells.
    gru: Option<usize>,
    seed: u64,
    /// Largest number of rows that are made of a set.
    most_rows: u64,
    fingerprints: Fingerprints,
}

/// The row of a sequence, and the offset of its answer.
#[derive(Debug, Clone, PartialEq)]
pub struct SequenceRow {
    /// The inputs of the network, by the schema of its rows.
    pub row: Row,
    /// The last value of a series, to which the network's output, the predicted change, is added; 0 if the target is no
    /// series, or the value is a gap.
    pub level: f32,
}

impl View {
    /// Returns the view of a network with these event fields, and the schema of its rows.
    ///
    /// # Errors
    /// [`Error::Schema`] for invalid fields, a target that does not suit them, or too many inputs.
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
            // Each word of the field is a class.
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
            // Checked for the largest number of words.
            events.check_size(&[gru::MOST_MEMBERS * 3 * units])?;
        }
        let fingerprints = Fingerprints::new(&events);
        let mut view =
            Self { events, options, next, by_position, window, reservoir, gru, seed, most_rows: 0, fingerprints };
        let schema = view.row_schema(target)?;
        view.most_rows = (MOST_BYTES / schema.row_bytes() as u64).clamp(1, MOST_ROWS);
        Ok((view, schema))
    }

    /// Returns the schema of rows: lagged fields, then the hidden state.
    fn row_schema(&self, target: Target) -> Result<Schema> {
        let lagged = (1..=self.window).flat_map(|lag| {
            let named = move |name: &[u8]| [name, format!("[-{lag}]").as_bytes()].concat();
            self.events.fields().iter().map(move |field| (named(field.name()), field.kind()))
        });
        let hidden = self.state_size().map(|numbers| (b"state".to_vec(), FieldKind::Vector(numbers as u32)));
        Schema::derived(lagged.chain(hidden), target)
    }

    /// Returns the number of inputs from hidden states. If the target is not the next event, a reservoir has three per
    /// unit (last, mean, maximum) and a GRU cell two (last, mean), else one.
    fn state_size(&self) -> Option<usize> {
        let times = if self.next.is_some() { 1 } else { 3 };
        let of_reservoir = self.reservoir.as_ref().map(|reservoir| times * reservoir.units());
        let of_cells = self.gru.map(|_| gru::MOST_MEMBERS * self.gru_features());
        (of_reservoir.is_some() || of_cells.is_some()).then(|| of_reservoir.unwrap_or(0) + of_cells.unwrap_or(0))
    }

    /// Returns the number of inputs from the GRU cell of one member.
    pub(crate) fn gru_features(&self) -> usize {
        let times = if self.next.is_some() { 1 } else { 2 };
        self.gru.map_or(0, |units| times * units)
    }

    /// Returns the index of the first input from GRU cells.
    pub(crate) fn gru_inputs(&self, row_schema: &Schema) -> usize {
        row_schema.dense() - gru::MOST_MEMBERS * self.gru_features()
    }

    /// Returns the shape of GRU cells with inputs for all words of the dictionary.
    pub(crate) fn gru_shape(&self) -> Option<gru::Shape> {
        let (events, units) = (&self.events, self.gru?);
        Some(gru::Shape { units, computed: events.dense(), inputs: events.inputs(events.words().len()) })
    }

    /// Returns the layers of a member, which see the hidden state of its own cell alone, for a layout whose inputs are
    /// the hidden states of all members' cells.
    pub(crate) fn head(&self, layout: &Layout) -> Layout {
        let units: Vec<usize> = iter::once(self.gru_features()).chain(layout.units()[1..].iter().copied()).collect();
        Layout::new(&units).expect("a valid layout is valid with fewer inputs")
    }

    /// Returns the units of the GRU cell of each member.
    pub(super) fn gru_units(&self) -> Option<usize> {
        self.gru
    }

    /// Estimates the multiplications that an event takes. A vectorized tanh counts as five.
    pub(crate) fn cost_of_event(&self) -> usize {
        let each = self.events.dense() + self.events.fields().len() + 7;
        let of_reservoir = self.reservoir.as_ref().map_or(0, |reservoir| reservoir.units() * each);
        let of_cells = self.gru.map_or(0, |units| gru::MOST_MEMBERS * 3 * units * (each + units));
        self.events.cells() + of_reservoir + of_cells
    }

    /// Returns the schema of events.
    pub(crate) fn events(&self) -> &Schema {
        &self.events
    }

    /// Returns the stored length and the kind of cell.
    pub(crate) fn options(&self) -> SequenceOptions {
        self.options
    }

    /// Returns the event field that is the target, if the target is the next event.
    pub(crate) fn next(&self) -> Option<usize> {
        self.next
    }

    /// Returns the number of lagged events.
    pub(crate) fn window(&self) -> usize {
        self.window
    }

    /// Returns the reservoir, if there is one.
    pub(crate) fn reservoir(&self) -> Option<&Reservoir> {
        self.reservoir.as_deref()
    }

    /// Whether events are vectors of numbers without names.
    pub(crate) fn is_by_position(&self) -> bool {
        self.by_position
    }

    /// Returns the seed of the reservoir.
    pub(crate) fn seed(&self) -> u64 {
        self.seed
    }

    /// Returns the fingerprints of the event fields and the first n words, for each n from 0.
    pub(super) fn fingerprints(&self) -> &[u64] {
        &self.fingerprints.0
    }

    /// Whether there is a hidden state, whose inputs are standardized.
    pub(crate) fn has_scaling(&self) -> bool {
        self.reservoir.is_some() || self.gru.is_some()
    }

    /// Multiplies the scales of a row's inputs, of which these are the moments, by [`LAGGED_DEVIATION`] and
    /// [`HIDDEN_DEVIATION`] if it has lagged events and a reservoir. Constant inputs are left out: they may have the
    /// scale of an earlier training.
    pub(crate) fn weigh_inputs(&self, scaling: &mut Scaling, columns: &[Column]) {
        let (Some(hidden), true) = (self.reservoir.as_ref().and_then(|_| self.state_size()), self.window > 0) else {
            return;
        };
        let lagged = columns.len() - hidden;
        for (at, (scale, column)) in scaling.scale.iter_mut().zip(columns).enumerate() {
            if !column.is_constant() {
                let deviation = if at < lagged { LAGGED_DEVIATION } else { HIDDEN_DEVIATION };
                // The scale of a column whose values are nearly equal may be close to the largest float.
                *scale = (*scale * deviation).min(f32::MAX);
            }
        }
    }

    /// Whether a scaling has the right number of inputs. None is always accepted.
    pub(crate) fn accepts_scaling(&self, scaling: Option<&Scaling>) -> bool {
        scaling.is_none_or(|scaling| self.has_scaling() && scaling.mean.len() == self.events.dense())
    }

    /// Whether the GRU cells suit: one for each member, with inputs for all words or the first ones. The state of their
    /// training must have a value for each parameter of a member. None is always accepted.
    pub(crate) fn accepts_cells(&self, trained: &Trained) -> bool {
        let Some(gru) = &trained.gru else { return true };
        let Some(now) = self.gru_shape() else { return false };
        let shape = gru.shape();
        let has_state = match &trained.state {
            TrainerState::Cells(_, state) => {
                let parameters = shape.parameters() + self.head(&trained.layout).parameters();
                state.weights.len() == trained.members() * parameters && trained.normalization.inputs.is_none()
            }
            _ => true,
        };
        (shape.units, shape.computed) == (now.units, now.computed)
            && (self.events.inputs(0)..=now.inputs).contains(&shape.inputs)
            && gru.members().len() == trained.members()
            && trained.members() <= gru::MOST_MEMBERS
            && has_state
    }

    /// Adds a word to the dictionaries of events and of all lagged fields; if it is a word of the target, also as a
    /// class.
    pub(crate) fn add_word(&mut self, row_schema: &mut Schema, field: u32, word: Box<[u8]>) -> Result<()> {
        self.events.add_word(field, word.clone())?;
        self.fingerprints.add(field, &word);
        if let Some(reservoir) = &mut self.reservoir {
            Arc::make_mut(reservoir).extend_weights(&self.events);
        }
        let fields = self.events.fields().len() as u32;
        for lag in 0..self.window as u32 {
            row_schema.add_word(lag * fields + field, word.clone())?;
        }
        if self.next == Some(field as usize) && row_schema.kind() == crate::layout::Kind::Classifier {
            row_schema.add_class(word)?;
        }
        Ok(())
    }

    /// Truncates the dictionary of events and the classes.
    pub(super) fn forget(&mut self, row_schema: &mut Schema, words: usize, classes: usize) {
        self.events.forget(words, 0);
        self.fingerprints.0.truncate(words + 1);
        row_schema.forget(words * self.window, classes);
    }

    /// Returns the row of a sequence with these events.
    pub(crate) fn row_of_history(
        &self,
        row_schema: &Schema,
        parameters: CellParameters<'_>,
        history: &[Row],
    ) -> SequenceRow {
        let mut hidden = self.begin(parameters);
        history.iter().for_each(|event| self.step(parameters, event, &mut hidden));
        self.row_with_state(row_schema, history, &hidden)
    }

    /// Returns the row of a sequence of `count` serialized events, and of one more event if it is given. Only as many
    /// events are used as would be stored.
    ///
    /// # Panics
    /// If the bytes are not valid events.
    pub(super) fn row_of_bytes(
        &self,
        row_schema: &Schema,
        (parameters, cache): (CellParameters<'_>, &Cache),
        (mut bytes, mut count): (&[u8], usize),
        more: Option<Row>,
    ) -> SequenceRow {
        // Without a hidden state, only the lagged events are needed.
        let has_state = self.has_scaling();
        let used = if has_state { self.options.length as usize } else { self.window };
        while count > 0 && count + usize::from(more.is_some()) > used {
            bytes = &bytes[events::length(&self.events, bytes)..];
            count -= 1;
        }
        let is_cached = has_state && count >= FEW_EVENTS;
        let known = if is_cached { cache.take(parameters, bytes) } else { None };
        let mut known = known.unwrap_or_else(|| CachedState { events: Vec::new(), state: self.begin(parameters) });
        let done = if has_state { known.events.len() } else { bytes.len() };
        let mut last: VecDeque<Row> = VecDeque::with_capacity(self.window + 2);
        let mut at = 0;
        for index in 0..count {
            if at < done && index + self.window.max(1) < count {
                at += events::length(&self.events, &bytes[at..]);
                continue;
            }
            // Rows are reused, since allocating one takes longer than reading an event.
            let mut row = if last.len() > self.window { last.pop_front().unwrap_or_default() } else { Row::default() };
            let length = events::read_into(&self.events, &bytes[at..], &mut row).expect("stored events are valid");
            if at >= done {
                self.step(parameters, &row, &mut known.state);
            }
            at += length;
            last.push_back(row);
        }
        let mut after = None;
        if let Some(more) = more {
            // The cache must not contain this event, so it updates a copy of the state.
            if has_state {
                let mut state = known.state.clone();
                self.step(parameters, &more, &mut state);
                after = Some(state);
            }
            last.push_back(more);
        }
        let found = self.row_with_state(row_schema, last.make_contiguous(), after.as_ref().unwrap_or(&known.state));
        if is_cached {
            known.events.extend_from_slice(&bytes[done..]);
            cache.put(parameters, known);
        }
        found
    }

    fn row_with_state(&self, row_schema: &Schema, history: &[Row], hidden: &HiddenState) -> SequenceRow {
        let level = self.level(history);
        let mut row = Row { cells: Vec::with_capacity(row_schema.cells()), list: Vec::new() };
        for lag in 0..self.window {
            if let Some(at) = history.len().checked_sub(lag + 1) {
                self.lagged(row_schema, lag, &history[at], level, &mut row);
            } else {
                let fields = lag * self.events.fields().len()..(lag + 1) * self.events.fields().len();
                for field in &row_schema.fields()[fields] {
                    field.encode(&Value::Gap, &mut row);
                }
            }
        }
        self.write_state(hidden, &mut row.cells);
        row.cells.resize(row_schema.cells(), 0.0);
        SequenceRow { row, level: level.unwrap_or(0.0) }
    }

    /// Appends the fields of the event `lag` events before the last one. `level` is the last value of a series.
    fn lagged(&self, row_schema: &Schema, lag: usize, event: &Row, level: Option<f32>, row: &mut Row) {
        let mut listed = event.list.iter().peekable();
        for (index, field) in self.events.fields().iter().enumerate() {
            let number = |number: u32| self.number(row_schema, (index, lag), number);
            let cells = &event.cells[self.events.cells_of(index)];
            match field.kind() {
                FieldKind::Category(_) => row.cells.push(number(cells[0] as u32) as f32),
                FieldKind::Auto(_) if cells[0].is_nan() => {
                    row.cells.extend([f32::NAN, number(cells[1] as u32) as f32]);
                }
                // Earlier values of a series are relative to the last one.
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

    /// Returns the looked-up input of the lagged field for that of an event field: of a word, a gap or a bucket.
    fn number(&self, row_schema: &Schema, (index, lag): (usize, usize), number: u32) -> u32 {
        let first_word = self.events.inputs(0) as u32;
        if number < first_word {
            let field = &row_schema.fields()[lag * self.events.fields().len() + index];
            return field.gap() + (number - self.events.fields()[index].gap());
        }
        let word = number - first_word;
        row_schema.inputs(0) as u32 + word * self.window as u32 + lag as u32
    }

    /// Returns the last value of a series, to which the next one is relative; none if it is a gap.
    fn level(&self, history: &[Row]) -> Option<f32> {
        let field = self.next.filter(|&field| self.events.fields()[field].kind() == FieldKind::Number)?;
        let cell = self.events.cells_of(field).start;
        history.last().map(|event| event.cells[cell]).filter(|number| !number.is_nan())
    }

    /// Returns the outcome of the row of `history`, which `event` follows: its class, or the change of the series. None
    /// for a gap, a word that is not in the dictionary, or a series without a last value.
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

    /// Returns the class of each word of events. The values for words of other fields are unused.
    pub(super) fn classes(&self) -> Vec<u32> {
        let mut class = 0;
        let of_word = |&(field, _): &(u32, Box<[u8]>)| {
            let own = class;
            class += u32::from(self.next == Some(field as usize));
            own
        };
        self.events.words().iter().map(of_word).collect()
    }

    /// Estimates the number of rows that [`Self::rows`] makes of a set.
    pub(crate) fn rows_of(&self, store: &Store, set: Set) -> u64 {
        self.outcomes(store, set).min(self.most_rows)
    }

    /// Returns the number of outcomes of a set, an upper bound if the target is the next event.
    fn outcomes(&self, store: &Store, set: Set) -> u64 {
        if self.next.is_some() { store.events(set) } else { store.finished(set).into() }
    }

    /// Makes the rows of a set, as a training uses them.
    ///
    /// # Errors
    /// [`Error::Stopped`] once `keep_on`, which is called before each sequence, returns false.
    pub(crate) fn rows(
        &self,
        row_schema: &Schema,
        parameters: CellParameters<'_>,
        (store, set): (&Store, Set),
        keep_on: &dyn Fn() -> bool,
    ) -> Result<Rows> {
        let step = self.outcomes(store, set).div_ceil(self.most_rows).max(1);
        let mut rows = RowBuilder::new(self, row_schema, parameters, step);
        for sequence in store.of_set(set) {
            if !keep_on() {
                return Err(Error::Stopped);
            }
            rows.add(sequence);
        }
        Ok(rows.rows)
    }

    /// Makes the rows of sequences that are not stored.
    pub(super) fn fresh_rows<'a>(
        &self,
        row_schema: &Schema,
        parameters: CellParameters<'_>,
        sequences: impl IntoIterator<Item = (&'a [Row], Option<(&'a [f32], f32)>)>,
    ) -> Rows {
        let mut rows = RowBuilder::new(self, row_schema, parameters, 1);
        for (history, outcome) in sequences {
            rows.add_events(history, false, outcome);
        }
        rows.rows
    }

    /// Computes means and standard deviations of the computed inputs of all events of a set.
    ///
    /// # Errors
    /// As [`Self::rows`].
    pub(crate) fn scaling(&self, store: &Store, set: Set, keep_on: &dyn Fn() -> bool) -> Result<Scaling> {
        let width = self.events.dense();
        let mut raw = vec![0.0; width];
        let mut sums = vec![(0.0f64, 0.0f64, 0.0f64); width];
        // Sums are relative to the first value of each input, to avoid cancellation if the mean is large.
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

    /// Returns the bytes on the heap.
    pub(crate) fn bytes_by(&self, taken: Taken<'_>) -> usize {
        let reservoir = self
            .reservoir
            .as_ref()
            .map_or(0, |reservoir| memory::of_shared::<Reservoir>(taken) + reservoir.bytes_by(taken));
        self.events.bytes_by(taken) + reservoir + memory::of_vec(&self.fingerprints.0, taken)
    }
}

/// Collects the rows of sequences.
struct RowBuilder<'a> {
    view: &'a View,
    row_schema: &'a Schema,
    parameters: CellParameters<'a>,
    classes: Vec<u32>,
    rows: Rows,
    /// Distance between two outcomes that become rows; 1 to use all.
    step: u64,
    /// Outcomes so far.
    outcomes: u64,
}

impl<'a> RowBuilder<'a> {
    fn new(view: &'a View, row_schema: &'a Schema, parameters: CellParameters<'a>, step: u64) -> Self {
        let width = row_schema.shape().width();
        let rows = if row_schema.has_lists() { Rows::with_lists(width) } else { Rows::new(width) };
        Self { view, row_schema, parameters, classes: view.classes(), rows, step, outcomes: 0 }
    }

    fn add(&mut self, sequence: &Sequence) {
        let outcome = sequence.outcome();
        if self.view.next.is_none() {
            self.outcomes += u64::from(outcome.is_some());
            if outcome.is_none() || !self.outcomes.is_multiple_of(self.step) {
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
            let SequenceRow { row, .. } = self.view.row_of_history(self.row_schema, self.parameters, history);
            self.put(&row, values, weight);
        }
        if self.view.next.is_none() {
            return;
        }
        let mut hidden = self.view.begin(self.parameters);
        for (at, event) in history.iter().enumerate() {
            // If earlier events were dropped, the history of the first stored event is unknown.
            if at > 0 || !is_cut {
                let before = &history[..at];
                if let Some(value) = self.view.outcome(&self.classes, before, event) {
                    self.outcomes += 1;
                    if self.outcomes.is_multiple_of(self.step) {
                        let SequenceRow { row, .. } = self.view.row_with_state(self.row_schema, before, &hidden);
                        self.put(&row, &[value], 1.0);
                    }
                }
            }
            self.view.step(self.parameters, event, &mut hidden);
        }
    }

    fn put(&mut self, row: &Row, outcome: &[f32], weight: f32) {
        let at = self.rows.len();
        self.rows.set_list(at, &row.list);
        self.rows.set(at, row.cells.iter().chain(outcome).copied(), weight);
    }
}

/// The difference of two numbers, clipped to the range of finite ones.
fn difference(number: f32, level: f32) -> f32 {
    (number - level).clamp(f32::MIN, f32::MAX)
}

/// Returns the event field that has the name of the target, if there is one.
///
/// # Errors
/// [`Error::Schema`] if the kind of the field does not suit the target.
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
