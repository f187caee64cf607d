//! Networks of sequences: what happened one after the other, for each of many ids.
//!
//! [`store`] keeps the last events of each sequence as the bytes that [`events`] makes of them; [`view`] says what the network sees
//! of a sequence, as a row of fields, with the help of a [`reservoir`] or of [`gru`], cells that are trained; [`network`] is what a network that has them can do.

mod blocks;
mod cache;
mod continuing;
mod describe;
mod events;
mod forecast;
pub(crate) mod gru;
mod held;
mod network;
mod reservoir;
mod state;
mod store;
#[cfg(test)]
mod tests;
mod view;

use std::sync::Arc;

pub(crate) use cache::Cache;
pub use continuing::{Extent, MOST_DRAWN};
pub(crate) use events::read as read_event;
pub use forecast::MOST_STEPS;
pub(crate) use held::Heard;
pub use network::{Events, FreshSequence, Happened, first_layout};
pub use store::MAX_ID;
pub(crate) use store::{Outcome as SequenceOutcome, Placing, Sequence, Store};
pub(crate) use view::View;
pub use view::{MOST_KINDS, Seen};

use crate::error::{Error, Result};
use crate::layout::Kind;
use crate::memory::Taken;
use crate::schema::{DEFAULT_HIDDEN, FieldKind, Target};

/// Events of a sequence that are kept, unless said otherwise.
pub const DEFAULT_LENGTH: u32 = 64;
/// Events of a sequence that are kept at most.
pub const MAX_LENGTH: u32 = 1 << 16;

/// How a network reads a sequence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Cell {
    /// [`Self::Gru`] where each next event is a class, [`Self::Window`] for a series of numbers, and else window and reservoir.
    #[default]
    Auto,
    /// The last events as inputs.
    Window,
    /// The states of a fixed reservoir.
    Reservoir,
    /// The states of gated units, which are trained.
    Gru,
}

/// What [`Cell::Auto`] stands for. It is decided when a network is created, and saved with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Auto {
    /// Window and reservoir also where each next event is a class, as in files of format 6.
    Reservoir,
    /// As [`Cell::Auto`] says.
    #[default]
    Gru,
}

impl Cell {
    /// All of them, with their names in commands, and the numbers that stand for them in saved networks by their places.
    pub const ALL: [(Self, &'static str); 4] =
        [(Self::Auto, "auto"), (Self::Window, "window"), (Self::Reservoir, "reservoir"), (Self::Gru, "gru")];

    /// Its name in lower case.
    pub fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Window => "window",
            Self::Reservoir => "reservoir",
            Self::Gru => "gru",
        }
    }

    /// The cell of that name, whatever the case of its letters.
    ///
    /// # Errors
    /// [`Error::Option`] if there is none.
    pub fn named(name: &str) -> Result<Self> {
        let found = Self::ALL.iter().find(|(_, own)| own.eq_ignore_ascii_case(name));
        found.map(|(cell, _)| *cell).ok_or_else(|| Error::Option {
            option: "cell",
            value: format!("'{name}'"),
            expected: Self::ALL.map(|(_, name)| name).join(", "),
        })
    }
}

/// The hidden layers of a network of events with these fields that is created without naming any: none after GRU cells, which
/// are trained themselves.
pub fn default_hidden(cell: Cell, fields: &[(Vec<u8>, FieldKind)], target: &Target) -> &'static [usize] {
    let is_next = |name: &[u8]| fields.iter().any(|(field, _)| field == name);
    let is_next_class = matches!(target, Target::Classes { name, .. } if is_next(name));
    if has_gru(cell, Auto::default(), is_next_class) { &[] } else { &DEFAULT_HIDDEN }
}

/// Whether a network with this cell has GRU cells.
fn has_gru(cell: Cell, auto: Auto, is_next_class: bool) -> bool {
    cell == Cell::Gru || cell == Cell::Auto && auto == Auto::Gru && is_next_class
}

/// The target of events by their positions: classes or outputs that are called by their numbers.
pub fn by_position(kind: Kind, outputs: usize) -> Target {
    let names: Vec<Box<[u8]>> = (0..outputs).map(|output| output.to_string().into_bytes().into()).collect();
    match kind {
        Kind::Classifier => {
            Target::Classes { name: (*b"class").into(), most: outputs.max(2) as u32, closed: true, names }
        }
        Kind::Regressor => Target::Values(names),
    }
}

/// How sequences are kept and seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SequenceOptions {
    /// Events of each that are kept: the last so many.
    pub length: u32,
    /// How the network takes them in.
    pub cell: Cell,
}

impl Default for SequenceOptions {
    fn default() -> Self {
        Self { length: DEFAULT_LENGTH, cell: Cell::Auto }
    }
}

impl SequenceOptions {
    /// Whether they can be.
    pub(crate) fn check(self) -> Result<()> {
        if (1..=MAX_LENGTH).contains(&self.length) {
            return Ok(());
        }
        let (value, expected) = (self.length.to_string(), format!("1 to {MAX_LENGTH}"));
        Err(Error::Option { option: "length", value, expected })
    }
}

/// The sequences of a network, and what it sees of them.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Sequences {
    pub(crate) view: Arc<View>,
    pub(crate) store: Store,
    pub(crate) cache: Cache,
}

impl Sequences {
    /// Bytes beyond the sequences themselves.
    pub(crate) fn bytes_by(&self, taken: Taken<'_>) -> usize {
        crate::memory::of_shared::<View>(taken)
            + self.view.bytes_by(taken)
            + self.store.bytes_by(taken)
            + self.cache.bytes_by(taken)
    }
}
