//! What a training's threads and everybody else share while it runs: what has been asked of it, and how far it is.

use std::sync::OnceLock;
use std::time::Duration;

use super::sync::Instant;
use super::sync::atomic::{AtomicU8, AtomicU64, Ordering};

/// How far a training is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Progress {
    /// Whether it still waits for its turn.
    pub queued: bool,
    /// Cycles done.
    pub cycle: u64,
    /// Mean loss of a training row, as of the last cycle at which it was computed; none before the first.
    pub train_error: Option<f64>,
    /// Mean loss of a validation row, as of the last cycle at which it was computed.
    pub test_error: Option<f64>,
    /// Validation rows that a classifier gets wrong, in percent, likewise.
    pub class_errors: Option<f64>,
    /// Since the real start.
    pub time: Duration,
}

/// The requests to a training, and its figures. A request is never taken back.
#[derive(Debug)]
pub(super) struct Control {
    asked: AtomicU8,
    started: OnceLock<Instant>,
    cycle: AtomicU64,
    train_error: AtomicU64,
    test_error: AtomicU64,
    class_errors: AtomicU64,
}

/// What has been asked, the more urgent the higher.
const GO_ON: u8 = 0;
const STOP: u8 = 1;
const CANCEL: u8 = 2;

/// A figure that has not been computed yet.
const NOT_YET: u64 = f64::NAN.to_bits();

impl Control {
    pub(super) fn new() -> Self {
        Self {
            asked: AtomicU8::new(GO_ON),
            started: OnceLock::new(),
            cycle: AtomicU64::new(0),
            train_error: AtomicU64::new(NOT_YET),
            test_error: AtomicU64::new(NOT_YET),
            class_errors: AtomicU64::new(NOT_YET),
        }
    }

    /// Asks for an early end; what has been learnt so far is kept.
    pub(super) fn stop(&self) {
        self.asked.fetch_max(STOP, Ordering::Relaxed);
    }

    /// Asks for an early end without a result.
    pub(super) fn cancel(&self) {
        self.asked.fetch_max(CANCEL, Ordering::Relaxed);
    }

    /// Whether an early end has been asked for, of either kind.
    pub(super) fn is_stopped(&self) -> bool {
        self.asked.load(Ordering::Relaxed) >= STOP
    }

    pub(super) fn is_cancelled(&self) -> bool {
        self.asked.load(Ordering::Relaxed) >= CANCEL
    }

    /// The real start: when this was first called.
    pub(super) fn started(&self) -> Instant {
        *self.started.get_or_init(Instant::now)
    }

    /// Publishes the errors at a cycle; of validation rows, the loss and what a classifier gets wrong.
    pub(super) fn publish(&self, cycle: u64, train_error: f64, test: Option<(f64, Option<f64>)>) {
        self.train_error.store(train_error.to_bits(), Ordering::Relaxed);
        if let Some((error, class_errors)) = test {
            self.test_error.store(error.to_bits(), Ordering::Relaxed);
            self.class_errors.store(class_errors.map_or(NOT_YET, f64::to_bits), Ordering::Relaxed);
        }
        self.cycle.store(cycle, Ordering::Relaxed);
    }

    /// Publishes a cycle at which no errors were computed.
    pub(super) fn publish_cycle(&self, cycle: u64) {
        self.cycle.store(cycle, Ordering::Relaxed);
    }

    /// How far the training is. Figures of neighbouring cycles may mix.
    pub(super) fn progress(&self) -> Progress {
        let figure = |of: &AtomicU64| Some(f64::from_bits(of.load(Ordering::Relaxed))).filter(|error| !error.is_nan());
        Progress {
            queued: self.started.get().is_none(),
            cycle: self.cycle.load(Ordering::Relaxed),
            train_error: figure(&self.train_error),
            test_error: figure(&self.test_error),
            class_errors: figure(&self.class_errors),
            time: self.started.get().map_or(Duration::ZERO, Instant::elapsed),
        }
    }
}
