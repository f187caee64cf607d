//! The rows that a network has observed: a training set and a testing set, each bounded, each with its random eviction.
//!
//! Rows are kept as they came, in single precision; normalization happens on the way to the kernels. A clone is a
//! snapshot that costs constant time (see [`table`]).

mod table;

use std::ops::Range;

use crate::error::{Error, Result};
use crate::layout::{Kind, Layout};
use crate::memory::{Move, Taken};
use crate::random::Random;
pub(crate) use table::Table;

/// One of the two sets of rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Set {
    /// The rows that a training learns from.
    Train,
    /// The rows that AUTOSTOP and BACKTRACK watch.
    Test,
}

impl Set {
    /// `training` or `testing`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Train => "training",
            Self::Test => "testing",
        }
    }
}

/// How many rows each set holds at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Rows of the training set.
    pub train: u32,
    /// Rows of the testing set.
    pub test: u32,
}

impl Default for Limits {
    /// The limits of a network that names none.
    fn default() -> Self {
        Self { train: 10_000, test: 2_500 }
    }
}

/// Rows to be observed, borrowed from wherever they lie.
#[derive(Debug, Clone, Copy)]
pub struct Batch<'a> {
    /// Inputs; row `r` begins at `r * input_stride`.
    pub inputs: &'a [f32],
    /// From one row's inputs to the next.
    pub input_stride: usize,
    /// Outputs (a classifier's row has one: the class); row `r` begins at `r * output_stride`.
    pub outputs: &'a [f32],
    /// From one row's outputs to the next.
    pub output_stride: usize,
    /// A weight for each row; 1 each if none.
    pub weights: Option<&'a [f32]>,
    /// Number of rows.
    pub rows: usize,
}

/// How a stored row is made up: enough of a network to tell whether it would take a row, without the network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RowShape {
    /// What the network answers.
    pub kind: Kind,
    /// Inputs of a row.
    pub inputs: usize,
    /// Outputs of the network; a classifier's classes.
    pub outputs: usize,
}

impl RowShape {
    pub(crate) fn new(kind: Kind, layout: &Layout) -> Self {
        Self { kind, inputs: layout.inputs(), outputs: layout.outputs() }
    }

    /// Numbers that say what the outputs of a row are: the class, or the outputs themselves.
    pub fn targets(self) -> usize {
        match self.kind {
            Kind::Classifier => 1,
            Kind::Regressor => self.outputs,
        }
    }

    /// Numbers of a stored row: inputs, then targets.
    pub(crate) fn width(self) -> usize {
        self.inputs + self.targets()
    }

    /// Whether the inputs of a row are what the network takes.
    pub(crate) fn check_inputs(inputs: &[f32]) -> Result<()> {
        finite("input", inputs)
    }

    /// Whether the targets of a row are what the network takes.
    pub(crate) fn check_targets(self, targets: &[f32]) -> Result<()> {
        match self.kind {
            Kind::Regressor => finite("output", targets),
            Kind::Classifier => {
                let class = targets[0];
                if class >= 0.0 && class < self.outputs as f32 && class == (class as usize) as f32 {
                    Ok(())
                } else {
                    Err(Error::Class { row: None, value: class, classes: self.outputs })
                }
            }
        }
    }
}

/// The first value that is no finite number.
pub(crate) fn not_finite(values: &[f32]) -> Option<usize> {
    // As a rule there is none. A loop without an early end becomes vector instructions.
    if values.iter().fold(true, |finite, value| finite & value.is_finite()) {
        return None;
    }
    values.iter().position(|value| !value.is_finite())
}

fn finite(what: &'static str, values: &[f32]) -> Result<()> {
    match not_finite(values) {
        None => Ok(()),
        Some(column) => Err(Error::NotFinite { row: None, what, column, value: values[column] }),
    }
}

pub(crate) fn check_weight(value: f32) -> Result<()> {
    if value.is_finite() && value > 0.0 { Ok(()) } else { Err(Error::RowWeight { row: None, value }) }
}

