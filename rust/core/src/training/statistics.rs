//! Statistics of the rows of a training, computed once when it begins. Normalization, class weights, warnings and the
//! baseline are computed from them.

use std::sync::Arc;

use crate::dataset::{Dataset, Rows};
use crate::kernels::LANES;
use crate::layout::Kind;
use crate::normalization::{Column, Normalization, Scaling};
use crate::options::{ClassWeight, Options};
use crate::places::Places;
use crate::schema::Schema;
use crate::trained::Trained;

/// Moments of the columns of the training rows, and counts of classes.
pub(super) struct RowStatistics {
    /// Moments of the computed inputs.
    pub(super) inputs: Vec<Column>,
    /// The approximate distribution functions of number fields; none without such fields.
    places: Option<Places>,
    /// Moments of a regressor's outputs; empty for a classifier.
    pub(super) targets: Vec<Column>,
    /// Counts of a classifier's classes; empty for a regressor.
    pub(super) classes: Vec<Class>,
}

/// How often a class occurs.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Class {
    pub(super) train_rows: u64,
    pub(super) test_rows: u64,
    /// Sum of the weights of the training rows.
    pub(super) weight: f64,
}

impl RowStatistics {
    pub(super) fn of(dataset: &Dataset, schema: Option<&Schema>) -> Self {
        let shape = dataset.shape;
        let places = schema.map(|schema| Places::of(&dataset.train, schema)).filter(|places| places.fields().len() > 0);
        let inputs = match schema {
            None => Column::of(&dataset.train, 0..shape.inputs),
            Some(schema) => {
                let computed = |stored: &[f32], to: &mut [f32]| schema.computed_of(LANES, stored, places.as_ref(), to);
                Column::of_groups(&dataset.train, schema.dense(), computed)
            }
        };
        let (targets, classes) = match shape.kind {
            Kind::Classifier => (Vec::new(), classes(dataset)),
            Kind::Regressor => (Column::of(&dataset.train, shape.inputs..shape.width()), Vec::new()),
        };
        Self { inputs, places, targets, classes }
    }

    /// The normalization of a training on these rows that begins with the weights of `trained`.
    pub(super) fn normalization(&self, options: &Options, trained: &Trained) -> Normalization {
        // A network that was trained without normalization was trained under the identity.
        let before = |scaling: &Option<Scaling>, columns: &[Column]| {
            (!trained.is_untrained()).then(|| scaling.clone().unwrap_or_else(|| Scaling::identity(columns.len())))
        };
        let Normalization { inputs, outputs, .. } = &trained.normalization;
        let before_inputs = before(inputs, &self.inputs);
        let inputs = Scaling::of_inputs(&self.inputs, options.normalize, before_inputs.as_ref());
        let outputs = (options.normalize && !self.targets.is_empty()).then(|| {
            let before = before(outputs, &self.targets);
            Scaling::of_outputs(&self.targets, options.output, before.as_ref())
        });
        Normalization { inputs: Some(inputs), outputs, places: self.places.clone(), events: None }
    }

    /// The factor of the loss of rows of each class; none if all classes weigh the same.
    pub(super) fn class_weights(&self, option: &ClassWeight) -> Option<Arc<Vec<f32>>> {
        match option {
            ClassWeight::None => None,
            ClassWeight::Balanced => Some(Arc::new(self.balanced())),
            ClassWeight::Given(weights) => Some(Arc::clone(weights)),
        }
    }

    /// The weights of [`ClassWeight::Balanced`].
    fn balanced(&self) -> Vec<f32> {
        let all: f64 = self.classes.iter().map(|class| class.weight).sum();
        let classes = self.classes.iter().filter(|class| class.weight > 0.0).count() as f64;
        // Row weights may be close to the least and the largest float, so the quotient is clamped to finite normal
        // numbers.
        let weight = |own: f64| (all / (classes * own)).clamp(f32::MIN_POSITIVE.into(), f32::MAX.into()) as f32;
        let weights = self.classes.iter().map(|class| if class.weight > 0.0 { weight(class.weight) } else { 1.0 });
        weights.collect()
    }

