//! Background trainings, and what happens to them when the interpreter exits or the process forks.
//!
//! Threads of a training never use Python, so they need neither the GIL nor a running interpreter; waiting for a
//! training releases the GIL. No thread holds a lock of this crate while it has released the GIL, so all locks are free
//! in a process that another thread forks.

use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};

use neuralredis_core::training::{self, Outcome, Pool};
use pyo3::prelude::*;
use pyo3::sync::MutexExt;
use pyo3::types::PyDict;

use crate::results;

/// The most trainings that run at a time; further ones are queued.
const MAX_TRAININGS: usize = 32;
/// How long the interpreter's exit waits for cancelled trainings.
const LAST_WAIT: Duration = Duration::from_millis(500);

/// State that all networks of the process share.
struct Shared {
    /// The pool, and the id of the process that created it: its threads do not exist in a forked child.
    pool: Option<(u32, Arc<Pool>)>,
    threads: Option<usize>,
    jobs: Vec<Weak<training::Job>>,
}

static SHARED: Mutex<Shared> = Mutex::new(Shared { pool: None, threads: None, jobs: Vec::new() });

/// The pool of this process.
pub(crate) fn pool(py: Python<'_>) -> Arc<Pool> {
    let mut shared = SHARED.lock_py_attached(py).unwrap_or_else(PoisonError::into_inner);
    let process = std::process::id();
    match &shared.pool {
        Some((owner, pool)) if *owner == process => Arc::clone(pool),
        _ => {
            let cores = || std::thread::available_parallelism().map_or(1, usize::from);
            let pool = Pool::new(shared.threads.unwrap_or_else(cores), MAX_TRAININGS);
            shared.pool = Some((process, Arc::clone(&pool)));
            pool
        }
    }
}

/// Set the number of threads that all trainings of this process share.
///
/// Results do not depend on it. The default is the number of cores that the process may use. Running trainings adapt
/// within milliseconds.
///
/// Parameters
/// ----------
/// threads : int
///     Number of threads, 1 to 65536.
///
/// Raises
/// ------
/// OptionError
///     If the number is out of its range.
#[pyfunction]
#[pyo3(signature = (threads))]
pub(crate) fn set_threads(py: Python<'_>, threads: &Bound<'_, PyAny>) -> PyResult<()> {
    let threads = crate::options::whole("threads", threads, 1 << 16, 1)? as usize;
    SHARED.lock_py_attached(py).unwrap_or_else(PoisonError::into_inner).threads = Some(threads);
    pool(py).set_threads(threads);
    Ok(())
}

/// Cancel all trainings of this process, and wait for them for at most half a second.
///
/// Called when the interpreter exits.
#[pyfunction]
pub(crate) fn cancel_all(py: Python<'_>) {
    let jobs = std::mem::take(&mut SHARED.lock_py_attached(py).unwrap_or_else(PoisonError::into_inner).jobs);
    let jobs: Vec<_> = jobs.iter().filter_map(Weak::upgrade).collect();
    jobs.iter().for_each(training::Job::cancel);
    let deadline = Instant::now() + LAST_WAIT;
    py.detach(|| jobs.iter().all(|job| job.wait(deadline.saturating_duration_since(Instant::now()))));
}

/// A training of the engine, wrapped by `neuralredis.Training`.
#[pyclass(frozen, module = "neuralredis._core")]
pub(crate) struct Job {
    job: Arc<training::Job>,
}

impl Job {
    /// Wraps a training, and registers it to be cancelled when the interpreter exits.
    pub(crate) fn new(py: Python<'_>, job: Arc<training::Job>) -> Self {
        let mut shared = SHARED.lock_py_attached(py).unwrap_or_else(PoisonError::into_inner);
        shared.jobs.retain(|job| job.upgrade().is_some_and(|job| job.outcome().is_none()));
        shared.jobs.push(Arc::downgrade(&job));
        Self { job }
    }
}

#[pymethods]
impl Job {
    /// Return the attributes of a `Progress`.
    fn progress<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let mut progress = self.job.progress();
        progress.queued &= self.job.outcome().is_none();
        results::progress(py, &progress)
    }

    /// Return the limits of cycles and of seconds; 0 means no limit.
    fn limits(&self) -> (u64, f64) {
        let options = self.job.task().options();
        (options.max_cycles, options.max_time.as_secs_f64())
    }

    /// Stop the training and keep its current weights.
    fn stop(&self) {
        self.job.stop();
    }

    /// Wait for the end of the training for at most this many seconds, and return whether it has ended.
    ///
    /// The GIL is released meanwhile.
    fn wait(&self, py: Python<'_>, seconds: f64) -> bool {
        let timeout = Duration::try_from_secs_f64(seconds).unwrap_or(Duration::ZERO);
        py.detach(|| self.job.wait(timeout))
    }

    /// Return how the training ended; None if it is still running.
    ///
    /// The first value is `trained`, `dropped`, `failed` or `lost`. The second is a dict with the attributes of a
    /// `Report`, the reason of the failure, or None.
    fn outcome<'py>(&self, py: Python<'py>) -> PyResult<Option<(&'static str, Bound<'py, PyAny>)>> {
        if self.job.is_lost() {
            return Ok(Some(("lost", py.None().into_bound(py))));
        }
        Ok(match self.job.outcome() {
            None => None,
            Some(Outcome::Trained(_, report)) => Some(("trained", results::report(py, &report)?.into_any())),
            Some(Outcome::Dropped) => Some(("dropped", py.None().into_bound(py))),
            Some(Outcome::Failed(reason)) => Some(("failed", reason.into_pyobject(py)?.into_any())),
        })
    }
}
