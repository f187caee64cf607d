//! The sections of the report of the last training.
//!
//! They are optional, since a reader that skips them loses nothing of the network itself.

use std::time::Duration;

use super::frame::Writer;
use super::reserve;
use super::section::{Fields, Piece, Section, damaged};
use super::trained::{MAX_COUNT, nan_to_infinity};
use crate::error::Result;
use crate::report::{MAX_POINTS, Point, Reason, Report};

/// Maximum number of warnings, far above what a training gives.
const MAX_WARNINGS: usize = 16;

/// The bits of NaN, which stand for a validation error that was not computed.
const NONE: u64 = f64::NAN.to_bits();

pub(super) fn write(report: Option<&Report>, writer: &mut Writer<'_>) {
    let Some(report) = report else { return };
    let Report { reason, cycles, best_cycle, time, threads, train_error, test_error, class_errors, .. } = report;
    let nanoseconds = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX).min(MAX_COUNT);
    let mut body = vec![reason.code(), u8::from(report.overfitting)];
    body.extend(u32::try_from(*threads).unwrap_or(u32::MAX).to_le_bytes());
    for count in [*cycles, *best_cycle, nanoseconds] {
        body.extend(count.min(MAX_COUNT).to_le_bytes());
    }
    body.extend(nan_to_infinity(*train_error).to_le_bytes());
    for figure in [test_error, class_errors] {
        body.push(u8::from(figure.is_some()));
        body.extend(figure.iter().flat_map(|figure| nan_to_infinity(*figure).to_le_bytes()));
    }
    for warning in report.warnings.iter().take(MAX_WARNINGS) {
        body.extend((warning.len() as u32).to_le_bytes());
        body.extend(warning.as_bytes());
    }
    writer.fields(Section::Report, &[&body]);
    let points = report.curve.iter().map(|point| {
        let mut unit = [0; 24];
        let test_error = point.test_error.map_or(NONE, |error| nan_to_infinity(error).to_bits());
        let fields = [point.cycle, nan_to_infinity(point.train_error).to_bits(), test_error];
        unit.as_chunks_mut().0.iter_mut().zip(fields).for_each(|(to, field)| *to = field.to_le_bytes());
        unit
    });
    writer.values(Section::Curve, 24, points);
}

/// The parts decoded so far.
#[derive(Debug, Default)]
pub(super) struct Parts {
    /// The report, with an empty curve.
    report: Option<Report>,
    curve: Vec<Point>,
}

impl Parts {
    pub(super) fn read(&mut self, piece: &Piece<'_>) -> Result<()> {
        let mut fields = piece.fields()?;
        let reason = fields.choice("the reason", Reason::from_code)?;
        let overfitting = fields.flag("overfitting")?;
        let threads = fields.u32()? as usize;
        let mut count = |what: &str, most: u64| match fields.u64()? {
            count if count > most => Err(damaged(piece.section, format!("{count} {what}: expected at most {most}"))),
            count => Ok(count),
        };
        let cycles = count("cycles", MAX_COUNT)?;
        let best_cycle = count("cycles until the best", cycles)?;
        let nanoseconds = count("nanoseconds", MAX_COUNT)?;
        self.report = Some(Report {
            reason,
            cycles,
            best_cycle,
            time: Duration::from_nanos(nanoseconds),
            threads,
            train_error: error(&mut fields, piece.section)?,
            test_error: optional(&mut fields, piece.section)?,
            class_errors: optional(&mut fields, piece.section)?,
            overfitting,
            warnings: warnings(fields, piece.section)?,
            curve: Vec::new(),
        });
        Ok(())
    }

    pub(super) fn read_curve(&mut self, piece: &Piece<'_>) -> Result<()> {
        let reject = |what: String| Err(damaged(piece.section, what));
        let Some(report) = &self.report else { return reject("there is no report: expected one before it".into()) };
        let units = piece.units(24)?;
        let count = self.curve.len() + units.len();
        if count > MAX_POINTS {
            return reject(format!("{count} points: expected at most {MAX_POINTS}"));
        }
        reserve(&mut self.curve, units.len())?;
        for unit in units {
            let [cycle, train_error, test_error] =
                unit.as_chunks().0.first_chunk::<3>().expect("a unit has its length").map(u64::from_le_bytes);
            let least = self.curve.last().map_or(0, |point| point.cycle + 1);
            if !(least..=report.cycles).contains(&cycle) {
                return reject(format!("a point of cycle {cycle}: expected {least} to {}", report.cycles));
            }
            let train_error = f64::from_bits(train_error);
            let test_error = (test_error != NONE).then(|| f64::from_bits(test_error));
            if train_error.is_nan() || test_error.is_some_and(f64::is_nan) {
                return reject(format!(
                    "the errors of cycle {cycle} are {train_error} and {test_error:?}: expected numbers"
                ));
            }
            self.curve.push(Point { cycle, train_error, test_error });
        }
        Ok(())
    }

    /// Check that the parts are complete, and combine them.
    pub(super) fn finish(self) -> Result<Option<Report>> {
        let Self { report, curve } = self;
        if report.is_some() && curve.is_empty() {
            return Err(damaged(Section::Curve, "it is missing"));
        }
        Ok(report.map(|report| Report { curve, ..report }))
    }
}

fn error(fields: &mut Fields<'_>, section: Section) -> Result<f64> {
    let error = fields.f64()?;
    if error.is_nan() {
        return Err(damaged(section, "an error is NaN: expected a number"));
    }
    Ok(error)
}

fn optional(fields: &mut Fields<'_>, section: Section) -> Result<Option<f64>> {
    if fields.flag("whether an error is there")? { error(fields, section).map(Some) } else { Ok(None) }
}

fn warnings(mut fields: Fields<'_>, section: Section) -> Result<Vec<String>> {
    let mut warnings = Vec::new();
    while !fields.is_empty() {
        if warnings.len() == MAX_WARNINGS {
            return Err(damaged(section, format!("more than {MAX_WARNINGS} warnings")));
        }
        let length = fields.u32()? as usize;
        let text = std::str::from_utf8(fields.bytes(length)?);
        let text = text.map_err(|_| damaged(section, "a warning is no text"))?;
        let mut warning = String::new();
        warning.try_reserve_exact(text.len()).map_err(|_| crate::error::Error::Memory { bytes: text.len() })?;
        warning.push_str(text);
        warnings.push(warning);
    }
    Ok(warnings)
}