    /// The mean of each output's target over the training rows, in the units of the loss: scaled for a regressor, the
    /// weighted share of the class for a classifier.
    pub(super) fn mean_targets(&self, normalization: &Normalization, class_weights: Option<&Vec<f32>>) -> Vec<f64> {
        if self.classes.is_empty() {
            let scaled = |(at, column): (usize, &Column)| match &normalization.outputs {
                Some(scaling) => (column.mean - f64::from(scaling.mean[at])) * f64::from(scaling.scale[at]),
                None => column.mean,
            };
            return self.targets.iter().enumerate().map(scaled).collect();
        }
        let weight =
            |(at, class): (usize, &Class)| class.weight * class_weights.map_or(1.0, |weights| f64::from(weights[at]));
        let weights: Vec<f64> = self.classes.iter().enumerate().map(weight).collect();
        let all: f64 = weights.iter().sum();
        weights.into_iter().map(|weight| weight / all).collect()
    }
}

fn classes(dataset: &Dataset) -> Vec<Class> {
    let shape = dataset.shape;
    let class_of =
        |rows: &Rows, row| rows.table.row(row).nth(shape.inputs).expect("a row ends with its class") as usize;
    let mut classes = vec![Class::default(); shape.outputs];
    for row in 0..dataset.train.len() {
        let class = &mut classes[class_of(&dataset.train, row)];
        class.train_rows += 1;
        class.weight += f64::from(dataset.train.weight(row));
    }
    for row in 0..dataset.test.len() {
        classes[class_of(&dataset.test, row)].test_rows += 1;
    }
    classes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::{Batch, Limits};
    use crate::layout::Layout;
    use crate::network::Network;

    /// Statistics of a classifier's rows with one input, whose value is the class.
    fn classified(classes: &[f32], weights: &[f32]) -> RowStatistics {
        let (kind, layout) = (Kind::Classifier, Layout::new(&[1, 4]).unwrap());
        let limits = Limits { train: 100, test: 0 };
        let mut network = Network::new(kind, layout, Options::new(kind), limits, 1).unwrap();
        let mut batch = Batch::new(classes, 1, classes, 1);
        batch.weights = Some(weights);
        network.observe(&batch, None, |_| {}).unwrap();
        RowStatistics::of(&network.dataset, None)
    }

    #[test]
    fn balanced_weights_give_all_classes_that_occur_the_same_total_weight() {
        // Ten rows of class 0, the last of which has weight 10; two of class 1; four of class 3.
        let classes = [[0.0; 10].as_slice(), &[1.0; 2], &[3.0; 4]].concat();
        let weights: Vec<f32> = (0..16).map(|row| if row == 9 { 10.0 } else { 1.0 }).collect();
        let statistics = classified(&classes, &weights);
        assert_eq!(statistics.classes[0], Class { train_rows: 10, test_rows: 0, weight: 19.0 });
        let all = 19.0 + 2.0 + 4.0;
        let expected = [all / (3.0 * 19.0), all / (3.0 * 2.0), 1.0, all / (3.0 * 4.0)];
        assert_eq!(statistics.balanced(), expected.map(|weight| weight as f32));
        let extremes = [f32::from_bits(1), f32::MAX];
        assert_eq!(classified(&[0.0, 1.0], &extremes).balanced(), [f32::MAX, 0.5, 1.0, 1.0]);
    }

    #[test]
    fn mean_targets_of_classes_are_their_shares_weighted_by_row_and_class() {
        let statistics = classified(&[0.0, 0.0, 1.0, 3.0], &[1.0, 2.0, 1.0, 4.0]);
        let normalization = Normalization::default();
        assert_eq!(statistics.mean_targets(&normalization, None), [0.375, 0.125, 0.0, 0.5]);
        let weights = vec![1.0, 1.0, 7.0, 0.0];
        assert_eq!(statistics.mean_targets(&normalization, Some(&weights)), [0.75, 0.25, 0.0, 0.0]);
    }
}
