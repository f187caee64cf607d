//! Tests of Shapley values against the formula and the axioms, and of counterfactuals.

use super::counterfactual::Near;
use super::*;
use crate::dataset::{Batch, Limits};
use crate::fields::{Example, Outcome};
use crate::layout::Layout;
use crate::schema::{FieldKind, Given, Held, Target};

const GO_ON: &dyn Fn() -> bool = &|| true;

fn rows(count: usize, width: usize, seed: u64) -> Vec<f32> {
    let mut random = Random::new(seed, 9);
    (0..count * width).map(|_| 2.0 * random.symmetric()).collect()
}

/// A network with random weights and `stored` random training rows.
fn network(kind: Kind, units: &[usize], stored: usize) -> Network {
    let layout = Layout::new(units).unwrap();
    let (inputs, outputs) = (layout.inputs(), layout.outputs());
    let limits = Limits { train: 1000, test: 0 };
    let mut network = Network::new(kind, layout, Options::new(kind), limits, 7).unwrap();
    let mut random = Random::new(3, 3);
    let parameters = network.layout().parameters();
    network.set_weights((0..parameters).map(|_| 1.5 * random.symmetric()).collect()).unwrap();
    let x = rows(stored, inputs, 1);
    let width = network.targets();
    let y: Vec<f32> =
        (0..stored * width).map(|at| if kind == Kind::Classifier { (at % outputs) as f32 } else { 0.0 }).collect();
    network.observe(&Batch::new(&x, inputs, &y, width), None, |_| {}).unwrap();
    network
}

fn query(width: usize) -> Row {
    Row { cells: rows(1, width, 2), list: Vec::new() }
}

fn explained(network: &Network, row: &Row) -> Explanation {
    network.explain(row, None, Sampling::default(), GO_ON).unwrap()
}

fn near(found: f64, expected: f64, off: f64) {
    assert!((found - expected).abs() <= off, "{found}, expected {expected}");
}

/// Shapley's formula as in textbooks, which evaluates each coalition separately.
fn brute_force(network: &Network, row: &Row, value: &dyn Fn(&[f32]) -> f64) -> (f64, Vec<f64>) {
    let model = without_output_function(&network.model());
    let (players, stored) = (row.cells.len(), network.rows(Set::Train));
    let value_of = |coalition: usize| {
        let all = (0..stored).map(|index| {
            let (mut inputs, ..) = network.row(Set::Train, index).unwrap();
            (0..players).filter(|player| coalition >> player & 1 == 1).for_each(|at| inputs[at] = row.cells[at]);
            let mut outputs = vec![0.0; model.layout().outputs()];
            model.run(&inputs, &mut outputs).unwrap();
            value(&outputs)
        });
        all.sum::<f64>() / f64::from(stored)
    };
    let factorial = |number: usize| (1..=number).map(|factor| factor as f64).product::<f64>();
    let share = |player: usize| {
        let without = (0..1 << players).filter(|coalition: &usize| coalition >> player & 1 == 0);
        let weighed = without.map(|coalition| {
            let others = coalition.count_ones() as usize;
            let weight = factorial(others) * factorial(players - others - 1) / factorial(players);
            weight * (value_of(coalition | 1 << player) - value_of(coalition))
        });
        weighed.sum()
    };
    (value_of(0), (0..players).map(share).collect())
}

#[test]
fn exact_shares_match_the_formula() {
    let network = network(Kind::Regressor, &[6, 5, 1], 20);
    let row = query(6);
    let found = explained(&network, &row);
    let (mean, shares) = brute_force(&network, &row, &|outputs| f64::from(outputs[0]));
    near(found.mean, mean, 1e-12);
    found.shares.iter().zip(shares).for_each(|(&found, share)| near(found, share, 1e-12));
    assert_eq!((found.rows, found.output, found.errors), (20, 0, None));
}

