//! The observed sequences of a network, by id: a training and a validation set of bounded size.
//!
//! All events of a sequence are in the same set, which a hash of the id chooses, so that no training row contains
//! events of a validation sequence. A full set evicts the least recently updated sequence that has an outcome, or, if
//! none has, the least recently updated sequence. The order of updates counts, not a clock, so that a replica that
//! receives the same commands evicts the same sequences.
//!
//! Sequences are stored in a list without free slots: if a sequence is removed, the last one is moved to its slot.
//! The order of training rows is therefore the same after a network was saved and loaded. Rejected: free slots that are
//! reused later, since saving would remove them.

use std::hash::BuildHasher;
use std::hash::RandomState;
use std::sync::Arc;

use hashbrown::HashTable;

use super::blocks::Blocks;
use super::events;
use crate::dataset::{Limits, Set};
use crate::error::{Error, Result};
use crate::memory::{self, Taken};
use crate::schema::{Row, Schema};

/// Largest length of an id, in bytes.
pub const MAX_ID: usize = 255;

/// The outcome of a sequence.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Outcome {
    /// How many of the stored events came before the outcome; at least 1.
    pub(crate) after: u32,
    /// The index of the class, or the values of the outputs.
    pub(crate) values: Vec<f32>,
    /// The row weight; > 0.
    pub(crate) weight: f32,
}

/// The last events of one id.
#[derive(Debug, Clone)]
pub(crate) struct Sequence {
    /// The id, then dropped events whose bytes are not yet reclaimed, then the stored events.
    bytes: Vec<u8>,
    /// Offset of the first stored event in `bytes`.
    begin: u32,
    /// Number of stored events.
    events: u32,
    /// Bytes of the id.
    id: u8,
    /// Whether earlier events were dropped.
    is_cut: bool,
    is_test: bool,
    outcome: Option<Box<Outcome>>,
}

impl Sequence {
    pub(crate) fn new(id: &[u8], set: Set) -> Self {
        Self {
            bytes: id.to_vec(),
            begin: id.len() as u32,
            events: 0,
            id: id.len() as u8,
            is_cut: false,
            is_test: set == Set::Test,
            outcome: None,
        }
    }

    pub(crate) fn id(&self) -> &[u8] {
        &self.bytes[..self.id.into()]
    }

    pub(crate) fn set(&self) -> Set {
        if self.is_test { Set::Test } else { Set::Train }
    }

    /// Returns the number of stored events.
    pub(crate) fn len(&self) -> usize {
        self.events as usize
    }

    /// Whether earlier events were dropped.
    pub(crate) fn is_cut(&self) -> bool {
        self.is_cut
    }

    pub(crate) fn outcome(&self) -> Option<&Outcome> {
        self.outcome.as_deref()
    }

    /// Returns the stored events as bytes.
    pub(crate) fn events(&self) -> &[u8] {
        &self.bytes[self.begin as usize..]
    }

    /// Decodes the stored events, oldest first.
    pub(crate) fn rows(&self, schema: &Schema) -> Vec<Row> {
        let mut left = self.events();
        let next = || {
            let (row, length) =
                (!left.is_empty()).then(|| events::read(schema, left).expect("events that were written"))?;
            left = &left[length..];
            Some(row)
        };
        std::iter::from_fn(next).collect()
    }

    /// Appends an event, and drops the oldest one if there would be more than `most`.
    fn push(&mut self, schema: &Schema, event: &[u8], most: u32) {
        if self.events == most {
            self.begin += events::length(schema, self.events()) as u32;
            self.events -= 1;
            self.is_cut = true;
            if let Some(outcome) = &mut self.outcome {
                outcome.after -= 1;
                if outcome.after == 0 {
                    self.outcome = None;
                }
            }
            let id = usize::from(self.id);
            if (self.begin as usize - id) * 4 >= self.bytes.len() {
                self.bytes.drain(id..self.begin as usize);
                self.begin = id as u32;
            }
        }
        if self.bytes.capacity() < self.bytes.len() + event.len() {
            self.bytes.reserve_exact(event.len().max(self.bytes.len() / 4));
        }
        self.bytes.extend_from_slice(event);
        self.events += 1;
    }

