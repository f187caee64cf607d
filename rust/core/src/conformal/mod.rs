//! Prediction intervals and sets of classes with a given coverage: split conformal prediction (V. Vovk, A. Gammerman,
//! G. Shafer, "Algorithmic Learning in a Random World", 2005; J. Lei et al., "Distribution-free predictive inference
//! for regression", Journal of the American Statistical Association 113, 2018).
//!
//! Each row of a calibration set, which the network was not trained on, gets a nonconformity score. For a number it is
//! the distance of the answer from the outcome. For a class it is 1 minus the probability of the true class (M.
//! Sadinle, J. Lei, L. Wasserman, "Least ambiguous set-valued classifiers with bounded error levels", Journal of the
//! American Statistical Association 114, 2019). Of n sorted scores, the one with rank ⌈(n + 1) level⌉ is the bound. The
//! score of a new row is within the bound with probability `level`, for any network and data, if calibration rows and
//! new rows are exchangeable.
//!
//! Validation rows that decided when training stopped or which weights were kept are not exchangeable with new rows:
//! the network has lower errors on them, and intervals would cover 1 to 3 % too little (measured in docs/learning.md).
//! The rank is therefore raised by ⌈√n / 5⌉, which restores the coverage in practice. Z. Liang, Y. Zhou and M. Sesia
//! ("Conformal inference is (almost) free for neural networks trained with early stopping", 2023) prove coverage for a
//! method that needs the best weights for each possible outcome.
//!
//! Rejected: dividing distances by the disagreement of the members, which makes intervals wider where the network is
//! uncertain. It needs the answer of each member, and on average the intervals were no narrower (docs/learning.md).

#[cfg(test)]
mod tests;

use std::sync::{Arc, OnceLock};

use crate::dataset::{Batch, Place, Rows, Set};
use crate::error::{Error, Result};
use crate::evaluation::rows_of;
use crate::fields::Example;
use crate::layout::Kind;
use crate::memory::{self, Taken};
use crate::model::{Model, best_first};
use crate::network::Network;
use crate::schema::Row;

/// Maximum number of calibration rows. Of more, evenly spaced ones are used. The coverage of one calibration is then
/// within 0.6 % of the level in 95 of 100 cases.
pub const MOST_ROWS: usize = 10_000;
/// Maximum number of scores of all outputs together: 8 MB.
const MOST_SCORES: usize = 1 << 20;
/// Maximum number of rows in one batch through the network, and of their inputs and outputs: 4 MB.
const CHUNK: usize = 256;
const CHUNK_NUMBERS: usize = 1 << 20;

/// The coverage of an interval or a set: the probability that it contains the outcome, above 0 and below 1.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct Level(f64);

impl Level {
    /// `None` unless `share` is above 0 and below 1.
    pub fn new(share: f64) -> Option<Self> {
        (share > 0.0 && share < 1.0).then_some(Self(share))
    }

    /// The rank of the bound among `rows` ascending scores, counted from 1. It can be above `rows`: then there are too
    /// few. With `test_decided`, the correction for validation rows that decided is added.
    fn rank(self, rows: usize, test_decided: bool) -> usize {
        // 0.9 of 20 must be 18, though 0.9 is slightly larger in binary.
        let rank = ((rows + 1) as f64 * self.0 - 1e-9).ceil().max(1.0) as usize;
        rank + if test_decided { ((rows as f64).sqrt() / 5.0).ceil() as usize } else { 0 }
    }
}

impl Level {
    /// The bound among distances in ascending order.
    ///
    /// # Errors
    /// [`Error::FewCalibrationRows`] if there are too few for this level.
    pub(crate) fn quantile_of(self, distances: &[f64], test_decided: bool) -> Result<f64> {
        let rows = distances.len();
        let rank = self.rank(rows, test_decided);
        distances.get(rank - 1).copied().ok_or_else(|| {
            let needed = (rows + 1..=MOST_ROWS).find(|&rows| self.rank(rows, test_decided) <= rows);
            let what = "places in validation sequences";
            Error::FewCalibrationRows { rows, what, percent: self.0 * 100.0, needed, most: MOST_ROWS }
        })
    }
}

/// Maximum number of calibration rows for a network with this number of outputs.
fn most_rows(kind: Kind, outputs: usize) -> usize {
    match kind {
        Kind::Classifier => MOST_ROWS,
        Kind::Regressor => (MOST_SCORES / outputs).clamp(1, MOST_ROWS),
    }
}

