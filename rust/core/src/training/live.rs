//! A network that can be trained in the background while it answers.

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
/// The training works on a snapshot and never touches this; [`Self::collect`] swaps its result in. A training is of the
/// network it was started from: a reset cancels it, a clone does not have it, and dropping this drops its result.
#[derive(Debug)]
pub struct Live {
    network: Network,
    job: Option<Arc<Job>>,
}

impl Live {
    /// A network that is not being trained.
    pub fn new(network: Network) -> Self {
        Self { network, job: None }
    }

    /// The network.
    pub fn network(&self) -> &Network {
        &self.network
    }

    /// The network, to observe rows. Options are changed by [`Self::configure`], weights by [`Self::reset`] and
    /// [`Self::set_weights`].
    pub fn network_mut(&mut self) -> &mut Network {
        &mut self.network
    }

    /// The training that is queued or running. One that has been cancelled is none.
    pub fn job(&self) -> Option<&Arc<Job>> {
        self.job.as_ref().filter(|job| !job.is_cancelled())
    }

    /// Whether a training is the one that was started last, cancelled or not, and has not been collected.
    pub fn awaits(&self, job: &Arc<Job>) -> bool {
        self.job.as_ref().is_some_and(|own| Arc::ptr_eq(own, job))
    }

    /// Bytes of memory that the network takes, where a block takes what `taken` says; what a training takes while it runs is
    /// not among them.
    pub fn bytes_by(&self, taken: Taken<'_>) -> usize {
        size_of::<Self>() - size_of::<Network>() + self.network.bytes_by(taken)
    }

    /// Starts or queues a training. `notify` is called on its thread when the outcome is there to be collected.
    ///
    /// # Errors
    /// [`Error::AlreadyTraining`], and what [`Task::new`] refuses.
    pub fn train(
        &mut self,
        options: TrainOptions,
        pool: &Arc<Pool>,
        notify: impl FnOnce(&Arc<Job>) + Send + 'static,
    ) -> Result<Arc<Job>> {
        self.train_for(&Owner::default(), options, pool, |_| Ok(()), notify)
    }

    /// The same on behalf of an owner. If the training has been queued, `admit` is called on its thread before it begins,
    /// and an error is why it fails.
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

    /// If the training has ended, swaps its result in. The outcome, once.
    pub fn collect(&mut self) -> Option<Outcome> {
        let outcome = self.job.as_ref()?.outcome()?;
        self.job = None;
        if let Outcome::Trained(trained, report) = &outcome {
            let installed = self.network.install(Arc::clone(trained), Some(Arc::clone(report)));
            debug_assert!(installed.is_ok(), "a training makes as many weights as its network has");
        }
        Some(outcome)
    }

    /// New random weights; a training is cancelled and its result dropped.
    pub fn reset(&mut self) {
        self.cancel();
        self.network.reset();
    }

    /// Other weights; see [`Network::set_weights`].
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
    /// [`Error::AlreadyTraining`] if the change would make other outputs of the weights that are being trained.
    pub fn configure(&mut self, changes: &Changes, limits: Limits) -> Result<()> {
        self.check(changes)?;
        self.network.configure(changes, limits)
    }

    /// Changes options, and the rows to those that are left under smaller limits; see [`Network::configure_shrunk`].
    ///
    /// # Errors
    /// Those of [`Self::configure`].
    pub fn configure_shrunk(&mut self, changes: &Changes, shrunk: Shrunk) -> Result<Option<Shrunk>> {
        self.check(changes)?;
        self.network.configure_shrunk(changes, shrunk)
    }

    /// Whether the options may be changed so.
    ///
    /// # Errors
    /// Those of [`Self::configure`].
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
