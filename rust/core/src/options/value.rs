//! Untyped values of options, and the values that an option accepts.
//!
//! Bindings convert between their own representation (text, objects) and a [`Value`], guided by the [`Domain`] alone.
//! So they support every option of the [`super::TABLE`] without code of its own.

use std::sync::Arc;

use crate::error::{Error, Result};

/// The value of an option.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// A boolean.
    Flag(bool),
    /// One of the words of the option's domain.
    Word(&'static str),
    /// A non-negative integer.
    Integer(u64),
    /// A number.
    Number(f32),
    /// Several numbers. A vector rather than a slice, because its allocation can fail without aborting the process.
    Numbers(Arc<Vec<f32>>),
}

/// The values that an option accepts: some words, and one other type of value.
#[derive(Debug, Clone, Copy)]
pub struct Domain {
    /// The words, each with its code in saved networks.
    pub words: &'static [(&'static str, u8)],
    /// The other values.
    pub other: Other,
}

/// The values other than words that an option accepts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Other {
    /// None.
    Nothing,
    /// A boolean.
    Flag,
    /// An integer between two bounds, inclusive.
    Integer(u64, u64),
    /// A finite number of at least 0.
    Number,
    /// Finite numbers above 0, one for each output.
    Numbers,
    /// 1, 0 or -1, one for each input.
    Signs,
}

impl Domain {
    pub(crate) const FLAG: Self = Self { words: &[], other: Other::Flag };

    pub(crate) const fn integer(least: u64, most: u64) -> Self {
        Self { words: &[], other: Other::Integer(least, most) }
    }

    /// Look up a word, ignoring case.
    pub fn word(&self, given: &[u8]) -> Option<Value> {
        let words = self.words.iter().map(|&(word, _)| word);
        words.into_iter().find(|word| word.as_bytes().eq_ignore_ascii_case(given)).map(Value::Word)
    }

    /// Whether the option accepts this value.
    pub fn contains(&self, value: &Value) -> bool {
        match (value, self.other) {
            (Value::Word(word), _) => self.words.iter().any(|(known, _)| known == word),
            (Value::Flag(_), other) => other == Other::Flag,
            (Value::Integer(number), Other::Integer(least, most)) => (least..=most).contains(number),
            (Value::Number(number), Other::Number) => number.is_finite() && *number >= 0.0,
            (Value::Numbers(numbers), Other::Numbers) => numbers.iter().all(|&number| is_positive(number)),
            (Value::Numbers(numbers), Other::Signs) => numbers.iter().all(|&number| is_sign(number)),
            _ => false,
        }
    }

    /// The accepted values, in words for an error.
    pub fn expected(&self) -> String {
        let mut expected = self.words.iter().map(|&(word, _)| word).collect::<Vec<_>>().join(", ");
        let other = match self.other {
            Other::Nothing => return expected,
            Other::Flag => "yes or no".to_owned(),
            Other::Integer(least, most) => format!("an integer from {least} to {most}"),
            Other::Number => "a finite number of at least 0".to_owned(),
            Other::Numbers => "a finite number above 0 for each output".to_owned(),
            Other::Signs => "1, 0 or -1 for each input".to_owned(),
        };
        if !expected.is_empty() {
            expected.push_str(" or ");
        }
        expected + &other
    }

    /// Encode a value for a saved network: a code of one byte, or numbers in little-endian order.
    pub(crate) fn encode(&self, value: &Value) -> Vec<u8> {
        match value {
            Value::Flag(flag) => vec![u8::from(*flag)],
            Value::Word(word) => self.words.iter().filter(|(known, _)| known == word).map(|&(_, code)| code).collect(),
            Value::Integer(number) => number.to_le_bytes().to_vec(),
            Value::Number(number) => number.to_le_bytes().to_vec(),
            Value::Numbers(numbers) => numbers.iter().flat_map(|number| number.to_le_bytes()).collect(),
        }
    }

