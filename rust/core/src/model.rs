//! The model: an immutable snapshot of a network's layout, options and weights, which computes answers.

use std::sync::Arc;

use crate::dataset::{RowShape, not_finite};
use crate::description::{Description, FieldsDescription};
use crate::error::{Error, Result};
use crate::forward::{Arrangement, Grouped, LastTwo, Single, ensemble, load};
use crate::inputs::Inputs;
use crate::kernels::{Buffer, LANES};
use crate::layers::{Layer, LookedUp};
use crate::layout::{Kind, Layout};
use crate::objective::Objective;
use crate::options::{Options, Output};
use crate::schema::{Row, Schema};
use crate::trained::Trained;

/// Up to this many rows are computed one by one, rather than as a group of sixteen that is mostly empty.
const MAX_SINGLE_ROWS: usize = 3;
/// Groups that are computed together: enough that weights are read rarely, and few enough that values stay in the
/// cache.
const BATCH_GROUPS: usize = 8;
/// The most bytes of a layer's values. If a single group needs more, in a layer of more than 65,536 units, rows are
/// computed one by one: a network can have one wide layer, and sixteen rows of a million units need 64 MB.
const BATCH_BYTES: usize = 4 << 20;

/// Numbers of working memory that are kept on the stack: allocating takes longer than computing a small network.
const STACK_NUMBERS: usize = 128;

/// An immutable snapshot of a network that answers. Cloning is cheap, and it needs no lock: a training that ends
/// replaces the network's weights, and does not change the snapshot.
#[derive(Debug, Clone)]
pub struct Model {
    pub(crate) kind: Kind,
    /// The fields of rows; none for a network without fields.
    pub(crate) schema: Option<Arc<Schema>>,
    pub(crate) options: Options,
    pub(crate) trained: Arc<Trained>,
}

impl Model {
    /// Classifier or regressor.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The options of the network.
    pub fn options(&self) -> &Options {
        &self.options
    }

    /// Units of each layer.
    pub fn layout(&self) -> &Layout {
        &self.trained.layout
    }

    /// The number of weights and biases of all members.
    pub fn parameters(&self) -> usize {
        self.trained.weights.len()
    }

    /// The multiplications of an answer, estimated. With sparse inputs there are fewer than parameters; one entry of
    /// each list, text or field of tags is counted. The result depends on the layout alone, so it is known before
    /// weights are drawn.
    pub fn multiplications(&self) -> usize {
        let layout = self.layout();
        let looked_up = layout.inputs() - layout.first_inputs().of_a_row.min(layout.inputs());
        self.trained.members() * (layout.parameters() - looked_up * layout.units()[1])
    }

    /// The model with the result of a training.
    #[must_use]
    pub fn with(self, trained: Arc<Trained>) -> Self {
        Self { trained, ..self }
    }

    /// Describes everything that determines its answers.
    pub fn describe(&self) -> Description {
        Description::of(self)
    }

    /// Describes how inputs are computed from fields; none for a network without fields.
    pub fn describe_fields(&self) -> Option<FieldsDescription> {
        let places = self.trained.normalization.places.as_ref();
        self.schema.as_ref().map(|schema| schema.describe(self.layout().inputs(), places))
    }

    /// The classes of a network of fields, in the order of its outputs: those it had observed when it was last trained.
    /// Outputs that have no class yet are left out.
    pub fn classes(&self) -> &[Box<[u8]>] {
        let classes = self.schema.as_ref().map_or(&[][..], |schema| schema.classes());
        &classes[..classes.len().min(self.layout().outputs())]
    }

    /// The fields of rows; none for a network without fields.
    pub fn schema(&self) -> Option<&Arc<Schema>> {
        self.schema.as_ref()
    }

    /// The objective of trainings, without class weights.
    pub(crate) fn objective(&self) -> Objective {
        let (options, normalization) = (self.options.clone(), self.trained.normalization.clone());
        let inputs = (self.layout(), self.inputs());
        Objective::new(self.shape(), inputs, options, normalization, self.trained.members())
    }