impl<'a> Batch<'a> {
    /// Rows that lie one after the other, inputs and outputs apart.
    pub fn new(inputs: &'a [f32], input_width: usize, outputs: &'a [f32], output_width: usize) -> Self {
        let rows = inputs.len() / input_width;
        Self { inputs, input_stride: input_width, outputs, output_stride: output_width, weights: None, rows }
    }

    pub(crate) fn inputs(&self, row: usize, shape: RowShape) -> &'a [f32] {
        &self.inputs[row * self.input_stride..][..shape.inputs]
    }

    pub(crate) fn targets(&self, row: usize, shape: RowShape) -> &'a [f32] {
        &self.outputs[row * self.output_stride..][..shape.targets()]
    }

    pub(crate) fn weight(&self, row: usize) -> f32 {
        self.weights.map_or(1.0, |weights| weights[row])
    }

    /// Whether every row is one that the network takes.
    ///
    /// # Errors
    /// [`Error::NotFinite`], [`Error::Class`], [`Error::RowWeight`] for the first row that it does not take.
    pub fn check(&self, shape: RowShape) -> Result<()> {
        let in_row = |row| move |error: Error| if self.rows > 1 { error.in_row(row) } else { error };
        for row in 0..self.rows {
            RowShape::check_inputs(self.inputs(row, shape)).map_err(in_row(row))?;
            shape.check_targets(self.targets(row, shape)).map_err(in_row(row))?;
            check_weight(self.weight(row)).map_err(in_row(row))?;
        }
        Ok(())
    }
}

/// The rows of one set.
#[derive(Debug, Clone)]
pub(crate) struct Rows {
    pub(crate) table: Table,
    /// One column; none while all weights are 1.
    pub(crate) weights: Option<Table>,
}

impl Rows {
    pub(crate) fn new(width: usize) -> Self {
        Self { table: Table::new(width), weights: None }
    }

    pub(crate) fn len(&self) -> usize {
        self.table.rows()
    }

    pub(crate) fn weight(&self, row: usize) -> f32 {
        self.weights.as_ref().map_or(1.0, |weights| weights.row(row).next().expect("a weight a row"))
    }

    /// Takes the memory that a row after the last one needs; see [`Table::reserve`].
    pub(crate) fn reserve(&mut self) -> Result<()> {
        self.table.reserve()
    }

    /// Replaces a row, or adds one if `row` is the number of rows.
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

    /// Keeps that many rows, chosen at random, and drops the others. Of the kept rows, those past the end of what is left
    /// fill the places of the dropped ones before it, in their order; the others stay where they are.
    ///
    /// It takes one random number for each row of the fewer, kept or dropped, and moves no more rows than that: a large set
    /// that is shrunk a little, or to a little, is not gone through. Which rows they are is part of what replicas and old
    /// AOFs rely on.
    fn keep(&mut self, count: usize, random: &mut Random) {
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
        }
        self.table.truncate(count);
        if let Some(weights) = &mut self.weights {
            weights.truncate(count);
        }
    }

    fn bytes_by(&self, taken: Taken<'_>) -> usize {
        self.table.bytes_by(taken) + self.weights.as_ref().map_or(0, |weights| weights.bytes_by(taken))
    }
}

/// Some of many rows.
struct Chosen(Vec<u64>);

impl Chosen {
    /// `count` of the first `len` rows, each set of so many as likely as any other: Floyd's algorithm, which needs no second
    /// try (Bentley and Floyd: "A sample of brilliance", Communications of the ACM 30, 1987).
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

    /// Those of a range that are chosen, or those that are not.
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
        self.table == other.table && (0..self.len()).all(|row| self.weight(row) == other.weight(row))
    }
}

/// Where a row went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// The set it went to.
    pub set: Set,
    /// Its index there; a row that was there has been replaced.
    pub row: u32,
}

/// The training and the testing set of a network.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Dataset {
    pub(crate) shape: RowShape,
    limits: Limits,
    pub(crate) train: Rows,
    pub(crate) test: Rows,
}

impl Dataset {
    pub(crate) fn new(shape: RowShape, limits: Limits) -> Self {
        Self { shape, limits, train: Rows::new(shape.width()), test: Rows::new(shape.width()) }
    }

