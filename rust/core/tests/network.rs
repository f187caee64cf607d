//! Stored rows, replication, reset, limits, defragmentation and answers of networks.

use std::time::Duration;

use neuralredis_core::memory::Move;
use neuralredis_core::random::Random;
use neuralredis_core::training::{Live, Pool, TrainOptions};
use neuralredis_core::{
    Activation, Batch, Changes, ClassWeight, Ensemble, Error, Kind, Layout, Limits, Model, Network, Options, Output,
    Place, RowShape, Score, Set, Threshold,
};

fn network(kind: Kind, units: &[usize], limits: Limits) -> Network {
    Network::new(kind, Layout::new(units).unwrap(), Options::new(kind), limits, 3).unwrap()
}

/// A regressor with two inputs and two outputs, and rows in both sets, the last of which has weight 2.5.
fn with_rows(train: usize, test: usize) -> Network {
    let mut network = network(Kind::Regressor, &[2, 3, 2], Limits { train: 40, test: 20 });
    for (set, rows) in [(Set::Train, train), (Set::Test, test)] {
        for row in 0..rows {
            let values: Vec<f32> = (0..4).map(|column| (10 * row + column) as f32).collect();
            let mut batch = Batch::new(&values[..2], 2, &values[2..], 2);
            let weight = [if row + 1 == rows { 2.5 } else { 1.0 }];
            batch.weights = Some(&weight);
            network.observe(&batch, Some(set), |_| {}).unwrap();
        }
    }
    network
}

#[test]
fn stored_rows_are_returned_as_they_were_observed() {
    let network = with_rows(3, 1);
    assert_eq!(network.row(Set::Train, 2), Some((vec![20.0, 21.0], vec![22.0, 23.0], 2.5)));
    assert_eq!(network.row(Set::Train, 3), None);
    let rows = |first, count| network.rows_from(Set::Train, first, count);
    assert_eq!(rows(0, 2), (vec![0.0, 1.0, 10.0, 11.0], vec![2.0, 3.0, 12.0, 13.0], vec![1.0, 1.0]));
    let last_two = (vec![10.0, 11.0, 20.0, 21.0], vec![12.0, 13.0, 22.0, 23.0], vec![1.0, 2.5]);
    assert_eq!(rows(1, 2), last_two);
    assert_eq!(rows(1, usize::MAX), last_two, "the count is bounded by the rows of the set");
    let none = (vec![], vec![], vec![]);
    assert_eq!((rows(1, 0), rows(3, 1), rows(9, 1)), (none.clone(), none.clone(), none));
    assert_eq!(network.rows_from(Set::Test, 0, 5), (vec![0.0, 1.0], vec![2.0, 3.0], vec![2.5]));
    let classes = self::network(Kind::Classifier, &[2, 3], Limits { train: 5, test: 0 });
    assert_eq!(classes.row_shape(), RowShape { kind: Kind::Classifier, inputs: 2, outputs: 3 });
    assert_eq!((classes.kind(), classes.targets(), network.targets()), (Kind::Classifier, 1, 2));
}

#[test]
fn a_replica_that_places_the_same_rows_equals_the_network() {
    let limits = Limits { train: 8, test: 4 };
    let mut network = network(Kind::Regressor, &[1, 2, 1], limits);
    let mut copy = network.clone();
    let inputs: Vec<f32> = (0..30).map(|row| row as f32).collect();
    let mut places = Vec::new();
    let batch = Batch::new(&inputs, 1, &inputs, 1);
    assert_eq!(network.observe(&batch, None, |place| places.push(place)), Ok((8, 4)));
    let untouched = copy.clone();
    let error = copy.place(&batch, &places[1..], 1).unwrap_err();
    assert_eq!(error.to_string(), "30 rows of inputs but 29 of places");
    let beyond = Place { set: Set::Train, row: 1 };
    let one = Batch::new(&[1.0], 1, &[1.0], 1);
    assert_eq!(copy.place(&one, &[beyond], 1), Err(Error::RowIndex { set: "training", row: 1, rows: 0 }));
    let nonsense = Batch::new(&[f32::NAN], 1, &[1.0], 1);
    assert!(matches!(copy.place(&nonsense, &[Place { row: 0, ..beyond }], 1), Err(Error::NotFinite { .. })));
    assert!(copy == untouched, "a rejected batch must change nothing");
    copy.place(&batch, &places, network.rows_state()).unwrap();
    assert!(copy == network);
    // Later rows replace the same rows in both.
    network.observe(&batch, None, |_| {}).unwrap();
    assert!(copy != network);
    copy.observe(&batch, None, |_| {}).unwrap();
    assert!(copy == network);
}

