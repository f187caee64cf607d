//! AUTOSTOP: when a training ends by itself.
//!
//! Two rules. *Overfitting* is Prechelt's UP ("Early stopping - but when?", Neural Networks: Tricks of the Trade, 1998):
//! the test error, looked at every fifth cycle, has risen a number of times in succession. A wobble does not count, nor
//! does a plateau. *Converged* is patience in proportion to the past: the best test error has not fallen by a thousandth
//! of itself within half as many cycles as that took. A positive number can be cut by a thousandth only so often, so this
//! rule ends a training whatever the rows; it also ends one whose test error is exactly 0. Who sets a patience of his own
//! has this rule alone, with so many cycles.
//!
//! Chosen among GL, PQ, UP and patience by `benchmarks/stopping.py` on eleven data sets; its figures stand beside it. Where the
//! last weights are kept, it pays to stop soon after the error has turned; where BACKTRACK returns to the best, patience
//! costs only time.

use crate::options::Patience;

/// Cycles between two looks at the test error.
const STRIP: u64 = 5;
/// Successive rises that end a training which keeps its last weights.
const RISES: u32 = 2;
/// Successive rises that end a training which returns to its best weights.
const RISES_WITH_BACKTRACK: u32 = 4;
/// What counts as a lower error: this much of the best one.
const IMPROVEMENT: f64 = 1e-3;
/// Cycles without improvement before a stop, at least.
const MIN_PATIENCE: u64 = 50;

/// Which rule ends a training.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rule {
    /// The test error has risen again and again.
    Overfitting,
    /// The test error has not fallen for long.
    Converged,
}

/// Watches the test error, cycle by cycle.
#[derive(Debug, Clone)]
pub(crate) struct AutoStop {
    rises_wanted: u32,
    patience: Patience,
    /// At the last look.
    previous: f64,
    rises: u32,
    best: f64,
    best_cycle: u64,
}

impl AutoStop {
    pub(crate) fn new(backtrack: bool, patience: Patience) -> Self {
        Self {
            rises_wanted: if backtrack { RISES_WITH_BACKTRACK } else { RISES },
            patience,
            previous: f64::INFINITY,
            rises: 0,
            best: f64::INFINITY,
            best_cycle: 0,
        }
    }

    /// Hears of the test error after `cycle` cycles; the rule by which the training should end there, if one says so.
    pub(crate) fn ends(&mut self, cycle: u64, test_error: f64) -> Option<Rule> {
        // Not a product: a regressor with cross-entropy may have errors below 0.
        if self.best - test_error > IMPROVEMENT * self.best.abs() || self.best == f64::INFINITY {
            (self.best, self.best_cycle) = (test_error, cycle);
        }
        if let Patience::Cycles(cycles) = self.patience {
            return (cycle >= self.best_cycle + u64::from(cycles)).then_some(Rule::Converged);
        }
        if cycle > 0 && cycle.is_multiple_of(STRIP) {
            self.rises = if test_error > self.previous { self.rises + 1 } else { 0 };
            self.previous = test_error;
            if self.rises >= self.rises_wanted {
                return Some(Rule::Overfitting);
            }
        }
        (cycle >= self.best_cycle + MIN_PATIENCE.max(self.best_cycle / 2)).then_some(Rule::Converged)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The cycle at which a training with these test errors ends, and why.
    fn end(backtrack: bool, error: impl Fn(u64) -> f64) -> Option<(u64, Rule)> {
        end_of(AutoStop::new(backtrack, Patience::Auto), error)
    }

    fn end_of(mut stop: AutoStop, error: impl Fn(u64) -> f64) -> Option<(u64, Rule)> {
        (0..100_000).find_map(|cycle| stop.ends(cycle, error(cycle)).map(|rule| (cycle, rule)))
    }

    #[test]
    fn a_rising_error_ends_a_training_soon_and_later_with_backtrack() {
        let valley = |cycle: u64| 1.0 + (cycle as f64 - 40.0).abs() / 40.0;
        assert_eq!(end(false, valley), Some((50, Rule::Overfitting)));
        assert_eq!(end(true, valley), Some((60, Rule::Overfitting)));
    }

    #[test]
    fn wobbles_do_not_end_a_training() {
        let falling = |cycle: u64| {
            let wobble = if cycle.is_multiple_of(10) { 0.2 } else { 0.0 };
            0.5 + wobble + 1.0 / (1.0 + cycle as f64 / 10.0)
        };
        let (cycle, rule) = end(false, falling).unwrap();
        assert!(cycle > 5_000 && rule == Rule::Converged, "{cycle} {rule:?}");
    }

    #[test]
    fn a_plateau_ends_after_patience_in_proportion_to_the_past() {
        let plateau = |cycle: u64| if cycle < 1_000 { 2.0 - cycle as f64 / 1_000.0 } else { 1.0 };
        assert_eq!(end(true, plateau), Some((1_500, Rule::Converged)));
    }

    #[test]
    fn a_patience_that_is_given_is_the_only_rule() {
        let patient = |cycles| AutoStop::new(false, Patience::Cycles(cycles));
        let valley = |cycle: u64| 1.0 + (cycle as f64 - 40.0).abs() / 40.0;
        assert_eq!(end_of(patient(300), valley), Some((340, Rule::Converged)));
        assert_eq!(end_of(patient(7), valley), Some((47, Rule::Converged)));
        assert_eq!(end_of(patient(1), |_| 0.0), Some((1, Rule::Converged)));
        let plateau = |cycle: u64| if cycle < 1_000 { 2.0 - cycle as f64 / 1_000.0 } else { 1.0 };
        assert_eq!(end_of(patient(20), plateau), Some((1_020, Rule::Converged)));
        assert_eq!(end_of(patient(i32::MAX as u32), |_| 1.0), None);
    }

    #[test]
    fn an_error_of_zero_ends_a_training() {
        assert_eq!(end(false, |_| 0.0), Some((50, Rule::Converged)));
        let reached = end(true, |cycle| if cycle < 10 { 1.0 } else { 0.0 });
        assert_eq!(reached, Some((60, Rule::Converged)));
    }

    #[test]
    fn an_error_that_creeps_down_for_ever_ends_a_training() {
        assert!(end(true, |cycle| 1.0 + 1.0 / (1.0 + cycle as f64)).is_some());
        assert!(end(true, |cycle| 1.0 + 1.0 / (1.0 + cycle as f64).sqrt()).is_some());
    }
}
