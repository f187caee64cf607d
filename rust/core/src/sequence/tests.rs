//! Tests of networks of sequences: training, answers, states, sampling, forecasts and errors.

use std::borrow::Cow;
use std::time::Duration;

use super::*;
use crate::codec;
use crate::dataset::Limits;
use crate::fields::Outcome;
use crate::layout::Kind;
use crate::network::Network;
use crate::options::{Ensemble, Options};
use crate::random::Random;
use crate::schema::{FieldKind, Given, Row, Target, Value};
use crate::training::{Live, Pool, TrainOptions};

const LIMITS: Limits = Limits { train: 400, test: 100 };

fn classes(name: &str, most: u32) -> Target {
    Target::Classes { name: name.as_bytes().into(), most, closed: false, names: Vec::new() }
}

fn network(fields: &[(&str, FieldKind)], target: Target, options: SequenceOptions) -> Network {
    let kind = if matches!(target, Target::Classes { .. }) { Kind::Classifier } else { Kind::Regressor };
    let fields = fields.iter().map(|(name, kind)| (name.as_bytes().to_vec(), *kind)).collect();
    Network::of_sequences((Events::Fields(fields), target), options, &[10], Options::new(kind), LIMITS, 7).unwrap()
}

fn cell(cell: Cell) -> SequenceOptions {
    SequenceOptions { length: 20, cell }
}

fn event(network: &Network, given: &[(&str, &str)]) -> Vec<Value<'static>> {
    let given = given.iter().map(|(name, value)| (name.as_bytes(), Given::text(value.as_bytes())));
    let values = network.event_fields().unwrap().understand(given).unwrap();
    values.into_iter().map(Value::into_owned).collect()
}

fn push(network: &mut Network, id: &str, given: &[(&str, &str)]) {
    let event = Some(event(network, given).into());
    network.observe_events(&[Observation { id: Cow::Borrowed(id.as_bytes()), event, outcome: None }], None).unwrap();
}

fn finish(network: &mut Network, id: &str, class: &str) {
    let outcome = Some((Outcome::Class(Cow::Borrowed(class.as_bytes())), 1.0));
    network.observe_events(&[Observation { id: Cow::Borrowed(id.as_bytes()), event: None, outcome }], None).unwrap();
}

/// Formats a row for comparisons, since a gap is NaN, which differs from itself.
fn shown(seen: &SequenceRow) -> String {
    format!("{seen:?}")
}

fn train(network: Network, cycles: u64) -> Network {
    let mut live = Live::new(network);
    let options = TrainOptions { max_cycles: cycles, max_time: Duration::ZERO, auto_stop: true, backtrack: true };
    assert!(live.train(options, &Pool::new(1, 1), |_| {}).unwrap().wait(Duration::from_secs(300)));
    live.collect().unwrap();
    live.network().clone()
}

/// Sequences whose outcome is `yes` if the last two pages are `help`, else `no`.
fn visitors(options: SequenceOptions) -> Network {
    let mut network =
        network(&[("page", FieldKind::Category(20)), ("seconds", FieldKind::Number)], classes("left", 10), options);
    let mut random = Random::new(3, 3);
    for user in 0..500 {
        let id = format!("user:{user}");
        let mut pages: Vec<&str> =
            (0..2 + random.below(8)).map(|_| ["home", "cart", "help"][random.below(3) as usize]).collect();
        if user % 2 == 0 {
            pages.extend(["help", "help"]);
        }
        let leaves = pages.ends_with(&["help", "help"]);
        for page in pages {
            push(&mut network, &id, &[("page", page), ("seconds", &random.below(90).to_string())]);
        }
        finish(&mut network, &id, if leaves { "yes" } else { "no" });
    }
    network
}

