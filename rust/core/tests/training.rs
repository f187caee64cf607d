//! Trainings in the background, through the public interface.

use std::sync::Arc;
use std::time::{Duration, Instant};

use neuralredis_core::random::Random;
use neuralredis_core::training::{Live, Outcome, Pool, Reason, Report, TrainOptions};
use neuralredis_core::{
    Algorithm, Batch, Changes, ClassWeight, Decay, Ensemble, Error, Kind, Layout, Limits, Loss, Network, Options,
    Output, Patience, Set, codec,
};

/// A network with noisy rows of a learnable function.
fn network(kind: Kind, units: &[usize], rows: usize, seed: u64) -> Network {
    let layout = Layout::new(units).unwrap();
    let (width, outputs) = (layout.inputs(), layout.outputs());
    let options = Options { normalize: true, ..Options::new(kind) };
    let limits = Limits { train: 100_000, test: 50_000 };
    let mut network = Network::new(kind, layout, options, limits, seed).unwrap();
    let mut random = Random::new(seed, 77);
    let mut inputs = Vec::new();
    let mut targets = Vec::new();
    for _ in 0..rows {
        let x: Vec<f32> = (0..width).map(|_| random.symmetric() * 10.0).collect();
        let sum: f32 = x.iter().sum::<f32>() / (width as f32).sqrt() + random.symmetric();
        match kind {
            Kind::Classifier => {
                targets.push(((sum / 20.0 + 0.5) * outputs as f32).clamp(0.0, outputs as f32 - 1.0).floor());
            }
            Kind::Regressor => targets.extend((0..outputs).map(|output| 1000.0 + sum * 50.0 * (output + 1) as f32)),
        }
        inputs.extend(x);
    }
    let targets_width = network.targets();
    network.observe(&Batch::new(&inputs, width, &targets, targets_width), None, |_| {}).unwrap();
    network
}

fn cycles(max_cycles: u64) -> TrainOptions {
    TrainOptions { max_cycles, max_time: Duration::ZERO, auto_stop: false, backtrack: false }
}

fn auto_stop(backtrack: bool) -> TrainOptions {
    TrainOptions { max_cycles: 20_000, max_time: Duration::ZERO, auto_stop: true, backtrack }
}

fn train(live: &mut Live, options: TrainOptions, threads: usize) -> Arc<Report> {
    let job = live.train(options, &Pool::new(threads, 1), |_| {}).unwrap();
    assert!(job.wait(Duration::from_secs(120)), "the training has not ended in time");
    match live.collect() {
        Some(Outcome::Trained(_, report)) => report,
        other => panic!("{other:?}"),
    }
}

/// The frames of a network without the seconds of its trainings, which differ between runs, and without the report.
fn timeless(network: &Network) -> Vec<Vec<u8>> {
    const STATISTICS: [u8; 2] = [11, 0];
    const REPORT: [[u8; 2]; 2] = [[18, 0], [19, 0]];
    let seconds = network.info().statistics.total_seconds.to_le_bytes();
    let mut frames = Vec::new();
    codec::frames(network, &mut |frame| {
        let mut frame = frame.to_vec();
        if frame[..2] == STATISTICS {
            let at = frame.windows(8).position(|window| window == seconds).expect("the seconds are saved");
            frame[at..at + 8].fill(0);
        }
        if !REPORT.iter().any(|section| frame[..2] == *section) {
            frames.push(frame);
        }
    });
    frames
}

fn answers(network: &Network, rows: usize) -> Vec<f32> {
    let model = network.model();
    let mut random = Random::new(1, 78);
    let inputs: Vec<f32> = (0..rows * model.layout().inputs()).map(|_| random.symmetric() * 10.0).collect();
    let mut outputs = vec![0.0; rows * model.layout().outputs()];
    model.run(&inputs, &mut outputs).unwrap();
    outputs
}

#[test]
fn any_number_of_threads_gives_the_same_network() {
    for (kind, units, rows) in [
        (Kind::Classifier, &[9, 15, 2][..], 3_000),
        (Kind::Regressor, &[20, 64, 64, 3], 1_200),
        (Kind::Classifier, &[64, 300, 10], 1_000),
    ] {
        let results: Vec<_> = [1, 2, 3, 7]
            .into_iter()
            .map(|threads| {
                let mut live = Live::new(network(kind, units, rows, 5));
                train(&mut live, cycles(40), threads);
                timeless(live.network())
            })
            .collect();
        assert!(results.windows(2).all(|pair| pair[0] == pair[1]), "{units:?}");
    }
}

#[test]
fn mini_batches_give_the_same_network_for_any_number_of_threads() {
    for (units, rows, ensemble) in [(&[9, 15, 2][..], 700, 3), (&[64, 300, 10], 3_000, 1)] {
        let results: Vec<_> = [1, 2, 7]
            .into_iter()
            .map(|threads| {
                let mut network = network(Kind::Classifier, units, rows, 5);
                let limits = network.info().limits;
                let changes = Changes { algorithm: Some(Algorithm::Adam), ..Changes::default() };
                network.configure(&changes, limits).unwrap();
                let mut live = with_ensemble(network, Ensemble::Fixed(ensemble));
                let report = train(&mut live, cycles(4), threads);
                assert_eq!(
                    report.threads > 1,
                    threads > 1,
                    "members, or parts of a batch, must be computed in parallel"
                );
                timeless(live.network())
            })
            .collect();
        assert!(results.windows(2).all(|pair| pair[0] == pair[1]), "{units:?}");
    }
}

