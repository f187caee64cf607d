//! Mini-batches: a step after each batch of a few hundred rows, by Adam, and an average of the weights, which answers.
//!
//! A cycle is an epoch: all rows once, in an order of its own. Groups of sixteen rows are shuffled, not rows, so that they stay as
//! the kernels read them. The average is over about a tenth of the steps so far, at most a thousand: it is as good as weights that
//! were learnt with ever smaller steps, without knowing when the training will end (Morales-Brotons, Vogels, Hendrikx, "Exponential
//! moving average of weights in deep learning", TMLR 2024).
//!
//! Weights of inputs that are looked up, and means of their gradients, are touched only by batches that have such an input. What a
//! step would have done to them otherwise, but for moving them, is made up for when they are met again, and at the end of the cycle.

use std::ops::Range;

use super::{Description, Found, Threads, Trainer, WeightDecay};
use crate::constraint::Constraint;
use crate::dataset::Rows;
use crate::kernels::{AdamParameters, AdamRule, Buffer, FIRST_KEPT, LANES, SECOND_KEPT, kernels};
use crate::layers::Noted;
use crate::objective::{Objective, Scratch, Sums};
use crate::random::Random;
use crate::trainer_state::{AdamMember, AdamState, RpropState, TrainerState};
use crate::training::pass::Batches;
use crate::training::task::Task;

pub(super) const DESCRIPTION: Description = Description {
    new: |task, decay, state| Box::new(Adam::new(task, decay, state)),
    state_bytes: |_, _| RpropState::BYTES_PER_PARAMETER + AdamState::BYTES_PER_PARAMETER,
    working_bytes: MOST_PARTS * size_of::<f32>(),
    by_batches: true,
};

/// Groups of a batch at most: 256 rows.
const MOST_GROUPS: usize = 16;
/// Batches of a cycle at least, of as few rows as that may take.
const LEAST_BATCHES: usize = 20;
/// Operations of a batch that are worth a thread of their own.
const PART_OPERATIONS: usize = 4_000_000;
/// Parts of a batch at most.
const MOST_PARTS: usize = 2;
/// How far a parameter moves in a step, about.
const RATE: f32 = 0.01;
/// Inputs of a unit from which on its weights move by less.
const MANY_INPUTS: f32 = 100.0;
/// Steps before they are of full length: means of a few gradients are not worth much.
const WARM_UP: u64 = 100;
/// How much of the average of weights a step keeps at most.
const MOST_KEPT: f64 = 0.999;
/// The stream of random numbers from which the first member's orders are drawn; each other has the next.
const ORDER_STREAM: u64 = 1 << 32;
/// Means below this are as good as none: numbers that are not normal are slow.
const LEAST_MEAN: f32 = 1e-30;

struct Adam {
    decay: WeightDecay,
    rprop: RpropState,
    state: AdamState,
    plan: Plan,
    /// What all training rows weigh together.
    weight: f64,
    /// Those of each member that has learnt.
    workers: Vec<Vec<Worker>>,
}

/// What is the same for all members and cycles.
struct Plan {
    seed: u64,
    /// The parameters that move in each step, with their rate and how many times as much weight decay as others they have.
    dense: Vec<(Range<usize>, f32, f32)>,
    looked_up: LookedUpWeights,
    constraint: Option<Constraint>,
    /// Groups of a batch.
    groups: usize,
    /// Parts that a batch is cut into, which are computed side by side.
    parts: usize,
}

/// Where the weights of inputs are that are looked up.
struct LookedUpWeights {
    /// The first of these inputs, and the number of all inputs.
    inputs: Range<usize>,
    units: usize,
    rate: f32,
    decay_factor: f32,
}

impl LookedUpWeights {
    fn range(&self, input: usize) -> Range<usize> {
        (1 + input) * self.units..(2 + input) * self.units
    }
}

/// What computes the gradient of a part of a batch.
struct Worker {
    scratch: Scratch,
    gradient: Buffer,
    noted: Noted,
    sums: Sums,
}

impl Worker {
    fn new(objective: &Objective, parameters: usize, inputs: usize) -> Self {
        let (scratch, gradient) = (objective.scratch(), Buffer::new(parameters));
        Self { scratch, gradient, noted: Noted::new(inputs), sums: Sums::default() }
    }

