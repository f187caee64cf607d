//! Values of fields: as a caller passes them, and as the field's kind parses them.

use std::borrow::Cow;

use super::kind::FieldKind;
use super::{MAX_NAME, text, time};

/// A value as a caller passes it: an argument of a command, a JSON value, or a Python object.
#[derive(Debug, Clone, PartialEq)]
pub enum Given<'a> {
    /// A gap: the value is missing.
    Gap,
    /// Bytes, usually of a text.
    Text(Cow<'a, [u8]>),
    /// A number.
    Number(f64),
    /// A boolean.
    Flag(bool),
    /// A list of texts.
    Texts(Vec<Cow<'a, [u8]>>),
    /// A list of numbers.
    Numbers(Vec<f32>),
}

/// A value that has been parsed by the kind of its field.
#[derive(Debug, Clone, PartialEq)]
pub enum Value<'a> {
    /// A gap, which every kind allows.
    Gap,
    /// A finite number; a flag is 1 or 0.
    Number(f32),
    /// A word.
    Word(Cow<'a, [u8]>),
    /// A point in time: days since 1970 and seconds of that day, in UTC.
    Moment([f32; 2]),
    /// Buckets of a text and their values, in ascending order of buckets.
    Buckets(Vec<(u32, f32)>),
    /// A sorted set of words, not empty.
    Words(Vec<Cow<'a, [u8]>>),
    /// Finite numbers, as many as the field has.
    Vector(Vec<f32>),
}

impl Value<'_> {
    /// A copy that borrows nothing.
    pub fn into_owned(self) -> Value<'static> {
        let owned = |word: Cow<'_, [u8]>| Cow::Owned(word.into_owned());
        match self {
            Self::Gap => Value::Gap,
            Self::Number(number) => Value::Number(number),
            Self::Word(word) => Value::Word(owned(word)),
            Self::Moment(moment) => Value::Moment(moment),
            Self::Buckets(buckets) => Value::Buckets(buckets),
            Self::Words(words) => Value::Words(words.into_iter().map(owned).collect()),
            Self::Vector(numbers) => Value::Vector(numbers),
        }
    }
}

impl<'a> Given<'a> {
    /// A borrowed text.
    pub fn text(bytes: &'a [u8]) -> Self {
        Self::Text(Cow::Borrowed(bytes))
    }