#[test]
fn mini_batches_need_few_cycles_and_autostop_ends_them() {
    let mut network = network(Kind::Classifier, &[4, 15, 3], 8_000, 5);
    let changes = Changes { algorithm: Some(Algorithm::Adam), ..Changes::default() };
    network.configure(&changes, network.info().limits).unwrap();
    let mut live = Live::new(network);
    let report = train(&mut live, auto_stop(true), 2);
    assert!(report.cycles < 200 && report.best_cycle > 0, "{} cycles", report.cycles);
    let errors = report.class_errors.unwrap();
    let mut by_rprop = Live::new(network_by(Algorithm::IrpropPlus));
    let expected = train(&mut by_rprop, auto_stop(true), 2).class_errors.unwrap();
    assert!(errors < expected + 1.0, "{errors} % wrong, by full batches {expected} %");
    // Points of the curve cost a pass of their own, so there are fewer of them.
    assert!(report.curve.len() as u64 <= report.cycles.min(40));
}

/// The network of the test above, with another algorithm.
fn network_by(algorithm: Algorithm) -> Network {
    let mut network = network(Kind::Classifier, &[4, 15, 3], 8_000, 5);
    network.configure(&Changes { algorithm: Some(algorithm), ..Changes::default() }, network.info().limits).unwrap();
    network
}

#[test]
fn several_threads_work_if_cycles_are_long_enough() {
    let mut large = network(Kind::Classifier, &[64, 300, 10], 3_000, 5);
    let changes = Changes { algorithm: Some(Algorithm::IrpropPlus), ..Changes::default() };
    large.configure(&changes, large.info().limits).unwrap();
    let mut live = Live::new(large);
    assert_eq!(train(&mut live, cycles(3), 3).threads, 3);
    let mut live = Live::new(network(Kind::Classifier, &[2, 3, 2], 30, 5));
    assert_eq!(train(&mut live, cycles(3), 3).threads, 1);
}

#[test]
fn a_training_continues_where_the_last_one_ended_also_after_encoding() {
    for (algorithm, first) in
        Algorithm::ALL.iter().flat_map(|algorithm| [30, 31, 48, 77].map(|first| (algorithm, first)))
    {
        let changes = Changes { algorithm: Some(*algorithm), l2: Some(Decay::Fixed(0.001)), ..Changes::default() };
        let start = || {
            let mut network = network(Kind::Regressor, &[3, 8, 2], 300, 9);
            network.configure(&changes, network.info().limits).unwrap();
            Live::new(network)
        };
        let mut at_once = start();
        train(&mut at_once, cycles(100), 1);
        let mut in_parts = start();
        train(&mut in_parts, cycles(first), 1);
        let saved = codec::encode(in_parts.network());
        let mut in_parts = Live::new(codec::decode(&saved).unwrap());
        train(&mut in_parts, cycles(100 - first), 2);
        assert!(timeless(at_once.network()) == timeless(in_parts.network()), "{algorithm:?} after {first}");
    }
}

#[test]
fn members_trained_by_lbfgs_continue_as_if_uninterrupted() {
    let start = || {
        let mut network = network(Kind::Regressor, &[3, 8, 2], 300, 9);
        let limits = network.info().limits;
        network.configure(&Changes { algorithm: Some(Algorithm::Lbfgs), ..Changes::default() }, limits).unwrap();
        with_ensemble(network, Ensemble::Fixed(3))
    };
    let (mut at_once, mut in_parts) = (start(), start());
    train(&mut at_once, cycles(60), 1);
    for part in [30, 10, 1, 19] {
        train(&mut in_parts, cycles(part), 1);
        in_parts = Live::new(codec::decode(&codec::encode(in_parts.network())).unwrap());
    }
    assert!(timeless(at_once.network()) == timeless(in_parts.network()));
}

/// A network that keeps two thirds of these rows, all as training rows.
fn rows_alone(rows: usize, changes: &Changes) -> Live {
    let mut network = network(Kind::Regressor, &[3, 8, 2], rows, 1);
    network.configure(changes, Limits { train: 100_000, test: 0 }).unwrap();
    Live::new(network)
}

#[test]
fn a_training_without_validation_rows_begins_with_a_trial() {
    let train_for = |rows, cycles_, threads, changes: &Changes| {
        let mut live = rows_alone(rows, changes);
        let report = train(&mut live, cycles(cycles_), threads);
        (report, live)
    };
    let members = |rows, cycles, changes: &Changes| train_for(rows, cycles, 1, changes).1.network().info().members;
    let free = Changes::default();
    // With few rows there is no trial but several members, with few cycles neither.
    assert_eq!([members(300, 100, &free), members(20, 100, &free), members(300, 49, &free)], [4, 4, 1]);
    // There is no trial if ENSEMBLE or L2 is set.
    let one = Changes { ensemble: Some(Ensemble::Fixed(1)), ..Changes::default() };
    let decay = Changes { l2: Some(Decay::Fixed(0.001)), ..Changes::default() };
    assert_eq!([members(300, 100, &one), members(300, 100, &decay)], [1, 1]);

    let (report, live) = train_for(300, 100, 1, &free);
    let info = live.network().info();
    assert_eq!((report.reason, report.cycles, info.statistics.total_cycles), (Reason::MaxCycles, 100, 100));
    // Fifty cycles of seven members with four fifths of the rows, and fifty of four members with all rows.
    assert_eq!(info.statistics.total_steps, 50 * (7 * 160 + 4 * 200));
    assert!(report.test_error.is_none() && !info.statistics.test_decided);
    assert_eq!((report.curve[0].cycle, report.curve.last().unwrap().cycle), (0, 100));
    assert!(report.curve.windows(2).all(|pair| pair[0].cycle < pair[1].cycle));
    assert!(report.curve.iter().all(|point| point.test_error.is_none()));
    assert!(codec::decode(&codec::encode(live.network())).unwrap() == *live.network());
    // A second training has no trial.
    let mut live = live;
    train(&mut live, cycles(100), 1);
    assert_eq!(live.network().info().statistics.total_steps, 50 * (7 * 160 + 4 * 200) + 100 * 4 * 200);
}

