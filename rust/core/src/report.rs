//! The report of a training, which is saved with the network.

use std::time::Duration;

use crate::memory::{self, Taken};

/// The most points of a learning curve.
pub(crate) const MAX_POINTS: usize = 512;

/// Why a training ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// The limit of cycles was reached.
    MaxCycles,
    /// The limit of time was reached.
    MaxTime,
    /// A stop was requested.
    Stopped,
    /// AUTOSTOP: the error of the validation rows rose.
    Overfitting,
    /// AUTOSTOP: the error of the validation rows no longer fell.
    Converged,
}

impl Reason {
    /// Every reason.
    pub const ALL: &[Self] = &[Self::MaxCycles, Self::MaxTime, Self::Stopped, Self::Overfitting, Self::Converged];

    /// The code of the reason in saved networks.
    pub fn code(self) -> u8 {
        match self {
            Self::MaxCycles => 1,
            Self::MaxTime => 2,
            Self::Stopped => 3,
            Self::Overfitting => 4,
            Self::Converged => 5,
        }
    }

    /// The reason of a code in a saved network; none if there is no such code.
    pub fn from_code(code: u8) -> Option<Self> {
        Self::ALL.iter().copied().find(|reason| reason.code() == code)
    }

    /// The name of the reason, in lower case.
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
    /// Completed cycles.
    pub cycle: u64,
    /// Mean loss of the training rows.
    pub train_error: f64,
    /// Mean loss of the validation rows, if it was computed.
    pub test_error: Option<f64>,
}

/// The report of a training.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    /// Why it ended.
    pub reason: Reason,
    /// Completed cycles; each presented all training rows once.
    pub cycles: u64,
    /// The cycle that the weights of the result come from; with several members the latest.
    pub best_cycle: u64,
    /// Time from the start to the end; time in the queue does not count.
    pub time: Duration,
    /// The most threads that were used at once.
    pub threads: usize,
    /// Mean loss of the training rows with the weights of the result.
    pub train_error: f64,
    /// Mean loss of the validation rows with these weights; none without such rows.
    pub test_error: Option<f64>,
    /// Misclassified validation rows with these weights, in percent; none for a regressor, or without validation rows.
    pub class_errors: Option<f64>,
    /// Whether it was stopped because the error of the validation rows rose.
    pub overfitting: bool,
    /// Warnings about rows and result, each a sentence.
    pub warnings: Vec<String>,
    /// The learning curve, in at most 512 points.
    pub curve: Vec<Point>,
}

impl Report {
    /// Bytes of memory of a shared report.
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
    fn reasons_have_the_names_of_clients_and_the_codes_of_files() {
        let known = [(1, "maxcycles"), (2, "maxtime"), (3, "stopped"), (4, "overfitting"), (5, "converged")];
        assert_eq!(Reason::ALL.iter().map(|reason| (reason.code(), reason.name())).collect::<Vec<_>>(), known);
        for &reason in Reason::ALL {
            assert_eq!(Reason::from_code(reason.code()), Some(reason));
        }
        assert_eq!((Reason::from_code(0), Reason::from_code(6)), (None, None));
    }
}
