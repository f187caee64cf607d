//! The sections of networks of fields: schema, classes, words, and rows with their lists.
//!
//! Words and classes are padded with zeros to units of equal length, so that a section can be split between them.

use super::frame::Writer;
use super::rows;
use super::section::{Fields, Piece, Section, damaged};
use crate::dataset::Rows;
use crate::error::Result;
use crate::schema::{Entry, Field, FieldKind, MAX_NAME, Schema, Target};

/// Bytes of a padded name with its length.
const NAME: usize = 1 + MAX_NAME;
const CLASSES: u8 = 1;
const CLOSED: u8 = 2;
const VALUES: u8 = 3;

pub(super) const TRAIN: Sections = Sections {
    rows: rows::Sections { rows: Section::TrainFields, weights: Section::TrainFieldWeights },
    lengths: Section::TrainListLengths,
    entries: Section::TrainListEntries,
};
pub(super) const TEST: Sections = Sections {
    rows: rows::Sections { rows: Section::TestFields, weights: Section::TestFieldWeights },
    lengths: Section::TestListLengths,
    entries: Section::TestListEntries,
};

/// The sections of a set of rows of fields.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sections {
    pub(super) rows: rows::Sections,
    lengths: Section,
    entries: Section,
}

fn with_length(name: &[u8]) -> Vec<u8> {
    [&[name.len() as u8], name].concat()
}

fn padded(name: &[u8]) -> [u8; NAME] {
    let mut unit = [0; NAME];
    unit[..=name.len()].copy_from_slice(&with_length(name));
    unit
}

pub(super) fn write(schema: &Schema, writer: &mut Writer<'_>) {
    let mut body = Vec::new();
    write_declaration(schema.fields(), schema.target(), &mut body);
    writer.fields(Section::Schema, &[&body]);
    write_classes(Section::Classes, schema, writer);
    write_words(Section::Words, schema, writer);
}

/// Append the encoding of a target and fields to `body`.
pub(super) fn write_declaration(fields: &[Field], target: &Target, body: &mut Vec<u8>) {
    match target {
        Target::Classes { name, most, closed, names: _ } => {
            body.push(if *closed { CLOSED } else { CLASSES });
            body.extend(most.to_le_bytes());
            body.extend(with_length(name));
        }
        Target::Values(names) => {
            body.push(VALUES);
            body.extend((names.len() as u32).to_le_bytes());
            names.iter().for_each(|name| body.extend(with_length(name)));
        }
    }
    for field in fields {
        body.push(field.kind().code());
        body.extend(field.kind().number().unwrap_or(0).to_le_bytes());
        body.extend(with_length(field.name()));
    }
}

pub(super) fn write_classes(section: Section, schema: &Schema, writer: &mut Writer<'_>) {
    if !schema.classes().is_empty() {
        writer.values(section, NAME, schema.classes().iter().map(|name| padded(name)));
    }
}

pub(super) fn write_words(section: Section, schema: &Schema, writer: &mut Writer<'_>) {
    if !schema.words().is_empty() {
        let unit = |(field, word): &(u32, Box<[u8]>)| {
            let mut unit = [0; 4 + NAME];
            unit[..4].copy_from_slice(&field.to_le_bytes());
            unit[4..].copy_from_slice(&padded(word));
            unit
        };
        writer.values(section, 4 + NAME, schema.words().iter().map(unit));
    }
}

/// Read the fields and the target. Classes and words follow in sections of their own.
pub(super) fn read(piece: &Piece<'_>) -> Result<Schema> {
    let (own, target) = read_declaration(piece, piece.fields()?)?;
    Schema::new(own, target).map_err(|error| damaged(piece.section, error))
}

/// Name and kind of a field.
pub(super) type NamedKind = (Vec<u8>, FieldKind);

/// Read names and kinds of fields, and the target.
pub(super) fn read_declaration(piece: &Piece<'_>, mut fields: Fields<'_>) -> Result<(Vec<NamedKind>, Target)> {
    let reject = |what: String| Err(damaged(piece.section, what));
    let (kind, count) = (fields.u8()?, fields.u32()?);
    let name = |fields: &mut Fields<'_>| -> Result<Vec<u8>> {
        let length = fields.u8()?;
        Ok(fields.bytes(length.into())?.to_vec())
    };
    let target = match kind {
        CLASSES | CLOSED => {
            Target::Classes { name: name(&mut fields)?.into(), most: count, closed: kind == CLOSED, names: Vec::new() }
        }
        VALUES => {
            let mut names = Vec::new();
            for _ in 0..count {
                names.push(name(&mut fields)?.into());
            }
            Target::Values(names)
        }
        other => return reject(format!("the target is of kind {other}: expected {CLASSES} to {VALUES}")),
    };
    let mut own = Vec::new();
    while !fields.is_empty() {
        let (code, number) = (fields.u8()?, fields.u32()?);
        let Some(kind) = FieldKind::from_code(code, number) else {
            return reject(format!("field {} is of kind {code} with {number}", own.len()));
        };
        own.push((name(&mut fields)?, kind));
    }
    Ok((own, target))
}