#[test]
fn a_trial_gives_the_same_network_for_any_number_of_threads() {
    for algorithm in Algorithm::ALL {
        let changes = Changes { algorithm: Some(*algorithm), ..Changes::default() };
        let results: Vec<_> = [1, 2, 5]
            .into_iter()
            .map(|threads| {
                let mut live = rows_alone(900, &changes);
                let report = train(&mut live, cycles(60), threads);
                assert_eq!(report.threads > 1, threads > 1, "{algorithm:?}");
                timeless(live.network())
            })
            .collect();
        assert!(results.windows(2).all(|pair| pair[0] == pair[1]), "{algorithm:?}");
    }
}

#[test]
fn validation_rows_are_reported_during_a_trial_and_decide_nothing() {
    let mut with_rows = Live::new(network(Kind::Regressor, &[3, 8, 2], 300, 1));
    let mut without = rows_alone(300, &Changes::default());
    let report = train(&mut with_rows, cycles(100), 1);
    train(&mut without, cycles(100), 1);
    assert_eq!(answers(with_rows.network(), 20), answers(without.network(), 20));
    assert!(!with_rows.network().info().statistics.test_decided);
    assert!(report.curve.iter().all(|point| point.test_error.is_some()));
    assert_eq!(report.curve.last().unwrap().test_error, report.test_error);
}

/// The network without the state of L-BFGS.
fn without_lbfgs_state(network: &Network) -> Network {
    let mut decoder = codec::Decoder::new();
    codec::frames(network, &mut |frame| {
        if frame[..2] != [25, 0] {
            decoder.push(frame).unwrap();
        }
    });
    decoder.finish().unwrap()
}

type Change = Box<dyn Fn(&mut Network)>;

#[test]
fn the_state_of_lbfgs_is_dropped_if_the_objective_has_changed() {
    let trained = |backtrack: bool| {
        let mut network = network(Kind::Regressor, &[3, 8, 2], 300, 9);
        let limits = network.info().limits;
        network.configure(&Changes { algorithm: Some(Algorithm::Lbfgs), ..Changes::default() }, limits).unwrap();
        let mut live = with_ensemble(network, Ensemble::Fixed(1));
        train(&mut live, if backtrack { auto_stop(true) } else { cycles(45) }, 1);
        live.network().clone()
    };
    let configured =
        |changes: Changes| move |network: &mut Network| network.configure(&changes, network.info().limits).unwrap();
    let row = |network: &mut Network, input: f32| {
        network.observe(&Batch::new(&[input, 1.0, 2.0], 3, &[5.0, 1.0], 2), Some(Set::Train), |_| {}).unwrap();
    };
    let changes: [(&str, Change); 6] = [
        ("nothing", Box::new(|_| {})),
        ("patience", Box::new(configured(Changes { patience: Some(Patience::Cycles(9)), ..Changes::default() }))),
        ("decay", Box::new(configured(Changes { l2: Some(Decay::Fixed(0.1)), ..Changes::default() }))),
        ("normalization", Box::new(configured(Changes { normalize: Some(false), ..Changes::default() }))),
        ("rows", Box::new(move |network| row(network, 3.0))),
        ("a reset", Box::new(Network::reset)),
    ];
    for (what, change) in changes {
        let (mut one, mut other) = (trained(false), without_lbfgs_state(&trained(false)));
        change(&mut one);
        change(&mut other);
        let (mut one, mut other) = (Live::new(one), Live::new(other));
        train(&mut one, cycles(10), 1);
        train(&mut other, cycles(10), 1);
        let same = timeless(one.network()) == timeless(other.network());
        assert_eq!(same, !["nothing", "patience"].contains(&what), "{what}");
    }
    // A return to weights of an earlier cycle, and another trainer, drop it too.
    let back = trained(true);
    assert!(timeless(&back) == timeless(&without_lbfgs_state(&back)));
    let mut other = trained(false);
    configured(Changes { algorithm: Some(Algorithm::IrpropPlus), ..Changes::default() })(&mut other);
    let mut other = Live::new(other);
    train(&mut other, cycles(1), 1);
    assert!(timeless(other.network()) == timeless(&without_lbfgs_state(other.network())));
}

/// The network with this option ENSEMBLE.
fn with_ensemble(mut network: Network, ensemble: Ensemble) -> Live {
    let limits = network.info().limits;
    network.configure(&Changes { ensemble: Some(ensemble), ..Changes::default() }, limits).unwrap();
    Live::new(network)
}

/// The network with one member and squared errors as loss, so that the reported validation errors are those that
/// decide.
fn with_squared_errors(mut network: Network) -> Live {
    let limits = network.info().limits;
    network.configure(&Changes { loss: Some(Loss::Mse), ..Changes::default() }, limits).unwrap();
    with_ensemble(network, Ensemble::Fixed(1))
}

