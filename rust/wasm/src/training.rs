//! Trainings, which run in time slices between events of JavaScript.

use std::time::Duration;

use neuralredis_core::Error;
use neuralredis_core::training::{Outcome, Slices, Task};
use serde_json::{Value as Json, json};

use crate::networks::Entry;
use crate::request::{Rejection, Request};
use crate::results;

/// Maximum duration of a slice. Longer slices would block the page.
const MOST_MILLISECONDS: u64 = 60_000;

/// A running training.
pub(crate) type Training = Slices;

impl Entry {
    /// Start a training.
    pub(crate) fn begin(&mut self, request: &Request) -> Result<(), Rejection> {
        if self.training.is_some() {
            return Err(Error::AlreadyTraining.into());
        }
        self.training = Some(Slices::new(Task::new(&self.network, request.training()?)?));
        Ok(())
    }

    /// Train for a slice of time. Returns the progress, and the report if the training has ended.
    pub(crate) fn advance(&mut self, request: &Request) -> Result<Json, Rejection> {
        let milliseconds = request.whole("milliseconds", 0, MOST_MILLISECONDS)?.unwrap_or(0);
        let Some(training) = &mut self.training else {
            return Err(Rejection::new("training", "the network is not being trained: begin a training first"));
        };
        let outcome = training.go_on(Duration::from_millis(milliseconds));
        let progress = results::progress(&training.progress());
        let Some(outcome) = outcome else { return Ok(json!({ "progress": progress })) };
        self.training = None;
        match outcome {
            Outcome::Trained(trained, report) => {
                let object = results::report(&report);
                self.network.install(trained, Some(report))?;
                Ok(json!({ "progress": progress, "report": object }))
            }
            Outcome::Dropped => Err(Rejection::new("training", "the training ended without a result")),
            Outcome::Failed(why) => Err(Rejection::new("training", why)),
        }
    }

    /// Ask a running training to end early. Does nothing if there is none.
    pub(crate) fn stop(&self) {
        if let Some(training) = &self.training {
            training.stop();
        }
    }
}
