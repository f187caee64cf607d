//! The cycles of one training.
//!
//! A cycle presents every training row once. It begins with the errors and the gradient of the present weights, decides
//! whether to end there, and if not takes one step. So both errors always belong to the same weights, a training that
//! ends by itself knows them of the weights it leaves, and nothing is computed twice.

use std::ops::Range;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::baseline;
use super::control::Control;
use super::crew::Crew;
use super::lbfgs::{Search, Trial};
use super::members::Members;
use super::pool::Seats;
use super::report::Curve;
use super::rprop::{Part, rule};
use super::task::Task;
use super::warnings::{learnt_nothing, warnings};
use crate::dataset::{Rows, Set};
use crate::kernels::{Buffer, StepRule};
use crate::layout::Kind;
use crate::normalization::{Normalization, Scaling};
use crate::objective::{Objective, Own, Scratch, Sums};
use crate::report::{Point, Reason, Report};
use crate::trained::{Statistics, StepperState, Trained};
use crate::weights::reexpress;

/// Operations of a cycle that are worth another thread: some 20 microseconds of work.
const THREAD_OPERATIONS: usize = 600_000;
/// Parameters of a step that are worth another thread.
const THREAD_PARAMETERS: usize = 16 << 10;
/// How much more L-BFGS does with each.
const SEARCH_TIMES: usize = 16;
/// Cycles of RPROP with which L-BFGS begins where the weights are new. Far from a minimum, how the function bends tells
/// little, and RPROP gets closer in as many cycles; a longer start leaves small networks in worse places.
const FIRST_CYCLES: u64 = 30;

/// One training while it runs.
pub(super) struct Session<'a> {
    task: &'a Task,
    control: &'a Control,
    objective: Objective,
    normalization: Normalization,
    weights: Vec<f32>,
    state: StepperState,
    /// Of each member; none but for L-BFGS.
    searches: Vec<Search>,
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
    /// The members' own weighted losses.
    losses: Vec<f64>,
}

/// What of a cycle is computed.
struct Wanted<'a> {
    /// Members whose own losses are.
    of: &'a [bool],
    /// Whether their gradients are, too.
    gradients: bool,
    /// Whether the errors are that all members make together.
    together: bool,
    /// Whether testing rows are looked at.
    test: bool,
}