#[test]
fn members_are_trained_independently_and_answer_together() {
    for (kind, units) in [(Kind::Classifier, &[5, 7, 3][..]), (Kind::Regressor, &[5, 4, 3, 2])] {
        let start = |ensemble| {
            let mut live = with_ensemble(network(kind, units, 300, 4), ensemble);
            // The first member is compared with a network of one member, for which AUTO could choose another algorithm.
            let (l2, algorithm) = (Some(Decay::Fixed(0.001)), Some(Algorithm::IrpropPlus));
            let limits = live.network().info().limits;
            live.configure(&Changes { l2, algorithm, ..Changes::default() }, limits).unwrap();
            live
        };
        let three = || start(Ensemble::Fixed(3));
        let (mut live, mut other) = (three(), start(Ensemble::Fixed(1)));
        let report = train(&mut live, cycles(20), 2);
        train(&mut other, cycles(20), 1);
        let info = live.network().info();
        assert_eq!((info.members, info.parameters), (3, other.network().info().parameters));
        assert_eq!(info.statistics.total_steps, 3 * other.network().info().statistics.total_steps);
        assert_ne!(answers(live.network(), 50), answers(other.network(), 50));
        // The first member has the weights that it would have alone.
        let (of_three, of_one) = (codec::encode(live.network()), codec::encode(other.network()));
        let weights = |bytes: &[u8], count: usize| {
            // The weights follow the section's number and flags.
            let at = bytes.windows(3).position(|window| window == [5, 0, 1]).expect("weights are saved") + 3;
            bytes[at..at + 4 * count].to_vec()
        };
        assert_eq!(weights(&of_three, info.parameters), weights(&of_one, info.parameters));
        // The training reports the error of an evaluation.
        let found = live.network().evaluate(Set::Test).unwrap();
        assert_eq!(report.test_error, Some(found.error));
        // A continued training gives the same bits, also after encoding, and for any number of threads.
        let mut back = Live::new(codec::decode(&of_three).unwrap());
        assert_eq!(back.network(), live.network());
        train(&mut live, cycles(20), 1);
        train(&mut back, cycles(20), 3);
        assert_eq!(timeless(back.network()), timeless(live.network()));
        let mut whole = three();
        train(&mut whole, cycles(40), 2);
        assert_eq!(answers(whole.network(), 50), answers(live.network(), 50));
        live.reset();
        assert_eq!(live.network().info().members, 1);
    }
}

#[test]
fn under_autostop_there_are_as_many_members_as_are_cheap() {
    let members = |units: &[usize], rows, options| {
        let mut live = with_ensemble(network(Kind::Classifier, units, rows, 4), Ensemble::Auto);
        train(&mut live, options, 2);
        live.network().info().members
    };
    let few = TrainOptions { max_cycles: 2, ..auto_stop(true) };
    assert_eq!(members(&[4, 5, 2], 300, few), 4, "the better half of seven");
    assert_eq!(members(&[4, 5, 2], 300, cycles(2)), 1);
    assert_eq!(members(&[4, 5, 2], 37_500, few), 8, "25,000 rows, by mini-batches: the better half of sixteen");
    assert_eq!(members(&[100, 300, 2], 100, few), 3, "30,902 parameters");
    assert_eq!(members(&[700, 300, 2], 100, few), 1);
}

#[test]
fn the_number_of_members_is_fixed_by_the_first_training() {
    let mut live = with_ensemble(network(Kind::Classifier, &[4, 5, 2], 300, 4), Ensemble::Fixed(3));
    train(&mut live, cycles(5), 1);
    let limits = live.network().info().limits;
    live.configure(&Changes { ensemble: Some(Ensemble::Fixed(5)), ..Changes::default() }, limits).unwrap();
    train(&mut live, cycles(5), 1);
    assert_eq!(live.network().info().members, 3);
    live.reset();
    train(&mut live, cycles(5), 1);
    assert_eq!(live.network().info().members, 5);
    let error = live.configure(&Changes { ensemble: Some(Ensemble::Fixed(0)), ..Changes::default() }, limits);
    assert_eq!(error.unwrap_err().to_string(), "ensemble is 0: expected auto or an integer from 1 to 64");
}

/// A classifier with one row in ten of the second class, and row weights by class, in both sets.
fn imbalanced(class_weight: ClassWeight, row_weights: [f32; 2]) -> Live {
    let layout = Layout::new(&[8, 6, 2]).unwrap();
    let options = Options { class_weight, ..Options::new(Kind::Classifier) };
    let limits = Limits { train: 400, test: 200 };
    let mut network = Network::new(Kind::Classifier, layout, options, limits, 3).unwrap();
    let mut random = Random::new(5, 5);
    let (mut inputs, mut classes, mut weights) = (Vec::new(), Vec::new(), Vec::new());
    for row in 0..600 {
        let class = usize::from(row % 10 == 0);
        // All inputs are 1 or -1, so that row weights do not change the scale of inputs.
        inputs.extend([0; 8].map(|_| (random.symmetric() + 0.5 * class as f32).signum()));
        classes.push(class as f32);
        weights.push(row_weights[class]);
    }
    let mut batch = Batch::new(&inputs, 8, &classes, 1);
    batch.weights = Some(&weights);
    network.observe(&batch, None, |_| {}).unwrap();
    Live::new(network)
}

