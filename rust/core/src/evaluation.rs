//! How well a network does on some rows, beside what knowing nothing would do.

use crate::dataset::{Batch, Rows};
use crate::error::{Error, Result};
use crate::forward::largest;
use crate::kernels::LANES;
use crate::layout::Kind;
use crate::model::Model;
use crate::normalization::Scaling;
use crate::objective::{Sums, Wanted};

/// Classes of a confusion matrix at most: 8 MB.
pub const MAX_CONFUSION_CLASSES: usize = 1024;

/// What an evaluation finds. Row weights count in the error alone, weights of classes in nothing.
#[derive(Debug, Clone, PartialEq)]
pub struct Evaluation {
    /// Rows evaluated.
    pub rows: u64,
    /// Mean loss of a row, as trained, without weight decay.
    pub error: f64,
    /// What depends on the kind of network.
    pub score: Score,
}

/// The figures of a classifier or a regressor.
#[derive(Debug, Clone, PartialEq)]
pub enum Score {
    /// A classifier's.
    Classifier {
        /// Share of rows classified rightly, 0 to 1.
        accuracy: f64,
        /// Accuracy of always answering the commonest class of these rows.
        baseline: f64,
        /// Rows by true class (row of the matrix) and answer (column), row after row; empty beyond
        /// [`MAX_CONFUSION_CLASSES`] classes.
        confusion: Vec<u64>,
    },
    /// A regressor's, in the units of the targets.
    Regressor {
        /// Root of the mean squared error, over rows and outputs.
        rmse: f64,
        /// Mean absolute error, over rows and outputs.
        mae: f64,
        /// 1 minus the squared error over that of the mean, averaged over the outputs. For an output that does not vary:
        /// 1 if it is met exactly, else 0.
        r2: f64,
        /// Root of the mean squared error of always answering the mean of these rows.
        baseline: f64,
    },
}

/// The figures of a model on some rows, in one pass over them.
pub(crate) fn evaluate(model: &Model, rows: &Rows, keep_on: &dyn Fn() -> bool) -> Result<Evaluation> {
    if rows.len() == 0 {
        return Err(Error::NoRows);
    }
    let scaling = model.trained.normalization.outputs.as_ref();
    let objective = model.objective();
    let (mut scratch, mut sums, mut tally) = (objective.scratch(), Sums::default(), Tally::new(model));
    for share in objective.shares(rows) {
        let mut add = |outputs: &[f32], targets: &[f32], rows: usize| tally.add(outputs, scaling, targets, rows);
        let wanted = Wanted { tally: Some(&mut add), ..Wanted::LOSS };
        sums.add(&objective.sums(&model.trained.weights, rows, share, &mut scratch, wanted, keep_on));
        if !keep_on() {
            return Err(Error::Stopped);
        }
    }
    Ok(Evaluation { rows: rows.len() as u64, error: sums.mean(), score: tally.score(rows.len() as f64) })
}

pub(crate) fn evaluate_batch(model: &Model, batch: &Batch<'_>, keep_on: &dyn Fn() -> bool) -> Result<Evaluation> {
    evaluate(model, &rows_of(model, batch)?, keep_on)
}

/// The mean loss of rows and its gradient; see [`crate::Network::gradient`].
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

fn rows_of(model: &Model, batch: &Batch<'_>) -> Result<Rows> {
    let shape = model.shape();
    batch.check(shape)?;
    let mut rows = Rows::new(shape.width());
    for row in 0..batch.rows {
        let values = batch.inputs(row, shape).iter().chain(batch.targets(row, shape));
        rows.set(row, values.copied(), batch.weight(row));
    }
    Ok(rows)
}

/// What is counted and summed row by row.
enum Tally {
    Classifier { classes: usize, right: u64, of_class: Vec<u64>, confusion: Vec<u64> },
    Regressor { outputs: Vec<Errors> },
}

/// Sums over the rows of one output.
#[derive(Clone, Default)]
struct Errors {
    squared: f64,
    absolute: f64,
    /// Of the target, around its first value.
    first: Option<f64>,
    sum: f64,
    squares: f64,
}

impl Tally {
    fn new(model: &Model) -> Self {
        let outputs = model.layout().outputs();
        match model.kind {
            Kind::Classifier => {
                let cells = if outputs <= MAX_CONFUSION_CLASSES { outputs * outputs } else { 0 };
                Self::Classifier { classes: outputs, right: 0, of_class: vec![0; outputs], confusion: vec![0; cells] }
            }
            Kind::Regressor => Self::Regressor { outputs: vec![Errors::default(); outputs] },
        }
    }

    /// Adds the rows of a group: outputs as the network computes them, targets as they are stored.
    fn add(&mut self, outputs: &[f32], scaling: Option<&Scaling>, targets: &[f32], rows: usize) {
        match self {
            Self::Classifier { classes, right, of_class, confusion } => {
                for (lane, &class) in targets[..rows].iter().enumerate() {
                    let (answer, class) = (largest(outputs[lane..].iter().step_by(LANES).copied()), class as usize);
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

    /// The squared error of the mean.
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
