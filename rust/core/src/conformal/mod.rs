//! Intervals and sets of classes that hold the truth as often as is asked: split conformal prediction (V. Vovk, A. Gammerman,
//! G. Shafer, "Algorithmic Learning in a Random World", 2005; J. Lei and others, "Distribution-free predictive inference for
//! regression", Journal of the American Statistical Association 113, 2018).
//!
//! Rows that the network has not learnt from, the validation rows or rows that are given for this alone, say how far its answers are
//! off: by the score of each row, which for a number is the distance of the answer from the truth, for a class 1 minus the
//! probability of the true one (M. Sadinle, J. Lei, L. Wasserman, "Least ambiguous set-valued classifiers with bounded error
//! levels", Journal of the American Statistical Association 114, 2019). Of n scores the one of rank ⌈(n + 1) level⌉ is exceeded by
//! that of a new row as seldom as is asked, whatever the network and the data are, as long as both kinds of rows come the same way.
//!
//! Validation rows that have chosen the best weights or when to stop are not quite like new rows: the network looks better by them than
//! it is. Intervals by them would hold 1 to 3 % too few of the truth (docs/learning.md has the measurements). The rank is therefore
//! raised by ⌈√n / 5⌉, which makes up for it in practice. Z. Liang, Y. Zhou and M. Sesia ("Conformal inference is (almost) free for
//! neural networks trained with early stopping", 2023) prove it for a method that needs the best weights of each possible outcome.
//!
//! Rejected: distances divided by how much the members differ, which makes intervals wider where the network is unsure. It needs the
//! answers of each member, and in the mean intervals were no narrower (docs/learning.md).

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

/// Rows by which answers are judged at most; of more, as many that lie evenly among them. The share of the truth that an interval
/// holds is then within 0.6 % of what was asked, 95 times of 100.
pub const MOST_ROWS: usize = 10_000;
/// Scores at most, of all outputs together: 8 MB.
const MOST_SCORES: usize = 1 << 20;
/// Rows that are answered at a time, and numbers of theirs: 4 MB.
const CHUNK: usize = 256;
const CHUNK_NUMBERS: usize = 1 << 20;

/// How often an interval or a set is to hold the truth: a share above 0 and below 1.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct Level(f64);

impl Level {
    /// None of what is no such share.
    pub fn new(share: f64) -> Option<Self> {
        (share > 0.0 && share < 1.0).then_some(Self(share))
    }

    /// Which score counts among so many, from the smallest on, beginning at 1; there may be fewer.
    fn rank(self, rows: usize, test_decided: bool) -> usize {
        // 0.9 of 20 is to be 18, though 0.9 is a little more in binary.
        let rank = ((rows + 1) as f64 * self.0 - 1e-9).ceil().max(1.0) as usize;
        rank + if test_decided { ((rows as f64).sqrt() / 5.0).ceil() as usize } else { 0 }
    }
}

impl Level {
    /// Of some distances, in order, the one that is exceeded as seldom as that.
    ///
    /// # Errors
    /// [`Error::FewCalibrationRows`] if there are too few.
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

/// Rows to judge by at most, for a network of so many outputs.
fn most_rows(kind: Kind, outputs: usize) -> usize {
    match kind {
        Kind::Classifier => MOST_ROWS,
        Kind::Regressor => (MOST_SCORES / outputs).clamp(1, MOST_ROWS),
    }
}

/// How far the answers of a network have been off, on rows that it has not learnt from.
#[derive(Debug, Clone, PartialEq)]
pub struct Calibration {
    /// The scores of each output of a regressor, or of the true classes, from the smallest on.
    pub(crate) scores: Vec<Vec<f64>>,
    /// What the rows are.
    pub(crate) source: Source,
}

/// Rows that a network is judged by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// Rows that were given for this alone.
    Given,
    /// Validation rows.
    Testing,
    /// Validation rows that had a say in what the last training kept.
    Deciding,
}

impl Source {
    /// The number that stands for it in saved networks.
    pub(crate) fn code(self) -> u64 {
        match self {
            Self::Given => 0,
            Self::Testing => 1,
            Self::Deciding => 2,
        }
    }

    pub(crate) fn from_code(code: u64) -> Option<Self> {
        [Self::Given, Self::Testing, Self::Deciding].into_iter().find(|source| source.code() == code)
    }
}

impl Calibration {
    /// Rows to judge by.
    pub fn rows(&self) -> usize {
        self.scores.first().map_or(0, Vec::len)
    }

    /// Whether it is of a network of that kind, with so many outputs.
    pub(crate) fn fits(&self, kind: Kind, outputs: usize) -> bool {
        let lists = if kind == Kind::Classifier { 1 } else { outputs };
        self.scores.len() == lists && (1..=most_rows(kind, outputs)).contains(&self.rows())
    }

