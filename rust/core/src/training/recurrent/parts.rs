//! Conversion between the weights of a member in training (its cell, and layers that see only this cell) and the
//! weights of the network, whose layers see the cells of all members.

use std::sync::Arc;

use super::super::task::Task;
use super::learner::Learner;
use super::plan::Plan;
use crate::dataset::Set;
use crate::kernels::LANES;
use crate::layout::Layout;
use crate::random::Random;
use crate::sequence::gru::{Gru, MOST_MEMBERS, ThroughTime};
use crate::trained::Trained;
use crate::trainer_state::{AdamState, Presented, RpropState, TrainerState};
use crate::weights::{first_sizes, initial, reexpress, widen};

/// The stream of random numbers for the first member's initial weights; each other member has the next stream.
const FIRST_WEIGHTS_STREAM: u64 = 3 << 32;

/// What the training of a member begins with. Each vector has the parameters of its cell, then those of its layers.
pub(super) struct Start {
    /// The moving average of the weights, with which the network answers.
    pub(super) average: Vec<f32>,
    /// The weights that Adam steps from.
    pub(super) weights: Vec<f32>,
    /// Adam's first moments.
    pub(super) first: Vec<f32>,
    /// Adam's second moments.
    pub(super) second: Vec<f32>,
    pub(super) presented: Presented,
}

impl Start {
    /// Before the first step of Adam.
    fn new(weights: Vec<f32>) -> Self {
        let (average, zeros) = (weights.clone(), vec![0.0; weights.len()]);
        let presented = Presented { steps: 0, loss: f64::INFINITY };
        Self { average, weights, first: zeros.clone(), second: zeros, presented }
    }
}

/// What the training of each member begins with: the weights of the network and the state of its last training, or
/// random weights if it is untrained.
pub(super) fn starts(plan: &Plan<'_>) -> Vec<Start> {
    let (task, trained) = (plan.task, &plan.task.trained);
    let Some(gru) = trained.gru.as_ref().filter(|_| !trained.is_untrained()) else {
        return (0..task.members).map(|member| Start::new(drawn(plan, member))).collect();
    };
    let view = &task.sequences.as_ref().expect("a task with cells has sequences").view;
    let cell = |values: &[f32]| gru.shape().widened(values, view.events(), plan.shape);
    let reexpressed = |layout: &Layout, weights: &mut [f32]| {
        let functions = (task.options.activation, task.options.output);
        let mut sizes = vec![1.0; weights.len()];
        reexpress(layout, functions, &trained.normalization, &plan.normalization, weights, &mut sizes);
    };
    let (mut weights, ..) = task.initial_state();
    let each_wide = weights.chunks_exact_mut(task.layout.parameters());
    let averages = gru.members().zip(each_wide).enumerate().map(|(member, (own, wide))| {
        reexpressed(&task.layout, wide);
        let mut narrow = vec![0.0; plan.head.parameters()];
        each_row(plan, member, |from, to| narrow[to].copy_from_slice(&wide[from]));
        [cell(own), narrow].concat()
    });
    let TrainerState::Cells(_, state) = &trained.state else {
        return averages.map(Start::new).collect();
    };
    let before = view.head(&trained.layout);
    let widened = |values: &[f32]| {
        let (own, layers) = values.split_at(gru.shape().parameters());
        [cell(own), widen(&before, &plan.head, layers, &vec![0.0; plan.head.parameters()])].concat()
    };
    let each = gru.shape().parameters() + before.parameters();
    let values =
        state.weights.chunks_exact(each).zip(state.first.chunks_exact(each)).zip(state.second.chunks_exact(each));
    let starts = averages.zip(values).zip(&state.members).map(|((average, ((weights, first), second)), &presented)| {
        let mut weights = widened(weights);
        reexpressed(&plan.head, &mut weights[plan.shape.parameters()..]);
        Start { average, weights, first: widened(first), second: widened(second), presented }
    });
    starts.collect()
}

/// Random weights of a member's cell and layers.
fn drawn(plan: &Plan<'_>, member: usize) -> Vec<f32> {
    let (task, shape) = (plan.task, plan.shape);
    let sequences = task.sequences.as_ref().expect("a task with cells has sequences");
    let mut random = Random::new(task.seed(), FIRST_WEIGHTS_STREAM + member as u64);
    let mut weights = vec![0.0; shape.parameters()];
    shape.draw(sequences.view.options().length, &mut random, &mut weights);
    weights.extend(initial(&plan.head, task.options.activation, None, &mut random));
    weights
}

