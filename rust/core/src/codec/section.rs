//! Sections: what the parts of a saved network are called, and how their fields are read.

use std::fmt::Display;

use super::reserve;
use crate::error::{Error, Result};

/// Declares the sections: name, number, and what an error calls it.
///
/// They are required, but for those of the report, the notes and the calibration: to lose another would be to change the network,
/// or its future.
macro_rules! sections {
    ($($(#[$doc:meta])* $name:ident = $tag:literal, $text:literal;)+) => {
        /// A section that this version knows. Sections come in the order of their numbers.
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

            /// Whether whoever does not know it must refuse the network.
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
    /// Rows at most of the training and of the validation set, u32 each.
    Limits = 3, "limits";
    /// States of the streams of rows and of weights, u64 each.
    Random = 4, "random state";
    /// All parameters, f32 each, member after member.
    Weights = 5, "weights";
    /// RPROP's step sizes, f32 each; left out, with the two that follow, before the first step.
    Sizes = 6, "step sizes";
    /// Signs of the previous gradient, i8 each.
    Signs = 7, "gradient signs";
    /// What each member minimized at the previous step, f64 each.
    Objective = 8, "objective";
    /// Mean f32 and scale f32 of each input; left out for the identity.
    InputScaling = 9, "input scaling";
    /// Mean f32 and scale f32 of each output of a regressor; left out for the identity.
    OutputScaling = 10, "output scaling";
    /// Steps u64, cycles u64, seconds f64, training error f64, validation error f64, class errors f64, overfitting u8,
    /// test decided u8.
    Statistics = 11, "statistics";
    /// Inputs and targets, f32 each, row after row; left out when there are none.
    TrainRows = 12, "training rows";
    /// A weight f32 for each training row; left out when all are 1.
    TrainRowWeights = 13, "training row weights";
    /// As the training rows.
    TestRows = 14, "validation rows";
    /// As the training row weights.
    TestRowWeights = 15, "validation row weights";
    /// In version 2 and 3: members that the first training makes, u8; left out where the engine chooses.
    Restarts = 17, "restarts";
    /// What the last training told: its reason u8, overfitting u8, threads u32, cycles u64, best cycle u64, nanoseconds u64,
    /// training error f64, and, each after a flag u8 that says whether it is there, validation error f64 and class errors f64;
    /// then each warning after its length, u32. Left out when there was none.
    Report = 18, "report";
    /// The errors over the cycles of that training: cycle u64, training error f64, validation error f64 or, where it was not
    /// computed, the number that is none.
    Curve = 19, "curve";
    /// In version 3: how classes are weighed u8 (1: balanced, 2: as given), and if given a weight f32 for each output; left out
    /// where they are not.
    ClassWeight = 20, "class weight";
    /// In version 3: cycles of patience, u32; left out where the engine chooses.
    Patience = 21, "patience";
    /// How much of the weight decay that the engine chooses each member has, f32 each; left out where all have all of it.
    /// Since version 3.
    Decays = 22, "decays";
    /// Bytes that a user keeps with the network, which nothing here reads; left out when there are none.
    Notes = 23, "notes";
    /// All options (`options.rs`). Since version 4.
    Options = 24, "options";
    /// What a trainer remembers beside the sections of RPROP, which it has too: its tag u8 and three bytes of 0. That of L-BFGS
    /// is 1; of each member objective f64 (infinite if no search has begun), step f64, decay f32, times shortened u32 and
    /// moves u32; then the moves of each, the oldest first, changes of the weights before those of the gradient, f32 each.
    /// That of Adam is 2; of each member steps u64 and the loss of its last cycle f64; then the weights that it steps from, the means
    /// of gradients and the means of their squares, f32 each. Left out where there is none. Since version 4.
    TrainerState = 25, "trainer state";
    /// Empty; left out where the weights were never assigned. Since version 4.
    Assigned = 26, "assigned weights";
    /// The fields of rows and the target, of networks that have such; of these rows are in sections of their own.
    Schema = 27, "schema";
    /// Names of classes, in the order in which they came.
    Classes = 28, "classes";
    /// Words of fields, in the order in which they came: the field u32, and the word.
    Words = 29, "words";
    /// Cells and outcomes of training rows of fields, f32 each.
    TrainFields = 30, "training rows";
    /// A weight for each, f32.
    TrainFieldWeights = 31, "training row weights";
    /// How many entries each lists, u32.
    TrainListLengths = 32, "lengths of training lists";
    /// The entries, one row after the other: the input u32, the value f32.
    TrainListEntries = 33, "training lists";
    /// The same of validation rows.
    TestFields = 34, "validation rows";
    /// A weight for each, f32.
    TestFieldWeights = 35, "validation row weights";
    /// How many entries each lists, u32.
    TestListLengths = 36, "lengths of testing lists";
    /// The entries.
    TestListEntries = 37, "testing lists";
    /// Of each field of numbers in turn how many knots its places have, u32, and these, f32 each. Left out before the first training
    /// and without fields.
    Places = 38, "places";
    /// What rows intervals follow from, u64 (0: given, 1: validation rows, 2: validation rows that decided when to stop); then the scores
    /// of each output of a regressor, or of the true classes, f64 each, the smallest of each first, then the second of each. Left out
    /// where that is not kept.
    Calibration = 39, "calibration";
    /// Mean f32 and scale f32 of each number of events, where a network of sequences scales them by themselves. Since version 6.
    EventScaling = 40, "event scaling";
    /// What sequences a network learns from, of networks that do: events of each that are kept u32, cell u8, whether events are by
    /// position u8, seed u64; then the target and the fields of events, as those of rows. Since version 6.
    Sequence = 41, "sequences";
    /// Names of classes that are no words of events, in the order in which they came.
    EventClasses = 42, "classes of sequences";
    /// Words of fields of events, in the order in which they came: the field u32, and the word.
    EventWords = 43, "words of events";
    /// Of each sequence flags u8 (1: earlier events are gone, 2: of the validation set, 4: it has an outcome), the length of its id u8,
    /// its events and the bytes of these, u32 each, its id and its events; with an outcome after how many events that came, u32, its
    /// weight f32, and the class or the outputs, f32 each. Left out where there are none.
    Happened = 44, "events of sequences";
    /// The places of the sequences, u32 each, in the order in which they are to go: those of the training set, then those of the
    /// validation set.
    Idle = 45, "order of sequences";
    /// Gated cells, one of each member: their units, the inputs that are computed and all inputs, u32 each; then the weights of each
    /// cell in turn, f32 each. Left out where there are none. Since version 7.
    Gru = 46, "gated cells";
    /// Empty. Frames have no other end: in an RDB nothing tells how many there are.
    End = 0xFFFF, "end";
}

/// What is wrong with a section.
pub(super) fn damaged(section: Section, what: impl Display) -> Error {
    Error::Damaged(format!("section {}: {what}", section.name()))
}

/// What a frame holds of a section.
#[derive(Debug, Clone, Copy)]
pub(super) struct Piece<'a> {
    pub(super) section: Section,
    pub(super) body: &'a [u8],
    /// Whether the section goes on in the next frame.
    pub(super) more: bool,
    /// Bytes of a body at most.
    pub(super) room: usize,
}

impl<'a> Piece<'a> {
    /// The body as units of that many bytes, none of which is cut.
    ///
    /// There is one way to cut a section, so that a network has one form: each piece but the last is as full as can be.
    pub(super) fn units(&self, unit: usize) -> Result<impl ExactSizeIterator<Item = &'a [u8]> + use<'a>> {
        let (given, full) = (self.body.len(), self.room / unit * unit);
        if given == 0 || given % unit != 0 {
            return Err(damaged(self.section, format!("{given} bytes: expected a multiple of {unit}, and not 0")));
        }
        if given > full || self.more && given < full {
            let extent = if self.more { "just" } else { "at most" };
            return Err(damaged(self.section, format!("a piece of {given} bytes: expected {extent} {full}")));
        }
        Ok(self.body.chunks_exact(unit))
    }

    /// Reads one value after the other to the end of `to`, which is to hold a multiple of `each` when the section ends, and
    /// never more than `most`. Memory is taken only for the values that are here.
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

    /// The bytes of a section of values of different lengths.
    pub(super) fn body(&self) -> &'a [u8] {
        self.body
    }

    /// The body as a few fields, in one piece.
    pub(super) fn fields(&self) -> Result<Fields<'a>> {
        if self.more {
            return Err(damaged(self.section, "it goes on in the next frame: expected it in one piece"));
        }
        Ok(Fields { section: self.section, rest: self.body })
    }
}

/// Fields that are read one after the other.
#[derive(Debug)]
pub(super) struct Fields<'a> {
    section: Section,
    rest: &'a [u8],
}

impl<'a> Fields<'a> {
    /// Those of a part of a section.
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

    /// So many bytes.
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

    /// One of the choices that have a number.
    pub(super) fn choice<T>(&mut self, name: &str, from_code: impl Fn(u8) -> Option<T>) -> Result<T> {
        let code = self.u8()?;
        from_code(code).ok_or_else(|| {
            damaged(self.section, format!("{name} is number {code}: expected one that this version knows"))
        })
    }

    /// All that is left.
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
