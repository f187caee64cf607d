//! A training, which goes on while JavaScript has time for it.

use std::time::Duration;

use neuralredis_core::Error;
use neuralredis_core::training::{Outcome, Slices, Task};
use serde_json::{Value as Json, json};

use crate::networks::Held;
use crate::request::{Asked, Refusal};
use crate::told;

/// Milliseconds of a slice at most: a page that waits longer is not listening.
const MOST_MILLISECONDS: u64 = 60_000;

/// What is being learnt.
pub(crate) type Training = Slices;

impl Held {
    /// Begins a training.
    pub(crate) fn begin(&mut self, asked: &Asked) -> Result<(), Refusal> {
        if self.training.is_some() {
            return Err(Error::AlreadyTraining.into());
        }
        self.training = Some(Slices::new(Task::new(&self.network, asked.training()?)?));
        Ok(())
    }

    /// Goes on for so many milliseconds. How far it is then, and the report if that is the end.
    pub(crate) fn go_on(&mut self, asked: &Asked) -> Result<Json, Refusal> {
        let milliseconds = asked.whole("milliseconds", 0, MOST_MILLISECONDS)?.unwrap_or(0);
        let Some(training) = &mut self.training else {
            return Err(Refusal::new("training", "the network is not being trained: begin a training first"));
        };
        let outcome = training.go_on(Duration::from_millis(milliseconds));
        let progress = told::progress(&training.progress());
        let Some(outcome) = outcome else { return Ok(json!({ "progress": progress })) };
        self.training = None;
        match outcome {
            Outcome::Trained(trained, report) => {
                let told = told::report(&report);
                self.network.install(trained, Some(report))?;
                Ok(json!({ "progress": progress, "report": told }))
            }
            Outcome::Dropped => Err(Refusal::new("training", "the training ended without a result")),
            Outcome::Failed(why) => Err(Refusal::new("training", why)),
        }
    }

    /// Asks for an early end; nothing where no training is.
    pub(crate) fn stop(&self) {
        if let Some(training) = &self.training {
            training.stop();
        }
    }
}
