//! Weights assigned by the user, as by a trainer outside of the engine, and gradients for such a trainer.

use std::time::Duration;

use neuralredis_core::training::{Live, Outcome, Pool, TrainOptions};
use neuralredis_core::{Batch, Ensemble, Error, Kind, Layout, Limits, Network, Options, Set, Statistics, codec};

const INPUTS: [f32; 8] = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 9.0];
const TARGETS: [f32; 4] = [3.0, 7.0, 11.0, 16.0];

fn batch() -> Batch<'static> {
    Batch::new(&INPUTS, 2, &TARGETS, 1)
}

/// A network that nearly computes the sum of its inputs. Without assigned weights its first training would have three
/// members.
fn adds(weights: [f32; 3]) -> Network {
    let (kind, layout) = (Kind::Regressor, Layout::new(&[2, 1]).unwrap());
    let options = Options { normalize: true, ensemble: Ensemble::Fixed(3), ..Options::new(kind) };
    let mut network = Network::new(kind, layout, options, Limits { train: 10, test: 0 }, 5).unwrap();
    network.observe(&batch(), None, |_| {}).unwrap();
    network.set_weights(weights.to_vec()).unwrap();
    network
}

fn train(network: Network, max_cycles: u64) -> Network {
    let mut live = Live::new(network);
    let options = TrainOptions { max_cycles, max_time: Duration::ZERO, ..TrainOptions::default() };
    assert!(live.train(options, &Pool::new(1, 1), |_| {}).unwrap().wait(Duration::from_secs(60)));
    assert!(matches!(live.collect(), Some(Outcome::Trained(..))));
    live.network().clone()
}

#[test]
fn a_gradient_is_that_of_the_mean_loss_of_the_rows() {
    let network = adds([0.5, 1.0, 1.0]);
    let (loss, gradient) = network.gradient(&batch()).unwrap();
    // All answers have the same error, so the derivative with respect to a weight is that with respect to the bias,
    // times the mean input.
    let by_bias = gradient[0];
    assert_eq!(loss, network.evaluate(Set::Train).unwrap().error);
    assert!((gradient[1] - by_bias * 4.0).abs() < 1e-6 && (gradient[2] - by_bias * 5.25).abs() < 1e-6, "{gradient:?}");
    let step = 1e-3;
    let (moved, _) = adds([0.5 + step, 1.0, 1.0]).gradient(&batch()).unwrap();
    assert!(((moved - loss) / f64::from(step) - by_bias).abs() < 0.01 * by_bias);
    assert_eq!(network.gradient(&Batch::new(&[], 2, &[], 1)), Err(Error::NoRows));
    assert!(matches!(network.gradient(&Batch::new(&[f32::NAN, 1.0], 2, &[1.0], 1)), Err(Error::NotFinite { .. })));
}

#[test]
fn weights_that_are_too_many_or_not_finite_are_rejected() {
    let mut network = adds([0.0, 1.0, 1.0]);
    let before = network.clone();
    assert_eq!(network.set_weights(vec![0.0; 4]), Err(Error::Weights { expected: 3, given: 4 }));
    let error = network.set_weights(vec![0.0, f32::INFINITY, 1.0]).unwrap_err();
    assert_eq!(error.to_string(), "weight 1 is inf: expected a finite number");
    assert_eq!((error.code(), Error::Weights { expected: 3, given: 4 }.code()), (Some("NRDATA"), Some("NRSHAPE")));
    assert!(network == before);
}

#[test]
fn a_training_continues_from_assigned_weights_under_its_own_scaling() {
    let network = adds([0.01, 1.0, 1.0]);
    let mut outputs = [0.0; 4];
    network.model().run(&INPUTS, &mut outputs).unwrap();
    assert!(outputs.iter().zip(TARGETS).all(|(output, target)| (output - target - 0.01).abs() < 1e-5));
    let trained = train(network.clone(), 1);
    assert!(network.model().describe().inputs.is_none() && trained.model().describe().inputs.is_some());
    assert_eq!(trained.info().members, 1);
    // The errors of random weights are about 1.
    assert!(trained.report().unwrap().curve[0].train_error < 1e-4);
}

#[test]
fn assigning_weights_clears_the_state_of_earlier_trainings() {
    let mut network = train(adds([0.0, 0.5, 2.0]), 40);
    let scaling = network.model().describe().inputs;
    assert_eq!(network.info().statistics.total_cycles, 40);
    network.set_weights(vec![0.0, 1.0, 1.0]).unwrap();
    assert!(network.report().is_none() && network.info().statistics == Statistics::default());
    assert_eq!(network.model().describe().inputs, scaling);
    let mut other = train(adds([0.0, 3.0, 1.0]), 1);
    other.set_weights(vec![0.0, 1.0, 1.0]).unwrap();
    assert!(network == other);
}

#[test]
fn after_a_reset_weights_do_not_count_as_assigned() {
    let (mut one, mut other) = (adds([0.0, 1.0, 1.0]), adds([3.0, 2.0, 1.0]));
    one.reset();
    other.reset();
    assert!(one == other);
    assert_eq!(train(one, 1).info().members, 3);
}

#[test]
fn assigned_weights_are_saved_as_such() {
    let network = adds([0.01, 1.0, 1.0]);
    let read = codec::decode(&codec::encode(&network)).unwrap();
    assert!(read == network);
    assert!(codec::same(&train(read, 10), &train(network, 10)));
}

#[test]
fn weights_cannot_be_assigned_during_a_training() {
    let mut live = Live::new(adds([0.0, 1.0, 1.0]));
    let endless = TrainOptions { max_time: Duration::ZERO, ..TrainOptions::default() };
    let job = live.train(endless, &Pool::new(1, 1), |_| {}).unwrap();
    assert_eq!(live.set_weights(vec![0.0; 3]), Err(Error::AlreadyTraining));
    job.stop();
    assert!(job.wait(Duration::from_secs(60)));
    live.collect();
    live.set_weights(vec![1.0, 2.0, 3.0]).unwrap();
    assert_eq!(live.network().trained().weights().next().unwrap(), [1.0, 2.0, 3.0]);
}
