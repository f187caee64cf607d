//! The loop of one training: compute a pass over the rows, let the trainer accept or reject the weights, stop or step.
//!
//! A cycle presents every training row once. It first computes the errors and the gradient of the present weights, then
//! decides whether to end there, and if not lets the trainer change the weights. So training and validation error
//! always belong to the same weights, a training that ends at a cycle has the errors of its final weights, and nothing
//! is computed twice.
//!
//! A mini-batch trainer computes its own gradients. Passes then cover the validation rows when AUTOSTOP needs them, and
//! all rows only at points of the learning curve and at the end.

use std::sync::Arc;
use std::time::Duration;

use super::baseline;
use super::control::Control;
use super::curve::Curve;
use super::ensemble::Ensemble;
use super::pace::Pace;
use super::pass::{Errors, GradientSource, LocalRows, Losses, OfTraining, PassRequest};
use super::pool::Seats;
use super::soften::{self, LastLayers};
use super::statistics::RowStatistics;
use super::sync::Instant;
use super::task::Task;
use super::threads::Threads;
use super::trainers::{PassResult, Trainer, Verdict, WeightDecay};
use super::turn::yield_now;
use super::warnings::{baseline_warning, warnings};
use crate::constraint::bound;
use crate::dataset::Set;
use crate::layout::Kind;
use crate::normalization::Normalization;
use crate::objective::{Objective, Sums};
use crate::report::{Point, Reason, Report};
use crate::trained::{Statistics, Trained};
use crate::trainer_state::{TrainerState, pick};
use crate::weights::reexpress;

/// Floating-point operations of a cycle for which another thread pays: about 20 microseconds of work.
const THREAD_OPERATIONS: usize = 600_000;

/// One training while it runs.
pub(super) struct Session<'a> {
    task: &'a Task,
    control: &'a Control,
    statistics: &'a RowStatistics,
    normalization: Normalization,
    weights: Vec<f32>,
    /// Multiplier of the automatic weight decay for each member.
    decays: Vec<f32>,
    trainer: Box<dyn Trainer>,
    source: LocalRows<'a>,
    /// In a trial the network's validation rows, whose errors are reported instead of those of the held-out training
    /// rows.
    reported: Option<LocalRows<'a>>,
    threads: Threads,
    pace: Pace,
    deadline: Option<Instant>,
    /// The report of the trial that this session continues, if any.
    before: Option<Report>,
}

impl<'a> Session<'a> {
    /// Prepares a training: computes the normalization, and re-expresses the weights under it. If the session continues
    /// a trial, `before` is the trial's report, whose cycles and curve are continued.
    pub(super) fn new(
        task: &'a Task,
        control: &'a Control,
        statistics: &'a RowStatistics,
        before: Option<Report>,
    ) -> Self {
        let normalization = task.normalization(statistics);
        let (mut weights, decays, mut state) = task.initial_state();
        let present = &task.trained.normalization;
        if !task.trained.is_untrained() && normalization != *present {
            let (each, mut rprop) = (task.layout.parameters(), state.into_rprop());
            for (weights, member) in weights.chunks_exact_mut(each).zip(rprop.members_mut()) {
                let functions = (task.options.activation, task.options.output);
                reexpress(&task.layout, functions, present, &normalization, weights, member.sizes);
            }
            state = TrainerState::Rprop(rprop);
            if task.options.monotone.is_any() {
                bound(&mut weights);
            }
        }
        let max_time = task.training.max_time;
        let decay = WeightDecay::new(&task.layout, &task.options, &decays);
        let objective = || objective(task, statistics, &normalization, task.members);
        Self {
            task,
            control,
            source: LocalRows::new(&task.dataset, objective(), !task.trainer().by_batches),
            reported: task.reported.as_ref().map(|rows| LocalRows::new(rows, objective(), false)),
            statistics,
            normalization,
            weights,
            decays,
            trainer: (task.trainer().new)(task, decay, state),
            threads: Threads::new(),
            pace: Pace::new(),
            deadline: (max_time > Duration::ZERO).then(|| control.started() + max_time),
            before,
        }
    }

