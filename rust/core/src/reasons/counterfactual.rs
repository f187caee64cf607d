//! Counterfactuals: the fewest changes of a row that make the network answer another class.
//!
//! Values are copied from one of the nearest training rows that the network assigns to the target class, as few as
//! suffice. This extends D. Brughmans, P. Leyman, D. Martens, "NICE: an algorithm for nearest instance counterfactual
//! explanations", Data Mining and Knowledge Discovery 38, 2024, which uses only the nearest row and adds fields
//! greedily. Values of stored rows are always plausible, and copying all of them is certain to reach the class.
//! Rejected: gradient descent on the inputs (R. K. Mothilal, A. Sharma, C. Tan, "Explaining machine learning
//! classifiers through diverse counterfactual explanations", 2020), which leads to values that no row has.

use std::ops::Range;

use super::log_odds::Readout;
use super::{Players, answer, batch_rows, check, class, outputs, without_output_function};
use crate::dataset::Set;
use crate::error::{Error, Result};
use crate::layout::Kind;
use crate::model::Model;
use crate::network::Network;
use crate::schema::{Entry, FieldKind, Row, Schema};

/// Number of nearest rows to copy values from.
const NEAREST: usize = 100;
/// Maximum number of changes of one size to try. If there are more, the search is greedy.
const MAX_TRIES: usize = 100 << 10;
/// Number of nearest rows in a greedy search.
const GREEDY_NEAREST: usize = 10;
/// Number of rows between two calls of `keep_on`.
const ROWS_PER_CHECK: usize = 1024;

/// Changes that make a row another class.
#[derive(Debug, Clone, PartialEq)]
pub struct Counterfactual {
    /// The class of the unchanged row.
    pub class: usize,
    /// The fields, or inputs, to change, in ascending order, and the changed row; no fields if the row is of the target
    /// class already. `None` if the network assigns no training row to the target class.
    pub changes: Option<(Vec<usize>, Row)>,
}

/// A training row that the network assigns to the target class.
pub(super) struct Near {
    pub(super) row: Row,
    /// The distance of the row from it in each field.
    pub(super) distances: Vec<f64>,
    /// The fields in which they differ.
    differing: Vec<usize>,
}

impl Near {
    fn distance(&self, fields: &[usize]) -> f64 {
        fields.iter().map(|&field| self.distances[field]).sum()
    }
}

impl Network {
    /// Find the fewest changes that make the network answer the class `target`, each to the value of a training row.
    ///
    /// All changes of one row are copied from the same training row, one of the 100 nearest that the network assigns to
    /// the class. The distance is the sum over fields of the absolute difference relative to the range for numbers, and
    /// 1 for different words (after D. R. Wilson, T. R. Martinez, "Improved heterogeneous distance functions", JAIR 6,
    /// 1997, but not squared, which prefers few large differences to many small ones). Among equally few changes, those
    /// with the smallest distance are returned. If there are too many combinations to try, fields are added in the
    /// order of their gain, and then removed as long as the class stays.
    ///
    /// # Errors
    /// [`Error::NotClassifier`] for a regressor, [`Error::Class`] for an unknown class, and those of
    /// [`Network::explain`].
    pub fn changes_for(&self, row: &Row, target: usize, keep_on: &dyn Fn() -> bool) -> Result<Counterfactual> {
        if self.sequences.is_some() {
            return self.as_network_of_rows(keep_on)?.changes_for(row, target, keep_on);
        }
        let model = self.model();
        if model.kind != Kind::Classifier {
            return Err(Error::NotClassifier);
        }
        check(&model, row)?;
        if target >= outputs(&model) {
            return Err(Error::Class { row: None, value: target as f32, classes: outputs(&model) });
        }
        let answered = class(&model, std::slice::from_ref(row))?[0];
        if self.rows(Set::Train) == 0 {
            return Err(Error::NothingStored);
        }
        if answered == target {
            return Ok(Counterfactual { class: answered, changes: Some((Vec::new(), row.clone())) });
        }
        let players = Players::of(&model);
        let near = self.nearest(&model, &players, row, target, keep_on)?;
        if near.is_empty() {
            return Ok(Counterfactual { class: answered, changes: None });
        }
        let batch = batch_rows(&model);
        let search = Search { model: &model, players: &players, row, near: &near, target, batch, keep_on };
        let (chosen, fields) = search.fewest()?;
        let changed = search.changed(chosen, &fields);
        Ok(Counterfactual { class: answered, changes: Some((fields, changed)) })
    }

