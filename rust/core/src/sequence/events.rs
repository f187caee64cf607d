//! Serialization of events. A category takes one byte in most cases, a number four.
//!
//! The fields of an event are written in turn. A word is a code in as few bytes as it needs (LEB128), a number is a
//! float32 in little-endian order, a text or tags are the number of their entries (LEB128) and the entries.

use crate::schema::{Entry, FieldKind, Row, Schema};

/// Appends a serialized event.
pub(crate) fn write(schema: &Schema, row: &Row, to: &mut Vec<u8>) {
    let mut listed = row.list.iter().peekable();
    for (index, field) in schema.fields().iter().enumerate() {
        let cells = &row.cells[schema.cells_of(index)];
        match field.kind() {
            FieldKind::Category(_) => varint(code(schema, index, cells[0] as u32), to),
            // The code of a word plus 1; 0 announces a number.
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

/// Reads the first of some serialized events. Returns it and its length in bytes; none if the bytes are invalid.
pub(crate) fn read(schema: &Schema, bytes: &[u8]) -> Option<(Row, usize)> {
    let mut row = Row { cells: Vec::with_capacity(schema.cells()), list: Vec::new() };
    let length = read_into(schema, bytes, &mut row)?;
    Some((row, length))
}

/// Reads as [`read`] does, into a row whose memory is reused. Returns the length in bytes.
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

/// Returns the length in bytes of the first of some serialized events.
///
/// # Panics
/// If the bytes are invalid.
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
    skipped.expect("stored events are valid");
    bytes.len() - left.0.len()
}

/// The code of a looked-up input of a field: 0 for a gap, 1 for words that are not in the dictionary, then the words,
/// or the buckets of a text.
fn code(schema: &Schema, index: usize, number: u32) -> u32 {
    let (field, first_word) = (&schema.fields()[index], schema.inputs(0) as u32);
    if number < first_word { number - field.gap() } else { number - first_word + field.kind().fixed() as u32 }
}

/// The looked-up input of a code, or none if the field has no such code.
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

/// The bytes that have not been read yet.
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

    /// Reads a number that [`varint`] wrote. Rejects encodings that are longer than necessary.
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
    fn events_survive_a_round_trip() {
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
    fn the_first_126_words_take_a_byte() {
        let mut schema = schema(&[("page", FieldKind::Category(1000))]);
        for word in 0..1000 {
            let row = observed(&mut schema, &[("page", &format!("p{word}"))]);
            let mut bytes = Vec::new();
            write(&schema, &row, &mut bytes);
            assert_eq!(bytes.len(), if word < 126 { 1 } else { 2 }, "{word}");
            assert_eq!(read(&schema, &bytes).unwrap().0, row);
        }
        // A word that is not in the dictionary, a gap, and a code without a word.
        assert_eq!(read(&schema, &[1]).unwrap().0.cells[0], schema.fields()[0].other() as f32);
        assert_eq!(read(&schema, &[0]).unwrap().0.cells[0], schema.fields()[0].gap() as f32);
        let mut beyond = Vec::new();
        varint(1002, &mut beyond);
        assert_eq!(read(&schema, &beyond), None);
    }

    #[test]
    fn each_number_has_one_encoding() {
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
