//! The cycles of one training.
//!
//! A cycle presents every training row once. It begins with the errors and the gradient of the present weights, decides
//! whether to end there, and if not takes one step. So both errors always belong to the same weights, a training that
//! ends by itself knows them of the weights it leaves, and nothing is computed twice.

use std::ops::Range;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::control::Control;
use super::crew::Crew;
use super::pool::Seats;
use super::report::Curve;
use super::task::Task;
use super::warnings::warnings;
use crate::dataset::Rows;
use crate::kernels::{Buffer, StepRule, kernels};
use crate::layout::{Kind, Layout};
use crate::normalization::{Normalization, Scaling};
use crate::objective::{Gradients, Objective, Scratch, Sums};
use crate::options::{Algorithm, Options};
use crate::report::{Point, Reason, Report};
use crate::stopping::AutoStop;
use crate::trained::{Statistics, StepperState, Trained};
use crate::weights::reexpress;

/// Operations of a cycle that are worth another thread: some 20 microseconds of work.
const THREAD_OPERATIONS: usize = 600_000;
/// Parameters of a step that are worth another thread.
const THREAD_PARAMETERS: usize = 16 << 10;

/// One training while it runs.
pub(super) struct Session<'a> {
    task: &'a Task,
    control: &'a Control,
    objective: Objective,
    normalization: Normalization,
    weights: Vec<f32>,
    state: StepperState,
    train: Vec<Mutex<Share>>,
    test: Vec<Mutex<Share>>,
    scratch: Vec<Mutex<Scratch>>,
    deadline: Option<Instant>,
    most_threads: usize,
    warnings: Vec<String>,
}

/// A share of a set, and its sums.
struct Share {
    groups: Range<usize>,
    sums: Sums,
    /// Empty for testing rows.
    gradient: Buffer,
    /// The members' own weighted losses, where gradients are computed.
    losses: Vec<f64>,
}

/// Errors of one set of weights.
#[derive(Debug, Clone, Copy)]
struct Errors {
    train: Sums,
    test: Option<Sums>,
}

/// The weights with the least test error so far, with the trainer's state at that cycle.
struct Best {
    cycle: u64,
    errors: Errors,
    weights: Vec<f32>,
    state: StepperState,
}

impl<'a> Session<'a> {
    /// Prepares a training: normalization, and the weights expressed under it. None if it is cancelled meanwhile.
    pub(super) fn new(task: &'a Task, control: &'a Control) -> Option<Self> {
        let normalization = task.normalization();
        let (mut weights, mut state) = task.beginning();
        let before = &task.trained.normalization;
        if !task.trained.is_untrained() && normalization != *before {
            let each = task.layout.parameters();
            for (weights, sizes) in weights.chunks_exact_mut(each).zip(state.sizes.chunks_exact_mut(each)) {
                reexpress(&task.layout, task.options.output, before, &normalization, weights, sizes);
            }
        }
        if control.is_cancelled() {
            return None;
        }
        let objective = task.objective(normalization.clone());
        let shares = |rows: &Rows, parameters: usize| {
            let share = |groups| {
                let (gradient, losses) = (Buffer::new(parameters), vec![0.0; task.members]);
                Mutex::new(Share { groups, sums: Sums::default(), gradient, losses })
            };
            objective.shares(rows).into_iter().map(share).collect()
        };
        let max_time = task.training.max_time;
        Some(Self {
            train: shares(&task.dataset.train, objective.parameters()),
            test: shares(&task.dataset.test, 0),
            scratch: Vec::new(),
            deadline: (max_time > Duration::ZERO).then(|| control.started() + max_time),
            most_threads: 1,
            warnings: warnings(task.dataset.shape, &task.dataset, &normalization, &task.options),
            task,
            control,
            objective,
            normalization,
            weights,
            state,
        })
    }