    /// Parse the value for a field of this kind. `None` if it does not fit.
    pub(crate) fn understood(self, kind: FieldKind) -> Option<Value<'a>> {
        if self.is_gap(kind) {
            return Some(Value::Gap);
        }
        match kind {
            FieldKind::Number => self.number().map(Value::Number),
            FieldKind::Auto(_) => match self.number() {
                Some(number) => Some(Value::Number(number)),
                None => self.word().map(Value::Word),
            },
            FieldKind::Category(_) => self.word().map(Value::Word),
            FieldKind::Flag => self.flag().map(|flag| Value::Number(f32::from(u8::from(flag)))),
            FieldKind::Time => self.moment().map(Value::Moment),
            FieldKind::Text(buckets) => {
                let found = text::buckets(&self.readable()?, buckets);
                Some(if found.is_empty() { Value::Gap } else { Value::Buckets(found) })
            }
            FieldKind::Tags(_) => self.words(),
            FieldKind::Vector(length) => self.vector(length as usize).map(Value::Vector),
        }
    }

    fn is_gap(&self, kind: FieldKind) -> bool {
        match self {
            Self::Gap => true,
            Self::Text(bytes) => {
                let numeric = matches!(kind, FieldKind::Number | FieldKind::Auto(_));
                bytes.is_empty() || numeric && (bytes.eq_ignore_ascii_case(b"nan") || bytes.trim_ascii().is_empty())
            }
            Self::Number(number) => number.is_nan(),
            Self::Texts(texts) => texts.is_empty(),
            Self::Flag(_) | Self::Numbers(_) => false,
        }
    }

    fn number(&self) -> Option<f32> {
        let number = match self {
            Self::Text(bytes) => {
                let text = std::str::from_utf8(bytes).ok()?.trim_ascii();
                // Rust also parses "inf", "infinity" and "nan". Here these are words.
                let begins = text.trim_start_matches(['+', '-']).bytes().next()?;
                if !begins.is_ascii_digit() && begins != b'.' {
                    return None;
                }
                text.parse::<f64>().ok()?
            }
            Self::Number(number) => *number,
            Self::Flag(flag) => f64::from(u8::from(*flag)),
            Self::Gap | Self::Texts(_) | Self::Numbers(_) => return None,
        };
        Some(number as f32).filter(|number| number.is_finite())
    }

    fn flag(&self) -> Option<bool> {
        match self {
            Self::Text(bytes) => {
                let is = |words: [&str; 4]| words.iter().any(|word| word.as_bytes().eq_ignore_ascii_case(bytes));
                match (is(["1", "true", "yes", "on"]), is(["0", "false", "no", "off"])) {
                    (false, false) => None,
                    (flag, _) => Some(flag),
                }
            }
            Self::Number(number) => [0.0, 1.0].contains(number).then_some(*number == 1.0),
            Self::Flag(flag) => Some(*flag),
            Self::Gap | Self::Texts(_) | Self::Numbers(_) => None,
        }
    }

    fn moment(&self) -> Option<[f32; 2]> {
        match self {
            Self::Text(bytes) => time::of_text(std::str::from_utf8(bytes).ok()?.trim_ascii()),
            Self::Number(number) => time::of_number(*number),
            Self::Gap | Self::Flag(_) | Self::Texts(_) | Self::Numbers(_) => None,
        }
    }

    /// The value as a word. A number is written in its shortest form.
    fn word(self) -> Option<Cow<'a, [u8]>> {
        let word = match self {
            Self::Text(bytes) => bytes,
            Self::Number(number) => Cow::Owned(number.to_string().into_bytes()),
            Self::Flag(flag) => Cow::Borrowed(if flag { &b"true"[..] } else { b"false" }),
            Self::Gap | Self::Texts(_) | Self::Numbers(_) => return None,
        };
        (word.len() <= MAX_NAME).then_some(word)
    }

    /// The value as text. Bytes that are not UTF-8 are replaced.
    fn readable(&self) -> Option<Cow<'_, str>> {
        match self {
            Self::Text(bytes) => Some(String::from_utf8_lossy(bytes)),
            Self::Number(number) => Some(number.to_string().into()),
            Self::Flag(flag) => Some(flag.to_string().into()),
            Self::Texts(texts) => {
                let readable: Vec<_> = texts.iter().map(|text| String::from_utf8_lossy(text)).collect();
                Some(readable.join("\n").into())
            }
            Self::Gap | Self::Numbers(_) => None,
        }
    }

    /// The value as a set of words: a text is split at commas. Empty words are dropped.
    fn words(self) -> Option<Value<'a>> {
        let all = match self {
            Self::Text(Cow::Borrowed(bytes)) => bytes.split(|&byte| byte == b',').map(Cow::Borrowed).collect(),
            Self::Text(Cow::Owned(bytes)) => {
                bytes.split(|&byte| byte == b',').map(|word| Cow::Owned(word.to_vec())).collect()
            }
            Self::Texts(texts) => texts,
            other => vec![other.word()?],
        };
        let mut words: Vec<Cow<'a, [u8]>> = Vec::with_capacity(all.len());
        for word in all {
            let word = match word {
                Cow::Borrowed(bytes) => Cow::Borrowed(bytes.trim_ascii()),
                Cow::Owned(bytes) => Cow::Owned(bytes.trim_ascii().to_vec()),
            };
            if word.len() > MAX_NAME {
                return None;
            }
            if !word.is_empty() {
                words.push(word);
            }
        }
        // A set: neither order nor repetition matters.
        words.sort_unstable();
        words.dedup();
        Some(if words.is_empty() { Value::Gap } else { Value::Words(words) })
    }

    fn vector(self, length: usize) -> Option<Vec<f32>> {
        let numbers = match self {
            Self::Text(bytes) => {
                let (chunks, rest) = bytes.as_chunks::<4>();
                rest.is_empty().then(|| chunks.iter().map(|&chunk| f32::from_le_bytes(chunk)).collect())?
            }
            Self::Numbers(numbers) => numbers,
            Self::Number(number) => vec![number as f32],
            Self::Gap | Self::Flag(_) | Self::Texts(_) => return None,
        };
        (numbers.len() == length && numbers.iter().all(|number| number.is_finite())).then_some(numbers)
    }
}

