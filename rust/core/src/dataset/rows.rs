//! The rows of one set with weights and lists, and random selections of them.

use std::ops::Range;

use super::{Lists, Table};
use crate::error::Result;
use crate::memory::Taken;
use crate::random::Random;
use crate::schema::Entry;

/// The rows of one set.
#[derive(Debug, Clone)]
pub(crate) struct Rows {
    pub(crate) table: Table,
    /// One column of row weights. `None` while all are 1.
    pub(crate) weights: Option<Table>,
    /// Lists of looked-up inputs. `None` if no field needs them.
    pub(crate) lists: Option<Lists>,
}

impl Rows {
    pub(crate) fn new(width: usize) -> Self {
        Self { table: Table::new(width), weights: None, lists: None }
    }

    /// Rows of fields of which some are texts or tags.
    pub(crate) fn with_lists(width: usize) -> Self {
        Self { lists: Some(Lists::default()), ..Self::new(width) }
    }

    /// The list of a row, empty if rows have none. `None` past the end.
    pub(crate) fn list(&self, row: usize) -> Option<&[Entry]> {
        (row < self.len()).then(|| self.lists.as_ref().map_or(&[][..], |lists| lists.row(row)))
    }

    /// Replace the list of a row, or append one for the row after the last.
    pub(crate) fn set_list(&mut self, row: usize, list: &[Entry]) {
        if let Some(lists) = &mut self.lists {
            lists.set(row, list);
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.table.rows()
    }

    pub(crate) fn weight(&self, row: usize) -> f32 {
        self.weights.as_ref().map_or(1.0, |weights| weights.row(row).next().expect("a weight a row"))
    }

    /// Allocate memory for one more row; see [`Table::reserve`].
    pub(crate) fn reserve(&mut self) -> Result<()> {
        self.table.reserve()
    }

    /// Replace a row, or append one if `row` is the number of rows.
    pub(crate) fn set(&mut self, row: usize, values: impl Iterator<Item = f32>, weight: f32) {
        if weight != 1.0 && self.weights.is_none() {
            let mut weights = Table::new(1);
            (0..self.len()).for_each(|row| weights.set(row, std::iter::once(1.0)));
            self.weights = Some(weights);
        }
        self.table.set(row, values);
        if let Some(weights) = &mut self.weights {
            weights.set(row, std::iter::once(weight));
        }
    }

    /// Keep `count` random rows and drop the others. Kept rows past the new end fill the gaps of dropped rows before
    /// it, in order; the others stay where they are.
    ///
    /// The number of random draws and of moved rows is at most that of the rows kept or of the rows dropped, whichever
    /// is less. So it is cheap to drop few rows of a large set, and to keep few. Replicas and AOFs rely on the
    /// selection: it must never change.
    pub(super) fn keep(&mut self, count: usize, random: &mut Random) {
        let len = self.len();
        if count >= len {
            return;
        }
        let few_are_kept = count < len - count;
        let chosen = Chosen::among(len, count.min(len - count), random);
        let dropped = chosen.rows(0..count, !few_are_kept);
        let kept = chosen.rows(count..len, few_are_kept);
        let mut moved = Vec::with_capacity(self.table.width());
        for (to, from) in dropped.zip(kept) {
            moved.clear();
            moved.extend(self.table.row(from));
            let weight = self.weight(from);
            self.set(to, moved.iter().copied(), weight);
            if let Some(lists) = &mut self.lists {
                let list = lists.row(from).to_vec();
                lists.set(to, &list);
            }
        }
        self.table.truncate(count);
        if let Some(weights) = &mut self.weights {
            weights.truncate(count);
        }
        if let Some(lists) = &mut self.lists {
            lists.truncate(count);
        }
    }

    /// An empty set of the same width, with lists if this has them.
    pub(super) fn empty(&self) -> Self {
        Self { lists: self.lists.as_ref().map(|_| Lists::default()), ..Self::new(self.table.width()) }
    }

    /// A copy of some rows, in this order.
    fn part(&self, rows: impl Iterator<Item = usize>) -> Self {
        let mut part = self.empty();
        for (to, from) in rows.enumerate() {
            if let Some(lists) = &self.lists {
                part.set_list(to, lists.row(from));
            }
            part.set(to, self.table.row(from), self.weight(from));
        }
        part
    }

    /// Split into two sets, in order: all rows but `count` random ones, and these.
    pub(super) fn split(&self, count: usize, random: &mut Random) -> (Self, Self) {
        let chosen = Chosen::among(self.len(), count, random);
        let part = |are_chosen| self.part(chosen.rows(0..self.len(), are_chosen));
        (part(false), part(true))
    }

    pub(crate) fn bytes_by(&self, taken: Taken<'_>) -> usize {
        self.table.bytes_by(taken)
            + self.weights.as_ref().map_or(0, |weights| weights.bytes_by(taken))
            + self.lists.as_ref().map_or(0, |lists| lists.bytes_by(taken))
    }
}

/// A random subset of rows, as a bitmap.
struct Chosen(Vec<u64>);

impl Chosen {
    /// A uniformly random subset of `count` of the first `len` rows, by Floyd's algorithm, which never rejects a draw
    /// (Bentley and Floyd: "A sample of brilliance", Communications of the ACM 30, 1987).
    fn among(len: usize, count: usize, random: &mut Random) -> Self {
        let mut chosen = Self(vec![0; len.div_ceil(64)]);
        for last in len - count..len {
            let row = random.below(last as u64 + 1) as usize;
            let row = if chosen.has(row) { last } else { row };
            chosen.0[row / 64] |= 1 << (row % 64);
        }
        chosen
    }

