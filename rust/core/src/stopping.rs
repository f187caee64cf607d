//! AUTOSTOP: the rules of early stopping.
//!
//! *Patience*, in proportion to the past: a training ends if the best validation error has not improved within half as
//! many cycles as it took to reach it. An improvement is at least a thousandth of the best error, and a small share of
//! the first one. It can happen only a limited number of times, so this rule ends every training. With few validation
//! rows the error is a noisy estimate, so the patience is longer. The option PATIENCE replaces this rule and the next.
//!
//! *Rises*, only if the last weights are kept: Prechelt's UP ("Early stopping - but when?", Neural Networks: Tricks of
//! the Trade, 1998). A training ends if the validation error, compared every fifth cycle, has risen twice in
//! succession. Neither oscillations between these cycles nor a plateau count.
//!
//! The rules were chosen among GL, PQ, UP and patience by `benchmarks/stopping.py` on eleven data sets and
//! `benchmarks/quality` on 41, with their results beside them. If the last weights are kept, it pays to stop soon after
//! the error has begun to rise; if BACKTRACK returns to the best ones, patience only costs time.

use crate::layout::Kind;
use crate::options::Patience;
use crate::report::Reason;

/// Cycles between two comparisons of the validation error for rises: Prechelt's strip.
const STRIP: u64 = 5;
/// Successive rises that end a training which keeps its last weights.
const MAX_RISES: u32 = 2;
/// The least improvement, as a share of the best error.
const IMPROVEMENT: f64 = 1e-3;
/// The least improvement of a classifier, as a share of the first error. The confidence of a classifier that answers
/// every row correctly can grow forever.
const CLASSIFIER_IMPROVEMENT: f64 = 1e-4;
/// The least improvement of a regressor, as a share of the first error.
const REGRESSOR_IMPROVEMENT: f64 = 1e-5;
/// A training that runs out of patience was overfitting if the last error exceeds the best one by more than this share.
const OVERFITTING: f64 = 1e-2;
/// The least cycles of patience.
const MIN_PATIENCE: u64 = 50;
/// With few validation rows the patience is longer by this number of cycles divided by the number of rows, and by at
/// most `MAX_EXTRA_PATIENCE`. The least patience grows only with BACKTRACK.
const EXTRA_PATIENCE: u64 = 12_500;
/// The most cycles by which the least patience grows with few validation rows.
const MAX_EXTRA_PATIENCE: u64 = 50;
/// The most cycles of patience, with many validation rows.
const MAX_PATIENCE: u64 = 50;
/// With few validation rows the most cycles of patience grow by this many times as much as the least: to 500 for 250
/// rows, 95 for 2500.
const MAX_PATIENCE_FACTOR: u64 = 9;

/// With mini-batches, where a cycle has many steps: the least cycles of patience.
const MINI_BATCH_MIN_PATIENCE: u64 = 4;
/// With mini-batches: the most cycles of patience.
const MINI_BATCH_MAX_PATIENCE: u64 = 20;
/// With mini-batches: cycles between two comparisons for rises.
const MINI_BATCH_STRIP: u64 = 2;

/// The rule that ends a training.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rule {
    /// The validation error has risen.
    Overfitting,
    /// The validation error no longer falls.
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

/// Decides from the validation errors, cycle by cycle, when a member stops.
#[derive(Debug, Clone)]
pub(crate) struct AutoStop {
    backtrack: bool,
    patience: Patience,
    min_patience: u64,
    max_patience: u64,
    strip: u64,
    /// The error at the last comparison for rises.
    previous: f64,
    /// Successive rises so far.
    rises: u32,
    /// The first error.
    first: f64,
    /// The least improvement, as a share of the first error.
    least: f64,
    /// The best error so far, from which improvements are counted, and its cycle.
    best: f64,
    best_cycle: u64,
}

impl AutoStop {
    pub(crate) fn new(kind: Kind, test_rows: usize, backtrack: bool, patience: Patience, by_batches: bool) -> Self {
        let few = (EXTRA_PATIENCE / test_rows.max(1) as u64).min(MAX_EXTRA_PATIENCE);
        let more = if backtrack { few } else { 0 };
        let (min_patience, max_patience, strip) = if by_batches {
            (MINI_BATCH_MIN_PATIENCE, MINI_BATCH_MAX_PATIENCE, MINI_BATCH_STRIP)
        } else {
            (MIN_PATIENCE + more, MAX_PATIENCE + MAX_PATIENCE_FACTOR * few, STRIP)
        };
        Self {
            backtrack,
            patience,
            min_patience,
            max_patience,
            strip,
            previous: f64::INFINITY,
            rises: 0,
            first: f64::INFINITY,
            least: match kind {
                Kind::Classifier => CLASSIFIER_IMPROVEMENT,
                Kind::Regressor => REGRESSOR_IMPROVEMENT,
            },
            best: f64::INFINITY,
            best_cycle: 0,
        }
    }

