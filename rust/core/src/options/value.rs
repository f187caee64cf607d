//! Values of options, whichever option they are of, and what an option may be.
//!
//! The faces read and write values in their own forms, text here and objects there, by the [`Domain`] alone: so an option is
//! known to all of them once it stands in the [`super::TABLE`].

use std::sync::Arc;

use crate::error::{Error, Result};

/// The value of an option.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// Yes or no.
    Flag(bool),
    /// One of the words that the option has.
    Word(&'static str),
    /// An integer of at least 0.
    Integer(u64),
    /// A number.
    Number(f32),
    /// Several numbers. A vector, not a slice, so that memory for it can be refused.
    Numbers(Arc<Vec<f32>>),
}

/// What an option may be.
#[derive(Debug, Clone, Copy)]
pub struct Domain {
    /// Words, and the number that stands for each in saved networks.
    pub words: &'static [(&'static str, u8)],
    /// What else.
    pub other: Other,
}

/// What an option may be but for words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Other {
    /// Nothing else.
    Nothing,
    /// Yes or no.
    Flag,
    /// An integer between two, which are included.
    Integer(u64, u64),
    /// A finite number of at least 0.
    Number,
    /// Finite numbers above 0, one for each output.
    Numbers,
}

impl Domain {
    pub(crate) const FLAG: Self = Self { words: &[], other: Other::Flag };

    pub(crate) const fn integer(least: u64, most: u64) -> Self {
        Self { words: &[], other: Other::Integer(least, most) }
    }

    /// The word that this is, whatever the case of its letters.
    pub fn word(&self, given: &[u8]) -> Option<Value> {
        let words = self.words.iter().map(|&(word, _)| word);
        words.into_iter().find(|word| word.as_bytes().eq_ignore_ascii_case(given)).map(Value::Word)
    }

    /// Whether the option may be that.
    pub fn contains(&self, value: &Value) -> bool {
        match (value, self.other) {
            (Value::Word(word), _) => self.words.iter().any(|(known, _)| known == word),
            (Value::Flag(_), other) => other == Other::Flag,
            (Value::Integer(number), Other::Integer(least, most)) => (least..=most).contains(number),
            (Value::Number(number), Other::Number) => number.is_finite() && *number >= 0.0,
            (Value::Numbers(numbers), Other::Numbers) => numbers.iter().all(|&number| is_positive(number)),
            _ => false,
        }
    }

    /// The values that are accepted, in words.
    pub fn expected(&self) -> String {
        let mut expected = self.words.iter().map(|&(word, _)| word).collect::<Vec<_>>().join(", ");
        let other = match self.other {
            Other::Nothing => return expected,
            Other::Flag => "yes or no".to_owned(),
            Other::Integer(least, most) => format!("an integer from {least} to {most}"),
            Other::Number => "a finite number of at least 0".to_owned(),
            Other::Numbers => "a finite number above 0 for each output".to_owned(),
        };
        if !expected.is_empty() {
            expected.push_str(" or ");
        }
        expected + &other
    }

    /// The value as bytes of a saved network.
    pub(crate) fn encode(&self, value: &Value) -> Vec<u8> {
        match value {
            Value::Flag(flag) => vec![u8::from(*flag)],
            Value::Word(word) => self.words.iter().filter(|(known, _)| known == word).map(|&(_, code)| code).collect(),
            Value::Integer(number) => number.to_le_bytes().to_vec(),
            Value::Number(number) => number.to_le_bytes().to_vec(),
            Value::Numbers(numbers) => numbers.iter().flat_map(|number| number.to_le_bytes()).collect(),
        }
    }

    /// The value that [`Self::encode`] made these bytes of.
    pub(crate) fn decode(&self, bytes: &[u8]) -> Result<Option<Value>> {
        let value = match (bytes, self.other) {
            (&[flag @ (0 | 1)], Other::Flag) => Value::Flag(flag == 1),
            (&[code], _) => match self.words.iter().find(|&&(_, known)| known == code) {
                Some((word, _)) => Value::Word(word),
                None => return Ok(None),
            },
            (_, Other::Integer(..)) => match bytes.try_into() {
                Ok(bytes) => Value::Integer(u64::from_le_bytes(bytes)),
                Err(_) => return Ok(None),
            },
            (_, Other::Number) => match bytes.try_into() {
                Ok(bytes) => Value::Number(f32::from_le_bytes(bytes)),
                Err(_) => return Ok(None),
            },
            (_, Other::Numbers) => {
                let (chunks, []) = bytes.as_chunks() else { return Ok(None) };
                let mut numbers = Vec::new();
                numbers.try_reserve_exact(chunks.len()).map_err(|_| Error::Memory { bytes: bytes.len() })?;
                numbers.extend(chunks.iter().map(|&chunk| f32::from_le_bytes(chunk)));
                Value::Numbers(Arc::new(numbers))
            }
            _ => return Ok(None),
        };
        Ok(Some(value).filter(|value| self.contains(value)))
    }
}

pub(super) fn is_positive(number: f32) -> bool {
    number.is_finite() && number > 0.0
}

/// A type that values of an option become.
pub(crate) trait Setting: Sized {
    const DOMAIN: Domain;

    fn value(&self) -> Value;

    /// None for a value outside of the domain.
    fn from_value(value: Value) -> Option<Self>;
}

impl Setting for bool {
    const DOMAIN: Domain = Domain::FLAG;

    fn value(&self) -> Value {
        Value::Flag(*self)
    }

    fn from_value(value: Value) -> Option<Self> {
        if let Value::Flag(flag) = value { Some(flag) } else { None }
    }
}

impl Setting for u32 {
    const DOMAIN: Domain = Domain::integer(0, Self::MAX as u64);

    fn value(&self) -> Value {
        Value::Integer((*self).into())
    }

    fn from_value(value: Value) -> Option<Self> {
        if let Value::Integer(number) = value { number.try_into().ok() } else { None }
    }
}

impl Setting for u64 {
    const DOMAIN: Domain = Domain::integer(0, Self::MAX);

    fn value(&self) -> Value {
        Value::Integer(*self)
    }

    fn from_value(value: Value) -> Option<Self> {
        if let Value::Integer(number) = value { Some(number) } else { None }
    }
}

/// A number that the engine chooses or a user gives: the choice is the word `auto`.
macro_rules! auto_or {
    ($name:ident::$given:ident = $kind:ident($type:ty), $other:expr) => {
        impl Setting for $name {
            const DOMAIN: Domain = Domain { words: &[("auto", 0)], other: $other };

            fn value(&self) -> Value {
                match *self {
                    Self::Auto => Value::Word("auto"),
                    Self::$given(number) => Value::$kind(number.into()),
                }
            }

            fn from_value(value: Value) -> Option<Self> {
                match value {
                    Value::Word("auto") => Some(Self::Auto),
                    Value::$kind(number) => <$type>::try_from(number).ok().map(Self::$given),
                    _ => None,
                }
            }
        }
    };
}
pub(super) use auto_or;