/// The nonconformity scores of a network on calibration rows.
#[derive(Debug, Clone, PartialEq)]
pub struct Calibration {
    /// Ascending scores: a list for each output of a regressor, one list for a classifier.
    pub(crate) scores: Vec<Vec<f64>>,
    /// Where the rows come from.
    pub(crate) source: Source,
}

/// Where calibration rows come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// Rows that were passed for calibration only.
    Given,
    /// Validation rows that did not influence the last training.
    Validation,
    /// Validation rows that decided when the last training stopped, or which weights it kept.
    Deciding,
}

impl Source {
    /// The code in saved networks.
    pub(crate) fn code(self) -> u64 {
        match self {
            Self::Given => 0,
            Self::Validation => 1,
            Self::Deciding => 2,
        }
    }

    pub(crate) fn from_code(code: u64) -> Option<Self> {
        [Self::Given, Self::Validation, Self::Deciding].into_iter().find(|source| source.code() == code)
    }
}

impl Calibration {
    /// Number of calibration rows.
    pub fn rows(&self) -> usize {
        self.scores.first().map_or(0, Vec::len)
    }

    /// Whether it has the shape for a network of this kind with this number of outputs.
    pub(crate) fn fits(&self, kind: Kind, outputs: usize) -> bool {
        let lists = if kind == Kind::Classifier { 1 } else { outputs };
        self.scores.len() == lists && (1..=most_rows(kind, outputs)).contains(&self.rows())
    }

    /// The bound of the scores: for each output of a regressor the half-width of the interval, for a classifier 1 minus
    /// the probability from which a class is in the set.
    ///
    /// # Errors
    /// [`Error::FewCalibrationRows`] if there are too few for that level.
    pub fn quantiles(&self, level: Level) -> Result<Vec<f64>> {
        let (rows, decided) = (self.rows(), self.source == Source::Deciding);
        let rank = level.rank(rows, decided);
        if rank <= rows {
            return Ok(self.scores.iter().map(|scores| scores[rank - 1]).collect());
        }
        let most = (MOST_SCORES / self.scores.len().max(1)).clamp(1, MOST_ROWS);
        let needed = (rows + 1..=most).find(|&rows| level.rank(rows, decided) <= rows);
        let what = if self.source == Source::Given { "rows to calibrate by" } else { "validation rows" };
        Err(Error::FewCalibrationRows { rows, what, percent: level.0 * 100.0, needed, most })
    }

    /// Heap bytes of a calibration in an `Arc`.
    fn bytes_by(&self, taken: Taken<'_>) -> usize {
        let lists = self.scores.iter().map(|scores| memory::of_vec(scores, taken)).sum::<usize>();
        memory::of_shared::<Self>(taken) + memory::of_vec(&self.scores, taken) + lists
    }
}

/// The answer, and the lower and upper bound of its interval.
pub fn interval(answer: f32, distance: f64) -> [f32; 3] {
    let centre = f64::from(answer);
    [answer, (centre - distance) as f32, (centre + distance) as f32]
}

/// The classes of a set in descending order of probability: all with a probability of at least 1 minus the bound, and
/// always the most probable one.
pub fn class_set(probabilities: &[f32], quantile: f64) -> Vec<usize> {
    let mut order = best_first(probabilities);
    let count = order.iter().take_while(|&&class| class_score(probabilities[class]) <= quantile).count();
    order.truncate(count.max(1));
    order
}

fn class_score(probability: f32) -> f64 {
    comparable((1.0 - f64::from(probability)).max(0.0))
}

/// Make a score comparable: NaN becomes infinity, since an answer of NaN may be arbitrarily wrong.
fn comparable(score: f64) -> f64 {
    if score.is_nan() { f64::INFINITY } else { score }
}

/// Number of rows in one batch through the network.
fn chunk_rows(inputs: usize, outputs: usize) -> usize {
    (CHUNK_NUMBERS / (inputs + outputs)).clamp(1, CHUNK)
}

