//! The sections of networks of sequences: options and fields of events, classes, words, and the sequences.

use super::frame::Writer;
use super::schema::{read_classes, read_declaration, read_word, write_classes, write_declaration, write_words};
use super::section::{Fields, Piece, Section, damaged};
use crate::dataset::{Limits, Set, check_weight};
use crate::error::Result;
use crate::schema::{FieldKind, Schema, check_outcome};
use crate::sequence::{Auto, Cell, Sequence, SequenceOptions, SequenceOutcome, Sequences, Store, View};

const CUT: u8 = 1;
const TEST: u8 = 2;
const OUTCOME: u8 = 4;
/// Bytes of a sequence before its id.
const HEAD: usize = 10;

pub(super) fn write(row_schema: &Schema, sequences: &Sequences, writer: &mut Writer<'_>) {
    let Sequences { view, store, .. } = sequences;
    let mut body = view.options().length.to_le_bytes().to_vec();
    body.push(code(view));
    body.push(u8::from(view.is_by_position()));
    body.extend(view.seed().to_le_bytes());
    write_declaration(view.events().fields(), row_schema.target(), &mut body);
    writer.fields(Section::Sequence, &[&body]);
    // Otherwise classes are words of events, which follow.
    if view.next().is_none() {
        write_classes(Section::EventClasses, row_schema, writer);
    }
    write_words(Section::EventWords, view.events(), writer);
    if store.iter().next().is_none() {
        return;
    }
    let bytes = store.iter().flat_map(record).map(|byte| [byte]);
    writer.values(Section::Events, 1, bytes);
    let order = store.eviction_order(Set::Train).chain(store.eviction_order(Set::Test));
    writer.values(Section::Idle, 4, order.map(u32::to_le_bytes));
}

/// Cells by their numbers in files. Of `CELL AUTO` there are two: files of format 6 have only the first.
const CELLS: [(Cell, Auto); 5] = [
    (Cell::Auto, Auto::Reservoir),
    (Cell::Window, Auto::Gru),
    (Cell::Reservoir, Auto::Gru),
    (Cell::Gru, Auto::Gru),
    (Cell::Auto, Auto::Gru),
];

fn code(view: &View) -> u8 {
    let cell = view.options().cell;
    // Without GRU cells, `CELL AUTO` is what it was in format 6.
    let auto = if cell == Cell::Auto && view.gru_shape().is_none() { Auto::Reservoir } else { Auto::Gru };
    CELLS.iter().position(|own| *own == (cell, auto)).expect("every cell has a number") as u8
}

fn record(sequence: &Sequence) -> Vec<u8> {
    let (id, events, outcome) = (sequence.id(), sequence.events(), sequence.outcome());
    let flag = |is: bool, flag: u8| if is { flag } else { 0 };
    let flags =
        flag(sequence.is_cut(), CUT) | flag(sequence.set() == Set::Test, TEST) | flag(outcome.is_some(), OUTCOME);
    let mut bytes = vec![flags, id.len() as u8];
    bytes.extend((sequence.len() as u32).to_le_bytes());
    bytes.extend((events.len() as u32).to_le_bytes());
    bytes.extend(id);
    bytes.extend(events);
    if let Some(SequenceOutcome { after, values, weight }) = outcome {
        bytes.extend(after.to_le_bytes());
        bytes.extend(weight.to_le_bytes());
        values.iter().for_each(|value| bytes.extend(value.to_le_bytes()));
    }
    bytes
}

/// The parts decoded so far.
#[derive(Debug)]
pub(super) struct Parts {
    view: View,
    store: Store,
    /// The start of a sequence that continues in the next piece.
    begun: Vec<u8>,
    order: Vec<u32>,
    has_order: bool,
}

impl Parts {
    /// Read the options and fields of events. Returns also the schema of the rows that the network sees.
    pub(super) fn read(piece: &Piece<'_>) -> Result<(Self, Schema)> {
        let mut fields = piece.fields()?;
        let length = fields.u32()?;
        let (cell, auto) = fields.choice("cell", |code| CELLS.get(usize::from(code)).copied())?;
        let (by_position, seed) = (fields.flag("by position")?, fields.u64()?);
        let (own, target) = read_declaration(piece, fields)?;
        let options = SequenceOptions { length, cell };
        let (declared, count) = (target.clone(), own.len());
        let made = options.check().and_then(|()| View::new(own, target, (options, auto), by_position, seed));
        let (view, row_schema) = made.map_err(|error| damaged(piece.section, error))?;
        let is_vector = matches!(view.events().fields()[0].kind(), FieldKind::Vector(_));
        if (cell, auto) == (Cell::Auto, Auto::Gru) && view.gru_shape().is_none() {
            return Err(damaged(piece.section, "the cell is GRU by CELL AUTO: expected a class as the next event"));
        }
        if *row_schema.target() != declared || by_position && !(count == 1 && is_vector) {
            return Err(damaged(piece.section, "the target or the fields are not those of such a network"));
        }
        let (store, begun, order) = (Store::default(), Vec::new(), Vec::new());
        Ok((Self { view, store, begun, order, has_order: false }, row_schema))
    }

