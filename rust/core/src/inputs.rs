//! The inputs of the first layer, computed from stored rows: unchanged, or by the kinds of their fields.

use std::sync::Arc;

use crate::forward::{Arrangement, load};
use crate::layers::LookedUp;
use crate::layout::Layout;
use crate::normalization::Normalization;
use crate::schema::{Entry, Schema};

/// How the inputs of a network are computed from stored rows.
#[derive(Debug, Clone)]
pub(crate) struct Inputs {
    /// None if rows are stored as inputs, without fields.
    schema: Option<Arc<Schema>>,
    computed: usize,
    /// The number of all inputs, including sparse ones.
    all: usize,
}

impl Inputs {
    pub(crate) fn new(schema: Option<Arc<Schema>>, layout: &Layout) -> Self {
        Self { schema, computed: layout.first_inputs().computed, all: layout.inputs() }
    }

    /// The number of computed (dense) inputs.
    pub(crate) fn computed(&self) -> usize {
        self.computed
    }

    /// Computes the inputs of a group of rows from the stored numbers. `list` returns the sparse entries of the row in
    /// a lane, which are stored separately; none if the lane has no row. Sparse inputs are added to `looked_up`.
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
        // A gap becomes the mean.
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
