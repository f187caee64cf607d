//! The encoding of rows: from parsed values to stored numbers, and from these to inputs of a network.
//!
//! A number takes one cell (NaN for a gap). A word takes one cell, which holds its input, or the input for a gap or for
//! unknown words. A time takes two cells: days and seconds. Texts and tags take no cell but a list of inputs with a
//! value for each.

use std::ops::Range;

use super::{Field, FieldKind, Schema, Target, Value, shown, time};
use crate::error::{Error, Result};
use crate::places::{Places, place};

/// A looked-up (sparse) input and its value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Entry {
    /// The number of the input.
    pub number: u32,
    /// The value, finite and above 0.
    pub value: f32,
}

impl Entry {
    fn one(number: u32) -> Self {
        Self { number, value: 1.0 }
    }
}

/// An encoded row of fields.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Row {
    /// The cells of all fields, in declaration order.
    pub cells: Vec<f32>,
    /// The lists of texts and tags, in declaration order, each in ascending order of inputs.
    pub list: Vec<Entry>,
}

impl Schema {
    /// Encode the values that [`Schema::understand`] returned. Words that are in no dictionary share one input a field.
    pub fn row(&self, values: &[Value<'_>]) -> Row {
        let mut row = Row { cells: Vec::with_capacity(self.cells()), list: Vec::new() };
        self.row_into(values, &mut row);
        row
    }

    /// Encode values as [`Self::row`] does, into a row whose memory is reused. Return whether all words are known.
    pub(crate) fn row_into(&self, values: &[Value<'_>], row: &mut Row) -> bool {
        row.cells.clear();
        row.list.clear();
        let mut is_known = true;
        for (field, value) in self.fields().iter().zip(values) {
            is_known &= field.encode(value, row);
        }
        // If all fields are texts or tags, a row still has one cell, which is 0.
        row.cells.resize(self.cells(), 0.0);
        is_known
    }

    /// Check that a row, of which nothing is trusted, could be one of this schema.
    ///
    /// # Errors
    /// [`Error::Schema`] with the invalid cells or entry.
    pub fn check_row(&self, cells: &[f32], list: &[Entry]) -> Result<()> {
        self.check_cells(cells)?;
        self.check_list(list)
    }

    /// The cells of a field; empty for texts and tags.
    pub(crate) fn cells_of(&self, index: usize) -> Range<usize> {
        let field = &self.fields()[index];
        field.cell()..field.cell() + field.kind().cells()
    }

    /// Copy the value of one field from row `from` into row `into`.
    pub(crate) fn take(&self, index: usize, from: &Row, into: &mut Row) {
        let cells = self.cells_of(index);
        if cells.is_empty() {
            let mut parts = self.lists_of(&into.list);
            parts[index] = self.lists_of(&from.list)[index];
            into.list = parts.concat();
        } else {
            into.cells[cells.clone()].copy_from_slice(&from.cells[cells]);
        }
    }

    pub(crate) fn check_cells(&self, cells: &[f32]) -> Result<()> {
        if cells.len() != self.cells() {
            return Err(Error::Schema(format!("a row of {} cells: expected {}", cells.len(), self.cells())));
        }
        for (index, field) in self.fields().iter().enumerate() {
            let cells = &cells[field.cell()..][..field.kind().cells()];
            if !self.accepts(index, cells) {
                return Err(Error::Schema(format!("cells {cells:?} of field {}", shown(field.name()))));
            }
        }
        Ok(())
    }

    pub(crate) fn check_list(&self, list: &[Entry]) -> Result<()> {
        let mut before = None;
        for entry in list {
            let owner = self.owner(entry.number).filter(|&owner| self.fields()[owner].kind().cells() == 0);
            let (Some(owner), true) = (owner, entry.value.is_finite() && entry.value > 0.0) else {
                return Err(Error::Schema(format!("entry {} of value {}", entry.number, entry.value)));
            };
            if before.is_some_and(|before| before >= (owner, entry.number)) {
                return Err(Error::Schema(format!("entry {} is not in its place", entry.number)));
            }
            before = Some((owner, entry.number));
        }
        Ok(())
    }

    /// Whether these cells are valid for a field.
    fn accepts(&self, index: usize, cells: &[f32]) -> bool {
        // Exactly one bit pattern of NaN is a gap, so that equal rows have equal bytes.
        let is_gap = |cell: f32| cell.to_bits() == f32::NAN.to_bits();
        let all = |is: &dyn Fn(f32) -> bool| cells.iter().all(|&cell| is(cell));
        let all_finite = || all(&f32::is_finite);
        let is_word = |code: f32| code >= 0.0 && code.fract() == 0.0 && self.owner(code as u32) == Some(index);
        match self.fields()[index].kind() {
            FieldKind::Number | FieldKind::Vector(_) => all_finite() || all(&is_gap),
            FieldKind::Flag => is_gap(cells[0]) || [0.0, 1.0].contains(&cells[0]),
            FieldKind::Time => all(&is_gap) || time::is_moment([cells[0], cells[1]]),
            FieldKind::Category(_) => is_word(cells[0]),
            FieldKind::Auto(_) => match (cells[0], cells[1]) {
                (number, code) if is_gap(number) => is_word(code),
                (number, code) => number.is_finite() && is_gap(code),
            },
            FieldKind::Text(_) | FieldKind::Tags(_) => true,
        }
    }

    /// The index of the field that a looked-up input belongs to; `None` for other inputs.
    pub(crate) fn owner(&self, number: u32) -> Option<usize> {
        let number = number as usize;
        let first_word = self.inputs(0);
        if number >= first_word {
            return self.words().get(number - first_word).map(|(field, _)| *field as usize);
        }
        if number < self.dense() {
            return None;
        }
        self.fields().partition_point(|field| field.gap() as usize <= number).checked_sub(1)
    }

    /// Compute the dense inputs of `rows` rows from their cells, before scaling. In `cells` and in `to`, the values of
    /// all rows for one column are adjacent, as in the kernels. NaN marks a gap.
    pub(crate) fn computed_of(&self, rows: usize, cells: &[f32], places: Option<&Places>, to: &mut [f32]) {
        let mut knots = places.into_iter().flat_map(Places::fields);
        for field in self.fields() {
            let cells = &cells[field.cell() * rows..];
            let to = &mut to[field.dense() * rows..][..field.kind().dense() * rows];
            match field.kind() {
                FieldKind::Time => {
                    for row in 0..rows {
                        let parts = time::parts([cells[row], cells[rows + row]]);
                        parts.into_iter().enumerate().for_each(|(part, value)| to[part * rows + row] = value);
                    }
                }
                FieldKind::Number | FieldKind::Auto(_) => {
                    let (numbers, of_numbers) = to.split_at_mut(rows);
                    numbers.copy_from_slice(&cells[..rows]);
                    let knots = knots.next().unwrap_or_default();
                    of_numbers.iter_mut().zip(cells).for_each(|(to, &number)| *to = place(knots, number));
                }
                _ => to.copy_from_slice(&cells[..to.len()]),
            }
        }
    }

    /// The cells of all `NUMBER` and `AUTO` fields, in declaration order. These have place encodings.
    pub(crate) fn numbers(&self) -> impl Iterator<Item = usize> {
        let has_places = |field: &&Field| matches!(field.kind(), FieldKind::Number | FieldKind::Auto(_));
        self.fields().iter().filter(has_places).map(Field::cell)
    }

    /// Pass the looked-up inputs of a row to `add`, in a fixed order, for a network with `inputs` inputs. `cell` reads
    /// a cell of the row.
    pub(crate) fn entries_of(
        &self,
        cell: impl Fn(usize) -> f32,
        list: &[Entry],
        inputs: usize,
        mut add: impl FnMut(Entry),
    ) {
        for field in self.fields() {
            let at = field.cell();
            match field.kind() {
                FieldKind::Category(_) => add(Entry::one(self.known(cell(at) as u32, inputs))),
                FieldKind::Auto(_) if cell(at).is_nan() => add(Entry::one(self.known(cell(at + 1) as u32, inputs))),
                FieldKind::Number | FieldKind::Flag | FieldKind::Time | FieldKind::Vector(_) if cell(at).is_nan() => {
                    add(Entry::one(field.gap()));
                }
                _ => {}
            }
        }
        list.iter().for_each(|entry| add(Entry { number: self.known(entry.number, inputs), ..*entry }));
    }
}

impl Field {
    /// Append a value to a row. Return whether all of its words are known.
    pub(crate) fn encode(&self, value: &Value<'_>, row: &mut Row) -> bool {
        let kind = self.kind();
        let (cells, list) = (&mut row.cells, &mut row.list);
        let mut is_known = true;
        let mut word = |word: &[u8]| {
            self.number(word).unwrap_or_else(|| {
                is_known = false;
                self.other()
            })
        };
        match (value, kind) {
            (Value::Gap, FieldKind::Category(_)) => cells.push(self.gap() as f32),
            (Value::Gap, FieldKind::Auto(_)) => cells.extend([f32::NAN, self.gap() as f32]),
            (Value::Gap, FieldKind::Text(_) | FieldKind::Tags(_)) => list.push(Entry::one(self.gap())),
            (Value::Gap, _) => cells.extend(std::iter::repeat_n(f32::NAN, kind.cells())),
            (Value::Number(number), FieldKind::Auto(_)) => cells.extend([*number, f32::NAN]),
            (Value::Number(number), _) => cells.push(*number),
            (Value::Word(text), FieldKind::Auto(_)) => cells.extend([f32::NAN, word(text) as f32]),
            (Value::Word(text), _) => cells.push(word(text) as f32),
            (Value::Moment(moment), _) => cells.extend(moment),
            (Value::Vector(numbers), _) => cells.extend(numbers),
            (Value::Buckets(buckets), _) => {
                let first = self.other();
                list.extend(buckets.iter().map(|&(bucket, value)| Entry { number: first + bucket, value }));
            }
            (Value::Words(words), _) => {
                let mut numbers: Vec<u32> = words.iter().map(|text| word(text)).collect();
                // All unknown words have the same input, which is listed once.
                numbers.sort_unstable();
                numbers.dedup();
                list.extend(numbers.into_iter().map(Entry::one));
            }
        }
        is_known
    }
}

/// Check the outcome of a row against a target.
///
/// # Errors
/// [`Error::Class`], [`Error::NotFinite`], [`Error::Outputs`] for a wrong number of values, or [`Error::Schema`] if no
/// class is known yet.
pub(crate) fn check_outcome(target: &Target, outcome: &[f32]) -> Result<()> {
    match target {
        Target::Classes { names, .. } => match outcome {
            [class] if *class >= 0.0 && class.fract() == 0.0 && (*class as usize) < names.len() => Ok(()),
            [class] if names.is_empty() => Err(Error::Schema(format!("class {class} of a network that has met none"))),
            [value] => Err(Error::Class { row: None, value: *value, classes: names.len() }),
            _ => Err(Error::Outputs { row: None, expected: 1, given: outcome.len() }),
        },
        Target::Values(names) if names.len() != outcome.len() => {
            Err(Error::Outputs { row: None, expected: names.len(), given: outcome.len() })
        }
        Target::Values(_) => match outcome.iter().position(|value| !value.is_finite()) {
            None => Ok(()),
            Some(column) => Err(Error::NotFinite { row: None, what: "output", column, value: outcome[column] }),
        },
    }
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use super::super::Given;
    use super::*;
    use crate::kernels::LANES;

    fn schema() -> Schema {
        let fields = [
            ("age", FieldKind::Number),
            ("plan", FieldKind::Category(2)),
            ("spent", FieldKind::Auto(3)),
            ("phone", FieldKind::Flag),
            ("at", FieldKind::Time),
            ("words", FieldKind::Text(4)),
            ("tags", FieldKind::Tags(2)),
            ("place", FieldKind::Vector(2)),
        ];
        let target = Target::Classes { name: (*b"taken").into(), most: 100, closed: false, names: Vec::new() };
        Schema::new(fields.into_iter().map(|(name, kind)| (name.as_bytes().to_vec(), kind)), target).unwrap()
    }

    /// Encode a row as an observation does: new words are added to the dictionaries first.
    fn observed(schema: &mut Schema, given: &[(&'static str, &'static str)]) -> Row {
        let given = given.iter().map(|(name, value)| (name.as_bytes(), Given::text(value.as_bytes())));
        let values = schema.understand(given).unwrap();
        for (field, word) in schema.new_words(&values) {
            schema.add_word(field, word).unwrap();
        }
        let row = schema.row(&values);
        schema.check_row(&row.cells, &row.list).unwrap();
        row
    }

    fn entries(schema: &Schema, row: &Row, inputs: usize) -> Vec<(u32, f32)> {
        let mut found = Vec::new();
        schema.entries_of(
            |cell| row.cells[cell],
            &row.list,
            inputs,
            |Entry { number, value }| found.push((number, value)),
        );
        found
    }

    fn numbers(schema: &Schema, row: &Row) -> Vec<u32> {
        entries(schema, row, usize::MAX).into_iter().map(|(number, _)| number).collect()
    }

    // Computed inputs are 0 to 13: age and spent with their places, phone, 7 of at, 2 of place. From 14 on: age's gap;
    // plan's gap and unknown words; spent's two; phone's gap; at's gap; words' gap and 4 buckets; tags' two; place's
    // gap. Words begin at 29.
    #[test]
    fn inputs_are_numbered_by_field_and_then_by_first_appearance_of_words() {
        let mut schema = schema();
        assert_eq!((schema.dense(), schema.inputs(0), schema.cells()), (14, 29, 9));
        let row = observed(&mut schema, &[("plan", "free"), ("age", "31"), ("tags", "new,red")]);
        assert_eq!(row.cells[..2], [31.0, 29.0]);
        assert_eq!(schema.words().len(), 3);
        // Plan is "free"; spent, phone, at, words and place have gaps; both tags are new.
        assert_eq!(numbers(&schema, &row), [29, 17, 19, 20, 28, 21, 30, 31]);
        let row = observed(&mut schema, &[("spent", "unknown"), ("plan", "pro"), ("age", "")]);
        assert_eq!(numbers(&schema, &row)[..3], [14, 32, 33]);
        let row = observed(&mut schema, &[("spent", "9.5"), ("plan", "gold"), ("tags", "blue,green,red")]);
        // The dictionaries of plan and tags are full: "gold", "blue" and "green" are unknown words.
        assert_eq!(numbers(&schema, &row)[..2], [14, 16]);
        assert_eq!(numbers(&schema, &row)[6..], [27, 31]);
        assert!(row.cells[3].is_nan() && row.cells[2] == 9.5);
    }

    #[test]
    fn a_network_encodes_words_newer_than_itself_as_unknown() {
        let mut schema = schema();
        let row = observed(&mut schema, &[("plan", "free"), ("tags", "new"), ("spent", "dear")]);
        assert_eq!(schema.inputs(schema.words().len()), 32);
        let known = |inputs| entries(&schema, &row, inputs).iter().map(|&(number, _)| number).collect::<Vec<_>>();
        assert_eq!(known(32)[1..3], [29, 30]);
        assert_eq!(known(29)[1..3], [16, 18]);
        assert_eq!(known(30)[1..3], [29, 18]);
        assert_eq!((known(32).last(), known(31).last()), (Some(&31), Some(&27)));
    }

    #[test]
    fn dense_inputs_are_computed_for_sixteen_rows_at_once() {
        let mut schema = schema();
        let place: Vec<u8> = [1.5f32, -2.5].iter().flat_map(|number| number.to_le_bytes()).collect();
        let given = [
            (&b"age"[..], Given::Number(31.0)),
            (b"at", Given::text(b"2026-11-30T06:00:00Z")),
            (b"place", Given::Text(Cow::Owned(place))),
            (b"phone", Given::Flag(true)),
        ];
        let values = schema.understand(given).unwrap();
        let row = schema.row(&values);
        let mut cells = vec![f32::NAN; 9 * LANES];
        row.cells.iter().enumerate().for_each(|(cell, &value)| cells[cell * LANES + 3] = value);
        let mut dense = vec![0.0; 14 * LANES];
        let mut places = Places::default();
        places.push(&[30.0, 32.0, 40.0]);
        schema.computed_of(LANES, &cells, Some(&places), &mut dense);
        let lane = |lane: usize| dense[lane..].iter().step_by(LANES).copied().collect::<Vec<f32>>();
        assert!(lane(2).iter().all(|value| value.is_nan()));
        let found = lane(3);
        assert!(found[..2] == [31.0, 0.5] && found[2].is_nan() && found[3].is_nan() && found[4] == 1.0);
        assert_eq!(found[5..9], [1.0, 0.0, 0.0, 1.0], "six in the morning, a Monday");
        assert_eq!(found[12..], [1.5, -2.5]);
        assert_eq!(observed(&mut schema, &[]).list.len(), 2, "a text and tags with a gap");
    }

    #[test]
    fn invalid_rows_are_rejected() {
        let mut schema = schema();
        let row =
            observed(&mut schema, &[("plan", "free"), ("tags", "new,red"), ("spent", "dear"), ("words", "a b c")]);
        let rejected = |change: &dyn Fn(&mut Row)| {
            let mut row = row.clone();
            change(&mut row);
            schema.check_row(&row.cells, &row.list).is_err()
        };
        assert!(!rejected(&|_| {}));
        assert!(rejected(&|row| row.cells[0] = f32::INFINITY));
        assert!(rejected(&|row| row.cells[1] = 30.0), "a word of another field");
        assert!(rejected(&|row| row.cells[1] = 0.5));
        assert!(rejected(&|row| row.cells[1] = f32::NAN));
        assert!(rejected(&|row| row.cells[2] = 1.0), "a number and a word at once");
        assert!(rejected(&|row| row.cells[3] = 1e9));
        assert!(rejected(&|row| row.cells[4] = 2.0));
        assert!(rejected(&|row| row.cells[5] = 1.0), "a day without seconds");
        assert!(rejected(&|row| (row.cells[5], row.cells[6]) = (1.0, 86_401.0)));
        assert!(rejected(&|row| row.cells[7] = 1.0));
        assert!(rejected(&|row| row.cells.truncate(8)));
        assert!(rejected(&|row| row.list[0].value = 0.0));
        assert!(rejected(&|row| row.list[0].value = f32::NAN));
        assert!(rejected(&|row| row.list[0].number = 3));
        assert!(rejected(&|row| row.list[0].number = 14));
        assert!(rejected(&|row| row.list[0].number = 1000));
        assert!(rejected(&|row| row.list.swap(0, 1)));
        assert!(rejected(&|row| row.list.insert(0, row.list[0])));
    }

    #[test]
    fn outcomes_are_checked_against_the_target() {
        let classes = |names: &[&str]| Target::Classes {
            name: (*b"taken").into(),
            most: 3,
            closed: false,
            names: names.iter().map(|name| name.as_bytes().into()).collect(),
        };
        assert!(check_outcome(&classes(&["no", "yes"]), &[1.0]).is_ok());
        for outcome in [&[2.0][..], &[-1.0], &[0.5], &[f32::NAN], &[], &[0.0, 1.0]] {
            assert!(check_outcome(&classes(&["no", "yes"]), outcome).is_err(), "{outcome:?}");
        }
        let values = Target::Values(vec![(*b"a").into(), (*b"b").into()]);
        assert!(check_outcome(&values, &[1.0, -2.0]).is_ok());
        assert!(check_outcome(&values, &[1.0]).is_err() && check_outcome(&values, &[1.0, f32::INFINITY]).is_err());
    }
}
