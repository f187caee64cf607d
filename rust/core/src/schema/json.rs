//! Rows as JSON objects (RFC 8259). Nested objects are flattened into dotted names.

use std::borrow::Cow;
use std::fmt;

use serde_core::de::{self, DeserializeSeed, Deserializer as _, MapAccess, SeqAccess, Visitor};

use super::{Given, shown};
use crate::error::{Error, Result};

/// Maximum depth of nested objects. The parser's own limit lies beyond it.
const MAX_DEPTH: usize = 16;

/// Parse an object into fields and values, in the order of the text. Names and texts without escapes are borrowed.
///
/// ```
/// use neuralredis_core::Given;
/// use neuralredis_core::schema::json::fields;
/// let found = fields(br#"{"age": 31, "cart": {"sum": 12.5, "tags": ["new", "red"]}, "plan": null}"#)?;
/// let names: Vec<_> = found.iter().map(|(name, _)| String::from_utf8_lossy(name)).collect();
/// assert_eq!(names, ["age", "cart.sum", "cart.tags", "plan"]);
/// assert_eq!((&found[1].1, &found[3].1), (&Given::Number(12.5), &Given::Gap));
/// # Ok::<(), neuralredis_core::Error>(())
/// ```
///
/// # Errors
/// [`Error::Json`] for invalid JSON, for anything but an object, and for an array of anything but texts or numbers.
pub fn fields(json: &[u8]) -> Result<Found<'_>> {
    let mut found = Vec::new();
    let mut parser = serde_json::Deserializer::from_slice(json);
    let object = Object { found: &mut found, prefix: Vec::new(), depth: 0 };
    let read = parser.deserialize_map(object).and_then(|()| parser.end());
    match read {
        Ok(()) => Ok(found),
        Err(error) => Err(Error::Json { text: shown(json), why: error.to_string() }),
    }
}

/// Append a field and its value to the text of an object. The caller writes the braces.
///
/// # Errors
/// [`Error::FieldValue`] for bytes that are not UTF-8 and for infinite numbers, which JSON cannot represent.
pub fn write(name: &[u8], value: &Given<'_>, to: &mut Vec<u8>) -> Result<()> {
    let rejected = || Error::FieldValue {
        row: None,
        field: name.escape_ascii().to_string(),
        value: value.to_string(),
        expected: "what JSON can say: text in UTF-8, finite numbers".into(),
    };
    let text = |text: &[u8], to: &mut Vec<u8>| {
        let text = std::str::from_utf8(text).map_err(|_| rejected())?;
        serde_json::to_writer(to, text).map_err(|_| rejected())
    };
    let number = |number: f64, to: &mut Vec<u8>| {
        // serde_json would write null for a number that is not finite, and null is a gap.
        if number.is_finite() { serde_json::to_writer(to, &number).map_err(|_| rejected()) } else { Err(rejected()) }
    };
    if !to.is_empty() && !to.ends_with(b"{") {
        to.push(b',');
    }
    text(name, to)?;
    to.push(b':');
    match value {
        Given::Gap => to.extend(b"null"),
        Given::Text(bytes) => text(bytes, to)?,
        Given::Number(of) if of.is_nan() => to.extend(b"null"),
        Given::Number(of) => number(*of, to)?,
        Given::Flag(flag) => to.extend(flag.to_string().as_bytes()),
        Given::Texts(texts) => list(texts, |item, to| text(item, to), to)?,
        Given::Numbers(numbers) => list(numbers, |&item, to| number(item.into(), to), to)?,
    }
    Ok(())
}

fn list<T>(items: &[T], write: impl Fn(&T, &mut Vec<u8>) -> Result<()>, to: &mut Vec<u8>) -> Result<()> {
    to.push(b'[');
    for (at, item) in items.iter().enumerate() {
        if at > 0 {
            to.push(b',');
        }
        write(item, to)?;
    }
    to.push(b']');
    Ok(())
}

/// Parse one row from an object, or several from an array of objects. The flag is true for an array.
///
/// # Errors
/// The errors of [`fields`], and [`Error::Json`] for an array of anything but objects.
pub fn rows(json: &[u8]) -> Result<(Vec<Found<'_>>, bool)> {
    let mut parser = serde_json::Deserializer::from_slice(json);
    let read = parser.deserialize_any(Rows).and_then(|found| parser.end().map(|()| found));
    read.map_err(|error| Error::Json { text: shown(json), why: error.to_string() })
}

