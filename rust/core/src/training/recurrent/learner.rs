//! One member in training: its cell, its layers, and its early stopping.

use super::batch::Scratch;
use super::parts::Start;
use super::plan::Plan;
use crate::kernels::{AdamParameters, AdamRule, BETA1, BETA2, Buffer, LANES, kernels};
use crate::objective::Sums;
use crate::random::Random;
use crate::sequence::gru::Segments;
use crate::stopping::{AutoStop, Rule};
use crate::trainer_state::Presented;

/// Steps over which the learning rate rises to its full value, since moments of a few gradients are unreliable.
const WARM_UP_STEPS: u64 = 100;
/// The largest decay factor of the average of weights.
const MAX_AVERAGE_DECAY: f64 = 0.99;
/// The stream of random numbers for the first member's orders of sequences; each other member has the next stream.
const ORDER_STREAM: u64 = 2 << 32;

/// A member's weights, Adam's moments, and its errors.
pub(super) struct Learner {
    member: usize,
    /// The weights that Adam steps from.
    weights: Vec<f32>,
    /// Adam's first moments.
    first: Vec<f32>,
    /// Adam's second moments.
    second: Vec<f32>,
    /// The exponential moving average of the weights, which is evaluated and becomes the result.
    pub(super) average: Vec<f32>,
    gradient: Buffer,
    scratch: Scratch,
    presented: Presented,
    pub(super) train: Sums,
    pub(super) test: Sums,
    stop: AutoStop,
    backtrack: bool,
    /// The rule that stopped it, if one has.
    pub(super) ended: Option<Rule>,
    /// Validation error of the weights that it would keep if the training ended now: the best ones with BACKTRACK, else
    /// the latest. Infinite if it was never computed.
    pub(super) test_error: f64,
    /// The cycle that had these weights; none if the error was never computed.
    pub(super) cycle: Option<u64>,
    best: Option<Vec<f32>>,
}

impl Learner {
    pub(super) fn new(plan: &Plan<'_>, member: usize, start: Start) -> Self {
        let Start { average, weights, first, second, presented } = start;
        let task = plan.task;
        let rows = if plan.test.is_next { plan.test.events() } else { plan.test.all.len() };
        let (backtrack, patience) = (task.training.backtrack, task.options.patience);
        Self {
            member,
            gradient: Buffer::new(weights.len()),
            average,
            first,
            second,
            weights,
            scratch: Scratch::new(plan),
            presented,
            train: Sums::default(),
            test: Sums::default(),
            stop: AutoStop::new(task.kind(), rows, backtrack, patience, plan.by_batches),
            backtrack,
            ended: None,
            test_error: f64::INFINITY,
            cycle: None,
            best: None,
        }
    }

    /// Its number among all members that were trained.
    pub(super) fn member(&self) -> usize {
        self.member
    }

    pub(super) fn learns(&self) -> bool {
        self.ended.is_none()
    }

    /// Computes the errors of the validation sequences.
    pub(super) fn evaluate(&mut self, plan: &Plan<'_>) {
        self.test = Sums::default();
        let order = by_length(&plan.test, None);
        for chosen in order.chunks(LANES) {
            self.scratch.pass(plan, (&plan.test, chosen), &self.average, None, &mut self.test);
        }
    }

    /// Records the validation error after `cycle` cycles, and applies the stopping rules.
    pub(super) fn record(&mut self, cycle: u64) {
        let error = if self.test.weight > 0.0 { self.test.squares / self.test.weight } else { f64::INFINITY };
        if !self.backtrack || error < self.test_error {
            (self.test_error, self.cycle) = (error, Some(cycle));
            if self.backtrack {
                self.best.get_or_insert_default().clone_from(&self.average);
            }
        }
        self.ended = self.stop.ends(cycle, error);
    }

    /// Restores the best weights, if BACKTRACK kept them. The moments stay: they soon follow the gradients of the restored
    /// weights.
    pub(super) fn restore_best(&mut self) {
        if let Some(best) = self.best.take().filter(|best| *best != self.average) {
            self.weights.clone_from(&best);
            self.average = best;
        }
    }

    /// What a later training begins with.
    pub(super) fn into_start(self) -> Start {
        let Self { average, weights, first, second, presented, .. } = self;
        Start { average, weights, first, second, presented }
    }

    /// Presents all training sequences once, with a step after each batch.
    pub(super) fn cycle(&mut self, plan: &Plan<'_>, cycle: u64, go_on: &(dyn Fn() -> bool + Sync)) {
        let seed = plan.task.seed() ^ plan.task.trained.statistics.total_cycles.wrapping_add(cycle);
        let mut random = Random::new(seed, ORDER_STREAM + self.member as u64);
        let order = by_length(&plan.train, Some(&mut random));
        let mut groups: Vec<&[u32]> = order.chunks(LANES).collect();
        shuffle(&mut groups, &mut random);
        // Gradients are divided by the expected weight of a batch rather than its own, so that a batch of outcomes with
        // large weights counts more, as it does in the sum over all.
        let (all, batch) = (order.len() as f64, plan.batch.min(order.len()) as f64);
        let scale = (all / (plan.weight * batch)) as f32;
        self.train = Sums::default();
        let decay = plan.decay(self.member, self.presented.loss);
        for batch in groups.chunks(plan.batch / LANES) {
            if !go_on() {
                break;
            }
            for chosen in batch {
                let gradient = Some(&mut self.gradient[..]);
                self.scratch.pass(plan, (&plan.train, chosen), &self.weights, gradient, &mut self.train);
            }
            self.step(plan, scale, decay);
        }
        if self.train.weight > 0.0 {
            self.presented.loss = self.train.mean();
        }
    }

    fn step(&mut self, plan: &Plan<'_>, scale: f32, decay: f32) {
        self.presented.steps += 1;
        let steps = self.presented.steps;
        let power = |base: f32| (0..steps.min(20_000)).fold(1.0, |power, _| power * f64::from(base));
        let warm = (steps as f64 / WARM_UP_STEPS as f64).min(1.0);
        let average_decay = (steps as f64 / (steps + 9) as f64).min(MAX_AVERAGE_DECAY);
        let rule = AdamRule {
            scale,
            decay: 0.0,
            rate: (warm / (1.0 - power(BETA1))) as f32,
            root_scale: (1.0 / (1.0 - power(BETA2)).sqrt()) as f32,
            share: (1.0 - average_decay) as f32,
        };
        for (range, rate, factor) in &plan.ranges {
            let rule = AdamRule { rate: rule.rate * rate, decay: decay * factor, ..rule };
            let parameters = AdamParameters {
                weights: &mut self.weights[range.clone()],
                first: &mut self.first[range.clone()],
                second: &mut self.second[range.clone()],
                average: &mut self.average[range.clone()],
            };
            (kernels().adam)(rule, &mut self.gradient[range.clone()], parameters);
        }
    }
}

/// The numbers of all sequences in ascending order of length, so that those in a group have about the same length. With
/// `random` sequences of the same length are in a random order.
fn by_length(segments: &Segments, random: Option<&mut Random>) -> Vec<u32> {
    let mut order: Vec<u32> = (0..segments.all.len() as u32).collect();
    if let Some(random) = random {
        shuffle(&mut order, random);
    }
    order.sort_by_key(|&at| segments.all[at as usize].events());
    order
}

fn shuffle<T>(all: &mut [T], random: &mut Random) {
    for last in (1..all.len()).rev() {
        all.swap(last, random.below(last as u64 + 1) as usize);
    }
}