    /// Trains to the end. None if the training is cancelled.
    pub(super) fn train(mut self, seats: &mut Seats) -> Option<(Trained, Report)> {
        let options = self.task.training;
        let watch = !self.test.is_empty();
        let mut auto_stop = options.auto_stop.then(|| AutoStop::new(options.backtrack, self.task.options.patience));
        let mut best: Option<Best> = None;
        let mut curve = Curve::new();
        let mut crew = Crew::new();
        let mut cycle = 0;
        let (reason, known) = loop {
            let threads = seats.take(self.useful_threads(), || self.control.is_cancelled())?;
            let last = options.max_cycles > 0 && cycle >= options.max_cycles;
            let with_test = watch && (options.auto_stop || last || curve.wants(cycle));
            let Some(errors) = self.errors(&mut crew, threads, !last, with_test, Self::must_end) else {
                break (self.request_or_time(), None);
            };
            let point = self.tell(cycle, &errors);
            curve.add(point);
            if let (Some(auto_stop), Some(test_error)) = (&mut auto_stop, point.test_error) {
                let better = best.as_ref().is_none_or(|best| test_error < best.errors.test_error());
                if options.backtrack && better {
                    best = Some(self.keep(cycle, errors, best));
                }
                if let Some(rule) = auto_stop.ends(cycle, test_error) {
                    break (rule.into(), Some(errors));
                }
            }
            if last {
                break (Reason::MaxCycles, Some(errors));
            }
            if self.must_end() {
                break (self.request_or_time(), Some(errors));
            }
            self.step(&mut crew, threads, &errors);
            cycle += 1;
        };
        let errors = if let Some(errors) = known.filter(|errors| errors.test.is_some() == watch) {
            errors
        } else {
            // An end in the middle of a cycle, or where the testing rows were not looked at, leaves something unknown.
            let threads = seats.take(self.useful_threads(), || self.control.is_cancelled())?;
            self.errors(&mut crew, threads, false, watch, |session| session.control.is_cancelled())?
        };
        Some(self.end(reason, cycle, errors, best, curve))
    }

    /// What the training leaves: the best weights with BACKTRACK, else the last.
    fn end(mut self, reason: Reason, cycle: u64, last: Errors, best: Option<Best>, curve: Curve) -> (Trained, Report) {
        let point = self.tell(cycle, &last);
        let (best_cycle, kept) = match best.filter(|best| best.errors.test_error() < last.test_error()) {
            Some(best) => {
                (self.weights, self.state) = (best.weights, best.state);
                (best.cycle, best.errors)
            }
            None => (cycle, last),
        };
        let time = self.control.started().elapsed();
        let test_error = kept.test.map(|sums| sums.mean());
        let class_errors = self.class_errors(&kept);
        let overfitting = reason == Reason::Overfitting;
        let before = self.task.trained.statistics;
        // Each member is presented with each row.
        let rows = (self.task.dataset.train.len() * self.task.members) as u64;
        let statistics = Statistics {
            total_steps: before.total_steps.saturating_add(cycle * rows),
            total_cycles: before.total_cycles.saturating_add(cycle),
            total_seconds: before.total_seconds + time.as_secs_f64(),
            train_error: kept.train.mean(),
            test_error: test_error.unwrap_or(0.0),
            class_errors: class_errors.unwrap_or(0.0),
            overfitting,
            test_decided: self.task.training.auto_stop,
        };
        let report = Report {
            reason,
            cycles: cycle,
            best_cycle,
            time,
            threads: self.most_threads,
            train_error: statistics.train_error,
            test_error,
            class_errors,
            overfitting,
            warnings: self.warnings,
            curve: curve.end(point),
        };
        let trained =
            Trained { weights: self.weights, state: self.state, normalization: self.normalization, statistics };
        (trained, report)
    }

    /// Threads that have enough to do in a cycle.
    fn useful_threads(&self) -> usize {
        let operations = self.task.dataset.train.len() * self.objective.operations();
        (1 + operations / THREAD_OPERATIONS).min(self.train.len().max(self.test.len()))
    }

    fn request_or_time(&self) -> Reason {
        if self.control.is_stopped() { Reason::Stopped } else { Reason::MaxTime }
    }

    fn must_end(&self) -> bool {
        self.control.is_stopped() || self.deadline.is_some_and(|deadline| Instant::now() >= deadline)
    }