#[test]
fn classes_are_explained_by_log_odds() {
    for classes in [2, 4] {
        let network = network(Kind::Classifier, &[4, 6, classes], 30);
        let row = query(4);
        let mut p = vec![0.0; classes];
        network.model().run(&row.cells, &mut p).unwrap();
        for class in 0..classes {
            let found = network.explain(&row, Some(class), Sampling::default(), GO_ON).unwrap();
            let odds = f64::from(p[class]) / (1.0 - f64::from(p[class]));
            near(found.answer, odds.ln(), 1e-5);
            let value = |outputs: &[f32]| {
                let others = (0..classes).filter(|&other| other != class);
                let sum: f64 = others.map(|other| f64::from(outputs[other]).exp()).sum();
                f64::from(outputs[class]) - sum.ln()
            };
            let (mean, shares) = brute_force(&network, &row, &value);
            near(found.mean, mean, 1e-12);
            found.shares.iter().zip(shares).for_each(|(&found, share)| near(found, share, 1e-12));
        }
        let answered = explained(&network, &row).output;
        assert_eq!(answered, network.model().classify(&row.cells).unwrap()[0]);
    }
}

#[test]
fn shares_add_up_without_rounding() {
    for (units, stored) in [([3, 4, 1], 7), ([10, 9, 1], 150), ([13, 6, 1], 99), ([1, 3, 1], 1)] {
        let network = network(Kind::Regressor, &units, stored);
        let found = explained(&network, &query(units[0]));
        assert_eq!(found.shares.iter().sum::<f64>(), found.answer - found.mean);
        assert_eq!(found.shares.iter().rev().sum::<f64>(), found.answer - found.mean);
        assert_eq!(found.rows, stored.min(MOST_ROWS));
        assert_eq!(found.errors.is_some(), units[0] > EXACT_FIELDS);
        let mut answer = [0.0];
        network.model().run(&query(units[0]).cells, &mut answer).unwrap();
        assert_eq!(found.answer, f64::from(answer[0]));
    }
}

#[test]
fn shapley_axioms_of_dummy_and_symmetry_hold() {
    for inputs in [5, 12] {
        let mut network = network(Kind::Regressor, &[inputs, 4, 1], 0);
        let mut weights: Vec<f32> = network.trained().weights().next().unwrap().to_vec();
        // The first layer is stored as biases, then the weights of each input.
        weights[4 * 3..4 * 4].fill(0.0);
        weights.copy_within(4..8, 8);
        network.set_weights(weights).unwrap();
        let mut x = rows(40, inputs, 1);
        x.chunks_mut(inputs).for_each(|row| row[1] = row[0]);
        network.observe(&Batch::new(&x, inputs, &[0.0; 40], 1), None, |_| {}).unwrap();
        let mut row = query(inputs);
        row.cells[1] = row.cells[0];
        let Explanation { shares, errors, .. } = explained(&network, &row);
        assert_eq!(shares[2].to_bits(), 0, "{shares:?}");
        let off = errors.map_or(0.0, |errors| 4.0 * (errors[0] + errors[1]));
        near(shares[0], shares[1], 1e-6 + off);
        assert!(shares[0] != 0.0);
    }
}

#[test]
fn shares_of_a_linear_network_are_weights_times_deviations() {
    for inputs in [4, 15] {
        let network = network(Kind::Regressor, &[inputs, 1], 30);
        let row = query(inputs);
        let found = explained(&network, &row);
        let weights = network.trained().weights().next().unwrap();
        let (stored, ..) = network.rows_from(Set::Train, 0, 30);
        for input in 0..inputs {
            let mean = stored.iter().skip(input).step_by(inputs).map(|&x| f64::from(x)).sum::<f64>() / 30.0;
            near(found.shares[input], f64::from(weights[1 + input]) * (f64::from(row.cells[input]) - mean), 1e-5);
        }
    }
}

