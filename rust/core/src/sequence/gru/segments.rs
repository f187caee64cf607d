//! Sequences as arrays of inputs and outcomes, for the training of cells. Long sequences are split into segments
//! (truncated backpropagation through time).

use super::{Steps, cell};
use crate::dataset::Set;
use crate::error::{Error, Result};
use crate::kernels::LANES;
use crate::normalization::Scaling;
use crate::schema::Entry;
use crate::sequence::{Store, View};

/// Largest number of events of a segment if the target is not the next event. Of longer sequences, the last events are
/// used.
const MAX_SEGMENT: usize = 1024;
/// Largest number of events of a segment if the target is the next event. Longer sequences are split.
const MAX_SEGMENT_OF_NEXT: usize = 256;

/// A sequence, or a part of one.
#[derive(Debug, Clone, Default)]
pub(crate) struct Segment {
    /// The computed inputs of each event in turn, standardized.
    computed: Vec<f32>,
    /// The looked-up inputs of each event.
    entries: Vec<Vec<Entry>>,
    /// The outcome; if the target is the next event, an outcome for each event, NaN where it has none.
    pub(crate) outcome: Vec<f32>,
    /// The row weight; > 0.
    pub(crate) weight: f32,
}

impl Segment {
    pub(crate) fn events(&self) -> usize {
        self.entries.len()
    }
}

/// The segments of all sequences of a set.
#[derive(Debug, Clone, Default)]
pub(crate) struct Segments {
    pub(crate) all: Vec<Segment>,
    /// Number of computed inputs of an event.
    computed: usize,
    /// Whether the target is the next event.
    pub(crate) is_next: bool,
}

impl Segments {
    /// Returns the number of events of the longest segment.
    pub(crate) fn longest(&self) -> usize {
        self.all.iter().map(Segment::events).max().unwrap_or(0)
    }

    /// Returns the number of events of all segments.
    pub(crate) fn events(&self) -> usize {
        self.all.iter().map(Segment::events).sum()
    }

    /// Fills `steps` with up to [`LANES`] segments, one in each lane.
    pub(crate) fn fill_steps(&self, segments: &[u32], steps: &mut Steps) {
        let own = |lane: usize| segments.get(lane).map(|&at| &self.all[at as usize]);
        steps.lengths = std::array::from_fn(|lane| own(lane).map_or(0, Segment::events));
        let count = steps.count();
        steps.computed.clear();
        steps.computed.resize(count * self.computed * LANES, 0.0);
        steps.looked_up.clear();
        for lane in 0..LANES {
            let Some(segment) = own(lane) else { continue };
            for (at, value) in segment.computed.iter().enumerate() {
                steps.computed[at * LANES + lane] = *value;
            }
        }
        for step in 0..count {
            for lane in 0..LANES {
                if let Some(entries) = own(lane).and_then(|segment| segment.entries.get(step)) {
                    entries.iter().for_each(|entry| steps.looked_up.add(*entry));
                }
                steps.looked_up.end_row();
            }
        }
    }
}

impl View {
    /// Makes the segments of a set, with inputs for all words of the dictionary. Sequences without an outcome are left
    /// out, unless the target is the next event.
    ///
    /// # Errors
    /// [`Error::Stopped`] once `keep_on`, which is called before each sequence, returns false.
    pub(crate) fn segments(
        &self,
        scaling: Option<&Scaling>,
        (store, set): (&Store, Set),
        keep_on: &dyn Fn() -> bool,
    ) -> Result<Segments> {
        let (events, classes) = (self.events(), self.classes());
        let inputs = events.inputs(events.words().len());
        let is_next = self.next().is_some();
        let mut segments = Segments { all: Vec::new(), computed: events.dense(), is_next };
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
            let kept = if is_next { 0 } else { history.len().saturating_sub(MAX_SEGMENT) };
            for (part, rows) in
                history[kept..].chunks(if is_next { MAX_SEGMENT_OF_NEXT } else { MAX_SEGMENT }).enumerate()
            {
                let mut segment =
                    Segment { weight: outcome.map_or(1.0, |outcome| outcome.weight), ..Segment::default() };
                for row in rows {
                    cell::scaled(events, scaling, row, &mut scaled);
                    segment.computed.extend_from_slice(&scaled);
                    let mut entries = Vec::new();
                    events.entries_of(|cell| row.cells[cell], &row.list, inputs, |entry| entries.push(entry));
                    segment.entries.push(entries);
                }
                if let Some(outcome) = outcome.filter(|_| !is_next) {
                    segment.outcome.clone_from(&outcome.values);
                } else {
                    let first = part * MAX_SEGMENT_OF_NEXT;
                    let from_event = |at: usize| {
                        let has_history = at > 0 || !sequence.is_cut();
                        let value = has_history.then(|| self.outcome(&classes, &history[..at], &history[at])).flatten();
                        value.unwrap_or(f32::NAN)
                    };
                    segment.outcome = (first..first + rows.len()).map(from_event).collect();
                }
                segments.all.push(segment);
            }
        }
        Ok(segments)
    }

    /// Returns the largest number of events of a segment.
    pub(crate) fn max_segment_length(&self) -> usize {
        if self.next().is_some() { MAX_SEGMENT_OF_NEXT } else { MAX_SEGMENT }
    }

    /// Estimates an upper bound of the bytes of the segments of a set.
    pub(crate) fn bytes_of_segments(&self, store: &Store, set: Set) -> usize {
        let events = self.events();
        let entries = size_of::<Vec<Entry>>() + events.fields().len() * size_of::<Entry>();
        let each = events.dense() * size_of::<f32>() + entries + size_of::<f32>();
        usize::try_from(store.events(set)).unwrap_or(usize::MAX).saturating_mul(each)
    }
}
