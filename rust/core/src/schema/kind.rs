//! Kinds of fields: their names, sizes, and the cells and inputs that their values take.

use crate::error::{Error, Result};

/// Default size of a dictionary, in words.
pub const DEFAULT_WORDS: u32 = 100;
/// Default number of buckets of a text.
pub const DEFAULT_BUCKETS: u32 = 512;
/// Maximum number of words of a dictionary, buckets of a text, or values of a vector.
pub const MAX_ENTRIES: u32 = 1 << 20;

/// The kind of a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldKind {
    /// A number if the value can be parsed as one, else a word of a dictionary of this maximum size.
    Auto(u32),
    /// A finite number.
    Number,
    /// A word of a dictionary of this maximum size.
    Category(u32),
    /// A boolean.
    Flag,
    /// A point in time.
    Time,
    /// A natural-language text, hashed to this number of buckets.
    Text(u32),
    /// A set of words of a dictionary of this maximum size.
    Tags(u32),
    /// A vector of this many numbers.
    Vector(u32),
}

/// An entry of [`KINDS`]: how a kind is written, and its code in saved networks.
struct KindEntry {
    name: &'static str,
    code: u8,
    /// The number after the name: `None` if the kind takes no number, `Some(Ok(default))`, or `Some(Err(what))` if the
    /// number is required; `what` describes it in the error.
    number: Option<std::result::Result<u32, &'static str>>,
    make: fn(u32) -> FieldKind,
}

const KINDS: [KindEntry; 8] = [
    KindEntry { name: "AUTO", code: 0, number: Some(Ok(DEFAULT_WORDS)), make: FieldKind::Auto },
    KindEntry { name: "NUMBER", code: 1, number: None, make: |_| FieldKind::Number },
    KindEntry { name: "CATEGORY", code: 2, number: Some(Ok(DEFAULT_WORDS)), make: FieldKind::Category },
    KindEntry { name: "FLAG", code: 3, number: None, make: |_| FieldKind::Flag },
    KindEntry { name: "TIME", code: 4, number: None, make: |_| FieldKind::Time },
    KindEntry { name: "TEXT", code: 5, number: Some(Ok(DEFAULT_BUCKETS)), make: FieldKind::Text },
    KindEntry { name: "TAGS", code: 6, number: Some(Ok(DEFAULT_WORDS)), make: FieldKind::Tags },
    KindEntry { name: "VECTOR", code: 7, number: Some(Err("the number of its values")), make: FieldKind::Vector },
];

impl FieldKind {
    /// Look up the name of a kind, ignoring case. A number may follow: see [`Word::kind`].
    ///
    /// # Errors
    /// [`Error::Schema`] if no kind has this name.
    pub fn named(name: &[u8]) -> Result<Word> {
        let found = KINDS.iter().find(|kind| kind.name.as_bytes().eq_ignore_ascii_case(name));
        found.map(Word).ok_or_else(|| {
            let names: Vec<&str> = KINDS.iter().map(|kind| kind.name).collect();
            Error::Schema(format!("kind {}: expected {}", super::shown(name), names.join(", ")))
        })
    }

    /// The kind with this code and number in a saved network, or `None` if they are invalid.
    pub(crate) fn from_code(code: u8, number: u32) -> Option<Self> {
        let kind = KINDS.iter().find(|kind| kind.code == code)?;
        if kind.number.is_none() && number != 0 || kind.number.is_some() && !(1..=MAX_ENTRIES).contains(&number) {
            return None;
        }
        Some((kind.make)(number))
    }

    pub(crate) fn code(self) -> u8 {
        self.entry().code
    }

