//! Training of networks of sequences with gated recurrent cells (GRU). Each member's cell and its layers are trained
//! together, by backpropagation through time and mini-batches of sequences. The result is a network of rows as any
//! other: a row contains the hidden states of all members' cells, and a member's first layer has weights of 0 for the
//! hidden states of the others.
//!
//! Rejected: training the cells first, with a simple head, and then layers on their hidden states. The hidden states of
//! the sequences that the cells were trained on carry more information than those of other sequences, and the layers
//! overfit to it: predicting a letter of a name cost 1.92 nats with the heads that were trained with the cells, 1.96
//! with new ones.
//!
//! Cells are trained by Adam, whatever the network's algorithm. Its state is kept, and the next training goes on from it.

mod batch;
mod learner;
mod parts;
mod plan;

use std::sync::Arc;

use super::control::Control;
use super::curve::Curve;
use super::pool::Seats;
use super::session::{RecurrentEnd, Session};
use super::statistics::RowStatistics;
use super::sync::Instant;
use super::task::Task;
use super::threads::Threads;
use super::turn::yield_now;
use crate::dataset::Set;
use crate::objective::Sums;
use crate::options::Ensemble;
use crate::report::{Point, Reason, Report};
use crate::sequence::gru::Shape;
use crate::stopping::Rule;
use crate::trained::Trained;
use crate::trainer_state::TrainerState;
use learner::Learner;
pub(super) use parts::{bytes, result_bytes};
use plan::Plan;

/// Trains to the end. The rows of the task may have been made with untrained cells. None if the training is cancelled.
pub(super) async fn train(task: &Task, control: &Control, seats: &mut Seats) -> Option<(Trained, Report)> {
    let statistics = RowStatistics::of(&task.dataset, task.schema.as_deref());
    let keep_on = || !control.is_cancelled();
    let plan = Plan::new(task, &statistics, &keep_on)?;
    let phase = Phase { task, control, plan: &plan };
    let (learners, ended) = phase.run(seats).await?;
    let (trained, mut state) = parts::assembled(&plan, learners);
    let trained = Arc::new(trained);
    let answering = Task { members: trained.members(), answering: trained.members(), trained, ..task.clone() };
    let Plan { head, .. } = plan;
    drop(statistics);
    // The rows are made again, with the hidden states of the trained cells.
    let answering = answering.with_rows(&keep_on).ok()??;
    let statistics = RowStatistics::of(&answering.dataset, answering.schema.as_deref());
    let session = Session::new(&answering, control, &statistics, None);
    let (mut made, report, factor) = session.finish_recurrent(seats, ended)?;
    made.assigned = task.trained.assigned;
    if state.has_begun() {
        parts::multiply_last_layers(&head, factor, &mut state);
        made.state = TrainerState::Cells(made.state.into_rprop(), state);
    }
    Some((made, report))
}

/// The training of the cells, without what is computed for the result.
struct Phase<'a> {
    task: &'a Task,
    control: &'a Control,
    plan: &'a Plan<'a>,
}

