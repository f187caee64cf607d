//! Decoding of stored rows into values that can be shown.

use super::{Entry, FieldKind, Row, Schema, time};

/// The value of a field in a stored row.
#[derive(Debug, Clone, PartialEq)]
pub enum Held<'a> {
    /// A gap.
    Gap,
    /// A number.
    Number(f32),
    /// A boolean.
    Flag(bool),
    /// A word.
    Word(&'a [u8]),
    /// A word that is not in the dictionary, which was full.
    OtherWord,
    /// A time in seconds since 1970.
    Moment(f64),
    /// Words of tags; `None` stands for all that are not in the dictionary.
    Words(Vec<Option<&'a [u8]>>),
    /// The numbers of a vector.
    Vector(Vec<f32>),
    /// Buckets of a text and their values. The words themselves are not stored.
    Buckets(Vec<(u32, f32)>),
}

impl Schema {
    /// Decode a row: one value for each field, in declaration order.
    ///
    /// # Panics
    /// If the row is not valid for this schema; see [`Self::check_row`].
    pub fn held(&self, row: &Row) -> Vec<Held<'_>> {
        let lists = self.lists_of(&row.list);
        let mut found = Vec::with_capacity(self.fields().len());
        for (index, field) in self.fields().iter().enumerate() {
            let kind = field.kind();
            let cells = &row.cells[field.cell()..][..kind.cells()];
            found.push(match kind {
                FieldKind::Category(_) => self.word_held(index, cells[0] as u32),
                FieldKind::Auto(_) if cells[0].is_nan() => self.word_held(index, cells[1] as u32),
                FieldKind::Text(_) | FieldKind::Tags(_) => self.list_held(index, lists[index]),
                _ if cells[0].is_nan() => Held::Gap,
                FieldKind::Number | FieldKind::Auto(_) => Held::Number(cells[0]),
                FieldKind::Flag => Held::Flag(cells[0] == 1.0),
                FieldKind::Time => Held::Moment(time::seconds([cells[0], cells[1]])),
                FieldKind::Vector(_) => Held::Vector(cells.to_vec()),
            });
        }
        found
    }

    /// Split the list of a row by field; a part is empty if the field lists nothing.
    pub(crate) fn lists_of<'a>(&self, list: &'a [Entry]) -> Vec<&'a [Entry]> {
        let mut left = list;
        let parts = (0..self.fields().len()).map(|index| {
            let end = left.iter().position(|entry| self.owner(entry.number) != Some(index));
            let (own, rest) = left.split_at(end.unwrap_or(left.len()));
            left = rest;
            own
        });
        parts.collect()
    }

    /// The word of an input; `None` if the input is not a word's.
    fn word_of(&self, number: u32) -> Option<&[u8]> {
        let (_, word) = self.words().get((number as usize).checked_sub(self.inputs(0))?)?;
        Some(word)
    }

    fn word_held(&self, field: usize, number: u32) -> Held<'_> {
        if number == self.fields()[field].gap() {
            return Held::Gap;
        }
        self.word_of(number).map_or(Held::OtherWord, Held::Word)
    }

    fn list_held(&self, field: usize, list: &[Entry]) -> Held<'_> {
        let field = &self.fields()[field];
        if list.iter().all(|entry| entry.number == field.gap()) {
            return Held::Gap;
        }
        match field.kind() {
            FieldKind::Tags(_) => Held::Words(list.iter().map(|entry| self.word_of(entry.number)).collect()),
            _ => Held::Buckets(list.iter().map(|entry| (entry.number - field.other(), entry.value)).collect()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Given, Target};
    use super::*;

    #[test]
    fn decoding_returns_what_was_encoded() {
        let fields = [
            ("age", FieldKind::Number),
            ("plan", FieldKind::Category(1)),
            ("spent", FieldKind::Auto(3)),
            ("phone", FieldKind::Flag),
            ("at", FieldKind::Time),
            ("note", FieldKind::Text(1)),
            ("tags", FieldKind::Tags(2)),
            ("place", FieldKind::Vector(2)),
        ];
        let fields = fields.map(|(name, kind)| (name.as_bytes().to_vec(), kind));
        let mut schema = Schema::new(fields, Target::Values(vec![(*b"sum").into()])).unwrap();
        let bytes: Vec<u8> = [1.5f32, -2.0].iter().flat_map(|number| number.to_le_bytes()).collect();
        let row = |schema: &mut Schema, texts: [&[u8]; 8]| {
            let names = ["age", "plan", "spent", "phone", "at", "note", "tags", "place"];
            let given = names.iter().zip(texts).map(|(name, text)| (name.as_bytes(), Given::text(text)));
            let values = schema.understand(given).unwrap();
            for (field, word) in schema.new_words(&values) {
                schema.add_word(field, word).unwrap();
            }
            schema.row(&values)
        };
        let texts = [&b"31"[..], b"free", b"12.5", b"yes", b"2023-11-14T22:13:20Z", b"one", b"red,blue", &bytes];
        let first = row(&mut schema, texts);
        let second = row(&mut schema, [b"", b"paid", b"dear", b"no", b"", b"", b"red,white", b""]);
        let third = row(&mut schema, [b""; 8]);
        let held = [
            Held::Number(31.0),
            Held::Word(b"free"),
            Held::Number(12.5),
            Held::Flag(true),
            Held::Moment(1_700_000_000.0),
            Held::Buckets(vec![(0, 1.0)]),
            Held::Words(vec![Some(b"blue"), Some(b"red")]),
            Held::Vector(vec![1.5, -2.0]),
        ];
        assert_eq!(schema.held(&first), held);
        let held = [
            Held::Gap,
            Held::OtherWord,
            Held::Word(b"dear"),
            Held::Flag(false),
            Held::Gap,
            Held::Gap,
            Held::Words(vec![None, Some(b"red")]),
            Held::Gap,
        ];
        assert_eq!(schema.held(&second), held);
        assert_eq!(schema.held(&third), vec![Held::Gap; 8]);
    }
}