    /// The errors of the present weights, and the shares' gradients; none if `give_up` said so meanwhile.
    fn errors(
        &mut self,
        crew: &mut Crew,
        threads: usize,
        gradient: bool,
        test: bool,
        give_up: impl Fn(&Self) -> bool + Sync,
    ) -> Option<Errors> {
        while self.scratch.len() < threads {
            self.scratch.push(Mutex::new(self.objective.scratch()));
        }
        self.most_threads = self.most_threads.max(threads);
        let session = &*self;
        let shares = session.train.len() + if test { session.test.len() } else { 0 };
        let next = AtomicUsize::new(0);
        let given_up = AtomicBool::new(false);
        crew.run(threads, &|worker| {
            let mut scratch = lock(&session.scratch[worker]);
            let go_on = || {
                let stop = given_up.load(Ordering::Relaxed) || give_up(session);
                given_up.store(stop, Ordering::Relaxed);
                !stop
            };
            loop {
                let index = next.fetch_add(1, Ordering::Relaxed);
                if index >= shares {
                    return;
                }
                let (rows, share, gradient) = match index.checked_sub(session.train.len()) {
                    None => (&session.task.dataset.train, &session.train[index], gradient),
                    Some(index) => (&session.task.dataset.test, &session.test[index], false),
                };
                let Share { groups, sums, gradient: to, losses } = &mut *lock(share);
                let wanted = gradient.then(|| {
                    to.fill(0.0);
                    losses.fill(0.0);
                    Gradients { sums: to, losses }
                });
                *sums = session.objective.sums(&session.weights, rows, groups.clone(), &mut scratch, wanted, go_on);
            }
        });
        if given_up.into_inner() {
            return None;
        }
        let total = |shares: &mut [Mutex<Share>]| {
            let mut sums = Sums::default();
            for share in shares {
                sums.add(&whole(share).sums);
            }
            sums
        };
        Some(Errors { train: total(&mut self.train), test: test.then(|| total(&mut self.test)) })
    }

    /// One step of RPROP, with the gradients that [`Self::errors`] has left.
    fn step(&mut self, crew: &mut Crew, threads: usize, errors: &Errors) {
        let (layout, parameters) = (&self.task.layout, self.task.layout.parameters());
        let rules: Vec<StepRule> = self
            .state
            .objectives
            .iter_mut()
            .enumerate()
            .map(|(member, before)| {
                let error =
                    self.train.iter_mut().map(|share| whole(share).losses[member]).sum::<f64>() / errors.train.weight;
                let weights = &self.weights[member * parameters..][..parameters];
                rule(&self.task.options, layout, weights, errors.train.weight, error, before)
            })
            .collect();
        let workers = threads.min(self.weights.len().div_ceil(THREAD_PARAMETERS));
        let each = parameters.div_ceil(workers).next_multiple_of(16);
        // A part is of one member.
        let mut parts = Vec::with_capacity(self.weights.len() / each + 1);
        let mut gradients: Vec<_> = self
            .train
            .iter_mut()
            .map(|share| whole(share).gradient.chunks_mut(parameters).flat_map(|member| member.chunks_mut(each)))
            .collect();
        let weights = self.weights.chunks_mut(parameters).zip(rules);
        let state = self.state.sizes.chunks_mut(parameters).zip(self.state.signs.chunks_mut(parameters));
        for ((weights, rule), (sizes, signs)) in weights.zip(state) {
            let chunks = weights.chunks_mut(each).zip(sizes.chunks_mut(each)).zip(signs.chunks_mut(each));
            for (index, ((weights, sizes), signs)) in chunks.enumerate() {
                let gradients = gradients.iter_mut().map(|g| g.next().expect("as long as the weights")).collect();
                parts.push(Mutex::new(Part { rule, from: index * each, weights, sizes, signs, gradients }));
            }
        }
        let next = AtomicUsize::new(0);
        crew.run(workers, &|_| {
            while let Some(part) = parts.get(next.fetch_add(1, Ordering::Relaxed)) {
                lock(part).step(layout);
            }
        });
    }

    fn tell(&self, cycle: u64, errors: &Errors) -> Point {
        let test_error = errors.test.map(|sums| sums.mean());
        self.control.tell(cycle, errors.train.mean(), test_error.map(|error| (error, self.class_errors(errors))));
        Point { cycle, train_error: errors.train.mean(), test_error }
    }

    fn class_errors(&self, errors: &Errors) -> Option<f64> {
        let classifier = self.task.dataset.shape.kind == Kind::Classifier;
        errors.test.filter(|sums| classifier && sums.rows > 0).map(|sums| 100.0 * sums.wrong as f64 / sums.rows as f64)
    }