#[test]
fn class_weights_multiply_row_weights() {
    let given = |weights: [f32; 2]| ClassWeight::Given(Arc::new(weights.to_vec()));
    for options in [cycles(30), auto_stop(true)] {
        let mut by_class = imbalanced(given([0.5, 7.0]), [1.0; 2]);
        let mut by_row = imbalanced(ClassWeight::None, [0.5, 7.0]);
        let (report, other) = (train(&mut by_class, options, 1), train(&mut by_row, options, 2));
        // Products with 1 are exact, so both trainings are identical.
        assert_eq!((report.train_error, report.test_error), (other.train_error, other.test_error));
        assert_eq!((report.cycles, report.best_cycle, &report.curve), (other.cycles, other.best_cycle, &other.curve));
        assert_eq!(by_class.network().info().members, by_row.network().info().members);
        assert_eq!(answers(by_class.network(), 50), answers(by_row.network(), 50));
        // Row and class weights are multiplied; here the products are 1.
        let (mut both, mut product) =
            (imbalanced(given([2.0, 0.25]), [0.5, 4.0]), imbalanced(ClassWeight::None, [1.0; 2]));
        train(&mut both, options, 1);
        train(&mut product, options, 1);
        assert_eq!(answers(both.network(), 50), answers(product.network(), 50));
        // An evaluation does not use class weights.
        let found = by_class.network().evaluate(Set::Train).unwrap();
        assert!((found.error - report.train_error).abs() > 1e-3 * report.train_error);
    }
}

#[test]
fn balanced_class_weights_are_inversely_proportional_to_the_rows_of_a_class() {
    let mut balanced = imbalanced(ClassWeight::Balanced, [1.0; 2]);
    let rows = balanced.network().rows(Set::Train);
    let rare = (0..rows).filter(|&row| balanced.network().row(Set::Train, row).unwrap().1[0] == 1.0).count();
    let all = f64::from(rows);
    let weights = vec![(all / (2.0 * (all - rare as f64))) as f32, (all / (2.0 * rare as f64)) as f32];
    let mut given = imbalanced(ClassWeight::Given(Arc::new(weights)), [1.0; 2]);
    train(&mut balanced, auto_stop(true), 1);
    train(&mut given, auto_stop(true), 1);
    assert_eq!(balanced.network().info().members, 4);
    assert_eq!(answers(balanced.network(), 50), answers(given.network(), 50));
    // Every training computes them again.
    let before = answers(balanced.network(), 50);
    balanced.network_mut().observe(&Batch::new(&[0.0; 80], 8, &[1.0; 10], 1), Some(Set::Train), |_| {}).unwrap();
    train(&mut balanced, cycles(20), 1);
    assert_ne!(answers(balanced.network(), 50), before);
}

#[test]
fn patience_ends_a_training_that_many_cycles_after_its_best() {
    for (patience, backtrack) in [(1, false), (3, true), (80, false), (200, true)] {
        let mut live = with_squared_errors(network(Kind::Classifier, &[4, 5, 2], 300, 4));
        let limits = live.network().info().limits;
        let patience = Changes { patience: Some(Patience::Cycles(patience)), ..Changes::default() };
        live.configure(&patience, limits).unwrap();
        let report = train(&mut live, auto_stop(backtrack), 1);
        let Some(Patience::Cycles(cycles)) = patience.patience else { unreachable!() };
        // An improvement is at least a thousandth of the best error.
        let (mut best, mut since) = (f64::INFINITY, 0);
        for point in &report.curve {
            assert!(point.cycle <= since + u64::from(cycles));
            let error = point.test_error.unwrap();
            if best - error > 1e-3 * best || best == f64::INFINITY {
                (best, since) = (error, point.cycle);
            }
        }
        assert!(report.cycles < 512, "the curve must have every cycle");
        assert_eq!(report.cycles, since + u64::from(cycles));
        assert_eq!(report.reason == Reason::Overfitting, report.overfitting);
    }
}

#[test]
fn during_a_training_the_network_answers_as_before_and_observes_rows() {
    let mut live = Live::new(network(Kind::Classifier, &[10, 30, 3], 2_000, 2));
    let before = answers(live.network(), 50);
    let mut alone = Live::new(live.network().clone());
    let job = live.train(cycles(200), &Pool::new(2, 1), |_| {}).unwrap();
    let rows = live.network().rows(Set::Train);
    while !job.wait(Duration::ZERO) {
        assert_eq!(answers(live.network(), 50), before);
        live.network_mut().observe(&Batch::new(&[9.0; 10], 10, &[1.0], 1), Some(Set::Train), |_| {}).unwrap();
    }
    assert!(live.network().rows(Set::Train) > rows);
    live.collect();
    // Rows that were observed during the training have no effect on it.
    train(&mut alone, cycles(200), 1);
    assert_eq!(answers(live.network(), 50), answers(alone.network(), 50));
    assert_ne!(answers(live.network(), 50), before);
}