    pub(super) fn read_later(&mut self, row_schema: &mut Schema, limits: Limits, piece: &Piece<'_>) -> Result<()> {
        if piece.body().is_empty() {
            return Err(damaged(piece.section, "it is empty: expected it to be left out"));
        }
        match piece.section {
            Section::EventClasses if self.view.next().is_some() => {
                Err(damaged(piece.section, "the words of events are the classes: expected no others"))
            }
            Section::EventClasses => read_classes(row_schema, piece),
            Section::EventWords => read_word(piece, |field, word| self.view.add_word(row_schema, field, word)),
            Section::Events => self.read_events(row_schema, limits, piece),
            _ => {
                self.has_order = true;
                let count = self.store.iter().count();
                piece.extend(&mut self.order, count.max(1), count, |bytes| Ok(u32::from_le_bytes(bytes)))
            }
        }
    }

    fn read_events(&mut self, row_schema: &Schema, limits: Limits, piece: &Piece<'_>) -> Result<()> {
        super::reserve(&mut self.begun, piece.body().len())?;
        self.begun.extend_from_slice(piece.body());
        let mut rest = &self.begun[..];
        while !rest.is_empty() {
            let Some(length) = length_of(rest, row_schema).filter(|&length| length <= rest.len() as u64) else { break };
            let (record, after) = rest.split_at(length as usize);
            let sequence = self.restored(row_schema, piece.section, record)?;
            let set = sequence.set();
            self.store.restore(sequence).map_err(|error| damaged(piece.section, error))?;
            let limit = if set == Set::Train { limits.train } else { limits.test };
            if self.store.count(set) > limit {
                let what = format!("more sequences than {limit}, the limit of the {} set", set.name());
                return Err(damaged(piece.section, what));
            }
            rest = after;
        }
        if !piece.more && !rest.is_empty() {
            return Err(damaged(piece.section, "its last sequence ends too early"));
        }
        let left = rest.len();
        self.begun.drain(..self.begun.len() - left);
        Ok(())
    }

    fn restored(&self, row_schema: &Schema, section: Section, record: &[u8]) -> Result<Sequence> {
        let reject = |what: String| Err(damaged(section, what));
        let mut fields = Fields::new(section, record);
        let (flags, id) = (fields.u8()?, fields.u8()?);
        let (events, bytes) = (fields.u32()?, fields.u32()?);
        let (id, kept) = (fields.bytes(id.into())?, fields.bytes(bytes as usize)?);
        if flags > CUT | TEST | OUTCOME || id.is_empty() {
            return reject(format!("a sequence with the flags {flags} and an id of {} bytes", id.len()));
        }
        if events > self.view.options().length || (events == 0) != kept.is_empty() || events == 0 {
            return reject(format!("a sequence of {events} events: expected 1 to {}", self.view.options().length));
        }
        let mut left = kept;
        for _ in 0..events {
            let Some((row, length)) = crate::sequence::read_event(self.view.events(), left) else {
                return reject("an event that is none".into());
            };
            self.view.events().check_row(&row.cells, &row.list).map_err(|error| damaged(section, error))?;
            left = &left[length..];
        }
        if !left.is_empty() {
            return reject(format!("{} bytes after the events of a sequence", left.len()));
        }
        let outcome = if flags & OUTCOME == 0 {
            None
        } else {
            let (after, weight) = (fields.u32()?, f32::from_le_bytes(fields.take()?));
            let mut values = Vec::new();
            for _ in 0..row_schema.shape().targets() {
                values.push(f32::from_le_bytes(fields.take()?));
            }
            check_outcome(row_schema.target(), &values).map_err(|error| damaged(section, error))?;
            check_weight(weight).map_err(|error| damaged(section, error))?;
            if self.view.next().is_some() || after == 0 || after > events {
                return reject(format!("an outcome after {after} of {events} events"));
            }
            Some(SequenceOutcome { after, values, weight })
        };
        fields.end()?;
        let set = if flags & TEST == 0 { Set::Train } else { Set::Test };
        Ok(Sequence::restored(id, set, flags & CUT != 0, kept, events, outcome))
    }

    pub(super) fn finish(self) -> Result<Sequences> {
        let Self { view, mut store, order, has_order, .. } = self;
        if store.iter().next().is_none() && has_order {
            return Err(damaged(Section::Idle, "there are no sequences: expected it to be left out"));
        }
        if store.iter().next().is_some() {
            if !has_order {
                return Err(damaged(Section::Idle, "it is missing"));
            }
            store.restore_order(&order).map_err(|error| damaged(Section::Idle, error))?;
        }
        Ok(Sequences::new(view, store))
    }
}

/// The encoded length of the first sequence in `bytes`; `None` if its head is incomplete.
fn length_of(bytes: &[u8], row_schema: &Schema) -> Option<u64> {
    let head = bytes.get(..HEAD)?;
    let kept = u32::from_le_bytes(head[6..10].try_into().expect("four bytes"));
    let outcome = if head[0] & OUTCOME == 0 { 0 } else { 8 + 4 * row_schema.shape().targets() };
    Some(HEAD as u64 + u64::from(head[1]) + u64::from(kept) + outcome as u64)
}