    /// Approximate upper bound of the rows that [`Self::changes_for`] runs through the network.
    pub fn changing(&self) -> usize {
        let stored = self.rows(Set::Train) as usize;
        let players = self.schema().map_or(self.layout().inputs(), |schema| schema.fields().len());
        let tried = if players <= 10 { stored.min(NEAREST) << players } else { 2 * MAX_TRIES };
        stored + tried
    }

    /// The nearest training rows that the model assigns to a class, in ascending order of distance.
    pub(super) fn nearest(
        &self,
        model: &Model,
        players: &Players,
        row: &Row,
        target: usize,
        keep_on: &dyn Fn() -> bool,
    ) -> Result<Vec<Near>> {
        let stored = self.rows(Set::Train);
        let scale = Scale::of(players, (0..stored).filter_map(|index| self.training_row(index)), keep_on)?;
        // Distances and row numbers, in ascending order.
        let mut found: Vec<(f64, u32)> = Vec::with_capacity(NEAREST + 1);
        let batch = batch_rows(model) as u32;
        for first in (0..stored).step_by(batch as usize) {
            if !keep_on() {
                return Err(Error::Stopped);
            }
            let numbers: Vec<u32> = (first..stored.min(first.saturating_add(batch))).collect();
            let rows: Vec<Row> = numbers.iter().filter_map(|&index| self.training_row(index)).collect();
            for ((class, other), index) in class(model, &rows)?.into_iter().zip(&rows).zip(numbers) {
                if class != target {
                    continue;
                }
                let distance: f64 = scale.distances(players, row, other).iter().sum();
                let place = found.partition_point(|(before, _)| *before <= distance);
                if place < NEAREST {
                    found.insert(place, (distance, index));
                    found.truncate(NEAREST);
                }
            }
        }
        let near = |(_, index): (f64, u32)| {
            let other = self.training_row(index)?;
            let distances = scale.distances(players, row, &other);
            let differing = (0..players.len()).filter(|&player| differs(players, player, row, &other)).collect();
            Some(Near { row: other, distances, differing })
        };
        Ok(found.into_iter().filter_map(near).collect())
    }
}

/// The search for changes of a row.
struct Search<'a> {
    model: &'a Model,
    players: &'a Players,
    row: &'a Row,
    near: &'a [Near],
    target: usize,
    /// Number of rows in a batch through the network.
    batch: usize,
    keep_on: &'a dyn Fn() -> bool,
}

/// The index of a near row, and the fields to copy from it.
type Change = (usize, Vec<usize>);

