//! Events as bytes: a page that was seen takes one byte, a number four.
//!
//! An event is a row of fields, and is written field after field. A word is its number, in as few bytes as it needs (LEB128);
//! numbers are float32 in little-endian order; of a text or tags a count comes first.

use crate::schema::{Entry, FieldKind, Row, Schema};

/// Writes an event.
pub(crate) fn write(schema: &Schema, row: &Row, to: &mut Vec<u8>) {
    let mut listed = row.list.iter().peekable();
    for (index, field) in schema.fields().iter().enumerate() {
        let cells = &row.cells[schema.cells_of(index)];
        match field.kind() {
            FieldKind::Category(_) => varint(code(schema, index, cells[0] as u32), to),
            // A word comes after 0, 1 and so on are one more; 0 alone says that a number follows.
            FieldKind::Auto(_) if cells[0].is_nan() => varint(1 + code(schema, index, cells[1] as u32), to),
            FieldKind::Auto(_) => {
                varint(0, to);
                to.extend(cells[0].to_le_bytes());
            }
            FieldKind::Flag => to.push(if cells[0].is_nan() { 2 } else { cells[0] as u8 }),
            FieldKind::Number | FieldKind::Time | FieldKind::Vector(_) => {
                cells.iter().for_each(|cell| to.extend(cell.to_le_bytes()));
            }
            kind @ (FieldKind::Text(_) | FieldKind::Tags(_)) => {
                let mut own: Vec<&Entry> = Vec::new();
                while let Some(entry) = listed.next_if(|entry| schema.owner(entry.number) == Some(index)) {
                    own.push(entry);
                }
                varint(own.len() as u32, to);
                for entry in own {
                    varint(code(schema, index, entry.number), to);
                    if matches!(kind, FieldKind::Text(_)) {
                        to.extend(entry.value.to_le_bytes());
                    }
                }
            }
        }
    }
}

/// Reads the event at the beginning of some bytes, and says how many bytes it has taken; none where they are not those of an event.
pub(crate) fn read(schema: &Schema, bytes: &[u8]) -> Option<(Row, usize)> {
    let mut row = Row { cells: Vec::with_capacity(schema.cells()), list: Vec::new() };
    let length = read_into(schema, bytes, &mut row)?;
    Some((row, length))
}

/// The same, into a row that takes the place of another.
pub(super) fn read_into(schema: &Schema, bytes: &[u8], row: &mut Row) -> Option<usize> {
    let mut left = Left(bytes);
    row.cells.clear();
    row.list.clear();
    for (index, field) in schema.fields().iter().enumerate() {
        match field.kind() {
            FieldKind::Category(_) => row.cells.push(number(schema, index, left.varint()?)? as f32),
            FieldKind::Auto(_) => match left.varint()?.checked_sub(1) {
                None => row.cells.extend([left.float()?, f32::NAN]),
                Some(code) => row.cells.extend([f32::NAN, number(schema, index, code)? as f32]),
            },
            FieldKind::Flag => row.cells.push(match left.byte()? {
                2 => f32::NAN,
                flag => f32::from(flag),
            }),
            FieldKind::Number => row.cells.push(left.float()?),
            FieldKind::Time => row.cells.extend([left.float()?, left.float()?]),
            FieldKind::Vector(length) => {
                for _ in 0..length {
                    row.cells.push(left.float()?);
                }
            }
            kind @ (FieldKind::Text(_) | FieldKind::Tags(_)) => {
                for _ in 0..left.varint()? {
                    let number = number(schema, index, left.varint()?)?;
                    let value = if matches!(kind, FieldKind::Text(_)) { left.float()? } else { 1.0 };
                    row.list.push(Entry { number, value });
                }
            }
        }
    }
    row.cells.resize(schema.cells(), 0.0);
    Some(bytes.len() - left.0.len())
}

/// How many bytes the event at the beginning takes.
///
/// # Panics
/// If the bytes are not those of an event.
pub(crate) fn length(schema: &Schema, bytes: &[u8]) -> usize {
    let mut left = Left(bytes);
    let skipped = (|| {
        for field in schema.fields() {
            match field.kind() {
                FieldKind::Category(_) => drop(left.varint()?),
                FieldKind::Auto(_) if left.varint()? == 0 => drop(left.float()?),
                FieldKind::Auto(_) => {}
                FieldKind::Flag => drop(left.byte()?),
                kind @ (FieldKind::Text(_) | FieldKind::Tags(_)) => {
                    for _ in 0..left.varint()? {
                        left.varint()?;
                        if matches!(kind, FieldKind::Text(_)) {
                            left.float()?;
                        }
                    }
                }
                kind => left.skip(4 * kind.cells())?,
            }
        }
        Some(())
    })();
    skipped.expect("events that were written");
    bytes.len() - left.0.len()
}

/// Small numbers for the inputs of a field that are looked up: 0 for a gap, 1 for another word, then words, or buckets.
fn code(schema: &Schema, index: usize, number: u32) -> u32 {
    let (field, first_word) = (&schema.fields()[index], schema.inputs(0) as u32);
    if number < first_word { number - field.gap() } else { number - first_word + field.kind().fixed() as u32 }
}

/// The input of such a number; none where the field has none.
fn number(schema: &Schema, index: usize, code: u32) -> Option<u32> {
    let (field, first_word) = (&schema.fields()[index], schema.inputs(0) as u32);
    let fixed = field.kind().fixed() as u32;
    let number = if code < fixed { field.gap() + code } else { first_word.checked_add(code - fixed)? };
    (schema.owner(number) == Some(index)).then_some(number)
}

