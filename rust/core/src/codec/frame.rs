//! Frames: the strings of bytes that a network is cut into.
//!
//! The first frame is the head: [`MAGIC`] and the version, u16. Every other frame holds one section or a piece of one:
//! its number u16, flags u8, and the body. All numbers are little-endian.

use super::section::Section;
use crate::error::{Error, Result};

/// Bytes of a frame at most: what fits any reply, argument or RDB string, and the widest row (8 MB) without a cut.
pub const MAX_FRAME: usize = 16 << 20;
/// The version of the format that is written, and the newest that can be read.
pub const VERSION: u16 = 7;
/// The version of networks of sequences without gated cells.
const SEQUENCES_VERSION: u16 = 6;
/// The version of networks of fields that learn from rows.
const FIELDS_VERSION: u16 = 5;
/// The version of networks without fields, which older readers know.
const PLAIN_VERSION: u16 = 4;

/// What every saved network begins with.
pub(super) const MAGIC: [u8; 6] = *b"neural";
/// Bytes of the head.
pub(super) const HEAD: usize = MAGIC.len() + size_of::<u16>();
/// Bytes before the body of any other frame.
pub(super) const HEADER: usize = size_of::<u16>() + size_of::<u8>();

/// Flag: whoever does not know this section must refuse the network.
pub(super) const REQUIRED: u8 = 1;
/// Flag: the section goes on in the next frame.
pub(super) const MORE: u8 = 2;

/// What a network has that older readers do not know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Has {
    Positions,
    Fields,
    Sequences,
    /// Those with gated cells.
    Cells,
}

pub(super) fn head(has: Has) -> [u8; HEAD] {
    let version = match has {
        Has::Positions => PLAIN_VERSION,
        Has::Fields => FIELDS_VERSION,
        Has::Sequences => SEQUENCES_VERSION,
        Has::Cells => VERSION,
    };
    let mut head = [0; HEAD];
    head[..MAGIC.len()].copy_from_slice(&MAGIC);
    head[MAGIC.len()..].copy_from_slice(&version.to_le_bytes());
    head
}

/// Whether the head is that of a network that this version can read.
pub(super) fn check_head(head: &[u8]) -> Result<()> {
    let version = head.strip_prefix(&MAGIC).and_then(|version| <[u8; 2]>::try_from(version).ok());
    match version.map(u16::from_le_bytes) {
        None => Err(Error::Damaged("it does not begin as one".into())),
        Some(0) => Err(Error::Damaged(format!("its format is 0: expected 1 to {VERSION}"))),
        Some(1..=VERSION) => Ok(()),
        Some(found) => Err(Error::NewerFormat { found, known: VERSION }),
    }
}

/// A frame taken apart.
#[derive(Debug)]
pub(super) struct Frame<'a> {
    pub(super) tag: u16,
    pub(super) required: bool,
    pub(super) more: bool,
    pub(super) body: &'a [u8],
}

impl<'a> Frame<'a> {
    pub(super) fn parse(bytes: &'a [u8], max_frame: usize) -> Result<Self> {
        let refuse = |what: String| Err(Error::Damaged(what));
        let length = bytes.len();
        let Some((&[low, high, flags], body)) = bytes.split_first_chunk::<HEADER>() else {
            return refuse(format!("a frame of {length} bytes: expected at least {HEADER}"));
        };
        if length > max_frame {
            return refuse(format!("a frame of {length} bytes: expected at most {max_frame}"));
        }
        let tag = u16::from_le_bytes([low, high]);
        if flags & !(REQUIRED | MORE) != 0 {
            return refuse(format!("section {tag} has the flags {flags}: expected at most {}", REQUIRED | MORE));
        }
        Ok(Self { tag, required: flags & REQUIRED != 0, more: flags & MORE != 0, body })
    }
}

/// Cuts sections into frames, in the memory of one frame.
pub(super) struct Writer<'a> {
    max_frame: usize,
    frame: Vec<u8>,
    sink: &'a mut dyn FnMut(&[u8]),
}

impl<'a> Writer<'a> {
    pub(super) fn new(max_frame: usize, has: Has, sink: &'a mut dyn FnMut(&[u8])) -> Self {
        sink(&head(has));
        Self { max_frame, frame: Vec::new(), sink }
    }

    /// A section in one piece.
    pub(super) fn fields(&mut self, section: Section, fields: &[&[u8]]) {
        self.begin(section);
        fields.iter().for_each(|field| self.frame.extend_from_slice(field));
        self.end(0);
    }

    /// A section of values, cut where it must be, but only every `unit` bytes.
    pub(super) fn values<const N: usize>(
        &mut self,
        section: Section,
        unit: usize,
        values: impl IntoIterator<Item = [u8; N]>,
    ) {
        let full = HEADER + (self.max_frame - HEADER) / unit * unit;
        debug_assert!(full > HEADER && unit.is_multiple_of(N));
        self.begin(section);
        for value in values {
            if self.frame.len() == full {
                self.end(MORE);
                self.begin(section);
            }
            self.frame.extend_from_slice(&value);
        }
        self.end(0);
    }

    fn begin(&mut self, section: Section) {
        self.frame.clear();
        self.frame.extend_from_slice(&section.tag().to_le_bytes());
        self.frame.push(if section.is_required() { REQUIRED } else { 0 });
    }

    fn end(&mut self, flags: u8) {
        self.frame[HEADER - 1] |= flags;
        (self.sink)(&self.frame);
    }
}
