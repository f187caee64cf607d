//! The stored rows of a network: training and validation set, each with a maximum size and random eviction.
//!
//! Rows are stored as they were given, in single precision. They are standardized on the way to the kernels. Cloning a
//! dataset takes a snapshot in constant time (see [`table`]).

mod batch;
mod lists;
mod rows;
mod table;

pub use batch::{Batch, RowShape};
pub(crate) use batch::{check_weight, not_finite};
use lists::Lists;
pub(crate) use rows::Rows;
pub(crate) use table::Table;

use crate::error::{Error, Result};
use crate::memory::{Move, Taken};
use crate::random::Random;
use crate::schema::{Row, Schema};

/// One of the two sets of rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Set {
    /// Training rows, which weights are fitted to.
    Train,
    /// Validation rows, which AUTOSTOP and BACKTRACK use.
    Test,
}

impl Set {
    /// `training` or `validation`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Train => "training",
            Self::Test => "validation",
        }
    }
}

/// Maximum number of rows in each set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Rows of the training set.
    pub train: u32,
    /// Rows of the validation set.
    pub test: u32,
}

impl Default for Limits {
    /// The limits of a network created without any.
    fn default() -> Self {
        Self { train: 10_000, test: 2_500 }
    }
}

/// Where a row was stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// The set.
    pub set: Set,
    /// The index in the set. If there was a row, it has been replaced.
    pub row: u32,
}

