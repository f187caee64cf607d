//! Trainings of cells: gradients against finite differences, independence of the number of threads, and early ends.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use super::super::control::Control;
use super::super::turn::run_to_end;
use super::super::{Job, Outcome, Owner, Pool, TrainOptions};
use super::batch::Scratch;
use super::*;
use crate::dataset::Limits;
use crate::fields::Outcome as Happens;
use crate::kernels::LANES;
use crate::network::Network;
use crate::options::{ClassWeight, Ensemble, Options};
use crate::random::Random;
use crate::schema::{FieldKind, Given, Target, Value};
use crate::sequence::{Cell, Events, Observation, SequenceOptions};
use crate::trainer_state::AdamState;

fn event(network: &Network, page: &str, n: &str) -> Vec<Value<'static>> {
    let given = [("page", page), ("n", n)].map(|(name, value)| (name.as_bytes(), Given::text(value.as_bytes())));
    network.event_fields().unwrap().understand(given).unwrap().into_iter().map(Value::into_owned).collect()
}

/// A network of sequences of different lengths, whose events are one of three pages and a number.
fn network(target: Target, options: Options, sequences: u64) -> Network {
    let fields = vec![(b"page".to_vec(), FieldKind::Category(9)), (b"n".to_vec(), FieldKind::Number)];
    let sequence = SequenceOptions { length: 6, cell: Cell::Gru };
    let limits = Limits { train: 400, test: 100 };
    let mut network =
        Network::of_sequences((Events::Fields(fields), target), sequence, &[5], options, limits, 3).unwrap();
    let mut random = Random::new(5, 5);
    for id in 0..sequences {
        let events = 1 + random.below(7);
        for at in 0..events {
            let (page, n) = (["home", "cart", "help"][random.below(3) as usize], random.symmetric().to_string());
            let values = event(&network, page, &n).into();
            let outcome = (at + 1 == events && !network.learns_next_event()).then(|| match network.kind() {
                crate::layout::Kind::Classifier => {
                    let name = if page == "help" { b"yes".to_vec() } else { b"no".to_vec() };
                    (Happens::Class(Cow::Owned(name)), 1.0 + id as f32 % 3.0)
                }
                crate::layout::Kind::Regressor => (Happens::Values(vec![random.symmetric(), events as f32]), 1.0),
            });
            let id = format!("{id}").into_bytes();
            network.observe_events(&[Observation { id: Cow::Owned(id), event: Some(values), outcome }], None).unwrap();
        }
    }
    network
}

fn classes(name: &str) -> Target {
    Target::Classes { name: name.as_bytes().into(), most: 5, closed: false, names: Vec::new() }
}

fn all() -> [Network; 4] {
    let of = |kind| Options { normalize: true, ..Options::new(kind) };
    let (classifier, regressor) = (of(crate::layout::Kind::Classifier), of(crate::layout::Kind::Regressor));
    let balanced = Options { class_weight: ClassWeight::Balanced, ..classifier.clone() };
    let values = |names: &[&str]| Target::Values(names.iter().map(|name| name.as_bytes().into()).collect());
    [
        network(classes("left"), balanced, 60),
        network(classes("page"), classifier, 60),
        network(values(&["a", "b"]), regressor.clone(), 60),
        network(values(&["n"]), regressor, 60),
    ]
}

fn options(max_cycles: u64) -> TrainOptions {
    TrainOptions { max_cycles, max_time: Duration::ZERO, auto_stop: true, backtrack: true }
}

fn trained(network: &Network, training: TrainOptions, threads: usize) -> Network {
    let pool = Pool::new(threads, 1);
    let job = Job::start(Task::new(network, training).unwrap(), &Owner::default(), &pool, |_| Ok(()), |_| {});
    assert!(job.wait(Duration::from_secs(600)));
    let Some(Outcome::Trained(made, report)) = job.outcome() else { panic!("{job:?}") };
    let mut network = network.clone();
    network.install(made, Some(report)).unwrap();
    network
}

