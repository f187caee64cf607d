//! Temperature scaling at the end of trainings, through the public interface.

use std::sync::Arc;
use std::time::Duration;

use neuralredis_core::random::Random;
use neuralredis_core::training::{Live, Outcome, Pool, Report, TrainOptions};
use neuralredis_core::{
    Algorithm, Batch, Changes, ClassWeight, Ensemble, Kind, Layout, Limits, Loss, Monotone, Network, Options, Output,
    Patience, Set, codec,
};

/// Parameters of the last layer: a bias and 16 weights for each of two classes.
const LAST: usize = 34;

fn rows(count: usize, seed: u64) -> (Vec<f32>, Vec<f32>) {
    let mut random = Random::new(seed, 9);
    let inputs: Vec<f32> = (0..count * 4).map(|_| random.symmetric()).collect();
    // A fourth of the labels, chosen at random, are wrong.
    let classes = inputs.chunks(4).map(|x| f32::from(u8::from((x[0] > 0.0) != (random.below(4) == 0)))).collect();
    (inputs, classes)
}

/// A classifier that can memorize its training rows, with a patience long enough to overfit them.
fn network(changes: &Changes, test_rows: usize) -> Live {
    let (kind, layout) = (Kind::Classifier, Layout::new(&[4, 16, 2]).unwrap());
    let default =
        Options { ensemble: Ensemble::Fixed(1), patience: Patience::Cycles(60), ..Options::new(Kind::Classifier) };
    let options = default.with(kind, &layout, changes).unwrap();
    let mut network = Network::new(kind, layout, options, Limits { train: 200, test: 200 }, 3).unwrap();
    for (set, count, seed) in [(Set::Train, 80, 1), (Set::Test, test_rows, 2)] {
        let (inputs, classes) = rows(count, seed);
        network.observe(&Batch::new(&inputs, 4, &classes, 1), Some(set), |_| {}).unwrap();
    }
    Live::new(network)
}

fn train(live: &mut Live, auto_stop: bool, max_cycles: u64, threads: usize) -> Arc<Report> {
    let options = TrainOptions { max_cycles, max_time: Duration::ZERO, auto_stop, backtrack: false };
    go(live, options, threads)
}

fn go(live: &mut Live, options: TrainOptions, threads: usize) -> Arc<Report> {
    let job = live.train(options, &Pool::new(threads, 1), |_| {}).unwrap();
    assert!(job.wait(Duration::from_secs(120)), "the training has not ended in time");
    match live.collect() {
        Some(Outcome::Trained(_, report)) => report,
        other => panic!("{other:?}"),
    }
}

fn weights(live: &Live) -> Vec<f32> {
    live.network().trained().weights().flatten().copied().collect()
}

fn classes(live: &Live) -> Vec<usize> {
    live.network().model().classify(&rows(1_000, 7).0).unwrap()
}

/// The factor of the last layers, compared with a training without softening. Asserts that all other weights are equal.
fn factor(soft: &Live, plain: &Live) -> f64 {
    let (soft, plain) = (weights(soft), weights(plain));
    let each = 4 * 16 + 16 + LAST;
    let mut factors = Vec::new();
    for (soft, plain) in soft.chunks(each).zip(plain.chunks(each)) {
        assert_eq!(soft[..each - LAST], plain[..each - LAST]);
        factors.extend(soft[each - LAST..].iter().zip(&plain[each - LAST..]).map(|(a, b)| f64::from(a / b)));
    }
    let factor = factors[0];
    assert!(factors.iter().all(|other| (other - factor).abs() < 1e-5), "{factors:?}");
    factor
}

/// Two trainings with the same number of cycles, the first with AUTOSTOP.
fn soft_and_plain(changes: &Changes, test_rows: usize) -> (Live, Arc<Report>, Live) {
    let (mut soft, mut plain) = (network(changes, test_rows), network(changes, test_rows));
    let report = train(&mut soft, true, 400, 1);
    train(&mut plain, false, report.cycles, 1);
    (soft, report, plain)
}

