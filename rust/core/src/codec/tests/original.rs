//! Tests of networks of the original module: equal answers, complete state, and forged values.

use super::damage::survives;
use super::*;
use crate::codec::{Values, decode_original};

#[derive(Debug, Clone, Copy)]
enum Value {
    Whole(u64),
    Float(f32),
}

use Value::{Float, Whole};

struct List<'a>(&'a [Value]);

impl List<'_> {
    fn next(&mut self) -> Result<Value> {
        let (&first, rest) = self.0.split_first().ok_or_else(|| Error::Damaged("it ends".into()))?;
        self.0 = rest;
        Ok(first)
    }
}

impl Values for List<'_> {
    fn whole(&mut self) -> Result<u64> {
        match self.next()? {
            Whole(value) => Ok(value),
            Float(_) => Err(Error::Damaged("a float".into())),
        }
    }

    fn float(&mut self) -> Result<f32> {
        match self.next()? {
            Float(value) => Ok(value),
            Whole(_) => Err(Error::Damaged("a whole number".into())),
        }
    }
}

const REGRESSOR: u64 = 2;
const CLASSIFIER: u64 = 4;
const NORMALIZE: u64 = 8;
const OVERFITTING: u64 = 32;

/// Indices of values that tests change.
const FLAGS: usize = 4;
const STEPS: usize = 6;
const FIGURES: usize = 10;
const WEIGHTS: usize = 13;

/// A network of layers 2, 3, 2 as the original saves it, with distinct values.
fn values(flags: u64) -> Vec<Value> {
    let (rows, steps) = (3, 30);
    let mut values = vec![Whole(3), Whole(2), Whole(3), Whole(2), Whole(flags), Whole(9), Whole(steps), Whole(1500)];
    values.extend([Whole(7), Whole(10_000), Float(0.25), Float(f32::NAN), Float(50.0)]);
    let mut random = Random::new(1, 1);
    // First the outputs: three units and the constant, to two units. Then two units and the constant, to three units
    // and the constant.
    for count in [4 * 2, 3 * 4] {
        values.extend((0..count).map(|_| Float(random.symmetric())));
        values.extend((0..count).map(|at| Float(0.01 * (at + 1) as f32)));
        values.extend((0..count).map(|at| Float((at % 3) as f32 * 5.0 - 5.0)));
    }
    let divisors = if flags & NORMALIZE == 0 { [1.0; 4] } else { [2.4, 60.0, 12.0, 1.0] };
    values.extend(divisors.map(Float));
    for (rows, limit) in [(rows, 20), (0, 5)] {
        values.extend([Whole(rows), Whole(limit)]);
        values.extend((0..rows * 2).map(|at| Float(at as f32)));
        let output = |row, unit| if flags & CLASSIFIER == 0 { 0.25 * row as f32 } else { f32::from(row % 2 == unit) };
        values.extend((0..rows).flat_map(|row| [output(row, 0), output(row, 1)]).map(Float));
    }
    values
}

fn decoded(values: &[Value]) -> Result<Network> {
    let mut list = List(values);
    let network = decode_original(&mut list)?;
    assert!(list.0.is_empty(), "not all values were read");
    Ok(network)
}

/// The answer, computed as the original does.
fn answer(values: &[Value], inputs: [f64; 2]) -> [f64; 2] {
    let weight = |at: usize| match values[WEIGHTS + at] {
        Float(weight) => f64::from(weight),
        Whole(_) => unreachable!(),
    };
    let unit = |first: usize, inputs: &[f64]| {
        let ones = inputs.iter().chain(&[1.0]).enumerate();
        1.0 / (1.0 + (-ones.map(|(at, input)| weight(first + at) * input).sum::<f64>()).exp())
    };
    let hidden = [0, 1, 2].map(|index| unit(3 * 8 + 3 * index, &inputs));
    [0, 1].map(|index| unit(4 * index, &hidden))
}

#[test]
fn an_original_network_gives_its_recorded_answers() {
    let values = self::values(REGRESSOR | NORMALIZE);
    let network = decoded(&values).unwrap();
    for [x, y] in [[0.0f32, 0.0], [1.0, -40.0], [7.5, 100.0]] {
        let expected = answer(&values, [f64::from(x) / 2.4, f64::from(y) / 60.0]);
        let mut answers = [0.0; 2];
        network.model().run(&[x, y], &mut answers).unwrap();
        assert!((f64::from(answers[0]) - expected[0] * 12.0).abs() < 1e-5, "{answers:?} {expected:?}");
        assert!((f64::from(answers[1]) - expected[1]).abs() < 1e-6, "{answers:?} {expected:?}");
    }
}

