//! The sequences that a network has observed, by their ids: two bounded sets, each of which lets the longest idle go.
//!
//! A sequence lies wholly in the training or in the validation set, chosen by a hash of its id: what comes later of it goes where the
//! rest is, and no validation row was ever half seen. A set that is full makes room by those that have come to an outcome, the longest
//! idle first, then by the longest idle of the others. Idle is counted by commands, not by a clock, so that copies of a network
//! that are told the same keep the same.
//!
//! Sequences lie one after the other, without gaps: where one goes, the last takes its place. So what a training sees does not
//! depend on whether a network was saved in between. Rejected: a place that stays free until it is taken again.

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

/// Bytes of an id at most.
pub const MAX_ID: usize = 255;

/// What a sequence has come to.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Outcome {
    /// How many of the events that are kept came before it.
    pub(crate) after: u32,
    /// The class's number, or the outputs.
    pub(crate) values: Vec<f32>,
    /// How much it counts.
    pub(crate) weight: f32,
}

/// One sequence.
#[derive(Debug, Clone)]
pub(crate) struct Sequence {
    /// Its id, events that are dropped already, and those that are kept.
    bytes: Vec<u8>,
    /// Where those begin that are kept.
    begin: u32,
    events: u32,
    id: u8,
    /// Whether there were events before those that are kept.
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

    /// Events that are kept.
    pub(crate) fn len(&self) -> usize {
        self.events as usize
    }

    /// Whether there were events before those that are kept.
    pub(crate) fn is_cut(&self) -> bool {
        self.is_cut
    }

    pub(crate) fn outcome(&self) -> Option<&Outcome> {
        self.outcome.as_deref()
    }

    /// The bytes of the events that are kept.
    pub(crate) fn events(&self) -> &[u8] {
        &self.bytes[self.begin as usize..]
    }

    /// The events that are kept, from the first on.
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

    /// Adds an event, and lets the first one go if there are more than `most`.
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

    /// A sequence as it was saved; whether its events are some is seen by whoever reads them.
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
    /// Whether both keep the same; not whether one still has room for what it has dropped.
    fn eq(&self, other: &Self) -> bool {
        let kept = |sequence: &Self| (sequence.events, sequence.is_cut, sequence.is_test);
        self.id() == other.id()
            && kept(self) == kept(other)
            && self.events() == other.events()
            && self.outcome == other.outcome
    }
}

/// Neighbours in a list of sequences from the longest idle on.
#[derive(Debug, Clone, Copy)]
struct Link {
    before: u32,
    after: u32,
}

const NONE: u32 = u32::MAX;

/// The ends of such a list, and how many there are.
#[derive(Debug, Clone, Copy)]
struct Ends {
    first: u32,
    last: u32,
    count: u32,
}

/// All sequences.
#[derive(Debug, Clone)]
pub(crate) struct Store {
    sequences: Blocks<Sequence, 32>,
    links: Blocks<Link, 1024>,
    /// Of training and validation sequences: those that have come to an outcome, and the others.
    idle: [[Ends; 2]; 2],
    /// Events of training and of validation sequences.
    events: [u64; 2],
    /// What has been changed since it was read or made.
    changes: u64,
    index: Index,
}

/// Where sequences are by their ids. In parts, none of which is large when it has to grow.
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
            idle: [[none; 2]; 2],
            events: [0; 2],
            changes: 0,
            index: Index { hasher: RandomState::new(), parts: Arc::new(vec![Arc::default(); PARTS]) },
        }
    }
}

impl PartialEq for Store {
    /// Whether both hold the same, and will let the same go.
    fn eq(&self, other: &Self) -> bool {
        self.sequences.iter().eq(other.sequences.iter())
            && [Set::Train, Set::Test].into_iter().all(|set| self.idle_order(set).eq(other.idle_order(set)))
    }
}

/// A number for a set.
fn at(set: Set) -> usize {
    usize::from(set == Set::Test)
}

