//! What cells learn from: the sequences of a set, as inputs and outcomes.

use super::{Steps, cell};
use crate::dataset::Set;
use crate::error::{Error, Result};
use crate::kernels::LANES;
use crate::normalization::Scaling;
use crate::schema::Entry;
use crate::sequence::{Store, View};

/// Events that a lesson goes back over at most: of longer sequences with an outcome the last, of others one part after the other.
const MOST_BACK: usize = 1024;
/// The same where each next event is the outcome.
const MOST_PART: usize = 256;

/// One sequence, or a part of one.
#[derive(Debug, Clone, Default)]
pub(crate) struct Lesson {
    /// Computed inputs, event after event, scaled.
    computed: Vec<f32>,
    /// The inputs of each event that are looked up.
    entries: Vec<Vec<Entry>>,
    /// What it has come to; or what each event is, as the outcome of those before it: no number where that says nothing.
    pub(crate) outcome: Vec<f32>,
    pub(crate) weight: f32,
}

impl Lesson {
    pub(crate) fn events(&self) -> usize {
        self.entries.len()
    }
}

/// Those of a set.
#[derive(Debug, Clone, Default)]
pub(crate) struct Lessons {
    pub(crate) all: Vec<Lesson>,
    /// Computed inputs of an event.
    computed: usize,
    /// Whether each event is an outcome.
    pub(crate) is_next: bool,
}

impl Lessons {
    /// Events of the longest.
    pub(crate) fn longest(&self) -> usize {
        self.all.iter().map(Lesson::events).max().unwrap_or(0)
    }

    /// Events of all.
    pub(crate) fn events(&self) -> usize {
        self.all.iter().map(Lesson::events).sum()
    }

    /// Up to sixteen of them side by side.
    pub(crate) fn side_by_side(&self, lessons: &[u32], steps: &mut Steps) {
        let own = |lane: usize| lessons.get(lane).map(|&at| &self.all[at as usize]);
        steps.lengths = std::array::from_fn(|lane| own(lane).map_or(0, Lesson::events));
        let count = steps.count();
        steps.computed.clear();
        steps.computed.resize(count * self.computed * LANES, 0.0);
        steps.looked_up.clear();
        for lane in 0..LANES {
            let Some(lesson) = own(lane) else { continue };
            for (at, value) in lesson.computed.iter().enumerate() {
                steps.computed[at * LANES + lane] = *value;
            }
        }
        for step in 0..count {
            for lane in 0..LANES {
                if let Some(entries) = own(lane).and_then(|lesson| lesson.entries.get(step)) {
                    entries.iter().for_each(|entry| steps.looked_up.add(*entry));
                }
                steps.looked_up.end_row();
            }
        }
    }
}

impl View {
    /// What cells learn from a set, where they know all words that events have had so far.
    ///
    /// # Errors
    /// [`Error::Stopped`] once `keep_on`, which is asked before each sequence, says no.
    pub(crate) fn lessons(
        &self,
        scaling: Option<&Scaling>,
        (store, set): (&Store, Set),
        keep_on: &dyn Fn() -> bool,
    ) -> Result<Lessons> {
        let (events, classes) = (self.events(), self.classes());
        let inputs = events.inputs(events.words().len());
        let is_next = self.next().is_some();
        let mut lessons = Lessons { all: Vec::new(), computed: events.dense(), is_next };
        let mut scaled = Vec::new();
        for sequence in store.of_set(set) {
            if !keep_on() {
                return Err(Error::Stopped);
            }
            let outcome = sequence.outcome();
            if !is_next && outcome.is_none() {
                continue;
            }
            let mut history = sequence.rows(events);
            if let Some(outcome) = outcome {
                history.truncate(outcome.after as usize);
            }
            let kept = if is_next { 0 } else { history.len().saturating_sub(MOST_BACK) };
            for (part, rows) in history[kept..].chunks(if is_next { MOST_PART } else { MOST_BACK }).enumerate() {
                let mut lesson = Lesson { weight: outcome.map_or(1.0, |outcome| outcome.weight), ..Lesson::default() };
                for row in rows {
                    cell::scaled(events, scaling, row, &mut scaled);
                    lesson.computed.extend_from_slice(&scaled);
                    let mut entries = Vec::new();
                    events.entries_of(|cell| row.cells[cell], &row.list, inputs, |entry| entries.push(entry));
                    lesson.entries.push(entries);
                }
                if let Some(outcome) = outcome.filter(|_| !is_next) {
                    lesson.outcome.clone_from(&outcome.values);
                } else {
                    let first = part * MOST_PART;
                    let of_event = |at: usize| {
                        let tells = at > 0 || !sequence.is_cut();
                        let value = tells.then(|| self.outcome(&classes, &history[..at], &history[at])).flatten();
                        value.unwrap_or(f32::NAN)
                    };
                    lesson.outcome = (first..first + rows.len()).map(of_event).collect();
                }
                lessons.all.push(lesson);
            }
        }
        Ok(lessons)
    }

    /// Events that a lesson goes back over at most.
    pub(crate) fn most_back(&self) -> usize {
        if self.next().is_some() { MOST_PART } else { MOST_BACK }
    }

    /// Bytes that lessons of a set take at most, about.
    pub(crate) fn bytes_of_lessons(&self, store: &Store, set: Set) -> usize {
        let events = self.events();
        let entries = size_of::<Vec<Entry>>() + events.fields().len() * size_of::<Entry>();
        let each = events.dense() * size_of::<f32>() + entries + size_of::<f32>();
        usize::try_from(store.events(set)).unwrap_or(usize::MAX).saturating_mul(each)
    }
}