/// The ascending scores of rows: a list for each output of a regressor, one list for a classifier.
fn scores(model: &Model, rows: &Rows, keep_on: &dyn Fn() -> bool) -> Result<Vec<Vec<f64>>> {
    let (shape, width, classes) = (model.shape(), model.layout().outputs(), model.classes().len());
    let classes = if model.schema.is_some() { classes } else { width };
    let lists = if model.kind == Kind::Classifier { 1 } else { width };
    let count = rows.len().min(most_rows(model.kind, width));
    let mut scores: Vec<Vec<f64>> = (0..lists).map(|_| Vec::with_capacity(count)).collect();
    let indices: Vec<usize> = (0..count).map(|at| (at as u64 * rows.len() as u64 / count as u64) as usize).collect();
    let (mut outputs, mut targets) = (Vec::new(), Vec::new());
    for indices in indices.chunks(chunk_rows(shape.inputs, width)) {
        if !keep_on() {
            return Err(Error::Stopped);
        }
        targets.clear();
        let mut cells = Vec::with_capacity(indices.len() * shape.inputs);
        for &index in indices {
            let mut values = rows.table.row(index);
            cells.extend(values.by_ref().take(shape.inputs));
            targets.extend(values);
        }
        outputs.resize(indices.len() * width, 0.0);
        if model.schema.is_some() {
            let of_fields = |(at, &index): (usize, &usize)| Row {
                cells: cells[at * shape.inputs..][..shape.inputs].to_vec(),
                list: rows.list(index).unwrap_or_default().to_vec(),
            };
            model.answer(&indices.iter().enumerate().map(of_fields).collect::<Vec<_>>(), &mut outputs);
        } else {
            model.run(&cells, &mut outputs)?;
        }
        for (answers, targets) in outputs.chunks_exact(width).zip(targets.chunks_exact(shape.targets())) {
            match model.kind {
                // The network has no output yet for a class that is newer than the last training: its probability is 0.
                Kind::Classifier => {
                    let probability = answers[..classes].get(targets[0] as usize).copied().unwrap_or(0.0);
                    scores[0].push(class_score(probability));
                }
                Kind::Regressor => {
                    for ((scores, &answer), &target) in scores.iter_mut().zip(answers).zip(targets) {
                        scores.push(comparable((f64::from(target) - f64::from(answer)).abs()));
                    }
                }
            }
        }
    }
    scores.iter_mut().for_each(|scores| scores.sort_unstable_by(f64::total_cmp));
    Ok(scores)
}

/// A lazily computed calibration by the validation rows. It is derived from weights and rows and therefore ignored by
/// comparisons. A clone shares it until weights or rows of either change.
#[derive(Debug, Clone, Default)]
pub(crate) struct Memo(Arc<OnceLock<Arc<Calibration>>>);

impl Memo {
    /// Invalidate it if a stored row is a validation row.
    pub(crate) fn follow(&mut self, place: Place) {
        if place.set == Set::Test {
            self.forget();
        }
    }

    /// Invalidate it, since weights or validation rows have changed.
    pub(crate) fn forget(&mut self) {
        match Arc::get_mut(&mut self.0) {
            Some(cell) => drop(cell.take()),
            None => *self = Self::default(),
        }
    }

    pub(crate) fn bytes_by(&self, taken: Taken<'_>) -> usize {
        let found = self.0.get().map_or(0, |found| found.bytes_by(taken));
        memory::of_shared::<OnceLock<Arc<Calibration>>>(taken) + found
    }
}

impl PartialEq for Memo {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Network {
    /// The calibration, if it is available without computation: by given rows, or computed by validation rows before.
    pub fn known_calibration(&self) -> Option<&Arc<Calibration>> {
        self.calibrated.as_ref().or_else(|| self.memo.0.get())
    }

    /// The calibration: by given rows if there is one, else computed by the validation rows.
    ///
    /// # Errors
    /// [`Error::Stopped`] if `keep_on` returns false.
    pub fn calibration(&self, keep_on: &dyn Fn() -> bool) -> Result<Arc<Calibration>> {
        self.calibrated.as_ref().map_or_else(|| self.testing_calibration(keep_on), |known| Ok(Arc::clone(known)))
    }

    /// The calibration by the validation rows, even if one by given rows is set.
    ///
    /// # Errors
    /// [`Error::Stopped`] if `keep_on` returns false.
    pub fn testing_calibration(&self, keep_on: &dyn Fn() -> bool) -> Result<Arc<Calibration>> {
        if let Some(known) = self.memo.0.get() {
            return Ok(Arc::clone(known));
        }
        let rows = self.known_rows(Set::Test, keep_on)?;
        let scores = scores(&self.model(), &rows, keep_on)?;
        let source = if self.trained.statistics.test_decided { Source::Deciding } else { Source::Validation };
        let found = Arc::new(Calibration { scores, source });
        // Another thread may have stored an equal value first.
        Ok(Arc::clone(self.memo.0.get_or_init(|| found)))
    }

