//! Normalization: scales every input, and every output of a regressor, to a common range.
//!
//! It is computed from the training rows when a training starts, stored with the network, and applied to all rows.
//! Columns are standardized to mean 0 and standard deviation 1; columns with two values, to a distance of 2 between
//! these.
//!
//! Without NORMALIZE inputs are scaled, but not centred, to the magnitude for which initial weights, step sizes and
//! weight decay are made: otherwise word frequencies of a thousandth would be fitted late, and brightnesses of up to
//! 255 erratically. Half of the ratio between columns (on a logarithmic scale) is kept, since a user may intend it.

use std::ops::Range;

use crate::dataset::Rows;
use crate::kernels::{LANES, sum_of_lanes};
use crate::memory::{self, Taken};
use crate::options::Output;
use crate::places::Places;

/// A column that is not centred causes a warning if its mean is more than this many standard deviations from 0, as for
/// years of this century: its rows all look alike to a network.
pub(crate) const CENTERING_WARNING_DEVIATIONS: f64 = 10.0;

/// `(value - mean) * scale`, column by column.
#[derive(Debug, Clone, PartialEq)]
pub struct Scaling {
    /// The number subtracted from each column.
    pub mean: Vec<f32>,
    /// The factor of each column; 0 if the column is constant.
    pub scale: Vec<f32>,
}

/// The scalings of a network, where none stands for the identity.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Normalization {
    pub(crate) inputs: Option<Scaling>,
    pub(crate) outputs: Option<Scaling>,
    /// The knots of number fields, for a trained network of fields.
    pub(crate) places: Option<Places>,
    /// The scaling of the numbers of events, for a network of sequences that scales them before its recurrent units.
    pub(crate) events: Option<Scaling>,
}

impl Normalization {
    /// Restores the previous scaling of outputs that have become constant, so that unchanged weights give unchanged
    /// answers.
    pub(crate) fn keep_constants_of(&mut self, before: &Self) {
        let Some(outputs) = &mut self.outputs else { return };
        for column in outputs.constant().collect::<Vec<_>>() {
            let (mean, scale) =
                before.outputs.as_ref().map_or((0.0, 1.0), |before| (before.mean[column], before.scale[column]));
            (outputs.mean[column], outputs.scale[column]) = (mean, scale);
        }
    }

    /// Bytes of the vectors.
    pub(crate) fn bytes_by(&self, taken: Taken<'_>) -> usize {
        let places = self.places.as_ref().map_or(0, |places| places.bytes_by(taken));
        let scalings = self.inputs.iter().chain(&self.outputs).chain(&self.events);
        scalings
            .map(|scaling| memory::of_vec(&scaling.mean, taken) + memory::of_vec(&scaling.scale, taken))
            .sum::<usize>()
            + places
    }
}

/// The weighted moments, in double precision, and the range of a column. NaN marks a gap and is ignored.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Column {
    /// The sum of the weights of rows without a gap.
    total: f64,
    pub(crate) mean: f64,
    standard_deviation: f64,
    min: f32,
    max: f32,
    /// Whether all values are `min` or `max`.
    has_two_values: bool,
}

impl Scaling {
    pub(crate) fn identity(columns: usize) -> Self {
        Self { mean: vec![0.0; columns], scale: vec![1.0; columns] }
    }

    fn with_capacity(columns: usize) -> Self {
        Self { mean: Vec::with_capacity(columns), scale: Vec::with_capacity(columns) }
    }