#[test]
fn a_training_without_a_step_changes_no_answer() {
    let moved = |network: &mut Network| {
        let rows = network.row(Set::Train, 0).unwrap();
        for step in 0..50 {
            let inputs: Vec<f32> = rows.0.iter().map(|x| x * step as f32 * 40.0 - 3e3).collect();
            let targets: Vec<f32> = rows.1.iter().map(|y| y * 3.0 - step as f32).collect();
            let width = targets.len();
            network.observe(&Batch::new(&inputs, inputs.len(), &targets, width), Some(Set::Train), |_| {}).unwrap();
        }
    };
    for normalized_before in [true, false] {
        let mut live = Live::new(network(Kind::Regressor, &[4, 6, 2], 200, 3));
        let set = |live: &mut Live, normalize| {
            let limits = live.network().info().limits;
            live.configure(&Changes { normalize: Some(normalize), ..Changes::default() }, limits).unwrap();
        };
        set(&mut live, normalized_before);
        train(&mut live, cycles(50), 1);
        let before = answers(live.network(), 20);
        moved(live.network_mut());
        set(&mut live, true);
        without_a_step(&mut live);
        assert_close(&before, &answers(live.network(), 20));
        set(&mut live, false);
        without_a_step(&mut live);
        assert_close(&before, &answers(live.network(), 20));
    }
}

/// A regressor with two outputs, for [`observe_first`].
fn with_first_output(output: Output, algorithm: Algorithm) -> Live {
    let layout = Layout::new(&[2, 6, 2]).unwrap();
    let changes =
        Changes { normalize: Some(true), output: Some(output), algorithm: Some(algorithm), ..Changes::default() };
    let options = Options::new(Kind::Regressor).with(Kind::Regressor, &layout, &changes).unwrap();
    Live::new(Network::new(Kind::Regressor, layout, options, Limits { train: 60, test: 0 }, 4).unwrap())
}

/// Replaces all rows by ones whose first output is `first` of the first input; the second output varies.
fn observe_first(live: &mut Live, first: impl Fn(f32) -> f32) {
    let limits = live.network().info().limits;
    live.configure(&Changes::default(), Limits { train: 0, ..limits }).unwrap();
    live.configure(&Changes::default(), limits).unwrap();
    let mut random = Random::new(5, 5);
    for _ in 0..60 {
        let x = [random.symmetric(), random.symmetric()];
        let targets = [first(x[0]), 20.0 * x[1]];
        live.network_mut().observe(&Batch::new(&x, 2, &targets, 2), Some(Set::Train), |_| {}).unwrap();
    }
}

#[test]
fn an_output_can_be_constant_vary_and_be_constant_again() {
    let firsts = |live: &Live| answers(live.network(), 20).iter().step_by(2).copied().collect::<Vec<_>>();
    for output in [Output::Linear, Output::Sigmoid] {
        for algorithm in [Algorithm::Auto, Algorithm::IrpropPlus] {
            let mut live = with_first_output(output, algorithm);
            observe_first(&mut live, |_| -0.7);
            let report = train(&mut live, cycles(100), 1);
            assert!(report.train_error < 0.1, "the other output was not fitted: {report:?}");
            assert!(firsts(&live).iter().all(|&answer| answer == -0.7), "{:?}", firsts(&live));
            let back = codec::decode(&codec::encode(live.network())).unwrap();
            assert_eq!(answers(&back, 20), answers(live.network(), 20));

            observe_first(&mut live, |x| 3.0 + 5.0 * x);
            let before = answers(live.network(), 20);
            without_a_step(&mut live);
            assert_close(&before, &answers(live.network(), 20));
            let report = train(&mut live, cycles(400), 1);
            assert!(report.train_error < 0.02, "{report:?}");

            observe_first(&mut live, |_| 8.0);
            let before = answers(live.network(), 20);
            without_a_step(&mut live);
            assert_close(&before, &answers(live.network(), 20));
            train(&mut live, cycles(1), 1);
            assert!(firsts(&live).iter().all(|&answer| answer == 8.0), "{:?}", firsts(&live));

            let before = answers(live.network(), 20);
            let limits = live.network().info().limits;
            live.configure(&Changes { normalize: Some(false), ..Changes::default() }, limits).unwrap();
            observe_first(&mut live, |x| x);
            without_a_step(&mut live);
            if output == Output::Linear {
                assert_close(&before, &answers(live.network(), 20));
            }
        }
    }
}

/// Runs a training that is stopped while it is queued, so that it re-expresses the weights and ends before its first
/// step.
fn without_a_step(live: &mut Live) {
    let pool = Pool::new(1, 1);
    let mut other = Live::new(network(Kind::Regressor, &[2, 1], 10, 1));
    let blocking = other.train(cycles(0), &pool, |_| {}).unwrap();
    let job = live.train(cycles(0), &pool, |_| {}).unwrap();
    job.stop();
    blocking.stop();
    assert!(job.wait(Duration::from_secs(60)));
    let Some(Outcome::Trained(_, report)) = live.collect() else { panic!("a stop must keep the result") };
    assert_eq!(report.cycles, 0);
}

fn assert_close(expected: &[f32], got: &[f32]) {
    let close = |(a, b): (&f32, &f32)| (a - b).abs() <= 1e-3 * (1.0 + a.abs());
    assert!(expected.iter().zip(got).all(close), "{expected:?} {got:?}");
}

