//! Settings and data that are the same for all members and cycles of a training of cells.

use std::ops::Range;
use std::sync::Arc;

use super::super::statistics::RowStatistics;
use super::super::task::Task;
use crate::dataset::Set;
use crate::kernels::LANES;
use crate::layout::{Kind, Layout};
use crate::normalization::Normalization;
use crate::sequence::gru::{Segment, Segments, Shape};

/// The learning rate: a parameter moves by about this in a step.
const LEARNING_RATE: f32 = 0.01;
/// Weights of units with more inputs than this have a lower rate, in proportion to the root of the number of inputs.
const MANY_INPUTS: f32 = 100.0;
/// The most groups of sixteen sequences in a batch.
const MAX_GROUPS: usize = 4;
/// The least batches of a cycle; with few sequences batches are smaller than [`MAX_GROUPS`] for it.
const MIN_BATCHES: usize = 20;

/// What the learners of a training share.
pub(super) struct Plan<'a> {
    pub(super) task: &'a Task,
    pub(super) shape: Shape,
    /// The layers of a member, whose inputs are computed from its own cell alone.
    pub(super) head: Layout,
    pub(super) normalization: Normalization,
    pub(super) train: Segments,
    pub(super) test: Segments,
    class_weights: Option<Arc<Vec<f32>>>,
    /// Sum of the weights of all training outcomes.
    pub(super) weight: f64,
    /// Ranges of a member's parameters, with their learning rate and their factor of the weight decay.
    pub(super) ranges: Vec<(Range<usize>, f32, f32)>,
    /// Sequences of a batch.
    pub(super) batch: usize,
    /// Whether a cycle has [`MIN_BATCHES`] steps or more, on which the patience of early stopping depends.
    pub(super) by_batches: bool,
}

impl<'a> Plan<'a> {
    /// Makes a plan, which includes the sequences of both sets as arrays. None once `keep_on` returns false.
    pub(super) fn new(task: &'a Task, statistics: &RowStatistics, keep_on: &dyn Fn() -> bool) -> Option<Self> {
        let sequences = task.sequences.as_ref().expect("a task with cells has sequences");
        let (view, store) = (&sequences.view, &sequences.store);
        let shape = view.gru_shape().expect("a task with cells");
        let head = view.head(&task.layout);
        let segments = |set| view.segments(task.events.as_ref(), (store, set), keep_on).ok();
        let (train, test) = (segments(Set::Train)?, segments(Set::Test)?);
        let batches = train.all.len().div_ceil(LANES);
        let groups = (batches / MIN_BATCHES).clamp(1, MAX_GROUPS);
        let mut plan = Self {
            ranges: ranges(task, shape, &head),
            class_weights: statistics.class_weights(&task.options.class_weight),
            weight: 0.0,
            batch: groups * LANES,
            by_batches: batches / groups >= MIN_BATCHES,
            task,
            shape,
            head,
            normalization: task.normalization(statistics),
            train,
            test,
        };
        plan.weight = plan.train.all.iter().map(|segment| plan.weight_of(segment)).sum();
        Some(plan)
    }

    /// Whether outcomes are classes.
    pub(super) fn is_classifier(&self) -> bool {
        self.task.kind() == Kind::Classifier
    }

    /// The weight of the outcome that begins at an index, with the weight of its class; 0 if there is no outcome.
    pub(super) fn weight_at(&self, segment: &Segment, at: usize) -> f32 {
        let outcome = segment.outcome.get(at).copied().unwrap_or(f32::NAN);
        if outcome.is_nan() {
            return 0.0;
        }
        self.class_weights.as_ref().map_or(segment.weight, |of_class| {
            (segment.weight * of_class[outcome as usize]).clamp(f32::MIN_POSITIVE, f32::MAX)
        })
    }

    fn weight_of(&self, segment: &Segment) -> f64 {
        let outcomes = if self.train.is_next { segment.events() } else { 1 };
        (0..outcomes).map(|at| f64::from(self.weight_at(segment, at))).sum()
    }
}

fn ranges(task: &Task, shape: Shape, head: &Layout) -> Vec<(Range<usize>, f32, f32)> {
    let l2 = task.options.l2;
    let rate = |inputs: usize| LEARNING_RATE / (inputs as f32 / MANY_INPUTS).max(1.0).sqrt();
    let of_cell =
        shape.decaying().into_iter().map(|(range, decays)| (range, LEARNING_RATE, if decays { 1.0 } else { 0.0 }));
    let decaying = head.layers(task.options.activation).flat_map(|layer| layer.decaying());
    let of_head = decaying.map(|part| {
        let range = part.range.start + shape.parameters()..part.range.end + shape.parameters();
        (range, part.inputs.map_or(LEARNING_RATE, rate), part.inputs.map_or(0.0, |inputs| l2.of_unit(inputs)))
    });
    of_cell.chain(of_head).collect()
}
