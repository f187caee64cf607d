//! Tests of cells against the equations, of gradients against finite differences, and of lanes against single
//! sequences.

use super::*;
use crate::kernels::LANES;
use crate::normalization::Scaling;
use crate::schema::{FieldKind, Given, Row, Target};

fn schema(words: &[&str]) -> Schema {
    let target = Target::Values(vec![(*b"y").into()]);
    let fields = [(b"x".to_vec(), FieldKind::Vector(2)), (b"page".to_vec(), FieldKind::Category(9))];
    let mut schema = Schema::new(fields, target).unwrap();
    words.iter().for_each(|word| schema.add_word(1, word.as_bytes().into()).unwrap());
    schema
}

fn row(schema: &Schema, x: [f32; 2], page: &str) -> Row {
    let x = [Given::Numbers(x.to_vec())];
    let given = [(b"x".as_slice(), x[0].clone()), (b"page", Given::text(page.as_bytes()))];
    schema.row(&schema.understand(given).unwrap())
}

fn shape(schema: &Schema, units: usize) -> Shape {
    Shape { units, computed: schema.dense(), inputs: schema.inputs(schema.words().len()) }
}

fn drawn(shape: Shape, members: usize) -> Gru {
    let mut weights = vec![0.0; members * shape.parameters()];
    for (member, weights) in weights.chunks_exact_mut(shape.parameters()).enumerate() {
        shape.draw(20, &mut Random::new(member as u64, 1), weights);
        // Not 0, so that tests notice if they are ignored.
        weights[shape.recurrent().biases()].fill(0.25);
    }
    Gru::new(shape, weights)
}

#[test]
fn a_state_follows_the_equations() {
    let schema = schema(&["home", "cart"]);
    let shape = shape(&schema, 3);
    let gru = drawn(shape, 2);
    let scaling = Scaling { mean: vec![1.0, 0.0], scale: vec![0.5, 2.0] };
    let rows = [row(&schema, [3.0, 0.5], "home"), row(&schema, [-1.0, 0.25], "cart"), row(&schema, [0.0, 0.0], "new")];
    let mut state = gru.begin();
    let sigmoid = |x: f64| 1.0 / (1.0 + (-x).exp());
    let (mut hidden, mut sums) = (vec![[0.0f64; 3]; 2], vec![[0.0f64; 3]; 2]);
    for row in &rows {
        gru.step(&schema, Some(&scaling), row, &mut state);
        for (member, weights) in gru.members().enumerate() {
            let weight = |input: usize, unit: usize| f64::from(weights[input * 9 + unit]);
            let between = |input: usize, unit: usize| f64::from(weights[shape.recurrent().offset + input * 9 + unit]);
            let was = hidden[member];
            let from_event = |unit: usize| {
                let x = [(f64::from(row.cells[0]) - 1.0) * 0.5, f64::from(row.cells[1]) * 2.0];
                weight(0, unit)
                    + weight(1, unit) * x[0]
                    + weight(2, unit) * x[1]
                    + weight(1 + row.cells[2] as usize, unit)
            };
            let from_hidden =
                |unit: usize| between(0, unit) + (0..3).map(|from| between(1 + from, unit) * was[from]).sum::<f64>();
            for unit in 0..3 {
                let z = sigmoid(from_event(unit) + from_hidden(unit));
                let r = sigmoid(from_event(3 + unit) + from_hidden(3 + unit));
                let n = (from_event(6 + unit) + r * from_hidden(6 + unit)).tanh();
                hidden[member][unit] = was[unit] + z * (n - was[unit]);
                sums[member][unit] += hidden[member][unit];
            }
        }
    }
    let mut found = Vec::new();
    state.write(3, true, &mut found);
    let expected: Vec<f64> = hidden
        .iter()
        .zip(&sums)
        .flat_map(|(hidden, sums)| hidden.iter().copied().chain(sums.map(|sum| sum / 3.0)))
        .collect();
    assert_eq!(found.len(), expected.len());
    assert!(
        found.iter().zip(&expected).all(|(found, expected)| (f64::from(*found) - expected).abs() < 1e-5),
        "{found:?}"
    );
}

#[test]
fn initial_recurrent_matrices_are_orthogonal_and_biases_follow_the_time_scales() {
    let shape = Shape { units: 16, computed: 2, inputs: 5 };
    let mut weights = vec![0.0; shape.parameters()];
    shape.draw(64, &mut Random::new(3, 1), &mut weights);
    let between = &weights[shape.recurrent().weights()];
    for gate in 0..3 {
        let unit = |unit: usize| (0..16).map(move |from| f64::from(between[from * 48 + gate * 16 + unit]));
        for (a, b) in (0..16).flat_map(|a| (0..16).map(move |b| (a, b))) {
            let product: f64 = unit(a).zip(unit(b)).map(|(a, b)| a * b).sum();
            assert!((product - f64::from(u8::from(a == b))).abs() < 1e-5, "{a} {b}: {product}");
        }
    }
    // -ln of 1 to 64 events.
    assert!(weights[..16].iter().all(|&bias| (-4.16..=0.0).contains(&bias)) && weights[16..48] == [0.0; 32]);
}

/// Random sequences of these lengths, one in each lane.
fn steps(shape: Shape, lengths: [usize; LANES]) -> Steps {
    let (mut random, mut steps) = (Random::new(9, 2), Steps { lengths, ..Steps::default() });
    let count = steps.count();
    steps.computed.resize(count * shape.computed * LANES, 0.0);
    for step in 0..count {
        for (lane, &length) in lengths.iter().enumerate() {
            if step < length {
                for input in 0..shape.computed {
                    steps.computed[(step * shape.computed + input) * LANES + lane] = random.symmetric();
                }
                let number = shape.computed as u64 + random.below((shape.inputs - shape.computed) as u64);
                steps.looked_up.add(crate::schema::Entry { number: number as u32, value: 0.5 });
            }
            steps.looked_up.end_row();
        }
    }
    steps
}

