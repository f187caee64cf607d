//! What a training tells when it has ended: part of the network that it has made.

use std::time::Duration;

use crate::memory::{self, Taken};

/// Points of a curve at most.
pub(crate) const MAX_POINTS: usize = 512;

/// Why a training ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// The limit of cycles was reached.
    MaxCycles,
    /// The limit of time was reached.
    MaxTime,
    /// A stop was asked for.
    Stopped,
    /// AUTOSTOP: the validation rows got worse.
    Overfitting,
    /// AUTOSTOP: there was nothing more to gain.
    Converged,
}

impl Reason {
    /// Every reason.
    pub const ALL: &[Self] = &[Self::MaxCycles, Self::MaxTime, Self::Stopped, Self::Overfitting, Self::Converged];

    /// The number that stands for the reason in saved networks.
    pub fn code(self) -> u8 {
        match self {
            Self::MaxCycles => 1,
            Self::MaxTime => 2,
            Self::Stopped => 3,
            Self::Overfitting => 4,
            Self::Converged => 5,
        }
    }

    /// The reason that a number in a saved network stands for.
    pub fn from_code(code: u8) -> Option<Self> {
        Self::ALL.iter().copied().find(|reason| reason.code() == code)
    }

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

/// The errors at one cycle.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    /// Cycles done.
    pub cycle: u64,
    /// Mean loss of a training row.
    pub train_error: f64,
    /// Mean loss of a validation row, where it was computed.
    pub test_error: Option<f64>,
}

/// What a training did and found.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    /// Why it ended.
    pub reason: Reason,
    /// Cycles done: times that all training rows were presented.
    pub cycles: u64,
    /// The cycle whose weights the network has now; of several members the latest.
    pub best_cycle: u64,
    /// From the real start to the end, time in the queue apart.
    pub time: Duration,
    /// Threads that took part, at most.
    pub threads: usize,
    /// Mean loss of a training row with the weights that the network has now.
    pub train_error: f64,
    /// Mean loss of a validation row with these weights, where there are such rows.
    pub test_error: Option<f64>,
    /// Validation rows that a classifier gets wrong with these weights, in percent.
    pub class_errors: Option<f64>,
    /// Whether it was stopped because the validation rows got worse.
    pub overfitting: bool,
    /// Faults of the data, each in a sentence.
    pub warnings: Vec<String>,
    /// Both errors over the cycles, in at most 512 points.
    pub curve: Vec<Point>,
}

impl Report {
    /// Bytes of memory that a shared report takes.
    pub(crate) fn bytes_by(&self, taken: Taken<'_>) -> usize {
        let warnings = self.warnings.iter().map(|warning| taken(warning.capacity())).sum::<usize>();
        memory::of_shared::<Self>(taken)
            + memory::of_vec(&self.curve, taken)
            + memory::of_vec(&self.warnings, taken)
            + warnings
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_have_the_names_and_numbers_that_clients_and_files_know() {
        let known = [(1, "maxcycles"), (2, "maxtime"), (3, "stopped"), (4, "overfitting"), (5, "converged")];
        assert_eq!(Reason::ALL.iter().map(|reason| (reason.code(), reason.name())).collect::<Vec<_>>(), known);
        for &reason in Reason::ALL {
            assert_eq!(Reason::from_code(reason.code()), Some(reason));
        }
        assert_eq!((Reason::from_code(0), Reason::from_code(6)), (None, None));
    }
}
