//! Trainings of networks that hear sequences by gated cells: each member's cell and its layers learn together, through time, by
//! mini-batches of sequences. What comes of it is a network of rows as any other: each member's cell fills its own part of the
//! state that rows have, and its first layer has no weights for the parts of the others.
//!
//! Rejected: cells that are trained first, by a simple head, and layers that are trained after them on what the cells hold. The
//! states of training sequences tell more than those of others ever will, and layers learn to rely on it: a letter of a name cost
//! 1.92 nats with the heads that the cells had learnt with, 1.96 with new ones.
//!
//! Cells step by Adam, whatever the network's algorithm; their moments are not kept for the next training.

mod batch;
mod learner;
mod parts;
mod plan;

use std::sync::Arc;

use super::control::Control;
use super::curve::Curve;
use super::pool::Seats;
use super::session::{Session, Settled};
use super::statistics::RowStatistics;
use super::sync::Instant;
use super::task::Task;
use super::threads::Threads;
use super::turn::give_way;
use crate::dataset::Set;
use crate::objective::Sums;
use crate::options::Restarts;
use crate::report::{Point, Reason, Report};
use crate::sequence::gru::Shape;
use crate::stopping::Rule;
use crate::trained::Trained;
use learner::Learner;
pub(super) use parts::bytes;
use plan::Plan;

/// Trains to the end; the task has rows in which no cell has a say yet. None if the training is cancelled.
pub(super) async fn train(task: &Task, control: &Control, seats: &mut Seats) -> Option<(Trained, Report)> {
    let statistics = RowStatistics::of(&task.dataset, task.schema.as_deref());
    let keep_on = || !control.is_cancelled();
    let plan = Plan::new(task, &statistics, &keep_on)?;
    let phase = Phase { task, control, plan: &plan };
    let (learners, ended) = phase.run(seats).await?;
    let trained = Arc::new(parts::assembled(&plan, &learners));
    let answering = Task { members: trained.members(), answering: trained.members(), trained, ..task.clone() };
    drop((statistics, learners, plan));
    // Rows are made a second time: of what the cells hold now.
    let answering = answering.with_rows(&keep_on).ok()??;
    let statistics = RowStatistics::of(&answering.dataset, answering.schema.as_deref());
    let (mut made, report) = Session::new(&answering, control, &statistics, None).settle(seats, ended)?;
    made.assigned = task.trained.assigned;
    Some((made, report))
}

/// What learns, and until when.
struct Phase<'a> {
    task: &'a Task,
    control: &'a Control,
    plan: &'a Plan<'a>,
}

impl Phase<'_> {
    /// The members that are to answer, and how it ended. None if the training is cancelled.
    async fn run(&self, seats: &mut Seats) -> Option<(Vec<Learner>, Settled)> {
        let Self { task, control, plan } = *self;
        let options = task.training;
        let deadline = (!options.max_time.is_zero()).then(|| control.started() + options.max_time);
        let go_on = || !control.is_stopped() && deadline.is_none_or(|deadline| Instant::now() < deadline);
        let watch = options.auto_stop && !plan.test.all.is_empty();
        let mut learners: Vec<Learner> = (0..task.members).map(|member| Learner::new(plan, member)).collect();
        let (mut threads, mut curve) = (Threads::new(), Curve::going_on(Vec::new(), task.members, true));
        let (mut cycle, mut presented) = (0, 0);
        let reason = loop {
            if watch {
                let learning: Vec<_> = learners.iter_mut().filter(|learner| learner.learns()).collect();
                threads.set(seats.take(learning.len(), || control.is_cancelled())?);
                threads.each(learning.len(), learning, |learner| learner.look(plan));
                learners.iter_mut().filter(|learner| learner.learns()).for_each(|learner| learner.judge(cycle));
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
            give_way().await;
        };
        if control.is_cancelled() {
            return None;
        }
        learners.iter_mut().for_each(Learner::go_back);
        let mut order: Vec<usize> = (0..learners.len()).collect();
        // Stable: of equals the first.
        order.sort_by(|&a, &b| learners[a].test_error.total_cmp(&learners[b].test_error));
        order.truncate(task.answering);
        let mut member = 0;
        learners.retain(|_| (order.contains(&member), member += 1).0);
        let best_cycle = learners.iter().map(|learner| learner.cycle.unwrap_or(cycle)).max().unwrap_or(cycle);
        let (curve, threads) = (curve.so_far(), threads.most());
        Some((learners, Settled { reason, cycle, best_cycle, presented, threads, curve }))
    }

    /// Publishes the means of what the members did by themselves.
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

/// What ended the training, once it has ended every member: of the two rules that which ended most.
fn ended(learners: &[Learner]) -> Option<Rule> {
    let rules = learners.iter().map(|learner| learner.ended).collect::<Option<Vec<_>>>()?;
    let overfitting = rules.iter().filter(|&&rule| rule == Rule::Overfitting).count();
    Some(if 2 * overfitting > rules.len() { Rule::Overfitting } else { Rule::Converged })
}

/// Events times parameters of all members that begin, at most, where nothing else is asked for.
const MOST_WORK: u64 = 5_000_000_000;
/// Members that begin at most, likewise.
const MOST_STARTS: usize = 6;

impl Task {
    /// How many members begin a first training of cells.
    pub(super) fn starts_of_cells(&self) -> usize {
        let Some(sequences) = &self.sequences else { return 1 };
        let each = sequences.view.gru_shape().map_or(1, Shape::parameters) + self.layout.parameters();
        let events = sequences.store.events(Set::Train).max(1);
        match self.options.restarts {
            Restarts::Fixed(starts) => usize::from(starts),
            Restarts::Auto if self.training.auto_stop => {
                // In 64 bits, so that it is the same number in a browser.
                usize::try_from(MOST_WORK / events.saturating_mul(each as u64))
                    .unwrap_or(MOST_STARTS)
                    .clamp(1, MOST_STARTS)
            }
            Restarts::Auto => 1,
        }
    }

    /// Whether its network hears sequences by cells that it trains.
    pub(super) fn has_cells(&self) -> bool {
        self.sequences.as_ref().is_some_and(|sequences| sequences.view.gru_shape().is_some())
    }
}

#[cfg(test)]
mod tests;