/// The training and the validation set of a network.
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

    /// A dataset for rows of a schema.
    pub(crate) fn of_fields(schema: &Schema, limits: Limits) -> Self {
        let shape = schema.shape();
        let rows = || if schema.has_lists() { Rows::with_lists(shape.width()) } else { Rows::new(shape.width()) };
        Self { shape, limits, train: rows(), test: rows() }
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

    /// Choose the set of a row for which none is named: the one with the smaller filled fraction, training if they are
    /// equal. If both are full, one at random in proportion to the limits.
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

    /// Check that the target set, or one of both if none is named, can have rows.
    pub(crate) fn check_target(&self, target: Option<Set>) -> Result<()> {
        match target {
            Some(set) if self.limit(set) == 0 => Err(Error::NoRoom { set: set.name() }),
            None if self.limits.train == 0 && self.limits.test == 0 => Err(Error::NoRoom { set: "training" }),
            _ => Ok(()),
        }
    }

    /// Store rows that [`Batch::check`] and [`Self::check_target`] have accepted. `placed` is called with the place of
    /// each.
    pub(crate) fn observe(
        &mut self,
        batch: &Batch<'_>,
        target: Option<Set>,
        random: &mut Random,
        mut placed: impl FnMut(Place),
    ) {
        for index in 0..batch.rows {
            let place = self.next_place(target, random);
            let values = batch.inputs(index, self.shape).iter().chain(batch.targets(index, self.shape));
            self.set_mut(place.set).set(place.row as usize, values.copied(), batch.weight(index));
            placed(place);
        }
    }

    /// Choose the place of the next row: at the end, or a random one if the set is full.
    fn next_place(&self, target: Option<Set>, random: &mut Random) -> Place {
        let set = target.unwrap_or_else(|| self.choose(random));
        let (rows, limit) = (self.set(set).len(), self.limit(set));
        let row = if rows < limit as usize { rows } else { random.below(rows as u64) as usize };
        Place { set, row: row as u32 }
    }

    /// Store a row of fields and return its place.
    pub(crate) fn observe_row(
        &mut self,
        row: &Row,
        outcome: &[f32],
        weight: f32,
        target: Option<Set>,
        random: &mut Random,
    ) -> Place {
        let place = self.next_place(target, random);
        self.place_row(row, outcome, weight, place);
        place
    }

    /// Store a row of fields at a place that [`Self::check_places`] has accepted.
    pub(crate) fn place_row(&mut self, row: &Row, outcome: &[f32], weight: f32, place: Place) {
        let (rows, at) = (self.set_mut(place.set), place.row as usize);
        rows.set_list(at, &row.list);
        rows.set(at, row.cells.iter().chain(outcome).copied(), weight);
    }

    /// Check that each place is a stored row, or the next free one after the places before it are filled.
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

    /// Store rows that [`Batch::check`] has accepted at places that [`Self::check_places`] has accepted.
    pub(crate) fn place(&mut self, batch: &Batch<'_>, places: &[Place]) {
        for (index, place) in places.iter().enumerate() {
            let values = batch.inputs(index, self.shape).iter().chain(batch.targets(index, self.shape));
            self.set_mut(place.set).set(place.row as usize, values.copied(), batch.weight(index));
        }
    }

    /// Set new limits. A set that has more rows loses random ones.
    pub(crate) fn limit_to(&mut self, limits: Limits, random: &mut Random) {
        self.limits = limits;
        for set in [Set::Train, Set::Test] {
            let limit = self.limit(set) as usize;
            self.set_mut(set).keep(limit, random);
        }
    }

    /// Hold out `count` random training rows. Returns a dataset in which they are the validation rows, and one that has
    /// the previous validation rows and no training rows.
    pub(crate) fn holding_back(&self, count: usize, random: &mut Random) -> (Self, Self) {
        let (train, held_out) = self.train.split(count, random);
        let (none, test) = (self.train.empty(), self.test.clone());
        (Self { train, test: held_out, ..*self }, Self { train: none, test, ..*self })
    }

    /// Pass each block of rows to `mover`, except those that a snapshot shares.
    pub(crate) fn move_by(&mut self, mover: &mut dyn Move) {
        for rows in [&mut self.train, &mut self.test] {
            rows.table.move_by(mover);
            if let Some(weights) = &mut rows.weights {
                weights.move_by(mover);
            }
        }
    }

    /// Heap bytes of the rows; see [`Table::bytes_by`].
    pub(crate) fn bytes_by(&self, taken: Taken<'_>) -> usize {
        self.train.bytes_by(taken) + self.test.bytes_by(taken)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layout::Kind;

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
    fn full_sets_are_replaced_in_proportion_to_the_limits() {
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
    fn a_named_set_is_used_and_rejected_if_its_limit_is_0() {
        let mut dataset = Dataset::new(SHAPE, Limits { train: 5, test: 0 });
        assert_eq!(dataset.check_target(Some(Set::Test)), Err(Error::NoRoom { set: "validation" }));
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
                assert!(kept.iter().enumerate().all(|(row, &was)| was == row || was >= left), "a row moved needlessly");
                kept.sort_unstable();
                kept.dedup();
                assert_eq!(kept.len(), left, "each row is kept once");
                kept.into_iter().for_each(|row| times_kept[row] += 1);
            }
        }
        // 200 times each of the probabilities 1/128, 1/4, 1/2, 3/4, 127/128, 1 and 1: 900, with a standard deviation of
        // 11.
        assert!(times_kept.iter().all(|times| (850..950).contains(times)), "{times_kept:?}");
    }

    #[test]
    fn the_rows_that_a_smaller_limit_drops_are_determined_by_the_random_state() {
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
    fn a_copy_with_the_same_places_has_the_same_rows() {
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
    fn places_beyond_the_next_row_or_the_limit_are_rejected() {
        let dataset = Dataset::new(SHAPE, Limits { train: 2, test: 0 });
        let train = |row| Place { set: Set::Train, row };
        assert!(dataset.check_places(&[train(0), train(1), train(0)]).is_ok());
        assert!(matches!(dataset.check_places(&[train(1)]), Err(Error::RowIndex { row: 1, rows: 0, .. })));
        assert!(matches!(dataset.check_places(&[train(0), train(1), train(2)]), Err(Error::RowIndex { row: 2, .. })));
        let test = Place { set: Set::Test, row: 0 };
        assert_eq!(dataset.check_places(&[test]), Err(Error::NoRoom { set: "validation" }));
    }

    #[test]
    fn if_one_set_is_full_the_other_gets_all_rows() {
        let mut dataset = Dataset::new(SHAPE, Limits { train: 10, test: 10 });
        let mut random = Random::new(2, 1);
        observe(&mut dataset, 10, Some(Set::Train), &mut random);
        let before = random;
        let places = observe(&mut dataset, 10, None, &mut random);
        assert!(places.iter().enumerate().all(|(at, place)| *place == Place { set: Set::Test, row: at as u32 }));
        assert_eq!(random, before, "no random number was drawn");
        let mut testing = Dataset::new(SHAPE, Limits { train: 0, test: 3 });
        assert!(testing.check_target(None).is_ok() && testing.check_target(Some(Set::Train)).is_err());
        observe(&mut testing, 5, None, &mut random);
        assert_eq!(lens(&testing), (0, 3));
    }

    #[test]
    fn names_and_default_limits_are_as_documented() {
        assert_eq!((Set::Train.name(), Set::Test.name()), ("training", "validation"));
        assert_eq!(Limits::default(), Limits { train: 10_000, test: 2_500 });
    }

    #[test]
    fn places_are_checked_for_each_set_separately() {
        let dataset = Dataset::new(SHAPE, Limits { train: 3, test: 3 });
        let place = |set, row| Place { set, row };
        let (train, test) = (Set::Train, Set::Test);
        let places =
            [place(train, 0), place(test, 0), place(train, 1), place(train, 0), place(train, 2), place(test, 1)];
        assert_eq!(dataset.check_places(&places), Ok(()));
        let rejected = Err(Error::RowIndex { set: "validation", row: 1, rows: 0 });
        assert_eq!(dataset.check_places(&[place(train, 0), place(test, 1)]), rejected);
    }
}