    /// The scaling of inputs: standardization if `normalize`, else to a common magnitude. A column without information
    /// (constant, or without `normalize` always 0) keeps the scaling it had while it varied, or gets the scale 0, with
    /// which later values have no effect either.
    pub(crate) fn of_inputs(columns: &[Column], normalize: bool, before: Option<&Self>) -> Self {
        let mut scaling = Self::with_capacity(columns.len());
        let mean_square = columns.iter().map(Column::mean_square).sum::<f64>() / columns.len() as f64;
        for (index, column) in columns.iter().enumerate() {
            let (mean, scale) =
                if normalize { (column.mean as f32, column.scale()) } else { (0.0, column.pareto_scale(mean_square)) };
            match (scale, before) {
                (Some(scale), _) => scaling.push(mean, scale),
                (None, Some(before)) if before.scale[index] != 0.0 => {
                    scaling.push(before.mean[index], before.scale[index]);
                }
                (None, _) => scaling.push(mean, 0.0),
            }
        }
        scaling
    }

    /// The scaling of a regressor's targets. A constant target gets the scale 0, and is then the answer whatever the
    /// weights. Linear outputs are standardized. Sigmoid outputs lie between 0 and 1: if targets lie outside, they are
    /// mapped to 0.1 to 0.9. Since no change of weights could compensate for another scaling of a sigmoid output, an
    /// existing one is kept unless its scale is 0.
    pub(crate) fn of_outputs(columns: &[Column], output: Output, before: Option<&Self>) -> Self {
        let mut scaling = Self::with_capacity(columns.len());
        for (index, column) in columns.iter().enumerate() {
            let before = before.map(|before| (before.mean[index], before.scale[index]));
            let (mean, scale) = match (output, before) {
                _ if column.is_constant() => (column.min, 0.0),
                (Output::Sigmoid, Some((mean, scale))) if scale != 0.0 => (mean, scale),
                // The constant that was answered so far must be in the range of the sigmoid, too.
                (Output::Sigmoid, Some((mean, _))) => sigmoid_range(column.min.min(mean), column.max.max(mean)),
                (Output::Sigmoid, None) if column.min >= 0.0 && column.max <= 1.0 => (0.0, 1.0),
                (Output::Sigmoid, None) => sigmoid_range(column.min, column.max),
                _ => (column.mean as f32, column.scale().unwrap_or(1.0)),
            };
            scaling.push(mean, scale);
        }
        scaling
    }

    fn push(&mut self, mean: f32, scale: f32) {
        self.mean.push(mean);
        self.scale.push(scale);
    }

    /// The columns with scale 0: inputs without effect, and constant outputs.
    pub(crate) fn constant(&self) -> impl Iterator<Item = usize> + '_ {
        self.scale.iter().enumerate().filter(|(_, scale)| **scale == 0.0).map(|(column, _)| column)
    }

    /// Scales a value.
    pub(crate) fn apply(&self, column: usize, value: f32) -> f32 {
        (value - self.mean[column]).clamp(f32::MIN, f32::MAX) * self.scale[column]
    }

    /// The target that the loss compares with the output unit: the scaled value. A constant output counts as a unit of
    /// 0, so its target is the distance of the value from the constant.
    pub(crate) fn target(&self, column: usize, value: f32) -> f32 {
        match self.scale[column] {
            0.0 => (value - self.mean[column]).abs().min(f32::MAX),
            _ => self.apply(column, value),
        }
    }

    /// The inverse of [`Self::apply`], clamped to finite numbers; the constant if the scale is 0.
    pub(crate) fn invert(&self, column: usize, scaled: f32) -> f32 {
        match (self.mean[column], self.scale[column]) {
            (mean, 0.0) => mean,
            (mean, scale) => (scaled / scale + mean).clamp(f32::MIN, f32::MAX),
        }
    }
}

/// The mean and scale that map targets of this range to 0.1 to 0.9.
fn sigmoid_range(min: f32, max: f32) -> (f32, f32) {
    let range = f64::from(max) - f64::from(min);
    let low = ((f64::from(min) - range * 0.125) as f32).max(f32::MIN);
    let scale = (0.8 / range) as f32;
    // If the range is too small to be scaled, it is shifted to the middle of the sigmoid.
    if scale.is_finite() { (low, scale) } else { (min - 0.5, 1.0) }
}

