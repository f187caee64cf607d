//! Statistics of each field over the stored rows, and its importance.

use std::collections::HashMap;

use crate::dataset::{Rows, Set};
use crate::error::{Error, Result};
use crate::evaluation::evaluate;
use crate::model::Model;
use crate::network::Network;
use crate::random::Random;
use crate::schema::{Held, Row, Schema};

/// The most words in [`FieldFigures::commonest`].
const MAX_COMMONEST: usize = 10;
/// The most validation rows for importances. Of more rows, this many evenly spaced ones are used.
const IMPORTANCE_ROWS: usize = 1000;
/// The stream of random numbers for shuffling.
const SHUFFLE_STREAM: u64 = 3;

/// Statistics of a field over the stored rows of both sets.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct FieldFigures {
    /// Rows that have a value.
    pub values: u64,
    /// Rows with a gap.
    pub gaps: u64,
    /// The least and the greatest number; times in seconds since 1970. None if the field's values are not single
    /// numbers.
    pub range: Option<(f64, f64)>,
    /// The most common words, with the number of their rows: at most ten, the most common first, and words that are as
    /// common in the order of their bytes. A flag has `yes` and `no`.
    pub commonest: Vec<(Vec<u8>, u64)>,
    /// Rows with a word that the full dictionary could not take.
    pub others: u64,
    /// Permutation importance: the increase of the mean loss of validation rows if the values of this field are
    /// shuffled among them (L. Breiman, "Random forests", Machine Learning 45, 2001, section 10). None with fewer than
    /// two validation rows, or before a training.
    pub importance: Option<f64>,
}

impl Network {
    /// The statistics of each field, in their order; empty for a network without fields. Takes time for all stored
    /// rows, and for up to a thousand answers for each field.
    ///
    /// # Errors
    /// [`Error::Stopped`] once `keep_on` returns false.
    pub fn field_figures(&self, keep_on: &dyn Fn() -> bool) -> Result<Vec<FieldFigures>> {
        let Some(schema) = &self.schema else { return Ok(Vec::new()) };
        if self.sequences.is_some() {
            return self.as_network_of_rows(keep_on)?.field_figures(keep_on);
        }
        let mut counts: Vec<Counts<'_>> = schema.fields().iter().map(|_| Counts::default()).collect();
        for set in [Set::Train, Set::Test] {
            for index in 0..self.rows(set) {
                if index % 1024 == 0 && !keep_on() {
                    return Err(Error::Stopped);
                }
                let Some((row, ..)) = self.row_of_fields(set, index) else { break };
                counts.iter_mut().zip(schema.held(&row)).for_each(|(counts, held)| counts.add(held));
            }
        }
        let importances = self.importances(schema, keep_on)?;
        let figures = counts.into_iter().zip(importances);
        Ok(figures.map(|(counts, importance)| FieldFigures { importance, ..counts.figures() }).collect())
    }

    fn importances(&self, schema: &Schema, keep_on: &dyn Fn() -> bool) -> Result<Vec<Option<f64>>> {
        let stored = self.rows(Set::Test) as usize;
        let fields = schema.fields();
        if stored < 2 || self.trained.statistics.total_cycles == 0 {
            return Ok(vec![None; fields.len()]);
        }
        let count = stored.min(IMPORTANCE_ROWS);
        let rows = (0..count).map(|at| self.row_of_fields(Set::Test, (at * stored / count) as u32));
        let rows: Vec<_> = rows.map(|row| row.expect("the index is below the number of rows")).collect();
        let model = self.model();
        let error = |of_row: &dyn Fn(usize) -> Row| {
            let all = rows.iter().enumerate().map(|(at, (_, outcome, weight))| (of_row(at), &outcome[..], *weight));
            loss(&model, schema, all, keep_on)
        };
        let before = error(&|at| rows[at].0.clone())?;
        let mut order: Vec<usize> = (0..count).collect();
        let mut random = Random::new(0, SHUFFLE_STREAM);
        for at in (1..count).rev() {
            order.swap(at, random.below(at as u64 + 1) as usize);
        }
        let of_field = |index: usize| -> Result<Option<f64>> {
            let exchanged = |at: usize| exchanged(schema, index, &rows[at].0, &rows[order[at]].0);
            Ok(Some(error(&exchanged)? - before))
        };
        (0..fields.len()).map(of_field).collect()
    }
}

/// A row with the value of one field taken from another row.
fn exchanged(schema: &Schema, index: usize, row: &Row, other: &Row) -> Row {
    let mut row = row.clone();
    schema.take(index, other, &mut row);
    row
}

/// The mean loss of rows with outcomes and weights.
fn loss<'a>(
    model: &Model,
    schema: &Schema,
    all: impl Iterator<Item = (Row, &'a [f32], f32)>,
    keep_on: &dyn Fn() -> bool,
) -> Result<f64> {
    let width = schema.shape().width();
    let mut rows = if schema.has_lists() { Rows::with_lists(width) } else { Rows::new(width) };
    for (at, (row, outcome, weight)) in all.enumerate() {
        rows.set_list(at, &row.list);
        rows.set(at, row.cells.iter().chain(outcome).copied(), weight);
    }
    Ok(evaluate(model, &rows, keep_on)?.error)
}

/// Counts of a field so far.
#[derive(Default)]
struct Counts<'a> {
    figures: FieldFigures,
    words: HashMap<&'a [u8], u64>,
}

impl<'a> Counts<'a> {
    fn add(&mut self, held: Held<'a>) {
        let figures = &mut self.figures;
        if held == Held::Gap {
            figures.gaps += 1;
            return;
        }
        figures.values += 1;
        match held {
            Held::Number(number) => self.widen(f64::from(number)),
            Held::Moment(seconds) => self.widen(seconds),
            Held::Flag(flag) => self.count(if flag { b"yes" } else { b"no" }),
            Held::Word(word) => self.count(word),
            Held::OtherWord => figures.others += 1,
            Held::Words(words) => {
                figures.others += u64::from(words.contains(&None));
                words.into_iter().flatten().for_each(|word| self.count(word));
            }
            Held::Gap | Held::Vector(_) | Held::Buckets(_) => {}
        }
    }

    fn widen(&mut self, number: f64) {
        let (least, most) = self.figures.range.unwrap_or((number, number));
        self.figures.range = Some((least.min(number), most.max(number)));
    }

    fn count(&mut self, word: &'a [u8]) {
        *self.words.entry(word).or_default() += 1;
    }

    fn figures(self) -> FieldFigures {
        let mut commonest: Vec<(&[u8], u64)> = self.words.into_iter().collect();
        commonest.sort_unstable_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
        commonest.truncate(MAX_COMMONEST);
        let commonest = commonest.into_iter().map(|(word, rows)| (word.to_vec(), rows)).collect();
        FieldFigures { commonest, ..self.figures }
    }
}
