//! Evaluation of a network on some rows: its error, scores, and the baselines of constant answers.

use crate::dataset::{Batch, Rows};
use crate::error::{Error, Result};
use crate::kernels::LANES;
use crate::layout::Kind;
use crate::model::Model;
use crate::normalization::Scaling;
use crate::objective::{Sums, SumsRequest};
use crate::options::Threshold;

/// The most classes for which there is a confusion matrix, of 8 MB.
pub const MAX_CONFUSION_CLASSES: usize = 1024;

/// The result of an evaluation. Row weights count in `error` alone, class weights nowhere.
#[derive(Debug, Clone, PartialEq)]
pub struct Evaluation {
    /// Rows evaluated.
    pub rows: u64,
    /// Weighted mean of the rows' losses, without weight decay.
    pub error: f64,
    /// The scores, by kind of network.
    pub score: Score,
}

/// The scores of a classifier or a regressor.
#[derive(Debug, Clone, PartialEq)]
pub enum Score {
    /// Scores of a classifier.
    Classifier {
        /// Share of rows that are classified correctly, from 0 to 1.
        accuracy: f64,
        /// The accuracy of always answering the most common class of these rows.
        baseline: f64,
        /// Counts of rows by their class (row of the matrix) and the answer (column), row after row; empty with more
        /// than [`MAX_CONFUSION_CLASSES`] classes.
        confusion: Vec<u64>,
    },
    /// Scores of a regressor, in the units of the targets.
    Regressor {
        /// Root of the mean squared error, over rows and outputs.
        rmse: f64,
        /// Mean absolute error, over rows and outputs.
        mae: f64,
        /// The coefficient of determination: 1 minus the ratio of the squared error to that of the mean, averaged over
        /// the outputs. For a constant output it is 1 if every answer is exact, else 0.
        r2: f64,
        /// The RMSE of always answering the mean of these rows.
        baseline: f64,
    },
}

/// Evaluates a model on some rows, in one pass over them.
///
/// # Errors
/// [`Error::NoRows`] without rows, [`Error::Stopped`] once `keep_on` returns false.
pub(crate) fn evaluate(model: &Model, rows: &Rows, keep_on: &dyn Fn() -> bool) -> Result<Evaluation> {
    if rows.len() == 0 {
        return Err(Error::NoRows);
    }
    let scaling = model.trained.normalization.outputs.as_ref();
    let objective = model.objective();
    let (mut scratch, mut sums, mut tally) = (objective.scratch(), Sums::default(), Tally::new(model));
    for share in objective.shares(rows) {
        let mut add = |outputs: &[f32], targets: &[f32], rows: usize| tally.add(outputs, scaling, targets, rows);
        let request = SumsRequest { tally: Some(&mut add), ..SumsRequest::LOSS };
        sums.add(&objective.sums(&model.trained.weights, rows, share, &mut scratch, request, keep_on));
        if !keep_on() {
            return Err(Error::Stopped);
        }
    }
    Ok(Evaluation { rows: rows.len() as u64, error: sums.mean(), score: tally.score(rows.len() as f64) })
}

/// [`evaluate`] for rows of a batch.
pub(crate) fn evaluate_batch(model: &Model, batch: &Batch<'_>, keep_on: &dyn Fn() -> bool) -> Result<Evaluation> {
    evaluate(model, &rows_of(model, batch)?, keep_on)
}

/// The mean loss of the rows of a batch, and its gradient; see [`crate::Network::gradient`].
pub(crate) fn gradient(model: &Model, batch: &Batch<'_>) -> Result<(f64, Vec<f64>)> {
    let rows = rows_of(model, batch)?;
    if rows.len() == 0 {
        return Err(Error::NoRows);
    }
    let objective = model.objective();
    let (mut scratch, mut sums) = (objective.scratch(), Sums::default());
    let mut gradient = vec![0.0; objective.parameters()];
    let mut of_share = vec![0.0; objective.parameters()];
    for share in objective.shares(&rows) {
        of_share.fill(0.0);
        sums.add(&objective.gradient(&model.trained.weights, &rows, share, &mut scratch, &mut of_share));
        gradient.iter_mut().zip(&of_share).for_each(|(sum, &part)| *sum += f64::from(part));
    }
    gradient.iter_mut().for_each(|sum| *sum /= sums.weight);
    Ok((sums.mean(), gradient))
}