impl Column {
    /// The moments of columns of stored rows; see [`Self::of_groups`].
    pub(crate) fn of(rows: &Rows, columns: Range<usize>) -> Vec<Self> {
        let count = columns.len();
        Self::of_groups(rows, count, |stored, to| {
            to.copy_from_slice(&stored[columns.start * LANES..columns.end * LANES]);
        })
    }

    /// Computes weighted moments in two passes, the mean and then the differences from it, so that a large offset does
    /// not cancel digits. `values` computes the columns of sixteen rows, column by column, from the stored numbers.
    pub(crate) fn of_groups(rows: &Rows, count: usize, mut values: impl FnMut(&[f32], &mut [f32])) -> Vec<Self> {
        let start = Self {
            total: 0.0,
            mean: 0.0,
            standard_deviation: 0.0,
            min: f32::INFINITY,
            max: f32::NEG_INFINITY,
            has_two_values: true,
        };
        let mut all = vec![start; count];
        let there = |value: f32, weight: f64| if value.is_nan() { 0.0 } else { weight };
        sweep(rows, count, &mut values, |weights, values| {
            for (column, values) in all.iter_mut().zip(values) {
                column.total += sum_of_lanes(|lane| there(values[lane], weights[lane]));
                let term = |value: f32, weight: f64| if value.is_nan() { 0.0 } else { f64::from(value) * weight };
                column.mean += sum_of_lanes(|lane| term(values[lane], weights[lane]));
                for (&value, &weight) in values.iter().zip(weights) {
                    // Lanes beyond the last row have weight 0.
                    if there(value, weight) > 0.0 {
                        (column.min, column.max) = (column.min.min(value), column.max.max(value));
                    }
                }
            }
        });
        // A column of gaps gets the mean 0.
        all.iter_mut()
            .for_each(|column| column.mean = if column.total > 0.0 { column.mean / column.total } else { 0.0 });
        sweep(rows, count, &mut values, |weights, values| {
            for (column, values) in all.iter_mut().zip(values) {
                let mean = column.mean;
                let square = |value: f32, weight: f64| {
                    if value.is_nan() { 0.0 } else { (f64::from(value) - mean).powi(2) * weight }
                };
                column.standard_deviation += sum_of_lanes(|lane| square(values[lane], weights[lane]));
                let (min, max) = (column.min, column.max);
                let other =
                    |(&value, &weight): (&f32, &f64)| there(value, weight) > 0.0 && value != min && value != max;
                column.has_two_values = column.has_two_values && !values.iter().zip(weights).any(other);
            }
        });
        let standard_deviation =
            |column: &Self| if column.total > 0.0 { (column.standard_deviation / column.total).sqrt() } else { 0.0 };
        all.iter_mut().for_each(|column| column.standard_deviation = standard_deviation(column));
        all
    }

    /// The reciprocal of the standard deviation; none for a constant column.
    ///
    /// With two values, such as yes and no, a rare one would become very large. They get the distance that they would
    /// have if both were equally common (Gelman, "Scaling regression inputs by dividing by two standard deviations",
    /// Statistics in Medicine 27, 2008).
    fn scale(&self) -> Option<f32> {
        let distance = f64::from(self.max) - f64::from(self.min);
        let scale = (1.0 / if self.has_two_values { distance / 2.0 } else { self.standard_deviation }) as f32;
        (self.min < self.max && scale.is_finite() && scale > 0.0).then_some(scale)
    }

    /// Whether it is the same in all rows without a gap.
    pub(crate) fn is_constant(&self) -> bool {
        self.min >= self.max
    }

    /// Whether it varies, but all values lie on one side of 0, and far from it.
    pub(crate) fn is_far(&self) -> bool {
        // A column that is 1 in nearly all rows and 0 in others is not on one side of 0, and needs no centring.
        let on_one_side = self.min > 0.0 || self.max < 0.0;
        self.min < self.max && on_one_side && self.mean.abs() > CENTERING_WARNING_DEVIATIONS * self.standard_deviation
    }