fn unpadded<'a>(piece: &Piece<'_>, unit: &'a [u8]) -> Result<&'a [u8]> {
    let (length, bytes) = (usize::from(unit[0]), &unit[1..]);
    if length > MAX_NAME || bytes[length..].iter().any(|&byte| byte != 0) {
        return Err(damaged(piece.section, "a name is not filled up with zeros"));
    }
    Ok(&bytes[..length])
}

pub(super) fn read_classes(schema: &mut Schema, piece: &Piece<'_>) -> Result<()> {
    for unit in piece.units(NAME)? {
        let name = unpadded(piece, unit)?;
        schema.restore_class(name.into()).map_err(|error| damaged(piece.section, error))?;
    }
    Ok(())
}

pub(super) fn read_words(schema: &mut Schema, piece: &Piece<'_>) -> Result<()> {
    read_word(piece, |field, word| schema.add_word(field, word))
}

/// Read a piece of words and pass each to `take`.
pub(super) fn read_word(piece: &Piece<'_>, mut take: impl FnMut(u32, Box<[u8]>) -> Result<()>) -> Result<()> {
    for unit in piece.units(4 + NAME)? {
        let (&field, name) = unit.split_first_chunk().expect("a unit has its length");
        let (field, word) = (u32::from_le_bytes(field), unpadded(piece, name)?);
        take(field, word.into()).map_err(|error| damaged(piece.section, error))?;
    }
    Ok(())
}

pub(super) fn write_rows(rows: &Rows, sections: Sections, writer: &mut Writer<'_>) {
    rows::write(rows, sections.rows, writer);
    if rows.lists.is_none() || rows.len() == 0 {
        return;
    }
    let list = |row| rows.list(row).expect("a row that is there");
    writer.values(sections.lengths, 4, (0..rows.len()).map(|row| (list(row).len() as u32).to_le_bytes()));
    let entries = (0..rows.len()).flat_map(list).map(|&Entry { number, value }| {
        let mut unit = [0; 8];
        unit[..4].copy_from_slice(&number.to_le_bytes());
        unit[4..].copy_from_slice(&value.to_le_bytes());
        unit
    });
    writer.values(sections.entries, 8, entries);
}

/// The lists of a set of rows, while they are decoded.
#[derive(Debug, Default)]
pub(super) struct Lists {
    lengths: Vec<u32>,
    /// Number of rows whose lists are complete; `list` is that of the next row.
    rows: usize,
    list: Vec<Entry>,
}

impl Lists {
    pub(super) fn read_lengths(&mut self, rows: &Rows, piece: &Piece<'_>) -> Result<()> {
        if rows.lists.is_none() {
            return Err(damaged(piece.section, "no field is of a kind that has lists"));
        }
        // No list is empty, since a gap is an entry.
        let length = |bytes| match u32::from_le_bytes(bytes) {
            0 => Err("0: expected at least 1".into()),
            length => Ok(length),
        };
        piece.extend(&mut self.lengths, rows.len().max(1), rows.len(), length)
    }

    pub(super) fn read_entries(&mut self, rows: &mut Rows, schema: &Schema, piece: &Piece<'_>) -> Result<()> {
        for unit in piece.units(8)? {
            let Some(&length) = self.lengths.get(self.rows) else {
                return Err(damaged(piece.section, "more entries than the sum of the lengths of the lists"));
            };
            let [number, value] = *unit.as_chunks::<4>().0 else { unreachable!("a unit has its length") };
            self.list.push(Entry { number: u32::from_le_bytes(number), value: f32::from_le_bytes(value) });
            if self.list.len() == length as usize {
                schema.check_list(&self.list).map_err(|error| damaged(piece.section, error))?;
                rows.set_list(self.rows, &self.list);
                self.list.clear();
                self.rows += 1;
            }
        }
        Ok(())
    }

    /// Check that the lists of all rows have been read.
    pub(super) fn finish(&self, rows: &Rows, sections: Sections) -> Result<()> {
        if rows.lists.is_some() && self.rows < rows.len() {
            let what = format!("lists of {} rows: expected those of {}", self.rows, rows.len());
            return Err(damaged(sections.entries, what));
        }
        Ok(())
    }
}

/// Read a piece of cells and outcomes of rows. Their lists follow in sections of their own.
pub(super) fn read_rows(rows: &mut Rows, schema: &Schema, limit: u32, piece: &Piece<'_>) -> Result<()> {
    rows::read_checked(rows, schema.shape(), limit, piece, |cells, outcome| {
        schema.check_cells(cells).and_then(|()| crate::schema::check_outcome(schema.target(), outcome))
    })
}