    fn compute(&mut self, objective: &Objective, weights: &[f32], rows: &Rows, groups: &[u32]) {
        let wanted = (&mut self.gradient[..], &mut self.noted);
        self.sums = objective.batch(weights, rows, groups, &mut self.scratch, wanted);
    }
}

impl Adam {
    fn new(task: &Task, decay: WeightDecay, state: TrainerState) -> Self {
        let (rprop, saved) = match state {
            TrainerState::Adam(rprop, saved) => (rprop, Some(saved)),
            other => (other.into_rprop(), None),
        };
        let state = saved.unwrap_or_else(|| AdamState::new(Vec::new(), task.members));
        let workers = (0..task.members).map(|_| Vec::new()).collect();
        Self { plan: Plan::new(task, &decay), decay, rprop, state, weight: 0.0, workers }
    }
}

impl Plan {
    fn new(task: &Task, decay: &WeightDecay) -> Self {
        let (inputs, units) = (task.layout.first_inputs(), task.layout.units()[1]);
        let looked_up = inputs.computed..task.layout.inputs();
        let first = task.layout.connections().next().expect("a layout has a connection");
        let mut of_looked_up = LookedUpWeights { inputs: looked_up.clone(), units, rate: RATE, decay_factor: 0.0 };
        let mut dense = Vec::new();
        let layers = task.layout.layers(task.options.activation);
        let decaying = layers.flat_map(|layer| layer.decaying()).zip(decay.factors());
        for (parameters, &(_, factor)) in decaying {
            let many = parameters.inputs.map_or(1.0, |inputs| (inputs as f32 / MANY_INPUTS).max(1.0));
            let rate = RATE / many.sqrt();
            let mut range = parameters.range;
            if !looked_up.is_empty() && range == first.weights() {
                (of_looked_up.rate, of_looked_up.decay_factor) = (rate, factor);
                range.end = of_looked_up.range(inputs.computed).start;
            }
            dense.push((range, rate, factor));
        }
        let groups = (task.dataset.train.table.groups() / LEAST_BATCHES).clamp(1, MOST_GROUPS);
        // Of inputs that are looked up a row has a few.
        let multiplications = task.layout.parameters() - (task.layout.inputs().saturating_sub(inputs.of_a_row)) * units;
        let operations = 6 * multiplications * groups * LANES;
        // Several members are computed side by side as they are.
        let most = if task.members > 1 { 1 } else { MOST_PARTS.min(groups) };
        let parts = (operations / PART_OPERATIONS).clamp(1, most);
        Self { seed: task.seed(), dense, looked_up: of_looked_up, constraint: task.constraint(), groups, parts }
    }

    /// The groups of all rows, in the order of a member's cycle that begins after so many steps.
    fn order(&self, groups: usize, member: usize, steps: u64) -> Vec<u32> {
        let mut random = Random::new(self.seed ^ steps, ORDER_STREAM + member as u64);
        let mut order: Vec<u32> = (0..groups as u32).collect();
        for last in (1..order.len()).rev() {
            order.swap(last, random.below(last as u64 + 1) as usize);
        }
        order
    }
}

impl Trainer for Adam {
    fn threads(&self, learning: usize) -> Option<usize> {
        Some(learning.max(self.plan.parts))
    }

    fn step(&mut self, _cycle: u64, found: Found<'_>, threads: &mut Threads) {
        let Found { parameters, weights, batches, losses, learns, go_on, .. } = found;
        // The first cycle looks at all rows.
        if losses.all.train.weight > 0.0 {
            self.weight = losses.all.train.weight;
        }
        if self.state.weights.is_empty() {
            self.state = AdamState::new(weights.to_vec(), learns.len());
        }
        let Self { decay, state, plan, weight, workers, .. } = self;
        let members = state.members_mut().zip(weights.chunks_mut(parameters)).zip(workers).enumerate();
        let mut epochs: Vec<Epoch<'_>> = members
            .filter(|&(member, _)| learns[member])
            .map(|(member, ((own, average), workers))| {
                while workers.len() < plan.parts {
                    workers.push(Worker::new(batches.objective, parameters, plan.looked_up.inputs.end));
                }
                Epoch { member, own, average, workers, plan, decay, batches, weight: *weight, go_on }
            })
            .collect();
        if plan.parts > 1 {
            epochs.iter_mut().for_each(|epoch| epoch.run(Some(threads)));
        } else {
            threads.each(epochs.len(), epochs, |epoch| epoch.run(None));
        }
    }

