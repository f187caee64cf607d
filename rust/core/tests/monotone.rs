//! Monotone answers: the option MONOTONE holds for any two rows, whatever the training rows are.

use std::sync::Arc;
use std::time::Duration;

use neuralredis_core::random::Random;
use neuralredis_core::training::{Live, Outcome, Pool, TrainOptions};
use neuralredis_core::{
    Activation, Algorithm, Batch, Changes, Ensemble, Error, FieldKind, Kind, Layout, Limits, Monotone, Network,
    Options, Output, Schema, Target, codec,
};

const SIGNS: [f32; 3] = [1.0, 0.0, -1.0];

fn options(kind: Kind) -> Options {
    Options {
        normalize: true,
        activation: Activation::Tanh,
        monotone: Monotone::Given(Arc::new(SIGNS.to_vec())),
        ..Options::new(kind)
    }
}

/// A network whose training rows contradict the constraint.
fn contrary(kind: Kind, options: Options, hidden: &[usize]) -> Network {
    let outputs = if kind == Kind::Classifier { 2 } else { 1 };
    let layout = Layout::new(&[&[3], hidden, &[outputs]].concat()).unwrap();
    let mut network = Network::new(kind, layout, options, Limits { train: 400, test: 100 }, 3).unwrap();
    let mut random = Random::new(1, 1);
    let inputs: Vec<f32> = (0..1500).map(|_| random.symmetric()).collect();
    let target = |row: &[f32]| {
        let answer = (4.0 * row[1]).sin() - row[0] + row[2] * row[2] * row[2];
        if kind == Kind::Classifier { f32::from(u8::from(answer > 0.0)) } else { answer }
    };
    let targets: Vec<f32> = inputs.chunks_exact(3).map(target).collect();
    network.observe(&Batch::new(&inputs, 3, &targets, 1), None, |_| {}).unwrap();
    network
}

fn train(network: Network, max_cycles: u64) -> Network {
    let mut live = Live::new(network);
    let options = TrainOptions { max_cycles, max_time: Duration::ZERO, auto_stop: true, backtrack: true };
    assert!(live.train(options, &Pool::new(2, 2), |_| {}).unwrap().wait(Duration::from_secs(60)));
    assert!(matches!(live.collect(), Some(Outcome::Trained(..))));
    live.network().clone()
}

/// Rows, and for each another one whose answer must not be less: with inputs changed by little, by much, and up to the
/// limits of floats.
fn pairs(count: usize) -> (Vec<f32>, Vec<f32>) {
    let mut random = Random::new(2, 2);
    let (mut low, mut high) = (Vec::new(), Vec::new());
    for pair in 0..count {
        let wide = [1.0, 3.0, 1e5, 1e30, f32::MAX][pair % 5];
        for sign in SIGNS {
            let from = wide * random.symmetric();
            let by = match random.below(4) {
                0 => 0.0,
                1 => from.abs() * f32::EPSILON,
                2 => wide * random.symmetric().abs(),
                _ => f32::MAX,
            };
            low.push(from);
            high.push((from + sign * by).clamp(f32::MIN, f32::MAX));
        }
    }
    (low, high)
}

/// Asserts that answers are monotone, and the same for single rows and many at once.
fn assert_monotone(network: &Network) {
    let (model, outputs) = (network.model(), network.layout().outputs());
    let (low, high) = pairs(3000);
    let all = |rows: &[f32]| {
        let mut answers = vec![f32::NAN; rows.len() / 3 * outputs];
        model.run(rows, &mut answers).unwrap();
        answers
    };
    let (of_low, of_high) = (all(&low), all(&high));
    for (pair, (a, b)) in of_low.chunks(outputs).zip(of_high.chunks(outputs)).enumerate() {
        let rows = [&low, &high].map(|rows| &rows[3 * pair..][..3]);
        assert!(a[outputs - 1] <= b[outputs - 1], "{a:?} {b:?} of {rows:?}");
        assert!(outputs == 1 || a[0] >= b[0], "{a:?} {b:?} of {rows:?}");
        if pair < 50 {
            assert_eq!(rows.map(all), [a.to_vec(), b.to_vec()]);
        }
    }
}