impl Search<'_> {
    fn changed(&self, near: usize, fields: &[usize]) -> Row {
        let mut changed = self.row.clone();
        fields.iter().for_each(|&field| self.players.copy(field, &self.near[near].row, &mut changed));
        changed
    }

    /// Find the change with the fewest fields, among these the one with the smallest distance.
    fn fewest(&self) -> Result<Change> {
        let most = self.near.iter().map(|near| near.differing.len()).max().unwrap_or(0);
        for size in 1..=most {
            let tries =
                self.near.iter().map(|near| binomial(near.differing.len(), size)).fold(0, usize::saturating_add);
            if tries > MAX_TRIES {
                return self.greedy();
            }
            if let Some(found) = self.of_size(size)? {
                return Ok(found);
            }
        }
        // Not reached in practice: copying all differing fields yields the near row, which has the target class.
        Ok((0, self.near[0].differing.clone()))
    }

    /// Find the change of exactly `size` fields with the smallest distance, if any reaches the class.
    fn of_size(&self, size: usize) -> Result<Option<Change>> {
        let mut best: Option<(f64, Change)> = None;
        let mut tried: Vec<Change> = Vec::with_capacity(self.batch);
        let mut try_out = |tried: &mut Vec<Change>| -> Result<()> {
            for (change, reached) in tried.iter().zip(self.reached(tried)?) {
                let distance = self.near[change.0].distance(&change.1);
                if reached && best.as_ref().is_none_or(|(least, _)| distance < *least) {
                    best = Some((distance, change.clone()));
                }
            }
            tried.clear();
            Ok(())
        };
        for (index, near) in self.near.iter().enumerate() {
            let mut places: Vec<usize> = (0..size).collect();
            let mut is_left = size <= near.differing.len();
            while is_left {
                tried.push((index, places.iter().map(|&place| near.differing[place]).collect()));
                if tried.len() == self.batch {
                    try_out(&mut tried)?;
                }
                is_left = next_combination(&mut places, near.differing.len());
            }
        }
        try_out(&mut tried)?;
        Ok(best.map(|(_, change)| change))
    }

    /// For each of the nearest rows, add fields in the order of their individual gain until the class is reached, then
    /// remove those that are not needed. Return the best change.
    fn greedy(&self) -> Result<Change> {
        let mut best: Option<(usize, f64, Change)> = None;
        for index in 0..self.near.len().min(GREEDY_NEAREST) {
            let near = &self.near[index];
            let mut fields = self.by_gain(index)?;
            // More fields can also lead away from the class. All of them together are certain to reach it.
            let mut enough = fields.len();
            for first in (1..=fields.len()).step_by(self.batch) {
                let counts: Vec<usize> = (first..=fields.len().min(first + self.batch - 1)).collect();
                let tried: Vec<Change> = counts.iter().map(|&count| (index, fields[..count].to_vec())).collect();
                if let Some(at) = self.reached(&tried)?.iter().position(|&reached| reached) {
                    enough = counts[at];
                    break;
                }
            }
            fields.truncate(enough);
            self.prune(index, &mut fields)?;
            fields.sort_unstable();
            let (count, distance) = (fields.len(), near.distance(&fields));
            if best.as_ref().is_none_or(|(fewest, least, _)| (count, distance) < (*fewest, *least)) {
                best = Some((count, distance, (index, fields)));
            }
        }
        Ok(best.map_or((0, self.near[0].differing.clone()), |(.., change)| change))
    }

    /// The fields in which a near row differs, in descending order of the log-odds of the target class after changing
    /// that field alone.
    fn by_gain(&self, index: usize) -> Result<Vec<usize>> {
        let (model, readout) = (without_output_function(self.model), Readout::of(self.model, self.target));
        let differing = &self.near[index].differing;
        let mut gains = Vec::with_capacity(differing.len());
        for fields in differing.chunks(self.batch) {
            self.check()?;
            let rows: Vec<Row> = fields.iter().map(|&field| self.changed(index, &[field])).collect();
            let outputs = answer(&model, &rows)?;
            gains.extend(outputs.chunks_exact(model.layout().outputs()).map(|outputs| readout.value(outputs)));
        }
        let mut order: Vec<usize> = (0..differing.len()).collect();
        order.sort_by(|&a, &b| gains[b].total_cmp(&gains[a]));
        Ok(order.into_iter().map(|at| differing[at]).collect())
    }

    /// Remove fields, one at a time in their order, until none can be removed without leaving the class.
    fn prune(&self, index: usize, fields: &mut Vec<usize>) -> Result<()> {
        let mut place = 0;
        let mut needed = 0;
        while needed < fields.len() && fields.len() > 1 {
            place %= fields.len();
            let mut fewer = fields.clone();
            fewer.remove(place);
            if self.reached(&[(index, fewer.clone())])?[0] {
                (*fields, needed) = (fewer, 0);
            } else {
                (place, needed) = (place + 1, needed + 1);
            }
        }
        Ok(())
    }

    /// Whether each change reaches the class.
    fn reached(&self, tried: &[Change]) -> Result<Vec<bool>> {
        self.check()?;
        let rows: Vec<Row> = tried.iter().map(|(near, fields)| self.changed(*near, fields)).collect();
        Ok(class(self.model, &rows)?.into_iter().map(|class| class == self.target).collect())
    }

    fn check(&self) -> Result<()> {
        if (self.keep_on)() { Ok(()) } else { Err(Error::Stopped) }
    }
}

/// The binomial coefficient, saturating.
fn binomial(of: usize, size: usize) -> usize {
    if size > of {
        return 0;
    }
    (0..size).fold(1usize, |count, at| count.saturating_mul(of - at) / (at + 1))
}

/// Advance to the next combination of places below `of`, in lexicographic order. Returns false after the last.
fn next_combination(places: &mut [usize], of: usize) -> bool {
    let size = places.len();
    let Some(at) = (0..size).rev().find(|&at| places[at] < of - size + at) else { return false };
    let first = places[at] + 1;
    places[at..].iter_mut().enumerate().for_each(|(further, place)| *place = first + further);
    true
}

/// Whether two rows differ in a field.
fn differs(players: &Players, player: usize, one: &Row, other: &Row) -> bool {
    let cells = players.cells(player);
    if cells.is_empty()
        && let Some(schema) = &players.schema
    {
        return schema.lists_of(&one.list)[player] != schema.lists_of(&other.list)[player];
    }
    // Compare bits, since a gap is NaN.
    let bits = |row: &Row| row.cells[cells.clone()].iter().map(|cell| cell.to_bits()).collect::<Vec<_>>();
    bits(one) != bits(other)
}

