//! Weights and biases: their initial values, and their conversion when the normalization or the fields change.

use crate::constraint::Constraint;
use crate::layout::Layout;
use crate::normalization::{Normalization, Scaling};
use crate::options::{Activation, Options, Output};
use crate::random::Random;
use crate::schema::Schema;
use crate::trained::Trained;
use crate::trainer_state::{RpropState, TrainerState};

/// Draws the initial weights of a member, which satisfy the constraint if there is one.
pub(crate) fn initial(
    layout: &Layout,
    activation: Activation,
    constraint: Option<&Constraint>,
    random: &mut Random,
) -> Vec<f32> {
    let mut weights = vec![0.0; layout.parameters()];
    layout.layers(activation).for_each(|layer| layer.draw(&mut weights, random));
    if let Some(constraint) = constraint {
        constraint.apply_to_initial(&mut weights);
    }
    weights
}

/// How many random numbers [`initial`] draws.
pub(crate) fn draws(layout: &Layout, activation: Activation) -> u64 {
    layout.layers(activation).map(|layer| layer.draws() as u64).sum()
}

/// The initial step sizes of RPROP.
pub(crate) fn first_sizes(layout: &Layout, activation: Activation) -> Vec<f32> {
    let mut sizes = vec![0.0; layout.parameters()];
    layout.layers(activation).for_each(|layer| layer.first_sizes(&mut sizes));
    sizes
}

/// Changes the weights and step sizes of a member so that it gives the same answers under the normalization `after` as
/// under `before`, as far as that is possible.
pub(crate) fn reexpress(
    layout: &Layout,
    (activation, output): (Activation, Output),
    before: &Normalization,
    after: &Normalization,
    weights: &mut [f32],
    sizes: &mut [f32],
) {
    let or_identity =
        |scaling: &Option<Scaling>, columns| scaling.clone().unwrap_or_else(|| Scaling::identity(columns));
    if before.inputs != after.inputs {
        let [old, new] =
            [before, after].map(|normalization| or_identity(&normalization.inputs, layout.first_inputs().computed));
        let first = layout.layers(activation).next().expect("a layout has a layer");
        first.rescale_inputs(&old, &new, weights, sizes);
    }
    if before.outputs != after.outputs {
        let [old, new] = [before, after].map(|normalization| or_identity(&normalization.outputs, layout.outputs()));
        let last = layout.layers(activation).next_back().expect("a layout has a layer");
        last.rescale_outputs(output, &old, &new, weights, sizes);
    }
}

/// The weights and the trainer's state with parameters for new words and classes, at the end of the first layer and of
/// each row of the last. A new word gets the weights of the unknown word, as which it was treated so far; a new class
/// gets weights of 0.
pub(crate) fn widened(
    trained: &Trained,
    layout: &Layout,
    schema: &Schema,
    options: &Options,
) -> (Vec<f32>, TrainerState) {
    let before = &*trained.layout;
    let mut weights = Vec::with_capacity(trained.members() * layout.parameters());
    for member in trained.weights() {
        let mut of_member = widen(before, layout, member, &vec![0.0; layout.parameters()]);
        let units = layout.units()[1];
        for number in before.inputs()..layout.inputs() {
            let other = schema.known(number as u32, before.inputs()) as usize;
            of_member.copy_within((1 + other) * units..(2 + other) * units, (1 + number) * units);
        }
        weights.extend(of_member);
    }
    let first = first_sizes(layout, options.activation);
    // The states of L-BFGS and Adam are dropped, since the parameters are others. That of cells is widened by `recurrent`.
    let RpropState { sizes, signs, objectives } = trained.state.rprop();
    let state = RpropState {
        sizes: sizes.chunks(before.parameters()).flat_map(|sizes| widen(before, layout, sizes, &first)).collect(),
        signs: signs
            .chunks(before.parameters())
            .flat_map(|signs| widen(before, layout, signs, &vec![0; layout.parameters()]))
            .collect(),
        objectives: vec![f64::INFINITY; objectives.len()],
    };
    (weights, TrainerState::Rprop(state))
}