#[test]
fn every_cell_learns_an_outcome_that_depends_on_the_last_events() {
    for (cell_kind, most) in [(Cell::Window, 2.0), (Cell::Reservoir, 15.0), (Cell::Auto, 5.0)] {
        let network = train(visitors(cell(cell_kind)), 300);
        let wrong = network.trained().statistics().class_errors;
        assert!(wrong <= most, "{cell_kind:?}: {wrong} %");
        // A decoded network behaves the same, also with later events and trainings.
        let bytes = codec::encode(&network);
        let mut again = codec::decode(&bytes).unwrap();
        assert_eq!(codec::encode(&again), bytes);
        assert_eq!(again, network);
        let mut network = network;
        for network in [&mut network, &mut again] {
            push(network, "user:3", &[("page", "help")]);
            push(network, "new", &[("page", "offer"), ("seconds", "9")]);
            network.forget_sequence(b"user:9").unwrap();
        }
        assert!(codec::same(&network, &again));
        assert!(codec::same(&train(network, 20), &train(again, 20)));
    }
}

#[test]
fn an_event_of_a_request_is_part_of_the_row_and_is_not_stored() {
    let network = train(visitors(cell(Cell::Window)), 200);
    let answer = |seen: &SequenceRow| {
        let mut outputs = vec![0.0; 2];
        network.model().answer(std::slice::from_ref(&seen.row), &mut outputs);
        outputs
    };
    let before = network.sequence_row(b"user:5", None).unwrap();
    let help = event(&network, &[("page", "help")]);
    let asked = network.sequence_row(b"user:5", Some(&help)).unwrap();
    assert_ne!(asked, before);
    assert_eq!(shown(&network.sequence_row(b"user:5", None).unwrap()), shown(&before.clone()));
    let mut after = network.clone();
    push(&mut after, "user:5", &[("page", "help")]);
    assert_eq!(shown(&after.sequence_row(b"user:5", None).unwrap()), shown(&asked.clone()));
    assert_ne!(answer(&before), answer(&asked));
    // An unknown id has no events.
    assert_eq!(shown(&network.sequence_row(b"unknown", None).unwrap()), shown(&network.row_of_events(&[]).unwrap()));
}

#[test]
fn the_target_can_be_the_next_event_whose_words_are_the_classes() {
    let mut network = network(&[("page", FieldKind::Category(50))], classes("page", 50), cell(Cell::Auto));
    let mut random = Random::new(1, 1);
    // c is followed by a after b, else by d.
    for user in 0..100 {
        let mut pages = vec!["a", "b", "c", "a"];
        for _ in 0..6 {
            let next = match pages[pages.len() - 2..] {
                ["b", "c"] => "a",
                [_, "c"] => "d",
                _ => ["b", "c"][random.below(2) as usize],
            };
            pages.push(next);
        }
        for page in pages {
            push(&mut network, &user.to_string(), &[("page", page)]);
        }
    }
    assert!(network.learns_next_event());
    let schema = network.schema().unwrap();
    assert_eq!(schema.classes().iter().map(|class| &class[..]).collect::<Vec<_>>(), [b"a", b"b", b"c", b"d"]);
    network.options.ensemble = Ensemble::Fixed(1);
    let network = train(network, 40);
    let next = |pages: &[&str]| {
        let events: Vec<_> =
            pages.iter().map(|page| network.event_fields().unwrap().row(&event(&network, &[("page", page)]))).collect();
        let mut outputs = vec![0.0; 4];
        network.model().answer(&[network.row_of_events(&events).unwrap().row], &mut outputs);
        network.model().class_of(&outputs)
    };
    assert_eq!((next(&["a", "b", "c"]), next(&["a", "b", "c", "a", "c"])), (0, 3));
    assert_eq!(next(&[]), 0);
    let outcome = Some((Outcome::Class(Cow::Borrowed(&b"a"[..])), 1.0));
    let result = network.clone().observe_events(&[Observation { id: Cow::Borrowed(b"1"), event: None, outcome }], None);
    assert_eq!(result, Err(crate::Error::OwnOutcome { target: "'page'".into() }));
}