/// The range of each cell among the training rows, which scales distances.
struct Scale {
    ranges: Vec<Range<f32>>,
}

impl Scale {
    fn of(players: &Players, rows: impl Iterator<Item = Row>, keep_on: &dyn Fn() -> bool) -> Result<Self> {
        let count = players.schema.as_ref().map_or(players.inputs, |schema| schema.cells());
        let mut ranges = vec![f32::INFINITY..f32::NEG_INFINITY; count];
        for (index, row) in rows.enumerate() {
            if index % ROWS_PER_CHECK == 0 && !keep_on() {
                return Err(Error::Stopped);
            }
            for (range, &cell) in ranges.iter_mut().zip(&row.cells) {
                // Comparisons with a gap (NaN) are false.
                if cell < range.start {
                    range.start = cell;
                }
                if cell > range.end {
                    range.end = cell;
                }
            }
        }
        Ok(Self { ranges })
    }

    /// The distance of a row from another one in each field.
    fn distances(&self, players: &Players, row: &Row, other: &Row) -> Vec<f64> {
        let lists = players.schema.as_ref().map(|schema| [schema.lists_of(&row.list), schema.lists_of(&other.list)]);
        let of_player = |player: usize| {
            let cells = players.cells(player);
            let between = |cell: usize| self.between(cell, row.cells[cell], other.cells[cell]);
            let Some(schema) = &players.schema else { return between(player) };
            // A change to a gap or to an unknown word is no useful advice. Such a field is made farther than all others
            // together.
            let word_distance = |is_missing: bool| if is_missing { players.len() as f64 } else { 1.0 };
            match (schema.fields()[player].kind(), &lists) {
                _ if !differs(players, player, row, other) => 0.0,
                (FieldKind::Text(_) | FieldKind::Tags(_), Some([one, other])) => {
                    if is_gap(schema, player, other[player]) {
                        word_distance(true)
                    } else {
                        jaccard_distance(one[player], other[player])
                    }
                }
                (FieldKind::Category(_), _) => {
                    word_distance(is_no_known_word(schema, player, other.cells[cells.start]))
                }
                (FieldKind::Auto(_), _) if other.cells[cells.start].is_nan() => {
                    word_distance(is_no_known_word(schema, player, other.cells[cells.start + 1]))
                }
                _ if other.cells[cells.start].is_nan() => word_distance(true),
                _ if row.cells[cells.start].is_nan() => 1.0,
                // Times differ by days, and on the same day by seconds.
                (FieldKind::Time, _) => between(cells.start).max(between(cells.start + 1) / 86_400.0),
                (FieldKind::Vector(_), _) => {
                    let count = cells.len() as f64;
                    cells.map(between).sum::<f64>() / count
                }
                _ => between(cells.start),
            }
        };
        (0..players.len()).map(of_player).collect()
    }

    /// The difference of two numbers relative to the range of the cell; 1 if the range is empty.
    fn between(&self, cell: usize, one: f32, other: f32) -> f64 {
        let range = f64::from(self.ranges[cell].end) - f64::from(self.ranges[cell].start);
        let difference = (f64::from(one) - f64::from(other)).abs();
        if difference == 0.0 {
            0.0
        } else if range > 0.0 {
            difference / range
        } else {
            1.0
        }
    }
}

/// Whether a cell stands for a gap or for an unknown word.
fn is_no_known_word(schema: &Schema, player: usize, code: f32) -> bool {
    let field = &schema.fields()[player];
    [field.gap(), field.other()].contains(&(code as u32))
}

fn is_gap(schema: &Schema, player: usize, list: &[Entry]) -> bool {
    list.iter().all(|entry| entry.number == schema.fields()[player].gap())
}

/// The weighted Jaccard distance of two lists, 0 to 1: 1 minus the sum of minima over the sum of maxima.
fn jaccard_distance(one: &[Entry], other: &[Entry]) -> f64 {
    let value_in = |list: &[Entry], number| {
        list.iter().find(|entry| entry.number == number).map_or(0.0, |entry| f64::from(entry.value))
    };
    let sum = |list: &[Entry]| list.iter().map(|entry| f64::from(entry.value)).sum::<f64>();
    let common: f64 = one.iter().map(|entry| f64::from(entry.value).min(value_in(other, entry.number))).sum();
    let all = sum(one) + sum(other) - common;
    if all > 0.0 { 1.0 - common / all } else { 0.0 }
}