#[test]
fn gradients_equal_finite_differences() {
    let shape = Shape { units: 4, computed: 2, inputs: 6 };
    let gru = drawn(shape, 1);
    let mut lengths = [0; LANES];
    lengths[..4].copy_from_slice(&[5, 3, 1, 5]);
    let steps = steps(shape, lengths);
    let size = 4 * LANES;
    let mut random = Random::new(4, 4);
    let delta: Vec<f32> = (0..6 * size).map(|_| random.symmetric()).collect();
    let mut time = ThroughTime::new(shape, 5);
    // Hidden states of a lane without a sequence are 0 for any weights.
    let mut value = |weights: &[f32]| {
        time.forward(weights, &steps);
        time.hidden(5).iter().zip(&delta).map(|(hidden, delta)| f64::from(hidden * delta)).sum::<f64>()
    };
    let weights = gru.members().next().unwrap().to_vec();
    let differences: Vec<f64> = (0..weights.len())
        .map(|at| {
            let mut moved = |by: f32| {
                let mut weights = weights.clone();
                weights[at] += by;
                value(&weights)
            };
            (moved(5e-3) - moved(-5e-3)) / 1e-2
        })
        .collect();
    let (mut time, mut gradient) = (ThroughTime::new(shape, 5), vec![0.0; weights.len()]);
    time.forward(&weights, &steps);
    time.backward(&weights, &steps, &delta, &mut gradient);
    for (at, (found, expected)) in gradient.iter().zip(&differences).enumerate() {
        assert!((f64::from(*found) - expected).abs() < 2e-3 * expected.abs().max(1.0), "{at}: {found} {expected}");
    }
    assert!(gradient.iter().filter(|&&value| value != 0.0).count() > weights.len() * 3 / 4);
}

#[test]
fn a_sequence_gives_the_same_bits_alone_and_in_a_lane() {
    let schema = schema(&["a", "b", "c"]);
    for units in [3, 32, 64] {
        let shape = shape(&schema, units);
        let gru = drawn(shape, 1);
        let mut random = Random::new(8, 8);
        let sequences: Vec<Vec<Row>> = (0..LANES)
            .map(|lane| {
                let event = |random: &mut Random| {
                    let page = ["a", "b", "c", "unknown"][random.below(4) as usize];
                    row(&schema, [random.symmetric(), random.symmetric()], page)
                };
                (0..lane).map(|_| event(&mut random)).collect()
            })
            .collect();
        let mut steps = Steps { lengths: std::array::from_fn(|lane| sequences[lane].len()), ..Steps::default() };
        steps.computed.resize(steps.count() * 2 * LANES, 0.0);
        for step in 0..steps.count() {
            for (lane, events) in sequences.iter().enumerate() {
                if let Some(row) = events.get(step) {
                    steps.computed[2 * step * LANES + lane] = row.cells[0];
                    steps.computed[(2 * step + 1) * LANES + lane] = row.cells[1];
                    schema.entries_of(
                        |cell| row.cells[cell],
                        &row.list,
                        shape.inputs,
                        |entry| steps.looked_up.add(entry),
                    );
                }
                steps.looked_up.end_row();
            }
        }
        let mut time = ThroughTime::new(shape, steps.count());
        time.forward(gru.members().next().unwrap(), &steps);
        let last = &time.hidden(steps.count())[steps.count() * units * LANES..];
        for (lane, events) in sequences.iter().enumerate() {
            let mut state = gru.begin();
            events.iter().for_each(|row| gru.step(&schema, None, row, &mut state));
            let mut alone = Vec::new();
            state.write(units, false, &mut alone);
            let among: Vec<f32> = last[lane..].iter().step_by(LANES).copied().collect();
            assert_eq!(alone, among, "{lane}");
        }
    }
}

#[test]
fn a_new_word_starts_with_the_weights_of_unknown_words() {
    let (before, after) = (schema(&["a"]), schema(&["a", "b"]));
    let gru = drawn(shape(&before, 3), 2);
    let wide = shape(&after, 3);
    let weights: Vec<f32> = gru.members().flat_map(|own| gru.shape().widened(own, &after, wide)).collect();
    let wider = Gru::new(wide, weights);
    let step = |gru: &Gru| {
        let mut state = gru.begin();
        ["b", "a", "b"].iter().for_each(|page| gru.step(&after, None, &row(&after, [1.0, 0.0], page), &mut state));
        let mut found = Vec::new();
        state.write(3, false, &mut found);
        found
    };
    assert_eq!(step(&gru), step(&wider));
}

#[test]
fn a_description_has_all_parameters_of_each_cell_in_their_order() {
    let schema = schema(&["home", "cart"]);
    let shape = shape(&schema, 3);
    let gru = drawn(shape, 2);
    let described = gru.describe();
    assert_eq!(described.len(), 2);
    for (cell, weights) in described.iter().zip(gru.members()) {
        assert_eq!((cell.input_biases.len(), cell.hidden_biases.len()), (9, 9));
        assert_eq!((cell.input_weights.len(), cell.hidden_weights.len()), (9 * shape.inputs, 9 * 3));
        let parts = [&cell.input_biases, &cell.input_weights, &cell.hidden_biases, &cell.hidden_weights];
        assert_eq!(parts.map(|part| &part[..]).concat(), weights);
    }
}
