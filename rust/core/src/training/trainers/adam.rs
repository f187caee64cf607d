//! Adam with mini-batches of a few hundred rows. The network answers with an exponential moving average of the weights.
//!
//! A cycle presents all rows once, in a random order. Groups of sixteen rows are shuffled rather than rows, since the
//! kernels read rows in groups. The average covers about the last tenth of the steps, at most a thousand. It is as good
//! as weights trained with a decaying learning rate, without a need to know when the training will end
//! (Morales-Brotons, Vogels, Hendrikx, "Exponential moving average of weights in deep learning", TMLR 2024).
//!
//! Weights of sparse inputs (those that are looked up), and their moments, are touched only by batches that have the
//! input. The decay of moments and average over the steps in between is applied when the input next occurs, and at the
//! end of the cycle; the small steps that the moments alone would have caused are left out.

use std::ops::Range;

use super::{Description, PassResult, Threads, Trainer, WeightDecay};
use crate::constraint::Constraint;
use crate::dataset::Rows;
use crate::kernels::{AdamParameters, AdamRule, BETA1, BETA2, Buffer, LANES, flush_tiny, kernels};
use crate::layers::Noted;
use crate::objective::{Objective, Scratch, Sums};
use crate::random::Random;
use crate::trainer_state::{AdamMember, AdamState, RpropState, TrainerState};
use crate::training::pass::Batches;
use crate::training::task::Task;

pub(super) const DESCRIPTION: Description = Description {
    new: |task, decay, state| Box::new(Adam::new(task, decay, state)),
    state_bytes: |_, _| RpropState::BYTES_PER_PARAMETER + AdamState::BYTES_PER_PARAMETER,
    working_bytes: MAX_PARTS * size_of::<f32>(),
    by_batches: true,
};

/// The most groups of a batch: 256 rows.
const MAX_GROUPS: usize = 16;
/// The least batches of a cycle; with few rows batches are smaller than [`MAX_GROUPS`] for it.
const MIN_BATCHES: usize = 20;
/// Floating-point operations of a part of a batch: fewer do not pay for a thread.
const PART_OPERATIONS: usize = 4_000_000;
/// The most parts of a batch.
const MAX_PARTS: usize = 2;
/// The learning rate: a parameter moves by about this in a step.
const LEARNING_RATE: f32 = 0.01;
/// Weights of units with more inputs than this have a lower rate, in proportion to the root of the number of inputs.
const MANY_INPUTS: f32 = 100.0;
/// Steps over which the learning rate rises to its full value, since moments of a few gradients are unreliable.
const WARM_UP_STEPS: u64 = 100;
/// The largest decay factor of the average of weights.
const MAX_AVERAGE_DECAY: f64 = 0.999;
/// The stream of random numbers for the first member's orders of groups; each other member has the next stream.
const ORDER_STREAM: u64 = 1 << 32;

struct Adam {
    decay: WeightDecay,
    rprop: RpropState,
    state: AdamState,
    plan: Plan,
    /// Sum of the weights of the training rows.
    weight: f64,
    /// The workers of each member; none before its first step.
    workers: Vec<Vec<Worker>>,
}

/// Settings that are the same for all members and cycles.
struct Plan {
    seed: u64,
    /// Ranges of the parameters that every step changes, with their learning rate and their factor of the weight decay.
    dense: Vec<(Range<usize>, f32, f32)>,
    looked_up: LookedUpWeights,
    constraint: Option<Constraint>,
    /// Groups of a batch.
    groups: usize,
    /// Parts of a batch, which are computed in parallel.
    parts: usize,
}

/// The place of the weights of sparse inputs, and their settings.
struct LookedUpWeights {
    /// The numbers of the sparse inputs, which come after all others.
    inputs: Range<usize>,
    /// Units of the first hidden layer.
    units: usize,
    rate: f32,
    decay_factor: f32,
}

impl LookedUpWeights {
    /// The weights of an input, which follow the biases and those of the inputs before it.
    fn range(&self, input: usize) -> Range<usize> {
        (1 + input) * self.units..(2 + input) * self.units
    }
}