    /// How inputs are computed from rows.
    pub(crate) fn inputs(&self) -> Inputs {
        Inputs::new(self.schema.clone(), self.layout())
    }

    pub(crate) fn shape(&self) -> RowShape {
        match &self.schema {
            Some(schema) => schema.shape(),
            None => RowShape::new(self.kind, self.layout()),
        }
    }

    /// Computes the outputs of rows of inputs. `inputs` and `outputs` are stored row by row. The answer to a row does
    /// not depend on the other rows.
    ///
    /// # Errors
    /// [`Error::HasFields`] for a network of fields, [`Error::Inputs`] if the inputs are not a whole number of rows,
    /// [`Error::NotFinite`] if one of them is NaN or infinite.
    ///
    /// # Panics
    /// If `outputs` does not have one number for each output of each row.
    pub fn run(&self, inputs: &[f32], outputs: &mut [f32]) -> Result<()> {
        if self.schema.is_some() {
            return Err(Error::HasFields);
        }
        let (width, out_width) = (self.layout().inputs(), self.layout().outputs());
        if !inputs.len().is_multiple_of(width) {
            return Err(Error::Inputs { row: None, expected: width, given: inputs.len() });
        }
        let rows = inputs.len() / width;
        assert_eq!(outputs.len(), rows * out_width, "outputs must have {out_width} numbers for each of {rows} rows");
        if let Some(bad) = not_finite(inputs) {
            let row = (rows > 1).then_some(bad / width);
            return Err(Error::NotFinite { row, what: "input", column: bad % width, value: inputs[bad] });
        }
        let group_bytes = self.widest() * LANES * size_of::<f32>();
        let groups = BATCH_GROUPS.min(rows.div_ceil(LANES)).min(BATCH_BYTES / group_bytes);
        if rows <= MAX_SINGLE_ROWS || groups == 0 {
            self.run_singly(inputs, outputs);
        } else {
            self.run_grouped(groups, inputs, outputs);
        }
        Ok(())
    }

    /// The class of a row with these outputs: the index of the largest output, or of the first of several equal ones.
    /// With a [`Threshold`](crate::Threshold) other than 0.5, the second class if its probability is at least the
    /// threshold.
    pub fn class_of(&self, outputs: &[f32]) -> usize {
        self.options.threshold.class(outputs.iter().copied())
    }

    /// The class of each row; see [`Self::class_of`].
    ///
    /// # Errors
    /// [`Error::NotClassifier`] for a regressor, and those of [`Self::run`].
    pub fn classify(&self, inputs: &[f32]) -> Result<Vec<usize>> {
        if self.kind != Kind::Classifier {
            return Err(Error::NotClassifier);
        }
        let width = self.layout().outputs();
        let mut outputs = vec![0.0; inputs.len() / self.layout().inputs() * width];
        self.run(inputs, &mut outputs)?;
        Ok(outputs.chunks_exact(width).map(|of_row| self.class_of(of_row)).collect())
    }

    /// Checks that classes can be drawn from its answers ([`crate::Decoding`]).
    ///
    /// # Errors
    /// [`Error::NotClassifier`] for a regressor, [`Error::NoProbabilities`] if the outputs are linear.
    pub fn check_drawing(&self) -> Result<()> {
        match (self.kind, self.options.output) {
            (Kind::Regressor, _) => Err(Error::NotClassifier),
            (Kind::Classifier, Output::Linear) => Err(Error::NoProbabilities),
            (Kind::Classifier, Output::Softmax | Output::Sigmoid) => Ok(()),
        }
    }

    /// Units of the widest layer, inputs included.
    fn widest(&self) -> usize {
        self.layout().values().max().expect("a layout has units")
    }

