//! What would have to change in a row for another class, by values that stored rows have.
//!
//! Towards one of the nearest training rows of the wanted class, as the network itself answers them, some values are taken over, as
//! few as will do: D. Brughmans, P. Leyman, D. Martens, "NICE: an algorithm for nearest instance counterfactual explanations", Data
//! Mining and Knowledge Discovery 38, 2024, which knows the nearest row alone and adds one field after the other. Values that stand
//! in rows are always plausible, and at the row itself the class is certain to be reached. Rejected: following gradients (R. K.
//! Mothilal, A. Sharma, C. Tan, "Explaining machine learning classifiers through diverse counterfactual explanations", 2020), which
//! comes to values that nobody has.

use std::ops::Range;

use super::log_odds::Told;
use super::{Players, answer, before_output, check, class, outputs, together};
use crate::dataset::Set;
use crate::error::{Error, Result};
use crate::layout::Kind;
use crate::model::Model;
use crate::network::Network;
use crate::schema::{Entry, FieldKind, Row, Schema};

/// Rows towards which values are changed: the nearest.
const NEAREST: usize = 100;
/// Changes of as many fields that are tried at most; where there are more, fields are added one by one.
const TRIES: usize = 100 << 10;
/// Rows towards which fields are added one by one.
const NEAREST_ADDED: usize = 10;
/// Rows between two looks at whether the answer is still wanted.
const LOOKED_AT: usize = 1024;

/// What would make a row another class.
#[derive(Debug, Clone, PartialEq)]
pub struct Counterfactual {
    /// The class that is answered to the row.
    pub class: usize,
    /// The fields, or inputs, to be changed, in their order, and a row that has the values they need; no fields if the class is the
    /// wanted one already. None if the network answers the wanted class to no training row.
    pub changes: Option<(Vec<usize>, Row)>,
}

/// A training row of the wanted class.
pub(super) struct Near {
    pub(super) row: Row,
    /// How far the row is from it in each field.
    pub(super) distances: Vec<f64>,
    /// The fields in which it is another.
    differing: Vec<usize>,
}

impl Near {
    fn distance(&self, fields: &[usize]) -> f64 {
        fields.iter().map(|&field| self.distances[field]).sum()
    }
}

impl Network {
    /// The fewest changes of a row that make the network answer another class, each to the value that a training row has.
    ///
    /// The training rows are the hundred nearest to which the network answers that class: by the sum over fields of the difference
    /// of numbers in parts of their range, and 1 for another word (as D. R. Wilson, T. R. Martinez, "Improved heterogeneous distance
    /// functions", JAIR 6, 1997, but not squared, so that few large differences are rather taken than many small ones). Of changes
    /// that are equally few those count that change least. Where too many would have to be tried, fields are added in the order of
    /// what they gain, until none could be left out.
    ///
    /// # Errors
    /// [`Error::NotClassifier`] for a regressor, [`Error::Class`] for a class that it does not answer, and those of
    /// [`Network::explain`].
    pub fn changes_for(&self, row: &Row, wanted: usize, keep_on: &dyn Fn() -> bool) -> Result<Counterfactual> {
        if self.sequences.is_some() {
            return self.of_what_is_seen(keep_on)?.changes_for(row, wanted, keep_on);
        }
        let model = self.model();
        if model.kind != Kind::Classifier {
            return Err(Error::NotClassifier);
        }
        check(&model, row)?;
        if wanted >= outputs(&model) {
            return Err(Error::Class { row: None, value: wanted as f32, classes: outputs(&model) });
        }
        let answered = class(&model, std::slice::from_ref(row))?[0];
        if self.rows(Set::Train) == 0 {
            return Err(Error::NothingStored);
        }
        if answered == wanted {
            return Ok(Counterfactual { class: answered, changes: Some((Vec::new(), row.clone())) });
        }
        let players = Players::of(&model);
        let near = self.nearest(&model, &players, row, wanted, keep_on)?;
        if near.is_empty() {
            return Ok(Counterfactual { class: answered, changes: None });
        }
        let together = together(&model);
        let search = Search { model: &model, players: &players, row, near: &near, wanted, together, keep_on };
        let (chosen, fields) = search.fewest()?;
        let changed = search.changed(chosen, &fields);
        Ok(Counterfactual { class: answered, changes: Some((fields, changed)) })
    }

    /// Answers that [`Self::changes_for`] asks of the network, at most or nearly so.
    pub fn changing(&self) -> usize {
        let stored = self.rows(Set::Train) as usize;
        let players = self.schema().map_or(self.layout().inputs(), |schema| schema.fields().len());
        let tried = if players <= 10 { stored.min(NEAREST) << players } else { 2 * TRIES };
        stored + tried
    }