#[test]
fn a_series_is_forecast_at_any_level() {
    let target = Target::Values(vec![(*b"kwh").into()]);
    let mut network = network(&[("kwh", FieldKind::Number)], target, SequenceOptions { length: 60, cell: Cell::Auto });
    let value = |meter: usize, hour: usize| 100.0 * meter as f64 + [0.0, 5.0, 9.0, 2.0][hour % 4] + 0.5 * hour as f64;
    for meter in 0..20 {
        for hour in 0..40 {
            push(&mut network, &meter.to_string(), &[("kwh", &value(meter, hour).to_string())]);
        }
    }
    let network = train(network, 400);
    // A series whose level is outside the range of the training rows.
    let history: Vec<_> = (0..40)
        .map(|hour| network.event_fields().unwrap().row(&event(&network, &[("kwh", &value(70, hour).to_string())])))
        .collect();
    let SequenceRow { row, level } = network.row_of_events(&history).unwrap();
    let mut change = vec![0.0];
    network.model().answer(&[row], &mut change);
    assert_eq!(f64::from(level), value(70, 39));
    let expected = value(70, 40) - value(70, 39);
    assert!((f64::from(change[0]) - expected).abs() < 0.5, "{change:?}, {expected}");
    let found = network.forecast_events(&history, 8).unwrap();
    for (at, found) in found.iter().enumerate() {
        assert!((f64::from(*found) - value(70, 40 + at)).abs() < 2.0, "{found:?}");
    }
    let distances = network.forecast_distances(4, crate::Level::new(0.8).unwrap(), &|| true).unwrap();
    assert!(distances.is_sorted() && distances[3] < 3.0, "{distances:?}");
    assert_eq!(network.forecast(b"3", 0).unwrap_err().to_string(), "steps is 0: expected 1 to 10000");
    assert_eq!(network.forecast(b"none", 1), Err(crate::Error::NoEvents { id: "'none'".into() }));
    assert_eq!(visitors(cell(Cell::Window)).forecast(b"user:1", 1), Err(crate::Error::NotSeries));
    let moments = |times: &[f32]| {
        times.iter().map(|&day| Row { cells: vec![1.0, day, 0.0], list: Vec::new() }).collect::<Vec<_>>()
    };
    let target = Target::Values(vec![(*b"kwh").into()]);
    let timed = self::network(
        &[("kwh", FieldKind::Number), ("at", FieldKind::Time)],
        target,
        SequenceOptions { length: 9, cell: Cell::Auto },
    );
    assert!(
        timed
            .forecast_events(&moments(&[20_000.0, 20_001.0, 20_002.0]), 3)
            .unwrap()
            .iter()
            .all(|value| value.is_finite())
    );
}

#[test]
fn a_batch_with_an_error_changes_nothing() {
    let mut network = visitors(cell(Cell::Auto));
    let before = codec::encode(&network);
    let observation = |id: &'static [u8], event, class: Option<&'static [u8]>| Observation {
        id: Cow::Borrowed(id),
        event,
        outcome: class.map(|class| (Outcome::Class(Cow::Borrowed(class)), 1.0)),
    };
    let page: Cow<'_, [Value<'_>]> = Cow::Owned(event(&network, &[("page", "a page that is new")]));
    for bad in [
        observation(b"", Some(page.clone()), None),
        observation(b"nobody", None, Some(b"yes")),
        observation(b"user:1", None, Some(b"")),
    ] {
        assert!(
            network.observe_events(&[observation(b"user:1", Some(page.clone()), Some(b"perhaps")), bad], None).is_err()
        );
        assert_eq!(codec::encode(&network), before);
    }
    assert_eq!(network.observe_fields(&[], None, |_| {}), Err(crate::Error::HasSequences));
    assert!(network.observe_events(&[observation(b"nobody", Some(page), Some(b"perhaps"))], None).is_ok());
    assert_eq!(network.outcome_of(b"nobody").unwrap(), Some((vec![2.0], 1.0)));
}

