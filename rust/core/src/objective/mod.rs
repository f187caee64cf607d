//! The objective of a training: sums of losses and gradients, computed from weights and rows.
//!
//! The rows of a set are divided into blocks of groups, small enough for a block's values to stay in the cache, and the
//! blocks into shares. Both depend on the layout and the number of rows alone, never on the threads. One thread
//! computes the sums of a share, block after block; the sums of the shares are then added in their order, so results do
//! not depend on timing.

mod head;
mod sums;

pub(crate) use sums::{PerMember, Sums, SumsRequest, Tally};

use std::ops::Range;
use std::sync::Arc;

use crate::dataset::{RowShape, Rows};
use crate::forward::{Grouped, forward};
use crate::inputs::Inputs;
use crate::kernels::{Buffer, LANES, add_share};
use crate::layers::{Layer, LookedUp, Noted};
use crate::layout::Layout;
use crate::normalization::{Normalization, Scaling};
use crate::options::Options;

/// The most bytes of a block's values: they fit into a core's L2 cache together with some weights.
const BLOCK_BYTES: usize = 768 << 10;
/// The most groups of a block. With more groups the final sum over the lanes of each gradient pays off better; with
/// fewer there are more blocks to divide into shares.
const MAX_BLOCK_GROUPS: usize = 16;
/// The most shares of a set, which bounds the number of threads that a training can use.
const MAX_SHARES: usize = 32;
/// The most bytes of the gradients of all shares, unless there is only one share.
const MAX_SHARES_BYTES: usize = 64 << 20;

/// The loss that a training minimizes, of networks of one layout under one normalization.
#[derive(Debug)]
pub(crate) struct Objective {
    shape: RowShape,
    inputs: Inputs,
    options: Options,
    normalization: Normalization,
    layers: Vec<Layer>,
    /// Parameters of one member.
    parameters: usize,
    members: usize,
    block_groups: usize,
    class_weights: Option<Arc<Vec<f32>>>,
    /// Outputs that are constant in the training rows, and so are answered by their constant.
    constant: Vec<usize>,
}

/// One thread's working memory.
#[derive(Debug)]
pub(crate) struct Scratch {
    /// The inputs and each layer's values; those of the last layer are first pre-activations, then outputs.
    values: Vec<Buffer>,
    /// The mean of the members' pre-activations of output units.
    mean: Buffer,
    target: Buffer,
    /// Deltas of a layer, and of the layer before.
    delta: Buffer,
    delta_before: Buffer,
    gather: Vec<f32>,
    /// The sparse inputs of the rows.
    looked_up: LookedUp,
}

impl Objective {
    pub(crate) fn new(
        shape: RowShape,
        (layout, inputs): (&Layout, Inputs),
        options: Options,
        normalization: Normalization,
        members: usize,
    ) -> Self {
        // The values of every layer, and the deltas of two at a time.
        let group_bytes = (layout.values().sum::<usize>() + 2 * layout.outputs()) * LANES * size_of::<f32>();
        Self {
            shape,
            inputs,
            layers: layout.layers(options.activation).collect(),
            options,
            constant: normalization.outputs.iter().flat_map(Scaling::constant).collect(),
            normalization,
            parameters: layout.parameters(),
            members,
            block_groups: (BLOCK_BYTES / group_bytes).clamp(1, MAX_BLOCK_GROUPS),
            class_weights: None,
        }
    }

    /// The objective with the losses of a classifier's rows multiplied by the weights of their classes.
    pub(crate) fn weighted(self, class_weights: Option<Arc<Vec<f32>>>) -> Self {
        Self { class_weights, ..self }
    }

    /// Parameters of all members.
    pub(crate) fn parameters(&self) -> usize {
        self.parameters * self.members
    }

    pub(crate) fn members(&self) -> usize {
        self.members
    }

    /// Floating-point operations of the gradient of one row and member.
    pub(crate) fn operations(&self) -> usize {
        6 * self.parameters
    }

    /// The range of groups of each share of a set.
    pub(crate) fn shares(&self, rows: &Rows) -> Vec<Range<usize>> {
        self.shares_of(rows.table.groups())
    }

