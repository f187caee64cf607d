//! Targets of fuzzing, which the tests of the engine also run on the corpus. Every network that is accepted must be
//! usable.

pub(crate) mod decode;
pub(crate) mod original;

use std::time::Duration;

use neuralredis_core::training::{Live, Pool, TrainOptions};
use neuralredis_core::{Network, Set, codec};

/// Check that an accepted network can answer, be evaluated, be trained, and be encoded canonically.
fn check(network: Network) {
    let written = codec::encode(&network);
    assert!(
        codec::decode(&written).is_ok_and(|back| codec::encode(&back) == written),
        "the encoding must be canonical"
    );
    let (inputs, outputs) = (network.layout().inputs(), network.layout().outputs());
    network.model().run(&vec![0.5; 5 * inputs], &mut vec![0.0; 5 * outputs]).expect("finite inputs are accepted");
    for set in [Set::Train, Set::Test] {
        assert_eq!(network.evaluate(set).is_ok(), network.rows(set) > 0);
        assert_eq!(network.row(set, 0).is_some(), network.rows(set) > 0);
    }
    // Training larger networks would take long and find nothing else.
    if network.rows(Set::Train) > 0 && network.info().parameters < 100 {
        let mut live = Live::new(network);
        let options = TrainOptions { max_cycles: 2, max_time: Duration::ZERO, auto_stop: false, backtrack: false };
        let job = live.train(options, &Pool::new(1, 1), |_| {}).expect("there are training rows");
        assert!(job.wait(Duration::from_secs(60)));
        live.collect().expect("the training has ended");
        codec::decode(&codec::encode(live.network())).expect("a trained network can be decoded");
    }
}