#[test]
fn networks_with_the_same_random_states_choose_the_same_rows_and_draw_the_same_weights() {
    let mut network = with_rows(40, 20);
    let mut copy = network.clone();
    let another = Batch::new(&[7.0, 7.0], 2, &[7.0, 7.0], 2);
    network.observe(&another, Some(Set::Train), |_| {}).unwrap();
    network.reset();
    let states = (network.rows_state(), network.weights_state());
    assert!(states.0 != copy.rows_state() && states.1 != copy.weights_state());
    copy.set_rows_state(states.0);
    copy.set_weights_state(states.1);
    assert_eq!((copy.rows_state(), copy.weights_state()), states);
    let place = |network: &mut Network| {
        let mut places = Vec::new();
        network.observe(&another, None, |place| places.push(place)).unwrap();
        network.reset();
        (places, network.trained().weights().next().unwrap().to_vec())
    };
    assert_eq!(place(&mut network), place(&mut copy));
}

#[test]
fn a_reset_in_two_parts_is_a_reset() {
    let layout = Layout::new(&[3, 4, 2]).unwrap();
    let (kind, limits) = (Kind::Classifier, Limits::default());
    let (mut begun, drawing) = Network::begin(kind, layout.clone(), Options::new(kind), limits, 7).unwrap();
    begun.install(drawing.draw(), None).unwrap();
    let mut whole = Network::new(kind, layout, Options::new(kind), limits, 7).unwrap();
    assert!(begun == whole);
    let drawing = begun.begin_reset();
    assert_ne!(begun.weights_state(), whole.weights_state());
    begun.install(drawing.draw(), None).unwrap();
    whole.reset();
    assert!(begun == whole);
    let larger = network(kind, &[3, 5, 2], limits);
    let error = begun.install(larger.trained().clone(), None).unwrap_err();
    assert_eq!(error, Error::Parameters { parameters: 32 });
    assert!(begun == whole);
}

#[test]
fn a_clone_can_be_shrunk_unless_rows_are_observed_meanwhile() {
    let few = Limits { train: 5, test: 3 };
    let changes = Changes { activation: Some(Activation::Tanh), ..Changes::default() };
    let (mut network, mut at_once) = (with_rows(40, 12), with_rows(40, 12));
    let shrunk = network.clone().shrunk(few);
    assert!(network.configure_shrunk(&changes, shrunk).unwrap().is_some());
    at_once.configure(&changes, few).unwrap();
    assert!(network == at_once);
    assert_eq!((network.rows(Set::Train), network.rows(Set::Test), network.info().limits), (5, 3, few));
    assert_eq!(network.info().options.activation, Activation::Tanh);

    let row = Batch::new(&[1.0, 2.0], 2, &[3.0, 4.0], 2);
    let events: [&dyn Fn(&mut Network); 3] = [
        // The set is full, so this row replaces another, and the number of rows does not change.
        &|network| assert!(network.observe(&row, Some(Set::Train), |_| {}).is_ok()),
        &|network| assert!(network.observe(&row, Some(Set::Test), |_| {}).is_ok()),
        &|network| network.configure(&Changes::default(), Limits { train: 50, test: 20 }).unwrap(),
    ];
    for event in events {
        let mut network = with_rows(40, 12);
        let shrunk = network.shrunk(few);
        event(&mut network);
        let before = network.clone();
        assert!(network.configure_shrunk(&changes, shrunk).unwrap().is_none());
        assert!(network == before);
    }
    let mut network = with_rows(40, 12);
    let (shrunk, before) = (network.shrunk(few), network.clone());
    let softmax = Changes { output: Some(Output::Softmax), ..Changes::default() };
    assert!(matches!(network.configure_shrunk(&softmax, shrunk), Err(Error::Option { option: "output", .. })));
    assert!(network == before);
}