    fn run_singly(&self, inputs: &[f32], outputs: &mut [f32]) {
        let (width, out_width, widest) = (self.layout().inputs(), self.layout().outputs(), self.widest());
        let (mut small, mut large);
        let room = match width + out_width + 2 * widest {
            size @ ..=STACK_NUMBERS => {
                small = [0.0; STACK_NUMBERS];
                &mut small[..size]
            }
            size => {
                large = vec![0.0; size];
                &mut large[..]
            }
        };
        let (first, room) = room.split_at_mut(width);
        let (mean, room) = room.split_at_mut(out_width);
        let (before, last) = room.split_at_mut(widest);
        let mut values = LastTwo { inputs: first, before, last };
        for (inputs, outputs) in inputs.chunks_exact(width).zip(outputs.chunks_exact_mut(out_width)) {
            load::<Single>(self.trained.normalization.inputs.as_ref(), inputs, values.inputs);
            let y = &mut self.units::<Single, _>(|| self.layers(), 1, LookedUp::NONE, &mut values, mean)[..out_width];
            self.predict::<Single>(y);
            self.write_outputs::<Single>(y, outputs);
        }
    }

    fn run_grouped(&self, batch: usize, inputs: &[f32], outputs: &mut [f32]) {
        let (width, out_width, widest) = (self.layout().inputs(), self.layout().outputs(), self.widest());
        let mut gathered = Buffer::new(width * LANES);
        let mut first = Buffer::new(width * batch * LANES);
        let [mut before, mut last] = [(); 2].map(|()| Buffer::new(widest * batch * LANES));
        let mut mean = Buffer::new(if self.trained.members() > 1 { out_width * batch * LANES } else { 0 });
        let mut values = LastTwo { inputs: &mut first, before: &mut before, last: &mut last };
        let layers: Vec<Layer> = self.layers().collect();
        let rows = batch * LANES;
        for (inputs, outputs) in inputs.chunks(rows * width).zip(outputs.chunks_mut(rows * out_width)) {
            let groups = (inputs.len() / width).div_ceil(LANES);
            for (group, inputs) in inputs.chunks(LANES * width).enumerate() {
                if inputs.len() < LANES * width {
                    gathered.fill(0.0);
                }
                for (lane, row) in inputs.chunks_exact(width).enumerate() {
                    for (input, &value) in row.iter().enumerate() {
                        gathered[input * LANES + lane] = value;
                    }
                }
                let to = &mut values.inputs[group * width * LANES..][..width * LANES];
                load::<Grouped>(self.trained.normalization.inputs.as_ref(), &gathered, to);
            }
            let units = mean.len().min(groups * out_width * LANES);
            let units = self.units::<Grouped, _>(
                || layers.iter().copied(),
                groups,
                LookedUp::NONE,
                &mut values,
                &mut mean[..units],
            );
            for (group, outputs) in outputs.chunks_mut(LANES * out_width).enumerate() {
                let y = &mut units[group * out_width * LANES..][..out_width * LANES];
                self.predict::<Grouped>(y);
                self.write_outputs::<Grouped>(y, outputs);
            }
        }
    }