/// Checks a batch, and copies it into rows.
pub(crate) fn rows_of(model: &Model, batch: &Batch<'_>) -> Result<Rows> {
    if model.schema.is_some() {
        return Err(Error::HasFields);
    }
    let shape = model.shape();
    batch.check(shape)?;
    let mut rows = Rows::new(shape.width());
    for row in 0..batch.rows {
        let values = batch.inputs(row, shape).iter().chain(batch.targets(row, shape));
        rows.set(row, values.copied(), batch.weight(row));
    }
    Ok(rows)
}

/// Counts and sums over the rows so far.
enum Tally {
    Classifier {
        classes: usize,
        answers: usize,
        threshold: Threshold,
        right: u64,
        of_class: Vec<u64>,
        confusion: Vec<u64>,
    },
    Regressor {
        outputs: Vec<Errors>,
    },
}

/// Sums over the rows of one output.
#[derive(Clone, Default)]
struct Errors {
    squared: f64,
    absolute: f64,
    /// The first target, which is subtracted from all for the sums, against cancellation.
    first: Option<f64>,
    sum: f64,
    squares: f64,
}

impl Tally {
    fn new(model: &Model) -> Self {
        let outputs = model.layout().outputs();
        match model.kind {
            Kind::Classifier => {
                // Rows may have classes that the network observed after its last training, and that it cannot answer.
                // Outputs that have no class yet are not answered either.
                let (classes, answers) = match &model.schema {
                    Some(schema) => (schema.classes().len(), model.classes().len()),
                    None => (outputs, outputs),
                };
                let cells = if classes <= MAX_CONFUSION_CLASSES { classes * classes } else { 0 };
                let (of_class, confusion) = (vec![0; classes], vec![0; cells]);
                let threshold = model.options.threshold;
                Self::Classifier { classes, answers, threshold, right: 0, of_class, confusion }
            }
            Kind::Regressor => Self::Regressor { outputs: vec![Errors::default(); outputs] },
        }
    }

    /// Adds the rows of a group: outputs before they are scaled back, and targets as stored.
    fn add(&mut self, outputs: &[f32], scaling: Option<&Scaling>, targets: &[f32], rows: usize) {
        match self {
            Self::Classifier { classes, answers, threshold, right, of_class, confusion } => {
                for (lane, &class) in targets[..rows].iter().enumerate() {
                    let of_row = outputs[lane..].iter().step_by(LANES).take(*answers).copied();
                    let (answer, class) = (threshold.class(of_row), class as usize);
                    *right += u64::from(answer == class);
                    of_class[class] += 1;
                    if let Some(cell) = confusion.get_mut(class * *classes + answer) {
                        *cell += 1;
                    }
                }
            }
            Self::Regressor { outputs: errors } => {
                let columns = outputs.chunks_exact(LANES).zip(targets.chunks_exact(LANES));
                for (column, (errors, (outputs, targets))) in errors.iter_mut().zip(columns).enumerate() {
                    for (&output, &target) in outputs.iter().zip(targets).take(rows) {
                        let answer = scaling.map_or(output, |scaling| scaling.invert(column, output));
                        errors.add(f64::from(answer), f64::from(target));
                    }
                }
            }
        }
    }

    fn score(self, rows: f64) -> Score {
        match self {
            Self::Classifier { right, of_class, confusion, .. } => Score::Classifier {
                accuracy: right as f64 / rows,
                baseline: of_class.into_iter().max().unwrap_or(0) as f64 / rows,
                confusion,
            },
            Self::Regressor { outputs } => {
                let mean = |of: &dyn Fn(&Errors) -> f64| outputs.iter().map(of).sum::<f64>() / outputs.len() as f64;
                Score::Regressor {
                    rmse: (mean(&|e| e.squared) / rows).sqrt(),
                    mae: mean(&|e| e.absolute) / rows,
                    r2: mean(&|e| e.r2(rows)),
                    baseline: (mean(&|e| e.spread(rows)) / rows).sqrt(),
                }
            }
        }
    }
}

impl Errors {
    fn add(&mut self, answer: f64, target: f64) {
        self.squared += (answer - target).powi(2);
        self.absolute += (answer - target).abs();
        let centred = target - *self.first.get_or_insert(target);
        self.sum += centred;
        self.squares += centred * centred;
    }

    /// The sum of squared differences from the mean.
    fn spread(&self, rows: f64) -> f64 {
        (self.squares - self.sum * self.sum / rows).max(0.0)
    }