#[test]
fn overconfident_answers_are_softened_and_keep_their_classes() {
    let balanced = Changes { class_weight: Some(ClassWeight::Balanced), ..Changes::default() };
    let given = Changes { class_weight: Some(ClassWeight::Given(vec![1.0, 5.0].into())), ..Changes::default() };
    let three = Changes { ensemble: Some(Ensemble::Fixed(3)), ..Changes::default() };
    let sigmoid = Changes { output: Some(Output::Sigmoid), loss: Some(Loss::CrossEntropy), ..Changes::default() };
    let adam = Changes { algorithm: Some(Algorithm::Adam), ..Changes::default() };
    let lbfgs = Changes { algorithm: Some(Algorithm::Lbfgs), ..Changes::default() };
    let mut factors = Vec::new();
    for changes in [Changes::default(), balanced, given, sigmoid, adam, lbfgs] {
        let (soft, report, plain) = soft_and_plain(&changes, 60);
        let factor = factor(&soft, &plain);
        assert!((0.1..0.98).contains(&factor), "{factor} {changes:?}");
        assert_eq!(classes(&soft), classes(&plain));
        // The report is of the softened weights. An evaluation does not use class weights.
        let statistics = soft.network().info().statistics;
        assert_eq!((report.test_error, report.train_error), (Some(statistics.test_error), statistics.train_error));
        assert!(statistics.test_error < 0.99 * plain.network().info().statistics.test_error);
        if changes.class_weight.is_none() {
            let [on_train, on_test] = [Set::Train, Set::Test].map(|set| soft.network().evaluate(set).unwrap().error);
            assert_eq!(report.test_error, Some(on_test));
            assert!((report.train_error - on_train).abs() < 1e-6);
        }
        factors.push(factor);
    }
    assert!(
        factors.windows(2).all(|pair| pair[0] != pair[1]),
        "different losses must give different factors: {factors:?}"
    );
    // The logits of members are averaged, and all members get the same factor.
    let mut live = network(&three, 60);
    train(&mut live, true, 400, 1);
    assert!(live.network().info().members < 3);
}

#[test]
fn squared_errors_and_few_validation_rows_are_not_softened() {
    let squared = Changes { loss: Some(Loss::Mse), ..Changes::default() };
    for (changes, test_rows) in [(squared, 60), (Changes::default(), 4)] {
        let (soft, _, plain) = soft_and_plain(&changes, test_rows);
        assert_eq!(weights(&soft), weights(&plain));
    }
    // Five validation rows are enough.
    let (soft, _, plain) = soft_and_plain(&Changes::default(), 5);
    assert!(factor(&soft, &plain) < 1.0);
}

#[test]
fn softened_networks_are_the_same_for_any_threads_and_after_encoding() {
    for algorithm in [Algorithm::IrpropPlus, Algorithm::RpropPlus, Algorithm::Lbfgs, Algorithm::Adam] {
        let changes = Changes { algorithm: Some(algorithm), ensemble: Some(Ensemble::Fixed(4)), ..Changes::default() };
        let [mut one, mut many] = [1, 3].map(|threads| {
            let mut live = network(&changes, 60);
            train(&mut live, true, 200, threads);
            live
        });
        assert_eq!(weights(&one), weights(&many));
        many = Live::new(codec::decode(&codec::encode(many.network())).unwrap());
        for (live, threads) in [(&mut one, 1), (&mut many, 2)] {
            train(live, false, 20, threads);
        }
        assert_eq!(weights(&one), weights(&many));
    }
}

#[test]
fn a_training_that_continues_from_softened_weights_is_no_worse() {
    for algorithm in [Algorithm::IrpropPlus, Algorithm::RpropPlus, Algorithm::Lbfgs, Algorithm::Adam] {
        let changes = Changes { algorithm: Some(algorithm), ..Changes::default() };
        let mut live = network(&changes, 60);
        let options = TrainOptions { max_cycles: 400, max_time: Duration::ZERO, auto_stop: true, backtrack: true };
        let first = go(&mut live, options, 1);
        let brier_score = |live: &Live| {
            let (inputs, classes) = rows(60, 2);
            let mut outputs = vec![0.0; 120];
            live.network().model().run(&inputs, &mut outputs).unwrap();
            let square = |(p, class): (&[f32], &f32)| f64::from(p[1] - class).powi(2);
            outputs.chunks(2).zip(&classes).map(square).sum::<f64>() / 60.0
        };
        let (before, kept) = (brier_score(&live), weights(&live));
        let again = go(&mut live, options, 1);
        assert!(brier_score(&live) <= 1.01 * before, "{algorithm:?} {before} {}", brier_score(&live));
        assert!(again.test_error <= first.test_error.map(|error| 1.01 * error), "{algorithm:?} {first:?} {again:?}");
        // If no step improved the weights, they are unchanged.
        assert_eq!(again.best_cycle == 0, weights(&live) == kept, "{again:?}");
        if again.best_cycle == 0 {
            assert_eq!(again.test_error, first.test_error);
        }
        // RPROP's first step must not undo a step of the training before, which began at other weights.
        let before = live.network().evaluate(Set::Train).unwrap().error;
        let report = train(&mut live, false, 30, 1);
        assert!(report.train_error < before, "{algorithm:?} {report:?}");
    }
}

#[test]
fn softened_answers_stay_monotone() {
    let monotone = Monotone::Given(vec![1.0, 0.0, -1.0, 0.0].into());
    let (soft, _, plain) = soft_and_plain(&Changes { monotone: Some(monotone), ..Changes::default() }, 60);
    assert!(factor(&soft, &plain) < 1.0);
    // Decoding rejects weights that violate the constraint.
    codec::decode(&codec::encode(soft.network())).unwrap();
}