    /// Restores a saved sequence. The caller checks that `kept` holds valid events.
    pub(crate) fn restored(
        id: &[u8],
        set: Set,
        is_cut: bool,
        kept: &[u8],
        events: u32,
        outcome: Option<Outcome>,
    ) -> Self {
        let mut sequence = Self::new(id, set);
        sequence.bytes.extend_from_slice(kept);
        Self { events, is_cut, outcome: outcome.map(Box::new), ..sequence }
    }
}

impl PartialEq for Sequence {
    /// Compares the stored events, not the bytes of dropped ones that are not yet reclaimed.
    fn eq(&self, other: &Self) -> bool {
        let kept = |sequence: &Self| (sequence.events, sequence.is_cut, sequence.is_test);
        self.id() == other.id()
            && kept(self) == kept(other)
            && self.events() == other.events()
            && self.outcome == other.outcome
    }
}

/// Neighbours of a sequence in its eviction list, as slots; [`NONE`] at the ends.
#[derive(Debug, Clone, Copy)]
struct Link {
    before: u32,
    after: u32,
}

const NONE: u32 = u32::MAX;

/// The ends of an eviction list, least recently updated first, and its length.
#[derive(Debug, Clone, Copy)]
struct Ends {
    first: u32,
    last: u32,
    count: u32,
}

/// The training and the validation sequences.
#[derive(Debug, Clone)]
pub(crate) struct Store {
    sequences: Blocks<Sequence, 32>,
    links: Blocks<Link, 1024>,
    /// Eviction lists by set (training, validation), then by whether there is an outcome (without, with).
    eviction: [[Ends; 2]; 2],
    /// Numbers of stored events by set (training, validation).
    events: [u64; 2],
    /// Number of changes since it was created or loaded.
    changes: u64,
    index: Index,
}

/// The slots of sequences by id, in [`PARTS`] hash tables, so that growing one of them takes little time and snapshots
/// share the others.
#[derive(Debug, Clone)]
struct Index {
    hasher: RandomState,
    parts: Arc<Vec<Arc<HashTable<u32>>>>,
}

const PARTS: usize = 256;

impl Default for Store {
    fn default() -> Self {
        let none = Ends { first: NONE, last: NONE, count: 0 };
        Self {
            sequences: Blocks::default(),
            links: Blocks::default(),
            eviction: [[none; 2]; 2],
            events: [0; 2],
            changes: 0,
            index: Index { hasher: RandomState::new(), parts: Arc::new(vec![Arc::default(); PARTS]) },
        }
    }
}

impl PartialEq for Store {
    /// Compares the sequences and their eviction orders.
    fn eq(&self, other: &Self) -> bool {
        self.sequences.iter().eq(other.sequences.iter())
            && [Set::Train, Set::Test].into_iter().all(|set| self.eviction_order(set).eq(other.eviction_order(set)))
    }
}

/// The index of a set in the arrays of [`Store`].
fn at(set: Set) -> usize {
    usize::from(set == Set::Test)
}

/// Chooses the set of a sequence by a hash of its id (FNV-1a, then the finalizer of `MurmurHash3`), in proportion to
/// the limits.
pub(crate) fn set_of(id: &[u8], limits: Limits) -> Set {
    let fnv = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01B3);
    let mut hash = id.iter().fold(0xCBF2_9CE4_8422_2325, fnv);
    hash = (hash ^ (hash >> 33)).wrapping_mul(0xFF51_AFD7_ED55_8CCD);
    hash = (hash ^ (hash >> 33)).wrapping_mul(0xC4CE_B9FE_1A85_EC53);
    hash ^= hash >> 33;
    let (train, test) = (u64::from(limits.train), u64::from(limits.test));
    let place = (u128::from(hash) * u128::from(train + test)) >> 64;
    if place < u128::from(train) { Set::Train } else { Set::Test }
}

impl Store {
    /// Returns the number of sequences of a set.
    pub(crate) fn count(&self, set: Set) -> u32 {
        self.eviction[at(set)].iter().map(|ends| ends.count).sum()
    }

    /// Returns the number of sequences of a set that have an outcome.
    pub(crate) fn finished(&self, set: Set) -> u32 {
        self.eviction[at(set)][1].count
    }

