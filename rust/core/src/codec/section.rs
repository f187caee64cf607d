//! Sections: the list of all, and how their fields are read.

use std::fmt::Display;

use super::reserve;
use crate::error::{Error, Result};

/// Declare the sections: name, number, and the name in errors.
///
/// All are required except for the report, its curve, the notes and the calibration. Losing any other section would
/// change the network or its behaviour.
macro_rules! sections {
    ($($(#[$doc:meta])* $name:ident = $tag:literal, $text:literal;)+) => {
        /// A section that this version knows. In a network they come in ascending order of numbers.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(super) enum Section {
            $($(#[$doc])* $name,)+
        }

        impl Section {
            pub(super) fn tag(self) -> u16 {
                match self { $(Self::$name => $tag),+ }
            }

            pub(super) fn from_tag(tag: u16) -> Option<Self> {
                match tag { $($tag => Some(Self::$name),)+ _ => None }
            }

            /// Whether a reader that does not know the section must reject the network.
            pub(super) fn is_required(self) -> bool {
                !matches!(self, Self::Report | Self::Curve | Self::Notes | Self::Calibration)
            }

            pub(super) fn name(self) -> &'static str {
                match self { $(Self::$name => $text),+ }
            }
        }
    };
}

sections! {
    /// Kind of network u8; inputs u32; for each further layer its kind u8 (0: dense) and its units u32.
    Layout = 1, "layout";
    /// In versions up to 3: normalize u8, activation u8, output u8, loss u8, algorithm u8, L2 f32.
    FirstOptions = 2, "options";
    /// Maximum number of training and of validation rows, u32 each.
    Limits = 3, "limits";
    /// States of the random streams of rows and of weights, u64 each.
    Random = 4, "random state";
    /// All parameters, f32 each, member after member.
    Weights = 5, "weights";
    /// RPROP's step sizes, f32 each. This and the next two sections are left out before the first step.
    Sizes = 6, "step sizes";
    /// Signs of the previous gradient, i8 each.
    Signs = 7, "gradient signs";
    /// The objective of each member at the previous step, f64 each.
    Objective = 8, "objective";
    /// Mean f32 and scale f32 of each input; left out for the identity.
    InputScaling = 9, "input scaling";
    /// Mean f32 and scale f32 of each output of a regressor; left out for the identity.
    OutputScaling = 10, "output scaling";
    /// Steps u64, cycles u64, seconds f64, training error f64, validation error f64, class errors in percent f64,
    /// overfitting u8, test decided u8.
    Statistics = 11, "statistics";
    /// Inputs and outcome of each training row, f32 each; left out if there are none.
    TrainRows = 12, "training rows";
    /// A weight f32 for each training row; left out when all are 1.
    TrainRowWeights = 13, "training row weights";
    /// The same for validation rows.
    TestRows = 14, "validation rows";
    /// The same for validation rows.
    TestRowWeights = 15, "validation row weights";
    /// In versions 2 and 3: the option ENSEMBLE u8; left out for AUTO.
    Ensemble = 17, "ensemble";
    /// The report of the last training: reason u8, overfitting u8, threads u32, cycles u64, best cycle u64, nanoseconds
    /// u64, training error f64; validation error and class errors, each a flag u8 and, if that is 1, f64; then each
    /// warning as length u32 and text. Left out if there was no training.
    Report = 18, "report";
    /// The learning curve of that training: for each point cycle u64, training error f64, validation error f64 (NaN if
    /// it was not computed).
    Curve = 19, "curve";
    /// In version 3: the option CLASS-WEIGHT as u8 (1: balanced, 2: given), and if given a weight f32 for each output;
    /// left out for none.
    ClassWeight = 20, "class weight";
    /// In version 3: the option PATIENCE in cycles u32; left out for AUTO.
    Patience = 21, "patience";
    /// Each member's factor of the automatic weight decay, f32 each; left out if all are 1. Since version 3.
    Decays = 22, "decays";
    /// Bytes that a user stores with the network and that are not interpreted; left out if there are none.
    Notes = 23, "notes";
    /// All options, as `options.rs` describes. Since version 4.
    Options = 24, "options";
    /// State of a trainer, in addition to the sections of RPROP: tag u8 and three bytes of 0. Left out if there is
    /// none. Since version 4.
    ///
    /// L-BFGS has tag 1. For each member: objective f64 (infinite before its search begins), step f64, decay f32, times
    /// shortened u32, moves u32. Then the moves of each member, oldest first, as f32 each: changes of the weights, then
    /// changes of the gradient.
    ///
    /// Adam has tag 2. For each member: steps u64, loss of its last cycle f64. Then for all parameters, f32 each:
    /// weights before averaging, means of gradients, means of squared gradients.
    ///
    /// The Adam that trains gated cells has tag 3, and is the same for other parameters: for each member those of its
    /// cell, then those of layers that see this cell alone.
    TrainerState = 25, "trainer state";
    /// Present and empty if the weights were assigned by a user. Since version 4.
    Assigned = 26, "assigned weights";
    /// Target and fields of a network of fields. Rows of such networks have sections of their own.
    Schema = 27, "schema";
    /// Names of classes in order of first appearance.
    Classes = 28, "classes";
    /// Words in order of first appearance: field u32, and the word.
    Words = 29, "words";
    /// Cells and outcome of each training row of fields, f32 each.
    TrainFields = 30, "training rows";
    /// A weight f32 for each of them; left out if all are 1.
    TrainFieldWeights = 31, "training row weights";
    /// The length of the list of each of them, u32.
    TrainListLengths = 32, "lengths of training lists";
    /// The entries of these lists, row after row: input u32, value f32.
    TrainListEntries = 33, "training lists";
    /// The same for validation rows.
    TestFields = 34, "validation rows";
    /// The same for validation rows.
    TestFieldWeights = 35, "validation row weights";
    /// The same for validation rows.
    TestListLengths = 36, "lengths of testing lists";
    /// The same for validation rows.
    TestListEntries = 37, "testing lists";
    /// For each `NUMBER` or `AUTO` field, the number of knots of its place encoding u32, and the knots, f32 each. Left
    /// out before the first training and without fields.
    Places = 38, "places";
    /// A calibration of intervals: source u64 (0: given rows, 1: validation rows, 2: validation rows that decided),
    /// then the sorted scores, f64 each: the smallest of each output, then the second of each, and so on. Left out if
    /// none is set.
    Calibration = 39, "calibration";
    /// Mean f32 and scale f32 of each computed input of events, for networks of sequences that scale these separately.
    /// Since version 6.
    EventScaling = 40, "event scaling";
    /// How a network of sequences sees them: maximum of kept events u32, cell u8, whether events are by position u8,
    /// seed u64; then the target and the fields of events, as in a schema. Since version 6.
    Sequence = 41, "sequences";
    /// Names of classes in order of first appearance, unless they are words of events.
    EventClasses = 42, "classes of sequences";
    /// Words of fields of events in order of first appearance: field u32, and the word.
    EventWords = 43, "words of events";
    /// For each sequence: flags u8 (1: earlier events were dropped, 2: in the validation set, 4: has an outcome),
    /// length of its id u8, number of its events u32, bytes of its events u32, id, events. With an outcome also: the
    /// number of events before it u32, weight f32, and the class or the outputs, f32 each. Left out if there are none.
    Events = 44, "events of sequences";
    /// The indices of sequences in the order of eviction, u32 each: those of the training set, then those of the
    /// validation set.
    Idle = 45, "order of sequences";
    /// Gated cells, one for each member: units, computed inputs and all inputs, u32 each; then the weights of each
    /// cell, f32 each. Left out if there are none. Since version 7.
    Gru = 46, "gated cells";
    /// Empty. It marks the end, since an RDB does not store the number of frames.
    End = 0xFFFF, "end";
}

/// An [`Error::Damaged`] that names the section.
pub(super) fn damaged(section: Section, what: impl Display) -> Error {
    Error::Damaged(format!("section {}: {what}", section.name()))
}

/// The part of a section that is in one frame.
#[derive(Debug, Clone, Copy)]
pub(super) struct Piece<'a> {
    pub(super) section: Section,
    pub(super) body: &'a [u8],
    /// Whether the section continues in the next frame.
    pub(super) more: bool,
    /// Maximum length of a body.
    pub(super) max_body: usize,
}

impl<'a> Piece<'a> {
    /// Split the body into units of `unit` bytes.
    ///
    /// The encoding is canonical: each piece but the last must hold as many whole units as fit.
    pub(super) fn units(&self, unit: usize) -> Result<impl ExactSizeIterator<Item = &'a [u8]> + use<'a>> {
        let (given, full) = (self.body.len(), self.max_body / unit * unit);
        if given == 0 || given % unit != 0 {
            return Err(damaged(self.section, format!("{given} bytes: expected a multiple of {unit}, and not 0")));
        }
        if given > full || self.more && given < full {
            let extent = if self.more { "just" } else { "at most" };
            return Err(damaged(self.section, format!("a piece of {given} bytes: expected {extent} {full}")));
        }
        Ok(self.body.chunks_exact(unit))
    }

    /// Read values and append them to `to`. At the end of the section, the number of values must be a multiple of
    /// `each`, and it must never exceed `most`. Memory is allocated only for values that have been received.
    pub(super) fn extend<T, const N: usize>(
        &self,
        to: &mut Vec<T>,
        each: usize,
        most: usize,
        read: impl Fn([u8; N]) -> std::result::Result<T, String>,
    ) -> Result<()> {
        let units = self.units(N)?;
        let count = to.len() + units.len();
        if count > most || !self.more && !count.is_multiple_of(each) {
            let expected = if each == most { String::new() } else { format!("a multiple of {each}, at most ") };
            return Err(damaged(self.section, format!("{count} values: expected {expected}{most}")));
        }
        reserve(to, units.len())?;
        for unit in units {
            let value = read(unit.try_into().expect("a unit has its length"));
            let index = to.len();
            to.push(value.map_err(|what| damaged(self.section, format!("value {index} is {what}")))?);
        }
        Ok(())
    }

    /// The raw body, for sections of values of different lengths.
    pub(super) fn body(&self) -> &'a [u8] {
        self.body
    }

    /// Read the body as single fields. The section must be in one piece.
    pub(super) fn fields(&self) -> Result<Fields<'a>> {
        if self.more {
            return Err(damaged(self.section, "it goes on in the next frame: expected it in one piece"));
        }
        Ok(Fields { section: self.section, rest: self.body })
    }
}