    fn restore_member(&mut self, member: usize, weights: &[f32], _from: Option<&TrainerState>) {
        // Means of gradients are soon those of other weights.
        if let Some(own) = self.state.members_mut().nth(member) {
            own.weights.copy_from_slice(weights);
        }
    }

    fn state(self: Box<Self>, members: &[usize]) -> TrainerState {
        let (mut rprop, state) = (self.rprop.of_members(members), self.state);
        if !state.has_begun() {
            return TrainerState::Rprop(rprop);
        }
        // The last steps are not RPROP's any more: it has none to undo.
        rprop.signs.fill(0);
        rprop.objectives.fill(f64::INFINITY);
        TrainerState::Adam(rprop, state.of_members(members))
    }
}

/// A cycle of one member.
struct Epoch<'a> {
    member: usize,
    own: AdamMember<'a>,
    /// The weights that answer.
    average: &'a mut [f32],
    workers: &'a mut [Worker],
    plan: &'a Plan,
    decay: &'a WeightDecay,
    batches: Batches<'a>,
    weight: f64,
    go_on: &'a (dyn Fn() -> bool + Sync),
}

impl Epoch<'_> {
    /// Takes a step after each batch, with these threads for the parts of one, if there are several.
    fn run(&mut self, mut threads: Option<&mut Threads>) {
        let Batches { objective, rows } = self.batches;
        let all_rows = rows.len() as f64;
        let order = self.plan.order(rows.table.groups(), self.member, self.own.presented.steps);
        let batches = order.len().div_ceil(self.plan.groups);
        let rows_of_batch = (self.plan.groups * LANES) as f64;
        // Divided by what is expected, a batch of heavy rows counts more, as it does among all rows.
        let scale = (all_rows / (self.weight * rows_of_batch.min(all_rows))) as f32;
        let decay = self.decay.at(self.member, self.weight, self.own.presented.loss);
        let mut late = Late::new(self.plan.looked_up.inputs.len(), batches);
        let mut sums = Sums::default();
        for groups in order.chunks(self.plan.groups) {
            if !(self.go_on)() {
                break;
            }
            let parts = groups.chunks(groups.len().div_ceil(self.plan.parts));
            let count = parts.len();
            let work: Vec<_> = self.workers.iter_mut().zip(parts).collect();
            let weights = &*self.own.weights;
            match &mut threads {
                Some(threads) => threads.each(count, work, |(worker, groups)| {
                    worker.compute(objective, weights, rows, groups);
                }),
                None => work.into_iter().for_each(|(worker, groups)| worker.compute(objective, weights, rows, groups)),
            }
            self.workers[..count].iter().for_each(|worker| sums.add(&worker.sums));
            self.step(count, scale, decay, &mut late);
        }
        if late.steps > 0 {
            self.catch_up(&late);
        }
        if sums.weight > 0.0 {
            self.own.presented.loss = sums.mean();
        }
    }

    fn step(&mut self, parts: usize, scale: f32, decay: f32, late: &mut Late) {
        let steps = self.own.presented.steps + 1;
        let (kept_first, kept_second) = (power(FIRST_KEPT.into(), steps), power(SECOND_KEPT.into(), steps));
        let warm = (steps as f64 / WARM_UP as f64).min(1.0);
        // Kept of a short average: about nine tenths of the steps so far.
        let kept = (steps as f64 / (steps + 9) as f64).min(MOST_KEPT);
        let rule = AdamRule {
            scale,
            decay: 0.0,
            rate: (warm / (1.0 - kept_first)) as f32,
            root_scale: (1.0 / (1.0 - kept_second).sqrt()) as f32,
            share: (1.0 - kept) as f32,
        };
        let (first, others) = self.workers[..parts].split_first_mut().expect("a batch has a part");
        for (range, rate, factor) in &self.plan.dense {
            let gradient = &mut first.gradient[range.clone()];
            for other in others.iter_mut() {
                add(gradient, &mut other.gradient[range.clone()]);
            }
            let rule = AdamRule { rate: rate * rule.rate, decay: decay * factor, ..rule };
            (kernels().adam)(rule, gradient, self.own.parameters(self.average, range.clone()));
        }
        let weights = &self.plan.looked_up;
        for part in 0..parts {
            let (worker, after) = self.workers[part..parts].split_first_mut().expect("there is such a part");
            for input in worker.noted.drain() {
                let (range, at) = (weights.range(input), input - weights.inputs.start);
                // Another part had it, too, and has taken this part's gradient along.
                if late.next[at] == late.steps + 1 {
                    continue;
                }
                let gradient = &mut worker.gradient[range.clone()];
                after.iter_mut().for_each(|other| add(gradient, &mut other.gradient[range.clone()]));
                let missed = late.steps - late.next[at];
                late.make_up(at, &mut self.own.parameters(self.average, range.clone()));
                let decay = decay * weights.decay_factor * (1 + missed) as f32;
                let rule = AdamRule { rate: weights.rate * rule.rate, decay, ..rule };
                (kernels().adam)(rule, gradient, self.own.parameters(self.average, range));
                late.next[at] = late.steps + 1;
            }
        }
        if let Some(constraint) = &self.plan.constraint {
            let AdamMember { weights, first, .. } = &mut self.own;
            constraint.reflect(weights, |at| first[at] = -first[at]);
            // It has followed a weight across 0.
            constraint.reflect(self.average, |_| {});
        }
        late.stepped(kept);
        self.own.presented.steps = steps;
    }

    /// Makes up for the steps that weights of inputs have missed since they were last met.
    fn catch_up(&mut self, late: &Late) {
        let weights = &self.plan.looked_up;
        for (at, input) in weights.inputs.clone().enumerate() {
            late.make_up(at, &mut self.own.parameters(self.average, weights.range(input)));
        }
    }
}