    /// The present weights as the best, in the memory of those that were.
    fn keep(&self, cycle: u64, errors: Errors, before: Option<Best>) -> Best {
        match before {
            None => Best { cycle, errors, weights: self.weights.clone(), state: self.state.clone() },
            Some(mut best) => {
                (best.cycle, best.errors) = (cycle, errors);
                best.weights.clone_from(&self.weights);
                best.state.clone_from(&self.state);
                best
            }
        }
    }
}

impl Errors {
    /// Infinite without testing rows.
    fn test_error(&self) -> f64 {
        self.test.map_or(f64::INFINITY, |sums| sums.mean())
    }
}

/// How a member steps whose training rows, which weigh `rows` together, have a mean loss of `error`; `before` is what it
/// minimized at its previous step, and afterwards at this one.
fn rule(options: &Options, layout: &Layout, weights: &[f32], rows: f64, error: f64, before: &mut f64) -> StepRule {
    let decay = options.l2.at(options.loss, rows, error);
    let objective = error + penalty(layout, weights, decay);
    let undo = match options.algorithm {
        Algorithm::RpropPlus => true,
        Algorithm::IrpropMinus => false,
        Algorithm::IrpropPlus => objective > *before,
    };
    *before = objective;
    StepRule { scale: (1.0 / rows) as f32, decay, undo }
}

/// What weight decay adds to the loss.
fn penalty(layout: &Layout, weights: &[f32], l2: f32) -> f64 {
    if l2 == 0.0 {
        return 0.0;
    }
    let square = |w: &f32| f64::from(*w).powi(2);
    let weights = layout.connections().map(|c| &weights[c.biases().end..c.all().end]);
    f64::from(l2) / 2.0 * weights.flat_map(|weights| weights.iter().map(square)).sum::<f64>()
}

/// Some of the parameters, with all that a step of theirs takes.
struct Part<'a> {
    rule: StepRule,
    /// Where they begin in their member.
    from: usize,
    weights: &'a mut [f32],
    sizes: &'a mut [f32],
    signs: &'a mut [i8],
    gradients: Vec<&'a mut [f32]>,
}

impl Part<'_> {
    fn step(&mut self, layout: &Layout) {
        let rule = self.rule;
        // The shares' gradients, in the order of the shares.
        let (sum, others) = self.gradients.split_first_mut().expect("there is a share");
        for other in others {
            sum.iter_mut().zip(other.iter()).for_each(|(sum, other)| *sum += other);
        }
        // Biases do not decay, so they step apart.
        let end = self.from + self.weights.len();
        for connection in layout.connections() {
            let (biases, all) = (connection.biases(), connection.all());
            for (range, decay) in [(biases.clone(), 0.0), (biases.end..all.end, rule.decay)] {
                let (from, to) = (range.start.max(self.from), range.end.min(end));
                if from < to {
                    let range = from - self.from..to - self.from;
                    (kernels().step)(
                        StepRule { decay, ..rule },
                        &sum[range.clone()],
                        &mut self.weights[range.clone()],
                        &mut self.sizes[range.clone()],
                        &mut self.signs[range],
                    );
                }
            }
        }
    }
}

impl Task {
    /// The normalization that a training of this task works under.
    fn normalization(&self) -> Normalization {
        if !self.options.normalize {
            return Normalization::default();
        }
        let (shape, rows) = (self.dataset.shape, &self.dataset.train);
        // What a trained network has learnt without normalization it has learnt under the identity.
        let before = |scaling: &Option<Scaling>, columns| {
            let trained = !self.trained.is_untrained();
            trained.then(|| scaling.clone().unwrap_or_else(|| Scaling::identity(columns)))
        };
        let Normalization { inputs, outputs } = &self.trained.normalization;
        let inputs = Scaling::of_inputs(rows, 0..shape.inputs, before(inputs, shape.inputs).as_ref());
        let outputs = (shape.kind == Kind::Regressor).then(|| {
            let before = before(outputs, shape.outputs);
            Scaling::of_outputs(rows, shape.inputs..shape.width(), self.options.output, before.as_ref())
        });
        Normalization { inputs: Some(inputs), outputs }
    }
}

/// What a mutex holds, where no other thread can have it.
fn whole<T>(mutex: &mut Mutex<T>) -> &mut T {
    mutex.get_mut().unwrap_or_else(PoisonError::into_inner)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