    /// The range of groups of each share, for a set of this many groups.
    pub(crate) fn shares_of(&self, groups: usize) -> Vec<Range<usize>> {
        let blocks = groups.div_ceil(self.block_groups);
        let by_memory = MAX_SHARES_BYTES / (self.parameters * self.members * size_of::<f32>());
        let shares = blocks.min(MAX_SHARES).min(by_memory).max(1);
        let share_groups = blocks.div_ceil(shares) * self.block_groups;
        (0..groups).step_by(share_groups.max(1)).map(|from| from..(from + share_groups).min(groups)).collect()
    }

    /// Bytes of a [`Self::scratch`].
    pub(crate) fn scratch_bytes(&self) -> usize {
        let widest = self.layers.iter().map(Layer::outputs).max().unwrap_or_default();
        let values = self.inputs.computed() + self.layers.iter().map(Layer::outputs).sum::<usize>();
        let mean = if self.members > 1 { self.shape.outputs } else { 0 };
        ((values + mean + 2 * widest) * self.block_groups + self.shape.outputs) * LANES * size_of::<f32>()
    }

    /// Allocates the working memory of one thread.
    pub(crate) fn scratch(&self) -> Scratch {
        let room = |units: usize| Buffer::new(units * self.block_groups * LANES);
        let widest = self.layers.iter().map(Layer::outputs).max().expect("a layout has a layer");
        Scratch {
            values: std::iter::once(self.inputs.computed())
                .chain(self.layers.iter().map(Layer::outputs))
                .map(room)
                .collect(),
            mean: if self.members > 1 { room(self.shape.outputs) } else { Buffer::new(0) },
            target: Buffer::new(self.shape.outputs * LANES),
            delta: room(widest),
            delta_before: room(widest),
            gather: Vec::new(),
            looked_up: LookedUp::default(),
        }
    }

    /// Computes what `request` names over a range of groups of a set.
    ///
    /// `go_on` is called before each block. If it returns false, the sums are incomplete and must not be used.
    pub(crate) fn sums(
        &self,
        weights: &[f32],
        rows: &Rows,
        groups: Range<usize>,
        scratch: &mut Scratch,
        mut request: SumsRequest<'_>,
        go_on: impl Fn() -> bool,
    ) -> Sums {
        let mut sums = Sums::default();
        let mut from = groups.start;
        while from < groups.end && go_on() {
            let to = (from + self.block_groups).min(groups.end);
            self.load(rows, from..to, scratch);
            if self.members > 1 {
                sums.add(&self.ensemble_block(weights, rows, from..to, scratch, &mut request));
            } else {
                self.forward(weights, to - from, scratch);
                let gradients = request.own.as_mut().and_then(|own| own.gradients.as_deref_mut());
                let tally = request.tally.as_deref_mut();
                self.losses(rows, from..to, scratch, &mut sums, gradients.is_none(), tally);
                if let Some(gradients) = gradients {
                    self.backward(weights, to - from, scratch, gradients);
                }
            }
            from = to;
        }
        if let (1, Some(own)) = (self.members, request.own) {
            own.sums[0] = sums;
        }
        sums
    }

    /// Sums over a range of groups of the losses of the members' averaged output. The gradient of these losses is added
    /// to `gradient`.
    pub(crate) fn gradient(
        &self,
        weights: &[f32],
        rows: &Rows,
        groups: Range<usize>,
        scratch: &mut Scratch,
        gradient: &mut [f32],
    ) -> Sums {
        let (mut sums, last) = (Sums::default(), self.layers.len());
        let width = self.shape.outputs * LANES;
        let mut mean = Buffer::new(width * self.block_groups);
        let mut delta = Buffer::new(width * self.block_groups);
        for from in groups.clone().step_by(self.block_groups) {
            let block = from..(from + self.block_groups).min(groups.end);
            let (count, units) = (block.len(), block.len() * width);
            self.load(rows, block.clone(), scratch);
            mean.fill(0.0);
            for weights in weights.chunks_exact(self.parameters) {
                self.forward(weights, count, scratch);
                add_share(&mut mean[..units], &scratch.values[last][..units], self.members);
            }
            scratch.values[last][..units].copy_from_slice(&mean[..units]);
            self.losses(rows, block, scratch, &mut sums, false, None);
            delta.fill(0.0);
            add_share(&mut delta[..units], &scratch.delta[..units], self.members);
            let members = weights.chunks_exact(self.parameters).zip(gradient.chunks_exact_mut(self.parameters));
            for (weights, gradient) in members {
                // The values of a single member are still in the scratch.
                if self.members > 1 {
                    self.forward(weights, count, scratch);
                }
                scratch.delta[..units].copy_from_slice(&delta[..units]);
                self.backward(weights, count, scratch, gradient);
            }
        }
        sums
    }

