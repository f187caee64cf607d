//! Forecasts of the next values of a series, and prediction intervals around them.
//!
//! A forecast of several steps is recursive: each predicted value is appended to the history for the next step. Fields
//! of kind `TIME` advance by the median interval between two events, and the other fields repeat their last values.
//!
//! The error grows with the number of steps, so each step has its own interval. Validation sequences are cut at several
//! positions, the values after each cut are forecast, and the half-width of the interval of a step is a quantile of the
//! absolute errors at that step (split conformal prediction, as in [`crate::conformal`]).

use super::{Sequences, View};
use crate::conformal::Level;
use crate::dataset::Set;
use crate::error::{Error, Result};
use crate::network::Network;
use crate::schema::{FieldKind, Row};

/// Largest number of steps of a forecast.
pub const MOST_STEPS: usize = 10_000;
/// Largest number of positions at which validation sequences are cut.
const MOST_CUTS: usize = 1000;
/// Seconds of a day.
const DAY: f64 = 86_400.0;

impl Network {
    /// Forecasts the next `steps` values of a stored sequence, in the unit of the target.
    ///
    /// # Errors
    /// [`Error::NoSequences`]; [`Error::NotSeries`] if the target is not the number of the next event;
    /// [`Error::NoEvents`] if the sequence does not exist; [`Error::Option`] unless `steps` is 1 to [`MOST_STEPS`].
    pub fn forecast(&self, id: &[u8], steps: usize) -> Result<Vec<f32>> {
        let history = self.events_of(id)?.unwrap_or_default();
        if history.is_empty() {
            return Err(Error::NoEvents { id: crate::schema::shown(id) });
        }
        self.forecast_events(&history, steps)
    }

    /// Forecasts the next `steps` values after the events of `history`.
    ///
    /// # Errors
    /// The errors of [`Self::forecast`].
    pub fn forecast_events(&self, history: &[Row], steps: usize) -> Result<Vec<f32>> {
        if !(1..=MOST_STEPS).contains(&steps) {
            let expected = format!("1 to {MOST_STEPS}");
            return Err(Error::Option { option: "steps", value: steps.to_string(), expected });
        }
        let view = self.series()?;
        let kept = history.len().saturating_sub(view.options().length as usize);
        let mut known = history[kept..].to_vec();
        let model = self.model();
        let mut found = Vec::with_capacity(steps);
        for _ in 0..steps {
            let input = self.row_of_events(&known)?;
            let mut change = [0.0];
            model.answer(std::slice::from_ref(&input.row), &mut change);
            let value = (input.level + change[0]).clamp(f32::MIN, f32::MAX);
            found.push(value);
            let next = view.following(&known, value);
            known.push(next);
            if known.len() > view.options().length as usize {
                known.remove(0);
            }
        }
        Ok(found)
    }

    /// Returns the half-width of the prediction interval of each step, for the given confidence level.
    ///
    /// # Errors
    /// The errors of [`Self::forecast`]; [`Error::FewCalibrationRows`] if the validation sequences have too few events;
    /// [`Error::Stopped`] once `keep_on` returns false.
    pub fn forecast_distances(&self, steps: usize, level: Level, keep_on: &dyn Fn() -> bool) -> Result<Vec<f64>> {
        let view = self.series()?;
        let mut missed = vec![Vec::new(); steps.min(MOST_STEPS)];
        let Some(Sequences { store, .. }) = &self.sequences else { return Err(Error::NoSequences) };
        let cuts: u64 = store.of_set(Set::Test).map(|sequence| (sequence.len() as u64).saturating_sub(2)).sum();
        let step = cuts.div_ceil(MOST_CUTS as u64).max(1);
        let mut met = 0;
        for sequence in store.of_set(Set::Test) {
            let history = sequence.rows(view.events());
            for cut in 2..history.len() {
                met += 1;
                if !u64::is_multiple_of(met, step) {
                    continue;
                }
                if !keep_on() {
                    return Err(Error::Stopped);
                }
                let ahead = steps.min(history.len() - cut);
                let found = self.forecast_events(&history[..cut], ahead)?;
                for (at, found) in found.into_iter().enumerate() {
                    let truth = view.value(&history[cut + at]);
                    if !truth.is_nan() {
                        missed[at].push((f64::from(truth) - f64::from(found)).abs());
                    }
                }
            }
        }
        let mut distances: Vec<f64> = Vec::with_capacity(steps);
        for mut missed in missed {
            missed.sort_unstable_by(f64::total_cmp);
            let distance = level.quantile_of(&missed, self.trained.statistics.test_decided)?;
            // Intervals never shrink from one step to the next, though the quantiles of few errors may.
            distances.push(distances.last().map_or(distance, |last| last.max(distance)));
        }
        Ok(distances)
    }

    fn series(&self) -> Result<&View> {
        let Some(Sequences { view, .. }) = &self.sequences else { return Err(Error::NoSequences) };
        if view.is_series() { Ok(view) } else { Err(Error::NotSeries) }
    }
}

impl View {
    /// Whether the target is the number of the next event.
    pub(crate) fn is_series(&self) -> bool {
        self.next().is_some_and(|field| self.events().fields()[field].kind() == FieldKind::Number)
    }

    /// The target field of an event; NaN if it is a gap.
    fn value(&self, event: &Row) -> f32 {
        self.next().map_or(f32::NAN, |field| event.cells[self.events().cells_of(field).start])
    }

    /// Predicts the event after `history`, whose target field is `value`.
    fn following(&self, history: &[Row], value: f32) -> Row {
        let mut next = history.last().cloned().unwrap_or_default();
        for (index, field) in self.events().fields().iter().enumerate() {
            let cells = self.events().cells_of(index);
            if self.next() == Some(index) {
                next.cells[cells.start] = value;
            } else if field.kind() == FieldKind::Time {
                let moment =
                    |event: &Row| f64::from(event.cells[cells.start]) * DAY + f64::from(event.cells[cells.start + 1]);
                let moments: Vec<f64> = history.iter().map(moment).filter(|moment| !moment.is_nan()).collect();
                let mut passed: Vec<f64> = moments.windows(2).map(|pair| pair[1] - pair[0]).collect();
                passed.sort_unstable_by(f64::total_cmp);
                if let (Some(last), Some(usual)) = (moments.last(), passed.get(passed.len() / 2)) {
                    let seconds = last + usual;
                    let days = (seconds / DAY).floor();
                    next.cells[cells.start] = days as f32;
                    next.cells[cells.start + 1] = (seconds - days * DAY) as f32;
                }
            }
        }
        next
    }
}