    /// Records the validation error after `cycle` cycles. Returns the rule by which the training ends there, if one
    /// applies.
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
            Patience::Auto => (self.best_cycle / 2).clamp(self.min_patience, self.max_patience),
        };
        if cycle >= self.best_cycle + patience {
            let is_overfitting = test_error - self.best > OVERFITTING * self.best;
            return Some(if is_overfitting { Rule::Overfitting } else { Rule::Converged });
        }
        if self.patience == Patience::Auto && !self.backtrack && cycle > 0 && cycle.is_multiple_of(self.strip) {
            self.rises = if test_error > self.previous { self.rises + 1 } else { 0 };
            self.previous = test_error;
            if self.rises >= MAX_RISES {
                return Some(Rule::Overfitting);
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The cycle at which a training with these validation errors ends, and the rule.
    fn end(backtrack: bool, error: impl Fn(u64) -> f64) -> Option<(u64, Rule)> {
        end_of(AutoStop::new(Kind::Regressor, 100, backtrack, Patience::Auto, false), error)
    }

    fn end_of(mut stop: AutoStop, error: impl Fn(u64) -> f64) -> Option<(u64, Rule)> {
        (0..100_000).find_map(|cycle| stop.ends(cycle, error(cycle)).map(|rule| (cycle, rule)))
    }

    #[test]
    fn a_rising_error_ends_a_training_early_without_backtrack_and_later_with_it() {
        let valley = |cycle: u64| 1.0 + (cycle as f64 - 40.0).abs() / 40.0;
        assert_eq!(end(false, valley), Some((50, Rule::Overfitting)));
        assert_eq!(end(true, valley), Some((140, Rule::Overfitting)));
        for (rows, cycle) in [(5, 140), (250, 140), (500, 115), (12_500, 91)] {
            let few = AutoStop::new(Kind::Regressor, rows, true, Patience::Auto, false);
            assert_eq!(end_of(few, valley), Some((cycle, Rule::Overfitting)));
        }
    }

    #[test]
    fn oscillations_do_not_end_a_training() {
        let falling = |cycle: u64| {
            let wobble = if cycle.is_multiple_of(10) { 0.2 } else { 0.0 };
            0.5 + wobble + 1.0 / (1.0 + cycle as f64 / 10.0)
        };
        let (cycle, rule) = end(false, falling).unwrap();
        assert!(cycle > 500 && rule == Rule::Converged, "{cycle} {rule:?}");
    }

    #[test]
    fn a_plateau_ends_a_training_after_patience_in_proportion_to_the_past() {
        let plateau = |from: u64| move |cycle: u64| 2.0 - cycle.min(from) as f64 / from as f64;
        assert_eq!(end(true, plateau(800)), Some((1_200, Rule::Converged)));
        assert_eq!(end(true, plateau(1_000)), Some((1_500, Rule::Converged)));
        // The patience is at most 500 cycles, although half of 1,900 is more.
        assert_eq!(end(true, |cycle| 2.0 - cycle.min(1_900) as f64 / 1_900.0), Some((2_400, Rule::Converged)));
    }

    #[test]
    fn the_option_patience_replaces_both_rules() {
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
    fn an_error_that_falls_to_nearly_zero_ends_a_training() {
        for (kind, cycles) in [(Kind::Classifier, 500..2_000), (Kind::Regressor, 800..3_000)] {
            let stop = AutoStop::new(kind, 100, true, Patience::Auto, false);
            let (cycle, rule) = end_of(stop, |cycle| 0.99f64.powf(cycle as f64)).unwrap();
            assert!(cycles.contains(&cycle) && rule == Rule::Converged, "{cycle}");
        }
    }

    #[test]
    fn an_error_that_falls_ever_more_slowly_ends_a_training() {
        assert!(end(true, |cycle| 1.0 + 1.0 / (1.0 + cycle as f64)).is_some());
        assert!(end(true, |cycle| 1.0 + 1.0 / (1.0 + cycle as f64).sqrt()).is_some());
    }

    #[test]
    fn rises_are_counted_every_fifth_cycle() {
        assert_eq!(end(false, |cycle| 1.0 + cycle as f64), Some((15, Rule::Overfitting)));
        assert_eq!(end(true, |cycle| 1.0 + cycle as f64), Some((100, Rule::Overfitting)));
        // A plateau is not a rise.
        assert_eq!(end(false, |_| 1.0), Some((50, Rule::Converged)));
    }

    #[test]
    fn an_improvement_must_be_a_share_of_the_best_error_and_of_the_first() {
        // The error falls from 1 to `best` at cycle 10, and a little further at cycle 40.
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
    fn a_training_was_overfitting_if_its_error_ends_a_hundredth_above_the_best() {
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
