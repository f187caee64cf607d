//! What INFO tells of the module: counts since the server's start, and those of the moment.

use std::ffi::CStr;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::commands::effects::partial;
use crate::pool;

/// Networks in all databases.
pub(crate) static NETWORKS: AtomicU64 = AtomicU64::new(0);
/// Trainings whose result was installed.
pub(crate) static FINISHED: AtomicU64 = AtomicU64::new(0);
/// Trainings that failed by a fault.
pub(crate) static FAILED: AtomicU64 = AtomicU64::new(0);
/// Trainings whose result nobody wanted any more.
pub(crate) static DROPPED: AtomicU64 = AtomicU64::new(0);
/// Rows that clients had stored.
pub(crate) static ROWS_OBSERVED: AtomicU64 = AtomicU64::new(0);
/// Rows that NR.RUN and NR.CLASS have answered.
pub(crate) static RUNS: AtomicU64 = AtomicU64::new(0);

pub(crate) fn count(counter: &AtomicU64, more: u64) {
    counter.fetch_add(more, Ordering::Relaxed);
}

/// Names and values. In a crash report only what takes no lock: whoever crashed may hold it.
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