#[test]
fn invalid_declarations_are_rejected_by_name() {
    let rejected = |fields: &[(&str, FieldKind)], target: Target, options: SequenceOptions| {
        let kind = if matches!(target, Target::Classes { .. }) { Kind::Classifier } else { Kind::Regressor };
        let fields = fields.iter().map(|(name, kind)| (name.as_bytes().to_vec(), *kind)).collect();
        let made =
            Network::of_sequences((Events::Fields(fields), target), options, &[10], Options::new(kind), LIMITS, 7);
        made.unwrap_err().to_string()
    };
    let auto = cell(Cell::Auto);
    let page = |most| [("page", FieldKind::Category(most))];
    assert!(
        rejected(&page(1001), classes("page", 1001), auto)
            .starts_with("the target 'page' is a field of up to 1001 kinds")
    );
    assert!(
        rejected(&[("n", FieldKind::Number)], classes("n", 9), auto)
            .starts_with("the target 'n' is a field of kind NUMBER")
    );
    let values = |names: &[&str]| Target::Values(names.iter().map(|name| name.as_bytes().into()).collect());
    assert!(rejected(&page(9), values(&["page"]), auto).contains("expected a NUMBER"));
    assert!(rejected(&[("n", FieldKind::Number)], values(&["n", "m"]), auto).contains("expected no target besides"));
    assert_eq!(
        rejected(&page(9), classes("y", 9), SequenceOptions { length: 0, ..auto }),
        "length is 0: expected 1 to 65536"
    );
    assert!(
        rejected(&[("n", FieldKind::Number), ("n", FieldKind::Number)], values(&["m"]), auto).contains("stands twice")
    );
}

#[test]
fn events_are_sampled_until_a_class() {
    let fields = [("letter", FieldKind::Category(9)), ("n", FieldKind::Number)];
    let mut network = network(&fields, classes("letter", 9), cell(Cell::Window));
    for name in 0..60 {
        for letter in ["a", "b", "c", "."] {
            push(&mut network, &name.to_string(), &[("letter", letter), ("n", "1")]);
        }
    }
    let network = train(network, 100);
    let draw = |id: &[u8], count, until| {
        let decoding = crate::Decoding { temperature: 0.0, ..crate::Decoding::default() };
        let mut random = crate::Decoding::random(1);
        network.continue_sequence(id, &decoding, Extent { count, until }, &mut random, &|| true)
    };
    assert_eq!(draw(b"nobody", 9, Some(3)).unwrap(), [0, 1, 2]);
    assert_eq!(draw(b"nobody", 2, None).unwrap(), [0, 1]);
    assert_eq!(draw(b"3", 0, None).unwrap_err().to_string(), "count is 0: expected 1 to 1000");
    let visits = visitors(cell(Cell::Window));
    let decoding = crate::Decoding::default();
    let rejected = visits.continue_sequence(
        b"user:1",
        &decoding,
        Extent { count: 1, until: None },
        &mut crate::Decoding::random(1),
        &|| true,
    );
    assert_eq!(rejected, Err(crate::Error::NoNextEvent));
}

#[test]
fn a_training_without_rows_fails_with_a_message() {
    let fields = [("kwh", FieldKind::Number), ("page", FieldKind::Category(9))];
    let target = Target::Values(vec![(*b"kwh").into()]);
    let mut network = network(&fields, target, cell(Cell::Auto));
    for meter in 0..20 {
        push(&mut network, &meter.to_string(), &[("page", "home")]);
        push(&mut network, &meter.to_string(), &[("kwh", "3")]);
    }
    let mut live = Live::new(network);
    let options = TrainOptions { max_cycles: 3, ..TrainOptions::default() };
    assert!(live.train(options, &Pool::new(1, 1), |_| {}).unwrap().wait(Duration::from_secs(60)));
    let outcome = live.collect();
    assert!(
        matches!(&outcome, Some(crate::training::Outcome::Failed(why)) if why.contains("no training rows")),
        "{outcome:?}"
    );
}