    fn has(&self, row: usize) -> bool {
        self.0[row / 64] & 1 << (row % 64) != 0
    }

    /// The rows of a range that are in the subset, or those that are not, in order.
    fn rows(&self, range: Range<usize>, are_chosen: bool) -> impl Iterator<Item = usize> {
        let next = move |mut row: usize| {
            while row < range.end {
                let word = if are_chosen { self.0[row / 64] } else { !self.0[row / 64] };
                let ahead = word >> (row % 64);
                if ahead != 0 {
                    return Some(row + ahead.trailing_zeros() as usize).filter(|row| *row < range.end);
                }
                row = (row / 64 + 1) * 64;
            }
            None
        };
        std::iter::successors(next(range.start), move |row| next(row + 1))
    }
}

impl PartialEq for Rows {
    fn eq(&self, other: &Self) -> bool {
        self.table == other.table
            && self.lists == other.lists
            && (0..self.len()).all(|row| self.weight(row) == other.weight(row))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_are_allocated_only_once_one_differs_from_1() {
        let mut rows = Rows::new(3);
        (0..20).for_each(|row| rows.set(row, [1.0; 3].into_iter(), 1.0));
        assert!(rows.weights.is_none());
        rows.set(20, [1.0; 3].into_iter(), 2.5);
        assert_eq!((rows.weight(19), rows.weight(20)), (1.0, 2.5));
        rows.keep(20, &mut Random::new(1, 1));
        let weighted = (0..20).filter(|&row| rows.weight(row) == 2.5).count();
        assert_eq!((rows.len(), weighted), (20, 1), "a row keeps its weight when it moves");
    }

    #[test]
    fn sets_are_equal_if_values_weights_and_lists_are() {
        let rows = |value: f32, weight: f32, number: u32| {
            let mut rows = Rows::with_lists(2);
            for row in 0..3 {
                rows.set_list(row, &[Entry { number, value: 1.0 }]);
                rows.set(row, [value, 2.0].into_iter(), if row == 1 { weight } else { 1.0 });
            }
            rows
        };
        let same = rows(1.0, 1.0, 5);
        assert!(same == rows(1.0, 1.0, 5));
        for other in [rows(3.0, 1.0, 5), rows(1.0, 2.0, 5), rows(1.0, 1.0, 6)] {
            assert!(same != other);
        }
        // Stored weights that are all 1 equal no weights.
        let mut weighted = rows(1.0, 2.0, 5);
        weighted.set(1, [1.0, 2.0].into_iter(), 1.0);
        assert!(weighted.weights.is_some() && same == weighted);
    }

    #[test]
    fn a_split_puts_each_row_into_one_of_two_sets() {
        let mut rows = Rows::with_lists(2);
        for row in 0..50 {
            rows.set_list(row, &[Entry { number: row as u32, value: 1.0 }]);
            rows.set(row, [row as f32, 1.0].into_iter(), 1.0 + row as f32);
        }
        let (most, few) = rows.split(10, &mut Random::new(1, 1));
        assert_eq!((most.len(), few.len()), (40, 10));
        let mut seen = Vec::new();
        for part in [&most, &few] {
            for row in 0..part.len() {
                let first = part.table.row(row).next().unwrap();
                assert_eq!((part.weight(row), part.list(row).unwrap()[0].number), (1.0 + first, first as u32));
                seen.push(first as usize);
            }
        }
        assert!(few.table.row(9).next() != Some(9.0), "they are not the first rows");
        seen.sort_unstable();
        assert_eq!(seen, (0..50).collect::<Vec<_>>());
        let again = rows.split(10, &mut Random::new(1, 1));
        assert!(again.0 == most && again.1 == few);
    }

    #[test]
    fn a_list_belongs_to_its_row_and_is_none_past_the_end() {
        let entry = |number| Entry { number, value: 1.0 };
        let mut rows = Rows::with_lists(1);
        for row in 0..2u32 {
            rows.set_list(row as usize, &[entry(row), entry(9)]);
            rows.set(row as usize, [0.0].into_iter(), 1.0);
        }
        assert_eq!((rows.list(1), rows.list(2)), (Some(&[entry(1), entry(9)][..]), None));
        let mut plain = Rows::new(1);
        plain.set(0, [0.0].into_iter(), 1.0);
        assert_eq!((plain.list(0), plain.list(1)), (Some(&[][..]), None));
        // A list moves with its row.
        rows.keep(1, &mut Random::new(1, 1));
        assert_eq!(rows.list(0).map(|list| list[1]), Some(entry(9)));
        assert_eq!(rows.list(1), None);
    }
}