    /// The sums of one block for an ensemble of several members.
    fn ensemble_block(
        &self,
        weights: &[f32],
        rows: &Rows,
        groups: Range<usize>,
        scratch: &mut Scratch,
        request: &mut SumsRequest<'_>,
    ) -> Sums {
        let (count, last) = (groups.len(), self.layers.len());
        let units = count * self.shape.outputs * LANES;
        scratch.mean[..units].fill(0.0);
        let mut sums = Sums::default();
        for (member, weights) in weights.chunks_exact(self.parameters).enumerate() {
            let own = request.own.as_mut().filter(|own| own.members[member]);
            if !request.ensemble && own.is_none() {
                continue;
            }
            self.forward(weights, count, scratch);
            if request.ensemble {
                add_share(&mut scratch.mean[..units], &scratch.values[last][..units], self.members);
            }
            if let Some(own) = own {
                let mut alone = Sums::default();
                self.losses(rows, groups.clone(), scratch, &mut alone, own.gradients.is_none(), None);
                own.sums[member].add(&alone);
                if let Some(gradients) = &mut own.gradients {
                    let gradient = &mut gradients[member * self.parameters..][..self.parameters];
                    self.backward(weights, count, scratch, gradient);
                }
                sums = Sums { weight: alone.weight, rows: alone.rows, ..Sums::default() };
            }
        }
        if request.ensemble {
            sums = Sums::default();
            scratch.values[last][..units].copy_from_slice(&scratch.mean[..units]);
            let has_gradients = request.own.as_ref().is_some_and(|own| own.gradients.is_some());
            self.losses(rows, groups, scratch, &mut sums, !has_gradients, request.tally.as_deref_mut());
        }
        sums
    }

    /// Adds the gradient of one member's losses over some groups, in any order, to `gradient`. The sparse inputs that
    /// occur are added to `noted`.
    pub(crate) fn batch(
        &self,
        weights: &[f32],
        rows: &Rows,
        groups: &[u32],
        scratch: &mut Scratch,
        (gradient, noted): (&mut [f32], &mut Noted),
    ) -> Sums {
        let mut sums = Sums::default();
        for groups in groups.chunks(self.block_groups) {
            let each = || groups.iter().map(|&group| group as usize);
            self.load(rows, each(), scratch);
            noted.add(&scratch.looked_up);
            self.forward(weights, groups.len(), scratch);
            self.losses(rows, each(), scratch, &mut sums, false, None);
            self.backward(weights, groups.len(), scratch, gradient);
        }
        sums
    }

    /// Computes the inputs of some groups.
    fn load(&self, rows: &Rows, groups: impl Iterator<Item = usize>, scratch: &mut Scratch) {
        let width = self.inputs.computed() * LANES;
        scratch.looked_up.clear();
        for (slot, group) in groups.enumerate() {
            let stored = &rows.table.group(group, &mut scratch.gather)[..self.shape.inputs * LANES];
            let to = &mut scratch.values[0][slot * width..][..width];
            let list = |lane| rows.list(group * LANES + lane);
            self.inputs.load::<Grouped>(&self.normalization, stored, list, to, &mut scratch.looked_up);
        }
    }

    fn forward(&self, weights: &[f32], groups: usize, scratch: &mut Scratch) {
        let Scratch { values, looked_up, .. } = scratch;
        forward::<Grouped>(self.layers.iter().copied(), weights, groups, looked_up, &mut values[..]);
    }