/// Errors of one set of weights.
#[derive(Debug, Clone, Copy)]
struct Errors {
    train: Sums,
    test: Option<Sums>,
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
        let objective = task.objective(normalization.clone(), task.members);
        let max_time = task.training.max_time;
        Some(Self {
            searches: if task.is_lbfgs() { task.searches() } else { Vec::new() },
            train: shares(&objective, task.members, &task.dataset.train, objective.parameters()),
            test: shares(&objective, task.members, &task.dataset.test, 0),
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
        let mut members = Members::new(self.task);
        let mut curve = Curve::new(self.task.members);
        let mut crew = Crew::new();
        let (mut cycle, mut presented) = (0, 0);
        // Whether the weights are others than those of the last errors.
        let mut changed = false;
        // Each member's own, of the last weights that it did not take back.
        let mut test_errors = vec![f64::INFINITY; self.task.members];
        let (reason, known) = loop {
            let threads = seats.take(self.useful_threads(members.learning()), || self.control.is_cancelled())?;
            let last = options.max_cycles > 0 && cycle >= options.max_cycles;
            let searching = self.is_searching(cycle);
            let together = self.task.members == 1 || last || curve.wants(cycle);
            let test = watch && (options.auto_stop || last || curve.wants(cycle));
            let wanted = Wanted { of: members.learn(), gradients: !last || searching, together, test };
            let Some(errors) = self.errors(&mut crew, threads, &wanted, Self::must_end) else {
                self.take_back(members.learn());
                break (self.request_or_time(), None);
            };
            let known = together.then_some(errors);
            if let Some(errors) = &known {
                curve.add(self.tell(cycle, errors));
            } else {
                self.control.tell_cycle(cycle);
            }
            let taken = if searching { self.judge(&mut crew, threads, &errors, members.learn()) } else { Vec::new() };
            let is_taken = |member: usize| taken.get(member) != Some(&false);
            changed |= taken.contains(&false);
            if let (true, Some(sums)) = (options.auto_stop, errors.test) {
                for (member, error) in test_errors.iter_mut().enumerate().filter(|&(member, _)| is_taken(member)) {
                    *error = own_loss(&mut self.test, member) / sums.weight;
                }
                changed |= members.hear(cycle, |member| test_errors[member], &mut self.weights, &mut self.state);
                if let Some(rule) = members.ended() {
                    break (rule.into(), known);
                }
            }
            if last {
                break (Reason::MaxCycles, known);
            }
            if self.must_end() {
                break (self.request_or_time(), known);
            }
            if searching {
                self.go_on(members.learn());
            } else {
                self.step(&mut crew, threads, &errors, members.learn());
            }
            presented += members.learning() as u64;
            cycle += 1;
            changed = false;
        };
        let watched = |errors: &Errors| errors.test.is_some() == watch;
        // An end in the middle of a cycle, or where not all was looked at, leaves something unknown.
        let last = match known.filter(watched) {
            Some(errors) => errors,
            None => self.present_errors(&mut crew, seats, watch)?,
        };
        let point = self.tell(cycle, &last);
        changed |= members.all_go_back(cycle, &mut self.weights, &mut self.state);
        let kept = members.best(self.task.answering);
        changed |= self.keep(&kept);
        let errors = if changed { self.present_errors(&mut crew, seats, watch)? } else { last };
        let ended = Ended { reason, cycle, best_cycle: members.latest(&kept, cycle), presented, errors };
        Some(self.end(&ended, curve.end(point)))
    }

    /// Keeps these members alone; whether there were others.
    fn keep(&mut self, members: &[usize]) -> bool {
        if members.len() == self.task.members {
            return false;
        }
        let each = self.task.layout.parameters();
        let StepperState { sizes, signs, objectives, decays } = &self.state;
        self.state = StepperState {
            sizes: pick(sizes, each, members),
            signs: pick(signs, each, members),
            objectives: pick(objectives, 1, members),
            decays: pick(decays, 1, members),
        };
        self.weights = pick(&self.weights, each, members);
        self.objective = self.task.objective(self.normalization.clone(), members.len());
        self.train = shares(&self.objective, members.len(), &self.task.dataset.train, 0);
        self.test = shares(&self.objective, members.len(), &self.task.dataset.test, 0);
        self.scratch.clear();
        true
    }

    /// What the training leaves.
    fn end(self, ended: &Ended, curve: Vec<Point>) -> (Trained, Report) {
        let Ended { reason, cycle, best_cycle, presented, errors } = *ended;
        self.tell(cycle, &errors);
        let time = self.control.started().elapsed();
        let test_error = errors.test.map(|sums| sums.mean());
        let class_errors = self.class_errors(&errors);
        let overfitting = reason == Reason::Overfitting;
        let (set, found) = match test_error {
            Some(error) => (Set::Test, error),
            None => (Set::Train, errors.train.mean()),
        };
        let mut warnings = self.warnings;
        let same = baseline::error(self.task, &self.normalization, self.task.dataset.set(set));
        let before = self.task.trained.statistics;
        let cycles = before.total_cycles.saturating_add(cycle);
        warnings.extend(learnt_nothing(found, same, set, cycles));
        // Each member is presented with each row.
        let rows = self.task.dataset.train.len() as u64;
        let statistics = Statistics {
            total_steps: before.total_steps.saturating_add(presented * rows),
            total_cycles: cycles,
            total_seconds: before.total_seconds + time.as_secs_f64(),
            train_error: errors.train.mean(),
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
            warnings,
            curve,
        };
        let mut normalization = self.normalization;
        if best_cycle == 0 && !self.task.trained.is_untrained() {
            // Without a step nothing is answered otherwise than before, constants neither.
            normalization.keep_constants_of(&self.task.trained.normalization);
        }
        let trained = Trained { weights: self.weights, state: self.state, normalization, statistics };
        (trained, report)
    }

    /// Threads that have enough to do in a cycle.
    fn useful_threads(&self, members: usize) -> usize {
        let operations = self.task.dataset.train.len() * self.objective.operations() * members;
        (1 + operations / THREAD_OPERATIONS).min(self.train.len().max(self.test.len()))
    }

    fn request_or_time(&self) -> Reason {
        if self.control.is_stopped() { Reason::Stopped } else { Reason::MaxTime }
    }

    fn must_end(&self) -> bool {
        self.control.is_stopped() || self.deadline.is_some_and(|deadline| Instant::now() >= deadline)
    }

    /// The errors of the present weights, of all members together; none if the training is cancelled.
    fn present_errors(&mut self, crew: &mut Crew, seats: &mut Seats, test: bool) -> Option<Errors> {
        let members = self.state.objectives.len();
        let threads = seats.take(self.useful_threads(members), || self.control.is_cancelled())?;
        let wanted = Wanted { of: &vec![false; members], gradients: false, together: true, test };
        self.errors(crew, threads, &wanted, |session| session.control.is_cancelled())
    }

    /// The errors of the present weights, with the shares' own losses and gradients; none if `give_up` said so meanwhile.
    fn errors(
        &mut self,
        crew: &mut Crew,
        threads: usize,
        wanted: &Wanted<'_>,
        give_up: impl Fn(&Self) -> bool + Sync,
    ) -> Option<Errors> {
        while self.scratch.len() < threads {
            self.scratch.push(Mutex::new(self.objective.scratch()));
        }
        self.most_threads = self.most_threads.max(threads);
        let session = &*self;
        let &Wanted { of, gradients, together, test } = wanted;
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
                let (rows, share, gradients) = match index.checked_sub(session.train.len()) {
                    None => (&session.task.dataset.train, &session.train[index], gradients),
                    Some(index) => (&session.task.dataset.test, &session.test[index], false),
                };
                let Share { groups, sums, gradient: to, losses } = &mut *lock(share);
                losses.fill(0.0);
                let gradients = gradients.then(|| {
                    to.fill(0.0);
                    &mut to[..]
                });
                let own = Some(Own { of, losses, gradients });
                let (weights, groups) = (&session.weights, groups.clone());
                *sums = session.objective.sums(weights, rows, groups, &mut scratch, together, own, go_on);
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

    /// One step of RPROP of the members that learn, with the gradients that [`Self::errors`] has left.
    fn step(&mut self, crew: &mut Crew, threads: usize, errors: &Errors, learn: &[bool]) {
        let (layout, parameters) = (&self.task.layout, self.task.layout.parameters());
        let rows = errors.train.weight;
        let mut rule = |member: usize| {
            let error = own_loss(&mut self.train, member) / rows;
            let weights = &self.weights[member * parameters..][..parameters];
            let (decay, before) = (self.state.decays[member], &mut self.state.objectives[member]);
            rule(&self.task.options, layout, weights, rows, error, decay, before)
        };
        let rules: Vec<Option<StepRule>> =
            learn.iter().enumerate().map(|(member, &learns)| if learns { rule(member) } else { None }).collect();
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
                let Some(rule) = rule else { continue };
                parts.push(Mutex::new(Part { rule, from: index * each, weights, sizes, signs, gradients }));
            }
        }
        let next = AtomicUsize::new(0);
        crew.run(workers, &|_| {
            while let Some(part) = parts.get(next.fetch_add(1, Ordering::Relaxed)) {
                lock(part).step(layout, self.task.options.l2);
            }
        });
    }