#[test]
fn a_state_of_a_client_gives_the_same_rows_as_a_stored_sequence() {
    for cell_kind in [Cell::Window, Cell::Reservoir, Cell::Auto] {
        let mut network = train(visitors(cell(cell_kind)), 20);
        let mut state = Vec::new();
        // More events than the 20 that are stored.
        for (at, page) in ["home", "cart", "help", "cart"].iter().cycle().take(30).enumerate() {
            let given = [("page", *page), ("seconds", &*at.to_string())];
            let (seen, next) = network.step(&state, &[event(&network, &given)]).unwrap();
            let asked = network.sequence_row(b"live", Some(&event(&network, &given))).unwrap();
            assert_eq!(shown(&seen.clone()), shown(&asked));
            push(&mut network, "live", &given);
            assert_eq!(shown(&seen), shown(&network.sequence_row(b"live", None).unwrap()), "{cell_kind:?} {at}");
            state = next;
        }
        // A state stays valid after another training and after new words.
        push(&mut network, "other", &[("page", "new"), ("seconds", "")]);
        let network = train(network, 20);
        let more = [("page", "new"), ("seconds", "3")];
        let (seen, next) = network.step(&state, &[event(&network, &more)]).unwrap();
        assert_eq!(shown(&seen), shown(&network.sequence_row(b"live", Some(&event(&network, &more))).unwrap()));
        // Several events in one step equal one at a time, also if there are more than are stored.
        let events: Vec<_> = (0..33).map(|_| event(&network, &more)).collect();
        let one_by_one =
            events.iter().fold(state, |state, event| network.step(&state, std::slice::from_ref(event)).unwrap().1);
        assert_eq!(network.step(&next, &events[1..]).unwrap().1, one_by_one);
        assert!(network.cost_of_step(&one_by_one, 1) > 0);
    }
}

#[test]
fn invalid_states_are_rejected_by_name() {
    let network = visitors(cell(Cell::Auto));
    let given = [("page", "home"), ("seconds", "3")];
    let state = network.step(&[], &[event(&network, &given)]).unwrap().1;
    let rejected = |network: &Network, state: &[u8]| match network.step(state, &[event(network, &given)]) {
        Err(error @ Error::State(_)) => error.to_string(),
        other => panic!("{other:?}"),
    };
    let says = |state: &[u8], what: &str| {
        let message = rejected(&network, state);
        assert!(
            message.starts_with("not a state of a sequence of this network: ") && message.contains(what),
            "{message}"
        );
    };
    says(b"x", "1 bytes that do not begin as one");
    says(&[&b"NRS\x02"[..], &state[4..]].concat(), "another version");
    for at in 4..state.len() {
        let mut changed = state.clone();
        changed[at] ^= 1;
        says(&changed, "its checksum is wrong");
        says(&state[..at], "");
    }
    // States with a valid checksum and invalid contents.
    let forged = |change: &dyn Fn(&mut Vec<u8>)| {
        let mut body = state[..state.len() - 8].to_vec();
        change(&mut body);
        let check = codec::checksum(&body);
        body.extend(check.to_le_bytes());
        body
    };
    assert_eq!(forged(&|_| {}), state);
    says(&forged(&|body| body[4] = 4), "it knows 4 words, and this network 3");
    says(&forged(&|body| body[4] = 2), "a network with other fields or words");
    says(&forged(&|body| body[5] ^= 1), "a network with other fields or words");
    says(&forged(&|body| body[13] = 21), "it has 21 events: expected at most 20");
    says(&forged(&|body| body[13] = 2), "an event of it is none");
    says(&forged(&|body| body[13] = 0), "5 bytes after its events");
    says(&forged(&|body| body[14] = 9), "an event of it is none");
    says(&forged(&|body| body[17..19].copy_from_slice(&[0x80, 0x7F])), "values that none can have");
    says(&forged(&|body| body.truncate(9)), "it is cut off");
    // A network with other fields, and one with the same words in another order.
    let others = [("page", FieldKind::Category(20)), ("minutes", FieldKind::Number)];
    let mut other = self::network(&others, classes("left", 10), cell(Cell::Auto));
    for page in ["help", "cart", "home"] {
        push(&mut other, "a", &[("page", page), ("minutes", "1")]);
    }
    let minutes = [("page", "home"), ("minutes", "3")];
    assert!(matches!(other.step(&state, &[event(&other, &minutes)]), Err(Error::State(_))));
    let mut same = self::network(
        &[("page", FieldKind::Category(20)), ("seconds", FieldKind::Number)],
        classes("left", 10),
        cell(Cell::Auto),
    );
    let mut words = network.event_fields().unwrap().words().iter().rev();
    for (_, word) in words.by_ref() {
        push(&mut same, "a", &[("page", std::str::from_utf8(word).unwrap())]);
    }
    assert!(rejected(&same, &state).contains("other fields or words"));
    let rows = Network::new(
        Kind::Classifier,
        crate::layout::Layout::new(&[2, 2]).unwrap(),
        Options::new(Kind::Classifier),
        LIMITS,
        1,
    );
    assert!(matches!(rows.unwrap().step(&[], &[[Value::Gap]]), Err(Error::NoSequences)));
}