    /// The name as commands write it, in upper case.
    pub fn name(self) -> &'static str {
        self.entry().name
    }

    /// The number after the name: maximum size of the dictionary, buckets, or values of a vector. `None` for other
    /// kinds.
    pub fn number(self) -> Option<u32> {
        match self {
            Self::Auto(number)
            | Self::Category(number)
            | Self::Text(number)
            | Self::Tags(number)
            | Self::Vector(number) => Some(number),
            Self::Number | Self::Flag | Self::Time => None,
        }
    }

    fn entry(self) -> &'static KindEntry {
        let same = |kind: &&KindEntry| std::mem::discriminant(&(kind.make)(1)) == std::mem::discriminant(&self);
        KINDS.iter().find(same).expect("every kind has a name")
    }

    /// Maximum number of words in the dictionary, or `None` if the kind has none.
    pub(crate) fn most_words(self) -> Option<u32> {
        match self {
            Self::Auto(most) | Self::Category(most) | Self::Tags(most) => Some(most),
            _ => None,
        }
    }

    /// Whether it has a dictionary.
    pub fn has_dictionary(self) -> bool {
        self.most_words().is_some()
    }

    /// Numbers (cells) of a stored row. Texts and tags have none: their values are in the row's list.
    pub(crate) fn cells(self) -> usize {
        match self {
            Self::Number | Self::Category(_) | Self::Flag => 1,
            Self::Auto(_) | Self::Time => 2,
            Self::Text(_) | Self::Tags(_) => 0,
            Self::Vector(length) => length as usize,
        }
    }

    /// Computed inputs.
    pub(crate) fn dense(self) -> usize {
        match self {
            // The number itself, and its place (quantile) among the training rows.
            Self::Number | Self::Auto(_) => 2,
            Self::Flag => 1,
            Self::Time => super::time::PARTS,
            Self::Category(_) | Self::Text(_) | Self::Tags(_) => 0,
            Self::Vector(length) => length as usize,
        }
    }

    /// Whether values have an order that computed inputs preserve. A time has none: hours and weekdays are cyclic.
    pub fn has_order(self) -> bool {
        matches!(self, Self::Number | Self::Auto(_) | Self::Flag)
    }

    /// Looked-up inputs that exist from the start: for a gap, for unknown words, and one for each bucket.
    pub(crate) fn fixed(self) -> usize {
        match self {
            Self::Text(buckets) => 1 + buckets as usize,
            _ if self.most_words().is_some() => 2,
            _ => 1,
        }
    }

    /// The values that are accepted, in words, for an error.
    pub(crate) fn expected(self) -> &'static str {
        match self {
            Self::Auto(_) => "a number, or a word of at most 64 bytes",
            Self::Number => "a finite number",
            Self::Category(_) => "a word of at most 64 bytes",
            Self::Flag => "1 or 0, true or false, yes or no, on or off",
            Self::Time => "seconds or milliseconds since 1970, or a date such as 2026-11-25 or 2026-11-25T18:30:00Z",
            Self::Text(_) => "a text",
            Self::Tags(_) => "words of at most 64 bytes between commas",
            Self::Vector(_) => "as many finite numbers as the field has, as float32 in little-endian bytes",
        }
    }
}

impl std::fmt::Display for FieldKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.number() {
            Some(number) => write!(f, "{} {number}", self.name()),
            None => f.write_str(self.name()),
        }
    }
}

/// The name of a kind, which a number may follow.
#[derive(Clone, Copy)]
pub struct Word(&'static KindEntry);

impl Word {
    /// Whether a number can follow.
    pub fn takes_number(self) -> bool {
        self.0.number.is_some()
    }

    /// The kind, given the number after its name, if there is one.
    ///
    /// # Errors
    /// [`Error::Schema`] if the number is out of range, required but missing, or given to a kind that takes none.
    pub fn kind(self, number: Option<u64>) -> Result<FieldKind> {
        let KindEntry { name, number: expected, make, .. } = self.0;
        match (number, expected) {
            (None, None) => Ok(make(0)),
            (None, Some(Ok(assumed))) => Ok(make(*assumed)),
            (None, Some(Err(what))) => Err(Error::Schema(format!("{name} alone: expected {what} after it"))),
            (Some(number), Some(_)) if (1..=MAX_ENTRIES.into()).contains(&number) => Ok(make(number as u32)),
            (Some(number), Some(_)) => {
                Err(Error::Schema(format!("{name} {number}: expected an integer from 1 to {MAX_ENTRIES}")))
            }
            (Some(number), None) => Err(Error::Schema(format!("{name} {number}: {name} takes no number"))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_read_as_they_are_written() {
        for (name, number, kind) in [
            ("auto", None, FieldKind::Auto(100)),
            ("Number", None, FieldKind::Number),
            ("CATEGORY", Some(7), FieldKind::Category(7)),
            ("FLAG", None, FieldKind::Flag),
            ("time", None, FieldKind::Time),
            ("TEXT", None, FieldKind::Text(512)),
            ("TAGS", Some(3), FieldKind::Tags(3)),
            ("VECTOR", Some(2), FieldKind::Vector(2)),
        ] {
            let word = FieldKind::named(name.as_bytes()).unwrap();
            assert_eq!(word.kind(number), Ok(kind));
            assert_eq!(word.takes_number(), kind.number().is_some());
            let written = kind.to_string();
            let mut words = written.split(' ');
            let again = FieldKind::named(words.next().unwrap().as_bytes()).unwrap();
            assert_eq!(again.kind(words.next().map(|number| number.parse().unwrap())), Ok(kind));
            assert_eq!(FieldKind::from_code(kind.code(), kind.number().unwrap_or(0)), Some(kind));
        }
    }

    #[test]
    fn unknown_kinds_and_invalid_numbers_are_rejected() {
        let rejected = |name: &str, number| {
            let word = FieldKind::named(name.as_bytes());
            word.and_then(|word| word.kind(number)).unwrap_err().to_string()
        };
        assert_eq!(
            rejected("NUMBRE", None),
            "kind 'NUMBRE': expected AUTO, NUMBER, CATEGORY, FLAG, TIME, TEXT, TAGS, VECTOR"
        );
        assert_eq!(rejected("CATEGORY", Some(0)), "CATEGORY 0: expected an integer from 1 to 1048576");
        assert_eq!(rejected("VECTOR", None), "VECTOR alone: expected the number of its values after it");
        assert_eq!(rejected("FLAG", Some(2)), "FLAG 2: FLAG takes no number");
        for (code, number) in [(8, 1), (1, 1), (2, 0), (7, MAX_ENTRIES + 1)] {
            assert_eq!(FieldKind::from_code(code, number), None);
        }
    }
}