    /// The nearest training rows to which the model answers a class.
    pub(super) fn nearest(
        &self,
        model: &Model,
        players: &Players,
        row: &Row,
        wanted: usize,
        keep_on: &dyn Fn() -> bool,
    ) -> Result<Vec<Near>> {
        let stored = self.rows(Set::Train);
        let scale = Scale::of(players, (0..stored).filter_map(|index| self.training_row(index)), keep_on)?;
        // Distance and number, the nearest first.
        let mut found: Vec<(f64, u32)> = Vec::with_capacity(NEAREST + 1);
        let together = together(model) as u32;
        for first in (0..stored).step_by(together as usize) {
            if !keep_on() {
                return Err(Error::Stopped);
            }
            let numbers: Vec<u32> = (first..stored.min(first.saturating_add(together))).collect();
            let rows: Vec<Row> = numbers.iter().filter_map(|&index| self.training_row(index)).collect();
            for ((class, other), index) in class(model, &rows)?.into_iter().zip(&rows).zip(numbers) {
                if class != wanted {
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

/// Changes that are looked for.
struct Search<'a> {
    model: &'a Model,
    players: &'a Players,
    row: &'a Row,
    near: &'a [Near],
    wanted: usize,
    /// Rows that are answered together.
    together: usize,
    keep_on: &'a dyn Fn() -> bool,
}

/// A row towards which fields are changed, and the fields.
type Change = (usize, Vec<usize>);

impl Search<'_> {
    fn changed(&self, near: usize, fields: &[usize]) -> Row {
        let mut changed = self.row.clone();
        fields.iter().for_each(|&field| self.players.take(field, &self.near[near].row, &mut changed));
        changed
    }

    /// The first change of the fewest fields that change least.
    fn fewest(&self) -> Result<Change> {
        let most = self.near.iter().map(|near| near.differing.len()).max().unwrap_or(0);
        for size in 1..=most {
            let tries = self.near.iter().map(|near| choices(near.differing.len(), size)).fold(0, usize::saturating_add);
            if tries > TRIES {
                return self.added();
            }
            if let Some(found) = self.of_size(size)? {
                return Ok(found);
            }
        }
        // A row that takes over all that differs from it is that row.
        Ok((0, self.near[0].differing.clone()))
    }

    fn of_size(&self, size: usize) -> Result<Option<Change>> {
        let mut best: Option<(f64, Change)> = None;
        let mut tried: Vec<Change> = Vec::with_capacity(self.together);
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
            let mut is_one = size <= near.differing.len();
            while is_one {
                tried.push((index, places.iter().map(|&place| near.differing[place]).collect()));
                if tried.len() == self.together {
                    try_out(&mut tried)?;
                }
                is_one = next_choice(&mut places, near.differing.len());
            }
        }
        try_out(&mut tried)?;
        Ok(best.map(|(_, change)| change))
    }

    /// Towards each of the nearest rows, fields one by one in the order of what they gain alone; then without each that is not needed.
    fn added(&self) -> Result<Change> {
        let mut best: Option<(usize, f64, Change)> = None;
        for index in 0..self.near.len().min(NEAREST_ADDED) {
            let near = &self.near[index];
            let mut fields = self.by_gain(index)?;
            // The answer may turn back and forth as fields are added: all of them are certain to reach the class.
            let mut enough = fields.len();
            for first in (1..=fields.len()).step_by(self.together) {
                let counts: Vec<usize> = (first..=fields.len().min(first + self.together - 1)).collect();
                let tried: Vec<Change> = counts.iter().map(|&count| (index, fields[..count].to_vec())).collect();
                if let Some(at) = self.reached(&tried)?.iter().position(|&reached| reached) {
                    enough = counts[at];
                    break;
                }
            }
            fields.truncate(enough);
            self.leave_out(index, &mut fields)?;
            fields.sort_unstable();
            let (count, distance) = (fields.len(), near.distance(&fields));
            if best.as_ref().is_none_or(|(fewest, least, _)| (count, distance) < (*fewest, *least)) {
                best = Some((count, distance, (index, fields)));
            }
        }
        Ok(best.map_or((0, self.near[0].differing.clone()), |(.., change)| change))
    }

    /// The fields in which a row differs, those first that alone bring the answer nearest to the wanted class.
    fn by_gain(&self, index: usize) -> Result<Vec<usize>> {
        let (model, told) = (before_output(self.model), Told::of(self.model, self.wanted));
        let differing = &self.near[index].differing;
        let mut gains = Vec::with_capacity(differing.len());
        for fields in differing.chunks(self.together) {
            self.check()?;
            let rows: Vec<Row> = fields.iter().map(|&field| self.changed(index, &[field])).collect();
            let outputs = answer(&model, &rows)?;
            gains.extend(outputs.chunks_exact(model.layout().outputs()).map(|outputs| told.value(outputs)));
        }
        let mut order: Vec<usize> = (0..differing.len()).collect();
        order.sort_by(|&a, &b| gains[b].total_cmp(&gains[a]));
        Ok(order.into_iter().map(|at| differing[at]).collect())
    }

    /// Leaves out what is not needed, the last added last, until each that is left is.
    fn leave_out(&self, index: usize, fields: &mut Vec<usize>) -> Result<()> {
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

    /// Whether each change reaches the wanted class.
    fn reached(&self, tried: &[Change]) -> Result<Vec<bool>> {
        self.check()?;
        let rows: Vec<Row> = tried.iter().map(|(near, fields)| self.changed(*near, fields)).collect();
        Ok(class(self.model, &rows)?.into_iter().map(|class| class == self.wanted).collect())
    }

    fn check(&self) -> Result<()> {
        if (self.keep_on)() { Ok(()) } else { Err(Error::Stopped) }
    }
}

/// How many choices of so many things there are.
fn choices(of: usize, size: usize) -> usize {
    if size > of {
        return 0;
    }
    (0..size).fold(1usize, |count, at| count.saturating_mul(of - at) / (at + 1))
}

/// The next choice of places, in the order of a dictionary; false after the last.
fn next_choice(places: &mut [usize], of: usize) -> bool {
    let size = places.len();
    let Some(at) = (0..size).rev().find(|&at| places[at] < of - size + at) else { return false };
    let first = places[at] + 1;
    places[at..].iter_mut().enumerate().for_each(|(further, place)| *place = first + further);
    true
}

/// Whether rows are not the same in a field.
fn differs(players: &Players, player: usize, one: &Row, other: &Row) -> bool {
    let cells = players.cells(player);
    if cells.is_empty()
        && let Some(schema) = &players.schema
    {
        return schema.lists_of(&one.list)[player] != schema.lists_of(&other.list)[player];
    }
    // By their bits, since a gap is NaN.
    let bits = |row: &Row| row.cells[cells.clone()].iter().map(|cell| cell.to_bits()).collect::<Vec<_>>();
    bits(one) != bits(other)
}

/// The range of each cell among training rows.
struct Scale {
    ranges: Vec<Range<f32>>,
}

impl Scale {
    fn of(players: &Players, rows: impl Iterator<Item = Row>, keep_on: &dyn Fn() -> bool) -> Result<Self> {
        let count = players.schema.as_ref().map_or(players.inputs, |schema| schema.cells());
        let mut ranges = vec![f32::INFINITY..f32::NEG_INFINITY; count];
        for (index, row) in rows.enumerate() {
            if index % LOOKED_AT == 0 && !keep_on() {
                return Err(Error::Stopped);
            }
            for (range, &cell) in ranges.iter_mut().zip(&row.cells) {
                // A comparison with a gap, NaN, is false.
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

    /// How far a row is from another in each field.
    fn distances(&self, players: &Players, row: &Row, other: &Row) -> Vec<f64> {
        let lists = players.schema.as_ref().map(|schema| [schema.lists_of(&row.list), schema.lists_of(&other.list)]);
        let of_player = |player: usize| {
            let cells = players.cells(player);
            let between = |cell: usize| self.between(cell, row.cells[cell], other.cells[cell]);
            let Some(schema) = &players.schema else { return between(player) };
            // What would change to nothing, or to a word that is not kept, is no advice: rows that have everything come first.
            let told_nothing = |is: bool| if is { players.len() as f64 } else { 1.0 };
            match (schema.fields()[player].kind(), &lists) {
                _ if !differs(players, player, row, other) => 0.0,
                (FieldKind::Text(_) | FieldKind::Tags(_), Some([one, other])) => {
                    if is_gap(schema, player, other[player]) {
                        told_nothing(true)
                    } else {
                        apart(one[player], other[player])
                    }
                }
                (FieldKind::Category(_), _) => told_nothing(says_no_word(schema, player, other.cells[cells.start])),
                (FieldKind::Auto(_), _) if other.cells[cells.start].is_nan() => {
                    told_nothing(says_no_word(schema, player, other.cells[cells.start + 1]))
                }
                _ if other.cells[cells.start].is_nan() => told_nothing(true),
                _ if row.cells[cells.start].is_nan() => 1.0,
                // Days tell moments apart, and those of one day seconds.
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

    /// How far numbers are apart, in parts of the range; as far as can be where there is none.
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

/// Whether a cell stands for a gap or for any word that is not known.
fn says_no_word(schema: &Schema, player: usize, code: f32) -> bool {
    let field = &schema.fields()[player];
    [field.gap(), field.other()].contains(&(code as u32))
}

fn is_gap(schema: &Schema, player: usize, list: &[Entry]) -> bool {
    list.iter().all(|entry| entry.number == schema.fields()[player].gap())
}

/// How little of what two lists hold they have in common, 0 to 1: 1 minus the sum of what is less by the sum of what is more.
fn apart(one: &[Entry], other: &[Entry]) -> f64 {
    let value_in = |list: &[Entry], number| {
        list.iter().find(|entry| entry.number == number).map_or(0.0, |entry| f64::from(entry.value))
    };
    let sum = |list: &[Entry]| list.iter().map(|entry| f64::from(entry.value)).sum::<f64>();
    let common: f64 = one.iter().map(|entry| f64::from(entry.value).min(value_in(other, entry.number))).sum();
    let all = sum(one) + sum(other) - common;
    if all > 0.0 { 1.0 - common / all } else { 0.0 }
}
