//! The hidden state of a sequence: that of the reservoir, or those of the GRU cells.

use std::sync::Arc;

use super::gru::{self, Gru};
use super::reservoir::{self, Reservoir};
use super::view::View;
use crate::memory::Taken;
use crate::normalization::Scaling;
use crate::schema::Row;

/// The trained parameters that hidden states depend on.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct CellParameters<'a> {
    /// Means and standard deviations of the numbers of events.
    pub(crate) scaling: Option<&'a Scaling>,
    /// The GRU cells of all members; none before the first training, or if the network has none.
    pub(crate) gru: Option<&'a Arc<Gru>>,
}

/// The hidden state after some events.
#[derive(Debug, Clone)]
pub(super) struct HiddenState {
    reservoir: Option<reservoir::State>,
    gru: Option<gru::State>,
}

impl HiddenState {
    /// Bytes on the heap.
    pub(super) fn bytes_by(&self, taken: Taken<'_>) -> usize {
        let of_reservoir = self.reservoir.as_ref().map_or(0, |state| state.bytes_by(taken));
        of_reservoir + self.gru.as_ref().map_or(0, |state| state.bytes_by(taken))
    }
}

impl View {
    /// Returns the hidden state before the first event.
    pub(super) fn begin(&self, parameters: CellParameters<'_>) -> HiddenState {
        let gru = parameters.gru.filter(|_| self.gru_units().is_some());
        HiddenState { reservoir: self.reservoir().map(Reservoir::begin), gru: gru.map(|gru| gru.begin()) }
    }

    /// Updates a hidden state by one event.
    pub(super) fn step(&self, parameters: CellParameters<'_>, event: &Row, hidden: &mut HiddenState) {
        if let (Some(reservoir), Some(state)) = (self.reservoir(), &mut hidden.reservoir) {
            reservoir.step(self.events(), parameters.scaling, event, state);
        }
        if let (Some(gru), Some(state)) = (parameters.gru, &mut hidden.gru) {
            gru.step(self.events(), parameters.scaling, event, state);
        }
    }

    /// Appends a hidden state to the cells of a row, with 0 for the GRU cells of members that do not exist.
    ///
    /// If the target is not the next event, means over all events follow, and the maxima of a reservoir.
    pub(super) fn write_state(&self, hidden: &HiddenState, cells: &mut Vec<f32>) {
        let is_next = self.next().is_some();
        if let Some(state) = &hidden.reservoir {
            cells.extend_from_slice(state.last());
            if !is_next {
                cells.extend(state.mean());
                cells.extend(state.most());
            }
        }
        if let Some(units) = self.gru_units() {
            let most = cells.len() + self.gru_features() * gru::MOST_MEMBERS;
            if let Some(state) = &hidden.gru {
                state.write(units, !is_next, cells);
            }
            cells.resize(most, 0.0);
        }
    }
}
