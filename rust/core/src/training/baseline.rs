//! The baseline: the loss of the best constant answer, which a network has to beat.

use super::statistics::RowStatistics;
use super::task::Task;
use crate::dataset::Rows;
use crate::layout::Layout;
use crate::normalization::Normalization;
use crate::objective::{Objective, Sums, SumsRequest};
use crate::options::Output;

/// Lower bound of a class's share, so that its logarithm is finite.
const MIN_SHARE: f64 = 1e-30;

/// The mean loss of `rows` for the best constant answer to the training rows, whose `statistics` are given.
///
/// With cross-entropy the best constant is the shares of the classes, with squared errors the mean of the targets. It
/// is evaluated as a network without hidden layers whose only weights are the biases of its output units.
pub(super) fn error(task: &Task, statistics: &RowStatistics, normalization: &Normalization, rows: &Rows) -> f64 {
    let units = [task.layout.inputs(), task.layout.outputs()];
    let layout = Layout::of_fields(&units, task.layout.first_inputs())
        .expect("a valid layout is valid without its hidden layers");
    let class_weights = statistics.class_weights(&task.options.class_weight);
    let means = statistics.mean_targets(normalization, class_weights.as_deref());
    let mut weights = vec![0.0; layout.parameters()];
    for (bias, mean) in weights.iter_mut().zip(means) {
        *bias = match task.options.output {
            Output::Softmax => mean.max(MIN_SHARE).ln() as f32,
            Output::Sigmoid => (mean.max(MIN_SHARE).ln() - (1.0 - mean).max(MIN_SHARE).ln()) as f32,
            Output::Linear => mean as f32,
        };
    }
    let (shape, inputs) = (task.dataset.shape, task.inputs());
    let objective = Objective::new(shape, (&layout, inputs), task.options.clone(), normalization.clone(), 1)
        .weighted(class_weights);
    let mut scratch = objective.scratch();
    let mut sums = Sums::default();
    for share in objective.shares(rows) {
        sums.add(&objective.sums(&weights, rows, share, &mut scratch, SumsRequest::LOSS, || true));
    }
    sums.mean()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::{Batch, Limits};
    use crate::layout::Kind;
    use crate::network::Network;
    use crate::options::{Changes, Loss, Options};
    use crate::training::TrainOptions;

    fn error_of(kind: Kind, targets: &[f32], changes: &Changes) -> f64 {
        let layout = Layout::new(&[1, 2]).unwrap();
        let options = Options::new(kind).with(kind, &layout, changes).unwrap();
        let limits = Limits { train: 100, test: 0 };
        let mut network = Network::new(kind, layout, options, limits, 1).unwrap();
        let rows = targets.len() / network.targets();
        let inputs: Vec<f32> = (0..rows).map(|row| row as f32).collect();
        network.observe(&Batch::new(&inputs, 1, targets, network.targets()), None, |_| {}).unwrap();
        let task = Task::new(&network, TrainOptions::default()).unwrap();
        let statistics = RowStatistics::of(&network.dataset, None);
        let normalization = statistics.normalization(&task.options, &task.trained);
        error(&task, &statistics, &normalization, &network.dataset.train)
    }

    #[test]
    fn the_baseline_is_the_entropy_of_classes_and_the_variance_of_numbers() {
        let close = |a: f64, b: f64| assert!((a - b).abs() < 1e-6, "{a} {b}");
        let classes = [0.0, 0.0, 0.0, 1.0];
        let entropy = -(0.75 * 0.75f64.ln() + 0.25 * 0.25f64.ln());
        close(error_of(Kind::Classifier, &classes, &Changes::default()), entropy);
        let squared = Changes { loss: Some(Loss::Mse), ..Changes::default() };
        close(error_of(Kind::Classifier, &classes, &squared), 0.75 * 0.25);
        let numbers = [0.0, 1.0, 2.0, 1.0, 4.0, 1.0];
        close(error_of(Kind::Regressor, &numbers, &Changes::default()), (8.0 / 3.0) / 2.0);
        let normalized = Changes { normalize: Some(true), ..Changes::default() };
        close(error_of(Kind::Regressor, &numbers, &normalized), 0.5);
        let one = error_of(Kind::Classifier, &[1.0; 4], &Changes::default());
        assert!((0.0..1e-6).contains(&one), "{one}");
    }
}
