//! Places: the positions of numbers in the distribution of the training rows.
//!
//! For each number of a field the first layer has a second input, its place: the empirical distribution function,
//! interpolated linearly between a few quantiles (knots). The place distinguishes values even if a few rows have values
//! a thousand times as large as the others; the number itself keeps the magnitude. Over 28 tables the error is 2 % less
//! with places, and a tenth or more if most values of a column are close to 0 (`benchmarks/tables`). Rejected: one
//! input for each piece between knots (Gorishniy, Rubachev, Babenko, "On embeddings for numerical features in tabular
//! deep learning", 2022), which is no better here and costs more; and the place instead of the number.

use crate::dataset::Rows;
use crate::memory::{self, Move, Taken};
use crate::schema::Schema;

/// The most knots of a field: near the least and the greatest number, and with equally many rows between neighbours.
pub(crate) const MOST_KNOTS: usize = 17;
/// Fields with at most this many distinct values have no knots.
const FEW_VALUES: usize = 10;
/// The most rows from which quantiles are estimated.
const MAX_ROWS: usize = 10_000;

/// The knots of each number field, in the order of the fields.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Places {
    knots: Vec<f32>,
    /// The index in `knots` at which each field's knots end.
    ends: Vec<usize>,
}

impl Places {
    /// Computes the knots from rows.
    pub(crate) fn of(rows: &Rows, schema: &Schema) -> Self {
        let mut places = Self::default();
        let count = rows.len().min(MAX_ROWS);
        for cell in schema.numbers() {
            let value = |index: usize| {
                let row = index * rows.len() / count;
                rows.table.row(row).nth(cell).expect("a row has all cells of the schema")
            };
            let mut values: Vec<f32> = (0..count).map(value).filter(|value| !value.is_nan()).collect();
            values.sort_unstable_by(f32::total_cmp);
            places.push(&knots(&values));
        }
        places
    }

    /// Adds the knots of the next field.
    pub(crate) fn push(&mut self, knots: &[f32]) {
        self.knots.extend_from_slice(knots);
        self.ends.push(self.knots.len());
    }

    /// The knots of each field.
    pub(crate) fn fields(&self) -> impl ExactSizeIterator<Item = &[f32]> {
        let mut from = 0;
        self.ends.iter().map(move |&to| &self.knots[std::mem::replace(&mut from, to)..to])
    }

    /// Visits the vector of numbers, which may be moved in memory.
    pub(crate) fn move_by(&mut self, mover: &mut dyn Move) {
        mover.floats(&mut self.knots);
    }

    /// Bytes of the vectors.
    pub(crate) fn bytes_by(&self, taken: Taken<'_>) -> usize {
        memory::of_vec(&self.knots, taken) + memory::of_vec(&self.ends, taken)
    }
}

/// The knots of sorted values; none if there are few distinct ones. Each is halfway between two values, so that a
/// network that is shared without its rows does not reveal values of these.
fn knots(values: &[f32]) -> Vec<f32> {
    let different = 1 + values.windows(2).filter(|pair| pair[0] < pair[1]).take(FEW_VALUES).count();
    if different <= FEW_VALUES {
        return Vec::new();
    }
    let (pieces, last) = (MOST_KNOTS - 1, values.len() - 1);
    let between = |piece: usize| {
        let value = values[(piece * last + pieces / 2) / pieces];
        let above = values.partition_point(|&other| other <= value);
        let (low, high) = match values.get(above) {
            Some(&high) => (value, high),
            None => (values[values.partition_point(|&other| other < value) - 1], value),
        };
        low + (high - low) / 2.0
    };
    let mut knots: Vec<f32> = (0..=pieces).map(between).collect();
    knots.dedup();
    if are_knots(&knots) { knots } else { Vec::new() }
}

/// Whether these are valid knots: finite, increasing with finite differences, at most [`MOST_KNOTS`], and not a single
/// one.
pub(crate) fn are_knots(knots: &[f32]) -> bool {
    let apart = |pair: &[f32]| (pair[1] - pair[0]).is_finite() && pair[0] < pair[1];
    knots.len() != 1
        && knots.len() <= MOST_KNOTS
        && knots.iter().all(|knot| knot.is_finite())
        && knots.windows(2).all(apart)
}

/// The place of a number: the number of whole pieces below it, plus its relative position between the surrounding
/// knots; from 0 to the number of pieces. NaN, which marks a gap, stays NaN. Without knots every number has the place
/// 0.
pub(crate) fn place(knots: &[f32], number: f32) -> f32 {
    if number.is_nan() {
        return number;
    }
    let Some((last, below)) = knots.split_last() else { return 0.0 };
    let piece = below.partition_point(|&knot| knot <= number).max(1);
    let (from, to) = (knots[piece - 1], if piece < below.len() { below[piece] } else { *last });
    (piece - 1) as f32 + ((number - from) / (to - from)).clamp(0.0, 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;

    #[test]
    fn equally_many_values_lie_between_neighbouring_knots() {
        let values: Vec<f32> = (0..1601).map(|value| (value as f32).powi(3)).collect();
        let knots = knots(&values);
        assert_eq!(knots.len(), MOST_KNOTS);
        for (piece, pair) in knots.windows(2).enumerate() {
            let between = values.iter().filter(|&&value| pair[0] < value && value <= pair[1]).count();
            assert!((99..=100).contains(&between), "{between} in piece {piece}");
            assert!(!values.contains(&pair[0]) && !values.contains(&pair[1]));
        }
    }

    #[test]
    fn few_distinct_values_and_values_too_far_apart_have_no_knots() {
        let of = |count: usize| knots(&(0..100).map(|value| (value % count) as f32).collect::<Vec<_>>());
        let sorted = |count: usize| {
            let mut values: Vec<f32> = (0..110).map(|value| (value % count) as f32).collect();
            values.sort_unstable_by(f32::total_cmp);
            knots(&values)
        };
        assert!(of(1).is_empty() && knots(&[]).is_empty() && sorted(10).is_empty());
        assert_eq!(sorted(11), (0..10).map(|value| value as f32 + 0.5).collect::<Vec<_>>(), "equal knots are merged");
        let mut far: Vec<f32> = (0..100).map(|value| value as f32).collect();
        (far[0], far[99]) = (f32::MIN, f32::MAX);
        assert_eq!(knots(&far).len(), MOST_KNOTS);
        let halves: Vec<f32> =
            (0..100).map(|value| if value < 50 { f32::MIN + value as f32 * 1e33 } else { f32::MAX }).collect();
        assert!(knots(&halves).is_empty());
    }

    #[test]
    fn a_place_is_the_sum_of_its_parts_of_all_pieces() {
        let mut random = Random::new(4, 4);
        let mut values: Vec<f32> = (0..500).map(|_| random.symmetric().powi(5) * 1e4).collect();
        values.sort_unstable_by(f32::total_cmp);
        let knots = knots(&values);
        let plain = |number: f32| {
            knots.windows(2).map(|pair| ((number - pair[0]) / (pair[1] - pair[0])).clamp(0.0, 1.0)).sum::<f32>()
        };
        for number in values.iter().chain(&knots).copied().chain([-1e9, 1e9, f32::MIN, f32::MAX, 0.0]) {
            assert_eq!(place(&knots, number), plain(number), "{number}");
        }
        assert_eq!((place(&knots, f32::MIN), place(&knots, f32::MAX)), (0.0, (knots.len() - 1) as f32));
        assert!(place(&knots, f32::NAN).is_nan());
        assert_eq!(place(&[], 3.0), 0.0);
    }
}