impl AdamMember<'_> {
    fn parameters<'b>(&'b mut self, average: &'b mut [f32], range: Range<usize>) -> AdamParameters<'b> {
        AdamParameters {
            weights: &mut self.weights[range.clone()],
            first: &mut self.first[range.clone()],
            second: &mut self.second[range.clone()],
            average: &mut average[range],
        }
    }
}

/// What steps weights of inputs have missed, since in a cycle only those are touched that a batch has.
struct Late {
    /// Steps of the cycle so far.
    steps: u32,
    /// The first step of the cycle that each input has not seen.
    next: Vec<u32>,
    /// What so many steps without a gradient keep of the means of gradients.
    kept: Vec<(f32, f32)>,
    /// What the steps up to each have kept of the average of weights.
    averages: Vec<f64>,
}

impl Late {
    fn new(inputs: usize, steps: usize) -> Self {
        let count = if inputs > 0 { steps } else { 0 };
        let of_one = (1.0, 1.0);
        let kept = std::iter::successors(Some(of_one), |&(first, second)| {
            Some((normal(first * FIRST_KEPT), normal(second * SECOND_KEPT)))
        });
        Self { steps: 0, next: vec![0; inputs], kept: kept.take(count + 1).collect(), averages: vec![1.0] }
    }

    fn stepped(&mut self, kept: f64) {
        self.steps += 1;
        if !self.next.is_empty() {
            self.averages.push(self.averages[self.averages.len() - 1] * kept);
        }
    }

    /// Does to the weights of an input what the steps that it has missed would have done.
    fn make_up(&self, at: usize, parameters: &mut AdamParameters<'_>) {
        let (from, to) = (self.next[at] as usize, self.steps as usize);
        if from >= to {
            return;
        }
        let ((first, second), average) = (self.kept[to - from], (self.averages[to] / self.averages[from]) as f32);
        parameters.first.iter_mut().for_each(|mean| *mean = normal(*mean * first));
        parameters.second.iter_mut().for_each(|mean| *mean = normal(*mean * second));
        for (of_weight, &weight) in parameters.average.iter_mut().zip(&*parameters.weights) {
            *of_weight = weight + (*of_weight - weight) * average;
        }
    }
}

fn normal(value: f32) -> f32 {
    if value.abs() < LEAST_MEAN { 0.0 } else { value }
}

/// Adds a part of a gradient to another, and empties it.
fn add(to: &mut [f32], from: &mut [f32]) {
    for (to, from) in to.iter_mut().zip(from) {
        *to += *from;
        *from = 0.0;
    }
}

