//! What is the same for all members and cycles of a training of cells.

use std::ops::Range;
use std::sync::Arc;

use super::super::statistics::RowStatistics;
use super::super::task::Task;
use crate::dataset::Set;
use crate::kernels::LANES;
use crate::layout::{Kind, Layout};
use crate::normalization::Normalization;
use crate::sequence::gru::{Lesson, Lessons, Shape};

/// How far a parameter moves in a step, about,
const RATE: f32 = 0.01;
/// and of a unit of more inputs than these by less.
const MANY_INPUTS: f32 = 100.0;
/// Groups of sixteen sequences in a batch at most.
const MOST_GROUPS: usize = 4;
/// Batches of a cycle at least, of as few sequences as that may take; so many are many.
const LEAST_BATCHES: usize = 20;

pub(super) struct Plan<'a> {
    pub(super) task: &'a Task,
    pub(super) shape: Shape,
    /// The layers of a member after its own cell.
    pub(super) head: Layout,
    pub(super) normalization: Normalization,
    pub(super) train: Lessons,
    pub(super) test: Lessons,
    class_weights: Option<Arc<Vec<f32>>>,
    /// What all training outcomes weigh together.
    pub(super) weight: f64,
    /// Parameters of a member, with their rate and how many times as much weight decay as others they have.
    pub(super) ranges: Vec<(Range<usize>, f32, f32)>,
    /// Sequences of a batch.
    pub(super) batch: usize,
    /// Whether a cycle has many steps.
    pub(super) by_batches: bool,
}

impl<'a> Plan<'a> {
    /// None once `keep_on` says no.
    pub(super) fn new(task: &'a Task, statistics: &RowStatistics, keep_on: &dyn Fn() -> bool) -> Option<Self> {
        let sequences = task.sequences.as_ref().expect("a task with cells has sequences");
        let (view, store) = (&sequences.view, &sequences.store);
        let shape = view.gru_shape().expect("a task with cells");
        let units: Vec<usize> =
            std::iter::once(view.gru_features()).chain(task.layout.units()[1..].iter().copied()).collect();
        let head = Layout::new(&units).expect("a layout that is narrower than the network's");
        let mut normalization = statistics.normalization(&task.options, &task.trained);
        normalization.events.clone_from(&task.events);
        let lessons = |set| view.lessons(task.events.as_ref(), (store, set), keep_on).ok();
        let (train, test) = (lessons(Set::Train)?, lessons(Set::Test)?);
        let batches = train.all.len().div_ceil(LANES);
        let groups = (batches / LEAST_BATCHES).clamp(1, MOST_GROUPS);
        let mut plan = Self {
            ranges: ranges(task, shape, &head),
            class_weights: statistics.class_weights(&task.options.class_weight),
            weight: 0.0,
            batch: groups * LANES,
            by_batches: batches / groups >= LEAST_BATCHES,
            task,
            shape,
            head,
            normalization,
            train,
            test,
        };
        plan.weight = plan.train.all.iter().map(|lesson| plan.weight_of(lesson)).sum();
        Some(plan)
    }

    /// Whether outcomes are classes.
    pub(super) fn is_classifier(&self) -> bool {
        self.task.kind() == Kind::Classifier
    }

    /// How much the outcome counts that begins there; nothing where there is none.
    pub(super) fn weight_at(&self, lesson: &Lesson, at: usize) -> f32 {
        let outcome = lesson.outcome.get(at).copied().unwrap_or(f32::NAN);
        if outcome.is_nan() {
            return 0.0;
        }
        self.class_weights.as_ref().map_or(lesson.weight, |of_class| {
            (lesson.weight * of_class[outcome as usize]).clamp(f32::MIN_POSITIVE, f32::MAX)
        })
    }

    fn weight_of(&self, lesson: &Lesson) -> f64 {
        let outcomes = if self.train.is_next { lesson.events() } else { 1 };
        (0..outcomes).map(|at| f64::from(self.weight_at(lesson, at))).sum()
    }
}

fn ranges(task: &Task, shape: Shape, head: &Layout) -> Vec<(Range<usize>, f32, f32)> {
    let l2 = task.options.l2;
    let rate = |inputs: usize| RATE / (inputs as f32 / MANY_INPUTS).max(1.0).sqrt();
    let of_cell = shape.decaying().into_iter().map(|(range, decays)| (range, RATE, if decays { 1.0 } else { 0.0 }));
    let decaying = head.layers(task.options.activation).flat_map(|layer| layer.decaying());
    let of_head = decaying.map(|part| {
        let range = part.range.start + shape.parameters()..part.range.end + shape.parameters();
        (range, part.inputs.map_or(RATE, rate), part.inputs.map_or(0.0, |inputs| l2.of_unit(inputs)))
    });
    of_cell.chain(of_head).collect()
}