#[test]
fn shrinking_bytes_are_those_of_the_sets_that_lose_rows() {
    // Two inputs, two outputs.
    let (network, row) = (with_rows(30, 10), 4 * 4);
    let bytes = |train, test| network.shrinking_bytes(Limits { train, test });
    assert_eq!((bytes(30, 10), bytes(29, 10), bytes(30, 9), bytes(0, 0)), (0, 30 * row, 10 * row, 40 * row));
    // A group of sixteen rows with 10 numbers has 640 bytes, and a block of 16 kB has 25 groups.
    assert_eq!(self::network(Kind::Regressor, &[9, 1], Limits::default()).block_bytes(), 25 * 640);
}

#[test]
fn a_training_is_awaited_until_it_is_collected_and_an_evaluation_can_be_stopped() {
    let mut live = Live::new(with_rows(30, 10));
    let pool = Pool::new(1, 1);
    let options = TrainOptions { max_time: Duration::ZERO, ..TrainOptions::default() };
    let (job, other) = (live.train(options, &pool, |_| {}).unwrap(), Live::new(with_rows(1, 0)));
    assert!(live.awaits(&job) && !other.awaits(&job));
    assert_eq!((job.task().kind(), job.task().options()), (Kind::Regressor, &options));
    let few = Limits { train: 5, test: 3 };
    let shrunk = live.network().shrunk(few);
    let sigmoid = Changes { output: Some(Output::Sigmoid), ..Changes::default() };
    assert_eq!(live.configure_shrunk(&sigmoid, shrunk).unwrap_err(), Error::AlreadyTraining);
    let shrunk = live.network().shrunk(few);
    assert!(live.configure_shrunk(&Changes::default(), shrunk).unwrap().is_some());
    assert_eq!(live.network().rows(Set::Train), 5);
    job.stop();
    assert!(job.wait(Duration::from_secs(60)) && live.awaits(&job));
    live.collect().unwrap();
    assert!(!live.awaits(&job));

    let network = live.network();
    let batch = Batch::new(&[1.0, 2.0], 2, &[3.0, 4.0], 2);
    assert_eq!(network.evaluate_while(Set::Test, &|| false), Err(Error::Stopped));
    assert_eq!(network.evaluate_on_while(&batch, &|| false), Err(Error::Stopped));
    assert_eq!(network.evaluate_while(Set::Test, &|| true), network.evaluate(Set::Test));
    assert_eq!(network.evaluate_on_while(&batch, &|| true), network.evaluate_on(&batch));
    assert_eq!(with_rows(3, 0).evaluate(Set::Test), Err(Error::NoRows));
}

/// Moves every vector, and counts the numbers.
#[derive(Default)]
struct Mover {
    floats: usize,
    signs: usize,
}

impl Move for Mover {
    fn floats(&mut self, vec: &mut Vec<f32>) {
        self.floats += vec.len();
        let mut other = Vec::with_capacity(vec.capacity());
        other.extend_from_slice(vec);
        *vec = other;
    }

    fn signs(&mut self, vec: &mut Vec<i8>) {
        self.signs += vec.len();
        *vec = vec.clone();
    }
}

#[test]
fn vectors_that_no_snapshot_shares_can_be_moved() {
    let class_weight = ClassWeight::Given(vec![1.0, 2.0, 3.0].into());
    let options = Options { normalize: true, class_weight, ..Options::new(Kind::Classifier) };
    let (layout, limits) = (Layout::new(&[2, 4, 3]).unwrap(), Limits { train: 20, test: 20 });
    let mut network = Network::new(Kind::Classifier, layout, options, limits, 1).unwrap();
    let (inputs, classes) = ([1.0, 2.0, 3.0, 5.0, 7.0, 6.0], [0.0, 1.0, 2.0]);
    let mut batch = Batch::new(&inputs, 2, &classes, 1);
    network.observe(&batch, Some(Set::Test), |_| {}).unwrap();
    batch.weights = Some(&[1.0, 2.0, 0.5]);
    network.observe(&batch, Some(Set::Train), |_| {}).unwrap();
    let mut live = Live::new(network);
    let options = TrainOptions { max_cycles: 3, max_time: Duration::ZERO, ..TrainOptions::default() };
    assert!(live.train(options, &Pool::new(1, 1), |_| {}).unwrap().wait(Duration::from_secs(60)));
    live.collect().unwrap();
    let snapshot = live.network().clone();
    let moved = |network: &mut Network| {
        let mut mover = Mover::default();
        network.move_by(&mut mover);
        (mover.floats, mover.signs)
    };
    assert_eq!(moved(live.network_mut()), (0, 0), "a snapshot shares all vectors");
    // The training's thread may still share the result, so a decoded copy is moved.
    let mut copy = neuralredis_core::codec::decode(&neuralredis_core::codec::encode(&snapshot)).unwrap();
    // Weights and step sizes of 12 + 15 parameters; mean and scale of two inputs; three class weights; and groups of
    // sixteen rows with three numbers in each set, and a weight in one.
    assert_eq!(moved(&mut copy), (2 * 27 + 4 + 3 + 16 * (3 + 3 + 1), 27));
    assert!(copy == snapshot);
}