    /// Trains to the end. None if the training is cancelled.
    pub(super) async fn train(mut self, seats: &mut Seats) -> Option<(Trained, Report)> {
        let options = self.task.training;
        let watch = self.source.has_test_rows();
        let mut ensemble = Ensemble::new(self.task);
        let by_batches = self.task.trainer().by_batches;
        let (first_cycle, points) =
            self.before.as_mut().map_or((0, Vec::new()), |trial| (trial.cycles, std::mem::take(&mut trial.curve)));
        let mut curve = Curve::continuing(points, self.task.members, by_batches);
        let (mut cycle, mut presented) = (first_cycle, 0);
        // Whether the weights have changed since their errors were last computed.
        let mut changed = false;
        // Each member's validation error under the last weights that the trainer accepted.
        let mut test_errors = vec![f64::INFINITY; self.task.members];
        let (reason, known) = loop {
            yield_now().await;
            let learning = ensemble.learning();
            self.take_seats(seats, learning)?;
            let begun = Instant::now();
            let last = options.max_cycles > 0 && cycle >= options.max_cycles;
            let judges = self.trainer.judges(cycle);
            // With mini-batches a pass over the training rows serves the curve alone.
            let looks = last || cycle == first_cycle || curve.includes(cycle);
            let request = PassRequest {
                members: ensemble.learns(),
                ensemble: looks || self.task.members == 1 && !by_batches,
                train: match by_batches {
                    true if looks => OfTraining::Losses,
                    true => OfTraining::Nothing,
                    false if !last || judges => OfTraining::Gradients,
                    false => OfTraining::Losses,
                },
                test: watch && (options.auto_stop || last || curve.includes(cycle)),
            };
            let (control, deadline) = (self.control, self.deadline);
            let go_on = || may_go_on(control, deadline);
            let Some(losses) = self.source.pass(&mut self.threads, &self.weights, &request, &go_on) else {
                self.discard_unevaluated(ensemble.learns());
                break (self.request_or_time(), None);
            };
            let known = request.ensemble.then_some(losses.all);
            if let Some(errors) = &known {
                let test = self.reported_test(errors, last || curve.includes(cycle), &go_on);
                curve.add(self.publish(cycle, &Errors { test, ..*errors }));
            } else {
                self.control.publish_cycle(cycle);
            }
            let verdicts = if judges {
                let (trainer, found, threads) = self.pass_result(&losses, ensemble.learns(), &go_on);
                trainer.judge(found, threads)
            } else {
                Vec::new()
            };
            let is_kept = |member: usize| verdicts.get(member) != Some(&Verdict::Rejected);
            changed |= verdicts.contains(&Verdict::Rejected);
            if options.auto_stop && losses.all.test.is_some() {
                for (member, error) in test_errors.iter_mut().enumerate().filter(|&(member, _)| is_kept(member)) {
                    *error = losses.test[member];
                }
                changed |= ensemble.record(cycle, &test_errors, &mut self.weights, &mut *self.trainer);
                if let Some(rule) = ensemble.ended() {
                    break (rule.into(), known);
                }
            }
            if last {
                break (Reason::MaxCycles, known);
            }
            if !go_on() {
                break (self.request_or_time(), known);
            }
            let (trainer, found, threads) = self.pass_result(&losses, ensemble.learns(), &go_on);
            trainer.step(cycle, found, threads);
            self.pace.record(learning as f64, begun.elapsed().as_secs_f64());
            presented += ensemble.learning() as u64;
            cycle += 1;
            changed = false;
        };
        if self.task.is_trial() {
            // The session that continues the trial computes the errors of its result.
            ensemble.restore_all(cycle, &mut self.weights, &mut *self.trainer);
            let kept = ensemble.best(self.task.answering);
            self.keep_weights(&kept);
            let best_cycle = ensemble.latest_cycle(&kept, cycle);
            let errors = Errors { train: Sums::default(), test: None };
            let finish = Finish { reason, first_cycle, cycle, best_cycle, presented, factor: 1.0, errors };
            return Some(self.finish(&finish, &kept, curve.into_points()));
        }
        let watched = |errors: &Errors| errors.test.is_some() == watch;
        // If the training ended within a cycle, or the last pass skipped rows, the errors are computed now.
        let last = match known.filter(watched) {
            Some(errors) => errors,
            None => self.present_errors(seats, OfTraining::Losses, watch, self.task.members)?,
        };
        let point = self.publish(cycle, &last);
        changed |= ensemble.restore_all(cycle, &mut self.weights, &mut *self.trainer);
        let kept = ensemble.best(self.task.answering);
        changed |= self.keep_weights(&kept);
        let errors = if changed { self.present_errors(seats, OfTraining::Losses, watch, kept.len())? } else { last };
        let best_cycle = ensemble.latest_cycle(&kept, cycle);
        let factor = if best_cycle > 0 { self.soften(seats, kept.len())? } else { 1.0 };
        let errors =
            if factor < 1.0 { self.present_errors(seats, OfTraining::Losses, true, kept.len())? } else { errors };
        let finish = Finish { reason, first_cycle, cycle, best_cycle, presented, factor, errors };
        Some(self.finish(&finish, &kept, curve.end(point)))
    }

