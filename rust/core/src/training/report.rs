//! What a training tells when it has ended.

use std::time::Duration;

use crate::memory::{self, Taken};
use crate::stopping::Rule;

/// Points of a curve at most.
const MAX_POINTS: usize = 512;

/// Why a training ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// The limit of cycles was reached.
    MaxCycles,
    /// The limit of time was reached.
    MaxTime,
    /// A stop was asked for.
    Stopped,
    /// AUTOSTOP: the testing rows got worse.
    Overfitting,
    /// AUTOSTOP: there was nothing more to gain.
    Converged,
}

impl Reason {
    /// The reason in a word.
    pub fn name(self) -> &'static str {
        match self {
            Self::MaxCycles => "maxcycles",
            Self::MaxTime => "maxtime",
            Self::Stopped => "stopped",
            Self::Overfitting => "overfitting",
            Self::Converged => "converged",
        }
    }
}

impl From<Rule> for Reason {
    fn from(rule: Rule) -> Self {
        match rule {
            Rule::Overfitting => Self::Overfitting,
            Rule::Converged => Self::Converged,
        }
    }
}

/// The errors at one cycle.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    /// Cycles done.
    pub cycle: u64,
    /// Mean loss of a training row.
    pub train_error: f64,
    /// Mean loss of a testing row, where it was computed.
    pub test_error: Option<f64>,
}

/// What a training did and found.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    /// Why it ended.
    pub reason: Reason,
    /// Cycles done: times that all training rows were presented.
    pub cycles: u64,
    /// The cycle whose weights the network has now.
    pub best_cycle: u64,
    /// From the real start to the end, time in the queue apart.
    pub time: Duration,
    /// Threads that took part, at most.
    pub threads: usize,
    /// Mean loss of a training row with the weights that the network has now.
    pub train_error: f64,
    /// Mean loss of a testing row with these weights, where there are such rows.
    pub test_error: Option<f64>,
    /// Testing rows that a classifier gets wrong with these weights, in percent.
    pub class_errors: Option<f64>,
    /// Whether it was stopped because the testing rows got worse.
    pub overfitting: bool,
    /// Faults of the data, each in a sentence.
    pub warnings: Vec<String>,
    /// Both errors over the cycles, in at most 512 points.
    pub curve: Vec<Point>,
}

impl Report {
    /// Bytes of memory that a shared report takes.
    pub(super) fn bytes_by(&self, taken: Taken<'_>) -> usize {
        let warnings = self.warnings.iter().map(|warning| taken(warning.capacity())).sum::<usize>();
        memory::of_shared::<Self>(taken)
            + memory::of_vec(&self.curve, taken)
            + memory::of_vec(&self.warnings, taken)
            + warnings
    }
}

/// Collects a curve of bounded length, denser at its beginning, where most of the learning is: every cycle up to a power of
/// two, every second up to the next, every fourth up to the one after, ... When it is full, its resolution is halved.
#[derive(Debug)]
pub(crate) struct Curve {
    points: Vec<Point>,
    /// Points between one power of two and the next, once cycles are left out.
    resolution: u64,
}

impl Curve {
    pub(crate) fn new() -> Self {
        Self { points: Vec::new(), resolution: MAX_POINTS as u64 }
    }

    /// Whether the curve has a place for this cycle.
    pub(crate) fn wants(&self, cycle: u64) -> bool {
        let every = (cycle / self.resolution).checked_ilog2().map_or(1, |octave| 1 << octave);
        cycle.is_multiple_of(every)
    }

    pub(crate) fn add(&mut self, point: Point) {
        // One place is kept for the last cycle, whichever it is.
        while self.wants(point.cycle) && self.points.len() == MAX_POINTS - 1 {
            self.resolution /= 2;
            let mut points = std::mem::take(&mut self.points);
            points.retain(|point| self.wants(point.cycle));
            self.points = points;
        }
        if self.wants(point.cycle) {
            self.points.push(point);
        }
    }

    /// The curve, with its last point.
    pub(crate) fn end(mut self, last: Point) -> Vec<Point> {
        if self.points.last().is_some_and(|point| point.cycle == last.cycle) {
            self.points.pop();
        }
        self.points.push(last);
        self.points.shrink_to_fit();
        self.points
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_curve_keeps_its_first_and_last_point_and_its_length_bounded() {
        for cycles in [0u64, 1, 7, 510, 511, 512, 513, 1_000_000] {
            let mut curve = Curve::new();
            let point = |cycle| Point { cycle, train_error: 1.0, test_error: None };
            (0..=cycles).for_each(|cycle| curve.add(point(cycle)));
            let points = curve.end(point(cycles));
            assert!(points.len() <= MAX_POINTS);
            assert_eq!((points[0].cycle, points[points.len() - 1].cycle), (0, cycles));
            assert!(points.windows(2).all(|pair| pair[0].cycle < pair[1].cycle));
            assert!(points.len() as u64 > cycles.min(200));
            assert!(points.iter().take(8).enumerate().all(|(at, point)| point.cycle == at as u64), "{points:?}");
        }
    }
}
