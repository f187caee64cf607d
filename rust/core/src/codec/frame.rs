//! Frames: the byte strings that a network is split into.
//!
//! The first frame is the head: [`MAGIC`] and the version u16. Every other frame holds a section or a piece of one: its
//! number u16, flags u8, and the body. All numbers are little-endian.

use super::section::Section;
use crate::error::{Error, Result};

/// Maximum length of a frame in bytes. It fits replies, arguments and RDB strings, and holds the widest row (8 MB)
/// uncut.
pub const MAX_FRAME: usize = 16 << 20;
/// The newest version of the format that can be read, and the newest that is written.
pub const VERSION: u16 = 7;
/// The version written for networks of sequences without gated cells.
const SEQUENCES_VERSION: u16 = 6;
/// The version written for networks of fields whose rows are observed directly.
const FIELDS_VERSION: u16 = 5;
/// The version written for networks without fields, so that older readers can read them.
const PLAIN_VERSION: u16 = 4;

/// The first bytes of every saved network.
pub(super) const MAGIC: [u8; 6] = *b"neural";
/// Length of the head in bytes.
pub(super) const HEAD: usize = MAGIC.len() + size_of::<u16>();
/// Bytes before the body in any other frame.
pub(super) const HEADER: usize = size_of::<u16>() + size_of::<u8>();

/// Flag: a reader that does not know this section must reject the network.
pub(super) const REQUIRED: u8 = 1;
/// Flag: the section continues in the next frame.
pub(super) const MORE: u8 = 2;

/// The features that decide which version is written: the oldest that supports them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    /// Without fields.
    Plain,
    Fields,
    Sequences,
    /// Sequences with gated cells.
    Cells,
}

pub(super) fn head(format: Format) -> [u8; HEAD] {
    let version = match format {
        Format::Plain => PLAIN_VERSION,
        Format::Fields => FIELDS_VERSION,
        Format::Sequences => SEQUENCES_VERSION,
        Format::Cells => VERSION,
    };
    let mut head = [0; HEAD];
    head[..MAGIC.len()].copy_from_slice(&MAGIC);
    head[MAGIC.len()..].copy_from_slice(&version.to_le_bytes());
    head
}

/// Check that the head is that of a network which this version can read.
pub(super) fn check_head(head: &[u8]) -> Result<()> {
    let version = head.strip_prefix(&MAGIC).and_then(|version| <[u8; 2]>::try_from(version).ok());
    match version.map(u16::from_le_bytes) {
        None => Err(Error::Damaged("it does not begin as one".into())),
        Some(0) => Err(Error::Damaged(format!("its format is 0: expected 1 to {VERSION}"))),
        Some(1..=VERSION) => Ok(()),
        Some(found) => Err(Error::NewerFormat { found, known: VERSION }),
    }
}

/// A parsed frame. Its body is not yet checked.
#[derive(Debug)]
pub(super) struct Frame<'a> {
    pub(super) tag: u16,
    pub(super) required: bool,
    pub(super) more: bool,
    pub(super) body: &'a [u8],
}

impl<'a> Frame<'a> {
    pub(super) fn parse(bytes: &'a [u8], max_frame: usize) -> Result<Self> {
        let reject = |what: String| Err(Error::Damaged(what));
        let length = bytes.len();
        let Some((&[low, high, flags], body)) = bytes.split_first_chunk::<HEADER>() else {
            return reject(format!("a frame of {length} bytes: expected at least {HEADER}"));
        };
        if length > max_frame {
            return reject(format!("a frame of {length} bytes: expected at most {max_frame}"));
        }
        let tag = u16::from_le_bytes([low, high]);
        if flags & !(REQUIRED | MORE) != 0 {
            return reject(format!("section {tag} has the flags {flags}: expected at most {}", REQUIRED | MORE));
        }
        Ok(Self { tag, required: flags & REQUIRED != 0, more: flags & MORE != 0, body })
    }
}

/// Writes sections as frames. Needs the memory of one frame.
pub(super) struct Writer<'a> {
    max_frame: usize,
    frame: Vec<u8>,
    sink: &'a mut dyn FnMut(&[u8]),
}

impl<'a> Writer<'a> {
    pub(super) fn new(max_frame: usize, format: Format, sink: &'a mut dyn FnMut(&[u8])) -> Self {
        sink(&head(format));
        Self { max_frame, frame: Vec::new(), sink }
    }

    /// Write a section in one piece.
    pub(super) fn fields(&mut self, section: Section, fields: &[&[u8]]) {
        self.begin(section);
        fields.iter().for_each(|field| self.frame.extend_from_slice(field));
        self.end(0);
    }

    /// Write a section of values, split only at multiples of `unit` bytes.
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