#[test]
fn autostop_ends_trainings_on_random_labels_and_with_perfect_accuracy() {
    let mut random = Random::new(6, 6);
    let inputs: Vec<f32> = (0..400 * 5).map(|_| random.symmetric()).collect();
    let labels: Vec<f32> = (0..400).map(|_| random.below(2) as f32).collect();
    let obvious: Vec<f32> = inputs.chunks(5).map(|x| f32::from(u8::from(x[0] > 0.0))).collect();
    for (labels, backtrack) in [(&labels, false), (&labels, true), (&obvious, false), (&obvious, true)] {
        let layout = Layout::new(&[5, 12, 2]).unwrap();
        let mut network =
            Network::new(Kind::Classifier, layout, Options::new(Kind::Classifier), Limits::default(), 1).unwrap();
        network.observe(&Batch::new(&inputs, 5, labels, 1), None, |_| {}).unwrap();
        let report = train(&mut Live::new(network), auto_stop(backtrack), 1);
        assert!(matches!(report.reason, Reason::Overfitting | Reason::Converged), "{report:?}");
        assert!(report.cycles < 20_000 && report.train_error.is_finite());
    }
}

#[test]
fn backtrack_keeps_the_weights_with_the_least_validation_error() {
    let mut live = with_squared_errors(network(Kind::Classifier, &[10, 40, 4], 120, 8));
    let report = train(&mut live, auto_stop(true), 1);
    let least = report.curve.iter().filter_map(|point| point.test_error).fold(f64::INFINITY, f64::min);
    assert_eq!(report.test_error, Some(least));
    let statistics = live.network().info().statistics;
    assert_eq!(statistics.test_error, least);
    assert!(statistics.test_decided && report.best_cycle < report.cycles);
    let evaluated = live.network().evaluate(Set::Test).unwrap();
    assert!((evaluated.error - least).abs() < 1e-6, "{evaluated:?}");
}

#[test]
fn members_stop_by_their_own_validation_errors_and_the_better_half_answers() {
    for kind in [Kind::Classifier, Kind::Regressor] {
        let start = |ensemble| with_ensemble(network(kind, &[10, 12, 4], 200, 8), Ensemble::Fixed(ensemble));
        let (mut six, mut again) = (start(6), start(6));
        let report = train(&mut six, auto_stop(true), 1);
        let info = six.network().info();
        assert_eq!((info.members, info.statistics.total_cycles), (3, report.cycles));
        // Members that have stopped are presented with no more rows.
        let rows = u64::from(six.network().rows(Set::Train));
        let steps = info.statistics.total_steps;
        assert!(steps.is_multiple_of(rows) && steps < 6 * report.cycles * rows, "{steps}");
        assert!(steps >= report.cycles * rows && report.best_cycle < report.cycles);
        // The report is of the members that are kept.
        let found = six.network().evaluate(Set::Test).unwrap();
        assert_eq!(report.test_error, Some(found.error));
        assert_eq!(info.statistics.test_error, found.error);
        assert!((six.network().evaluate(Set::Train).unwrap().error - report.train_error).abs() < 1e-6);
        assert_eq!(report.curve.last().unwrap().cycle, report.cycles);
        // The bits are the same for any number of threads, and after encoding, which includes each member's share of
        // the decay.
        train(&mut again, auto_stop(true), 3);
        assert!(timeless(again.network()) == timeless(six.network()));
        let mut back = Live::new(codec::decode(&codec::encode(six.network())).unwrap());
        train(&mut six, cycles(20), 1);
        train(&mut back, cycles(20), 2);
        assert!(timeless(back.network()) == timeless(six.network()));
        assert_eq!(six.network().info().members, 3);
    }
}

#[test]
fn lbfgs_gives_the_same_bits_for_any_number_of_threads_and_after_encoding() {
    for (kind, units) in [(Kind::Regressor, &[10, 40, 1][..]), (Kind::Classifier, &[10, 60, 30, 4])] {
        let start = || {
            let mut network = network(kind, units, 3_000, 8);
            let limits = network.info().limits;
            let lbfgs = Changes { algorithm: Some(Algorithm::Lbfgs), ..Changes::default() };
            network.configure(&lbfgs, limits).unwrap();
            with_ensemble(network, Ensemble::Fixed(5))
        };
        let (mut one, mut many) = (start(), start());
        for options in [TrainOptions { max_cycles: 60, ..auto_stop(true) }, cycles(20)] {
            let report = train(&mut one, options, 1);
            assert!(train(&mut many, options, 4).threads > 1, "the network must be large enough for several threads");
            assert!(timeless(one.network()) == timeless(many.network()));
            let found = one.network().evaluate(Set::Test).unwrap();
            assert_eq!(report.test_error, Some(found.error));
            many = Live::new(codec::decode(&codec::encode(many.network())).unwrap());
        }
    }
}

#[test]
fn half_of_the_members_are_kept_under_autostop_and_all_without_it() {
    let start = || with_ensemble(network(Kind::Classifier, &[10, 12, 4], 200, 8), Ensemble::Fixed(2));
    let (mut chosen, mut both) = (start(), start());
    train(&mut chosen, TrainOptions { max_cycles: 30, ..auto_stop(true) }, 1);
    train(&mut both, cycles(30), 1);
    assert_eq!((chosen.network().info().members, both.network().info().members), (1, 2));
}

#[test]
fn limits_and_requests_end_a_training() {
    let mut live = Live::new(network(Kind::Classifier, &[9, 15, 2], 300, 1));
    let report = train(&mut live, cycles(7), 1);
    assert_eq!((report.reason, report.cycles, report.best_cycle), (Reason::MaxCycles, 7, 7));
    assert_eq!(live.network().info().statistics.total_steps, 7 * u64::from(live.network().rows(Set::Train)));
    let timed = TrainOptions { max_cycles: 0, max_time: Duration::from_millis(50), ..TrainOptions::default() };
    let report = train(&mut live, timed, 1);
    assert!(report.reason == Reason::MaxTime && report.time >= timed.max_time && report.cycles > 0);
    let job = live.train(cycles(0), &Pool::new(1, 1), |_| {}).unwrap();
    while job.progress().cycle < 10 {
        std::thread::yield_now();
    }
    job.stop();
    assert!(job.wait(Duration::from_secs(10)));
    let Some(Outcome::Trained(_, report)) = live.collect() else { panic!("a stop must keep the result") };
    assert!(report.reason == Reason::Stopped && report.cycles >= 10);
}

