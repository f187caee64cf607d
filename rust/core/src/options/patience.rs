//! How long a training waits for a lower test error.

use super::value::{Domain, Other, Setting, Value, auto_or};

/// How long AUTOSTOP waits for a lower test error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Patience {
    /// In proportion to the past, from 50 or 100 to 500 cycles; without BACKTRACK less if the test error rises again and
    /// again.
    #[default]
    Auto,
    /// So many cycles, from 1 to [`MAX_PATIENCE`], whatever the test error does meanwhile.
    Cycles(u32),
}

/// Cycles of patience at most.
pub const MAX_PATIENCE: u32 = i32::MAX as u32;

auto_or!(Patience::Cycles = Integer(u32), Other::Integer(1, MAX_PATIENCE as u64));