#[test]
fn gradients_equal_finite_differences() {
    for network in all() {
        let task = Task::new(&network, options(1)).unwrap().with_rows(&|| true).unwrap().unwrap();
        let statistics = RowStatistics::of(&task.dataset, task.schema.as_deref());
        let plan = Plan::new(&task, &statistics, &|| true).unwrap();
        let weights = parts::starts(&plan).swap_remove(0).weights;
        let mut scratch = Scratch::new(&plan);
        let chosen: Vec<u32> = (0..plan.train.all.len().min(LANES) as u32).collect();
        let (mut gradient, mut sums) = (vec![0.0; weights.len()], Sums::default());
        scratch.pass(&plan, (&plan.train, &chosen), &weights, Some(&mut gradient), &mut sums);
        let mut random = Random::new(1, 1);
        for _ in 0..150 {
            let at = random.below(weights.len() as u64) as usize;
            let mut moved = |by: f32| {
                let (mut weights, mut sums) = (weights.clone(), Sums::default());
                weights[at] += by;
                scratch.pass(&plan, (&plan.train, &chosen), &weights, None, &mut sums);
                sums.loss
            };
            let difference = (moved(2e-3) - moved(-2e-3)) / 4e-3;
            let found = f64::from(gradient[at]);
            assert!((found - difference).abs() < 0.03 * difference.abs().max(1.0), "{at}: {found} {difference}");
        }
    }
}

#[test]
fn any_number_of_threads_gives_the_same_network() {
    for network in all() {
        let one = trained(&network, options(4), 1);
        assert!(crate::codec::same(&one, &trained(&network, options(4), 3)));
        let report = one.report().unwrap();
        assert!(report.cycles == 4 && report.test_error.is_some() && !one.trained.is_untrained());
        assert!(!one.trained.assigned && one.trained.members() == 3);
        // A second training continues from the first.
        let again = trained(&one, options(2), 2);
        assert_eq!((again.trained.members(), again.trained.statistics.total_cycles), (3, 6));
        assert!(again.trained.gru != one.trained.gru);
        let mut copy = one.clone();
        copy.reset();
        assert!(copy.trained.gru.is_none());
    }
}

#[test]
fn a_training_that_is_stopped_before_its_first_cycle_keeps_the_weights() {
    let network = trained(&all()[0], options(4), 1);
    let task = Task::new(&network, TrainOptions { auto_stop: false, ..options(1) }).unwrap();
    let task = task.with_rows(&|| true).unwrap().unwrap();
    let seats = || Seats::new(Pool::new(1, 1), Owner::default());
    let control = Control::new();
    control.stop();
    let (made, report) = run_to_end(train(&task, &control, &mut seats())).unwrap();
    assert_eq!((report.reason, report.cycles), (Reason::Stopped, 0));
    assert!(made.gru == network.trained.gru);
    let mut again = network.clone();
    again.install(made, Some(Arc::new(report))).unwrap();
    let answers = |network: &Network| {
        let mut outputs = vec![0.0; 2];
        network.model().answer(&[network.sequence_row(b"3", None).unwrap().row], &mut outputs);
        outputs
    };
    let (before, after) = (answers(&network), answers(&again));
    assert!(before.iter().zip(&after).all(|(a, b)| (a - b).abs() < 1e-5), "{before:?} {after:?}");
    control.cancel();
    assert!(run_to_end(train(&task, &control, &mut seats())).is_none());
}

/// A network with these sequences that is trained this many times, without AUTOSTOP, and saved in between.
fn in_parts(network: &Network, cycles: &[u64]) -> Network {
    cycles.iter().fold(network.clone(), |network, &cycles| {
        let training = TrainOptions { auto_stop: false, backtrack: false, ..options(cycles) };
        let network = trained(&network, training, 2);
        let again = crate::codec::decode(&crate::codec::encode(&network)).unwrap();
        assert!(again.trained == network.trained);
        again
    })
}

fn state_of(network: &Network) -> &AdamState {
    let TrainerState::Cells(_, state) = &network.trained.state else { panic!("{:?}", network.trained.state) };
    state
}