    pub(crate) fn limits(&self) -> Limits {
        self.limits
    }

    pub(crate) fn set(&self, set: Set) -> &Rows {
        match set {
            Set::Train => &self.train,
            Set::Test => &self.test,
        }
    }

    fn set_mut(&mut self, set: Set) -> &mut Rows {
        match set {
            Set::Train => &mut self.train,
            Set::Test => &mut self.test,
        }
    }

    fn limit(&self, set: Set) -> u32 {
        match set {
            Set::Train => self.limits.train,
            Set::Test => self.limits.test,
        }
    }

    /// The set that a row without a target goes to: the one with the smaller share of its limit filled, training if equal;
    /// when both are full, one at random in proportion to the limits.
    fn choose(&self, random: &mut Random) -> Set {
        let (train, test) = (u64::from(self.limits.train), u64::from(self.limits.test));
        let (train_rows, test_rows) = (self.train.len() as u64, self.test.len() as u64);
        if test == 0 {
            Set::Train
        } else if train == 0 {
            Set::Test
        } else if train_rows >= train && test_rows >= test {
            if random.below(train + test) < train { Set::Train } else { Set::Test }
        } else if train_rows * test <= test_rows * train {
            Set::Train
        } else {
            Set::Test
        }
    }

    /// Whether rows for that target have anywhere to go.
    pub(crate) fn check_target(&self, target: Option<Set>) -> Result<()> {
        match target {
            Some(set) if self.limit(set) == 0 => Err(Error::NoRoom { set: set.name() }),
            None if self.limits.train == 0 && self.limits.test == 0 => Err(Error::NoRoom { set: "training" }),
            _ => Ok(()),
        }
    }

    /// Stores rows that [`Batch::check`] and [`Self::check_target`] have passed; `placed` hears where each went.
    pub(crate) fn observe(
        &mut self,
        batch: &Batch<'_>,
        target: Option<Set>,
        random: &mut Random,
        mut placed: impl FnMut(Place),
    ) {
        for index in 0..batch.rows {
            let set = target.unwrap_or_else(|| self.choose(random));
            let (rows, limit) = (self.set(set).len(), self.limit(set));
            let row = if rows < limit as usize { rows } else { random.below(rows as u64) as usize };
            let values = batch.inputs(index, self.shape).iter().chain(batch.targets(index, self.shape));
            self.set_mut(set).set(row, values.copied(), batch.weight(index));
            placed(Place { set, row: row as u32 });
        }
    }

    /// Whether each place is a stored row, or the one after the last as it will be by then.
    pub(crate) fn check_places(&self, places: &[Place]) -> Result<()> {
        let mut rows = [Set::Train, Set::Test].map(|set| self.set(set).len() as u32);
        for place in places {
            let (set, limit) = (place.set, self.limit(place.set));
            let rows = &mut rows[usize::from(set == Set::Test)];
            if limit == 0 {
                return Err(Error::NoRoom { set: set.name() });
            }
            if place.row > *rows || place.row >= limit {
                return Err(Error::RowIndex { set: set.name(), row: place.row.into(), rows: *rows });
            }
            *rows = (*rows).max(place.row + 1);
        }
        Ok(())
    }

    /// Stores rows that [`Batch::check`] has passed at places that [`Self::check_places`] has.
    pub(crate) fn place(&mut self, batch: &Batch<'_>, places: &[Place]) {
        for (index, place) in places.iter().enumerate() {
            let values = batch.inputs(index, self.shape).iter().chain(batch.targets(index, self.shape));
            self.set_mut(place.set).set(place.row as usize, values.copied(), batch.weight(index));
        }
    }

    /// Sets new limits; a set that has more rows loses random ones.
    pub(crate) fn limit_to(&mut self, limits: Limits, random: &mut Random) {
        self.limits = limits;
        for set in [Set::Train, Set::Test] {
            let limit = self.limit(set) as usize;
            self.set_mut(set).keep(limit, random);
        }
    }

    /// Lends each block of rows to be moved in memory, but those that a snapshot shares.
    pub(crate) fn move_by(&mut self, mover: &mut dyn Move) {
        for rows in [&mut self.train, &mut self.test] {
            rows.table.move_by(mover);
            if let Some(weights) = &mut rows.weights {
                weights.move_by(mover);
            }
        }
    }

