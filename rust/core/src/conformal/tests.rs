//! Tests of intervals and sets against plain formulas.

use super::*;
use crate::codec;
use crate::dataset::Limits;
use crate::layout::Layout;
use crate::options::{Activation, Changes, Options};
use crate::random::Random;

/// A change of a network that must discard calibrations.
type Change = fn(&mut Network);

fn level(share: f64) -> Level {
    Level::new(share).unwrap()
}

fn network(kind: Kind, units: &[usize]) -> Network {
    let limits = Limits { train: 100, test: 50_000 };
    Network::new(kind, Layout::new(units).unwrap(), Options::new(kind), limits, 7).unwrap()
}

fn observe(network: &mut Network, rows: usize, set: Set) {
    let (inputs, targets) = (network.layout().inputs(), network.targets());
    let mut random = Random::new(rows as u64, 1);
    let values: Vec<f32> = (0..rows * inputs).map(|_| random.symmetric()).collect();
    let outcomes: Vec<f32> = match network.kind() {
        Kind::Classifier => (0..rows).map(|_| random.below(network.layout().outputs() as u64) as f32).collect(),
        Kind::Regressor => (0..rows * targets).map(|_| random.symmetric()).collect(),
    };
    network.observe(&Batch::new(&values, inputs, &outcomes, targets), Some(set), |_| {}).unwrap();
}

fn by_given(scores: Vec<Vec<f64>>) -> Calibration {
    Calibration { scores, source: Source::Given }
}

fn found(network: &Network) -> Arc<Calibration> {
    network.calibration(&|| true).unwrap()
}

#[test]
fn ranks_follow_the_formula_and_its_correction() {
    for (share, rows, alone, decided) in [
        (0.9, 19, 18, 19),
        (0.9, 9, 9, 10),
        (0.95, 19, 19, 20),
        (0.9, 100, 91, 93),
        (0.5, 1, 1, 2),
        (0.999, 999, 999, 1006),
    ] {
        assert_eq!((level(share).rank(rows, false), level(share).rank(rows, true)), (alone, decided), "{share} {rows}");
    }
    for share in [0.0, 1.0, -0.1, 1.1, f64::NAN, f64::INFINITY] {
        assert_eq!(Level::new(share), None);
    }
}

#[test]
fn errors_name_the_number_of_rows_needed() {
    let of = |rows: usize, decided: bool| Calibration {
        scores: vec![(0..rows).map(|score| score as f64).collect()],
        source: if decided { Source::Deciding } else { Source::Validation },
    };
    let needed = |rows, decided, share| match of(rows, decided).quantiles(level(share)) {
        Err(Error::FewCalibrationRows { needed, .. }) => needed,
        other => panic!("{other:?}"),
    };
    assert_eq!([needed(0, false, 0.9), needed(0, false, 0.95), needed(18, false, 0.95)], [Some(9), Some(19), Some(19)]);
    assert_eq!([needed(0, true, 0.9), needed(18, true, 0.9), needed(19, true, 0.95)], [Some(19), Some(19), Some(59)]);
    assert_eq!(needed(100, false, 0.999_99), None);
    let text = of(12, false).quantiles(level(0.95)).unwrap_err().to_string();
    assert_eq!(text, "12 validation rows for 95 %: expected at least 19");
    for share in [0.5, 0.8, 0.9, 0.95] {
        for decided in [false, true] {
            let rows = needed(0, decided, share).unwrap();
            assert_eq!(
                of(rows, decided).quantiles(level(share)),
                Ok(vec![(level(share).rank(rows, decided) - 1) as f64])
            );
        }
    }
}