/// A power by squaring: what the library computes differs from machine to machine.
fn power(base: f64, exponent: u64) -> f64 {
    let (mut result, mut square, mut left) = (1.0, base, exponent);
    while left > 0 {
        if left & 1 == 1 {
            result *= square;
        }
        square *= square;
        left >>= 1;
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::{Batch, Limits};
    use crate::layout::{Kind, Layout};
    use crate::network::Network;
    use crate::options::Options;
    use crate::training::TrainOptions;

    #[test]
    fn a_power_is_that_of_the_library_but_for_rounding() {
        for (base, exponent) in [(0.9, 0), (0.9, 1), (0.999, 7), (0.999, 10_000), (0.9, u64::MAX)] {
            let expected = f64::from(base as f32).powf(exponent as f64);
            assert!((power((base as f32).into(), exponent) - expected).abs() < 1e-12, "{base} {exponent}");
        }
    }

    #[test]
    fn rprop_has_no_step_to_undo_after_steps_of_adam() {
        let layout = Layout::new(&[2, 1]).unwrap();
        let (kind, limits) = (Kind::Regressor, Limits { train: 9, test: 0 });
        let mut network = Network::new(kind, layout, Options::new(kind), limits, 1).unwrap();
        network.observe(&Batch::new(&[1.0, 2.0], 2, &[3.0], 1), None, |_| {}).unwrap();
        let task = Task::new(&network, TrainOptions::default()).unwrap();
        let left = |steps| {
            let rprop = RpropState { sizes: vec![0.25; 3], signs: vec![1; 3], objectives: vec![0.5] };
            let mut state = AdamState::new(vec![0.0; 3], 1);
            state.members[0].steps = steps;
            let decay = WeightDecay::new(&task.layout, &task.options, &[1.0]);
            let adam = Adam::new(&task, decay, TrainerState::Adam(rprop, state));
            Box::new(adam).state(&[0])
        };
        let RpropState { sizes, signs, objectives } = left(1).into_rprop();
        assert_eq!((sizes, signs, objectives), (vec![0.25; 3], vec![0; 3], vec![f64::INFINITY]));
        // Without a step of Adam it goes on as it would have.
        assert_eq!(left(0).rprop().signs, [1; 3]);
    }

    #[test]
    fn an_order_has_every_group_once_and_is_another_for_each_member_and_cycle() {
        let range = Range::default();
        let looked_up = LookedUpWeights { inputs: range, units: 1, rate: RATE, decay_factor: 0.0 };
        let plan = Plan { seed: 5, dense: Vec::new(), looked_up, constraint: None, groups: 1, parts: 1 };
        let order = plan.order(100, 0, 0);
        let mut sorted = order.clone();
        sorted.sort_unstable();
        assert_eq!(sorted, (0..100).collect::<Vec<u32>>());
        assert_eq!(order, plan.order(100, 0, 0));
        for other in [plan.order(100, 1, 0), plan.order(100, 0, 100), Plan { seed: 6, ..plan }.order(100, 0, 0)] {
            assert_ne!(order, other);
        }
    }

    #[test]
    fn what_is_made_up_for_is_what_steps_without_a_gradient_would_have_done() {
        let mut late = Late::new(2, 40);
        let (mut first, mut second, weight, mut average) = ([0.5], [0.25], [3.0], [1.0]);
        let (mut plain_first, mut plain_second, mut plain_average) = (0.5f32, 0.25f32, 1.0f32);
        for step in 0..40u32 {
            let kept = f64::from(step + 1) / f64::from(step + 10);
            if step >= 10 {
                (plain_first, plain_second) = (plain_first * FIRST_KEPT, plain_second * SECOND_KEPT);
                plain_average += (3.0 - plain_average) * (1.0 - kept) as f32;
            }
            late.stepped(kept);
        }
        // The second input was last met at the tenth step.
        late.next[1] = 10;
        let mut weights = weight;
        late.make_up(
            1,
            &mut AdamParameters {
                weights: &mut weights,
                first: &mut first,
                second: &mut second,
                average: &mut average,
            },
        );
        assert_eq!(weights, weight);
        for (made_up, plain) in [(first, plain_first), (second, plain_second), (average, plain_average)] {
            assert!((made_up[0] - plain).abs() < 1e-5 * plain.abs().max(1e-3), "{made_up:?} {plain}");
        }
    }
}