    /// Returns the number of stored events of a set.
    pub(crate) fn events(&self, set: Set) -> u64 {
        self.events[at(set)]
    }

    /// Returns a counter that every change increments.
    pub(crate) fn changes(&self) -> u64 {
        self.changes
    }

    pub(crate) fn get(&self, id: &[u8]) -> Option<&Sequence> {
        self.find(id).map(|slot| self.sequences.get(slot as usize))
    }

    /// Iterates over the sequences of a set, in the order of their training rows.
    pub(crate) fn of_set(&self, set: Set) -> impl Iterator<Item = &Sequence> {
        self.iter().filter(move |sequence| sequence.set() == set)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Sequence> {
        self.sequences.iter()
    }

    /// Iterates over the slots of the sequences of a set in the order in which they would be evicted.
    pub(crate) fn eviction_order(&self, set: Set) -> impl Iterator<Item = u32> + '_ {
        let [open, finished] = self.eviction[at(set)];
        [finished, open].into_iter().flat_map(move |ends| {
            let next = move |slot: &u32| Some(self.links.get(*slot as usize).after).filter(|&slot| slot != NONE);
            std::iter::successors(Some(ends.first).filter(|&slot| slot != NONE), next)
        })
    }

    /// Appends a serialized event to a sequence, which is created if it does not exist.
    ///
    /// # Errors
    /// [`Error::NoRoom`] if the limit of its set is 0.
    pub(crate) fn push(&mut self, schema: &Schema, id: &[u8], event: &[u8], place: &Placement) -> Result<()> {
        let slot = self.touch(id, place)?;
        let sequence = self.sequences.get_mut(slot as usize);
        let (before, was_finished) = (sequence.events, sequence.outcome.is_some());
        sequence.push(schema, event, place.length);
        let (added, is_finished) = (sequence.events - before, sequence.outcome.is_some());
        let set = sequence.set();
        self.events[at(set)] += u64::from(added);
        if was_finished != is_finished {
            self.unlink(slot, set, was_finished);
            self.link(slot, set, is_finished);
        }
        Ok(())
    }

    /// Sets the outcome of a sequence after its present events.
    ///
    /// # Errors
    /// [`Error::NoEvents`] if it has no events; [`Error::NoRoom`] if the limit of its set is 0.
    pub(crate) fn set_outcome(&mut self, id: &[u8], values: Vec<f32>, weight: f32, place: &Placement) -> Result<()> {
        if self.get(id).is_none_or(|sequence| sequence.events == 0) {
            return Err(Error::NoEvents { id: crate::schema::shown(id) });
        }
        let slot = self.touch(id, place)?;
        let sequence = self.sequences.get_mut(slot as usize);
        let (set, was_finished) = (sequence.set(), sequence.outcome.is_some());
        sequence.outcome = Some(Box::new(Outcome { after: sequence.events, values, weight }));
        if !was_finished {
            self.unlink(slot, set, false);
            self.link(slot, set, true);
        }
        Ok(())
    }

    /// Removes a sequence. Returns whether it existed.
    pub(crate) fn forget(&mut self, id: &[u8]) -> bool {
        let found = self.find(id);
        if let Some(slot) = found {
            self.remove(slot);
        }
        found.is_some()
    }

    /// Evicts sequences until each set is within its limit.
    pub(crate) fn limit_to(&mut self, limits: Limits) {
        for (set, limit) in [(Set::Train, limits.train), (Set::Test, limits.test)] {
            while self.count(set) > limit {
                let oldest = self.eviction_order(set).next().expect("a set with sequences has an oldest one");
                self.remove(oldest);
            }
        }
    }

    /// Appends a saved sequence; call [`Self::restore_order`] after the last one.
    ///
    /// # Errors
    /// [`Error::Damaged`] if the id exists.
    pub(crate) fn restore(&mut self, sequence: Sequence) -> Result<()> {
        if self.find(sequence.id()).is_some() {
            return Err(Error::Damaged(format!("sequence {} is there twice", crate::schema::shown(sequence.id()))));
        }
        self.events[at(sequence.set())] += u64::from(sequence.events);
        self.add(sequence);
        Ok(())
    }