/// The values of a member's parameters in a larger layout, with values of `fill` for new inputs and outputs.
pub(crate) fn widen<T: Copy>(before: &Layout, after: &Layout, values: &[T], fill: &[T]) -> Vec<T> {
    let mut wide = fill.to_vec();
    for (from, to) in before.connections().zip(after.connections()) {
        let rows = values[from.all()].chunks(from.outputs).zip(wide[to.all()].chunks_mut(to.outputs));
        rows.for_each(|(from, to)| to[..from.len()].copy_from_slice(from));
    }
    wide
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    use crate::layout::Kind;
    use crate::schema::{FieldKind, Target};

    #[test]
    fn initial_weights_are_seeded_and_scaled_by_the_number_of_inputs() {
        let layout = Layout::new(&[100, 50, 10]).unwrap();
        let weights = initial(&layout, Activation::Tanh, None, &mut Random::new(1, 2));
        assert_eq!(weights, initial(&layout, Activation::Tanh, None, &mut Random::new(1, 2)));
        assert_ne!(weights, initial(&layout, Activation::Tanh, None, &mut Random::new(2, 2)));
        let mut random = Random::new(1, 2);
        let skipped = random.skip(draws(&layout, Activation::Tanh));
        initial(&layout, Activation::Tanh, None, &mut random);
        assert_eq!(random, skipped);
        for connection in layout.connections() {
            let (biases, weights) = weights[connection.all()].split_at(connection.outputs);
            let hidden = connection.outputs == 50;
            assert!(biases.iter().all(|b| (*b != 0.0) == hidden && b.abs() < 1.0), "{biases:?}");
            let variance = weights.iter().map(|w| w * w).sum::<f32>() / weights.len() as f32;
            assert!((variance * connection.inputs as f32 - 1.0).abs() < 0.2, "{variance}");
        }
    }

    #[test]
    fn initial_step_sizes_of_units_with_many_inputs_are_smaller_except_for_biases() {
        let sizes = first_sizes(&Layout::new(&[100, 2, 1]).unwrap(), Activation::Relu);
        let (first, second) = sizes.split_at(202);
        assert!(first[..2].iter().all(|&size| size == 0.1) && first[2..].iter().all(|&size| size == 0.01));
        assert!(second.iter().all(|&size| size == 0.1));
    }

    /// The answer of a layer of one unit to two inputs.
    fn answer(weights: &[f32], normalization: &Normalization, x: [f32; 2]) -> f32 {
        let inputs = normalization.inputs.as_ref();
        let scaled = |at: usize| inputs.map_or(x[at], |scaling| scaling.apply(at, x[at]));
        let unit = weights[0] + weights[1] * scaled(0) + weights[2] * scaled(1);
        normalization.outputs.as_ref().map_or(unit, |scaling| scaling.invert(0, unit))
    }

    #[test]
    fn reexpressed_weights_give_the_same_answers_and_step_sizes_scale_with_them() {
        let layout = Layout::new(&[2, 1]).unwrap();
        let scaling = |mean: &[f32], scale: &[f32]| Some(Scaling { mean: mean.to_vec(), scale: scale.to_vec() });
        let before = Normalization {
            inputs: scaling(&[1.0, -2.0], &[0.5, 4.0]),
            outputs: scaling(&[3.0], &[0.25]),
            places: None,
            events: None,
        };
        let after = Normalization {
            inputs: scaling(&[2.0, 6.0], &[2.0, 0.5]),
            outputs: scaling(&[-5.0], &[2.0]),
            places: None,
            events: None,
        };
        for (before, after) in [(&before, &after), (&after, &before), (&Normalization::default(), &after)] {
            let (mut weights, mut sizes) = (vec![0.5, -1.5, 0.75], vec![0.1; 3]);
            let original = weights.clone();
            reexpress(&layout, (Activation::Relu, Output::Linear), before, after, &mut weights, &mut sizes);
            for x in [[0.0, 0.0], [1.0, 5.0], [-3.0, 2.5]] {
                let (old, new) = (answer(&original, before, x), answer(&weights, after, x));
                assert!((old - new).abs() < 1e-4 * old.abs().max(1.0), "{x:?}: {old} {new}");
            }
            // The ratio of step size and weight is unchanged.
            for at in 1..3 {
                assert!((sizes[at] / weights[at] - 0.1 / original[at]).abs() < 1e-5, "{sizes:?} {weights:?}");
            }
        }
    }

    #[test]
    fn columns_that_become_constant_or_cease_to_be_are_reexpressed_as_far_as_possible() {
        let layout = Layout::new(&[2, 1]).unwrap();
        let scaling = |mean: &[f32], scale: &[f32]| Some(Scaling { mean: mean.to_vec(), scale: scale.to_vec() });
        let run = |output, before: &Normalization, after: &Normalization| {
            let (mut weights, mut sizes) = (vec![0.5, -1.5, 0.75], vec![0.3; 3]);
            reexpress(&layout, (Activation::Relu, output), before, after, &mut weights, &mut sizes);
            (weights, sizes)
        };
        // An input that was constant begins without effect, and keeps its step sizes.
        let inputs = |scale| Normalization {
            inputs: scaling(&[1.0, 7.0], &[1.0, scale]),
            outputs: None,
            places: None,
            events: None,
        };
        let (weights, sizes) = run(Output::Linear, &inputs(0.0), &inputs(2.0));
        assert_eq!((weights, sizes), (vec![0.5, -1.5, 0.0], vec![0.3; 3]));
        // An output that was constant begins as that constant; one that becomes constant keeps its weights.
        let outputs = |mean: f32, scale: f32| Normalization {
            inputs: None,
            outputs: scaling(&[mean], &[scale]),
            places: None,
            events: None,
        };
        let (weights, sizes) = run(Output::Linear, &outputs(3.0, 0.0), &outputs(1.0, 0.5));
        assert_eq!((weights, sizes), (vec![1.0, 0.0, 0.0], vec![0.1; 3]));
        let unchanged = (vec![0.5, -1.5, 0.75], vec![0.3; 3]);
        assert_eq!(run(Output::Linear, &outputs(1.0, 0.5), &outputs(3.0, 0.0)), unchanged);
        // A sigmoid output keeps its weights; if it was constant, it begins with the bias that gives the constant.
        assert_eq!(run(Output::Sigmoid, &outputs(0.0, 1.0), &outputs(1.0, 0.5)), unchanged);
        let (weights, _) = run(Output::Sigmoid, &outputs(0.8, 0.0), &outputs(0.0, 1.0));
        assert!((weights[0] - 4f32.ln()).abs() < 1e-5 && weights[1..] == [0.0, 0.0], "{weights:?}");
    }

    #[test]
    fn a_new_word_gets_the_weights_of_the_unknown_word_and_a_new_class_0() {
        let target = Target::Classes { name: (*b"taken").into(), most: 9, closed: false, names: Vec::new() };
        let fields = [(b"age".to_vec(), FieldKind::Number), (b"plan".to_vec(), FieldKind::Category(9))];
        let mut schema = Schema::new(fields, target).unwrap();
        for name in [b"a", b"b"] {
            schema.add_word(1, (*name).into()).unwrap();
            schema.add_class((*name).into()).unwrap();
        }
        let (options, before) = (Options::new(Kind::Classifier), Arc::new(schema.layout(&[2]).unwrap()));
        let (inputs, parameters) = (before.inputs(), before.parameters());
        assert_eq!(before.outputs(), 2);
        // Two members, in which the value of each parameter is its index.
        let mut trained = Trained::nothing(Arc::clone(&before));
        trained.weights = (0..2 * parameters).map(|at| at as f32).collect();
        trained.decays = vec![1.0; 2];
        trained.state = TrainerState::Rprop(RpropState {
            sizes: (0..2 * parameters).map(|at| 1e-3 * at as f32).collect(),
            signs: vec![1; 2 * parameters],
            objectives: vec![0.5; 2],
        });
        schema.add_word(1, (*b"c").into()).unwrap();
        schema.add_class((*b"c").into()).unwrap();
        let layout = schema.layout(&[2]).unwrap();
        let (weights, state) = widened(&trained, &layout, &schema, &options);
        let state = state.into_rprop();
        assert_eq!((weights.len(), state.sizes.len(), state.signs.len()), ([2 * layout.parameters(); 3]).into());
        assert_eq!(state.objectives, [f64::INFINITY; 2]);

        let [first, last] =
            [0, 1].map(|at| (before.connections().nth(at).unwrap(), layout.connections().nth(at).unwrap()));
        let other = schema.fields()[1].other() as usize;
        let sizes = first_sizes(&layout, options.activation);
        for member in 0..2 {
            let (was, is) = (member * parameters, member * layout.parameters());
            for (row, unit) in (0..=inputs + 1).flat_map(|row| [(row, 0), (row, 1)]) {
                let at = 2 * row + unit;
                // A row for the biases, then one for each input.
                let is_new = row == inputs + 1;
                let expected = if is_new { was + 2 * (1 + other) + unit } else { was + at };
                assert_eq!(weights[is + at], expected as f32, "row {row}");
                assert_eq!(state.sizes[is + at], if is_new { sizes[at] } else { 1e-3 * (was + at) as f32 });
                assert_eq!(state.signs[is + at], i8::from(!is_new));
            }
            for (row, class) in (0..3).flat_map(|row| [0, 1, 2].map(|class| (row, class))) {
                let (at, was) = (is + last.1.offset + 3 * row + class, was + last.0.offset + 2 * row + class);
                let is_new = class == 2;
                assert_eq!(weights[at], if is_new { 0.0 } else { was as f32 }, "row {row}, class {class}");
                assert_eq!(state.sizes[at], if is_new { sizes[at - is] } else { 1e-3 * was as f32 });
                assert_eq!(state.signs[at], i8::from(!is_new));
            }
        }
        assert_eq!((first.1.inputs, last.0.offset), (inputs + 1, first.0.parameters()));
    }
}