/// Working memory for the gradient of a part of a batch.
struct Worker {
    scratch: Scratch,
    gradient: Buffer,
    /// The sparse inputs that the part has.
    noted: Noted,
    sums: Sums,
}

impl Worker {
    fn new(objective: &Objective, parameters: usize, inputs: usize) -> Self {
        let (scratch, gradient) = (objective.scratch(), Buffer::new(parameters));
        Self { scratch, gradient, noted: Noted::new(inputs), sums: Sums::default() }
    }

    fn compute(&mut self, objective: &Objective, weights: &[f32], rows: &Rows, groups: &[u32]) {
        let buffers = (&mut self.gradient[..], &mut self.noted);
        self.sums = objective.batch(weights, rows, groups, &mut self.scratch, buffers);
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
        let mut of_looked_up =
            LookedUpWeights { inputs: looked_up.clone(), units, rate: LEARNING_RATE, decay_factor: 0.0 };
        let mut dense = Vec::new();
        let layers = task.layout.layers(task.options.activation);
        let decaying = layers.flat_map(|layer| layer.decaying()).zip(decay.factors());
        for (parameters, &(_, factor)) in decaying {
            let many = parameters.inputs.map_or(1.0, |inputs| (inputs as f32 / MANY_INPUTS).max(1.0));
            let rate = LEARNING_RATE / many.sqrt();
            let mut range = parameters.range;
            if !looked_up.is_empty() && range == first.weights() {
                (of_looked_up.rate, of_looked_up.decay_factor) = (rate, factor);
                range.end = of_looked_up.range(inputs.computed).start;
            }
            dense.push((range, rate, factor));
        }
        let groups = (task.dataset.train.table.groups() / MIN_BATCHES).clamp(1, MAX_GROUPS);
        // A row has only a few of the sparse inputs.
        let multiplications = task.layout.parameters() - (task.layout.inputs().saturating_sub(inputs.of_a_row)) * units;
        let operations = 6 * multiplications * groups * LANES;
        // Several members already run in parallel.
        let most = if task.members > 1 { 1 } else { MAX_PARTS.min(groups) };
        let parts = (operations / PART_OPERATIONS).clamp(1, most);
        Self { seed: task.seed(), dense, looked_up: of_looked_up, constraint: task.constraint(), groups, parts }
    }

    /// All groups of rows, in the random order of the cycle that a member begins after `steps` steps.
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

    fn step(&mut self, _cycle: u64, found: PassResult<'_>, threads: &mut Threads) {
        let PassResult { parameters, weights, batches, losses, learns, go_on, .. } = found;
        // The pass of the first cycle covers the training rows; those of others may not.
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
        // The moments stay: they soon follow the gradients of the restored weights.
        if let Some(own) = self.state.members_mut().nth(member) {
            own.weights.copy_from_slice(weights);
        }
    }

    fn state(self: Box<Self>, members: &[usize]) -> TrainerState {
        let (mut rprop, state) = (self.rprop.of_members(members), self.state);
        if !state.has_begun() {
            return TrainerState::Rprop(rprop);
        }
        // RPROP must not undo steps of Adam.
        rprop.signs.fill(0);
        rprop.objectives.fill(f64::INFINITY);
        TrainerState::Adam(rprop, state.of_members(members))
    }
}

/// A cycle of one member.
struct Epoch<'a> {
    member: usize,
    own: AdamMember<'a>,
    /// The average of the weights, with which the network answers.
    average: &'a mut [f32],
    workers: &'a mut [Worker],
    plan: &'a Plan,
    decay: &'a WeightDecay,
    batches: Batches<'a>,
    weight: f64,
    go_on: &'a (dyn Fn() -> bool + Sync),
}