    /// Finishes a training of cells, whose weights this session has: computes their errors and scales the logits.
    /// Returns also the factor of the logits. None if the training is cancelled.
    pub(super) fn finish_recurrent(mut self, seats: &mut Seats, end: RecurrentEnd) -> Option<(Trained, Report, f64)> {
        let RecurrentEnd { reason, cycle, best_cycle, presented, threads, curve } = end;
        let (watch, count) = (self.source.has_test_rows(), self.task.members);
        let mut errors = self.present_errors(seats, OfTraining::Losses, watch, count)?;
        let factor = if best_cycle > 0 { self.soften(seats, count)? } else { 1.0 };
        if factor < 1.0 {
            errors = self.present_errors(seats, OfTraining::Losses, watch, count)?;
        }
        let finish = Finish { reason, first_cycle: 0, cycle, best_cycle, presented, factor, errors };
        let point = self.publish(cycle, &errors);
        let curve = Curve::continuing(curve, count, true).end(point);
        let (made, report) = self.finish(&finish, &(0..count).collect::<Vec<_>>(), curve);
        Some((made, Report { threads: report.threads.max(threads), ..report }, factor))
    }

    /// Keeps only the weights of these members. Returns whether any were dropped.
    fn keep_weights(&mut self, members: &[usize]) -> bool {
        if members.len() == self.task.members {
            return false;
        }
        let each = self.task.layout.parameters();
        self.weights = pick(&self.weights, each, members);
        self.decays = pick(&self.decays, 1, members);
        let objective = objective(self.task, self.statistics, &self.normalization, members.len());
        self.source = LocalRows::new(&self.task.dataset, objective, false);
        true
    }

    /// Multiplies the logits by the factor that minimizes the loss of the validation rows, and returns it; 1 if none is
    /// better or softening does not apply. None if the training is cancelled.
    fn soften(&mut self, seats: &mut Seats, members: usize) -> Option<f64> {
        let task = self.task;
        let weights = self.statistics.class_weights(&task.options.class_weight);
        let weights = if soften::applies(task) {
            soften::class_weights(&self.statistics.classes, weights.as_deref())
        } else {
            None
        };
        let Some(weights) = weights else { return Some(1.0) };
        let judging = task.objective(self.normalization.clone(), members).weighted(Some(Arc::new(weights)));
        // Replaces the source with gradients, which are not needed any more.
        self.source = LocalRows::new(&task.dataset, judging, false);
        let last = LastLayers::of(&task.layout, &self.weights);
        let factor = soften::best_factor(|factor| {
            last.multiply(factor, &mut self.weights);
            let errors = self.present_errors(seats, OfTraining::Nothing, true, members)?;
            errors.test.map(|test| test.mean())
        })?;
        last.multiply(factor, &mut self.weights);
        let objective = objective(task, self.statistics, &self.normalization, members);
        self.source = LocalRows::new(&task.dataset, objective, false);
        Some(factor)
    }