#[test]
fn a_batch_with_an_outcome_of_an_evicted_sequence_changes_nothing() {
    let mut network = network(&[("page", FieldKind::Category(9))], classes("left", 4), cell(Cell::Auto));
    let observation = |network: &Network, id: usize, page: Option<&str>, class: Option<&'static str>| Observation {
        id: Cow::Owned(id.to_string().into_bytes()),
        event: page.map(|page| event(network, &[("page", page)]).into()),
        outcome: class.map(|class| (Outcome::Class(Cow::Borrowed(class.as_bytes())), 1.0)),
    };
    push(&mut network, "first", &[("page", "home")]);
    let before = network.clone();
    // So many sequences that the first is evicted before its outcome follows.
    let mut all: Vec<Observation<'_>> =
        (0..2000).map(|id| observation(&network, id, Some(["home", "cart"][id % 2]), None)).collect();
    all.push(observation(&network, 0, None, Some("yes")));
    assert!(matches!(network.observe_events(&all, None), Err(Error::NoEvents { .. })));
    assert!(network == before && network.event_fields() == before.event_fields());
    all.push(observation(&network, 1999, None, Some("no")));
    all.remove(2000);
    network.observe_events(&all, None).unwrap();
    assert_eq!(network.outcome_of(b"1999").unwrap(), Some((vec![0.0], 1.0)));
}

#[test]
fn cached_states_of_a_reservoir_change_no_answer() {
    cached_states_change_no_answer(Cell::Reservoir, 2400..32 * 6000);
}

#[test]
fn cached_states_of_gru_cells_change_no_answer() {
    cached_states_change_no_answer(Cell::Gru, 1500..32 * 9000);
}

/// Compares each row with that of a copy, whose cache is empty.
fn cached_states_change_no_answer(cell_kind: Cell, bytes_expected: std::ops::Range<usize>) {
    let mut network = train(visitors(cell(cell_kind)), 20);
    let (mut random, mut snapshot) = (Random::new(5, 5), network.snapshot());
    for step in 0..1500 {
        // More ids than the cache holds, and four frequent ones.
        let id = format!("live:{}", random.below(if step % 2 == 0 { 4 } else { 50 }));
        let page = ["home", "cart", "help"][random.below(3) as usize];
        let given = [("page", page), ("seconds", "7")];
        match random.below(300) {
            0 => network = train(network, 1),
            1..8 => drop(network.forget_sequence(id.as_bytes()).unwrap()),
            8..150 => push(&mut network, &id, &given),
            _ => {}
        }
        let asked = (random.below(2) == 0).then(|| event(&network, &given));
        let found = network.sequence_row(id.as_bytes(), asked.as_deref()).unwrap();
        assert_eq!(
            shown(&found),
            shown(&network.clone().sequence_row(id.as_bytes(), asked.as_deref()).unwrap()),
            "{step}"
        );
        match step % 40 {
            0 => snapshot = network.snapshot(),
            10 | 20 | 30 => {
                let own = [&snapshot, &snapshot.clone()].map(|of| of.sequence_row(id.as_bytes(), None).unwrap());
                assert_eq!(shown(&own[0]), shown(&own[1]), "{step}");
            }
            _ => {}
        }
    }
    let bytes = |network: &Network| network.sequences.as_ref().unwrap().cache.bytes_by(&|bytes| bytes);
    assert!(bytes_expected.contains(&bytes(&network)), "{}", bytes(&network));
    assert!(network == network.clone() && bytes(&network.clone()) == Cache::default().bytes_by(&|bytes| bytes));
}

