//! One training in the background: requests to it, its progress and its outcome.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, OnceLock, PoisonError, Weak};
use std::thread;
use std::time::Duration;

use super::control::{Control, Progress};
use super::pauses;
use super::pool::{Pool, Seats};
use super::task::Task;
use super::trial;
use super::turn::run_to_end;
use super::turns::Owner;
use crate::error::Error;
use crate::report::Report;
use crate::trained::Trained;

/// How a training ended.
#[derive(Debug, Clone)]
pub enum Outcome {
    /// With a result; [`Report::reason`] says what ended it.
    Trained(Arc<Trained>, Arc<Report>),
    /// It was cancelled, and there is no result.
    Dropped,
    /// It failed, with this message: the rows could not be made, admission was rejected, or the engine or the system
    /// has a fault.
    Failed(String),
}

/// A training that is queued, running or ended.
pub struct Job {
    task: Task,
    owner: Owner,
    bytes: usize,
    process: u32,
    /// The pool that it was submitted to, and its ticket there; set once it has been submitted.
    queued: OnceLock<(Weak<Pool>, u64)>,
    notify: Mutex<Option<Notify>>,
    control: Control,
    outcome: OnceLock<Outcome>,
    ended: Mutex<bool>,
    end: Condvar,
}

/// The callback for when the outcome is available.
type Notify = Box<dyn FnOnce(&Arc<Job>) + Send>;

impl Job {
    /// Starts a training, or queues it. If it has been queued, `admit` is called on the training's thread before it
    /// begins; if that returns an error, the training fails with it. `notify` is called once, when the outcome is
    /// available: on the training's thread or, if it never got one, on the thread that cancelled it or tried to start
    /// it.
    ///
    /// Returns in constant time, without waiting for the training.
    pub fn start(
        task: Task,
        owner: &Owner,
        pool: &Arc<Pool>,
        admit: impl FnOnce(&Self) -> Result<(), String> + Send + 'static,
        notify: impl FnOnce(&Arc<Self>) + Send + 'static,
    ) -> Arc<Self> {
        let job = Arc::new(Self {
            bytes: task.bytes(pool.threads()),
            task,
            owner: Arc::clone(owner),
            process: std::process::id(),
            queued: OnceLock::new(),
            notify: Mutex::new(Some(Box::new(notify))),
            control: Control::new(),
            outcome: OnceLock::new(),
            ended: Mutex::new(false),
            end: Condvar::new(),
        });
        let (queued, queued_pool) = (Arc::clone(&job), Arc::clone(pool));
        let start = move || {
            pauses::at("turn");
            // Otherwise `submit` below calls this at once, and the caller has just decided to start the training.
            let was_queued = queued.queued.get().is_some();
            let (job, pool) = (Arc::clone(&queued), Arc::clone(&queued_pool));
            let thread = thread::Builder::new().name("nr-training".into()).spawn(move || {
                super::lower_priority();
                let outcome = job.outcome_of(&pool, |job| if was_queued { admit(job) } else { Ok(()) });
                // The pool is released before the outcome is published, since the caller may start another training
                // then.
                pool.ended(&job.owner);
                job.publish(outcome);
                pauses::at("install");
                job.call_notify();
            });
            if let Err(error) = thread {
                queued_pool.ended(&queued.owner);
                queued.conclude(Outcome::Failed(format!("no thread for the training: {error}")));
            }
        };
        let ticket = pool.submit(owner, Box::new(start));
        let _ = job.queued.set((Arc::downgrade(pool), ticket));
        job
    }

    fn outcome_of(&self, pool: &Arc<Pool>, admit: impl FnOnce(&Self) -> Result<(), String>) -> Outcome {
        let trained = catch_unwind(AssertUnwindSafe(|| {
            pauses::at("start");
            if self.is_cancelled() {
                return Ok(None);
            }
            admit(self)?;
            self.control.started();
            let _bytes = pool.count_bytes(self.bytes);
            let mut seats = Seats::new(Arc::clone(pool), Arc::clone(&self.owner));
            let with_rows = match self.task.with_rows(&|| !self.is_cancelled()) {
                Err(Error::Stopped) => return Ok(None),
                with_rows => with_rows.map_err(|error| error.to_string())?,
            };
            let task = with_rows.as_ref().unwrap_or(&self.task);
            pauses::at("first");
            let trained = run_to_end(trial::train(task, &self.control, &mut seats));
            pauses::at("end");
            Ok(trained)
        }));
        match trained {
            // The request may have come after the last check of the training.
            Ok(Ok(Some(_))) if self.is_cancelled() => Outcome::Dropped,
            Ok(Ok(Some((trained, report)))) => Outcome::Trained(Arc::new(trained), Arc::new(report)),
            Ok(Ok(None)) => Outcome::Dropped,
            Ok(Err(failure)) => Outcome::Failed(failure),
            Err(panic) => Outcome::Failed(message(&*panic)),
        }
    }

    fn conclude(self: &Arc<Self>, outcome: Outcome) {
        self.publish(outcome);
        self.call_notify();
    }

    fn publish(&self, outcome: Outcome) {
        let _ = self.outcome.set(outcome);
        *self.ended.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.end.notify_all();
    }

    fn call_notify(self: &Arc<Self>) {
        let notify = self.notify.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(notify) = notify {
            notify(self);
        }
    }

    /// What is trained.
    pub fn task(&self) -> &Task {
        &self.task
    }

    /// Bytes of memory that the training uses while it runs, estimated, besides the rows.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Requests an early end; the weights trained so far are kept. Takes effect within a fraction of a cycle.
    pub fn stop(&self) {
        self.control.stop();
    }

    /// Requests an early end without a result. A queued training ends at once.
    pub fn cancel(self: &Arc<Self>) {
        self.control.cancel();
        pauses::at("cancel");
        // Not in a forked child: the pool's lock may have been held, when it was forked, by a thread that it does not
        // have.
        if self.process == std::process::id()
            && let Some((pool, ticket)) = self.queued.get()
            && pool.upgrade().is_some_and(|pool| pool.withdraw(&self.owner, *ticket))
        {
            self.conclude(Outcome::Dropped);
        }
    }

    /// Whether an end without a result has been requested.
    pub fn is_cancelled(&self) -> bool {
        self.control.is_cancelled()
    }

    /// The progress of the training. It may mix values of neighbouring cycles.
    pub fn progress(&self) -> Progress {
        self.control.progress()
    }

    /// How the training ended; none before the end.
    ///
    /// A forked child has no training threads, so a training that had not ended at the fork is [`Outcome::Dropped`]
    /// there.
    pub fn outcome(&self) -> Option<Outcome> {
        if self.is_lost() {
            return Some(Outcome::Dropped);
        }
        self.outcome.get().cloned()
    }

    /// Whether this process is a forked child and the training had not ended at the fork.
    pub fn is_lost(&self) -> bool {
        self.outcome.get().is_none() && self.process != std::process::id()
    }

    /// Waits for the end, for at most `timeout`. Returns whether the training has ended.
    pub fn wait(&self, timeout: Duration) -> bool {
        if self.outcome().is_some() {
            return true;
        }
        let ended = self.ended.lock().unwrap_or_else(PoisonError::into_inner);
        let (ended, _) =
            self.end.wait_timeout_while(ended, timeout, |ended| !*ended).unwrap_or_else(PoisonError::into_inner);
        *ended
    }
}

impl fmt::Debug for Job {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Job").field("progress", &self.progress()).field("outcome", &self.outcome()).finish()
    }
}

fn message(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied().or(panic.downcast_ref::<String>().map(String::as_str));
    text.unwrap_or("an unknown fault").to_owned()
}