    /// Restores the eviction order: the slots of the training set, then of the validation set, in each those with an
    /// outcome first.
    ///
    /// # Errors
    /// [`Error::Damaged`] if a slot is missing, repeated, or in the wrong part of the order.
    pub(crate) fn restore_order(&mut self, order: &[u32]) -> Result<()> {
        let reject = || Err(Error::Damaged("the order in which sequences are to go is not one of them".into()));
        if order.len() != self.sequences.len() {
            return reject();
        }
        let none = Ends { first: NONE, last: NONE, count: 0 };
        self.eviction = [[none; 2]; 2];
        let mut is_linked = vec![false; order.len()];
        let mut before = (0, 0);
        for &slot in order {
            let Some(linked) = is_linked.get_mut(slot as usize) else { return reject() };
            let sequence = self.sequences.get(slot as usize);
            let (set, is_finished) = (sequence.set(), sequence.outcome.is_some());
            let place = (at(set), usize::from(!is_finished));
            if std::mem::replace(linked, true) || place < before {
                return reject();
            }
            before = place;
            self.link(slot, set, is_finished);
        }
        Ok(())
    }

    fn find(&self, id: &[u8]) -> Option<u32> {
        let hash = self.index.hasher.hash_one(id);
        self.index.part(hash).find(hash, |&slot| self.sequences.get(slot as usize).id() == id).copied()
    }

    /// Returns the slot of a sequence, and moves it to the end of its eviction list. Creates the sequence, or moves it to
    /// the set that `place` names, and first evicts another one if that set is full.
    fn touch(&mut self, id: &[u8], place: &Placement) -> Result<u32> {
        self.changes += 1;
        let found = self.find(id);
        let present = found.map(|slot| self.sequences.get(slot as usize).set());
        let set = place.set.or(present).unwrap_or_else(|| set_of(id, place.limits));
        let limit = if set == Set::Train { place.limits.train } else { place.limits.test };
        if limit == 0 {
            return Err(Error::NoRoom { set: set.name() });
        }
        let mut found = found;
        if present != Some(set) && self.count(set) >= limit {
            let oldest = self.eviction_order(set).next().expect("a full set has sequences");
            self.remove(oldest);
            // The removal may have moved this sequence to another slot.
            found = self.find(id);
        }
        let Some(slot) = found else {
            return Ok(self.add(Sequence::new(id, set)));
        };
        let sequence = self.sequences.get(slot as usize);
        let (was, events, is_finished) = (sequence.set(), sequence.events, sequence.outcome.is_some());
        if was == set && self.eviction[at(set)][usize::from(is_finished)].last == slot {
            return Ok(slot);
        }
        self.unlink(slot, was, is_finished);
        if was != set {
            self.sequences.get_mut(slot as usize).is_test = set == Set::Test;
            self.events[at(was)] -= u64::from(events);
            self.events[at(set)] += u64::from(events);
        }
        self.link(slot, set, is_finished);
        Ok(slot)
    }

    fn add(&mut self, sequence: Sequence) -> u32 {
        let slot = self.sequences.len() as u32;
        let hash = self.index.hasher.hash_one(sequence.id());
        let (set, is_finished) = (sequence.set(), sequence.outcome.is_some());
        self.sequences.push(sequence);
        self.links.push(Link { before: NONE, after: NONE });
        let Self { index, sequences, .. } = self;
        let hasher = &index.hasher;
        let again = |&slot: &u32| hasher.hash_one(sequences.get(slot as usize).id());
        Index::part_mut(&mut index.parts, hash).insert_unique(hash, slot, again);
        self.link(slot, set, is_finished);
        slot
    }

    /// Removes a sequence, and moves the last one to its slot.
    fn remove(&mut self, slot: u32) {
        self.changes += 1;
        let last = self.sequences.len() as u32 - 1;
        self.take_out(slot);
        if slot == last {
            self.sequences.pop();
            self.links.pop();
            return;
        }
        let (link, moved) = (*self.links.get(last as usize), self.sequences.get(last as usize));
        let (set, is_finished) = (moved.set(), moved.outcome.is_some());
        let hash = self.index.hasher.hash_one(moved.id());
        *Index::part_mut(&mut self.index.parts, hash)
            .find_mut(hash, |&slot| slot == last)
            .expect("the index has every sequence") = slot;
        let ends = &mut self.eviction[at(set)][usize::from(is_finished)];
        match link.before {
            NONE => ends.first = slot,
            before => self.links.get_mut(before as usize).after = slot,
        }
        match link.after {
            NONE => ends.last = slot,
            after => self.links.get_mut(after as usize).before = slot,
        }
        let moved = self.sequences.pop().expect("the last");
        self.links.pop();
        *self.sequences.get_mut(slot as usize) = moved;
        *self.links.get_mut(slot as usize) = link;
    }