#[test]
fn scores_are_distances_or_1_minus_the_probability() {
    let mut regressor = network(Kind::Regressor, &[3, 4, 2]);
    observe(&mut regressor, 300, Set::Test);
    let (inputs, targets, _) = regressor.rows_from(Set::Test, 0, 300);
    let mut answers = vec![0.0; 600];
    regressor.model().run(&inputs, &mut answers).unwrap();
    for (output, scores) in found(&regressor).scores.iter().enumerate() {
        let pairs = answers.iter().zip(&targets).skip(output).step_by(2);
        let mut expected: Vec<f64> = pairs.map(|(a, t)| (f64::from(*t) - f64::from(*a)).abs()).collect();
        expected.sort_unstable_by(f64::total_cmp);
        assert_eq!(*scores, expected);
    }

    let mut classifier = network(Kind::Classifier, &[3, 4, 3]);
    observe(&mut classifier, 70, Set::Test);
    let (inputs, classes, _) = classifier.rows_from(Set::Test, 0, 70);
    let mut answers = vec![0.0; 210];
    classifier.model().run(&inputs, &mut answers).unwrap();
    let of_row = |(row, class): (usize, &f32)| 1.0 - f64::from(answers[3 * row + *class as usize]);
    let mut expected: Vec<f64> = classes.iter().enumerate().map(of_row).collect();
    expected.sort_unstable_by(f64::total_cmp);
    assert_eq!(found(&classifier).scores, [expected]);
}

#[test]
fn a_set_has_all_classes_above_the_threshold_and_at_least_the_best() {
    let probabilities = [0.1, 0.25, 0.5, 0.15];
    assert_eq!(class_set(&probabilities, 0.75), [2, 1]);
    assert_eq!(class_set(&probabilities, 0.749), [2]);
    assert_eq!(class_set(&probabilities, 0.1), [2], "no class is probable enough");
    assert_eq!(class_set(&probabilities, 1.0), [2, 1, 3, 0]);
    assert_eq!(class_set(&[0.25; 4], 0.75), [0, 1, 2, 3], "equal classes are in or out together");
    assert_eq!(class_set(&[f32::NAN, 0.5], f64::INFINITY).len(), 2);
    assert_eq!(interval(2.0, 0.5), [2.0, 1.5, 2.5]);
    assert_eq!(interval(2.0, f64::INFINITY), [2.0, f32::NEG_INFINITY, f32::INFINITY]);
}

#[test]
fn a_calibration_is_kept_until_weights_or_validation_rows_change() {
    let mut network = network(Kind::Regressor, &[2, 3, 1]);
    observe(&mut network, 30, Set::Test);
    let copy = network.clone();
    let first = found(&copy);
    assert!(Arc::ptr_eq(network.known_calibration().unwrap(), &first), "a clone shares it");
    observe(&mut network, 5, Set::Train);
    assert!(network.known_calibration().is_some());
    observe(&mut network, 5, Set::Test);
    assert!(network.known_calibration().is_none() && copy.known_calibration().is_some());
    assert_eq!(found(&network).rows(), 35);
    let changes: [Change; 4] = [
        Network::reset,
        |network| network.set_weights(vec![0.5; network.trained().weights.len()]).unwrap(),
        |network| {
            let changes = Changes { activation: Some(Activation::Tanh), ..Changes::default() };
            network.configure(&changes, network.info().limits).unwrap();
        },
        |network| {
            let trained = Arc::clone(network.trained());
            network.install(trained, None).unwrap();
        },
    ];
    for change in changes {
        let mut changed = network.clone();
        changed.set_calibration(by_given(vec![vec![1.0, 2.0]])).unwrap();
        assert_eq!(found(&changed).rows(), 2);
        change(&mut changed);
        assert!(changed.known_calibration().is_none());
        assert_eq!(found(&changed).rows(), 35);
    }
    let limits = Limits { train: 100, test: 10 };
    network.configure(&Changes::default(), limits).unwrap();
    assert_eq!(found(&network).rows(), 10);
    let shrunk = network.shrunk(Limits { train: 100, test: 4 });
    network.configure_shrunk(&Changes::default(), shrunk).unwrap();
    assert_eq!(found(&network).rows(), 4);
}

#[test]
fn evenly_spaced_rows_are_used_if_there_are_too_many() {
    let mut network = network(Kind::Regressor, &[1, 1]);
    observe(&mut network, 30_000, Set::Test);
    let (inputs, targets, _) = network.rows_from(Set::Test, 0, 30_000);
    let mut answers = vec![0.0; 30_000];
    network.model().run(&inputs, &mut answers).unwrap();
    let pairs = answers.iter().zip(&targets).step_by(3);
    let mut expected: Vec<f64> = pairs.map(|(a, t)| (f64::from(*t) - f64::from(*a)).abs()).collect();
    expected.sort_unstable_by(f64::total_cmp);
    assert_eq!(found(&network).scores, [expected]);
    assert_eq!(network.calibration(&|| true).map(|known| known.rows()), Ok(MOST_ROWS));
    assert_eq!(network.calibration_work(), 0);
    assert!(most_rows(Kind::Regressor, 1 << 20) == 1 && most_rows(Kind::Classifier, 1 << 20) == MOST_ROWS);
}

