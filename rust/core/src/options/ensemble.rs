//! How many networks begin to learn, and how many of them answer.

use super::value::{Domain, Other, Setting, Value, auto_or};
use crate::layout::MAX_PARAMETERS;

/// How many networks a training makes of one: each begins with random weights of its own, all learn from the same rows,
/// and under AUTOSTOP the half of them that does best on the testing rows is kept. The network answers by the mean of what
/// the output units of these members sum up.
///
/// The first training after the creation or a reset decides; from then on they are part of the network. They are one
/// network in all but their connections: as many times the hidden units, of which each group sees only itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Restarts {
    /// Under AUTOSTOP as many as are cheap, up to seven: for few rows and few parameters. Otherwise one.
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
/// Parameters of all starts, at most: half of them are what an answer costs.
const AUTO_PARAMETERS: usize = 200_000;

impl Restarts {
    /// How many begin, in a network of so many parameters, trained by so many rows.
    pub(crate) fn starts(self, auto_stop: bool, rows: usize, parameters: usize) -> usize {
        match self {
            Self::Fixed(starts) => usize::from(starts).min(MAX_PARAMETERS / parameters).max(1),
            Self::Auto if auto_stop => {
                (AUTO_ROWS / rows.max(1)).min(AUTO_PARAMETERS / parameters).clamp(1, AUTO_STARTS)
            }
            Self::Auto => 1,
        }
    }

    /// How many of so many starts answer in the end.
    pub(crate) fn answering(auto_stop: bool, starts: usize) -> usize {
        if auto_stop { starts.div_ceil(2) } else { starts }
    }
}

auto_or!(Restarts::Fixed = Integer(u8), Other::Integer(1, MAX_MEMBERS as u64));