    /// Computes the outputs of rows of fields. `outputs` is stored row by row. The answer to a row does not depend on
    /// the other rows.
    ///
    /// # Panics
    /// If `outputs` does not have one number for each output of each row, if the rows are not of the network's fields,
    /// or if the network has no fields.
    pub fn answer(&self, rows: &[Row], outputs: &mut [f32]) {
        let schema = self.schema.as_ref().expect("a network of fields");
        let (width, out_width, widest) =
            (self.layout().first_inputs().computed, self.layout().outputs(), self.widest());
        assert_eq!(outputs.len(), rows.len() * out_width, "outputs must have {out_width} numbers for each row");
        if rows.is_empty() {
            return;
        }
        let (inputs, normalization) = (self.inputs(), &self.trained.normalization);
        let groups = if rows.len() <= MAX_SINGLE_ROWS {
            0
        } else {
            BATCH_GROUPS.min(BATCH_BYTES / (widest * LANES * size_of::<f32>()))
        };
        let lanes = if groups == 0 { 1 } else { LANES };
        let batch = groups.max(1).min(rows.len().div_ceil(lanes));
        let [mut first, mut before, mut last, mut mean] =
            [width, widest, widest, out_width].map(|units| Buffer::new(units * batch * lanes));
        let (mut looked_up, mut stored) = (LookedUp::default(), vec![0.0; schema.cells() * lanes]);
        let mut values = LastTwo { inputs: &mut first, before: &mut before, last: &mut last };
        let layers: Vec<Layer> = self.layers().collect();
        let layers = || layers.iter().copied();
        for (rows, outputs) in rows.chunks(batch * lanes).zip(outputs.chunks_mut(batch * lanes * out_width)) {
            looked_up.clear();
            for (group, rows) in rows.chunks(lanes).enumerate() {
                for (lane, row) in rows.iter().enumerate() {
                    row.cells.iter().enumerate().for_each(|(cell, &value)| stored[cell * lanes + lane] = value);
                }
                let to = &mut values.inputs[group * width * lanes..][..width * lanes];
                let list = |lane: usize| rows.get(lane).map(|row| &row.list[..]);
                if groups == 0 {
                    inputs.load::<Single>(normalization, &stored, list, to, &mut looked_up);
                } else {
                    inputs.load::<Grouped>(normalization, &stored, list, to, &mut looked_up);
                }
            }
            let count = rows.len().div_ceil(lanes);
            let mean = &mut mean[..count * out_width * lanes];
            let units = if groups == 0 {
                self.units::<Single, _>(layers, count, &looked_up, &mut values, mean)
            } else {
                self.units::<Grouped, _>(layers, count, &looked_up, &mut values, mean)
            };
            for (group, outputs) in outputs.chunks_mut(lanes * out_width).enumerate() {
                let y = &mut units[group * out_width * lanes..][..out_width * lanes];
                if groups == 0 {
                    self.predict::<Single>(y);
                    self.write_outputs::<Single>(y, outputs);
                } else {
                    self.predict::<Grouped>(y);
                    self.write_outputs::<Grouped>(y, outputs);
                }
            }
        }
    }

    /// Replaces the pre-activations of a group's output units by outputs.
    fn predict<A: Arrangement>(&self, units: &mut [f32]) {
        if !self.options.monotone.is_any() || self.options.output != Output::Softmax {
            return A::predict(self.options.output, units);
        }
        // The softmax of two classes is the sigmoid of the difference of their units. Computed as a quotient of
        // exponentials it would be rounded twice, and sometimes decrease by the last bit where it must not.
        let (first, second) = units.split_at_mut(A::LANES);
        for (first, second) in first.iter_mut().zip(second) {
            let difference = *second - *first;
            (*first, *second) = (-difference, difference);
        }
        A::predict(Output::Sigmoid, units);
    }

    fn layers(&self) -> impl Iterator<Item = Layer> + '_ {
        self.layout().layers(self.options.activation)
    }

    /// Computes the mean over all members of the pre-activations of output units.
    #[inline]
    fn units<'a, A: Arrangement, L: Iterator<Item = Layer>>(
        &'a self,
        layers: impl Fn() -> L,
        groups: usize,
        looked_up: &LookedUp,
        values: &'a mut LastTwo<'_>,
        mean: &'a mut [f32],
    ) -> &'a mut [f32] {
        let members = self.trained.weights.chunks_exact(self.layout().parameters());
        ensemble::<A, _>(layers, members, groups, looked_up, values, mean)
    }

    /// Writes the outputs of a group, which are arranged unit by unit, to `outputs` row by row, scaled back to the
    /// units of the targets.
    #[inline]
    fn write_outputs<A: Arrangement>(&self, units: &[f32], outputs: &mut [f32]) {
        let width = self.layout().outputs();
        for (lane, outputs) in outputs.chunks_exact_mut(width).enumerate() {
            outputs.iter_mut().zip(units.chunks_exact(A::LANES)).for_each(|(to, unit)| *to = unit[lane]);
        }
        if let Some(scaling) = &self.trained.normalization.outputs {
            for outputs in outputs.chunks_exact_mut(width) {
                outputs.iter_mut().enumerate().for_each(|(column, y)| *y = scaling.invert(column, *y));
            }
        }
    }
}

/// The indices of values from the largest to the smallest; equal values are in ascending order of index.
pub fn best_first(values: &[f32]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|&a, &b| values[b].total_cmp(&values[a]));
    order
}