    /// Whether the cycle ends with a step of L-BFGS.
    fn is_searching(&self, cycle: u64) -> bool {
        !self.searches.is_empty() && (cycle >= FIRST_CYCLES || !self.task.trained.is_untrained())
    }

    /// Lets the members that learn judge their present weights, with the gradients that [`Self::errors`] has left. Weights
    /// that are no better than before are taken back; of each member, whether they were not.
    fn judge(&mut self, crew: &mut Crew, threads: usize, errors: &Errors, learn: &[bool]) -> Vec<bool> {
        let (layout, parameters) = (&self.task.layout, self.task.layout.parameters());
        let (options, rows) = (&self.task.options, errors.train.weight);
        let errors: Vec<f64> = (0..learn.len()).map(|member| own_loss(&mut self.train, member) / rows).collect();
        let mut taken = vec![true; learn.len()];
        let mut parts = Vec::with_capacity(learn.len());
        let mut gradients: Vec<_> =
            self.train.iter_mut().map(|share| whole(share).gradient.chunks_mut(parameters)).collect();
        let state = self.state.sizes.chunks_mut(parameters).zip(self.state.signs.chunks_mut(parameters));
        let members = self.weights.chunks_mut(parameters).zip(state).zip(&mut self.searches).zip(&mut taken);
        for (member, (((weights, (sizes, signs)), search), taken)) in members.enumerate() {
            let gradients = gradients.iter_mut().map(|g| g.next().expect("as long as the weights")).collect();
            if learn[member] {
                let trial = Trial { weights, gradients, rows, error: errors[member], sizes, signs };
                parts.push(Mutex::new((trial, search, taken, self.state.decays[member])));
            }
        }
        let workers =
            threads.min(parts.len()).min((SEARCH_TIMES * parts.len() * parameters).div_ceil(THREAD_PARAMETERS));
        let next = AtomicUsize::new(0);
        crew.run(workers, &|_| {
            while let Some(part) = parts.get(next.fetch_add(1, Ordering::Relaxed)) {
                let (trial, search, taken, share) = &mut *lock(part);
                **taken = search.judge(layout, trial, |error| options.l2.at(options.loss, rows, error, *share));
            }
        });
        drop(parts);
        for member in (0..learn.len()).filter(|&member| learn[member]) {
            self.state.objectives[member] = self.searches[member].objective();
        }
        taken
    }