/// Fields of a row and their values.
pub type Found<'de> = Vec<(Cow<'de, [u8]>, Given<'de>)>;

/// Visitor for an object or an array of objects.
struct Rows;

impl<'de> Visitor<'de> for Rows {
    type Value = (Vec<Found<'de>>, bool);

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of fields, or an array of such objects")
    }

    fn visit_map<M: MapAccess<'de>>(self, map: M) -> std::result::Result<Self::Value, M::Error> {
        let mut found = Vec::new();
        Object { found: &mut found, prefix: Vec::new(), depth: 0 }.visit_map(map)?;
        Ok((vec![found], false))
    }

    fn visit_seq<S: SeqAccess<'de>>(self, mut all: S) -> std::result::Result<Self::Value, S::Error> {
        let mut rows = Vec::new();
        while let Some(row) = all.next_element_seed(OneRow)? {
            rows.push(row);
        }
        Ok((rows, true))
    }
}

/// Seed for one object of an array.
struct OneRow;

impl<'de> DeserializeSeed<'de> for OneRow {
    type Value = Found<'de>;

    fn deserialize<D: de::Deserializer<'de>>(self, deserializer: D) -> std::result::Result<Self::Value, D::Error> {
        let mut found = Vec::new();
        deserializer.deserialize_map(Object { found: &mut found, prefix: Vec::new(), depth: 0 })?;
        Ok(found)
    }
}

/// Visitor for an object. `prefix` is the dotted name of the object itself.
struct Object<'a, 'de> {
    found: &'a mut Found<'de>,
    prefix: Vec<u8>,
    depth: usize,
}

impl<'de> Visitor<'de> for Object<'_, 'de> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of fields")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> std::result::Result<(), M::Error> {
        if self.depth == MAX_DEPTH {
            return Err(de::Error::custom(format_args!("objects within objects: expected at most {MAX_DEPTH}")));
        }
        while let Some(name) = map.next_key_seed(Text)? {
            let name = if self.prefix.is_empty() { name } else { [&self.prefix[..], b".", &name].concat().into() };
            map.next_value_seed(Field { found: self.found, name, depth: self.depth })?;
        }
        Ok(())
    }
}

/// Seed and visitor for the value of a field.
struct Field<'a, 'de> {
    found: &'a mut Found<'de>,
    name: Cow<'de, [u8]>,
    depth: usize,
}

impl<'de> Field<'_, 'de> {
    fn put(self, value: Given<'de>) {
        self.found.push((self.name, value));
    }
}

impl<'de> DeserializeSeed<'de> for Field<'_, 'de> {
    type Value = ();

    fn deserialize<D: de::Deserializer<'de>>(self, deserializer: D) -> std::result::Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Field<'_, 'de> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> std::result::Result<(), E> {
        self.put(Given::Gap);
        Ok(())
    }

    fn visit_bool<E>(self, flag: bool) -> std::result::Result<(), E> {
        self.put(Given::Flag(flag));
        Ok(())
    }

    fn visit_i64<E>(self, number: i64) -> std::result::Result<(), E> {
        self.put(Given::Number(number as f64));
        Ok(())
    }

    fn visit_u64<E>(self, number: u64) -> std::result::Result<(), E> {
        self.put(Given::Number(number as f64));
        Ok(())
    }

    fn visit_f64<E>(self, number: f64) -> std::result::Result<(), E> {
        self.put(Given::Number(number));
        Ok(())
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> std::result::Result<(), E> {
        self.put(Given::text(text.as_bytes()));
        Ok(())
    }

    fn visit_str<E>(self, text: &str) -> std::result::Result<(), E> {
        self.put(Given::Text(Cow::Owned(text.as_bytes().to_vec())));
        Ok(())
    }

    fn visit_seq<S: SeqAccess<'de>>(self, mut all: S) -> std::result::Result<(), S::Error> {
        let (mut texts, mut numbers) = (Vec::new(), Vec::new());
        while let Some(item) = all.next_element_seed(Item)? {
            match item {
                Given::Text(text) if numbers.is_empty() => texts.push(text),
                Given::Number(number) if texts.is_empty() => numbers.push(number as f32),
                _ => {
                    let name = shown(&self.name);
                    return Err(de::Error::custom(format_args!("field {name}: an array of texts and numbers")));
                }
            }
        }
        self.put(if numbers.is_empty() { Given::Texts(texts) } else { Given::Numbers(numbers) });
        Ok(())
    }

    fn visit_map<M: MapAccess<'de>>(self, map: M) -> std::result::Result<(), M::Error> {
        let Self { found, name, depth } = self;
        Object { found, prefix: name.into_owned(), depth: depth + 1 }.visit_map(map)
    }
}

