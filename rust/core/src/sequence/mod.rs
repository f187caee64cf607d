//! Networks of sequences: events in order of time, one sequence for each id.
//!
//! [`store`] keeps the last events of each sequence, serialized by [`events`]. [`view`] turns a sequence into a row of
//! fields: a window of the last events, the hidden state of a fixed [`reservoir`], or that of trained [`gru`] cells.
//! [`network`] has the methods of [`Network`](crate::network::Network) that observe, evict and answer sequences.

mod blocks;
mod cache;
mod client_state;
mod describe;
mod events;
mod forecast;
pub(crate) mod gru;
mod hidden_state;
mod network;
mod reservoir;
mod sampling;
mod store;
#[cfg(test)]
mod tests;
mod view;

use std::sync::Arc;

use cache::Cache;
pub(crate) use events::read as read_event;
pub use forecast::MOST_STEPS;
pub(crate) use hidden_state::CellParameters;
pub use network::{Events, FreshSequence, Observation, first_layout};
pub use sampling::{Extent, MOST_DRAWN};
pub use store::MAX_ID;
pub(crate) use store::{Outcome as SequenceOutcome, Placement, Sequence, Store};
pub(crate) use view::View;
pub use view::{MOST_KINDS, SequenceRow};

use crate::error::{Error, Result};
use crate::layout::Kind;
use crate::memory::{self, Taken};
use crate::schema::{DEFAULT_HIDDEN, FieldKind, Row, Target};

/// Default number of events that are stored of a sequence.
pub const DEFAULT_LENGTH: u32 = 64;
/// Largest number of events that may be stored of a sequence.
pub const MAX_LENGTH: u32 = 1 << 16;

/// How the inputs of the network are computed from a sequence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Cell {
    /// [`Self::Gru`] if the target is the category of the next event, [`Self::Window`] for a series of numbers, else a
    /// window and a reservoir.
    #[default]
    Auto,
    /// The fields of the last events are inputs.
    Window,
    /// The hidden state of a reservoir, whose weights are random and fixed.
    Reservoir,
    /// The hidden states of gated recurrent units, whose weights are trained.
    Gru,
}

/// The meaning of [`Cell::Auto`], which is fixed when a network is created, and saved with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Auto {
    /// As in files of format 6: window and reservoir also if the target is the category of the next event.
    Reservoir,
    /// As documented for [`Cell::Auto`].
    #[default]
    Gru,
}

impl Cell {
    /// All variants with their names in commands.
    pub const ALL: [(Self, &'static str); 4] =
        [(Self::Auto, "auto"), (Self::Window, "window"), (Self::Reservoir, "reservoir"), (Self::Gru, "gru")];

    /// Returns the name in lower case.
    pub fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Window => "window",
            Self::Reservoir => "reservoir",
            Self::Gru => "gru",
        }
    }

    /// Returns the cell with this name, ignoring case.
    ///
    /// # Errors
    /// [`Error::Option`] for an unknown name.
    pub fn named(name: &str) -> Result<Self> {
        let found = Self::ALL.iter().find(|(_, own)| own.eq_ignore_ascii_case(name));
        found.map(|(cell, _)| *cell).ok_or_else(|| Error::Option {
            option: "cell",
            value: format!("'{name}'"),
            expected: Self::ALL.map(|(_, name)| name).join(", "),
        })
    }
}

/// Returns the default units of hidden layers of a network of sequences with these event fields. There are none after
/// GRU cells, since the cells are trained themselves.
pub fn default_hidden(cell: Cell, fields: &[(Vec<u8>, FieldKind)], target: &Target) -> &'static [usize] {
    let is_next = |name: &[u8]| fields.iter().any(|(field, _)| field == name);
    let is_next_class = matches!(target, Target::Classes { name, .. } if is_next(name));
    if has_gru(cell, Auto::default(), is_next_class) { &[] } else { &DEFAULT_HIDDEN }
}

/// Whether `cell` stands for GRU cells.
fn has_gru(cell: Cell, auto: Auto, is_next_class: bool) -> bool {
    cell == Cell::Gru || cell == Cell::Auto && auto == Auto::Gru && is_next_class
}

/// Returns the target of a network whose inputs have no names: classes or outputs are named `0`, `1`, ...
pub fn by_position(kind: Kind, outputs: usize) -> Target {
    let names: Vec<Box<[u8]>> = (0..outputs).map(|output| output.to_string().into_bytes().into()).collect();
    match kind {
        Kind::Classifier => {
            Target::Classes { name: (*b"class").into(), most: outputs.max(2) as u32, closed: true, names }
        }
        Kind::Regressor => Target::Values(names),
    }
}

/// How sequences are stored and turned into inputs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SequenceOptions {
    /// How many of the last events are stored of each sequence, 1 to [`MAX_LENGTH`].
    pub length: u32,
    /// How inputs are computed from a sequence.
    pub cell: Cell,
}

impl Default for SequenceOptions {
    fn default() -> Self {
        Self { length: DEFAULT_LENGTH, cell: Cell::Auto }
    }
}

impl SequenceOptions {
    /// Checks the range of `length`.
    pub(crate) fn check(self) -> Result<()> {
        if (1..=MAX_LENGTH).contains(&self.length) {
            return Ok(());
        }
        let (value, expected) = (self.length.to_string(), format!("1 to {MAX_LENGTH}"));
        Err(Error::Option { option: "length", value, expected })
    }
}

/// The stored sequences of a network, and how rows are made of them.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Sequences {
    pub(crate) view: Arc<View>,
    pub(crate) store: Store,
    pub(crate) cache: Cache,
    pub(crate) scratch: Scratch,
}

/// Memory for an event on its way to the store, which is reused: allocating it takes as long as storing an event. A copy
/// has none, and it is not compared.
#[derive(Debug, Default)]
pub(crate) struct Scratch {
    row: Row,
    bytes: Vec<u8>,
}

impl Clone for Scratch {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl PartialEq for Scratch {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Sequences {
    /// Returns sequences without hidden states.
    pub(crate) fn new(view: View, store: Store) -> Self {
        Self { view: Arc::new(view), store, cache: Cache::default(), scratch: Scratch::default() }
    }

    /// Returns a copy that shares the cache of hidden states.
    fn snapshot(&self) -> Self {
        Self { cache: self.cache.shared(), ..self.clone() }
    }

    /// Returns the bytes on the heap.
    pub(crate) fn bytes_by(&self, taken: Taken<'_>) -> usize {
        let Scratch { row: Row { cells, list }, bytes } = &self.scratch;
        let scratch = memory::of_vec(cells, taken) + memory::of_vec(list, taken) + memory::of_vec(bytes, taken);
        scratch
            + memory::of_shared::<View>(taken)
            + self.view.bytes_by(taken)
            + self.store.bytes_by(taken)
            + self.cache.bytes_by(taken)
    }
}