    /// Decode what [`Self::encode`] wrote. `None` for invalid bytes or a value outside of the domain.
    ///
    /// # Errors
    /// [`Error::Memory`] if a list of numbers does not fit in memory.
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
            (_, Other::Numbers | Other::Signs) => {
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

pub(super) fn is_sign(number: f32) -> bool {
    [1.0, 0.0, -1.0].contains(&number)
}

/// The Rust type of an option, which converts from and to [`Value`].
pub(crate) trait Setting: Sized {
    const DOMAIN: Domain;

    fn value(&self) -> Value;

    /// `None` for a value outside of the domain.
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

/// Implement [`Setting`] for an enum of `Auto` and a given number. `Auto` is the word `auto`.
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

#[cfg(test)]
mod tests {
    use super::*;

    const WORDS: &[(&str, u8)] = &[("auto", 0), ("all", 7)];

    fn domain(other: Other) -> Domain {
        Domain { words: WORDS, other }
    }

    fn numbers(numbers: &[f32]) -> Value {
        Value::Numbers(Arc::new(numbers.to_vec()))
    }

    #[test]
    fn a_domain_accepts_its_words_and_one_other_type() {
        let others = [Other::Nothing, Other::Flag, Other::Integer(2, 5), Other::Number, Other::Numbers];
        assert!(
            [[1.0, 0.0, -1.0], [1.0, 2.0, 0.0]].map(|signs| domain(Other::Signs).contains(&numbers(&signs)))
                == [true, false]
        );
        let things = [Value::Flag(false), Value::Integer(3), Value::Number(0.5), numbers(&[1.0, 2.0])];
        for (at, &other) in others.iter().enumerate() {
            let domain = domain(other);
            assert!(domain.contains(&Value::Word("all")) && !domain.contains(&Value::Word("none")));
            for (of, thing) in things.iter().enumerate() {
                assert_eq!(domain.contains(thing), of + 1 == at, "{other:?} {thing:?}");
            }
        }
        let integers = |number| domain(Other::Integer(2, 5)).contains(&Value::Integer(number));
        assert_eq!([1, 2, 5, 6].map(integers), [false, true, true, false]);
        let number = |number| domain(Other::Number).contains(&Value::Number(number));
        assert_eq!([-0.5, 0.0, f32::MAX, f32::INFINITY, f32::NAN].map(number), [false, true, true, false, false]);
        let of = |second| domain(Other::Numbers).contains(&numbers(&[1.0, second]));
        assert_eq!([-1.0, 0.0, 1e-30, f32::INFINITY].map(of), [false, false, true, false]);
    }

    #[test]
    fn expected_values_are_listed_in_words() {
        let expected = |other| domain(other).expected();
        assert_eq!(expected(Other::Nothing), "auto, all");
        assert_eq!(expected(Other::Integer(2, 5)), "auto, all or an integer from 2 to 5");
        assert_eq!(expected(Other::Number), "auto, all or a finite number of at least 0");
        assert_eq!(expected(Other::Signs), "auto, all or 1, 0 or -1 for each input");
        assert_eq!(Domain::FLAG.expected(), "yes or no");
        assert_eq!(Domain::integer(0, 9).expected(), "an integer from 0 to 9");
    }

    #[test]
    fn values_are_encoded_and_other_bytes_are_rejected() {
        let one = 1f32.to_le_bytes();
        for (other, value, bytes) in [
            (Other::Nothing, Value::Word("all"), vec![7]),
            (Other::Flag, Value::Flag(true), vec![1]),
            (Other::Integer(2, 5), Value::Integer(3), vec![3, 0, 0, 0, 0, 0, 0, 0]),
            (Other::Number, Value::Number(1.0), one.to_vec()),
            (Other::Numbers, numbers(&[1.0, 1.0]), [one, one].concat()),
            (Other::Signs, numbers(&[1.0]), one.to_vec()),
        ] {
            let domain = domain(other);
            assert_eq!(domain.encode(&value), bytes);
            assert_eq!(domain.decode(&bytes), Ok(Some(value)));
            assert_eq!(domain.decode(&[9]), Ok(None), "no word has this code");
            assert_eq!(domain.decode(&[bytes.as_slice(), &[0; 3]].concat()), Ok(None), "{other:?}");
        }
        assert_eq!(Domain::FLAG.decode(&[0]), Ok(Some(Value::Flag(false))));
        assert_eq!(domain(Other::Integer(2, 5)).decode(&9u64.to_le_bytes()), Ok(None));
        assert_eq!(domain(Other::Number).decode(&f32::NAN.to_le_bytes()), Ok(None));
        assert_eq!(domain(Other::Numbers).decode(&0f32.to_le_bytes()), Ok(None));
    }

    #[test]
    fn a_setting_converts_back_to_its_value_and_rejects_others() {
        fn is_kept<T: Setting>(value: Value) {
            assert_eq!(T::from_value(value.clone()).map(|setting| setting.value()), Some(value));
            assert!(T::from_value(Value::Word("of another option")).is_none());
        }
        is_kept::<bool>(Value::Flag(true));
        is_kept::<bool>(Value::Flag(false));
        is_kept::<u32>(Value::Integer(u32::MAX.into()));
        is_kept::<u64>(Value::Integer(u64::MAX));
        assert_eq!(u32::from_value(Value::Integer(1 << 32)), None);
        assert_eq!((bool::DOMAIN.other, u32::DOMAIN.other), (Other::Flag, Other::Integer(0, u32::MAX.into())));
    }
}