/// The network of these members and their cells, and the state of Adam.
pub(super) fn assembled(plan: &Plan<'_>, learners: Vec<Learner>) -> (Trained, AdamState) {
    let (task, parameters) = (plan.task, plan.task.layout.parameters());
    let members = learners.len();
    let mut weights = vec![0.0; members * parameters];
    let mut cells = Vec::with_capacity(members * plan.shape.parameters());
    let decays = learners.iter().map(|learner| plan.share(learner)).collect();
    let mut state = AdamState::new(Vec::new(), 0);
    for (member, (learner, wide)) in learners.into_iter().zip(weights.chunks_exact_mut(parameters)).enumerate() {
        let own = learner.into_start();
        let (cell, narrow) = own.average.split_at(plan.shape.parameters());
        cells.extend_from_slice(cell);
        each_row(plan, member, |to, from| wide[to].copy_from_slice(&narrow[from]));
        let values =
            [(&mut state.weights, own.weights), (&mut state.first, own.first), (&mut state.second, own.second)];
        for (to, own) in values {
            to.reserve_exact((members - member) * own.len());
            to.extend(own);
        }
        state.members.push(own.presented);
    }
    let sizes = first_sizes(&task.layout, task.options.activation).repeat(members);
    let rprop = RpropState { sizes, ..RpropState::new(weights.len(), members) };
    let trained = Trained {
        layout: Arc::clone(&task.layout),
        weights,
        decays,
        state: TrainerState::Rprop(rprop),
        normalization: plan.normalization.clone(),
        statistics: task.trained.statistics,
        gru: Some(Arc::new(Gru::new(plan.shape, cells))),
        // Otherwise the session that computes the result would take these weights for untrained ones, and draw others.
        assigned: true,
    };
    (trained, state)
}

/// Multiplies the weights of each member's last layer, which the state ends with, as the session has multiplied those of
/// the network.
pub(super) fn multiply_last_layers(head: &Layout, factor: f64, state: &mut AdamState) {
    let last = head.connections().next_back().expect("a layout has a connection").parameters();
    let each = state.weights.len() / state.members.len();
    for weight in state.weights.chunks_exact_mut(each).flat_map(|member| &mut member[each - last..]) {
        *weight = (f64::from(*weight) * factor) as f32;
    }
}

/// Calls `row` for each run of parameters, with its range in the network and in the member's own layers.
fn each_row(plan: &Plan<'_>, member: usize, mut row: impl FnMut(std::ops::Range<usize>, std::ops::Range<usize>)) {
    let (task, view) = (plan.task, &plan.task.sequences.as_ref().expect("a task with cells has sequences").view);
    let row_schema = task.schema.as_ref().expect("a network of sequences has a schema of rows");
    let (wide, narrow) = (&*task.layout, &plan.head);
    let features = view.gru_features();
    let [first, own] = [wide, narrow].map(|layout| layout.connections().next().expect("a layout has a connection"));
    row(first.biases(), own.biases());
    let from = first.weights().start + (view.gru_inputs(row_schema) + member * features) * first.outputs;
    row(from..from + features * first.outputs, own.weights());
    let later = |layout: &Layout| layout.connections().skip(1).map(|connection| connection.all()).collect::<Vec<_>>();
    later(wide).into_iter().zip(later(narrow)).for_each(|(wide, narrow)| row(wide, narrow));
}

impl Plan<'_> {
    /// The weight decay of a member with this mean loss on the training sequences.
    pub(super) fn decay(&self, member: usize, loss: f64) -> f32 {
        let (options, share) = (&self.task.options, self.shares()[member]);
        options.l2.at(options.loss, self.weight, loss, share)
    }

    /// The multiplier of the automatic weight decay of each member.
    fn shares(&self) -> Vec<f32> {
        let trained = &self.task.trained;
        if trained.is_untrained() { self.task.options.l2.shares(self.task.members) } else { trained.decays.clone() }
    }

    fn share(&self, learner: &Learner) -> f32 {
        self.shares()[learner.member()]
    }
}

/// Bytes of the cell of a member, and of the state of its training; 0 without cells.
pub(in crate::training) fn result_bytes(task: &Task) -> usize {
    let view = task.sequences.as_ref().map(|sequences| &sequences.view);
    view.and_then(|view| Some((view, view.gru_shape()?))).map_or(0, |(view, shape)| {
        let of_cell = shape.parameters() * size_of::<f32>();
        of_cell + (shape.parameters() + view.head(&task.layout).parameters()) * AdamState::BYTES_PER_PARAMETER
    })
}

/// Bytes of memory that a training of cells uses, estimated, besides rows and result; 0 without cells.
pub(in crate::training) fn bytes(task: &Task) -> usize {
    let Some(sequences) = task.sequences.as_ref().filter(|_| task.has_cells()) else { return 0 };
    let (view, store) = (&sequences.view, &sequences.store);
    let shape = view.gru_shape().expect("a task with cells");
    let segments = view.bytes_of_segments(store, Set::Train) + view.bytes_of_segments(store, Set::Test);
    let inputs = view.gru_features() * MOST_MEMBERS;
    // Weights, their average, two moments, a gradient, and the copy of BACKTRACK. The network's parameters are an upper
    // bound of those of a member's layers.
    let parameters = 6 * (shape.parameters() + task.layout.parameters());
    let steps = (view.options().length as usize).min(view.max_segment_length());
    let groups = if view.next().is_some() { steps } else { 1 };
    let units: usize = task.layout.units()[1..].iter().sum::<usize>() + inputs;
    // Saturating: on 32 bits, the product of wide events and many steps may not fit.
    let of_step = ThroughTime::numbers_of_step(shape) + (shape.units + shape.computed) * LANES;
    let scratch = steps.saturating_mul(of_step).saturating_add(groups.saturating_mul(3 * units * LANES));
    let numbers = task.members.saturating_mul(scratch.saturating_add(parameters));
    numbers.saturating_mul(size_of::<f32>()).saturating_add(segments)
}