    /// How far the truth is from the answer at most, so often: a distance for each output of a regressor, for a classifier 1 minus
    /// the probability that a class needs.
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

    /// Bytes of memory that a shared one takes.
    fn bytes_by(&self, taken: Taken<'_>) -> usize {
        let lists = self.scores.iter().map(|scores| memory::of_vec(scores, taken)).sum::<usize>();
        memory::of_shared::<Self>(taken) + memory::of_vec(&self.scores, taken) + lists
    }
}

/// An answer, and the bounds of the interval around it.
pub fn interval(answer: f32, distance: f64) -> [f32; 3] {
    let centre = f64::from(answer);
    [answer, (centre - distance) as f32, (centre + distance) as f32]
}

/// The classes of a set, best first: those whose probability reaches 1 minus the quantile, and at least the best.
pub fn class_set(probabilities: &[f32], quantile: f64) -> Vec<usize> {
    let mut order = best_first(probabilities);
    let count = order.iter().take_while(|&&class| class_score(probabilities[class]) <= quantile).count();
    order.truncate(count.max(1));
    order
}

fn class_score(probability: f32) -> f64 {
    in_order((1.0 - f64::from(probability)).max(0.0))
}

/// A score that can be compared: an answer of NaN counts as infinitely far off.
fn in_order(score: f64) -> f64 {
    if score.is_nan() { f64::INFINITY } else { score }
}

/// Rows that are answered at a time.
fn chunk(inputs: usize, outputs: usize) -> usize {
    (CHUNK_NUMBERS / (inputs + outputs)).clamp(1, CHUNK)
}

/// The scores of rows, those of each output in order.
fn scores(model: &Model, rows: &Rows, keep_on: &dyn Fn() -> bool) -> Result<Vec<Vec<f64>>> {
    let (shape, width, classes) = (model.shape(), model.layout().outputs(), model.classes().len());
    let classes = if model.schema.is_some() { classes } else { width };
    let lists = if model.kind == Kind::Classifier { 1 } else { width };
    let count = rows.len().min(most_rows(model.kind, width));
    let mut scores: Vec<Vec<f64>> = (0..lists).map(|_| Vec::with_capacity(count)).collect();
    let places: Vec<usize> = (0..count).map(|at| (at as u64 * rows.len() as u64 / count as u64) as usize).collect();
    let (mut outputs, mut targets) = (Vec::new(), Vec::new());
    for places in places.chunks(chunk(shape.inputs, width)) {
        if !keep_on() {
            return Err(Error::Stopped);
        }
        targets.clear();
        let mut cells = Vec::with_capacity(places.len() * shape.inputs);
        for &place in places {
            let mut values = rows.table.row(place);
            cells.extend(values.by_ref().take(shape.inputs));
            targets.extend(values);
        }
        outputs.resize(places.len() * width, 0.0);
        if model.schema.is_some() {
            let of_fields = |(at, &place): (usize, &usize)| Row {
                cells: cells[at * shape.inputs..][..shape.inputs].to_vec(),
                list: rows.list(place).unwrap_or_default().to_vec(),
            };
            model.answer(&places.iter().enumerate().map(of_fields).collect::<Vec<_>>(), &mut outputs);
        } else {
            model.run(&cells, &mut outputs)?;
        }
        for (answers, targets) in outputs.chunks_exact(width).zip(targets.chunks_exact(shape.targets())) {
            match model.kind {
                // A class that has come since the last training is never answered.
                Kind::Classifier => {
                    let probability = answers[..classes].get(targets[0] as usize).copied().unwrap_or(0.0);
                    scores[0].push(class_score(probability));
                }
                Kind::Regressor => {
                    for ((scores, &answer), &target) in scores.iter_mut().zip(answers).zip(targets) {
                        scores.push(in_order((f64::from(target) - f64::from(answer)).abs()));
                    }
                }
            }
        }
    }
    scores.iter_mut().for_each(|scores| scores.sort_unstable_by(f64::total_cmp));
    Ok(scores)
}

/// What the validation rows say, once it has been asked. It follows from weights and rows, so that it is no part of what the network is:
/// a clone shares it until either changes.
#[derive(Debug, Clone, Default)]
pub(crate) struct Memo(Arc<OnceLock<Arc<Calibration>>>);

impl Memo {
    /// A row has been stored.
    pub(crate) fn follow(&mut self, place: Place) {
        if place.set == Set::Test {
            self.forget();
        }
    }