#[test]
fn many_short_trainings_give_the_same_network_as_a_long_one() {
    for mut network in all() {
        network.options.ensemble = Ensemble::Fixed(2);
        let long = in_parts(&network, &[8]);
        for cycles in [&[1; 8][..], &[3, 5]] {
            let short = in_parts(&network, cycles);
            assert!(short.trained.gru == long.trained.gru && short.trained.weights == long.trained.weights);
            assert!(short.trained.state == long.trained.state && short.trained.decays == long.trained.decays);
        }
        // Assigned weights and new random ones have no past.
        let mut assigned = long.clone();
        assigned.set_weights(long.trained.weights.clone()).unwrap();
        assert!(matches!(assigned.trained.state, TrainerState::Rprop(_)));
        assert!(in_parts(&assigned, &[1]).trained.gru != in_parts(&long, &[1]).trained.gru);
        let mut reset = long.clone();
        reset.reset();
        assert!(matches!(reset.trained.state, TrainerState::Rprop(_)));
    }
}

#[test]
fn a_training_of_kept_members_goes_on_from_their_states() {
    for network in all() {
        let steps = |network: &Network| state_of(network).members.iter().map(|member| member.steps).collect::<Vec<_>>();
        let one = trained(&network, options(4), 1);
        let again = trained(&one, options(2), 1);
        assert_eq!((steps(&one).len(), steps(&again).len()), (3, 3));
        assert!(steps(&one).iter().zip(steps(&again)).all(|(one, again)| *one > 0 && again >= *one));
        assert!(steps(&one) != steps(&again));
    }
}

#[test]
fn the_state_is_kept_when_words_and_classes_are_new() {
    for network in all() {
        let before = in_parts(&network, &[2]);
        let mut wider = before.clone();
        for _ in 0..2 {
            let event = Some(event(&wider, "new", "0.5").into());
            let observation = Observation { id: Cow::Borrowed(b"new"), event, outcome: None };
            wider.observe_events(&[observation], Some(Set::Train)).unwrap();
        }
        let task = |network: &Network| {
            let training = TrainOptions { auto_stop: false, ..options(1) };
            Task::new(network, training).unwrap().with_rows(&|| true).unwrap().unwrap()
        };
        let starts = |task: &Task| {
            let statistics = RowStatistics::of(&task.dataset, task.schema.as_deref());
            let plan = Plan::new(task, &statistics, &|| true).unwrap();
            (parts::starts(&plan).swap_remove(0), plan.shape, plan.head.clone())
        };
        let (known, shape, head) = starts(&task(&before));
        let (start, wide_shape, wide_head) = starts(&task(&wider));
        assert_eq!(wide_shape.inputs, shape.inputs + 1);
        assert_eq!(
            wide_head.outputs() - head.outputs(),
            usize::from(network.learns_next_event() && network.kind() == crate::layout::Kind::Classifier)
        );
        assert!(start.presented == known.presented && start.presented.steps > 0);
        let parameters = wide_shape.parameters() + wide_head.parameters();
        for (values, known) in
            [(&start.first, &known.first), (&start.second, &known.second), (&start.average, &known.average)]
        {
            assert_eq!(values.len(), parameters);
            // The biases and the weights between units are those of before.
            let between = |shape: crate::sequence::gru::Shape| shape.recurrent().all();
            assert_eq!(values[between(wide_shape)], known[between(shape)]);
        }
        // The training is not that of a network without the state.
        let without = |network: &Network| {
            let mut network = network.clone();
            let trained = Arc::make_mut(&mut network.trained);
            trained.state = TrainerState::Rprop(trained.state.clone().into_rprop());
            network
        };
        assert!(in_parts(&wider, &[1]).trained.gru != in_parts(&without(&wider), &[1]).trained.gru);
    }
}

#[test]
fn the_bytes_of_a_result_include_cells_and_their_state() {
    for network in all() {
        let training = TrainOptions { auto_stop: false, backtrack: false, ..options(1) };
        let task = Task::new(&network, training).unwrap();
        let made = trained(&network, training, 1);
        // Without the few bytes of members, scalings and the layout.
        let bytes = made.trained.bytes_by(&|bytes| bytes);
        let expected = task.result_bytes();
        assert!(expected < bytes && bytes < expected + 2000, "{bytes} {expected}");
    }
}