impl Epoch<'_> {
    /// Takes a step after each batch. The parts of a batch run on `threads`, if these are given.
    fn run(&mut self, mut threads: Option<&mut Threads>) {
        let Batches { objective, rows } = self.batches;
        let all_rows = rows.len() as f64;
        let order = self.plan.order(rows.table.groups(), self.member, self.own.presented.steps);
        let batches = order.len().div_ceil(self.plan.groups);
        let rows_of_batch = (self.plan.groups * LANES) as f64;
        // Gradients are divided by the expected weight of a batch rather than its own, so that a batch of rows with
        // large weights counts more, as it does in the sum over all rows.
        let scale = (all_rows / (self.weight * rows_of_batch.min(all_rows))) as f32;
        let decay = self.decay.at(self.member, self.weight, self.own.presented.loss);
        let mut missed = MissedSteps::new(self.plan.looked_up.inputs.len(), batches);
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
            self.step(count, scale, decay, &mut missed);
        }
        if missed.steps > 0 {
            self.catch_up(&missed);
        }
        if sums.weight > 0.0 {
            self.own.presented.loss = sums.mean();
        }
    }

    /// Takes one step with the gradients of the first `parts` workers.
    fn step(&mut self, parts: usize, scale: f32, decay: f32, missed: &mut MissedSteps) {
        let steps = self.own.presented.steps + 1;
        let (power_first, power_second) = (power(BETA1.into(), steps), power(BETA2.into(), steps));
        let warm = (steps as f64 / WARM_UP_STEPS as f64).min(1.0);
        // At first the average covers about the last tenth of the steps.
        let average_decay = (steps as f64 / (steps + 9) as f64).min(MAX_AVERAGE_DECAY);
        let rule = AdamRule {
            scale,
            decay: 0.0,
            rate: (warm / (1.0 - power_first)) as f32,
            root_scale: (1.0 / (1.0 - power_second).sqrt()) as f32,
            share: (1.0 - average_decay) as f32,
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
            let (worker, after) = self.workers[part..parts].split_first_mut().expect("part is less than parts");
            for input in worker.noted.drain() {
                let (range, at) = (weights.range(input), input - weights.inputs.start);
                // An earlier part had this input, too, and this part's gradient has been added to its own.
                if missed.next[at] == missed.steps + 1 {
                    continue;
                }
                let gradient = &mut worker.gradient[range.clone()];
                after.iter_mut().for_each(|other| add(gradient, &mut other.gradient[range.clone()]));
                let count = missed.steps - missed.next[at];
                missed.apply(at, &mut self.own.parameters(self.average, range.clone()));
                let decay = decay * weights.decay_factor * (1 + count) as f32;
                let rule = AdamRule { rate: weights.rate * rule.rate, decay, ..rule };
                (kernels().adam)(rule, gradient, self.own.parameters(self.average, range));
                missed.next[at] = missed.steps + 1;
            }
        }
        if let Some(constraint) = &self.plan.constraint {
            let AdamMember { weights, first, .. } = &mut self.own;
            constraint.reflect(weights, |at| first[at] = -first[at]);
            // The average may have followed a weight across 0 before that was reflected.
            constraint.reflect(self.average, |_| {});
        }
        missed.stepped(average_decay);
        self.own.presented.steps = steps;
    }

    /// Applies the missed steps of all sparse inputs.
    fn catch_up(&mut self, missed: &MissedSteps) {
        let weights = &self.plan.looked_up;
        for (at, input) in weights.inputs.clone().enumerate() {
            missed.apply(at, &mut self.own.parameters(self.average, weights.range(input)));
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

/// The steps of a cycle that the weights of each sparse input have missed, because no batch had the input.
struct MissedSteps {
    /// Steps of the cycle so far.
    steps: u32,
    /// For each input, the first step of the cycle that has not been applied to its weights.
    next: Vec<u32>,
    /// The powers of both moments' decay factors, by the number of steps.
    moment_decays: Vec<(f32, f32)>,
    /// The product of the decay factors of the average of weights up to each step.
    average_decays: Vec<f64>,
}

impl MissedSteps {
    fn new(inputs: usize, steps: usize) -> Self {
        let count = if inputs > 0 { steps } else { 0 };
        let of_one = (1.0, 1.0);
        let powers = std::iter::successors(Some(of_one), |&(first, second)| {
            Some((flush_tiny(first * BETA1), flush_tiny(second * BETA2)))
        });
        let moment_decays = powers.take(count + 1).collect();
        Self { steps: 0, next: vec![0; inputs], moment_decays, average_decays: vec![1.0] }
    }

    /// Counts a step with this decay factor of the average of weights.
    fn stepped(&mut self, average_decay: f64) {
        self.steps += 1;
        if !self.next.is_empty() {
            self.average_decays.push(self.average_decays[self.average_decays.len() - 1] * average_decay);
        }
    }

    /// Applies the missed steps of an input to its moments and to the average of its weights.
    fn apply(&self, at: usize, parameters: &mut AdamParameters<'_>) {
        let (from, to) = (self.next[at] as usize, self.steps as usize);
        if from >= to {
            return;
        }
        let (first, second) = self.moment_decays[to - from];
        let average = (self.average_decays[to] / self.average_decays[from]) as f32;
        parameters.first.iter_mut().for_each(|mean| *mean = flush_tiny(*mean * first));
        parameters.second.iter_mut().for_each(|mean| *mean = flush_tiny(*mean * second));
        for (of_weight, &weight) in parameters.average.iter_mut().zip(&*parameters.weights) {
            *of_weight = flush_tiny(weight + (*of_weight - weight) * average);
        }
    }
}

/// Adds a gradient to another, and sets it to 0.
fn add(to: &mut [f32], from: &mut [f32]) {
    for (to, from) in to.iter_mut().zip(from) {
        *to += *from;
        *from = 0.0;
    }
}

/// A power by repeated squaring. The result of the standard library's `powf` differs between machines.
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
    fn a_power_equals_that_of_the_library_up_to_rounding() {
        for (base, exponent) in [(0.9, 0), (0.9, 1), (0.999, 7), (0.999, 10_000), (0.9, u64::MAX)] {
            let expected = f64::from(base as f32).powf(exponent as f64);
            assert!((power((base as f32).into(), exponent) - expected).abs() < 1e-12, "{base} {exponent}");
        }
    }

    #[test]
    fn after_steps_of_adam_rprop_has_no_step_to_undo() {
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
        // Without a step of Adam the state of RPROP is unchanged.
        assert_eq!(left(0).rprop().signs, [1; 3]);
    }

    #[test]
    fn orders_contain_every_group_once_and_differ_between_members_and_cycles() {
        let range = Range::default();
        let looked_up = LookedUpWeights { inputs: range, units: 1, rate: LEARNING_RATE, decay_factor: 0.0 };
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
    fn missed_steps_leave_no_tiny_numbers() {
        let mut missed = MissedSteps::new(1, 1);
        missed.stepped(0.5);
        let (mut weights, [mut first, mut second, mut average]) = ([0.0], [[1e-30]; 3]);
        missed.apply(
            0,
            &mut AdamParameters {
                weights: &mut weights,
                first: &mut first,
                second: &mut second,
                average: &mut average,
            },
        );
        assert_eq!([first, second, average], [[0.0]; 3]);
    }

    #[test]
    fn missed_steps_have_the_effect_of_steps_without_a_gradient() {
        let mut missed = MissedSteps::new(2, 40);
        let (mut first, mut second, weight, mut average) = ([0.5], [0.25], [3.0], [1.0]);
        let (mut plain_first, mut plain_second, mut plain_average) = (0.5f32, 0.25f32, 1.0f32);
        for step in 0..40u32 {
            let kept = f64::from(step + 1) / f64::from(step + 10);
            if step >= 10 {
                (plain_first, plain_second) = (plain_first * BETA1, plain_second * BETA2);
                plain_average += (3.0 - plain_average) * (1.0 - kept) as f32;
            }
            missed.stepped(kept);
        }
        // The weights of the second input have had the first ten steps.
        missed.next[1] = 10;
        let mut weights = weight;
        missed.apply(
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