/// A reader of consecutive fields.
#[derive(Debug)]
pub(super) struct Fields<'a> {
    section: Section,
    rest: &'a [u8],
}

impl<'a> Fields<'a> {
    /// Read the fields in a part of a section.
    pub(super) fn new(section: Section, bytes: &'a [u8]) -> Self {
        Self { section, rest: bytes }
    }

    pub(super) fn take<const N: usize>(&mut self) -> Result<[u8; N]> {
        let Some((field, rest)) = self.rest.split_first_chunk() else {
            let left = self.rest.len();
            return Err(damaged(self.section, format!("it ends {} bytes early", N - left)));
        };
        self.rest = rest;
        Ok(*field)
    }

    /// Read a number of bytes.
    pub(super) fn bytes(&mut self, length: usize) -> Result<&'a [u8]> {
        let Some((bytes, rest)) = self.rest.split_at_checked(length) else {
            let missing = length - self.rest.len();
            return Err(damaged(self.section, format!("it ends {missing} bytes early")));
        };
        self.rest = rest;
        Ok(bytes)
    }

    pub(super) fn u8(&mut self) -> Result<u8> {
        self.take().map(u8::from_le_bytes)
    }

    pub(super) fn u32(&mut self) -> Result<u32> {
        self.take().map(u32::from_le_bytes)
    }

    pub(super) fn u64(&mut self) -> Result<u64> {
        self.take().map(u64::from_le_bytes)
    }

    pub(super) fn f64(&mut self) -> Result<f64> {
        self.take().map(f64::from_le_bytes)
    }

    pub(super) fn flag(&mut self, name: &str) -> Result<bool> {
        match self.u8()? {
            0 => Ok(false),
            1 => Ok(true),
            other => Err(damaged(self.section, format!("{name} is {other}: expected 0 or 1"))),
        }
    }

    /// Read a code and convert it by `from_code`.
    pub(super) fn choice<T>(&mut self, name: &str, from_code: impl Fn(u8) -> Option<T>) -> Result<T> {
        let code = self.u8()?;
        from_code(code).ok_or_else(|| {
            damaged(self.section, format!("{name} is number {code}: expected one that this version knows"))
        })
    }

    /// All remaining bytes.
    pub(super) fn rest(self) -> &'a [u8] {
        self.rest
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    pub(super) fn end(self) -> Result<()> {
        if self.is_empty() {
            return Ok(());
        }
        Err(damaged(self.section, format!("{} bytes too many", self.rest.len())))
    }
}