#[test]
fn sampled_shares_are_within_their_standard_errors() {
    let network = network(Kind::Regressor, &[9, 12, 1], 25);
    let (row, model) = (query(9), network.model());
    let (players, background) = (Players::of(&model), network.background(0).unwrap());
    let game = || Game::new(&model, Readout::of(&model, 0), &players, &row, &background).unwrap();
    let exact = shapley::exact(&mut game(), GO_ON).unwrap();
    for samples in [8, 64] {
        let (shares, errors) = shapley::sampled(&mut game(), samples, Random::new(1, 1), GO_ON).unwrap();
        near(shares.iter().sum(), exact.iter().sum(), 1e-12);
        for ((share, exact), error) in shares.iter().zip(&exact).zip(&errors) {
            assert!(*error > 0.0);
            near(*share, *exact, 4.0 * error);
        }
    }
}

#[test]
fn the_seed_chooses_background_and_permutations() {
    let network = network(Kind::Regressor, &[12, 5, 1], 300);
    let row = query(12);
    let of = |seed| network.explain(&row, None, Sampling { samples: 4, seed }, GO_ON).unwrap();
    assert_eq!(of(1), of(1));
    assert_ne!(of(1).mean, of(2).mean);
    let chosen = network.background(5).unwrap();
    assert_eq!(chosen.len(), MOST_ROWS);
    let different: BTreeSet<Vec<u32>> =
        chosen.iter().map(|row| row.cells.iter().map(|cell| cell.to_bits()).collect()).collect();
    assert_eq!(different.len(), MOST_ROWS);
}

#[test]
fn invalid_explanations_are_rejected() {
    let classifier = network(Kind::Classifier, &[3, 2], 5);
    let several = network(Kind::Regressor, &[3, 2], 5);
    let empty = network(Kind::Regressor, &[3, 1], 0);
    let wide = network(Kind::Regressor, &[MOST_INPUTS + 1, 1], 1);
    let row = query(3);
    let rejected = |network: &Network, row: &Row, output| {
        network.explain(row, output, Sampling::default(), GO_ON).unwrap_err().to_string()
    };
    assert_eq!(rejected(&classifier, &row, Some(2)), "the output is missing: expected one of 2");
    assert_eq!(rejected(&several, &row, None), "the output is missing: expected one of 2");
    assert_eq!(rejected(&empty, &row, None), "the network has no training rows: an explanation compares with them");
    assert_eq!(rejected(&empty, &query(4), None), "the network has 3 inputs, 4 were given");
    assert_eq!(
        rejected(&wide, &query(MOST_INPUTS + 1), None),
        "the network has 4097 inputs: at most 4096 are explained"
    );
    let mut infinite = query(3);
    infinite.cells[1] = f32::INFINITY;
    assert_eq!(rejected(&classifier, &infinite, None), "input 1 is inf: expected a finite number");
    for samples in [0, 1, 1001] {
        let rejected = classifier.explain(&row, None, Sampling { samples, seed: 0 }, GO_ON).unwrap_err();
        assert_eq!(rejected.to_string(), format!("samples is {samples}: expected an integer from 2 to 1000"));
    }
    assert_eq!(several.changes_for(&row, 0, GO_ON), Err(Error::NotClassifier));
    assert_eq!(
        classifier.changes_for(&row, 2, GO_ON).unwrap_err().to_string(),
        "the class is 2: expected an integer from 0 to 1"
    );
    let stopped = classifier.explain(&row, None, Sampling::default(), &|| false);
    assert_eq!(stopped, Err(Error::Stopped));
    assert_eq!(
        classifier.changes_for(&row, 0, &|| false).and(classifier.changes_for(&row, 1, &|| false)),
        Err(Error::Stopped)
    );
}

#[test]
fn shares_of_huge_answers_are_finite() {
    let weights = [f32::MAX, f32::MAX, f32::MIN, f32::MAX, f32::MIN, f32::MAX];
    for (kind, units, output) in [(Kind::Classifier, [2, 2], 0), (Kind::Regressor, [2, 2], 1)] {
        let mut huge = network(kind, &units, 4);
        huge.set_weights(weights.to_vec()).unwrap();
        let row = Row { cells: vec![2.0, 2.0], list: Vec::new() };
        let found = huge.explain(&row, Some(output), Sampling::default(), GO_ON).unwrap();
        assert!(found.answer.is_finite() && found.answer.abs() > 1e9);
        assert_eq!(found.shares.iter().sum::<f64>(), found.answer - found.mean);
    }
}

