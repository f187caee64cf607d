//! From stored rows to the inputs of the first layer: as they are, or by the fields that they have.

use std::sync::Arc;

use crate::forward::{Arrangement, load};
use crate::layers::LookedUp;
use crate::layout::Layout;
use crate::normalization::Normalization;
use crate::schema::{Entry, Schema};

/// How the inputs of a network follow from stored rows.
#[derive(Debug, Clone)]
pub(crate) struct Inputs {
    /// None where rows are stored as the inputs that they are.
    schema: Option<Arc<Schema>>,
    computed: usize,
    /// All inputs, those included that are looked up.
    all: usize,
}

impl Inputs {
    pub(crate) fn new(schema: Option<Arc<Schema>>, layout: &Layout) -> Self {
        Self { schema, computed: layout.first_inputs().computed, all: layout.inputs() }
    }

    /// Inputs that are computed.
    pub(crate) fn computed(&self) -> usize {
        self.computed
    }

    /// Loads the inputs of a group of rows, as the first layer sees them, from what is stored of them. `list` gives what a row of
    /// fields lists besides; of a lane that has no row, nothing.
    pub(crate) fn load<'a, A: Arrangement>(
        &self,
        normalization: &Normalization,
        stored: &[f32],
        list: impl Fn(usize) -> Option<&'a [Entry]>,
        to: &mut [f32],
        looked_up: &mut LookedUp,
    ) {
        let scaling = normalization.inputs.as_ref();
        let Some(schema) = &self.schema else { return load::<A>(scaling, stored, to) };
        let mut raw = vec![0.0; to.len()];
        schema.computed_of(A::LANES, stored, normalization.places.as_ref(), &mut raw);
        // Where there is a gap, it is the mean.
        for (column, values) in raw.chunks_exact_mut(A::LANES).enumerate() {
            let mean = scaling.map_or(0.0, |scaling| scaling.mean[column]);
            values.iter_mut().filter(|value| value.is_nan()).for_each(|value| *value = mean);
        }
        load::<A>(scaling, &raw, to);
        for lane in 0..A::LANES {
            if let Some(list) = list(lane) {
                let cell = |cell: usize| stored[cell * A::LANES + lane];
                schema.entries_of(cell, list, self.all, |entry| looked_up.add(entry));
            }
            looked_up.end_row();
        }
    }
}
