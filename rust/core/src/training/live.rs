//! A network that answers while it is trained in the background.

use std::sync::Arc;

use super::job::{Job, Outcome};
use super::pool::Pool;
use super::task::{Task, TrainOptions};
use super::turns::Owner;
use crate::dataset::Limits;
use crate::error::{Error, Result};
use crate::memory::Taken;
use crate::network::{Network, Shrunk};
use crate::options::Changes;

/// A network and its training.
///
/// The training works on a snapshot and never changes the network; [`Self::collect`] installs its result. A training
/// belongs to the network from which it was started: a reset cancels it, a copy of the network does not have it, and
/// dropping this value cancels it.
#[derive(Debug)]
pub struct Live {
    network: Network,
    job: Option<Arc<Job>>,
}

impl Live {
    /// Makes a network that is not being trained.
    pub fn new(network: Network) -> Self {
        Self { network, job: None }
    }

    /// The network.
    pub fn network(&self) -> &Network {
        &self.network
    }

    /// The network, for observing rows. To change options use [`Self::configure`]; to change weights use
    /// [`Self::reset`] or [`Self::set_weights`].
    pub fn network_mut(&mut self) -> &mut Network {
        &mut self.network
    }

    /// The training that is queued or running, or has ended and not been collected; none if it has been cancelled.
    pub fn job(&self) -> Option<&Arc<Job>> {
        self.job.as_ref().filter(|job| !job.is_cancelled())
    }

    /// Whether `job` is the training that was started last, cancelled or not, and has not been collected.
    pub fn awaits(&self, job: &Arc<Job>) -> bool {
        self.job.as_ref().is_some_and(|own| Arc::ptr_eq(own, job))
    }

    /// Bytes of memory of the network, where `taken` returns the size that the allocator gives a block. The memory of a
    /// running training is not included.
    pub fn bytes_by(&self, taken: Taken<'_>) -> usize {
        size_of::<Self>() - size_of::<Network>() + self.network.bytes_by(taken)
    }

    /// Starts or queues a training. `notify` is called when the outcome can be collected; see [`Job::start`].
    ///
    /// # Errors
    /// [`Error::AlreadyTraining`], and those of [`Task::new`].
    pub fn train(
        &mut self,
        options: TrainOptions,
        pool: &Arc<Pool>,
        notify: impl FnOnce(&Arc<Job>) + Send + 'static,
    ) -> Result<Arc<Job>> {
        self.train_for(&Owner::default(), options, pool, |_| Ok(()), notify)
    }

    /// Starts or queues a training on behalf of an owner. If it has been queued, `admit` is called on its thread before
    /// it begins; if that returns an error, the training fails with it.
    ///
    /// # Errors
    /// As [`Self::train`].
    pub fn train_for(
        &mut self,
        owner: &Owner,
        options: TrainOptions,
        pool: &Arc<Pool>,
        admit: impl FnOnce(&Job) -> std::result::Result<(), String> + Send + 'static,
        notify: impl FnOnce(&Arc<Job>) + Send + 'static,
    ) -> Result<Arc<Job>> {
        if self.job().is_some() {
            return Err(Error::AlreadyTraining);
        }
        let job = Job::start(Task::new(&self.network, options)?, owner, pool, admit, notify);
        self.job = Some(Arc::clone(&job));
        Ok(job)
    }

    /// Installs the result of the training if it has ended. Returns its outcome, and none if it is called again.
    pub fn collect(&mut self) -> Option<Outcome> {
        let outcome = self.job.as_ref()?.outcome()?;
        self.job = None;
        if let Outcome::Trained(trained, report) = &outcome {
            let installed = self.network.install(Arc::clone(trained), Some(Arc::clone(report)));
            debug_assert!(installed.is_ok(), "a result has as many weights as the network");
        }
        Some(outcome)
    }

    /// Draws new random weights. A training is cancelled and its result dropped.
    pub fn reset(&mut self) {
        self.cancel();
        self.network.reset();
    }

    /// Replaces the weights; see [`Network::set_weights`].
    ///
    /// # Errors
    /// [`Error::AlreadyTraining`], and those of [`Network::set_weights`].
    pub fn set_weights(&mut self, weights: Vec<f32>) -> Result<()> {
        if self.job().is_some() {
            return Err(Error::AlreadyTraining);
        }
        self.network.set_weights(weights)
    }

    /// Changes options and limits; see [`Network::configure`].
    ///
    /// # Errors
    /// [`Error::AlreadyTraining`] if the activation or the output function changes during a training, since the weights
    /// that are being trained would give other answers; and those of [`Network::configure`].
    pub fn configure(&mut self, changes: &Changes, limits: Limits) -> Result<()> {
        self.check(changes)?;
        self.network.configure(changes, limits)
    }

    /// Changes options, and replaces the rows by those that remain under smaller limits; see
    /// [`Network::configure_shrunk`].
    ///
    /// # Errors
    /// The errors of [`Self::configure`].
    pub fn configure_shrunk(&mut self, changes: &Changes, shrunk: Shrunk) -> Result<Option<Shrunk>> {
        self.check(changes)?;
        self.network.configure_shrunk(changes, shrunk)
    }

    /// Checks whether the options may be changed so at present, without changing them.
    ///
    /// # Errors
    /// The errors of [`Self::configure`] that do not concern limits.
    pub fn check(&self, changes: &Changes) -> Result<()> {
        let before = &self.network.options;
        let after = before.with(self.network.kind, self.network.layout(), changes)?;
        if self.job().is_some() && (before.activation, before.output) != (after.activation, after.output) {
            return Err(Error::AlreadyTraining);
        }
        Ok(())
    }

    /// Cancels the training, if there is one; its result is dropped.
    pub fn cancel(&mut self) {
        if let Some(job) = self.job.take() {
            job.cancel();
        }
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        self.cancel();
    }
}