    /// Moves the members that learn to where their searches go on.
    fn go_on(&mut self, learn: &[bool]) {
        let weights = self.weights.chunks_mut(self.task.layout.parameters());
        for ((weights, search), _) in weights.zip(&self.searches).zip(learn).filter(|(_, learns)| **learns) {
            search.go_on(weights);
        }
    }

    /// Takes back weights that no cycle has judged.
    fn take_back(&mut self, learn: &[bool]) {
        let weights = self.weights.chunks_mut(self.task.layout.parameters());
        for ((weights, search), _) in weights.zip(&self.searches).zip(learn).filter(|(_, learns)| **learns) {
            search.take_back(weights);
        }
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
}

/// What these members have of values of which each has as many.
fn pick<T: Copy>(from: &[T], each: usize, members: &[usize]) -> Vec<T> {
    members.iter().flat_map(|member| &from[member * each..(member + 1) * each]).copied().collect()
}

/// How a training ended, with the errors of what it leaves.
#[derive(Debug, Clone, Copy)]
struct Ended {
    reason: Reason,
    cycle: u64,
    best_cycle: u64,
    /// Members that stepped, cycle after cycle.
    presented: u64,
    errors: Errors,
}

fn shares(objective: &Objective, members: usize, rows: &Rows, parameters: usize) -> Vec<Mutex<Share>> {
    let share = |groups| {
        let (gradient, losses) = (Buffer::new(parameters), vec![0.0; members]);
        Mutex::new(Share { groups, sums: Sums::default(), gradient, losses })
    };
    objective.shares(rows).into_iter().map(share).collect()
}

/// A member's own weighted losses, all shares together.
fn own_loss(shares: &mut [Mutex<Share>], member: usize) -> f64 {
    shares.iter_mut().map(|share| whole(share).losses[member]).sum()
}

impl Task {
    /// The normalization that a training of this task works under.
    pub(super) fn normalization(&self) -> Normalization {
        let (shape, rows) = (self.dataset.shape, &self.dataset.train);
        // What a trained network has learnt without normalization it has learnt under the identity.
        let before = |scaling: &Option<Scaling>, columns| {
            let trained = !self.trained.is_untrained();
            trained.then(|| scaling.clone().unwrap_or_else(|| Scaling::identity(columns)))
        };
        let Normalization { inputs, outputs } = &self.trained.normalization;
        let (normalize, before_inputs) = (self.options.normalize, before(inputs, shape.inputs));
        let inputs = Scaling::of_inputs(rows, 0..shape.inputs, normalize, before_inputs.as_ref());
        let outputs = (normalize && shape.kind == Kind::Regressor).then(|| {
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