    fn backward(&self, weights: &[f32], groups: usize, scratch: &mut Scratch, gradient: &mut [f32]) {
        for (index, layer) in self.layers.iter().enumerate().rev() {
            let (x, y) = (&scratch.values[index], &scratch.values[index + 1]);
            let delta = &mut scratch.delta[..groups * layer.outputs() * LANES];
            let before = (index > 0).then(|| &mut scratch.delta_before[..groups * layer.inputs() * LANES]);
            let looked_up = if index == 0 { &scratch.looked_up } else { LookedUp::NONE };
            layer.backward(weights, (x, looked_up), y, delta, groups, gradient, before);
            std::mem::swap(&mut scratch.delta, &mut scratch.delta_before);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layout::Kind;
    use crate::normalization::Scaling;
    use crate::options::{Activation, Loss, Output};
    use crate::places::Places;
    use crate::random::Random;
    use crate::schema::{FieldKind, Given, Row, Schema, Target};
    use crate::weights::initial;

    /// Every activation with every head, for a classifier and for a regressor.
    fn networks() -> impl Iterator<Item = (Kind, Options)> {
        let kinds = [Kind::Classifier, Kind::Regressor];
        let all = kinds.into_iter().flat_map(|kind| Activation::ALL.iter().map(move |&activation| (kind, activation)));
        let all = all.flat_map(|(kind, activation)| Output::ALL.iter().map(move |&output| (kind, activation, output)));
        let all = all.flat_map(|(kind, activation, output)| {
            let options = Options { activation, output, ..Options::new(kind) };
            Loss::ALL.iter().map(move |&loss| (kind, Options { loss, ..options.clone() }))
        });
        let layout = Layout::new(&[1, 2]).unwrap();
        all.filter(move |(kind, options)| options.check(*kind, &layout).is_ok())
    }

    fn rows(kind: Kind, layout: &Layout, count: usize) -> Rows {
        let shape = RowShape::new(kind, layout);
        let mut random = Random::new(3, 3);
        let mut rows = Rows::new(shape.width());
        for row in 0..count {
            let mut values: Vec<f32> = (0..shape.inputs).map(|_| random.symmetric()).collect();
            match kind {
                Kind::Classifier => values.push(random.below(shape.outputs as u64) as f32),
                Kind::Regressor => values.extend((0..shape.outputs).map(|_| random.symmetric().abs())),
            }
            rows.set(row, values.into_iter(), if row % 3 == 0 { 2.5 } else { 1.0 });
        }
        rows
    }

    fn objective_of(
        kind: Kind,
        layout: &Layout,
        options: Options,
        normalization: Normalization,
        members: usize,
    ) -> Objective {
        let (shape, inputs) = (RowShape::new(kind, layout), Inputs::new(None, layout));
        Objective::new(shape, (layout, inputs), options, normalization, members)
    }

    fn all_sums(objective: &Objective, weights: &[f32], rows: &Rows, gradient: Option<&mut Vec<f32>>) -> Sums {
        let mut sums = Sums::default();
        let mut total = vec![0.0; weights.len()];
        for share in objective.shares(rows) {
            let scratch = &mut objective.scratch();
            sums.add(&objective.sums(
                weights,
                rows,
                share,
                scratch,
                SumsRequest {
                    own: Some(PerMember {
                        members: &[true],
                        sums: &mut [Sums::default()],
                        gradients: Some(&mut total),
                    }),
                    ..SumsRequest::LOSS
                },
                || true,
            ));
        }
        if let Some(gradient) = gradient {
            *gradient = total;
        }
        sums
    }

    #[test]
    fn gradients_are_the_derivatives_of_the_loss_for_every_activation_and_head() {
        let mut tried = 0;
        for (kind, options) in networks() {
            for units in [&[4, 5, 3][..], &[3, 2], &[2, 4, 3, 3, 2]] {
                let layout = Layout::new(units).unwrap();
                let rows = rows(kind, &layout, 21);
                let scaling = Scaling { mean: vec![0.1; units[0]], scale: vec![1.5; units[0]] };
                let outputs = (kind == Kind::Regressor).then(|| Scaling::identity(layout.outputs()));
                let normalization = Normalization { inputs: Some(scaling), outputs, places: None, events: None };
                let objective = objective_of(kind, &layout, options.clone(), normalization, 1);
                let weights = initial(&layout, options.activation, None, &mut Random::new(5, 5));
                let mut gradient = Vec::new();
                all_sums(&objective, &weights, &rows, Some(&mut gradient));
                for at in 0..weights.len() {
                    let shifted = |by: f32| {
                        let mut weights = weights.clone();
                        weights[at] += by;
                        all_sums(&objective, &weights, &rows, None).loss
                    };
                    // The kink of a rectified unit may lie between the two points, so one-sided differences count as
                    // well.
                    let (low, middle, high) = (shifted(-4e-3), shifted(0.0), shifted(4e-3));
                    let sides = [(middle - low) / 4e-3, (high - middle) / 4e-3, (high - low) / 8e-3];
                    let error = sides.iter().map(|d| (f64::from(gradient[at]) - d).abs()).fold(f64::MAX, f64::min);
                    let scale = gradient[at].abs() + 1.0;
                    assert!(
                        error < 0.02 * f64::from(scale),
                        "{kind:?} {options:?} {units:?} {at}: {gradient:?} {sides:?}"
                    );
                }
                tried += 1;
            }
        }
        assert_eq!(tried, 3 * (3 * 5 + 3 * 3));
    }

    #[test]
    fn gradients_of_sparse_inputs_are_the_derivatives_of_the_loss() {
        let fields = [("age", FieldKind::Number), ("plan", FieldKind::Category(4)), ("text", FieldKind::Text(6))];
        let names = ["no", "yes", "later"].map(|name| name.as_bytes().into()).to_vec();
        let target = Target::Classes { name: (*b"taken").into(), most: 3, closed: true, names };
        let fields = fields.map(|(name, kind)| (name.as_bytes().to_vec(), kind));
        let mut schema = Schema::new(fields, target).unwrap();
        for plan in ["free", "pro"] {
            schema.add_word(1, plan.as_bytes().into()).unwrap();
        }
        let (layout, shape) = (schema.layout(&[5, 4]).unwrap(), schema.shape());
        let (mut random, mut rows) = (Random::new(3, 3), Rows::with_lists(shape.width()));
        // More than a block; the last group has rows in some lanes only.
        for row in 0..300 {
            let mut pick = |all: &[&'static str]| all[random.below(all.len() as u64) as usize].as_bytes();
            let (age, plan) = (pick(&["1", "-0.5", ""]), pick(&["free", "pro", "other", ""]));
            let text = pick(&["a b a", "c", "", "b c d"]);
            let given = [(&b"age"[..], age), (b"plan", plan), (b"text", text)];
            let values = schema.understand(given.map(|(name, value)| (name, Given::text(value)))).unwrap();
            let Row { cells, list } = schema.row(&values);
            rows.set_list(row, &list);
            rows.set(row, cells.into_iter().chain([(row % 3) as f32]), if row % 3 == 0 { 2.5 } else { 1.0 });
        }
        let mut places = Places::default();
        places.push(&[-1.0, 0.0, 2.0]);
        let scaling = Scaling { mean: vec![0.25, 0.5], scale: vec![1.5, 0.75] };
        let normalization = Normalization { inputs: Some(scaling), outputs: None, places: Some(places), events: None };
        let inputs = Inputs::new(Some(Arc::new(schema)), &layout);
        let options = Options { activation: Activation::Tanh, ..Options::new(Kind::Classifier) };
        let objective = Objective::new(shape, (&layout, inputs), options, normalization, 1);
        let mut random = Random::new(5, 5);
        let weights: Vec<f32> = (0..layout.parameters()).map(|_| random.symmetric()).collect();
        let mut gradient = Vec::new();
        all_sums(&objective, &weights, &rows, Some(&mut gradient));
        for at in 0..weights.len() {
            let shifted = |by: f32| {
                let mut weights = weights.clone();
                weights[at] += by;
                all_sums(&objective, &weights, &rows, None).loss
            };
            let difference = (shifted(4e-3) - shifted(-4e-3)) / 8e-3;
            let error = (f64::from(gradient[at]) - difference).abs();
            assert!(error < 0.02 * (difference.abs() + 1.0), "{at}: {} {difference}", gradient[at]);
        }
        // Only the weights of inputs that no row has, or that are always 0, have a derivative of 0.
        let silent = gradient.iter().filter(|derivative| **derivative == 0.0).count();
        assert!(silent < gradient.len() / 4, "{silent} of {}", gradient.len());
    }

    #[test]
    fn the_gradient_of_an_ensemble_is_the_derivative_of_the_loss_of_its_averaged_output() {
        let layout = Layout::new(&[4, 5, 3]).unwrap();
        for (kind, options) in networks().filter(|(_, options)| options.activation == Activation::Tanh) {
            // More than a block.
            let rows = rows(kind, &layout, 300);
            for members in [1, 3] {
                let normalization = Normalization::default();
                let objective = objective_of(kind, &layout, options.clone(), normalization, members);
                let mut random = Random::new(5, 5);
                let weights: Vec<f32> =
                    (0..members).flat_map(|_| initial(&layout, options.activation, None, &mut random)).collect();
                let mut gradient = vec![0.0; weights.len()];
                let groups = 0..rows.table.groups();
                let scratch = &mut objective.scratch();
                let loss = |weights: &[f32], scratch: &mut Scratch| {
                    objective.sums(weights, &rows, groups.clone(), scratch, SumsRequest::LOSS, || true).loss
                };
                let sums = objective.gradient(&weights, &rows, groups.clone(), scratch, &mut gradient);
                assert_eq!((sums.loss, sums.rows), (loss(&weights, scratch), 300));
                for at in (0..weights.len()).step_by(3) {
                    let mut shifted = weights.clone();
                    shifted[at] = weights[at] + 4e-3;
                    let high = loss(&shifted, scratch);
                    shifted[at] = weights[at] - 4e-3;
                    let difference = (high - loss(&shifted, scratch)) / 8e-3;
                    let error = (f64::from(gradient[at]) - difference).abs();
                    assert!(error < 0.02 * (difference.abs() + 1.0), "{options:?} {at}: {gradient:?} {difference}");
                }
            }
        }
    }

    #[test]
    fn a_row_of_weight_two_counts_as_two_rows() {
        let layout = Layout::new(&[3, 4, 2]).unwrap();
        let objective =
            objective_of(Kind::Classifier, &layout, Options::new(Kind::Classifier), Normalization::default(), 1);
        let weights = initial(&layout, Activation::Tanh, None, &mut Random::new(5, 5));
        let once = rows(Kind::Classifier, &layout, 2);
        let (mut weighted, mut doubled) = (Rows::new(4), Rows::new(4));
        weighted.set(0, once.table.row(0), 2.0);
        weighted.set(1, once.table.row(1), 1.0);
        [0, 0, 1].into_iter().enumerate().for_each(|(at, row)| doubled.set(at, once.table.row(row), 1.0));
        let (mut a, mut b) = (Vec::new(), Vec::new());
        let sums = [
            all_sums(&objective, &weights, &weighted, Some(&mut a)),
            all_sums(&objective, &weights, &doubled, Some(&mut b)),
        ];
        assert!((sums[0].mean() - sums[1].mean()).abs() < 1e-6);
        assert!(a.iter().zip(&b).all(|(a, b)| (a - b).abs() < 1e-5));
    }

    #[test]
    fn a_class_of_weight_two_doubles_the_weights_of_its_rows() {
        // Rows that are stored interleaved, and rows so wide that they are stored one after the other.
        for units in [&[3, 4, 2][..], &[5000, 2]] {
            let (layout, kind) = (Layout::new(units).unwrap(), Kind::Classifier);
            let plain = || objective_of(kind, &layout, Options::new(kind), Normalization::default(), 1);
            let weights = initial(&layout, Activation::Tanh, None, &mut Random::new(5, 5));
            let rows = rows(kind, &layout, 21);
            let mut heavier = Rows::new(units[0] + 1);
            for row in 0..rows.len() {
                let class = rows.table.row(row).last().unwrap();
                heavier.set(row, rows.table.row(row), rows.weight(row) * if class == 1.0 { 2.0 } else { 0.5 });
            }
            let weighted = plain().weighted(Some(Arc::new(vec![0.5, 2.0])));
            let (mut a, mut b) = (Vec::new(), Vec::new());
            let sums = all_sums(&weighted, &weights, &rows, Some(&mut a));
            assert_eq!(sums, all_sums(&plain(), &weights, &heavier, Some(&mut b)));
            assert_ne!(sums, all_sums(&plain(), &weights, &rows, None));
            assert_eq!(a, b);
            let ones = plain().weighted(Some(Arc::new(vec![1.0; 2])));
            assert_eq!(all_sums(&ones, &weights, &rows, None), all_sums(&plain(), &weights, &rows, None));
        }
    }

    #[test]
    fn products_of_row_and_class_weights_are_clamped_to_positive_finite_numbers() {
        let layout = Layout::new(&[1, 2]).unwrap();
        let plain =
            objective_of(Kind::Classifier, &layout, Options::new(Kind::Classifier), Normalization::default(), 1);
        let weighted = plain.weighted(Some(Arc::new(vec![f32::MAX, f32::MIN_POSITIVE])));
        let weights = initial(&layout, Activation::Tanh, None, &mut Random::new(5, 5));
        let mut rows = Rows::new(2);
        rows.set(0, [1.0, 0.0].into_iter(), f32::MAX);
        assert_eq!(all_sums(&weighted, &weights, &rows, None).weight, f64::from(f32::MAX));
        rows.set(0, [1.0, 1.0].into_iter(), f32::MIN_POSITIVE);
        let sums = all_sums(&weighted, &weights, &rows, None);
        assert!(sums.weight == f64::from(f32::MIN_POSITIVE) && sums.mean().is_finite());
    }

    #[test]
    fn rows_are_validated_by_the_squared_error_of_the_outputs() {
        let (kind, layout) = (Kind::Classifier, Layout::new(&[3, 2]).unwrap());
        let judged = |loss| {
            let options = Options { loss, ..Options::new(kind) };
            let objective = objective_of(kind, &layout, options, Normalization::default(), 1);
            let weights = initial(&layout, Activation::Tanh, None, &mut Random::new(5, 5));
            let (mut of_member, rows) = ([Sums::default()], rows(kind, &layout, 21));
            let own = PerMember { members: &[true], sums: &mut of_member, gradients: None };
            let groups = 0..rows.table.groups();
            let request = SumsRequest { own: Some(own), ..SumsRequest::LOSS };
            let sums = objective.sums(&weights, &rows, groups, &mut objective.scratch(), request, || true);
            assert_eq!(of_member[0], sums);
            sums
        };
        let (squared, entropy) = (judged(Loss::Mse), judged(Loss::CrossEntropy));
        // The MSE loss is the mean of squared errors over the outputs, of which there are two.
        assert_eq!(squared.squares, squared.loss);
        assert!((entropy.squares - 2.0 * squared.loss).abs() < 1e-5, "{entropy:?} {squared:?}");
        assert!(entropy.loss > entropy.squares && entropy.wrong == squared.wrong);
    }

    #[test]
    fn the_bytes_of_a_scratch_are_those_of_its_buffers() {
        for units in [&[9, 15, 2][..], &[3, 40, 7, 5], &[2000, 2]] {
            for members in [1, 3] {
                let (layout, kind) = (Layout::new(units).unwrap(), Kind::Classifier);
                let objective = objective_of(kind, &layout, Options::new(kind), Normalization::default(), members);
                let Scratch { values, mean, target, delta, delta_before, gather, looked_up: _ } = objective.scratch();
                let buffers = values.iter().chain([&mean, &target, &delta, &delta_before]);
                let floats = buffers.map(|buffer| buffer.len()).sum::<usize>() + gather.len();
                assert_eq!(objective.scratch_bytes(), 4 * floats);
            }
        }
    }

    #[test]
    fn shares_cover_all_groups_in_order() {
        for units in [&[9, 15, 2][..], &[300, 600, 100], &[1, 1], &[2000, 2000, 10]] {
            let layout = Layout::new(units).unwrap();
            let objective =
                objective_of(Kind::Regressor, &layout, Options::new(Kind::Regressor), Normalization::default(), 1);
            for count in [1, 16, 17, 1000, 9_000] {
                let mut rows = Rows::new(1);
                (0..count).for_each(|row| rows.set(row, std::iter::once(0.0), 1.0));
                let shares = objective.shares(&rows);
                assert_eq!((shares[0].start, shares[shares.len() - 1].end), (0, rows.table.groups()));
                assert!(shares.windows(2).all(|pair| pair[0].end == pair[1].start));
                assert!(shares.len() <= MAX_SHARES);
            }
        }
    }
}