    /// Bytes that the rows take; see [`Table::bytes_by`].
    pub(crate) fn bytes_by(&self, taken: Taken<'_>) -> usize {
        self.train.bytes_by(taken) + self.test.bytes_by(taken)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHAPE: RowShape = RowShape { kind: Kind::Classifier, inputs: 2, outputs: 3 };

    fn observe(dataset: &mut Dataset, rows: usize, target: Option<Set>, random: &mut Random) -> Vec<Place> {
        let inputs: Vec<f32> = (0..rows * 2).map(|i| i as f32).collect();
        let outputs: Vec<f32> = (0..rows).map(|i| (i % 3) as f32).collect();
        let mut places = Vec::new();
        dataset.observe(&Batch::new(&inputs, 2, &outputs, 1), target, random, |place| places.push(place));
        places
    }

    fn lens(dataset: &Dataset) -> (usize, usize) {
        (dataset.train.len(), dataset.test.len())
    }

    #[test]
    fn rows_are_split_in_proportion_to_the_limits() {
        let mut dataset = Dataset::new(SHAPE, Limits { train: 1000, test: 500 });
        observe(&mut dataset, 601, None, &mut Random::new(1, 1));
        assert_eq!(lens(&dataset), (401, 200));
        let mut dataset = Dataset::new(SHAPE, Limits { train: 50, test: 10 });
        observe(&mut dataset, 9, None, &mut Random::new(1, 1));
        assert_eq!(lens(&dataset), (7, 2));
    }

    #[test]
    fn full_sets_go_on_taking_rows_in_proportion_to_the_limits() {
        let mut dataset = Dataset::new(SHAPE, Limits { train: 300, test: 100 });
        let mut random = Random::new(2, 1);
        observe(&mut dataset, 400, None, &mut random);
        assert_eq!(lens(&dataset), (300, 100));
        let places = observe(&mut dataset, 10_000, None, &mut random);
        let to_test = places.iter().filter(|place| place.set == Set::Test).count();
        assert!((2_300..2_700).contains(&to_test), "{to_test}");
        let replaced: std::collections::HashSet<_> = places.iter().map(|p| (p.set == Set::Test, p.row)).collect();
        assert_eq!(replaced.len(), 400, "every row is replaced sooner or later");
        assert_eq!(lens(&dataset), (300, 100));
    }

    #[test]
    fn a_named_set_is_obeyed_and_a_limit_of_zero_refused() {
        let mut dataset = Dataset::new(SHAPE, Limits { train: 5, test: 0 });
        assert_eq!(dataset.check_target(Some(Set::Test)), Err(Error::NoRoom { set: "testing" }));
        assert!(dataset.check_target(None).is_ok());
        observe(&mut dataset, 7, None, &mut Random::new(3, 1));
        assert_eq!(lens(&dataset), (5, 0));
        assert!(Dataset::new(SHAPE, Limits { train: 0, test: 0 }).check_target(None).is_err());
    }

    #[test]
    fn shrinking_a_limit_drops_random_rows_and_keeps_the_others() {
        let all = Limits { train: 128, test: 100 };
        let mut dataset = Dataset::new(SHAPE, all);
        let mut random = Random::new(4, 1);
        observe(&mut dataset, 128, Some(Set::Train), &mut random);
        let first = |dataset: &Dataset, row: usize| dataset.train.table.row(row).next().unwrap();
        let mut times_kept = [0; 128];
        for limit in [0, 1, 32, 64, 96, 127, 128, 129] {
            for _ in 0..200 {
                let mut dataset = dataset.clone();
                dataset.limit_to(Limits { train: limit, ..all }, &mut random);
                let left = limit.min(128) as usize;
                assert_eq!(lens(&dataset), (left, 0));
                let mut kept: Vec<usize> = (0..left).map(|row| first(&dataset, row) as usize / 2).collect();
                assert!(kept.iter().enumerate().all(|(row, &was)| was == row || was >= left), "none moves in vain");
                kept.sort_unstable();
                kept.dedup();
                assert_eq!(kept.len(), left, "each row is kept once");
                kept.into_iter().for_each(|row| times_kept[row] += 1);
            }
        }
        // 200 times each of the chances 1/128, 1/4, 1/2, 3/4, 127/128, 1 and 1: 900, with a standard deviation of 11.
        assert!(times_kept.iter().all(|times| (850..950).contains(times)), "{times_kept:?}");
    }

    #[test]
    fn the_rows_that_a_smaller_limit_drops_are_the_same_for_ever() {
        let mut dataset = Dataset::new(SHAPE, Limits { train: 10, test: 10 });
        observe(&mut dataset, 10, Some(Set::Train), &mut Random::new(4, 1));
        for (limit, expected) in [(7, &[0, 1, 7, 8, 4, 5, 9][..]), (3, &[3, 6, 2])] {
            let mut dataset = dataset.clone();
            dataset.limit_to(Limits { train: limit, test: 10 }, &mut Random::from_state(5));
            let kept: Vec<usize> =
                (0..limit as usize).map(|row| dataset.train.table.row(row).next().unwrap() as usize / 2).collect();
            assert_eq!(kept, expected);
        }
    }

    #[test]
    fn weights_take_room_only_once_one_differs_from_1() {
        let mut rows = Rows::new(3);
        (0..20).for_each(|row| rows.set(row, [1.0; 3].into_iter(), 1.0));
        assert!(rows.weights.is_none());
        rows.set(20, [1.0; 3].into_iter(), 2.5);
        assert_eq!((rows.weight(19), rows.weight(20)), (1.0, 2.5));
        rows.keep(20, &mut Random::new(1, 1));
        let weighted = (0..20).filter(|&row| rows.weight(row) == 2.5).count();
        assert_eq!((rows.len(), weighted), (20, 1), "a row takes its weight with it");
    }

    #[test]
    fn rows_go_to_the_places_that_they_took_elsewhere() {
        let limits = Limits { train: 30, test: 10 };
        let (mut dataset, mut copy) = (Dataset::new(SHAPE, limits), Dataset::new(SHAPE, limits));
        let places = observe(&mut dataset, 100, None, &mut Random::new(1, 1));
        let inputs: Vec<f32> = (0..200).map(|i| i as f32).collect();
        let outputs: Vec<f32> = (0..100).map(|i| (i % 3) as f32).collect();
        copy.check_places(&places).unwrap();
        copy.place(&Batch::new(&inputs, 2, &outputs, 1), &places);
        assert!(copy.train == dataset.train && copy.test == dataset.test);
    }

    #[test]
    fn places_beyond_the_next_row_or_the_limit_are_refused() {
        let dataset = Dataset::new(SHAPE, Limits { train: 2, test: 0 });
        let train = |row| Place { set: Set::Train, row };
        assert!(dataset.check_places(&[train(0), train(1), train(0)]).is_ok());
        assert!(matches!(dataset.check_places(&[train(1)]), Err(Error::RowIndex { row: 1, rows: 0, .. })));
        assert!(matches!(dataset.check_places(&[train(0), train(1), train(2)]), Err(Error::RowIndex { row: 2, .. })));
        let test = Place { set: Set::Test, row: 0 };
        assert_eq!(dataset.check_places(&[test]), Err(Error::NoRoom { set: "testing" }));
    }

    #[test]
    fn bad_rows_are_named() {
        let check = |inputs: &[f32], outputs: &[f32]| Batch::new(inputs, 2, outputs, 1).check(SHAPE);
        assert!(check(&[1.0, 2.0], &[2.0]).is_ok());
        for class in [-1.0, 3.0, 0.5, f32::NAN, f32::INFINITY] {
            assert!(matches!(check(&[1.0, 2.0], &[class]), Err(Error::Class { row: None, classes: 3, .. })));
        }
        let error = check(&[1.0, 2.0, 3.0, f32::INFINITY], &[0.0, 0.0]).unwrap_err();
        assert_eq!(error.to_string(), "row 1: input 1 is inf: expected a finite number");
    }
}
