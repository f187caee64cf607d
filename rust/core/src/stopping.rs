//! AUTOSTOP: when a training ends by itself.
//!
//! *Patience* in proportion to the past: the best test error has not fallen by a thousandth of itself, and by a little of the
//! first, within half as many cycles as that took. That can happen only so often, so this rule ends a training whatever
//! the rows. Few validation rows say less, so of these it takes more looks. Who
//! sets a patience of his own replaces this rule, and the other.
//!
//! *Rises*, where the last weights are kept: Prechelt's UP ("Early stopping - but when?", Neural Networks: Tricks of the
//! Trade, 1998): the test error, looked at every fifth cycle, has risen twice in succession. A wobble does not count, nor
//! does a plateau.
//!
//! Chosen among GL, PQ, UP and patience by `benchmarks/stopping.py` on eleven data sets and `benchmarks/quality` on 41; their
//! figures stand beside them. Where the last weights are kept, it pays to stop soon after the error has turned; where
//! BACKTRACK returns to the best, patience costs only time.

use crate::layout::Kind;
use crate::options::Patience;
use crate::report::Reason;

/// Cycles between two looks at the test error for rises.
const STRIP: u64 = 5;
/// Successive rises that end a training which keeps its last weights.
const RISES: u32 = 2;
/// What counts as a lower error: this much of the best one,
const IMPROVEMENT: f64 = 1e-3;
/// and this much of the first: a classifier that answers every row rightly can forever become surer of it,
const LEAST_OF_CLASSES: f64 = 1e-4;
/// a regressor can come closer for long.
const LEAST_OF_NUMBERS: f64 = 1e-5;
/// What counts as a higher error at the end: this much of the best one.
const WORSE: f64 = 1e-2;
/// Cycles without improvement before a stop, at least.
const MIN_PATIENCE: u64 = 50;
/// With BACKTRACK so many more for few validation rows: this divided by them,
const MORE_PATIENCE: u64 = 12_500;
/// but no more than these.
const MOST_MORE: u64 = 50;

/// The same where a cycle has many steps,
const MIN_PATIENCE_OF_BATCHES: u64 = 4;
/// with looks for rises so many cycles apart,
const STRIP_OF_BATCHES: u64 = 2;
/// and at most.
const MOST_PATIENCE_OF_BATCHES: u64 = 20;

/// Cycles without improvement before a stop, at most,
const MOST_PATIENCE: u64 = 50;
/// and so many times more for few validation rows: 500 in all for 250 rows, 95 for 2500.
const MOST_TIMES: u64 = 9;

/// Which way a training ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rule {
    /// The test error has risen.
    Overfitting,
    /// The test error has not fallen for long.
    Converged,
}

impl From<Rule> for Reason {
    fn from(rule: Rule) -> Self {
        match rule {
            Rule::Overfitting => Self::Overfitting,
            Rule::Converged => Self::Converged,
        }
    }
}

/// Watches the test error, cycle by cycle.
#[derive(Debug, Clone)]
pub(crate) struct AutoStop {
    backtrack: bool,
    patience: Patience,
    min_patience: u64,
    most_patience: u64,
    strip: u64,
    /// At the last look.
    previous: f64,
    rises: u32,
    first: f64,
    least: f64,
    best: f64,
    best_cycle: u64,
}

impl AutoStop {
    pub(crate) fn new(kind: Kind, test_rows: usize, backtrack: bool, patience: Patience, by_batches: bool) -> Self {
        let few = (MORE_PATIENCE / test_rows.max(1) as u64).min(MOST_MORE);
        let more = if backtrack { few } else { 0 };
        let (min_patience, most_patience, strip) = if by_batches {
            (MIN_PATIENCE_OF_BATCHES, MOST_PATIENCE_OF_BATCHES, STRIP_OF_BATCHES)
        } else {
            (MIN_PATIENCE + more, MOST_PATIENCE + MOST_TIMES * few, STRIP)
        };
        Self {
            backtrack,
            patience,
            min_patience,
            most_patience,
            strip,
            previous: f64::INFINITY,
            rises: 0,
            first: f64::INFINITY,
            least: match kind {
                Kind::Classifier => LEAST_OF_CLASSES,
                Kind::Regressor => LEAST_OF_NUMBERS,
            },
            best: f64::INFINITY,
            best_cycle: 0,
        }
    }

