//! AUTOSTOP: when to end a training by itself.

use crate::training::Reason;

/// Cycles without progress before a stop, at least.
const MIN_PATIENCE: u64 = 50;

/// Watches both errors, cycle by cycle.
#[derive(Debug, Clone)]
pub(crate) struct AutoStop {
    best: f64,
    best_cycle: u64,
}

impl AutoStop {
    pub(crate) fn new() -> Self {
        Self { best: f64::INFINITY, best_cycle: 0 }
    }

    /// Whether the training should end at this cycle.
    pub(crate) fn ends(&mut self, cycle: u64, _train_error: f64, test_error: f64) -> Option<Reason> {
        if test_error < self.best {
            self.best = test_error;
            self.best_cycle = cycle;
        }
        (cycle >= self.best_cycle + MIN_PATIENCE.max(self.best_cycle / 2)).then_some(Reason::Overfitting)
    }
}
