//! What a training's threads share with other threads while it runs: requests to end it, and its progress.

use std::sync::OnceLock;
use std::time::Duration;

use super::sync::Instant;
use super::sync::atomic::{AtomicU8, AtomicU64, Ordering};

/// The progress of a training.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Progress {
    /// Whether it is queued, and so has not started.
    pub queued: bool,
    /// Completed cycles.
    pub cycle: u64,
    /// Mean loss of the training rows when it was last computed; none before that.
    pub train_error: Option<f64>,
    /// Mean loss of the validation rows when it was last computed; none before that, or without validation rows.
    pub test_error: Option<f64>,
    /// Misclassified validation rows in percent, computed together with `test_error`; none for a regressor.
    pub class_errors: Option<f64>,
    /// Time since the training started; time in the queue does not count.
    pub time: Duration,
}

/// Requests to a training, and its progress. A request cannot be withdrawn.
#[derive(Debug)]
pub(super) struct Control {
    request: AtomicU8,
    started: OnceLock<Instant>,
    cycle: AtomicU64,
    train_error: AtomicU64,
    test_error: AtomicU64,
    class_errors: AtomicU64,
}

/// Requests; a higher one supersedes a lower one.
const GO_ON: u8 = 0;
const STOP: u8 = 1;
const CANCEL: u8 = 2;

/// The bits of an error that has not been computed.
const NOT_YET: u64 = f64::NAN.to_bits();

impl Control {
    pub(super) fn new() -> Self {
        Self {
            request: AtomicU8::new(GO_ON),
            started: OnceLock::new(),
            cycle: AtomicU64::new(0),
            train_error: AtomicU64::new(NOT_YET),
            test_error: AtomicU64::new(NOT_YET),
            class_errors: AtomicU64::new(NOT_YET),
        }
    }

    /// Requests an early end; the weights trained so far are kept.
    pub(super) fn stop(&self) {
        self.request.fetch_max(STOP, Ordering::Relaxed);
    }

    /// Requests an early end without a result.
    pub(super) fn cancel(&self) {
        self.request.fetch_max(CANCEL, Ordering::Relaxed);
    }

    /// Whether an early end has been requested, with or without a result.
    pub(super) fn is_stopped(&self) -> bool {
        self.request.load(Ordering::Relaxed) >= STOP
    }

    pub(super) fn is_cancelled(&self) -> bool {
        self.request.load(Ordering::Relaxed) >= CANCEL
    }

    /// When the training started, which is when this is first called.
    pub(super) fn started(&self) -> Instant {
        *self.started.get_or_init(Instant::now)
    }

    /// Publishes the errors at a cycle: of the validation rows the mean loss and, for a classifier, the percentage
    /// misclassified.
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

    /// The progress of the training. It may mix values of neighbouring cycles, since they are not read at once.
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