impl Phase<'_> {
    /// Returns the members of the result, and how the training ended. None if it is cancelled.
    async fn run(&self, seats: &mut Seats) -> Option<(Vec<Learner>, RecurrentEnd)> {
        let Self { task, control, plan } = *self;
        let options = task.training;
        let deadline = (!options.max_time.is_zero()).then(|| control.started() + options.max_time);
        let go_on = || !control.is_stopped() && deadline.is_none_or(|deadline| Instant::now() < deadline);
        let watch = options.auto_stop && !plan.test.all.is_empty();
        let starts = parts::starts(plan).into_iter().enumerate();
        let mut learners: Vec<Learner> = starts.map(|(member, start)| Learner::new(plan, member, start)).collect();
        let (mut threads, mut curve) = (Threads::new(), Curve::continuing(Vec::new(), task.members, true));
        let (mut cycle, mut presented) = (0, 0);
        let reason = loop {
            if watch {
                let learning: Vec<_> = learners.iter_mut().filter(|learner| learner.learns()).collect();
                threads.set(seats.take(learning.len(), || control.is_cancelled())?);
                threads.each(learning.len(), learning, |learner| learner.evaluate(plan));
                learners.iter_mut().filter(|learner| learner.learns()).for_each(|learner| learner.record(cycle));
            }
            if cycle > 0 {
                let point = self.publish(cycle, &learners, watch);
                curve.add(point);
            }
            if let Some(rule) = ended(&learners) {
                break rule.into();
            }
            if options.max_cycles > 0 && cycle >= options.max_cycles {
                break Reason::MaxCycles;
            }
            if !go_on() {
                break if control.is_stopped() { Reason::Stopped } else { Reason::MaxTime };
            }
            let learning: Vec<_> = learners.iter_mut().filter(|learner| learner.learns()).collect();
            presented += learning.len() as u64;
            threads.set(seats.take(learning.len(), || control.is_cancelled())?);
            threads.each(learning.len(), learning, |learner| learner.cycle(plan, cycle, &go_on));
            cycle += 1;
            yield_now().await;
        };
        if control.is_cancelled() {
            return None;
        }
        learners.iter_mut().for_each(Learner::restore_best);
        let mut order: Vec<usize> = (0..learners.len()).collect();
        // A stable sort, so that the first of equal members is kept.
        order.sort_by(|&a, &b| learners[a].test_error.total_cmp(&learners[b].test_error));
        order.truncate(task.answering);
        let mut member = 0;
        learners.retain(|_| (order.contains(&member), member += 1).0);
        let best_cycle = learners.iter().map(|learner| learner.cycle.unwrap_or(cycle)).max().unwrap_or(cycle);
        let (curve, threads) = (curve.into_points(), threads.most());
        Some((learners, RecurrentEnd { reason, cycle, best_cycle, presented, threads, curve }))
    }

    /// Publishes the mean of the members' own errors, and returns it as a point of the curve.
    fn publish(&self, cycle: u64, learners: &[Learner], watch: bool) -> Point {
        let (mut train, mut test) = (Sums::default(), Sums::default());
        learners.iter().for_each(|learner| {
            train.add(&learner.train);
            test.add(&learner.test);
        });
        let train_error = if train.weight > 0.0 { train.mean() } else { 0.0 };
        let test_error = watch.then(|| test.mean());
        let is_classifier = self.task.kind() == crate::layout::Kind::Classifier;
        let wrong = (is_classifier && test.rows > 0).then(|| 100.0 * test.wrong as f64 / test.rows as f64);
        self.control.publish(cycle, train_error, test_error.map(|error| (error, wrong)));
        Point { cycle, train_error, test_error }
    }
}

/// The rule that ended the training, once every member has stopped: the rule that stopped more of them. A tie counts as
/// convergence.
fn ended(learners: &[Learner]) -> Option<Rule> {
    let rules = learners.iter().map(|learner| learner.ended).collect::<Option<Vec<_>>>()?;
    let overfitting = rules.iter().filter(|&&rule| rule == Rule::Overfitting).count();
    Some(if 2 * overfitting > rules.len() { Rule::Overfitting } else { Rule::Converged })
}

/// The most events times parameters of all members, unless ENSEMBLE is set.
const MAX_WORK: u64 = 5_000_000_000;
/// The most members that are trained, unless ENSEMBLE is set.
const MAX_STARTS: usize = 6;

impl Task {
    /// How many members a first training of cells trains.
    pub(super) fn recurrent_starts(&self) -> usize {
        let Some(sequences) = &self.sequences else { return 1 };
        let each = sequences.view.gru_shape().map_or(1, Shape::parameters) + self.layout.parameters();
        let events = sequences.store.events(Set::Train).max(1);
        match self.options.ensemble {
            Ensemble::Fixed(starts) => usize::from(starts),
            Ensemble::Auto if self.training.auto_stop => {
                // In 64 bits, so that it is the same number in a browser.
                usize::try_from(MAX_WORK / events.saturating_mul(each as u64))
                    .unwrap_or(MAX_STARTS)
                    .clamp(1, MAX_STARTS)
            }
            Ensemble::Auto => 1,
        }
    }

    /// Whether the network has recurrent cells that are trained.
    pub(super) fn has_cells(&self) -> bool {
        self.sequences.as_ref().is_some_and(|sequences| sequences.view.gru_shape().is_some())
    }
}

#[cfg(test)]
mod tests;
