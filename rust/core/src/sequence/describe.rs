//! What a network sees of sequences, for those who compute answers elsewhere.

use super::gru;
use super::reservoir::Reservoir;
use super::{Heard, Sequences, View};
use crate::description::{GruDescription, SequencesDescription};
use crate::network::Network;

impl Network {
    /// What it sees of sequences; none where it learns from rows.
    pub fn describe_sequences(&self) -> Option<SequencesDescription> {
        let Sequences { view, .. } = self.sequences.as_ref()?;
        Some(view.describe(self.trained.heard()))
    }
}

impl View {
    fn describe(&self, heard: Heard<'_>) -> SequencesDescription {
        let events = self.events();
        SequencesDescription {
            events: events.describe(events.inputs(events.words().len()), None),
            scaling: heard.scaling.cloned(),
            by_position: self.is_by_position(),
            length: self.options().length,
            window: self.window(),
            next: self.next(),
            reservoir: self.reservoir().map(Reservoir::describe),
            gru: self.gru_shape().map(|shape| GruDescription {
                units: shape.units,
                parts: gru::MOST_MEMBERS,
                inputs: heard.gru.map_or(shape, |gru| gru.shape()).inputs,
                cells: heard.gru.map_or_else(Vec::new, |gru| gru.describe()),
            }),
        }
    }
}
