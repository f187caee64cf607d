//! The module's section of INFO: counters since the server's start, and current values.

use std::ffi::CStr;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::commands::effects::partial;
use crate::pool;

/// Networks in all databases.
pub(crate) static NETWORKS: AtomicU64 = AtomicU64::new(0);
/// Trainings whose result was installed.
pub(crate) static FINISHED: AtomicU64 = AtomicU64::new(0);
/// Trainings that failed with an error.
pub(crate) static FAILED: AtomicU64 = AtomicU64::new(0);
/// Trainings whose result was not installed, because the network was deleted, overwritten or reset, or the training
/// cancelled.
pub(crate) static DROPPED: AtomicU64 = AtomicU64::new(0);
/// Rows that clients have stored.
pub(crate) static ROWS_OBSERVED: AtomicU64 = AtomicU64::new(0);
/// Rows that NR.RUN, NR.CLASS and the like have answered.
pub(crate) static RUNS: AtomicU64 = AtomicU64::new(0);

pub(crate) fn count(counter: &AtomicU64, more: u64) {
    counter.fetch_add(more, Ordering::Relaxed);
}

/// Passes names and values to `field`. In a crash report it takes no lock, since the thread that crashed may hold it.
pub(crate) fn fields(in_crash_report: bool, field: &mut dyn FnMut(&CStr, u64)) {
    let of = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
    field(c"networks", of(&NETWORKS));
    if !in_crash_report {
        let (running, queued) = pool::shared().counts();
        field(c"trainings_running", running as u64);
        field(c"trainings_queued", queued as u64);
        let (networks, bytes) = partial::counts();
        field(c"partial_networks", networks as u64);
        field(c"partial_network_bytes", bytes as u64);
    }
    field(c"trainings_finished", of(&FINISHED));
    field(c"trainings_failed", of(&FAILED));
    field(c"trainings_dropped", of(&DROPPED));
    field(c"rows_observed", of(&ROWS_OBSERVED));
    field(c"runs", of(&RUNS));
}