    /// Number of rows to run through the network for a calibration by `rows` rows.
    pub fn calibration_rows(&self, rows: usize) -> usize {
        rows.min(most_rows(self.kind, self.layout().outputs()))
    }

    /// Bytes of memory needed to compute a calibration by `rows` rows.
    pub fn calibration_bytes(&self, rows: usize) -> usize {
        let (shape, outputs) = (self.dataset.shape, self.layout().outputs());
        let rows = self.calibration_rows(rows);
        let scores = if self.kind == Kind::Classifier { 1 } else { outputs };
        8 * rows * scores + 8 * rows.min(chunk_rows(shape.inputs, outputs)) * (shape.inputs + outputs)
    }

    /// Whether the network returns the same answers as `model`: weights, activation and output function are the same.
    pub fn answers_as(&self, model: &Model) -> bool {
        let own = (self.options.activation, self.options.output);
        Arc::ptr_eq(&self.trained, &model.trained) && own == (model.options.activation, model.options.output)
    }

    /// Number of rows to run through the network for [`Self::calibration`]; 0 if it is available.
    pub fn calibration_work(&self) -> usize {
        if self.calibrated.is_some() { 0 } else { self.testing_calibration_work() }
    }

    /// The same for [`Self::testing_calibration`].
    pub fn testing_calibration_work(&self) -> usize {
        if self.memo.0.get().is_some() { 0 } else { self.calibration_rows(self.known_row_count(Set::Test)) }
    }

    /// Compute a calibration by given rows; see [`Self::set_calibration`].
    ///
    /// # Errors
    /// [`Error::NoRows`] if there are none, those of [`Self::observe`] for invalid rows, and [`Error::Stopped`] if
    /// `keep_on` returns false.
    pub fn calibration_of(&self, batch: &Batch<'_>, keep_on: &dyn Fn() -> bool) -> Result<Calibration> {
        let model = self.model();
        self.calibration_by(&rows_of(&model, batch)?, keep_on)
    }

    /// The same for rows of fields.
    ///
    /// # Errors
    /// [`Error::NoRows`] if there are none, those of [`Self::observe_fields`] for invalid rows, and [`Error::Stopped`]
    /// if `keep_on` returns false.
    ///
    /// # Panics
    /// If the network has no schema.
    pub fn calibration_of_fields(&self, examples: &[Example<'_>], keep_on: &dyn Fn() -> bool) -> Result<Calibration> {
        self.calibration_by(&self.fresh_rows(examples)?.0, keep_on)
    }

    fn calibration_by(&self, rows: &Rows, keep_on: &dyn Fn() -> bool) -> Result<Calibration> {
        if rows.len() == 0 {
            return Err(Error::NoRows);
        }
        Ok(Calibration { scores: scores(&self.model(), rows, keep_on)?, source: Source::Given })
    }

    /// Set the calibration that intervals and sets use until the weights change: by given rows, or by the present
    /// validation rows. It is saved with the network.
    ///
    /// # Errors
    /// [`Error::NoRows`] if it has no rows, [`Error::Damaged`] if it does not fit the kind and outputs of the network.
    pub fn set_calibration(&mut self, calibration: impl Into<Arc<Calibration>>) -> Result<()> {
        let calibration = calibration.into();
        if calibration.rows() == 0 {
            return Err(Error::NoRows);
        }
        if !calibration.fits(self.kind, self.layout().outputs()) {
            return Err(Error::Damaged("the calibration is that of another network".into()));
        }
        self.calibrated = Some(calibration);
        Ok(())
    }

    /// Discard all calibrations, since the weights or the output function have changed.
    pub(crate) fn forget_calibration(&mut self) {
        self.calibrated = None;
        self.memo.forget();
    }

    /// Heap bytes of all calibrations.
    pub(crate) fn calibration_bytes_by(&self, taken: Taken<'_>) -> usize {
        self.memo.bytes_by(taken) + self.calibrated.as_ref().map_or(0, |calibrated| calibrated.bytes_by(taken))
    }
}
