//! Descriptions of fields and their inputs, for exporters.

use super::{FieldKind, Schema};
use crate::description::{FieldDescription, FieldsDescription};
use crate::places::Places;

impl Schema {
    /// Describe the fields as a network with `inputs` inputs sees them. `places` has the knots of its place encodings.
    pub(crate) fn describe(&self, inputs: usize, places: Option<&Places>) -> FieldsDescription {
        let mut knots = places.into_iter().flat_map(Places::fields);
        let mut fields: Vec<FieldDescription> = Vec::with_capacity(self.fields().len());
        for field in self.fields() {
            let has_place = matches!(field.kind(), FieldKind::Number | FieldKind::Auto(_));
            fields.push(FieldDescription {
                name: field.name().into(),
                kind: field.kind(),
                computed: field.dense(),
                gap: field.gap(),
                knots: if has_place { knots.next().unwrap_or_default().to_vec() } else { Vec::new() },
                words: Vec::new(),
            });
        }
        let first_word = self.inputs(0) as u32;
        for ((field, word), number) in self.words().iter().zip(first_word..) {
            fields[*field as usize].words.push((word.clone(), number));
        }
        FieldsDescription { computed: self.dense(), inputs, fields }
    }
}