/// A model of three members, with scaled inputs and outputs.
fn answering(kind: Kind, units: &[usize]) -> Model {
    let ensemble = Ensemble::Fixed(3);
    let options = Options { normalize: true, ensemble, ..Options::new(kind) };
    let limits = Limits { train: 20, test: 0 };
    let mut network = Network::new(kind, Layout::new(units).unwrap(), options, limits, 1).unwrap();
    let mut random = Random::new(1, 1);
    let mut values = |count: usize| (0..count).map(|_| 9.0 * random.symmetric()).collect::<Vec<f32>>();
    let inputs = values(20 * units[0]);
    let targets = match kind {
        Kind::Classifier => (0..20).map(|row| (row % 2) as f32).collect(),
        Kind::Regressor => values(20 * network.targets()),
    };
    let width = network.targets();
    network.observe(&Batch::new(&inputs, units[0], &targets, width), None, |_| {}).unwrap();
    let mut live = Live::new(network);
    let options = TrainOptions { max_cycles: 2, max_time: Duration::ZERO, ..TrainOptions::default() };
    assert!(live.train(options, &Pool::new(1, 1), |_| {}).unwrap().wait(Duration::from_secs(60)));
    live.collect().unwrap();
    assert_eq!(live.network().info().members, 3);
    live.network().model()
}

fn run(model: &Model, inputs: &[f32]) -> Vec<f32> {
    let mut outputs = vec![0.0; inputs.len() / model.layout().inputs() * model.layout().outputs()];
    model.run(inputs, &mut outputs).unwrap();
    outputs
}

#[test]
fn a_row_has_the_same_answer_alone_and_among_any_number_of_others() {
    for (kind, units) in [
        (Kind::Classifier, &[3, 7, 2][..]),
        (Kind::Regressor, &[2, 5, 3]),
        // A layer so wide that rows are always computed one by one.
        (Kind::Regressor, &[1, 70_000, 1]),
    ] {
        let model = answering(kind, units);
        assert_eq!((model.kind(), model.parameters()), (kind, 3 * model.layout().parameters()));
        let rows = if units[1] > 1000 { 5 } else { 300 };
        let mut random = Random::new(2, 2);
        let inputs: Vec<f32> = (0..rows * units[0]).map(|_| 9.0 * random.symmetric()).collect();
        let alone: Vec<f32> = inputs.chunks(units[0]).flat_map(|row| run(&model, row)).collect();
        let out_width = units[units.len() - 1];
        assert!(alone[..out_width] != alone[out_width..2 * out_width]);
        for rows in [1, 2, 3, 4, 5, 16, 17, 128, 129, 300].into_iter().filter(|&count| count <= rows) {
            assert_eq!(run(&model, &inputs[..rows * units[0]]), alone[..rows * out_width], "{units:?} {rows}");
        }
    }
}