/// Seed and visitor for a string, borrowed if it has no escapes.
struct Text;

impl<'de> DeserializeSeed<'de> for Text {
    type Value = Cow<'de, [u8]>;

    fn deserialize<D: de::Deserializer<'de>>(self, deserializer: D) -> std::result::Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for Text {
    type Value = Cow<'de, [u8]>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> std::result::Result<Self::Value, E> {
        Ok(Cow::Borrowed(text.as_bytes()))
    }

    fn visit_str<E>(self, text: &str) -> std::result::Result<Self::Value, E> {
        Ok(Cow::Owned(text.as_bytes().to_vec()))
    }
}

/// Seed and visitor for an item of an array: a text or a number.
struct Item;

impl<'de> DeserializeSeed<'de> for Item {
    type Value = Given<'de>;

    fn deserialize<D: de::Deserializer<'de>>(self, deserializer: D) -> std::result::Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Item {
    type Value = Given<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of texts or of numbers")
    }

    fn visit_i64<E>(self, number: i64) -> std::result::Result<Self::Value, E> {
        Ok(Given::Number(number as f64))
    }

    fn visit_u64<E>(self, number: u64) -> std::result::Result<Self::Value, E> {
        Ok(Given::Number(number as f64))
    }

    fn visit_f64<E>(self, number: f64) -> std::result::Result<Self::Value, E> {
        Ok(Given::Number(number))
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> std::result::Result<Self::Value, E> {
        Ok(Given::text(text.as_bytes()))
    }

    fn visit_str<E>(self, text: &str) -> std::result::Result<Self::Value, E> {
        Ok(Given::Text(Cow::Owned(text.as_bytes().to_vec())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(json: &str) -> Vec<(String, Given<'_>)> {
        fields(json.as_bytes())
            .unwrap()
            .into_iter()
            .map(|(name, value)| (String::from_utf8_lossy(&name).into(), value))
            .collect()
    }

    fn rejected(json: &str) -> String {
        fields(json.as_bytes()).unwrap_err().to_string()
    }

    #[test]
    fn every_type_of_json_value_is_parsed() {
        let json = r#" {"a": 1, "b": -2.5e3, "c": "text", "d": true, "e": null, "f": "", "g": 18446744073709551615} "#;
        let values: Vec<_> = found(json).into_iter().map(|(_, value)| value).collect();
        let large = Given::Number(18_446_744_073_709_551_615.0);
        let expected = [
            Given::Number(1.0),
            Given::Number(-2500.0),
            Given::text(b"text"),
            Given::Flag(true),
            Given::Gap,
            Given::text(b""),
            large,
        ];
        assert_eq!(values, expected);
        assert!(found("{}").is_empty());
    }

    #[test]
    fn nested_objects_get_dotted_names_and_arrays_become_lists() {
        let names = |json| found(json).into_iter().map(|(name, _)| name).collect::<Vec<_>>();
        assert_eq!(names(r#"{"a": {"b": {"c": 1}, "d": 2}, "e": 3, "f": {}}"#), ["a.b.c", "a.d", "e"]);
        assert_eq!(names(r#"{"a.b": 1, "": {"x": 2}}"#), ["a.b", "x"]);
        let lists = found(r#"{"tags": ["new", "a\"b"], "place": [1, 2.5], "none": []}"#);
        let texts = Given::Texts(vec![Cow::Borrowed(b"new"), Cow::Borrowed(b"a\"b")]);
        assert_eq!(lists[0].1, texts);
        assert_eq!((&lists[1].1, &lists[2].1), (&Given::Numbers(vec![1.0, 2.5]), &Given::Texts(Vec::new())));
    }

    #[test]
    fn an_array_of_objects_is_parsed_as_rows() {
        let (rows, is_array) = rows(br#"[{"a": 1}, {}, {"b": {"c": "x"}}]"#).unwrap();
        let names = |row: &Found<'_>| row.iter().map(|(name, _)| name.to_vec()).collect::<Vec<_>>();
        assert_eq!(rows.iter().map(names).collect::<Vec<_>>(), [vec![b"a".to_vec()], vec![], vec![b"b.c".to_vec()]]);
        assert!(is_array);
        assert_eq!(
            super::rows(br#"{"a": 1}"#).unwrap(),
            (vec![vec![(Cow::Borrowed(&b"a"[..]), Given::Number(1.0))]], false)
        );
        assert_eq!(super::rows(b" [] ").unwrap(), (vec![], true));
        for json in ["[1]", "[[{}]]", "[{}", "[{}] 1", "7", "null"] {
            assert!(super::rows(json.as_bytes()).is_err(), "{json}");
        }
    }

    #[test]
    fn written_fields_are_parsed_back() {
        let values = [
            Given::Gap,
            Given::text("caf\u{e9} \"\n\0".as_bytes()),
            Given::Number(0.1),
            Given::Number(-1e300),
            Given::Number(1_700_000_000.25),
            Given::Flag(true),
            Given::Texts(vec![Cow::Borrowed(b"a,b"), Cow::Borrowed(b"c")]),
            Given::Numbers(vec![1.5, -0.1]),
        ];
        let mut text = b"{".to_vec();
        for (at, value) in values.iter().enumerate() {
            write(format!("field {at}").as_bytes(), value, &mut text).unwrap();
        }
        text.push(b'}');
        let read: Vec<_> = fields(&text).unwrap().into_iter().map(|(_, value)| value).collect();
        assert_eq!(read, values);
        for value in [Given::text(b"\xff"), Given::Number(f64::INFINITY), Given::Numbers(vec![f32::NAN])] {
            assert!(write(b"a", &value, &mut Vec::new()).is_err());
        }
        let mut gap = Vec::new();
        write(b"a", &Given::Number(f64::NAN), &mut gap).unwrap();
        assert_eq!(gap, br#""a":null"#);
    }

    #[test]
    fn escapes_are_decoded_and_only_then_copied() {
        assert_eq!(
            found(r#"{"\u0061ge": "caf\u00e9 \ud83d\ude00\n\u0000"}"#),
            [("age".to_string(), Given::Text(Cow::Owned("café 😀\n\0".as_bytes().to_vec()))),]
        );
        let borrowed = fields(br#"{"age": "31"}"#).unwrap();
        assert!(matches!(&borrowed[0], (Cow::Borrowed(b"age"), Given::Text(Cow::Borrowed(b"31")))));
    }

    #[test]
    fn invalid_json_and_nested_arrays_are_rejected() {
        for json in [
            "",
            "[1]",
            "1",
            "null",
            "{",
            r#"{"a": 1"#,
            r#"{"a": 1} {"b": 2}"#,
            r#"{"a": nan}"#,
            "{a: 1}",
            "{\"a\": \"\n\"}",
        ] {
            assert!(rejected(json).starts_with("JSON '"), "{json}");
        }
        assert!(fields(b"{\"a\": \"\xff\"}").is_err());
        assert_eq!(
            rejected(r#"{"a": [1, "b"]}"#),
            r#"JSON '{\"a\": [1, \"b\"]}': field 'a': an array of texts and numbers at line 1 column 14"#
        );
        assert!(rejected(r#"{"a": [[1]]}"#).contains("expected an array of texts or of numbers"));
        assert!(rejected(r#"{"a": [null]}"#).contains("expected an array of texts or of numbers"));
        let deep = |depth: usize| "{\"a\":".repeat(depth) + "1" + &"}".repeat(depth);
        assert_eq!(found(&deep(16)).len(), 1);
        assert!(rejected(&deep(17)).contains("objects within objects: expected at most 16"));
        assert!(rejected(&deep(100_000)).contains("at most 16"));
    }
}