/// An untrained network with a field of each kind, random weights and `stored` random training rows.
fn of_fields(stored: usize) -> Network {
    let fields = [
        ("age", FieldKind::Number),
        ("plan", FieldKind::Category(4)),
        ("spent", FieldKind::Auto(3)),
        ("phone", FieldKind::Flag),
        ("at", FieldKind::Time),
        ("words", FieldKind::Text(16)),
        ("tags", FieldKind::Tags(5)),
        ("place", FieldKind::Vector(2)),
    ];
    let names = [b"no".as_slice(), b"yes"].map(Into::into).to_vec();
    let target = Target::Classes { name: (*b"taken").into(), most: 2, closed: true, names };
    let schema = Schema::new(fields.into_iter().map(|(name, kind)| (name.as_bytes().to_vec(), kind)), target).unwrap();
    let options = Options::new(Kind::Classifier);
    let mut network = Network::of_fields(schema, &[6], options, Limits { train: 500, test: 0 }, 11).unwrap();
    let mut random = Random::new(8, 8);
    for _ in 0..stored {
        let given = some_values(&mut random);
        let schema = network.schema().unwrap().clone();
        let values = schema.understand(given).unwrap();
        let class = if random.below(2) == 0 { b"no".as_slice() } else { b"yes" };
        let outcome = Outcome::Class(class.into());
        network.observe_fields(&[Example { values, outcome, weight: 1.0 }], None, |_| {}).unwrap();
    }
    let parameters = network.trained().weights().next().unwrap().len();
    network.set_weights((0..parameters).map(|_| random.symmetric()).collect()).unwrap();
    network
}

