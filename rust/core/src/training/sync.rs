//! What trainings share among threads, and how they wait.
//!
//! A room of its own so that `tests/interleavings.rs` can put in its place what tries all orders of events.

pub(super) use std::hint::spin_loop;
pub(super) use std::sync::{Condvar, Mutex, MutexGuard, atomic};
pub(super) use std::thread;
use std::time::Duration;

pub(super) use crate::clock::Instant;

/// Turns of a waiting thread before it goes to sleep: some 20 microseconds.
pub(super) const SPINS: u32 = 1_000;

/// How long a training keeps its seats before it looks whether others wait.
pub(super) const SLICE: Duration = Duration::from_millis(5);