    /// The result and the report of the training, for these members.
    fn finish(self, finish: &Finish, members: &[usize], curve: Vec<Point>) -> (Trained, Report) {
        let Finish { reason, first_cycle, cycle, best_cycle, presented, factor, errors } = *finish;
        if !self.task.is_trial() {
            self.publish(cycle, &errors);
        }
        let time = self.control.started().elapsed();
        let test_error = errors.test.map(|sums| sums.mean());
        let class_errors = self.class_errors(&errors);
        let overfitting = reason == Reason::Overfitting;
        let (set, found) = match test_error {
            Some(error) => (Set::Test, error),
            None => (Set::Train, errors.train.mean()),
        };
        let (task, dataset) = (self.task, &self.task.dataset);
        let schema = task.schema.as_deref();
        let before = task.trained.statistics;
        let cycles = before.total_cycles.saturating_add(cycle - first_cycle);
        let mut faults = Vec::new();
        if !task.is_trial() {
            faults = warnings(self.statistics, dataset, &self.normalization, &task.options, schema);
            let baseline = baseline::error(task, self.statistics, &self.normalization, dataset.set(set));
            faults.extend(baseline_warning(found, baseline, set, cycles));
        }
        // `presented` counts members, and each was presented with every row.
        let rows = dataset.train.len() as u64;
        let statistics = Statistics {
            total_steps: before.total_steps.saturating_add(presented * rows),
            total_cycles: cycles,
            total_seconds: before.total_seconds + time.as_secs_f64(),
            train_error: errors.train.mean(),
            test_error: test_error.unwrap_or(0.0),
            class_errors: class_errors.unwrap_or(0.0),
            overfitting,
            test_decided: task.training.auto_stop,
        };
        let report = Report {
            reason,
            cycles: cycle,
            best_cycle,
            time,
            threads: self.threads.most().max(self.before.map_or(0, |trial| trial.threads)),
            train_error: statistics.train_error,
            test_error,
            class_errors,
            overfitting,
            warnings: faults,
            curve,
        };
        let mut normalization = self.normalization;
        if best_cycle == 0 && !task.trained.is_untrained() {
            // A training without a step must change no answer, not even that of a constant output.
            normalization.keep_constants_of(&task.trained.normalization);
        }
        let (weights, decays, mut state) = (self.weights, self.decays, self.trainer.state(members));
        if factor < 1.0 {
            state = soften::scaled(state, &task.layout, factor);
        }
        (
            Trained {
                layout: Arc::clone(&task.layout),
                weights,
                decays,
                state,
                normalization,
                statistics,
                gru: task.trained.gru.clone(),
                assigned: task.trained.assigned,
            },
            report,
        )
    }

    /// Takes seats for as many threads as are useful in a cycle of this many members. None if the training is
    /// cancelled.
    fn take_seats(&mut self, seats: &mut Seats, members: usize) -> Option<()> {
        let by_rows = (1 + self.source.operations() * members / THREAD_OPERATIONS).min(self.source.shares());
        let useful = self.trainer.threads(members).unwrap_or(by_rows);
        let threads = self.pace.threads(useful);
        self.threads.set(seats.take(threads, || self.control.is_cancelled())?);
        Some(())
    }

    fn request_or_time(&self) -> Reason {
        if self.control.is_stopped() { Reason::Stopped } else { Reason::MaxTime }
    }

    /// The errors of the averaged answer of all members under the present weights. None if the training is cancelled.
    fn present_errors(&mut self, seats: &mut Seats, train: OfTraining, test: bool, members: usize) -> Option<Errors> {
        self.take_seats(seats, members)?;
        let no_member = vec![false; members];
        let request = PassRequest { members: &no_member, ensemble: true, train, test };
        let control = self.control;
        let losses = self.source.pass(&mut self.threads, &self.weights, &request, &|| !control.is_cancelled());
        losses.map(|losses| losses.all)
    }