    /// Removes a sequence from the index, its eviction list and the counts, but not from `sequences` and `links`.
    fn take_out(&mut self, slot: u32) {
        let sequence = self.sequences.get(slot as usize);
        let (set, is_finished) = (sequence.set(), sequence.outcome.is_some());
        let hash = self.index.hasher.hash_one(sequence.id());
        self.events[at(set)] -= u64::from(sequence.events);
        let part = Index::part_mut(&mut self.index.parts, hash);
        part.find_entry(hash, |&other| other == slot).expect("the index has every sequence").remove();
        self.unlink(slot, set, is_finished);
    }

    /// Appends a sequence to its eviction list.
    fn link(&mut self, slot: u32, set: Set, is_finished: bool) {
        let ends = &mut self.eviction[at(set)][usize::from(is_finished)];
        let before = std::mem::replace(&mut ends.last, slot);
        ends.count += 1;
        if before == NONE {
            ends.first = slot;
        } else {
            self.links.get_mut(before as usize).after = slot;
        }
        *self.links.get_mut(slot as usize) = Link { before, after: NONE };
    }

    fn unlink(&mut self, slot: u32, set: Set, is_finished: bool) {
        let Link { before, after } = *self.links.get(slot as usize);
        let ends = &mut self.eviction[at(set)][usize::from(is_finished)];
        ends.count -= 1;
        match before {
            NONE => ends.first = after,
            before => self.links.get_mut(before as usize).after = after,
        }
        match after {
            NONE => self.eviction[at(set)][usize::from(is_finished)].last = before,
            after => self.links.get_mut(after as usize).before = before,
        }
    }

    /// Estimates the bytes on the heap from a sample of the sequences.
    pub(crate) fn bytes_by(&self, taken: Taken<'_>) -> usize {
        // An evenly spaced sample, so that MEMORY USAGE takes the same time for any number of sequences.
        const SAMPLE: usize = 1000;
        let count = self.sequences.len();
        let step = count.div_ceil(SAMPLE).max(1);
        let own = |slot: usize| {
            let sequence = self.sequences.get(slot);
            let outcome = sequence
                .outcome
                .as_ref()
                .map_or(0, |outcome| taken(size_of::<Outcome>()) + memory::of_vec(&outcome.values, taken));
            memory::of_vec(&sequence.bytes, taken) + outcome
        };
        let sampled = (0..count).step_by(step);
        let (seen, bytes) = sampled.fold((0, 0), |(seen, bytes), slot| (seen + 1, bytes + own(slot)));
        let own = if seen == 0 { 0 } else { (bytes as u128 * count as u128 / seen as u128) as usize };
        own + self.sequences.bytes_by(taken) + self.links.bytes_by(taken) + self.index.bytes_by(taken)
    }
}

impl Index {
    fn part(&self, hash: u64) -> &HashTable<u32> {
        &self.parts[hash as usize % PARTS]
    }

    fn part_mut(parts: &mut Arc<Vec<Arc<HashTable<u32>>>>, hash: u64) -> &mut HashTable<u32> {
        Arc::make_mut(&mut Arc::make_mut(parts)[hash as usize % PARTS])
    }

    fn bytes_by(&self, taken: Taken<'_>) -> usize {
        let part = |part: &Arc<HashTable<u32>>| {
            let table = part.allocation_size();
            memory::of_shared::<HashTable<u32>>(taken) + if table == 0 { 0 } else { taken(table) }
        };
        memory::of_vec(&self.parts, taken) + self.parts.iter().map(part).sum::<usize>()
    }
}