#[test]
fn a_stopped_computation_stores_nothing() {
    let mut network = network(Kind::Regressor, &[2, 1]);
    observe(&mut network, 1000, Set::Test);
    assert_eq!(network.calibration(&|| false), Err(Error::Stopped));
    assert!(network.known_calibration().is_none());
}

#[test]
fn calibrations_are_saved_and_those_of_other_shapes_rejected() {
    for (kind, units) in [(Kind::Regressor, &[2, 3, 2][..]), (Kind::Classifier, &[2, 3])] {
        let mut network = network(kind, units);
        let plain = codec::encode(&network);
        observe(&mut network, 20, Set::Test);
        found(&network);
        let batch: Vec<f32> = (0..40).map(|value| (value % 3) as f32).collect();
        let targets = network.targets();
        let given = network.calibration_of(&Batch::new(&batch, 2, &batch[..20 * targets], targets), &|| true).unwrap();
        let bytes = codec::encode_calibration(&given);
        let outputs = network.layout().outputs();
        assert_eq!(codec::decode_calibration(&bytes, kind, outputs), Ok(given.clone()));
        network.set_calibration(given.clone()).unwrap();
        let loaded = codec::decode(&codec::encode(&network)).unwrap();
        assert_eq!(loaded, network);
        assert_eq!(loaded.known_calibration().unwrap().as_ref(), &given);
        network.reset();
        assert!(codec::encode(&network).len() > plain.len(), "the rows are saved");

        for other in [vec![], vec![vec![1.0]; 3], vec![Vec::new(); given.scores.len()]] {
            assert!(network.set_calibration(by_given(other)).is_err());
        }
        // A calibration by validation rows can be set, too, and keeps its source.
        let by_test = found(&network);
        network.set_calibration(Arc::clone(&by_test)).unwrap();
        network.configure(&Changes::default(), Limits { train: 0, test: 0 }).unwrap();
        let loaded = codec::decode(&codec::encode(&network)).unwrap();
        assert_eq!((found(&loaded), by_test.source), (by_test.clone(), Source::Validation));
        assert_eq!(loaded.testing_calibration(&|| true).unwrap().rows(), 0);
        let of = |values: &[f64]| -> Vec<u8> {
            [0; 8].into_iter().chain(values.iter().flat_map(|value| value.to_le_bytes())).collect()
        };
        for bad in [&[][..], &[1.0, 1.0, 0.5, 0.5], &[f64::NAN; 2], &[-1.0, -1.0], &[-0.0, -0.0]] {
            assert!(codec::decode_calibration(&of(bad), kind, outputs).is_err(), "{bad:?}");
        }
        assert!(codec::decode_calibration(&[&3u64.to_le_bytes(), &bytes[8..]].concat(), kind, outputs).is_err());
        assert!(codec::decode_calibration(&[], kind, outputs).is_err());
        assert!(codec::decode_calibration(&bytes[..bytes.len() - 1], kind, outputs).is_err());
        let many = vec![1.0; MOST_ROWS * given.scores.len() + given.scores.len()];
        assert!(codec::decode_calibration(&of(&many), kind, outputs).is_err());
    }
}

#[test]
fn memory_of_a_calibration_is_that_of_scores_and_a_chunk_of_rows() {
    // Eight bytes for each score, and for each input and output of the rows of a chunk.
    let classifier = network(Kind::Classifier, &[3, 2]);
    assert_eq!(classifier.calibration_bytes(10), 8 * 10 + 8 * 10 * (3 + 2));
    let regressor = network(Kind::Regressor, &[3, 2]);
    assert_eq!(regressor.calibration_bytes(10), 8 * 10 * 2 + 8 * 10 * (3 + 2));
    let chunk = chunk_rows(3, 2);
    assert_eq!(classifier.calibration_bytes(chunk + 100), 8 * (chunk + 100) + 8 * chunk * (3 + 2));
}
