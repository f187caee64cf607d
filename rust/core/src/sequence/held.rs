//! The hidden state of a sequence: of the reservoir, of the GRU cells, or of both.

use std::sync::Arc;

use super::gru::{self, Gru};
use super::reservoir::{self, Reservoir};
use super::view::View;
use crate::memory::Taken;
use crate::normalization::Scaling;
use crate::schema::Row;

/// What trainings have learned about events.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Heard<'a> {
    /// Means and standard deviations of the numbers of events.
    pub(crate) scaling: Option<&'a Scaling>,
    /// The GRU cells; none before the first training.
    pub(crate) gru: Option<&'a Arc<Gru>>,
}

/// The hidden state after some events.
#[derive(Debug, Clone)]
pub(super) struct Held {
    reservoir: Option<reservoir::State>,
    gru: Option<gru::State>,
}

impl Held {
    /// Bytes on the heap.
    pub(super) fn bytes_by(&self, taken: Taken<'_>) -> usize {
        let of_reservoir = self.reservoir.as_ref().map_or(0, |state| state.bytes_by(taken));
        of_reservoir + self.gru.as_ref().map_or(0, |state| state.bytes_by(taken))
    }
}

impl View {
    /// What is held before the first event.
    pub(super) fn begin(&self, heard: Heard<'_>) -> Held {
        let gru = heard.gru.filter(|_| self.gru_units().is_some());
        Held { reservoir: self.reservoir().map(Reservoir::begin), gru: gru.map(|gru| gru.begin()) }
    }

    /// Hears of an event.
    pub(super) fn hear(&self, heard: Heard<'_>, event: &Row, held: &mut Held) {
        if let (Some(reservoir), Some(state)) = (self.reservoir(), &mut held.reservoir) {
            reservoir.hear(self.events(), heard.scaling, event, state);
        }
        if let (Some(gru), Some(state)) = (heard.gru, &mut held.gru) {
            gru.hear(self.events(), heard.scaling, event, state);
        }
    }

    /// Adds to the cells of a row what is held.
    pub(super) fn tell(&self, held: &Held, cells: &mut Vec<f32>) {
        let is_next = self.next().is_some();
        if let Some(state) = &held.reservoir {
            cells.extend_from_slice(state.last());
            if !is_next {
                cells.extend(state.mean());
                cells.extend(state.most());
            }
        }
        if let Some(units) = self.gru_units() {
            let most = cells.len() + self.gru_features() * gru::MOST_MEMBERS;
            if let Some(state) = &held.gru {
                state.write(units, !is_next, cells);
            }
            cells.resize(most, 0.0);
        }
    }
}
