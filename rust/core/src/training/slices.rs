//! A training without a thread of its own, which the caller runs in slices of time.
//!
//! It computes the same bits as a [`Job`](super::Job).

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use super::control::{Control, Progress};
use super::job::Outcome;
use super::pool::{Pool, Seats};
use super::sync::Instant;
use super::task::Task;
use super::turn::poll_once;
use super::turns::Owner;
use super::{trial, turn};
use crate::error::Error;
use crate::report::Report;
use crate::trained::Trained;

/// The result of a training; none if it was cancelled.
type Made = Result<Option<(Trained, Report)>, Error>;

/// A training that runs in slices of time on the caller's thread. If it is dropped before its end, there is no result.
///
/// ```
/// use std::time::Duration;
/// use neuralredis_core::training::{Outcome, Slices, Task, TrainOptions};
/// use neuralredis_core::{Batch, Kind, Layout, Limits, Network, Options};
/// let (kind, limits) = (Kind::Regressor, Limits { train: 10, test: 0 });
/// let mut net = Network::new(kind, Layout::new(&[1, 1])?, Options::new(kind), limits, 1)?;
/// net.observe(&Batch::new(&[1.0, 2.0], 1, &[2.0, 4.0], 1), None, |_| {})?;
/// let options = TrainOptions { max_cycles: 20, max_time: Duration::ZERO, ..TrainOptions::default() };
/// let mut training = Slices::new(Task::new(&net, options)?);
/// let outcome = loop {
///     if let Some(outcome) = training.go_on(Duration::from_millis(10)) {
///         break outcome;
///     }
/// };
/// let Outcome::Trained(trained, report) = outcome else { panic!() };
/// net.install(trained, Some(report))?;
/// assert_eq!(net.info().statistics.total_cycles, 20);
/// # Ok::<(), neuralredis_core::Error>(())
/// ```
pub struct Slices {
    control: Arc<Control>,
    training: Pin<Box<dyn Future<Output = Made>>>,
}

impl Slices {
    /// Makes a training that has not begun.
    pub fn new(task: Task) -> Self {
        let control = Arc::new(Control::new());
        Self { training: Box::pin(train(task, Arc::clone(&control))), control }
    }

    /// Trains for about `time`, and for at least one cycle. Returns the outcome when the training has ended.
    ///
    /// # Panics
    /// If it is called again after it has returned the outcome.
    pub fn go_on(&mut self, time: Duration) -> Option<Outcome> {
        let end = Instant::now() + time;
        loop {
            if let Some(made) = poll_once(self.training.as_mut()) {
                return Some(match made {
                    Ok(Some((trained, report))) => Outcome::Trained(Arc::new(trained), Arc::new(report)),
                    Ok(None) => Outcome::Dropped,
                    Err(error) => Outcome::Failed(error.to_string()),
                });
            }
            if Instant::now() >= end {
                return None;
            }
        }
    }

    /// How far the training is.
    pub fn progress(&self) -> Progress {
        self.control.progress()
    }

    /// Requests an early end, which comes within the next cycle; the weights trained so far are kept.
    pub fn stop(&self) {
        self.control.stop();
    }
}

impl std::fmt::Debug for Slices {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Slices").field("progress", &self.progress()).finish_non_exhaustive()
    }
}

async fn train(task: Task, control: Arc<Control>) -> Made {
    control.started();
    turn::yield_now().await;
    let mut seats = Seats::new(Pool::new(1, 1), Owner::default());
    let with_rows = task.with_rows(&|| true)?;
    let task = with_rows.as_ref().unwrap_or(&task);
    Ok(trial::train(task, &control, &mut seats).await)
}

#[cfg(test)]
mod tests {
    use super::super::{Live, Reason, TrainOptions};
    use super::*;
    use crate::dataset::{Batch, Limits};
    use crate::layout::{Kind, Layout};
    use crate::network::Network;
    use crate::options::Options;
    use crate::random::Random;

    fn network() -> Network {
        let (kind, limits) = (Kind::Classifier, Limits { train: 100, test: 50 });
        let mut network = Network::new(kind, Layout::new(&[2, 5, 2]).unwrap(), Options::new(kind), limits, 3).unwrap();
        let mut random = Random::new(5, 1);
        let inputs: Vec<f32> = (0..300).map(|_| random.symmetric()).collect();
        let classes: Vec<f32> = inputs.chunks(2).map(|at| f32::from(at[0] * at[1] > 0.0)).collect();
        network.observe(&Batch::new(&inputs, 2, &classes, 1), None, |_| {}).unwrap();
        network
    }

    fn cycles(max_cycles: u64, auto_stop: bool) -> TrainOptions {
        TrainOptions { max_cycles, max_time: Duration::ZERO, auto_stop, backtrack: auto_stop }
    }

    #[test]
    fn a_training_in_slices_gives_the_weights_of_one_on_a_thread() {
        // The first begins with a trial.
        for options in [cycles(120, false), cycles(0, true)] {
            let network = network();
            let mut live = Live::new(network.clone());
            let job = live.train(options, &Pool::new(2, 1), |_| {}).unwrap();
            assert!(job.wait(Duration::from_secs(60)));
            live.collect();
            let mut slices = Slices::new(Task::new(&network, options).unwrap());
            let mut turns = 0;
            let outcome = loop {
                turns += 1;
                if let Some(outcome) = slices.go_on(Duration::ZERO) {
                    break outcome;
                }
            };
            let Outcome::Trained(trained, report) = outcome else { panic!("{outcome:?}") };
            assert!(report.cycles <= turns && turns <= report.cycles + 4, "{turns} {}", report.cycles);
            assert_eq!(trained.weights, live.network().trained.weights);
            assert_eq!(report.curve, live.network().report().unwrap().curve);
        }
    }

    #[test]
    fn a_training_can_be_stopped_between_slices() {
        let mut slices = Slices::new(Task::new(&network(), cycles(0, false)).unwrap());
        assert!(slices.progress().queued);
        assert!(slices.go_on(Duration::from_millis(5)).is_none());
        let cycle = slices.progress().cycle;
        slices.stop();
        let Some(Outcome::Trained(_, report)) = (0..9).find_map(|_| slices.go_on(Duration::ZERO)) else { panic!() };
        assert_eq!(report.reason, Reason::Stopped);
        assert!((cycle..cycle + 4).contains(&report.cycles), "{cycle} {}", report.cycles);
    }
}