#[test]
fn answers_stay_monotone_under_all_options_and_trainings() {
    let classifier = || options(Kind::Classifier);
    let regressor = || options(Kind::Regressor);
    for (kind, options, hidden) in [
        (Kind::Regressor, regressor(), &[6, 5][..]),
        (Kind::Regressor, Options { output: Output::Sigmoid, ..regressor() }, &[6]),
        (Kind::Regressor, Options { activation: Activation::Sigmoid, normalize: false, ..regressor() }, &[6]),
        (Kind::Regressor, Options { algorithm: Algorithm::Adam, ensemble: Ensemble::Fixed(3), ..regressor() }, &[6, 5]),
        (Kind::Regressor, Options { algorithm: Algorithm::RpropPlus, ..regressor() }, &[]),
        (Kind::Classifier, classifier(), &[6, 5]),
        (Kind::Classifier, Options { output: Output::Sigmoid, ..classifier() }, &[6]),
        (Kind::Classifier, Options { output: Output::Linear, loss: neuralredis_core::Loss::Mse, ..classifier() }, &[6]),
        (Kind::Classifier, Options { algorithm: Algorithm::Adam, ..classifier() }, &[6]),
        (Kind::Classifier, Options { algorithm: Algorithm::IrpropMinus, ..classifier() }, &[]),
    ] {
        let network = contrary(kind, options, hidden);
        assert_monotone(&network);
        let mut network = train(network, 40);
        assert_monotone(&network);
        // Rows of another range change the normalization, so the weights are re-expressed.
        let inputs: Vec<f32> = (0..600).map(|at| (at % 7) as f32 * 50.0 - 100.0).collect();
        let targets: Vec<f32> = (0..200).map(|at| (at % 2) as f32).collect();
        network.observe(&Batch::new(&inputs, 3, &targets, 1), None, |_| {}).unwrap();
        let network = train(network, 30);
        assert_monotone(&network);
        assert_eq!(codec::decode(&codec::encode(&network)).unwrap(), network);
    }
}

#[test]
fn a_true_constraint_improves_the_error_of_fresh_rows() {
    let (mut random, mut errors) = (Random::new(5, 5), Vec::new());
    let mut inputs = |count: usize| (0..3 * count).map(|_| random.symmetric()).collect::<Vec<f32>>();
    let target = |row: &[f32]| {
        [row[0] > 0.1, row[1].abs() > 0.5, row[2] < -0.2].map(|is| f32::from(u8::from(is))).iter().sum::<f32>()
    };
    let (observed, fresh) = (inputs(500), inputs(2000));
    let noisy = |at: usize, row: &[f32]| target(row) + if at.is_multiple_of(2) { 0.3 } else { -0.3 };
    let noisy: Vec<f32> = observed.chunks_exact(3).enumerate().map(|(at, row)| noisy(at, row)).collect();
    let outcomes: Vec<f32> = fresh.chunks_exact(3).map(target).collect();
    for monotone in [Monotone::None, options(Kind::Regressor).monotone] {
        let options = Options { monotone, ..options(Kind::Regressor) };
        let layout = Layout::new(&[3, 20, 20, 1]).unwrap();
        let mut network = Network::new(Kind::Regressor, layout, options, Limits { train: 400, test: 100 }, 3).unwrap();
        network.observe(&Batch::new(&observed, 3, &noisy, 1), None, |_| {}).unwrap();
        let network = train(network, 2000);
        errors.push(network.evaluate_on(&Batch::new(&fresh, 3, &outcomes, 1)).unwrap().error);
    }
    assert!(errors[1] < 0.8 * errors[0], "{errors:?}");
}

#[test]
fn weights_that_violate_the_constraint_are_rejected() {
    let mut network = train(contrary(Kind::Regressor, options(Kind::Regressor), &[2]), 10);
    let before = network.clone();
    let mut weights: Vec<f32> = network.trained().weights().flatten().copied().collect();
    // The first weight of the first input, which comes after two biases.
    weights[2] = -0.5;
    let error = network.set_weights(weights.clone()).unwrap_err();
    assert_eq!(error.to_string(), "weight 2 is -0.5: expected at least 0, since the answer is monotone in inputs");
    assert!(matches!(error, Error::Constraint { weight: 2, .. }) && network == before);
    weights[2] = 0.5;
    network.set_weights(weights).unwrap();
    assert_monotone(&network);
    // Without the constraint weights have any sign, and a network with the constraint rejects them.
    let free = Options { monotone: Monotone::None, ..options(Kind::Regressor) };
    let free = train(contrary(Kind::Regressor, free, &[2]), 10);
    let mut frames = Vec::new();
    codec::trained_frames(Kind::Regressor, free.trained(), None, &mut |frame| frames.push(frame.to_vec()));
    let error = codec::decode_trained(&network.model(), frames.iter().map(Vec::as_slice)).unwrap_err();
    assert!(error.to_string().starts_with("not a network: weight "), "{error}");
}

