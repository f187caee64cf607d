//! The fields of rows in a command: names and values as arguments, or JSON.

use std::borrow::Cow;

use neuralredis_core::schema::{Value, json};
use neuralredis_core::{Error, Given, Schema};
use smallvec::SmallVec;

use super::super::prelude::*;

/// The keyword after the fields.
pub(super) const ARROW: &[u8] = b"->";

/// A name and a value in COMMAND DOCS.
pub(crate) const PAIR: Argument = Argument::block(c"pair", &[Argument::text(c"field"), Argument::text(c"value")]);
/// Rows as JSON in COMMAND DOCS.
pub(crate) const JSON: Argument = Argument::text(c"json").after(c"JSON");

/// Nanoseconds to parse a byte: of JSON, and of texts, whose words are folded and hashed.
const NANOSECONDS_TO_PARSE: usize = 60;

type Pair<'a> = (Cow<'a, [u8]>, Cow<'a, [u8]>);

/// The fields of one or more rows, not parsed yet.
#[derive(Debug)]
#[allow(
    clippy::large_enum_variant,
    reason = "it lives on the stack for one command, which a block of memory would slow"
)]
pub(crate) enum Known<'a> {
    /// Names of fields and their values, of one row.
    Pairs(SmallVec<[Pair<'a>; 12]>),
    /// An object, or an array of objects.
    Json(Cow<'a, [u8]>),
}

/// Parsed rows.
pub(crate) struct Rows<'a> {
    /// For each row, a value for each field.
    pub(crate) rows: Vec<Vec<Value<'a>>>,
    /// Whether they came as an array, which may have one row or none.
    pub(super) are_listed: bool,
}

impl<'a> Known<'a> {
    /// Parses arguments; also returns those after `->`. A field cannot have the name `->`, but a value can be `->`.
    #[allow(clippy::type_complexity, reason = "two parts of the arguments")]
    pub(crate) fn parse<'b>(args: &'b [&'a [u8]]) -> Result<(Self, Option<&'b [&'a [u8]]>), Refusal> {
        match args {
            [word, rest @ ..] if is(word, "JSON") => {
                let Some((&text, rest)) = rest.split_first() else {
                    return Err(Refusal::shape("JSON has no text after it: expected an object of fields"));
                };
                let known = Self::Json(text.into());
                match rest {
                    [] => Ok((known, None)),
                    [arrow, options @ ..] if *arrow == ARROW => Ok((known, Some(options))),
                    [word, ..] => Err(Refusal::unknown(word, "-> or nothing after the JSON")),
                }
            }
            [word, ..] if is(word, "FP32") => Err(Error::HasFields.into()),
            _ => Self::pairs(args),
        }
    }

    /// Parses names and values.
    #[allow(clippy::type_complexity, reason = "two parts of the arguments")]
    pub(crate) fn pairs<'b>(mut args: &'b [&'a [u8]]) -> Result<(Self, Option<&'b [&'a [u8]]>), Refusal> {
        let mut pairs = SmallVec::new();
        loop {
            match args {
                [] => return Ok((Self::Pairs(pairs), None)),
                [arrow, options @ ..] if *arrow == ARROW => return Ok((Self::Pairs(pairs), Some(options))),
                [field] => return Err(Refusal::shape(format!("field '{}' has no value after it", shown(field)))),
                [field, value, rest @ ..] => {
                    pairs.push(((*field).into(), (*value).into()));
                    args = rest;
                }
            }
        }
    }

    /// A copy that borrows nothing, for a thread.
    pub(crate) fn into_owned(self) -> Known<'static> {
        let owned = |bytes: Cow<'_, [u8]>| Cow::Owned(bytes.into_owned());
        match self {
            Self::Pairs(pairs) => {
                Known::Pairs(pairs.into_iter().map(|(field, value)| (owned(field), owned(value))).collect())
            }
            Self::Json(text) => Known::Json(owned(text)),
        }
    }

    fn bytes(&self) -> usize {
        match self {
            Self::Pairs(pairs) => pairs.iter().map(|(_, value)| value.len()).sum(),
            Self::Json(text) => text.len(),
        }
    }

    /// The cost of parsing.
    pub(crate) fn cost(&self) -> Cost {
        Cost::of_bytes(NANOSECONDS_TO_PARSE * self.bytes())
    }

    /// The most rows that it can have, for estimating costs. In a long text, which costs more to parse anyway, rows are
    /// not counted but estimated by its length.
    pub(super) fn likely_rows(&self) -> usize {
        const COUNTED: usize = 1 << 20;
        match self {
            Self::Json(text) if text.len() > COUNTED => text.len() / b"{},".len(),
            _ => self.most_rows(),
        }
    }

    /// The most rows that it can have, without parsing it.
    pub(super) fn most_rows(&self) -> usize {
        match self {
            // Each row is an object; braces in strings and of nested objects count as well.
            Self::Json(text) if text.trim_ascii_start().starts_with(b"[") => {
                text.split(|byte| *byte == b'{').count() - 1
            }
            Self::Pairs(_) | Self::Json(_) => 1,
        }
    }

    /// Parses the rows by the fields of a network.
    pub(crate) fn read(&self, schema: &Schema) -> Result<Rows<'_>, Refusal> {
        match self {
            Self::Pairs(pairs) => {
                let given = pairs.iter().map(|(field, value)| (field, Given::text(value)));
                Ok(Rows { rows: vec![schema.understand(given)?], are_listed: false })
            }
            Self::Json(text) => {
                let (found, are_listed) = json::rows(text)?;
                let understood = found.into_iter().enumerate().map(|(index, row)| {
                    schema.understand(row).map_err(|error| if are_listed { in_row(error, index) } else { error.into() })
                });
                Ok(Rows { rows: understood.collect::<Result<_, Refusal>>()?, are_listed })
            }
        }
    }
}

/// Adds the index of the row to an error.
fn in_row(error: Error, index: usize) -> Refusal {
    match error {
        Error::UnknownField { .. } | Error::FieldTwice { .. } => Refusal::data(format!("row {index}: {error}")),
        error => error.in_row(index).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(args: &[&'static str]) -> (Vec<(String, String)>, Option<usize>) {
        let args: Vec<&[u8]> = args.iter().map(|arg| arg.as_bytes()).collect();
        let (known, options) = Known::parse(&args).unwrap();
        let Known::Pairs(pairs) = known else { panic!("{known:?}") };
        let text = |bytes: Cow<'_, [u8]>| String::from_utf8(bytes.into_owned()).unwrap();
        (pairs.into_iter().map(|(field, value)| (text(field), text(value))).collect(), options.map(<[_]>::len))
    }

    fn error_of(args: &[&str]) -> String {
        let args: Vec<&[u8]> = args.iter().map(|arg| arg.as_bytes()).collect();
        Known::parse(&args).map(|_| ()).unwrap_err().text()
    }

    #[test]
    fn an_arrow_in_place_of_a_name_ends_the_fields() {
        let pair = |field: &str, value: &str| (field.to_string(), value.to_string());
        assert_eq!(pairs(&["age", "31", "->", "yes"]), (vec![pair("age", "31")], Some(1)));
        assert_eq!(pairs(&["note", "->", "->", "TOP", "3"]), (vec![pair("note", "->")], Some(2)));
        assert_eq!(pairs(&["note", "->"]), (vec![pair("note", "->")], None));
        assert_eq!(pairs(&["->"]), (vec![], Some(0)));
        assert_eq!(pairs(&[]), (vec![], None));
        assert_eq!(error_of(&["age", "31", "plan"]), "NRSHAPE field 'plan' has no value after it");
    }

    #[test]
    fn json_is_one_argument() {
        let (known, options) = Known::parse(&[b"json", b"{}", b"->", b"TOP", b"2"]).unwrap();
        assert!(matches!(known, Known::Json(_)));
        assert_eq!(options.map(<[_]>::len), Some(2));
        assert_eq!(error_of(&["JSON"]), "NRSHAPE JSON has no text after it: expected an object of fields");
        assert!(error_of(&["JSON", "{}", "TOP", "2"]).contains("unknown option 'TOP'"));
        assert!(error_of(&["FP32", "abcd"]).starts_with("NRSHAPE"));
    }

    #[test]
    fn the_rows_of_an_array_are_bounded_by_its_braces() {
        for (text, rows) in [("[]", 0), ("[{}]", 1), (" [{},{},{}]", 3), ("{}", 1), (r#"[{"a":{"b":"{"}}]"#, 3)] {
            assert_eq!(Known::Json(text.as_bytes().into()).most_rows(), rows, "{text}");
        }
    }
}
