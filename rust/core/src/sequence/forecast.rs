//! Forecasts: the next values of a series, each from those before it, and how far they may be off.
//!
//! What is forecast is taken for what has happened, and so on. A moment goes on by the time that usually passes between two
//! events; other fields stay as they were last.
//!
//! How far a forecast is off grows with each step, so it is told of each by itself: validation sequences are cut at several places,
//! forecast from there and compared with what came then. Of these distances the one counts that is exceeded as seldom as is asked
//! (split conformal prediction, as in [`crate::conformal`]). Beside it stands what the value of one season before would have missed.

use super::{Sequences, View};
use crate::conformal::Level;
use crate::dataset::Set;
use crate::error::{Error, Result};
use crate::network::Network;
use crate::schema::{FieldKind, Row};

/// Steps at most.
pub const MOST_STEPS: usize = 10_000;
/// Cuts of validation sequences at most.
const MOST_CUTS: usize = 1000;
/// Seconds of a day.
const DAY: f64 = 86_400.0;

impl Network {
    /// The next values of a sequence.
    ///
    /// # Errors
    /// [`Error::NoSequences`]; [`Error::NotSeries`] if its events are no numbers that follow each other; [`Error::NoEvents`] if
    /// there is none to begin with; [`Error::Option`] for too many steps.
    pub fn forecast(&self, id: &[u8], steps: usize) -> Result<Vec<f32>> {
        let history = self.events_of(id)?.unwrap_or_default();
        if history.is_empty() {
            return Err(Error::NoEvents { id: crate::schema::shown(id) });
        }
        self.forecast_events(&history, steps)
    }

    /// The next values after these events.
    ///
    /// # Errors
    /// Those of [`Self::forecast`].
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
            let seen = self.see_events(&known)?;
            let mut change = [0.0];
            model.answer(std::slice::from_ref(&seen.row), &mut change);
            let value = (seen.level + change[0]).clamp(f32::MIN, f32::MAX);
            found.push(value);
            let next = view.following(&known, value);
            known.push(next);
            if known.len() > view.options().length as usize {
                known.remove(0);
            }
        }
        Ok(found)
    }

    /// How far the truth is from a forecast at most, so often, at each of so many steps.
    ///
    /// # Errors
    /// Those of [`Self::forecast`]; [`Error::FewCalibrationRows`] if the validation sequences have too few events;
    /// [`Error::Stopped`] once `keep_on` says no.
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
            // What is further away is not known better.
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
    /// Whether what comes next is a number.
    pub(crate) fn is_series(&self) -> bool {
        self.next().is_some_and(|field| self.events().fields()[field].kind() == FieldKind::Number)
    }

    /// The number of an event of a series.
    fn value(&self, event: &Row) -> f32 {
        self.next().map_or(f32::NAN, |field| event.cells[self.events().cells_of(field).start])
    }

    /// The event after some with that value.
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