#[test]
fn networks_that_cannot_be_monotone_are_rejected_with_the_reason() {
    let new = |kind, units: &[usize], changes: Changes| {
        let layout = Layout::new(units).unwrap();
        let options = Options::new(kind).with(kind, &layout, &changes)?;
        Network::new(kind, layout, options, Limits::default(), 1)
    };
    let given = |signs: &[f32]| Some(Monotone::Given(Arc::new(signs.to_vec())));
    let of = |signs: &[f32]| Changes { monotone: given(signs), ..Changes::default() };
    let rejection = |kind, units: &[usize], changes| new(kind, units, changes).unwrap_err().to_string();
    assert_eq!(
        rejection(Kind::Regressor, &[2, 3, 2], of(&[1.0, 0.0])),
        "monotone is 1,0: expected none for a regressor of more than one output"
    );
    assert_eq!(
        rejection(Kind::Classifier, &[2, 3, 3], of(&[1.0, -1.0])),
        "monotone is 1,-1: expected none for a classifier of more than two classes"
    );
    assert_eq!(
        rejection(Kind::Regressor, &[2, 3, 1], of(&[1.0])),
        "monotone is 1 number: expected 2, one for each input"
    );
    let relu = Changes { activation: Some(Activation::Relu), ..of(&[1.0, 0.0]) };
    assert_eq!(
        rejection(Kind::Regressor, &[2, 3, 1], relu),
        "activation is relu: expected tanh or sigmoid where inputs are monotone"
    );
    let lbfgs = Changes { algorithm: Some(Algorithm::Lbfgs), ..of(&[1.0, 0.0]) };
    assert_eq!(
        rejection(Kind::Regressor, &[2, 3, 1], lbfgs),
        "algorithm is lbfgs: expected auto, adam or a variant of RPROP where inputs are monotone"
    );
    let mut network = new(Kind::Regressor, &[2, 3, 1], of(&[1.0, 0.0])).unwrap();
    assert_eq!(network.info().options.activation, Activation::Tanh, "tanh is the default of monotone networks");
    let limits = network.info().limits;
    let error = network.configure(&of(&[1.0, 1.0]), limits).unwrap_err();
    assert_eq!(error.to_string(), "monotone is 1,1: expected 1,0, as the network was created");
    network.configure(&of(&[1.0, 0.0]), limits).unwrap();
    // A list of zeros is no constraint.
    let zeros = new(Kind::Classifier, &[2, 3, 3], of(&[0.0, 0.0])).unwrap();
    assert_eq!(zeros.info().options.activation, Activation::Relu);
}

#[test]
fn fields_without_an_order_are_rejected_by_name() {
    let of = |kind, most, closed: &[&[u8]]| {
        let names = closed.iter().map(|&name| name.into()).collect();
        let target = Target::Classes { name: (*b"sold").into(), most, closed: !closed.is_empty(), names };
        let schema = Schema::new([(b"price".to_vec(), FieldKind::Number), (b"other".to_vec(), kind)], target).unwrap();
        let monotone = Monotone::Given(Arc::new(vec![-1.0, 1.0]));
        let options = Options { monotone, activation: Activation::Tanh, ..Options::new(Kind::Classifier) };
        Network::of_fields(schema, &[3], options, Limits::default(), 1)
    };
    for kind in [FieldKind::Number, FieldKind::Flag, FieldKind::Auto(5)] {
        of(kind, 2, &[]).unwrap();
        of(kind, 2, &[b"no", b"yes"]).unwrap();
    }
    for kind in [FieldKind::Category(5), FieldKind::Time, FieldKind::Text(5), FieldKind::Tags(5), FieldKind::Vector(2)]
    {
        let expected = "expected 0, since only a NUMBER, a FLAG or an AUTO has an order";
        let error = of(kind, 2, &[]).unwrap_err();
        assert_eq!(error.to_string(), format!("monotone is 1 for field other of kind {kind}: {expected}"));
    }
    assert!(of(FieldKind::Flag, 100, &[]).unwrap_err().to_string().contains("up to 100 classes: CLASSES 2"));
    assert!(of(FieldKind::Flag, 3, &[b"a", b"b", b"c"]).is_err());
}
