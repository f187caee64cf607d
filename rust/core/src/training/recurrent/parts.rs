//! Conversion between the weights of a member in training (its cell, and layers that see only this cell) and the
//! weights of the network, whose layers see the cells of all members.

use std::sync::Arc;

use super::super::task::Task;
use super::learner::Learner;
use super::plan::Plan;
use crate::dataset::Set;
use crate::kernels::LANES;
use crate::layout::Layout;
use crate::normalization::Normalization;
use crate::random::Random;
use crate::sequence::gru::{Gru, MOST_MEMBERS, ThroughTime};
use crate::trained::Trained;
use crate::trainer_state::{RpropState, TrainerState};
use crate::weights::{first_sizes, initial, reexpress};

/// The stream of random numbers for the first member's initial weights; each other member has the next stream.
const FIRST_WEIGHTS_STREAM: u64 = 3 << 32;

/// The initial weights of a member: those of the network, or random ones if it is untrained.
pub(super) fn first_weights(plan: &Plan<'_>, member: usize) -> Vec<f32> {
    let (task, shape) = (plan.task, plan.shape);
    let sequences = task.sequences.as_ref().expect("a task with cells has sequences");
    let mut random = Random::new(task.seed(), FIRST_WEIGHTS_STREAM + member as u64);
    let mut weights = vec![0.0; shape.parameters()];
    shape.draw(sequences.view.options().length, &mut random, &mut weights);
    let drawn = initial(&plan.head, task.options.activation, None, &mut random);
    let Some(gru) = task.trained.gru.as_ref().filter(|_| !task.trained.is_untrained()) else {
        weights.extend(drawn);
        return weights;
    };
    let mut weights = gru.widened(member, sequences.view.events(), shape);
    let mut wide = task.initial_state().0[member * task.layout.parameters()..][..task.layout.parameters()].to_vec();
    let functions = (task.options.activation, task.options.output);
    let mut sizes = vec![1.0; wide.len()];
    let (before, after) = (&task.trained.normalization, unscaled(&plan.normalization));
    reexpress(&task.layout, functions, before, &after, &mut wide, &mut sizes);
    let mut narrow = vec![0.0; plan.head.parameters()];
    each_row(plan, member, |from, to| narrow[to].copy_from_slice(&wide[from]));
    weights.extend(narrow);
    weights
}

/// The network of these members and their cells.
pub(super) fn assembled(plan: &Plan<'_>, learners: &[Learner]) -> Trained {
    let (task, parameters) = (plan.task, plan.task.layout.parameters());
    let mut weights = vec![0.0; learners.len() * parameters];
    let mut cells = Vec::with_capacity(learners.len() * plan.shape.parameters());
    for (member, (learner, wide)) in learners.iter().zip(weights.chunks_exact_mut(parameters)).enumerate() {
        let (cell, narrow) = learner.average.split_at(plan.shape.parameters());
        cells.extend_from_slice(cell);
        each_row(plan, member, |to, from| wide[to].copy_from_slice(&narrow[from]));
    }
    let sizes = first_sizes(&task.layout, task.options.activation).repeat(learners.len());
    let state = RpropState { sizes, ..RpropState::new(weights.len(), learners.len()) };
    Trained {
        layout: Arc::clone(&task.layout),
        weights,
        decays: learners.iter().map(|learner| plan.share(learner)).collect(),
        state: TrainerState::Rprop(state),
        normalization: unscaled(&plan.normalization),
        statistics: task.trained.statistics,
        gru: Some(Arc::new(Gru::new(plan.shape, cells))),
        // Otherwise the session that computes the result would take these weights for untrained ones, and draw others.
        assigned: true,
    }
}

/// The normalization without scaling of inputs: members are trained on unscaled hidden states.
fn unscaled(normalization: &Normalization) -> Normalization {
    Normalization { inputs: None, ..normalization.clone() }
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
