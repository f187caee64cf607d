//! The synchronization primitives of trainings, and how long their threads spin and hold seats.
//!
//! They are in a module of their own so that `tests/interleavings.rs` can replace them by loom's, which tries all
//! orders of events.

pub(super) use std::hint::spin_loop;
pub(super) use std::sync::{Condvar, Mutex, MutexGuard, atomic};
pub(super) use std::thread;
use std::time::Duration;

pub(super) use crate::clock::Instant;

/// Iterations for which a waiting thread spins before it sleeps: about 20 microseconds.
pub(super) const SPINS: u32 = 1_000;

/// How long a training keeps its seats before it checks whether others wait.
pub(super) const SLICE: Duration = Duration::from_millis(5);
