//! The option ENSEMBLE: the size of the ensemble.

use super::value::{Domain, Other, Setting, Value, auto_or};
use crate::layout::MAX_PARAMETERS;

/// How many networks a training starts. Each begins with its own random weights, all are trained on the same rows, and
/// with AUTOSTOP only the half with the lowest validation errors is kept. The kept networks are the members of an
/// ensemble, whose answer is computed from the mean of their logits (the sums before the output function).
///
/// The first training after creation or a reset decides, and from then on the members are part of the network: it is
/// equal to one with several times the hidden units, in which each group of units is connected only to itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Ensemble {
    /// As many as are cheap for the rows and parameters: one, or 3 to 7, by mini-batches 3 to 16. One if nothing selects
    /// among them (no AUTOSTOP and no trial).
    #[default]
    Auto,
    /// A given number, from 1 to [`MAX_MEMBERS`].
    Fixed(u8),
}

/// Maximum number of members.
pub const MAX_MEMBERS: usize = 64;
/// Maximum of starts that [`Ensemble::Auto`] chooses. More cost more than they gain (`benchmarks/quality`).
const AUTO_STARTS: usize = 7;
/// Maximum of training rows times starts.
const AUTO_ROWS: usize = 100_000;
/// Maximum of starts by mini-batches, which need far fewer cycles.
const AUTO_STARTS_BY_BATCHES: usize = 16;
/// Maximum of training rows times starts by mini-batches.
const AUTO_ROWS_BY_BATCHES: usize = 640_000;
/// Maximum of the parameters of all starts. Half of them are computed for each answer.
const AUTO_PARAMETERS: usize = 200_000;

impl Ensemble {
    /// How many networks to start. `selects` is true if validation rows will select the better half; `parameters` are
    /// those of one network.
    pub(crate) fn starts(self, selects: bool, by_batches: bool, rows: usize, parameters: usize) -> usize {
        let (most_rows, most) =
            if by_batches { (AUTO_ROWS_BY_BATCHES, AUTO_STARTS_BY_BATCHES) } else { (AUTO_ROWS, AUTO_STARTS) };
        match self {
            Self::Fixed(starts) => usize::from(starts).min(MAX_PARAMETERS / parameters).max(1),
            Self::Auto if selects => match (most_rows / rows.max(1)).min(AUTO_PARAMETERS / parameters) {
                // The better one of two is no better than a single one (`benchmarks/quality`).
                0..=2 => 1,
                starts => starts.min(most),
            },
            Self::Auto => 1,
        }
    }

    /// How many of the started networks are kept as members.
    pub(crate) fn answering(selects: bool, starts: usize) -> usize {
        if selects { starts.div_ceil(2) } else { starts }
    }
}

auto_or!(Ensemble::Fixed = Integer(u8), Other::Integer(1, MAX_MEMBERS as u64));

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn automatic_starts_are_bounded_by_rows_and_parameters() {
        let starts = |rows, parameters| Ensemble::Auto.starts(true, false, rows, parameters);
        assert_eq!((starts(0, 1), starts(14_285, 100), starts(100, 28_571)), (7, 7, 7));
        // The bounds: 100,000 rows times starts, 200,000 parameters of all starts.
        assert_eq!((starts(14_286, 100), starts(33_333, 100), starts(33_334, 100)), (6, 3, 1));
        assert_eq!((starts(100, 28_572), starts(100, 66_666), starts(100, 66_667)), (6, 3, 1));
        assert_eq!(starts(1_000_000, 1_000_000), 1);
        let by_batches = |rows, parameters| Ensemble::Auto.starts(true, true, rows, parameters);
        assert_eq!((by_batches(40_000, 12_500), by_batches(40_001, 1), by_batches(100, 12_501)), (16, 15, 15));
        assert_eq!(by_batches(1_000_000, 100), 1);
        assert_eq!(Ensemble::Auto.starts(false, true, 1, 1), 1, "nothing selects among starts");
    }

    #[test]
    fn fixed_starts_are_bounded_by_the_maximum_of_parameters() {
        for auto_stop in [true, false] {
            assert_eq!(Ensemble::Fixed(64).starts(auto_stop, false, 1_000_000, 100), 64);
            assert_eq!(Ensemble::Fixed(5).starts(auto_stop, true, 1, MAX_PARAMETERS / 4), 4);
            assert_eq!(Ensemble::Fixed(5).starts(auto_stop, false, 1, MAX_PARAMETERS), 1);
        }
    }

    #[test]
    fn the_better_half_is_kept_if_something_selects() {
        let answering = |starts| Ensemble::answering(true, starts);
        assert_eq!([1, 2, 3, 6, 7].map(answering), [1, 1, 2, 3, 4]);
        assert_eq!(Ensemble::answering(false, 7), 7);
    }
}