impl std::fmt::Display for Given<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Gap => f.write_str("nothing"),
            Self::Text(bytes) => f.write_str(&super::shown(bytes)),
            Self::Number(number) => write!(f, "{number}"),
            Self::Flag(flag) => write!(f, "{flag}"),
            Self::Texts(texts) => write!(f, "a list of {} texts", texts.len()),
            Self::Numbers(numbers) => write!(f, "a list of {} numbers", numbers.len()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(kind: FieldKind, text: &str) -> Option<Value<'_>> {
        Given::text(text.as_bytes()).understood(kind)
    }

    fn word(text: &str) -> Value<'_> {
        Value::Word(Cow::Borrowed(text.as_bytes()))
    }

    #[test]
    fn auto_fields_take_numbers_words_and_gaps() {
        for (text, number) in [("12", 12.0), ("-1.5e3", -1500.0), (" 7 ", 7.0), (".5", 0.5), ("+3", 3.0), ("0", 0.0)] {
            assert_eq!(of(FieldKind::Number, text), Some(Value::Number(number)), "{text}");
            assert_eq!(of(FieldKind::Auto(9), text), Some(Value::Number(number)), "{text}");
            assert_eq!(of(FieldKind::Category(9), text), Some(word(text)));
        }
        for text in ["", "nan", "NaN", " "] {
            assert_eq!(of(FieldKind::Number, text), Some(Value::Gap), "{text:?}");
            assert_eq!(of(FieldKind::Auto(9), text), Some(Value::Gap), "{text:?}");
        }
        for text in ["unknown", "inf", "-infinity", "12 EUR", "1e999", "->", "\0"] {
            assert_eq!(of(FieldKind::Number, text), None, "{text}");
            assert_eq!(of(FieldKind::Auto(9), text), Some(word(text)));
        }
        assert_eq!(of(FieldKind::Category(9), ""), Some(Value::Gap));
        assert_eq!(of(FieldKind::Category(9), "nan"), Some(word("nan")));
        assert_eq!(of(FieldKind::Category(9), &"x".repeat(65)), None);
        assert!(of(FieldKind::Category(9), &"x".repeat(64)).is_some());
    }

    #[test]
    fn a_number_is_the_word_of_its_shortest_form() {
        let word_of = |number: f64| match Given::Number(number).understood(FieldKind::Category(9)) {
            Some(Value::Word(word)) => String::from_utf8(word.into_owned()).unwrap(),
            other => panic!("{other:?}"),
        };
        assert_eq!([5.0, 5.5, -0.25].map(word_of), ["5", "5.5", "-0.25"]);
        assert_eq!(Given::Number(f64::NAN).understood(FieldKind::Category(9)), Some(Value::Gap));
        assert_eq!(Given::Number(1e300).understood(FieldKind::Number), None);
        assert_eq!(Given::Flag(true).understood(FieldKind::Category(9)), Some(word("true")));
    }

    #[test]
    fn flags_are_yes_or_no() {
        for text in ["1", "true", "YES", "on"] {
            assert_eq!(of(FieldKind::Flag, text), Some(Value::Number(1.0)));
        }
        for text in ["0", "False", "no", "OFF"] {
            assert_eq!(of(FieldKind::Flag, text), Some(Value::Number(0.0)));
        }
        assert_eq!((of(FieldKind::Flag, "maybe"), of(FieldKind::Flag, "2")), (None, None));
        assert_eq!(of(FieldKind::Flag, ""), Some(Value::Gap));
        assert_eq!(Given::Number(1.0).understood(FieldKind::Flag), Some(Value::Number(1.0)));
        assert_eq!(Given::Number(0.5).understood(FieldKind::Flag), None);
    }

    #[test]
    fn tags_are_a_set_of_words() {
        let words = |texts: &[&'static str]| {
            Some(Value::Words(texts.iter().map(|text| Cow::Borrowed(text.as_bytes())).collect()))
        };
        assert_eq!(of(FieldKind::Tags(9), "red, blue ,red,,green"), words(&["blue", "green", "red"]));
        assert_eq!(of(FieldKind::Tags(9), " , "), Some(Value::Gap));
        assert_eq!(of(FieldKind::Tags(9), &format!("red,{}", "x".repeat(65))), None);
        let list = Given::Texts(vec![Cow::Borrowed(b"a,b"), Cow::Borrowed(b"a")]);
        assert_eq!(list.understood(FieldKind::Tags(9)), words(&["a", "a,b"]));
    }

    #[test]
    fn vectors_need_the_exact_number_of_finite_values() {
        let bytes: Vec<u8> = [1.5f32, -2.0].iter().flat_map(|number| number.to_le_bytes()).collect();
        let given = || Given::text(&bytes);
        assert_eq!(given().understood(FieldKind::Vector(2)), Some(Value::Vector(vec![1.5, -2.0])));
        assert_eq!(given().understood(FieldKind::Vector(3)), None);
        assert_eq!(Given::text(&bytes[..7]).understood(FieldKind::Vector(2)), None);
        assert_eq!(Given::Numbers(vec![1.0, f32::NAN]).understood(FieldKind::Vector(2)), None);
        assert_eq!(Given::text(b"").understood(FieldKind::Vector(2)), Some(Value::Gap));
    }

    #[test]
    fn texts_of_any_bytes_are_accepted() {
        assert_eq!(Given::text(b"\xff\xfe").understood(FieldKind::Text(8)), Some(Value::Gap));
        assert!(matches!(Given::text(b"good \xff film").understood(FieldKind::Text(8)), Some(Value::Buckets(_))));
        assert_eq!(of(FieldKind::Text(8), "?!"), Some(Value::Gap));
    }
}