    fn r2(&self, rows: f64) -> f64 {
        let spread = self.spread(rows);
        match (spread > 0.0, self.squared > 0.0) {
            (true, _) => 1.0 - self.squared / spread,
            (false, true) => 0.0,
            (false, false) => 1.0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::Limits;
    use crate::layout::Layout;
    use crate::network::Network;
    use crate::options::Options;
    use crate::random::Random;

    /// Two full groups, and one that is not full.
    const ROWS: usize = 37;

    fn network(kind: Kind, units: &[usize]) -> Network {
        let layout = Layout::new(units).unwrap();
        Network::new(kind, layout, Options::new(kind), Limits { train: 100, test: 0 }, 7).unwrap()
    }

    fn near(found: f64, expected: f64) {
        assert!((found - expected).abs() < 1e-6 * expected.abs().max(1.0), "{found} {expected}");
    }

    #[test]
    fn scores_of_a_regressor_follow_their_formulas() {
        let network = network(Kind::Regressor, &[3, 4, 2]);
        let mut random = Random::new(1, 1);
        let inputs: Vec<f32> = (0..3 * ROWS).map(|_| random.symmetric()).collect();
        // Targets are far from 0, where sums of squares would cancel.
        let targets: Vec<f32> = (0..2 * ROWS).map(|at| 5000.0 * (1 + at % 2) as f32 + random.symmetric()).collect();
        let mut answers = vec![0.0; 2 * ROWS];
        network.model().run(&inputs, &mut answers).unwrap();
        let found = network.evaluate_on(&Batch::new(&inputs, 3, &targets, 2)).unwrap();
        let Score::Regressor { rmse, mae, r2, baseline } = found.score else { panic!("{found:?}") };

        let column = |values: &[f32], output: usize| -> Vec<f64> {
            values.iter().skip(output).step_by(2).map(|&value| f64::from(value)).collect()
        };
        let (mut squares, mut absolute, mut spread, mut explained) = (0.0, 0.0, 0.0, 0.0);
        for output in 0..2 {
            let (answers, targets) = (column(&answers, output), column(&targets, output));
            let mean = targets.iter().sum::<f64>() / ROWS as f64;
            let of_output: f64 = answers.iter().zip(&targets).map(|(a, t)| (a - t).powi(2)).sum();
            let around_mean: f64 = targets.iter().map(|t| (t - mean).powi(2)).sum();
            absolute += answers.iter().zip(&targets).map(|(a, t)| (a - t).abs()).sum::<f64>();
            squares += of_output;
            spread += around_mean;
            explained += 1.0 - of_output / around_mean;
        }
        let all = 2.0 * ROWS as f64;
        near(rmse, (squares / all).sqrt());
        near(mae, absolute / all);
        near(baseline, (spread / all).sqrt());
        near(r2, explained / 2.0);
        assert_eq!(found.rows, ROWS as u64);
    }

    #[test]
    fn scores_of_a_classifier_count_rows() {
        let network = network(Kind::Classifier, &[2, 3]);
        let mut random = Random::new(1, 1);
        let inputs: Vec<f32> = (0..2 * ROWS).map(|_| 3.0 * random.symmetric()).collect();
        let classes: Vec<f32> = (0..ROWS).map(|row| if row % 4 == 0 { 1.0 } else { 2.0 }).collect();
        let answers = network.model().classify(&inputs).unwrap();
        let found = network.evaluate_on(&Batch::new(&inputs, 2, &classes, 1)).unwrap();
        let Score::Classifier { accuracy, baseline, confusion } = found.score else { panic!("{found:?}") };

        let count = |of: &dyn Fn(usize, usize) -> bool| {
            answers.iter().zip(&classes).filter(|&(&answer, &class)| of(class as usize, answer)).count() as u64
        };
        near(accuracy, count(&|class, answer| class == answer) as f64 / ROWS as f64);
        near(baseline, 27.0 / 37.0);
        let expected: Vec<u64> =
            (0..9).map(|cell| count(&|class, answer| (class, answer) == (cell / 3, cell % 3))).collect();
        assert_eq!(confusion, expected);
        assert!(answers.contains(&0) && answers.contains(&1) && answers.contains(&2));
    }

    #[test]
    fn r2_of_a_constant_target_is_1_or_0() {
        let mut errors = Errors::default();
        (0..3).for_each(|_| errors.add(4.0, 4.0));
        assert_eq!((errors.spread(3.0), errors.r2(3.0)), (0.0, 1.0));
        errors.add(5.0, 4.0);
        assert_eq!((errors.spread(4.0), errors.r2(4.0)), (0.0, 0.0));
    }
}
