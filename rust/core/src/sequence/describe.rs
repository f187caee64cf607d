//! Description of the inputs that are computed from sequences, for exports of a network.

use super::gru;
use super::reservoir::Reservoir;
use super::{CellParameters, Sequences, View};
use crate::description::{GruDescription, SequencesDescription};
use crate::network::Network;

impl Network {
    /// Describes how rows are made of sequences; none for a network of rows.
    pub fn describe_sequences(&self) -> Option<SequencesDescription> {
        let Sequences { view, .. } = self.sequences.as_ref()?;
        Some(view.describe(self.trained.cell_parameters()))
    }
}

impl View {
    fn describe(&self, parameters: CellParameters<'_>) -> SequencesDescription {
        let events = self.events();
        SequencesDescription {
            events: events.describe(events.inputs(events.words().len()), None),
            scaling: parameters.scaling.cloned(),
            by_position: self.is_by_position(),
            length: self.options().length,
            window: self.window(),
            next: self.next(),
            reservoir: self.reservoir().map(Reservoir::describe),
            gru: self.gru_shape().map(|shape| GruDescription {
                units: shape.units,
                parts: gru::MOST_MEMBERS,
                inputs: parameters.gru.map_or(shape, |gru| gru.shape()).inputs,
                cells: parameters.gru.map_or_else(Vec::new, |gru| gru.describe()),
            }),
        }
    }
}