fn some_values(random: &mut Random) -> Vec<(&'static str, Given<'static>)> {
    let mut one = |texts: [&'static str; 4]| Given::text(texts[random.below(4) as usize].as_bytes());
    vec![
        ("age", one(["20", "35.5", "64", ""])),
        ("plan", one(["free", "paid", "trial", ""])),
        ("spent", one(["1", "250", "unknown", ""])),
        ("phone", one(["yes", "no", "yes", ""])),
        ("at", one(["2024-03-01", "2024-06-30T12:00:00Z", "2025-01-01", ""])),
        ("words", one(["good and cheap", "bad", "never again", ""])),
        ("tags", one(["new,red", "old", "red,blue", ""])),
        ("place", one(["", "", "", ""])),
    ]
}

#[test]
fn a_field_with_many_inputs_is_one_player() {
    let network = of_fields(60);
    let schema = network.schema().unwrap();
    let model = without_output_function(&network.model());
    let mut random = Random::new(4, 4);
    for _ in 0..5 {
        let row = schema.row(&schema.understand(some_values(&mut random)).unwrap());
        let found = explained(&network, &row);
        assert_eq!((found.shares.len(), found.errors.is_some()), (8, false));
        assert_eq!(found.shares.iter().sum::<f64>(), found.answer - found.mean);
        // All rows have a gap in the vector.
        assert_eq!(found.shares[7], 0.0);
        assert!(found.shares[..7].iter().all(|share| *share != 0.0), "{:?}", found.shares);
        let stored: Vec<Row> = (0..60).map(|index| network.training_row(index).unwrap()).collect();
        let readout = Readout::LogOdds(found.output);
        let value = |row: &Row| readout.value(&answer(&model, std::slice::from_ref(row)).unwrap());
        near(found.answer, value(&row), 1e-12);
        near(found.mean, stored.iter().map(value).sum::<f64>() / 60.0, 1e-12);
    }
}

/// Check that the changes lead to the class and that none can be omitted. Returns their number.
fn check_changes(network: &Network, row: &Row, target: usize) -> Option<usize> {
    let model = network.model();
    let players = Players::of(&model);
    let found = network.changes_for(row, target, GO_ON).unwrap();
    assert_eq!(found.class, class(&model, std::slice::from_ref(row)).unwrap()[0]);
    let (fields, changed) = found.changes?;
    assert_eq!(class(&model, std::slice::from_ref(&changed)).unwrap(), [target]);
    if found.class == target {
        assert!(fields.is_empty());
        return Some(0);
    }
    let stored: Vec<Row> = (0..network.rows(Set::Train)).map(|index| network.training_row(index).unwrap()).collect();
    let same = |one: &Row, other: &Row, player: usize| {
        let mut taken = one.clone();
        players.copy(player, other, &mut taken);
        format!("{taken:?}") == format!("{one:?}")
    };
    // All changed values are those of one stored row of the target class, and all others are unchanged.
    assert!(stored.iter().any(|other| {
        fields.iter().all(|&field| same(&changed, other, field))
            && class(&model, std::slice::from_ref(other)).unwrap() == [target]
    }));
    assert!((0..players.len()).all(|player| fields.contains(&player) != same(row, &changed, player)));
    for &field in &fields {
        let mut fewer = changed.clone();
        players.copy(field, row, &mut fewer);
        assert_ne!(
            class(&model, std::slice::from_ref(&fewer)).unwrap(),
            [target],
            "{field} of {fields:?} is not needed"
        );
    }
    Some(fields.len())
}

#[test]
fn changes_reach_the_class_and_none_can_be_omitted() {
    let network = of_fields(80);
    let schema = network.schema().unwrap();
    let mut random = Random::new(6, 6);
    let mut counts = BTreeSet::new();
    for _ in 0..30 {
        let row = schema.row(&schema.understand(some_values(&mut random)).unwrap());
        for target in 0..2 {
            counts.extend(check_changes(&network, &row, target));
        }
    }
    assert!(counts.contains(&0) && counts.contains(&1) && counts.len() > 2, "{counts:?}");
}

#[test]
fn the_greedy_search_finds_changes_among_many_inputs() {
    let mut counts = BTreeSet::new();
    for seed in 0..3 {
        let mut network = network(Kind::Classifier, &[40, 5, 3], 120);
        let parameters = network.layout().parameters();
        let mut random = Random::new(seed, 3);
        network.set_weights((0..parameters).map(|_| random.symmetric()).collect()).unwrap();
        for target in 0..3 {
            counts.extend(check_changes(&network, &query(40), target));
        }
    }
    assert!(counts.iter().any(|&count| count > 2), "{counts:?}");
}

#[test]
fn a_class_that_no_stored_row_is_assigned_to_is_unreachable() {
    let mut network = network(Kind::Classifier, &[2, 2], 20);
    // The bias makes the network answer class 0 for every row.
    network.set_weights(vec![5.0, 0.0, 0.0, 0.0, 0.0, 0.0]).unwrap();
    assert_eq!(network.changes_for(&query(2), 1, GO_ON).unwrap(), Counterfactual { class: 0, changes: None });
    assert_eq!(network.changes_for(&query(2), 0, GO_ON).unwrap().changes.unwrap().0, Vec::<usize>::new());
}

#[test]
fn rows_with_gaps_come_last() {
    let network = of_fields(200);
    let (schema, model) = (network.schema().unwrap(), network.model());
    let given = [("age", Given::text(b"35")), ("plan", Given::text(b"paid")), ("phone", Given::text(b"yes"))];
    let row = schema.row(&schema.understand(given).unwrap());
    let loses = |near: &Near| [0, 1, 3].iter().any(|&field| schema.held(&near.row)[field] == Held::Gap);
    let mut counts = [0, 0];
    for target in 0..2 {
        let near = network.nearest(&model, &Players::of(&model), &row, target, GO_ON).unwrap();
        let sums: Vec<f64> = near.iter().map(|near| near.distances.iter().sum()).collect();
        assert!(sums.windows(2).all(|pair| pair[0] <= pair[1]), "{sums:?}");
        for (near, sum) in near.iter().zip(sums) {
            assert_eq!(loses(near), sum >= 8.0, "{sum} {:?}", near.distances);
            counts[usize::from(loses(near))] += 1;
        }
    }
    assert!(counts.iter().all(|&count| count > 5), "{counts:?}");
}