    /// Weights or validation rows have changed.
    pub(crate) fn forget(&mut self) {
        match Arc::get_mut(&mut self.0) {
            Some(own) => drop(own.take()),
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
    /// What intervals and sets follow from, if nothing is to be computed for it: rows that were given, or validation rows about
    /// which the network has been asked before.
    pub fn known_calibration(&self) -> Option<&Arc<Calibration>> {
        self.calibrated.as_ref().or_else(|| self.memo.0.get())
    }

    /// What intervals and sets follow from: rows that were given, or the validation rows.
    ///
    /// # Errors
    /// [`Error::Stopped`] once `keep_on` says no.
    pub fn calibration(&self, keep_on: &dyn Fn() -> bool) -> Result<Arc<Calibration>> {
        self.calibrated.as_ref().map_or_else(|| self.testing_calibration(keep_on), |known| Ok(Arc::clone(known)))
    }

    /// What the validation rows say, also where others were given.
    ///
    /// # Errors
    /// [`Error::Stopped`] once `keep_on` says no.
    pub fn testing_calibration(&self, keep_on: &dyn Fn() -> bool) -> Result<Arc<Calibration>> {
        if let Some(known) = self.memo.0.get() {
            return Ok(Arc::clone(known));
        }
        let rows = self.known_rows(Set::Test, keep_on)?;
        let scores = scores(&self.model(), &rows, keep_on)?;
        let source = if self.trained.statistics.test_decided { Source::Deciding } else { Source::Testing };
        let found = Arc::new(Calibration { scores, source });
        // Another thread may have been faster, and has found the same.
        Ok(Arc::clone(self.memo.0.get_or_init(|| found)))
    }

    /// Rows that are answered to compute it, of so many.
    pub fn calibration_rows(&self, rows: usize) -> usize {
        rows.min(most_rows(self.kind, self.layout().outputs()))
    }

    /// Bytes of memory that it takes to compute it of so many rows.
    pub fn calibration_bytes(&self, rows: usize) -> usize {
        let (shape, outputs) = (self.dataset.shape, self.layout().outputs());
        let rows = self.calibration_rows(rows);
        let scores = if self.kind == Kind::Classifier { 1 } else { outputs };
        8 * rows * scores + 8 * rows.min(chunk(shape.inputs, outputs)) * (shape.inputs + outputs)
    }

    /// Whether it answers as that model does: with the same weights.
    pub fn answers_as(&self, model: &Model) -> bool {
        let own = (self.options.activation, self.options.output);
        Arc::ptr_eq(&self.trained, &model.trained) && own == (model.options.activation, model.options.output)
    }

    /// Validation rows that are answered to compute it; none if it is known.
    pub fn calibration_work(&self) -> usize {
        if self.calibrated.is_some() { 0 } else { self.testing_calibration_work() }
    }

    /// The same for what the validation rows say, also where others were given.
    pub fn testing_calibration_work(&self) -> usize {
        if self.memo.0.get().is_some() { 0 } else { self.calibration_rows(self.known_row_count(Set::Test)) }
    }

    /// What rows that are given for this alone say; see [`Self::set_calibration`].
    ///
    /// # Errors
    /// [`Error::NoRows`] if there are none, what [`Self::observe`] refuses of rows, and [`Error::Stopped`].
    pub fn calibration_of(&self, batch: &Batch<'_>, keep_on: &dyn Fn() -> bool) -> Result<Calibration> {
        let model = self.model();
        self.calibration_by(&rows_of(&model, batch)?, keep_on)
    }

    /// The same of rows of fields.
    ///
    /// # Errors
    /// [`Error::NoRows`], what [`Self::observe_fields`] refuses of rows, and [`Error::Stopped`].
    ///
    /// # Panics
    /// If the network has no fields.
    pub fn calibration_of_fields(&self, examples: &[Example<'_>], keep_on: &dyn Fn() -> bool) -> Result<Calibration> {
        self.calibration_by(&self.fresh_rows(examples)?.0, keep_on)
    }

    fn calibration_by(&self, rows: &Rows, keep_on: &dyn Fn() -> bool) -> Result<Calibration> {
        if rows.len() == 0 {
            return Err(Error::NoRows);
        }
        Ok(Calibration { scores: scores(&self.model(), rows, keep_on)?, source: Source::Given })
    }

    /// Has intervals and sets follow from rows that were given, or from the validation rows as they are now, until the weights change.
    /// It is saved with the network.
    ///
    /// # Errors
    /// [`Error::NoRows`] if it is of none, [`Error::Damaged`] if it is of a network of another kind or size.
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

    /// Weights or what is made of their sums have changed: what has been found about answers holds no longer.
    pub(crate) fn forget_calibration(&mut self) {
        self.calibrated = None;
        self.memo.forget();
    }

    /// Bytes of memory that what is known takes.
    pub(crate) fn calibration_bytes_by(&self, taken: Taken<'_>) -> usize {
        self.memo.bytes_by(taken) + self.calibrated.as_ref().map_or(0, |calibrated| calibrated.bytes_by(taken))
    }
}