    /// Hears of the test error after `cycle` cycles; the rule by which the training should end there, if one says so.
    pub(crate) fn ends(&mut self, cycle: u64, test_error: f64) -> Option<Rule> {
        if self.first == f64::INFINITY {
            self.first = test_error;
        }
        let improvement = (IMPROVEMENT * self.best).max(self.least * self.first);
        if self.best - test_error > improvement || self.best == f64::INFINITY {
            (self.best, self.best_cycle) = (test_error, cycle);
        }
        let patience = match self.patience {
            Patience::Cycles(cycles) => u64::from(cycles),
            Patience::Auto => (self.best_cycle / 2).clamp(self.min_patience, self.most_patience),
        };
        if cycle >= self.best_cycle + patience {
            let worse = test_error - self.best > WORSE * self.best;
            return Some(if worse { Rule::Overfitting } else { Rule::Converged });
        }
        if self.patience == Patience::Auto && !self.backtrack && cycle > 0 && cycle.is_multiple_of(self.strip) {
            self.rises = if test_error > self.previous { self.rises + 1 } else { 0 };
            self.previous = test_error;
            if self.rises >= RISES {
                return Some(Rule::Overfitting);
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The cycle at which a training with these test errors ends, and why.
    fn end(backtrack: bool, error: impl Fn(u64) -> f64) -> Option<(u64, Rule)> {
        end_of(AutoStop::new(Kind::Regressor, 100, backtrack, Patience::Auto, false), error)
    }

    fn end_of(mut stop: AutoStop, error: impl Fn(u64) -> f64) -> Option<(u64, Rule)> {
        (0..100_000).find_map(|cycle| stop.ends(cycle, error(cycle)).map(|rule| (cycle, rule)))
    }

    #[test]
    fn a_rising_error_ends_a_training_soon_and_later_with_backtrack() {
        let valley = |cycle: u64| 1.0 + (cycle as f64 - 40.0).abs() / 40.0;
        assert_eq!(end(false, valley), Some((50, Rule::Overfitting)));
        assert_eq!(end(true, valley), Some((140, Rule::Overfitting)));
        for (rows, cycle) in [(5, 140), (250, 140), (500, 115), (12_500, 91)] {
            let few = AutoStop::new(Kind::Regressor, rows, true, Patience::Auto, false);
            assert_eq!(end_of(few, valley), Some((cycle, Rule::Overfitting)));
        }
    }

    #[test]
    fn wobbles_do_not_end_a_training() {
        let falling = |cycle: u64| {
            let wobble = if cycle.is_multiple_of(10) { 0.2 } else { 0.0 };
            0.5 + wobble + 1.0 / (1.0 + cycle as f64 / 10.0)
        };
        let (cycle, rule) = end(false, falling).unwrap();
        assert!(cycle > 500 && rule == Rule::Converged, "{cycle} {rule:?}");
    }

    #[test]
    fn a_plateau_ends_after_patience_in_proportion_to_the_past() {
        let plateau = |from: u64| move |cycle: u64| 2.0 - cycle.min(from) as f64 / from as f64;
        assert_eq!(end(true, plateau(800)), Some((1_200, Rule::Converged)));
        assert_eq!(end(true, plateau(1_000)), Some((1_500, Rule::Converged)));
        // No more than 500 cycles: this one falls by a thousandth within ten.
        assert_eq!(end(true, |cycle| 2.0 - cycle.min(1_900) as f64 / 1_900.0), Some((2_400, Rule::Converged)));
    }

    #[test]
    fn a_patience_that_is_given_is_the_only_rule() {
        let patient = |cycles| AutoStop::new(Kind::Regressor, 9, false, Patience::Cycles(cycles), false);
        let valley = |cycle: u64| 1.0 + (cycle as f64 - 40.0).abs() / 40.0;
        assert_eq!(end_of(patient(300), valley), Some((340, Rule::Overfitting)));
        assert_eq!(end_of(patient(7), valley), Some((47, Rule::Overfitting)));
        assert_eq!(end_of(patient(1), |_| 0.0), Some((1, Rule::Converged)));
        let plateau = |cycle: u64| if cycle < 1_000 { 2.0 - cycle as f64 / 1_000.0 } else { 1.0 };
        assert_eq!(end_of(patient(20), plateau), Some((1_020, Rule::Converged)));
        assert_eq!(end_of(patient(i32::MAX as u32), |_| 1.0), None);
    }

    #[test]
    fn an_error_of_zero_ends_a_training() {
        assert_eq!(end(false, |_| 0.0), Some((50, Rule::Converged)));
        let reached = end(true, |cycle| if cycle < 10 { 1.0 } else { 0.0 });
        assert_eq!(reached, Some((110, Rule::Converged)));
    }

    #[test]
    fn an_error_that_is_nearly_zero_already_ends_a_training() {
        for (kind, cycles) in [(Kind::Classifier, 500..2_000), (Kind::Regressor, 800..3_000)] {
            let stop = AutoStop::new(kind, 100, true, Patience::Auto, false);
            let (cycle, rule) = end_of(stop, |cycle| 0.99f64.powf(cycle as f64)).unwrap();
            assert!(cycles.contains(&cycle) && rule == Rule::Converged, "{cycle}");
        }
    }

    #[test]
    fn an_error_that_creeps_down_for_ever_ends_a_training() {
        assert!(end(true, |cycle| 1.0 + 1.0 / (1.0 + cycle as f64)).is_some());
        assert!(end(true, |cycle| 1.0 + 1.0 / (1.0 + cycle as f64).sqrt()).is_some());
    }

    #[test]
    fn only_rises_between_looks_count_the_first_of_which_is_at_the_fifth_cycle() {
        assert_eq!(end(false, |cycle| 1.0 + cycle as f64), Some((15, Rule::Overfitting)));
        assert_eq!(end(true, |cycle| 1.0 + cycle as f64), Some((100, Rule::Overfitting)));
        // Neither does a plateau.
        assert_eq!(end(false, |_| 1.0), Some((50, Rule::Converged)));
    }

    #[test]
    fn a_fall_counts_by_its_share_of_the_best_error_and_of_the_first() {
        // From 1 to a best one at cycle 10, which falls a little at cycle 40.
        let ends = |kind, best: f64, fall: f64| {
            let error = move |cycle| match cycle {
                0..10 => 1.0,
                10..40 => best,
                _ => best - fall,
            };
            end_of(AutoStop::new(kind, 12_500, true, Patience::Auto, false), error).unwrap().0
        };
        for kind in [Kind::Classifier, Kind::Regressor] {
            assert_eq!((ends(kind, 0.5, 0.4e-3), ends(kind, 0.5, 0.6e-3)), (61, 91));
        }
        assert_eq!((ends(Kind::Classifier, 1e-2, 0.9e-4), ends(Kind::Classifier, 1e-2, 1.1e-4)), (61, 91));
        assert_eq!((ends(Kind::Regressor, 1e-3, 0.9e-5), ends(Kind::Regressor, 1e-3, 1.1e-5)), (61, 91));
    }

    #[test]
    fn an_end_is_overfitting_if_the_error_is_a_hundredth_above_its_best() {
        let ends = |last: f64| {
            let stop = AutoStop::new(Kind::Classifier, 12_500, true, Patience::Auto, false);
            end_of(stop, move |cycle| if cycle == 0 { 2.0 } else { last }).unwrap().1
        };
        assert_eq!((ends(2.03), ends(2.01)), (Rule::Overfitting, Rule::Converged));
        assert_eq!(
            (Reason::from(Rule::Overfitting), Reason::from(Rule::Converged)),
            (Reason::Overfitting, Reason::Converged)
        );
    }
}
