//! The state of a sequence that the client stores, as bytes, for example in a cookie. The network stores nothing of it.
//!
//! A state contains the last events as [`super::events`] serializes them, but nothing that depends on weights. It
//! therefore stays valid after a training, and gives the same answers as a stored sequence with the same events. Words
//! are codes in the network's dictionary. The size of the dictionary when the state was written, and a fingerprint of
//! its words and of the fields, distinguish states of other networks.

use super::events;
use super::{MAX_LENGTH, SequenceRow, Sequences, View};
use crate::error::{Error, Result};
use crate::network::Network;
use crate::schema::{Schema, Value};

/// The first bytes of a state; the last of these is the version.
const HEAD: [u8; 4] = *b"NRS\x01";
/// Bytes of the checksum at the end of a state.
const CHECK: usize = size_of::<u64>();

/// A decoded state.
struct ClientState<'a> {
    events: &'a [u8],
    count: usize,
}

impl Network {
    /// Appends events to a client's state. Returns the row of the sequence, and its new state. An empty `state` is a
    /// sequence without events. Words that are not in the dictionary become the word for all others.
    ///
    /// # Errors
    /// [`Error::NoSequences`]; [`Error::State`] if `state` is not a state of a sequence of this network.
    ///
    /// # Panics
    /// If a network of sequences has no schema of rows: a bug.
    pub fn step<'e>(&self, state: &[u8], more: &[impl AsRef<[Value<'e>]>]) -> Result<(SequenceRow, Vec<u8>)> {
        let Some(own @ Sequences { view, .. }) = &self.sequences else { return Err(Error::NoSequences) };
        let kept = if state.is_empty() { ClientState { events: &[], count: 0 } } else { read(view, state)? };
        let mut all = kept.events.to_vec();
        more.iter().for_each(|event| events::write(view.events(), &view.events().row(event.as_ref()), &mut all));
        let (mut events, mut count) = (&all[..], kept.count + more.len());
        while count > view.options().length as usize {
            events = &events[events::length(view.events(), events)..];
            count -= 1;
        }
        Ok((self.row_of_bytes(own, (events, count), None), write(view, events, count)))
    }

    /// Estimates the multiplications of [`Self::step`] with `more` events.
    pub fn cost_of_step(&self, state: &[u8], more: usize) -> usize {
        let Some(Sequences { view, .. }) = &self.sequences else { return 0 };
        // The header is not checked here; its count is bounded by the length of the state. Each event is read twice.
        let count = Header::read(state).map_or(0, |(header, _)| header.events as usize).min(state.len());
        count.saturating_add(more).min(view.options().length as usize).saturating_mul(2 * view.cost_of_event())
    }
}

/// The part of a state between [`HEAD`] and the events.
struct Header {
    /// Size of the dictionary when the state was written.
    words: u32,
    /// See [`Fingerprints`].
    fingerprint: u64,
    events: u32,
}

impl Header {
    /// Reads the header. Returns it, and its length in bytes with [`HEAD`].
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

fn read<'a>(view: &View, state: &'a [u8]) -> Result<ClientState<'a>> {
    let reject = |why: String| Err(Error::State(why));
    let Some((body, check)) = state.split_last_chunk::<CHECK>().filter(|_| state.starts_with(&HEAD[..3])) else {
        return reject(format!("{} bytes that do not begin as one", state.len()));
    };
    if body.get(3) != HEAD.last() {
        return reject("it is of another version".into());
    }
    if crate::codec::checksum(body) != u64::from_le_bytes(*check) {
        return reject("its checksum is wrong, so it is not whole or was changed".into());
    }
    let Some((header, length)) = Header::read(body) else { return reject("it is cut off".into()) };
    let known = view.events().words().len();
    if header.words as usize > known {
        return reject(format!("it knows {} words, and this network {known}", header.words));
    }
    if view.fingerprints()[header.words as usize] != header.fingerprint {
        return reject("it is of a network with other fields or words".into());
    }
    let most = view.options().length.min(MAX_LENGTH);
    if header.events > most {
        return reject(format!("it has {} events: expected at most {most}", header.events));
    }
    let kept = &body[length..];
    let mut left = kept;
    for _ in 0..header.events {
        let Some((row, length)) = events::read(view.events(), left) else {
            return reject("an event of it is none".into());
        };
        if view.events().check_row(&row.cells, &row.list).is_err() {
            return reject("an event of it has values that none can have".into());
        }
        left = &left[length..];
    }
    if !left.is_empty() {
        return reject(format!("there are {} bytes after its events", left.len()));
    }
    Ok(ClientState { events: kept, count: header.events as usize })
}

/// Hashes of the event fields and the first n words of the dictionary, for each n from 0.
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

/// Continues a hash by the length of `bytes` and the bytes (FNV-1a), then applies the finalizer of `MurmurHash3`.
fn mixed(hash: u64, bytes: &[u8]) -> u64 {
    let length = (bytes.len() as u64).to_le_bytes();
    let fnv = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01B3);
    let mut hash = length.iter().chain(bytes).fold(hash, fnv);
    hash = (hash ^ (hash >> 33)).wrapping_mul(0xFF51_AFD7_ED55_8CCD);
    hash = (hash ^ (hash >> 33)).wrapping_mul(0xC4CE_B9FE_1A85_EC53);
    hash ^ (hash >> 33)
}
