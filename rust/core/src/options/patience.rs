//! The option PATIENCE.

use super::value::{Domain, Other, Setting, Value, auto_or};

/// For how many cycles AUTOSTOP waits for a lower validation error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Patience {
    /// In proportion to the cycles so far, at least 50 or 100 and at most 500. Without BACKTRACK it is shorter if the
    /// validation error rises repeatedly. The rules are in `stopping.rs`.
    #[default]
    Auto,
    /// This number of cycles, from 1 to [`MAX_PATIENCE`].
    Cycles(u32),
}

/// Maximum patience in cycles.
pub const MAX_PATIENCE: u32 = i32::MAX as u32;

auto_or!(Patience::Cycles = Integer(u32), Other::Integer(1, MAX_PATIENCE as u64));
