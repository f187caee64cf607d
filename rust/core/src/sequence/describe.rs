//! What a network sees of sequences, for those who compute answers elsewhere.

use super::reservoir::Reservoir;
use super::{Sequences, View};
use crate::description::SequencesDescription;
use crate::network::Network;
use crate::normalization::Scaling;

impl Network {
    /// What it sees of sequences; none where it learns from rows.
    pub fn describe_sequences(&self) -> Option<SequencesDescription> {
        let Sequences { view, .. } = self.sequences.as_ref()?;
        Some(view.describe(self.trained.normalization.events.as_ref()))
    }
}

impl View {
    fn describe(&self, scaling: Option<&Scaling>) -> SequencesDescription {
        let events = self.events();
        SequencesDescription {
            events: events.describe(events.inputs(events.words().len()), None),
            scaling: scaling.cloned(),
            by_position: self.is_by_position(),
            length: self.options().length,
            window: self.window(),
            next: self.next(),
            reservoir: self.reservoir().map(Reservoir::describe),
        }
    }
}
