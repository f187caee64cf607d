//! A sequence that whoever asks keeps, as bytes: in a cookie, in a hash of theirs. The network keeps nothing of it.
//!
//! It holds the last events as [`super::events`] writes them, and nothing that follows from weights. So it goes on after a training,
//! and answers are those to a sequence that the network keeps. A word is the number that the network knows it by; how many words it
//! knew then, and a fingerprint of these and of the fields, tell a state that is of another network.

use super::events;
use super::{MAX_LENGTH, Seen, Sequences, View};
use crate::error::{Error, Result};
use crate::network::Network;
use crate::schema::{Schema, Value};

/// What a state begins with; the last byte is the version.
const HEAD: [u8; 4] = *b"NRS\x01";
/// Bytes of the checksum at the end.
const CHECK: usize = size_of::<u64>();

/// A state that has been read.
struct Kept<'a> {
    events: &'a [u8],
    count: usize,
}

impl Network {
    /// What the network sees of a sequence that is not kept, after some more events, and its state then. Nothing, instead of a
    /// state, is a sequence without events. Words that the network has not met are taken for other words.
    ///
    /// # Errors
    /// [`Error::NoSequences`], and [`Error::State`] for bytes that are no state of a sequence of this network.
    ///
    /// # Panics
    /// If a network of sequences sees no fields: a bug.
    pub fn step(&self, state: &[u8], more: &[Vec<Value<'_>>]) -> Result<(Seen, Vec<u8>)> {
        let Some(own @ Sequences { view, .. }) = &self.sequences else { return Err(Error::NoSequences) };
        let kept = if state.is_empty() { Kept { events: &[], count: 0 } } else { read(view, state)? };
        let mut all = kept.events.to_vec();
        more.iter().for_each(|event| events::write(view.events(), &view.events().row(event), &mut all));
        let (mut events, mut count) = (&all[..], kept.count + more.len());
        while count > view.options().length as usize {
            events = &events[events::length(view.events(), events)..];
            count -= 1;
        }
        Ok((self.see_kept(own, (events, count), None), write(view, events, count)))
    }

    /// Multiplications that it takes to see a sequence with that state after so many events more, about.
    pub fn stepping(&self, state: &[u8], more: usize) -> usize {
        let Some(Sequences { view, .. }) = &self.sequences else { return 0 };
        // As many as it says, if it is one. Each is read twice.
        let count = Header::read(state).map_or(0, |(header, _)| header.events as usize).min(state.len());
        count.saturating_add(more).min(view.options().length as usize).saturating_mul(2 * view.hearing())
    }
}

/// What comes before the events.
struct Header {
    words: u32,
    fingerprint: u64,
    events: u32,
}

impl Header {
    /// It, and how many bytes it takes.
    fn read(state: &[u8]) -> Option<(Self, usize)> {
        let mut left = events::Left(state.strip_prefix(&HEAD)?);
        let words = left.varint()?;
        let fingerprint = u64::from_le_bytes(*left.take()?);
        let events = left.varint()?;
        Some((Self { words, fingerprint, events }, state.len() - left.0.len()))
    }
}

fn write(view: &View, kept: &[u8], count: usize) -> Vec<u8> {
    let mut state = Vec::with_capacity(HEAD.len() + 2 * 5 + 8 + kept.len() + CHECK);
    state.extend(HEAD);
    events::varint(view.events().words().len() as u32, &mut state);
    state.extend(view.fingerprints().last().copied().unwrap_or_default().to_le_bytes());
    events::varint(count as u32, &mut state);
    state.extend(kept);
    let check = crate::codec::checksum(&state);
    state.extend(check.to_le_bytes());
    state
}

fn read<'a>(view: &View, state: &'a [u8]) -> Result<Kept<'a>> {
    let refuse = |why: String| Err(Error::State(why));
    let Some((body, check)) = state.split_last_chunk::<CHECK>().filter(|_| state.starts_with(&HEAD[..3])) else {
        return refuse(format!("{} bytes that do not begin as one", state.len()));
    };
    if body.get(3) != HEAD.last() {
        return refuse("it is of another version".into());
    }
    if crate::codec::checksum(body) != u64::from_le_bytes(*check) {
        return refuse("its checksum is wrong, so it is not whole or was changed".into());
    }
    let Some((header, length)) = Header::read(body) else { return refuse("it is cut off".into()) };
    let known = view.events().words().len();
    if header.words as usize > known {
        return refuse(format!("it knows {} words, and this network {known}", header.words));
    }
    if view.fingerprints()[header.words as usize] != header.fingerprint {
        return refuse("it is of a network with other fields or words".into());
    }
    let most = view.options().length.min(MAX_LENGTH);
    if header.events > most {
        return refuse(format!("it has {} events: expected at most {most}", header.events));
    }
    let kept = &body[length..];
    let mut left = kept;
    for _ in 0..header.events {
        let Some((row, length)) = events::read(view.events(), left) else {
            return refuse("an event of it is none".into());
        };
        if view.events().check_row(&row.cells, &row.list).is_err() {
            return refuse("an event of it has values that none can have".into());
        }
        left = &left[length..];
    }
    if !left.is_empty() {
        return refuse(format!("there are {} bytes after its events", left.len()));
    }
    Ok(Kept { events: kept, count: header.events as usize })
}

/// Fingerprints of the fields of events, alone and with the first word, the first two words and so on.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Fingerprints(pub(super) Vec<u64>);

impl Fingerprints {
    pub(super) fn new(events: &Schema) -> Self {
        let mut hash = 0xCBF2_9CE4_8422_2325;
        for field in events.fields() {
            hash = mixed(hash, field.name());
            hash = mixed(hash, field.kind().to_string().as_bytes());
        }
        let mut made = Self(vec![hash]);
        events.words().iter().for_each(|(field, word)| made.add(*field, word));
        made
    }

    pub(super) fn add(&mut self, field: u32, word: &[u8]) {
        let before = self.0.last().copied().unwrap_or_default();
        self.0.push(mixed(mixed(before, &field.to_le_bytes()), word));
    }
}

/// FNV-1a, over bytes and how many they are, and the last step of `MurmurHash3`.
fn mixed(hash: u64, bytes: &[u8]) -> u64 {
    let length = (bytes.len() as u64).to_le_bytes();
    let fnv = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01B3);
    let mut hash = length.iter().chain(bytes).fold(hash, fnv);
    hash = (hash ^ (hash >> 33)).wrapping_mul(0xFF51_AFD7_ED55_8CCD);
    hash = (hash ^ (hash >> 33)).wrapping_mul(0xC4CE_B9FE_1A85_EC53);
    hash ^ (hash >> 33)
}