#[test]
fn rows_state_and_statistics_are_read() {
    for (kind, flag) in [(Kind::Regressor, REGRESSOR), (Kind::Classifier, CLASSIFIER)] {
        let network = decoded(&values(flag)).unwrap();
        let info = network.info();
        assert_eq!((info.kind, &*info.layout), (kind, &[2, 3, 2][..]));
        assert_eq!((info.limits, info.train_rows, info.test_rows), (Limits { train: 20, test: 5 }, 3, 0));
        let statistics = info.statistics;
        assert_eq!((statistics.total_steps, statistics.total_cycles, statistics.total_seconds), (30, 10, 1.5));
        // With two outputs, half the sum of squared errors is their mean.
        assert_eq!((statistics.train_error, statistics.test_error, statistics.class_errors), (0.25, 0.0, 50.0));
        let target = if kind == Kind::Regressor { vec![0.5, 0.5] } else { vec![0.0] };
        assert_eq!(network.row(Set::Train, 2), Some((vec![4.0, 5.0], target, 1.0)));
        assert_eq!(network.options.l2, Decay::Fixed(0.0));
        // For the first hidden unit, the third value is the bias and the first two are the weights.
        let state = network.trained.state.rprop();
        let (sizes, signs): (Vec<f32>, Vec<i8>) =
            [0, 3, 6].map(|at| (state.sizes[at], state.signs[at])).into_iter().unzip();
        assert_eq!((sizes, signs), (vec![0.03, 0.01, 0.02], vec![1, -1, 0]));
        assert_eq!(network.trained.normalization, crate::normalization::Normalization::default());
        let again = decode(&encode(&network)).unwrap();
        assert_eq!(again, network);
        assert_eq!(trained(network, 3), trained(again, 3));
    }
}

#[test]
fn an_untrained_original_network_is_normalized_by_its_first_training() {
    let mut values = self::values(REGRESSOR | NORMALIZE);
    values[STEPS] = Whole(0);
    let network = decoded(&values).unwrap();
    assert!(network.options.normalize && network.trained.normalization.outputs.is_none());
    assert!(trained(network, 1).trained.normalization.outputs.is_some());
}

#[test]
fn every_changed_value_is_rejected_or_harmless() {
    for flags in [REGRESSOR | NORMALIZE, CLASSIFIER] {
        let values = values(flags);
        let mut accepted = 0;
        for at in 0..values.len() {
            assert!(decoded(&values[..at]).is_err());
            let forged: Vec<Value> = match values[at] {
                Whole(_) => {
                    [0, 1, 2, 3, 33, 1 << 20, u64::from(u32::MAX), 1 << 32, 1 << 62, u64::MAX].map(Whole).into()
                }
                Float(_) => {
                    let floats = [0.0, -1.0, 1e-7, 1e-45, 3e38, f32::INFINITY, f32::NEG_INFINITY, f32::NAN];
                    floats.map(Float).into()
                }
            };
            for value in forged {
                let mut forged = values.clone();
                forged[at] = value;
                if let Ok(network) = decode_original(&mut List(&forged)) {
                    assert!(survives(&encode(&network)));
                    accepted += 1;
                }
            }
        }
        assert!(accepted > 100, "{accepted}");
    }
}

#[test]
fn errors_name_the_original_module_and_the_invalid_value() {
    let with = |at: usize, value| {
        let mut values = values(CLASSIFIER);
        values[at] = value;
        let message = decode_original(&mut List(&values)).unwrap_err().to_string();
        message.strip_prefix("not a network: the original module's values: ").unwrap().to_owned()
    };
    assert_eq!(with(0, Whole(33)), "33 layers: expected 2 to 32");
    assert_eq!(with(1, Whole(0)), "layer 2 has 0 units: expected 1 to 1048576");
    assert_eq!(with(FLAGS, Whole(6)), "its flags are 6: expected those of a classifier or of a regressor");
    assert_eq!(with(FLAGS, Whole(4 | 64)), "its flags are 68: expected none but the original's");
    assert_eq!(with(STEPS, Whole((1 << 62) + 1)), "4611686018427387905 steps: expected at most 4611686018427387904");
    assert_eq!(with(FIGURES, Float(-0.5)), "its training error is -0.5: expected 0 to inf");
    assert_eq!(with(FIGURES + 2, Float(100.5)), "its percentage of class errors is 100.5: expected 0 to 100");
    assert_eq!(with(WEIGHTS, Float(f32::NAN)), "a weight is NaN: expected a finite number");
    assert_eq!(with(WEIGHTS + 8, Float(0.0)), "a step size is 0: expected 0.000001 to 50");
    let rows = values(CLASSIFIER).len() - 2 - 3 * 4 - 2;
    assert_eq!(with(rows, Whole(21)), "its training set has 21 rows: expected at most 20, the limit of the set");
    assert_eq!(with(rows + 8, Float(0.5)), "row 0 of its training set has no class, or more than one");
    let two = if matches!(values(CLASSIFIER)[rows + 8], Float(1.0)) { rows + 9 } else { rows + 8 };
    assert_eq!(with(two, Float(1.0)), "row 0 of its training set has no class, or more than one");
    assert_eq!(with(rows + 3, Float(f32::NAN)), "its training set: row 0: input 1 is NaN: expected a finite number");
    let divisors = rows - 4;
    assert_eq!(with(divisors + 1, Float(0.0)), "input 1 is divided by 0: expected a finite number above 0");
    assert_eq!(with(divisors + 2, Float(-2.0)), "output 0 is divided by -2: expected a finite number above 0");
}

#[test]
fn statistics_at_their_bounds_are_read() {
    let mut values = self::values(CLASSIFIER | OVERFITTING);
    (values[STEPS], values[FIGURES + 2]) = (Whole(1 << 62), Float(100.0));
    let statistics = decoded(&values).unwrap().info().statistics;
    assert_eq!((statistics.total_steps, statistics.class_errors, statistics.overfitting), (1 << 62, 100.0, true));
    assert!(!decoded(&self::values(CLASSIFIER)).unwrap().info().statistics.overfitting);
    // 32 layers are accepted; the error is that later values are not numbers of units.
    values[0] = Whole(32);
    assert_eq!(decoded(&values), Err(Error::Damaged("a float".into())));
}