/// The set that a sequence belongs to, in proportion to the limits, by a hash of its id (FNV-1a, and the last step of `MurmurHash3`).
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
    /// Sequences of a set.
    pub(crate) fn count(&self, set: Set) -> u32 {
        self.idle[at(set)].iter().map(|ends| ends.count).sum()
    }

    /// Sequences of a set that have come to an outcome.
    pub(crate) fn finished(&self, set: Set) -> u32 {
        self.idle[at(set)][1].count
    }

    /// Events of a set.
    pub(crate) fn events(&self, set: Set) -> u64 {
        self.events[at(set)]
    }

    /// A number that is another after each change.
    pub(crate) fn changes(&self) -> u64 {
        self.changes
    }

    pub(crate) fn get(&self, id: &[u8]) -> Option<&Sequence> {
        self.find(id).map(|slot| self.sequences.get(slot as usize))
    }

    /// All of a set, in the order in which a training sees them.
    pub(crate) fn of_set(&self, set: Set) -> impl Iterator<Item = &Sequence> {
        self.iter().filter(move |sequence| sequence.set() == set)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Sequence> {
        self.sequences.iter()
    }

    /// The places of the sequences of a set in the order in which they would have to go.
    pub(crate) fn idle_order(&self, set: Set) -> impl Iterator<Item = u32> + '_ {
        let [open, finished] = self.idle[at(set)];
        [finished, open].into_iter().flat_map(move |ends| {
            let next = move |slot: &u32| Some(self.links.get(*slot as usize).after).filter(|&slot| slot != NONE);
            std::iter::successors(Some(ends.first).filter(|&slot| slot != NONE), next)
        })
    }

    /// Adds an event to a sequence, which begins with it if there was none.
    ///
    /// # Errors
    /// [`Error::NoRoom`] if the set that it belongs to takes none.
    pub(crate) fn push(&mut self, schema: &Schema, id: &[u8], event: &[u8], place: &Placing) -> Result<()> {
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

    /// Says what a sequence has come to with the events that it has.
    ///
    /// # Errors
    /// [`Error::NoEvents`] if there is none; [`Error::NoRoom`].
    pub(crate) fn finish(&mut self, id: &[u8], values: Vec<f32>, weight: f32, place: &Placing) -> Result<()> {
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

    /// Drops a sequence. Whether there was one.
    pub(crate) fn forget(&mut self, id: &[u8]) -> bool {
        let found = self.find(id);
        if let Some(slot) = found {
            self.remove(slot);
        }
        found.is_some()
    }

    /// Lets sequences go until each set is within its limit.
    pub(crate) fn limit_to(&mut self, limits: Limits) {
        for (set, limit) in [(Set::Train, limits.train), (Set::Test, limits.test)] {
            while self.count(set) > limit {
                let oldest = self.idle_order(set).next().expect("one of those that are counted");
                self.remove(oldest);
            }
        }
    }

    /// Puts a saved sequence after the last; [`Self::restore_order`] says how long each has been idle.
    ///
    /// # Errors
    /// [`Error::Damaged`] if there is one with its id.
    pub(crate) fn restore(&mut self, sequence: Sequence) -> Result<()> {
        if self.find(sequence.id()).is_some() {
            return Err(Error::Damaged(format!("sequence {} is there twice", crate::schema::shown(sequence.id()))));
        }
        self.events[at(sequence.set())] += u64::from(sequence.events);
        self.add(sequence);
        Ok(())
    }

    /// Takes the order in which saved sequences are to go: of the training set, then of the validation set.
    ///
    /// # Errors
    /// [`Error::Damaged`] if each is not there once, in the set and among the finished or the others as it is.
    pub(crate) fn restore_order(&mut self, order: &[u32]) -> Result<()> {
        let refuse = || Err(Error::Damaged("the order in which sequences are to go is not one of them".into()));
        if order.len() != self.sequences.len() {
            return refuse();
        }
        let none = Ends { first: NONE, last: NONE, count: 0 };
        self.idle = [[none; 2]; 2];
        let mut is_linked = vec![false; order.len()];
        let mut before = (0, 0);
        for &slot in order {
            let Some(linked) = is_linked.get_mut(slot as usize) else { return refuse() };
            let sequence = self.sequences.get(slot as usize);
            let (set, is_finished) = (sequence.set(), sequence.outcome.is_some());
            let place = (at(set), usize::from(!is_finished));
            if std::mem::replace(linked, true) || place < before {
                return refuse();
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

    /// The place of a sequence, which is there from now on, where it should be, and the last that would have to go.
    fn touch(&mut self, id: &[u8], place: &Placing) -> Result<u32> {
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
            let oldest = self.idle_order(set).next().expect("a full set has sequences");
            self.remove(oldest);
            // Removing has moved the last.
            found = self.find(id);
        }
        let Some(slot) = found else {
            return Ok(self.add(Sequence::new(id, set)));
        };
        let sequence = self.sequences.get(slot as usize);
        let (was, events, is_finished) = (sequence.set(), sequence.events, sequence.outcome.is_some());
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

    /// Drops a sequence; the last takes its place.
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
        *Index::part_mut(&mut self.index.parts, hash).find_mut(hash, |&slot| slot == last).expect("it has a place") =
            slot;
        let ends = &mut self.idle[at(set)][usize::from(is_finished)];
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

    /// Takes a sequence out of the index, the lists and the counts.
    fn take_out(&mut self, slot: u32) {
        let sequence = self.sequences.get(slot as usize);
        let (set, is_finished) = (sequence.set(), sequence.outcome.is_some());
        let hash = self.index.hasher.hash_one(sequence.id());
        self.events[at(set)] -= u64::from(sequence.events);
        let part = Index::part_mut(&mut self.index.parts, hash);
        part.find_entry(hash, |&other| other == slot).expect("it has a place").remove();
        self.unlink(slot, set, is_finished);
    }

    /// Puts a sequence at the end of a list.
    fn link(&mut self, slot: u32, set: Set, is_finished: bool) {
        let ends = &mut self.idle[at(set)][usize::from(is_finished)];
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
        let ends = &mut self.idle[at(set)][usize::from(is_finished)];
        ends.count -= 1;
        match before {
            NONE => ends.first = after,
            before => self.links.get_mut(before as usize).after = after,
        }
        match after {
            NONE => self.idle[at(set)][usize::from(is_finished)].last = before,
            after => self.links.get_mut(after as usize).before = before,
        }
    }

    /// Bytes that all take.
    pub(crate) fn bytes_by(&self, taken: Taken<'_>) -> usize {
        // Few are looked at, spread over all of them, so that a command that asks how much there is takes no longer for more.
        const LOOKED_AT: usize = 1000;
        let count = self.sequences.len();
        let step = count.div_ceil(LOOKED_AT).max(1);
        let own = |slot: usize| {
            let sequence = self.sequences.get(slot);
            let outcome = sequence
                .outcome
                .as_ref()
                .map_or(0, |outcome| taken(size_of::<Outcome>()) + memory::of_vec(&outcome.values, taken));
            memory::of_vec(&sequence.bytes, taken) + outcome
        };
        let looked_at = (0..count).step_by(step);
        let (seen, bytes) = looked_at.fold((0, 0), |(seen, bytes), slot| (seen + 1, bytes + own(slot)));
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

/// Where an event or an outcome goes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Placing {
    /// Sequences of each set at most.
    pub(crate) limits: Limits,
    /// Events of a sequence that are kept.
    pub(crate) length: u32,
    /// The set that it is to be in, if one was named.
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

    fn placing(train: u32, test: u32) -> Placing {
        Placing { limits: Limits { train, test }, length: 5, set: None }
    }

    /// A set, events, after how many of these there was an outcome, and when it was last touched.
    type PlainSequence = (Set, Vec<u8>, Option<u32>, usize);

    /// A plain model.
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
    fn what_is_kept_is_what_a_plain_model_keeps() {
        let (schema, mut random) = (schema(), Random::new(1, 1));
        let (mut store, mut plain) = (Store::default(), Plain::default());
        for step in 0..20_000 {
            let limits = Limits { train: 12, test: 6 };
            let set = match random.below(12) {
                0 => Some(Set::Train),
                1 => Some(Set::Test),
                _ => None,
            };
            let place = Placing { limits, length: 5, set };
            let id = format!("user:{}", random.below(40)).into_bytes();
            match random.below(10) {
                0 => assert_eq!(store.forget(&id), plain.all.remove(&id).is_some()),
                1 | 2 => {
                    let told = store.finish(&id, vec![1.0], 1.0, &place);
                    if plain.all.contains_key(&id) {
                        told.unwrap();
                        let sequence = plain.touch(&id, set, limits);
                        sequence.2 = Some(sequence.1.len() as u32);
                    } else {
                        assert!(matches!(told, Err(Error::NoEvents { .. })));
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
                // The same again, from what would be saved.
                let mut again = Store::default();
                store.iter().for_each(|sequence| again.restore(sequence.clone()).unwrap());
                let order: Vec<u32> = store.idle_order(Set::Train).chain(store.idle_order(Set::Test)).collect();
                again.restore_order(&order).unwrap();
                assert!(again == store);
                store = again;
            }
        }
    }

    #[test]
    fn a_snapshot_stays_as_it_was() {
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
    fn ids_are_shared_out_in_proportion_to_the_limits() {
        let limits = Limits { train: 10_000, test: 2_500 };
        let testing = (0..10_000).filter(|user| set_of(format!("user:{user}").as_bytes(), limits) == Set::Test).count();
        assert!((1_850..2_150).contains(&testing), "{testing}");
        assert!((0..100).all(|user| set_of(&[user], Limits { train: 5, test: 0 }) == Set::Train));
        assert!((0..100).all(|user| set_of(&[user], Limits { train: 0, test: 5 }) == Set::Test));
        // Forever.
        let first: Vec<bool> =
            (0..16u8).map(|user| set_of(&[user], Limits { train: 1, test: 1 }) == Set::Test).collect();
        assert_eq!(first.iter().filter(|&&test| test).count(), 16 - first.iter().filter(|&&test| !test).count());
    }

    #[test]
    fn a_set_that_takes_none_says_so() {
        let mut store = Store::default();
        let place = Placing { set: Some(Set::Test), ..placing(5, 0) };
        assert_eq!(store.push(&schema(), b"a", &[1], &place), Err(Error::NoRoom { set: "validation" }));
        assert_eq!(store.iter().count(), 0);
    }

    #[test]
    fn an_order_that_is_none_is_refused() {
        let (schema, place) = (schema(), placing(9, 9));
        let mut store = Store::default();
        for user in 0..6u8 {
            store.push(&schema, &[user], &[1], &place).unwrap();
        }
        store.finish(&[2], vec![0.0], 1.0, &place).unwrap();
        let order: Vec<u32> = store.idle_order(Set::Train).chain(store.idle_order(Set::Test)).collect();
        let refused = |order: &[u32]| store.clone().restore_order(order).is_err();
        assert!(!refused(&order));
        assert!(refused(&order[1..]) && refused(&[&order[..5], &order[..1]].concat()));
        assert!(refused(&[&order[..5], &[6]].concat()) && refused(&order.iter().rev().copied().collect::<Vec<_>>()));
    }

    #[test]
    fn a_million_sessions_of_64_pages_take_little() {
        let (schema, place) = (schema(), Placing { length: 64, ..placing(20_000, 0) });
        let mut store = Store::default();
        for user in 0..20_000 {
            for event in 0..64 {
                store.push(&schema, format!("user:{user}").as_bytes(), &[event % 3], &place).unwrap();
            }
        }
        // jemalloc has four sizes between powers of two.
        let taken = |bytes: usize| {
            let least = (bytes.next_power_of_two() / 8).max(16);
            bytes.next_multiple_of(least)
        };
        let each = store.bytes_by(&taken) as f64 / 20_000.0;
        assert!(each < 190.0, "{each}");
    }
}
