//! How many networks begin to learn, and how many of them answer.

use super::value::{Domain, Other, Setting, Value, auto_or};
use crate::layout::MAX_PARAMETERS;

/// How many networks a training makes of one: each begins with random weights of its own, all learn from the same rows,
/// and under AUTOSTOP the half of them that does best on the validation rows is kept. The network answers by the mean of what
/// the output units of these members sum up.
///
/// The first training after the creation or a reset decides; from then on they are part of the network. They are one
/// network in all but their connections: as many times the hidden units, of which each group sees only itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Restarts {
    /// As many as are cheap, up to seven, by mini-batches up to sixteen: for few rows and few parameters. Without AUTOSTOP a
    /// training of few cycles, or with a given weight decay, makes one.
    #[default]
    Auto,
    /// So many, from 1 to [`MAX_MEMBERS`].
    Fixed(u8),
}

/// Members at most.
pub const MAX_MEMBERS: usize = 64;
/// Starts at most that [`Restarts::Auto`] makes: more cost more than they help (`benchmarks/quality`).
const AUTO_STARTS: usize = 7;
/// Training rows times starts, at most.
const AUTO_ROWS: usize = 100_000;
/// Starts of mini-batches at most: their cycles are fewer by far.
const AUTO_STARTS_BY_BATCHES: usize = 16;
/// Training rows times these, at most.
const AUTO_ROWS_BY_BATCHES: usize = 640_000;
/// Parameters of all starts, at most: half of them are what an answer costs.
const AUTO_PARAMETERS: usize = 200_000;

impl Restarts {
    /// How many begin, in a network of so many parameters, trained by so many rows.
    pub(crate) fn starts(self, chooses: bool, by_batches: bool, rows: usize, parameters: usize) -> usize {
        let (most_rows, most) =
            if by_batches { (AUTO_ROWS_BY_BATCHES, AUTO_STARTS_BY_BATCHES) } else { (AUTO_ROWS, AUTO_STARTS) };
        match self {
            Self::Fixed(starts) => usize::from(starts).min(MAX_PARAMETERS / parameters).max(1),
            Self::Auto if chooses => (most_rows / rows.max(1)).min(AUTO_PARAMETERS / parameters).clamp(1, most),
            Self::Auto => 1,
        }
    }

    /// How many of so many starts answer in the end.
    pub(crate) fn answering(chooses: bool, starts: usize) -> usize {
        if chooses { starts.div_ceil(2) } else { starts }
    }
}

auto_or!(Restarts::Fixed = Integer(u8), Other::Integer(1, MAX_MEMBERS as u64));

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn starts_are_as_many_as_rows_and_parameters_let_be_cheap() {
        let starts = |rows, parameters| Restarts::Auto.starts(true, false, rows, parameters);
        assert_eq!((starts(0, 1), starts(14_285, 100), starts(100, 28_571)), (7, 7, 7));
        // 100,000 rows times starts, 200,000 parameters of all starts.
        assert_eq!((starts(14_286, 100), starts(50_000, 100), starts(50_001, 100)), (6, 2, 1));
        assert_eq!((starts(100, 28_572), starts(100, 100_000), starts(100, 100_001)), (6, 2, 1));
        assert_eq!(starts(1_000_000, 1_000_000), 1);
        let by_batches = |rows, parameters| Restarts::Auto.starts(true, true, rows, parameters);
        assert_eq!((by_batches(40_000, 12_500), by_batches(40_001, 1), by_batches(100, 12_501)), (16, 15, 15));
        assert_eq!(by_batches(1_000_000, 100), 1);
        assert_eq!(Restarts::Auto.starts(false, true, 1, 1), 1, "nothing would choose among them");
    }

    #[test]
    fn starts_that_are_asked_for_are_made_as_far_as_there_is_room() {
        for auto_stop in [true, false] {
            assert_eq!(Restarts::Fixed(64).starts(auto_stop, false, 1_000_000, 100), 64);
            assert_eq!(Restarts::Fixed(5).starts(auto_stop, true, 1, MAX_PARAMETERS / 4), 4);
            assert_eq!(Restarts::Fixed(5).starts(auto_stop, false, 1, MAX_PARAMETERS), 1);
        }
    }

    #[test]
    fn the_better_half_answers_where_something_tells_which_that_is() {
        let answering = |starts| Restarts::answering(true, starts);
        assert_eq!([1, 2, 3, 6, 7].map(answering), [1, 1, 2, 3, 4]);
        assert_eq!(Restarts::answering(false, 7), 7);
    }
}