    fn pass_result<'b>(
        &'b mut self,
        losses: &'b Losses,
        learns: &'b [bool],
        go_on: &'b (dyn Fn() -> bool + Sync),
    ) -> (&'b mut dyn Trainer, PassResult<'b>, &'b mut Threads) {
        let parameters = self.task.layout.parameters();
        let (weights, (gradient, batches)) = (&mut self.weights[..], self.source.gradient());
        let found = PassResult { parameters, weights, gradient, batches, losses, learns, go_on };
        (&mut *self.trainer, found, &mut self.threads)
    }

    /// Replaces weights that no pass has evaluated, of the members that still train.
    fn discard_unevaluated(&mut self, learns: &[bool]) {
        let members = self.weights.chunks_mut(self.task.layout.parameters()).enumerate();
        members
            .filter(|&(member, _)| learns[member])
            .for_each(|(member, weights)| self.trainer.discard_unevaluated(member, weights));
    }

    /// The sums over the validation rows that are reported with `errors`. In a trial these are the network's validation
    /// rows rather than the held-out ones; none if there are none, they are not `requested` in this cycle, or `go_on`
    /// returns false.
    fn reported_test(&mut self, errors: &Errors, requested: bool, go_on: &(dyn Fn() -> bool + Sync)) -> Option<Sums> {
        if !self.task.is_trial() {
            return errors.test;
        }
        let reported = self.reported.as_mut().filter(|rows| requested && rows.has_test_rows())?;
        let no_member = vec![false; self.task.members];
        let request = PassRequest { members: &no_member, ensemble: true, train: OfTraining::Nothing, test: true };
        reported.pass(&mut self.threads, &self.weights, &request, go_on)?.all.test
    }

    /// Publishes the errors of a cycle as progress, and returns them as a point of the curve.
    fn publish(&self, cycle: u64, errors: &Errors) -> Point {
        let test_error = errors.test.map(|sums| sums.mean());
        self.control.publish(cycle, errors.train.mean(), test_error.map(|error| (error, self.class_errors(errors))));
        Point { cycle, train_error: errors.train.mean(), test_error }
    }

    fn class_errors(&self, errors: &Errors) -> Option<f64> {
        let classifier = self.task.dataset.shape.kind == Kind::Classifier;
        errors.test.filter(|sums| classifier && sums.rows > 0).map(|sums| 100.0 * sums.wrong as f64 / sums.rows as f64)
    }
}

/// Whether no end has been requested and the deadline has not passed.
fn may_go_on(control: &Control, deadline: Option<Instant>) -> bool {
    !control.is_stopped() && deadline.is_none_or(|deadline| Instant::now() < deadline)
}

/// The objective of this many members, with class weights.
fn objective(task: &Task, statistics: &RowStatistics, normalization: &Normalization, members: usize) -> Objective {
    let class_weights = statistics.class_weights(&task.options.class_weight);
    task.objective(normalization.clone(), members).weighted(class_weights)
}

/// How a training of cells ended, whose cycles are not run by a session.
pub(super) struct RecurrentEnd {
    pub(super) reason: Reason,
    pub(super) cycle: u64,
    pub(super) best_cycle: u64,
    /// Sum over cycles of the members that stepped.
    pub(super) presented: u64,
    /// The most threads that took part.
    pub(super) threads: usize,
    pub(super) curve: Vec<Point>,
}

/// How a training ended, with the errors of its result.
#[derive(Debug, Clone, Copy)]
struct Finish {
    reason: Reason,
    /// Cycles of the trial that it continues, or 0.
    first_cycle: u64,
    cycle: u64,
    best_cycle: u64,
    /// Sum over cycles of the members that stepped.
    presented: u64,
    /// The factor by which the logits have been multiplied.
    factor: f64,
    errors: Errors,
}
