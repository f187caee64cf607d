//! What is to be beaten: the error of whoever gives each row the same answer, the best for the training rows.

use crate::dataset::Rows;
use crate::layout::{Kind, Layout};
use crate::normalization::Normalization;
use crate::objective::{Objective, Sums};
use crate::options::Output;

use super::task::Task;

/// The least share of a class, for which the logarithm is finite.
const LEAST: f64 = 1e-30;

/// The mean loss of a row of `rows` for that answer: of a network that has nothing but the biases of its output units.
///
/// The best answer is the mean of the targets: with cross-entropy the shares of the classes, with squared errors the mean.
pub(super) fn error(task: &Task, normalization: &Normalization, rows: &Rows) -> f64 {
    let layout = Layout::new(&[task.layout.inputs(), task.layout.outputs()]).expect("a part of one that is legal");
    let objective = task.objective_of(&layout, normalization.clone(), 1);
    let mut weights = vec![0.0; layout.parameters()];
    for (bias, mean) in weights.iter_mut().zip(means(task, normalization)) {
        *bias = match task.options.output {
            Output::Softmax => mean.max(LEAST).ln() as f32,
            Output::Sigmoid => (mean.max(LEAST).ln() - (1.0 - mean).max(LEAST).ln()) as f32,
            Output::Linear => mean as f32,
        };
    }
    loss(&objective, &weights, rows)
}

fn loss(objective: &Objective, weights: &[f32], rows: &Rows) -> f64 {
    let mut scratch = objective.scratch();
    let mut sums = Sums::default();
    for share in objective.shares(rows) {
        sums.add(&objective.sums(weights, rows, share, &mut scratch, true, None, || true));
    }
    sums.mean()
}

/// The mean target of each output, as the loss sees it, over the training rows.
fn means(task: &Task, normalization: &Normalization) -> Vec<f64> {
    let (rows, shape) = (&task.dataset.train, task.dataset.shape);
    let classes = task.class_weights();
    let (mut means, mut all) = (vec![0.0; shape.outputs], 0.0);
    for row in 0..rows.len() {
        let weight = f64::from(rows.weight(row));
        let mut targets = rows.table.row(row).skip(shape.inputs);
        if shape.kind == Kind::Classifier {
            let class = targets.next().expect("a row ends with its class") as usize;
            let weight = weight * classes.as_ref().map_or(1.0, |weights| f64::from(weights[class]));
            means[class] += weight;
            all += weight;
        } else {
            for (column, target) in targets.enumerate() {
                let scaled = normalization.outputs.as_ref().map_or(target, |scaling| scaling.apply(column, target));
                means[column] += weight * f64::from(scaled);
            }
            all += weight;
        }
    }
    means.iter_mut().for_each(|mean| *mean /= all);
    means
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::{Batch, Limits};
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
        error(&task, &task.normalization(), &network.dataset.train)
    }

    #[test]
    fn it_is_the_entropy_of_the_classes_and_the_variance_of_the_numbers() {
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