#[test]
fn invalid_inputs_are_rejected_and_named() {
    let model = answering(Kind::Regressor, &[2, 3, 1]);
    assert_eq!(model.run(&[1.0; 3], &mut [0.0; 1]), Err(Error::Inputs { row: None, expected: 2, given: 3 }));
    let error_of = |inputs: &[f32]| model.run(inputs, &mut vec![0.0; inputs.len() / 2]).unwrap_err().to_string();
    assert_eq!(error_of(&[1.0, f32::INFINITY]), "input 1 is inf: expected a finite number");
    let third = [1.0, 2.0, 3.0, 4.0, f32::INFINITY, 6.0];
    assert_eq!(error_of(&third), "row 2: input 0 is inf: expected a finite number");
    assert_eq!(model.classify(&[1.0, 2.0]), Err(Error::NotClassifier));
    let classifier = answering(Kind::Classifier, &[2, 3, 2]);
    let inputs = [-9.0, 9.0, 0.0, 0.0, 9.0, -9.0, 5.0, 5.0];
    let largest = |outputs: &[f32]| usize::from(outputs[1] > outputs[0]);
    let expected: Vec<usize> = run(&classifier, &inputs).chunks(2).map(largest).collect();
    assert_eq!(classifier.classify(&inputs), Ok(expected));
}

#[test]
fn a_model_with_the_weights_of_another_network_answers_like_it() {
    let (one, other) = (network(Kind::Regressor, &[2, 3, 1], Limits::default()), {
        let mut other = network(Kind::Regressor, &[2, 3, 1], Limits::default());
        other.reset();
        other
    });
    let question = [1.0, 2.0];
    assert_ne!(run(&one.model(), &question), run(&other.model(), &question));
    assert_eq!(run(&one.model().with(other.trained().clone()), &question), run(&other.model(), &question));
}

#[test]
fn a_threshold_moves_classes_and_no_probability() {
    let limits = Limits { train: 50, test: 50 };
    let mut network = network(Kind::Classifier, &[2, 3, 2], limits);
    let mut random = Random::new(1, 1);
    let inputs: Vec<f32> = (0..80).map(|_| random.symmetric()).collect();
    let classes: Vec<f32> = inputs.chunks(2).map(|row| f32::from(u8::from(row[0] > 0.5))).collect();
    let batch = Batch::new(&inputs, 2, &classes, 1);
    network.observe(&batch, Some(Set::Test), |_| {}).unwrap();
    network.observe(&batch, Some(Set::Train), |_| {}).unwrap();
    let train = |network: Network| {
        let mut live = Live::new(network);
        let options = TrainOptions { max_cycles: 9, max_time: Duration::ZERO, auto_stop: false, backtrack: false };
        assert!(live.train(options, &Pool::new(1, 1), |_| {}).unwrap().wait(Duration::from_secs(60)));
        live.collect().unwrap();
        live.network().clone()
    };
    let run = |network: &Network| {
        let mut outputs = vec![0.0; 80];
        network.model().run(&inputs, &mut outputs).unwrap();
        outputs
    };
    let mut network = train(network);
    let outputs = run(&network);
    // That of a row, so that one is answered for being as probable as that.
    let threshold = Threshold(outputs[21]);
    assert_ne!(threshold, Threshold::default());
    network.configure(&Changes { threshold: Some(threshold), ..Changes::default() }, limits).unwrap();
    assert_eq!(run(&network), outputs);
    let of_outputs =
        |outputs: &[f32]| -> Vec<usize> { outputs.chunks(2).map(|row| usize::from(row[1] >= threshold.0)).collect() };
    let wrong_of =
        |answers: &[usize]| answers.iter().zip(&classes).filter(|&(&one, &class)| one != class as usize).count();
    let expected = of_outputs(&outputs);
    assert!(expected.contains(&0) && expected[10] == 1);
    assert_eq!(network.model().classify(&inputs).unwrap(), expected);
    for evaluation in [network.evaluate(Set::Test), network.evaluate_on(&batch)].map(Result::unwrap) {
        let Score::Classifier { accuracy, confusion, .. } = evaluation.score else { panic!("{evaluation:?}") };
        assert!((40.0 * (1.0 - accuracy) - wrong_of(&expected) as f64).abs() < 1e-9);
        assert_eq!(confusion[1] + confusion[2], wrong_of(&expected) as u64);
    }
    // So it is with what a training says of its validation rows.
    let network = train(network);
    let wrong = wrong_of(&of_outputs(&run(&network)));
    assert_eq!(network.info().statistics.class_errors, 100.0 * wrong as f64 / 40.0);
}