pub(super) fn varint(mut number: u32, to: &mut Vec<u8>) {
    while number >= 0x80 {
        to.push(number as u8 | 0x80);
        number >>= 7;
    }
    to.push(number as u8);
}

/// The bytes that are still to be read.
pub(super) struct Left<'a>(pub(super) &'a [u8]);

impl<'a> Left<'a> {
    fn byte(&mut self) -> Option<u8> {
        self.0.split_off_first().copied()
    }

    pub(super) fn take<const N: usize>(&mut self) -> Option<&'a [u8; N]> {
        let (taken, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(taken)
    }

    fn float(&mut self) -> Option<f32> {
        self.take().map(|bytes| f32::from_le_bytes(*bytes))
    }

    fn skip(&mut self, count: usize) -> Option<()> {
        self.0 = self.0.get(count..)?;
        Some(())
    }

    /// A number as [`varint`] has written it, in as few bytes as it needs.
    pub(super) fn varint(&mut self) -> Option<u32> {
        let mut number = 0;
        for shift in (0..32).step_by(7) {
            let byte = self.byte()?;
            number |= u32::from(byte & 0x7F).checked_shl(shift)?;
            if byte < 0x80 {
                return (byte > 0 || shift == 0).then_some(number).filter(|_| shift < 28 || byte < 0x10);
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::{Given, Target};

    const FIELDS: [(&str, FieldKind); 8] = [
        ("page", FieldKind::Category(300)),
        ("spent", FieldKind::Auto(9)),
        ("age", FieldKind::Number),
        ("phone", FieldKind::Flag),
        ("at", FieldKind::Time),
        ("words", FieldKind::Text(4)),
        ("tags", FieldKind::Tags(5)),
        ("place", FieldKind::Vector(2)),
    ];

    fn schema(fields: &[(&str, FieldKind)]) -> Schema {
        let target = Target::Values(vec![(*b"y").into()]);
        Schema::new(fields.iter().map(|(name, kind)| (name.as_bytes().to_vec(), *kind)), target).unwrap()
    }

    fn observed(schema: &mut Schema, given: &[(&str, &str)]) -> Row {
        let given = given.iter().map(|(name, value)| (name.as_bytes(), Given::text(value.as_bytes())));
        let values = schema.understand(given).unwrap();
        for (field, word) in schema.new_words(&values) {
            schema.add_word(field, word).unwrap();
        }
        schema.row(&values)
    }

    fn bits(row: &Row) -> Vec<u32> {
        let listed = row.list.iter().flat_map(|entry| [entry.number, entry.value.to_bits()]);
        row.cells.iter().map(|cell| cell.to_bits()).chain(listed).collect()
    }

    #[test]
    fn what_is_written_is_read_back() {
        let mut schema = schema(&FIELDS);
        let rows: Vec<Row> = [
            &[][..],
            &[("page", "cart"), ("spent", "9.5"), ("age", "31"), ("phone", "yes"), ("at", "2026-11-30T06:00:00Z")],
            &[("spent", "unknown"), ("tags", "red,new"), ("words", "good day")],
            &[("page", "home"), ("phone", "no"), ("place", "\0\0\0\0\0\0\u{20}\u{41}"), ("tags", "blue")],
        ]
        .into_iter()
        .map(|given| observed(&mut schema, given))
        .collect();
        let mut bytes = Vec::new();
        rows.iter().for_each(|row| write(&schema, row, &mut bytes));
        let mut at = 0;
        for row in &rows {
            let (found, length_read) = read(&schema, &bytes[at..]).unwrap();
            assert_eq!(bits(&found), bits(row));
            assert_eq!(length(&schema, &bytes[at..]), length_read);
            at += length_read;
        }
        assert_eq!(at, bytes.len());
        assert!((0..length(&schema, &bytes)).all(|end| read(&schema, &bytes[..end]).is_none()));
    }

    #[test]
    fn a_word_among_some_hundred_takes_a_byte() {
        let mut schema = schema(&[("page", FieldKind::Category(1000))]);
        for word in 0..1000 {
            let row = observed(&mut schema, &[("page", &format!("p{word}"))]);
            let mut bytes = Vec::new();
            write(&schema, &row, &mut bytes);
            assert_eq!(bytes.len(), if word < 126 { 1 } else { 2 }, "{word}");
            assert_eq!(read(&schema, &bytes).unwrap().0, row);
        }
        // Another word than all that are known, a gap, and words that have not come.
        assert_eq!(read(&schema, &[1]).unwrap().0.cells[0], schema.fields()[0].other() as f32);
        assert_eq!(read(&schema, &[0]).unwrap().0.cells[0], schema.fields()[0].gap() as f32);
        let mut beyond = Vec::new();
        varint(1002, &mut beyond);
        assert_eq!(read(&schema, &beyond), None);
    }

    #[test]
    fn numbers_are_written_in_one_way() {
        for number in [0, 1, 127, 128, 16_383, 16_384, u32::MAX] {
            let mut bytes = Vec::new();
            varint(number, &mut bytes);
            assert_eq!(Left(&bytes).varint(), Some(number));
        }
        for bytes in [&[0x80, 0][..], &[0x81, 0x80, 0], &[0xFF; 5], &[0xFF, 0xFF, 0xFF, 0xFF, 0x10], &[0x80]] {
            assert_eq!(Left(bytes).varint(), None, "{bytes:?}");
        }
    }
}