#[test]
fn a_snapshot_shares_cached_states_and_a_copy_does_not() {
    for kind in [Cell::Reservoir, Cell::Gru] {
        let mut network = train(visitors(cell(kind)), 5);
        let given = [("page", "home"), ("seconds", "7")];
        (0..12).for_each(|_| push(&mut network, "live", &given));
        let answer = |network: &Network| shown(&network.sequence_row(b"live", None).unwrap());
        let events = |network: &Network| {
            let Sequences { view, .. } = network.sequences.as_ref().unwrap();
            network.cost_of_sequence(b"live", 0) / view.cost_of_event()
        };
        answer(&network.clone());
        assert_eq!(events(&network), 12);
        let snapshot = network.snapshot();
        answer(&snapshot);
        assert_eq!((events(&network), events(&snapshot)), (0, 0));
        push(&mut network, "live", &given);
        assert_eq!((events(&network), events(&snapshot)), (1, 0));
        assert_eq!(answer(&network), answer(&network.clone()));
        assert_eq!(events(&snapshot.clone()), 12);
    }
}

#[test]
fn scales_of_lagged_numbers_stay_finite() {
    let mut network = network(&[("n", FieldKind::Number)], classes("left", 10), cell(Cell::Auto));
    for user in 0..40 {
        let id = format!("user:{user}");
        // Their standard deviation is about 3.7e-39, and its inverse more than half of the largest float.
        push(&mut network, &id, &[("n", if user % 3 == 0 { "0" } else { "9e-39" })]);
        push(&mut network, &id, &[("n", ["0", "4e-39", "9e-39"][user % 3])]);
        finish(&mut network, &id, if user % 2 == 0 { "yes" } else { "no" });
    }
    let network = train(network, 2);
    let scaling = network.trained().normalization.inputs.as_ref().unwrap();
    assert!(scaling.scale.iter().all(|scale| scale.is_finite()), "{:?}", &scaling.scale[..9]);
    assert_eq!(scaling.scale[0], f32::MAX);
    assert_eq!(codec::decode(&codec::encode(&network)).unwrap(), network);
}

#[test]
fn lagged_numbers_have_more_weight_than_hidden_states() {
    let deviations = |cell_kind: Cell| {
        let network = train(visitors(cell(cell_kind)), 1);
        let trained = network.trained();
        let scaling = trained.normalization.inputs.clone().unwrap();
        // Retraining on the same rows gives the same scaling, also of inputs that were constant.
        assert!(train(network.clone(), 1).trained().normalization.inputs == Some(scaling.clone()));
        let rows: Vec<Row> = (0..500)
            .filter_map(|user| network.sequence_row(format!("user:{user}").as_bytes(), None).ok())
            .map(|seen| seen.row)
            .collect();
        let schema = network.schema().unwrap();
        let mut inputs = vec![0.0; schema.dense()];
        let mut sums = vec![(0.0f64, 0.0f64, 0.0f64); schema.dense()];
        for row in &rows {
            schema.computed_of(1, &row.cells, trained.normalization.places.as_ref(), &mut inputs);
            for (at, &value) in inputs.iter().enumerate().filter(|(_, value)| !value.is_nan()) {
                let value = f64::from(scaling.apply(at, value));
                let (count, sum, squares) = &mut sums[at];
                (*count, *sum, *squares) = (*count + 1.0, *sum + value, *squares + value * value);
            }
        }
        let deviation = |&(count, sum, squares): &(f64, f64, f64)| {
            (squares / count - (sum / count) * (sum / count)).max(0.0).sqrt()
        };
        sums.iter().map(deviation).collect::<Vec<f64>>()
    };
    let near = |found: f64, expected: f64| (found / expected - 1.0).abs() < 0.1;
    let window = deviations(Cell::Window);
    assert!(near(window[0], 1.0), "{window:?}");
    let reservoir = deviations(Cell::Reservoir);
    assert!(near(reservoir[0], 1.0), "{reservoir:?}");
    let both = deviations(Cell::Auto);
    assert!(both.len() == window.len() + reservoir.len(), "{}", both.len());
    assert!(near(both[0], 2.0) && near(both[window.len()], 0.7), "{both:?}");
}