/// The limits of the sets, and the set of an event or an outcome.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Placement {
    /// Largest numbers of sequences of the sets.
    pub(crate) limits: Limits,
    /// Largest number of events that are stored of a sequence.
    pub(crate) length: u32,
    /// The set, if the caller names one; else that of the stored sequence, or that of [`set_of`].
    pub(crate) set: Option<Set>,
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;
    use crate::random::Random;
    use crate::schema::{FieldKind, Target};

    fn schema() -> Schema {
        let target = Target::Values(vec![(*b"y").into()]);
        Schema::new([(b"n".to_vec(), FieldKind::Flag)], target).unwrap()
    }

    fn placing(train: u32, test: u32) -> Placement {
        Placement { limits: Limits { train, test }, length: 5, set: None }
    }

    /// Set, events, number of events before the outcome, and time of the last update.
    type PlainSequence = (Set, Vec<u8>, Option<u32>, usize);

    /// A reference implementation without slots and lists.
    #[derive(Default)]
    struct Plain {
        all: HashMap<Vec<u8>, PlainSequence>,
        clock: usize,
    }

    impl Plain {
        fn touch(&mut self, id: &[u8], set: Option<Set>, limits: Limits) -> &mut PlainSequence {
            self.clock += 1;
            let present = self.all.get(id).map(|sequence| sequence.0);
            let set = set.or(present).unwrap_or_else(|| set_of(id, limits));
            let limit = if set == Set::Train { limits.train } else { limits.test };
            if present != Some(set) && self.all.values().filter(|sequence| sequence.0 == set).count() as u32 >= limit {
                let first = self.all.iter().filter(|(_, sequence)| sequence.0 == set);
                let first = first.min_by_key(|(_, sequence)| (sequence.2.is_none(), sequence.3)).unwrap().0.clone();
                self.all.remove(&first);
            }
            let sequence = self.all.entry(id.to_vec()).or_insert((set, Vec::new(), None, 0));
            (sequence.0, sequence.3) = (set, self.clock);
            sequence
        }
    }

    #[test]
    fn random_operations_give_the_same_as_a_reference() {
        let (schema, mut random) = (schema(), Random::new(1, 1));
        let (mut store, mut plain) = (Store::default(), Plain::default());
        for step in 0..20_000 {
            let limits = Limits { train: 12, test: 6 };
            let set = match random.below(12) {
                0 => Some(Set::Train),
                1 => Some(Set::Test),
                _ => None,
            };
            let place = Placement { limits, length: 5, set };
            let id = format!("user:{}", random.below(40)).into_bytes();
            match random.below(10) {
                0 => assert_eq!(store.forget(&id), plain.all.remove(&id).is_some()),
                1 | 2 => {
                    let result = store.set_outcome(&id, vec![1.0], 1.0, &place);
                    if plain.all.contains_key(&id) {
                        result.unwrap();
                        let sequence = plain.touch(&id, set, limits);
                        sequence.2 = Some(sequence.1.len() as u32);
                    } else {
                        assert!(matches!(result, Err(Error::NoEvents { .. })));
                    }
                }
                _ => {
                    let event = (step % 3) as u8;
                    store.push(&schema, &id, &[event], &place).unwrap();
                    let sequence = plain.touch(&id, set, limits);
                    sequence.1.push(event);
                    if sequence.1.len() > 5 {
                        sequence.1.remove(0);
                        sequence.2 = sequence.2.map(|after| after - 1).filter(|&after| after > 0);
                    }
                }
            }
            assert_eq!(store.iter().count(), plain.all.len());
            for set in [Set::Train, Set::Test] {
                let own: Vec<_> = plain.all.values().filter(|sequence| sequence.0 == set).collect();
                assert_eq!(store.count(set) as usize, own.len());
                assert_eq!(store.finished(set) as usize, own.iter().filter(|sequence| sequence.2.is_some()).count());
                assert_eq!(store.events(set), own.iter().map(|sequence| sequence.1.len() as u64).sum::<u64>());
            }
            if step % 50 == 0 {
                for (id, (set, events, after, _)) in &plain.all {
                    let sequence = store.get(id).unwrap();
                    assert_eq!((sequence.set(), sequence.events(), sequence.len()), (*set, &events[..], events.len()));
                    assert_eq!(sequence.outcome().map(|outcome| outcome.after), *after);
                }
                // Save and restore.
                let mut again = Store::default();
                store.iter().for_each(|sequence| again.restore(sequence.clone()).unwrap());
                let order: Vec<u32> = store.eviction_order(Set::Train).chain(store.eviction_order(Set::Test)).collect();
                again.restore_order(&order).unwrap();
                assert!(again == store);
                store = again;
            }
        }
    }

    #[test]
    fn a_snapshot_does_not_change() {
        let (schema, place) = (schema(), placing(100, 0));
        let mut store = Store::default();
        for user in 0..100 {
            store.push(&schema, format!("{user}").as_bytes(), &[1], &place).unwrap();
        }
        let snapshot = store.clone();
        for user in 50..150 {
            store.push(&schema, format!("{user}").as_bytes(), &[0], &place).unwrap();
        }
        store.limit_to(Limits { train: 3, test: 0 });
        assert_eq!((snapshot.count(Set::Train), store.count(Set::Train)), (100, 3));
        let kept = |sequence: &Sequence| (sequence.id().to_vec(), sequence.events().to_vec());
        assert!(snapshot.iter().map(kept).eq((0..100).map(|user| (format!("{user}").into_bytes(), vec![1]))));
        assert!((147..150).all(|user| store.get(format!("{user}").as_bytes()).is_some()));
    }

    #[test]
    fn ids_are_split_in_proportion_to_the_limits() {
        let limits = Limits { train: 10_000, test: 2_500 };
        let testing = (0..10_000).filter(|user| set_of(format!("user:{user}").as_bytes(), limits) == Set::Test).count();
        assert!((1_850..2_150).contains(&testing), "{testing}");
        assert!((0..100).all(|user| set_of(&[user], Limits { train: 5, test: 0 }) == Set::Train));
        assert!((0..100).all(|user| set_of(&[user], Limits { train: 0, test: 5 }) == Set::Test));
        // Fixed values: a primary and a replica of different versions must choose the same set.
        let first: Vec<u8> =
            (0..16).filter(|&user| set_of(&[user], Limits { train: 1, test: 1 }) == Set::Test).collect();
        assert_eq!(first, [0, 3, 4, 7, 8, 11, 13]);
    }

    #[test]
    fn a_set_with_limit_0_is_rejected() {
        let mut store = Store::default();
        let place = Placement { set: Some(Set::Test), ..placing(5, 0) };
        assert_eq!(store.push(&schema(), b"a", &[1], &place), Err(Error::NoRoom { set: "validation" }));
        assert_eq!(store.iter().count(), 0);
    }

    #[test]
    fn an_invalid_eviction_order_is_rejected() {
        let (schema, place) = (schema(), placing(9, 9));
        let mut store = Store::default();
        for user in 0..6u8 {
            store.push(&schema, &[user], &[1], &place).unwrap();
        }
        store.set_outcome(&[2], vec![0.0], 1.0, &place).unwrap();
        let order: Vec<u32> = store.eviction_order(Set::Train).chain(store.eviction_order(Set::Test)).collect();
        let rejected = |order: &[u32]| store.clone().restore_order(order).is_err();
        assert!(!rejected(&order));
        assert!(rejected(&order[1..]) && rejected(&[&order[..5], &order[..1]].concat()));
        assert!(rejected(&[&order[..5], &[6]].concat()) && rejected(&order.iter().rev().copied().collect::<Vec<_>>()));
    }

    #[test]
    fn a_session_of_64_pages_takes_less_than_190_bytes() {
        let (schema, place) = (schema(), Placement { length: 64, ..placing(20_000, 0) });
        let mut store = Store::default();
        for user in 0..20_000 {
            for event in 0..64 {
                store.push(&schema, format!("user:{user}").as_bytes(), &[event % 3], &place).unwrap();
            }
        }
        // The size classes of jemalloc: four from each power of two to the next.
        let taken = |bytes: usize| {
            let least = (bytes.next_power_of_two() / 8).max(16);
            bytes.next_multiple_of(least)
        };
        let each = store.bytes_by(&taken) as f64 / 20_000.0;
        assert!(each < 190.0, "{each}");
    }
}