#[test]
fn a_long_cycle_can_be_cancelled_within_it() {
    let mut live = Live::new(network(Kind::Classifier, &[300, 1500, 100], 3_000, 1));
    let job = live.train(cycles(0), &Pool::new(1, 1), |_| {}).unwrap();
    std::thread::sleep(Duration::from_millis(50));
    let requested = Instant::now();
    job.cancel();
    assert!(job.wait(Duration::from_secs(60)));
    assert!(requested.elapsed() < Duration::from_secs(5));
    assert!(matches!(live.collect(), Some(Outcome::Dropped)));
    assert_eq!(live.network().info().statistics.total_cycles, 0);
}

#[test]
fn a_network_has_one_training_at_a_time_and_a_reset_drops_it() {
    let mut live = Live::new(network(Kind::Classifier, &[9, 15, 2], 300, 1));
    let pool = Pool::new(1, 4);
    let job = live.train(cycles(0), &pool, |_| {}).unwrap();
    assert_eq!(live.train(cycles(0), &pool, |_| {}).unwrap_err(), Error::AlreadyTraining);
    let linear = Changes { output: Some(Output::Sigmoid), ..Changes::default() };
    let limits = live.network().info().limits;
    assert_eq!(live.configure(&linear, limits), Err(Error::AlreadyTraining));
    live.reset();
    let after_reset = answers(live.network(), 10);
    assert!(job.wait(Duration::from_secs(10)));
    assert!(live.collect().is_none() && matches!(job.outcome(), Some(Outcome::Dropped)));
    assert_eq!(answers(live.network(), 10), after_reset);
    live.train(cycles(3), &pool, |_| {}).unwrap();
}

#[test]
fn trainings_beyond_the_limit_are_queued_and_can_be_dropped_there() {
    let pool = Pool::new(1, 1);
    let mut lives: Vec<Live> =
        (0..3).map(|seed| Live::new(network(Kind::Classifier, &[9, 15, 2], 300, seed))).collect();
    let jobs: Vec<_> = lives.iter_mut().map(|live| live.train(cycles(0), &pool, |_| {}).unwrap()).collect();
    assert_eq!(pool.counts(), (1, 2));
    assert!(jobs[1].progress().queued && jobs[1].progress().time == Duration::ZERO);
    drop(lives.remove(1));
    assert!(matches!(jobs[1].outcome(), Some(Outcome::Dropped)), "a queued training must be dropped at once");
    assert_eq!(pool.counts(), (1, 1));
    jobs[0].stop();
    assert!(jobs[0].wait(Duration::from_secs(10)) && jobs[1].wait(Duration::from_secs(10)));
    assert!(matches!(jobs[1].outcome(), Some(Outcome::Dropped)));
    while jobs[2].progress().cycle < 3 {
        std::thread::yield_now();
    }
    jobs[2].stop();
    assert!(jobs[2].wait(Duration::from_secs(10)));
    assert_eq!(pool.counts(), (0, 0));
}

#[test]
fn notify_is_called_for_a_training_that_never_began() {
    let pool = Pool::new(1, 1);
    let mut first = Live::new(network(Kind::Classifier, &[9, 15, 2], 300, 1));
    let mut second = Live::new(network(Kind::Classifier, &[9, 15, 2], 300, 2));
    first.train(cycles(0), &pool, |_| {}).unwrap();
    let (sender, receiver) = std::sync::mpsc::channel();
    second.train(cycles(0), &pool, move |job| sender.send(job.is_cancelled()).unwrap()).unwrap();
    second.cancel();
    assert_eq!(receiver.try_recv(), Ok(true));
}

#[test]
fn trainings_need_rows() {
    let layout = Layout::new(&[2, 2]).unwrap();
    let empty = Network::new(Kind::Classifier, layout, Options::new(Kind::Classifier), Limits::default(), 1).unwrap();
    let mut live = Live::new(empty);
    let pool = Pool::new(1, 1);
    assert_eq!(live.train(cycles(1), &pool, |_| {}).unwrap_err(), Error::NoTrainingRows);
    live.network_mut().observe(&Batch::new(&[1.0, 2.0], 2, &[0.0], 1), Some(Set::Train), |_| {}).unwrap();
    assert_eq!(live.train(auto_stop(false), &pool, |_| {}).unwrap_err(), Error::NoTestingRows);
    // One row, one class, constant columns: no information, and standard deviations of 0.
    let report = train(&mut live, cycles(20), 1);
    assert!(report.train_error.is_finite());
    assert_eq!(report.warnings, ["class 1 has no training rows", "class 0 has fewer than 5 training rows"]);
    let limits = live.network().info().limits;
    live.configure(&Changes { normalize: Some(true), ..Changes::default() }, limits).unwrap();
    live.reset();
    let report = train(&mut live, cycles(20), 1);
    assert_eq!(report.warnings[0], "inputs 0, 1 are the same in all training rows and ignored");
}