    /// The mean of the squared values.
    fn mean_square(&self) -> f64 {
        self.mean.powi(2) + self.standard_deviation.powi(2)
    }

    /// The reciprocal of the geometric mean of the column's root mean square and that of all columns, where
    /// `mean_square` is the mean square of all columns; none for a column of zeros. Dividing by the square root of a
    /// column's magnitude is Pareto scaling, a compromise between no scaling and full scaling (Van den Berg and others,
    /// "Centering, scaling, and transformations", BMC Genomics 7, 2006).
    fn pareto_scale(&self, mean_square: f64) -> Option<f32> {
        let scale = (self.mean_square().sqrt() * mean_square.sqrt()).sqrt().recip() as f32;
        (scale.is_finite() && scale > 0.0).then_some(scale)
    }
}

/// Visits the rows sixteen at a time, with their weights and their values column by column.
fn sweep(
    rows: &Rows,
    columns: usize,
    values: &mut impl FnMut(&[f32], &mut [f32]),
    mut visit: impl FnMut(&[f64; LANES], &[[f32; LANES]]),
) {
    let (mut scratch, mut found) = (Vec::new(), vec![0.0; columns * LANES]);
    for group in 0..rows.table.groups() {
        let weights = std::array::from_fn(|lane| {
            let row = group * LANES + lane;
            if row < rows.len() { f64::from(rows.weight(row)) } else { 0.0 }
        });
        values(rows.table.group(group, &mut scratch), &mut found);
        visit(&weights, found.as_chunks().0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(values: &[&[f32]]) -> Rows {
        let mut rows = Rows::new(values[0].len());
        values.iter().enumerate().for_each(|(row, values)| rows.set(row, values.iter().copied(), 1.0));
        rows
    }

    fn inputs(values: &[f32], before: Option<&Scaling>) -> Scaling {
        let values: Vec<[f32; 1]> = values.iter().map(|&v| [v]).collect();
        Scaling::of_inputs(
            &Column::of(&rows(&values.iter().map(<[f32; 1]>::as_slice).collect::<Vec<_>>()), 0..1),
            true,
            before,
        )
    }

    #[test]
    fn columns_of_any_scale_and_offset_are_standardized() {
        for (offset, factor) in [(0.0, 1.0), (1e6, 1.0), (0.0, 1e9), (0.0, 1e-9), (-3e7, 10.0), (0.0, 1e37)] {
            let values: Vec<f32> = (0..100).map(|i| offset + factor * (i % 10) as f32).collect();
            let scaling = inputs(&values, None);
            let scaled: Vec<f64> = values.iter().map(|&v| f64::from(scaling.apply(0, v))).collect();
            let mean = scaled.iter().sum::<f64>() / 100.0;
            let variance = scaled.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / 100.0;
            assert!(mean.abs() < 0.5 && (variance - 1.0).abs() < 0.01, "{offset} {factor}: {mean} {variance}");
        }
    }

    #[test]
    fn a_constant_column_has_no_effect_unless_it_varied_before() {
        let constant = inputs(&[7.0, 7.0, 7.0], None);
        assert_eq!(constant.scale, [0.0]);
        assert_eq!(constant.apply(0, f32::MAX), 0.0);
        let varied = inputs(&[1.0, 2.0, 3.0], None);
        assert_eq!(inputs(&[7.0, 7.0], Some(&varied)), varied);
    }

    #[test]
    fn a_row_of_weight_two_counts_as_two_rows() {
        let mut weighted = Rows::new(1);
        weighted.set(0, [1.0].into_iter(), 1.0);
        weighted.set(1, [4.0].into_iter(), 2.0);
        assert_eq!(Scaling::of_inputs(&Column::of(&weighted, 0..1), true, None), inputs(&[1.0, 4.0, 4.0], None));
    }

    #[test]
    fn without_normalize_inputs_get_a_common_magnitude_and_keep_half_of_their_ratio() {
        for factor in [1.0, 1e-3, 1e9, 1e-30] {
            let (large, small) = (100.0 * factor, factor);
            let found = Scaling::of_inputs(
                &Column::of(&rows(&[&[large, small, 0.0], &[-large, small, 0.0]]), 0..3),
                false,
                None,
            );
            assert_eq!(found.mean, [0.0; 3]);
            let scaled: Vec<f32> = [large, small, 7.0].iter().enumerate().map(|(c, &v)| found.apply(c, v)).collect();
            assert!((scaled[0] / scaled[1] - 10.0).abs() < 1e-4 && scaled[2] == 0.0, "{scaled:?}");
            assert!((1.0..1.5).contains(&scaled[0]), "{scaled:?}");
        }
    }

    #[test]
    fn without_normalize_a_column_of_zeros_keeps_its_scale() {
        let before = Scaling { mean: vec![1.0, 0.0], scale: vec![2.0, 0.0] };
        let found = Scaling::of_inputs(&Column::of(&rows(&[&[0.0, 0.0], &[0.0, 0.0]]), 0..2), false, Some(&before));
        assert_eq!(found, Scaling { mean: vec![1.0, 0.0], scale: vec![2.0, 0.0] });
    }

    #[test]
    fn targets_are_scaled_to_the_range_of_sigmoid_outputs() {
        let targets = rows(&[&[-20.0, 0.2, 5.0], &[60.0, 0.9, 5.0]]);
        let scaling = Scaling::of_outputs(&Column::of(&targets, 0..3), Output::Sigmoid, None);
        let close = |a: f32, b: f32| (a - b).abs() < 1e-6;
        assert!(close(scaling.apply(0, -20.0), 0.1) && close(scaling.apply(0, 60.0), 0.9));
        assert!(close(scaling.apply(1, 0.2), 0.2));
        assert_eq!((scaling.mean[2], scaling.scale[2]), (5.0, 0.0));
        let others = rows(&[&[1.0, 2.0, 5.0], &[2.0, 9.0, 25.0]]);
        let again = Scaling::of_outputs(&Column::of(&others, 0..3), Output::Sigmoid, Some(&scaling));
        assert_eq!((&again.mean[..2], &again.scale[..2]), (&scaling.mean[..2], &scaling.scale[..2]));
        assert!(close(again.apply(2, 5.0), 0.1) && close(again.apply(2, 25.0), 0.9));
        let near = f32::from_bits(1);
        let tiny =
            Scaling::of_outputs(&Column::of(&rows(&[&[0.0, 2.0], &[near, 2.0]]), 0..1), Output::Sigmoid, Some(&again));
        assert!(tiny.scale[0] > 0.0);
    }

    #[test]
    fn a_constant_output_is_predicted_exactly_for_any_weights() {
        for output in [Output::Linear, Output::Sigmoid] {
            for constant in [0.0, 1e-30, -7.1, 0.3, f32::MAX] {
                let targets = rows(&[&[constant, 1.0], &[constant, 0.0]]);
                let scaling = Scaling::of_outputs(&Column::of(&targets, 0..2), output, None);
                assert!(
                    [0.0, -3.0, f32::MAX].iter().all(|&unit| scaling.invert(0, unit).to_bits() == constant.to_bits())
                );
                assert_eq!(scaling.target(0, constant), 0.0);
                assert_ne!(scaling.scale[1], 0.0);
            }
        }
    }

    #[test]
    fn invert_is_the_inverse_of_apply() {
        let scaling = Scaling::of_outputs(&Column::of(&rows(&[&[-1e6, 3.0], &[2e6, 3.5]]), 0..2), Output::Linear, None);
        for (column, value) in [(0, 5e5), (1, 3.0), (1, 4.0)] {
            let back = scaling.invert(column, scaling.apply(column, value));
            assert!((back - value).abs() <= value.abs() * 1e-6);
        }
    }

    #[test]
    fn two_values_are_scaled_to_a_distance_of_2_even_if_one_is_rare() {
        for values in [&[4.0, 4.0, 4.0, 9.0][..], &[9.0, 4.0], &[-3.0, -3.0, -3.5]] {
            let scaling = inputs(values, None);
            let scaled: Vec<f32> = values.iter().map(|&value| scaling.apply(0, value)).collect();
            let distance = scaled.iter().fold(0f32, |most, value| most.max((value - scaled[0]).abs()));
            assert!((distance - 2.0).abs() < 1e-5, "{scaled:?}");
        }
        let three = inputs(&[4.0, 4.0, 5.0, 9.0], None);
        assert!((three.apply(0, 9.0) - three.apply(0, 4.0) - 2.0).abs() > 0.1);
    }

    #[test]
    fn a_column_whose_range_is_too_small_to_be_scaled_has_no_effect() {
        assert_eq!(inputs(&[0.0, f32::from_bits(1)], None).scale, [0.0]);
        assert_eq!(inputs(&[0.0, f32::from_bits(1), f32::from_bits(2)], None).scale, [0.0]);
    }

    #[test]
    fn gaps_are_ignored() {
        let nan = f32::NAN;
        let (full, gaps) = (rows(&[&[1.0], &[2.0], &[6.0]]), rows(&[&[nan], &[1.0], &[nan], &[2.0], &[6.0]]));
        let (full, gaps) = (Column::of(&full, 0..1)[0], Column::of(&gaps, 0..1)[0]);
        assert_eq!((gaps.mean, gaps.standard_deviation, gaps.min, gaps.max), (3.0, full.standard_deviation, 1.0, 6.0));
        assert!((gaps.standard_deviation - (14f64 / 3.0).sqrt()).abs() < 1e-9 && !gaps.has_two_values);
        let nothing = Column::of(&rows(&[&[nan], &[nan]]), 0..1);
        assert_eq!((nothing[0].mean, nothing[0].standard_deviation, nothing[0].is_constant()), (0.0, 0.0, true));
        assert_eq!(Scaling::of_inputs(&nothing, true, None), Scaling { mean: vec![0.0], scale: vec![0.0] });
    }

    #[test]
    fn a_column_is_far_if_it_is_on_one_side_of_0_more_than_ten_standard_deviations_away() {
        let is_far = |values: [f32; 2]| {
            let column = Column::of(&rows(&[&values[..1], &values[1..]]), 0..1)[0];
            assert!(!column.is_constant());
            column.is_far()
        };
        // The standard deviation is half of the distance.
        assert!(is_far([10.1, 12.1]) && is_far([-10.1, -12.1]));
        assert!(!is_far([8.9, 10.9]) && !is_far([-8.9, -10.9]) && !is_far([0.0, 1e-3]));
        // 1 in nearly all rows, else 0.
        let mostly = [&[1.0f32][..]; 999].into_iter().chain([&[0.0][..]]).collect::<Vec<_>>();
        assert!(!Column::of(&rows(&mostly), 0..1)[0].is_far());
        let constant = Column::of(&rows(&[&[7.0], &[7.0]]), 0..1)[0];
        assert!(constant.is_constant() && !constant.is_far());
    }

    #[test]
    fn the_range_of_a_sigmoid_includes_a_previous_constant_and_stays_finite() {
        let close = |a: f32, b: f32| (a - b).abs() < 1e-6;
        let targets = |values: [f32; 2]| Column::of(&rows(&[&values[..1], &values[1..]]), 0..1);
        for (constant, low, high) in [(100.0, 5.0, 100.0), (-20.0, -20.0, 25.0)] {
            let before = Scaling { mean: vec![constant], scale: vec![0.0] };
            let found = Scaling::of_outputs(&targets([5.0, 25.0]), Output::Sigmoid, Some(&before));
            assert!(close(found.apply(0, low), 0.1) && close(found.apply(0, high), 0.9), "{found:?}");
        }
        assert_eq!(Scaling::of_outputs(&targets([0.0, 1.0]), Output::Sigmoid, None), Scaling::identity(1));
        for beyond in [[-0.5, 1.0], [0.0, 1.5]] {
            assert_ne!(Scaling::of_outputs(&targets(beyond), Output::Sigmoid, None), Scaling::identity(1));
        }
        let tiny = Scaling::of_outputs(&targets([2.0f32.powi(-130), 2.0f32.powi(-131)]), Output::Sigmoid, None);
        assert_eq!(tiny, Scaling::identity(1));
        assert_eq!(sigmoid_range(0.0, f32::from_bits(1)), (-0.5, 1.0));
        let (low, scale) = sigmoid_range(f32::MIN, f32::MAX);
        assert!(low == f32::MIN && scale > 0.0);
    }

    #[test]
    fn outputs_that_become_constant_can_keep_their_scaling() {
        let of = |mean: [f32; 2], scale: [f32; 2]| Some(Scaling { mean: mean.to_vec(), scale: scale.to_vec() });
        let after = Normalization {
            inputs: of([9.0, 9.0], [0.0, 0.0]),
            outputs: of([5.0, 6.0], [0.0, 2.0]),
            places: None,
            events: None,
        };
        let before = Normalization { inputs: None, outputs: of([1.0, 2.0], [3.0, 4.0]), places: None, events: None };
        let mut kept = after.clone();
        kept.keep_constants_of(&before);
        assert_eq!(kept, Normalization { outputs: of([1.0, 6.0], [3.0, 2.0]), ..after.clone() });
        let mut kept = after.clone();
        kept.keep_constants_of(&Normalization::default());
        assert_eq!(kept, Normalization { outputs: of([0.0, 6.0], [1.0, 2.0]), ..after });
    }

    #[test]
    fn the_target_of_a_constant_output_is_its_distance_and_nothing_overflows() {
        let scaling = Scaling { mean: vec![4.0, 4.0, f32::MIN], scale: vec![0.0, 2.0, 0.0] };
        assert_eq!([1.0, 4.0, 6.0].map(|value| scaling.target(0, value)), [3.0, 0.0, 2.0]);
        assert_eq!([1.0, 4.0, 6.0].map(|value| scaling.target(1, value)), [-6.0, 0.0, 4.0]);
        assert_eq!(scaling.target(2, f32::MAX), f32::MAX);
        assert_eq!((scaling.apply(2, f32::MAX), scaling.invert(1, f32::MAX)), (0.0, f32::MAX / 2.0));
        let half = Scaling { mean: vec![0.0], scale: vec![0.5] };
        assert_eq!((half.invert(0, f32::MAX), half.invert(0, f32::MIN)), (f32::MAX, f32::MIN));
    }

    #[test]
    fn moments_are_weighted_and_cover_all_groups_of_rows() {
        let (mut rows, mut all) = (Rows::new(3), Vec::new());
        for row in 0..37 {
            let (value, weight) = ((row * row % 11) as f32 - 20.0, 1.0 + (row % 5) as f32);
            rows.set(row, [1.0, value, 2.0].into_iter(), weight);
            all.push((f64::from(value), f64::from(weight)));
        }
        let total: f64 = all.iter().map(|(_, weight)| weight).sum();
        let mean = all.iter().map(|(value, weight)| value * weight).sum::<f64>() / total;
        let variance = all.iter().map(|(value, weight)| (value - mean).powi(2) * weight).sum::<f64>() / total;
        let column = Column::of(&rows, 1..2)[0];
        assert!((column.mean - mean).abs() < 1e-9 && (column.standard_deviation - variance.sqrt()).abs() < 1e-9);
        assert_eq!((column.min, column.max, column.has_two_values), (-20.0, -11.0, false));
    }
}
