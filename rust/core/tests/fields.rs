//! Networks of fields: training and evaluation on rows with words and gaps, replication, files, statistics of fields.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use neuralredis_core::codec::{self, Decoder, Observed};
use neuralredis_core::random::Random;
use neuralredis_core::schema::FieldKind;
use neuralredis_core::training::{Live, Outcome as Ended, Pool, Report, TrainOptions};
use neuralredis_core::{
    Batch, Error, Example, Given, Kind, Limits, Network, Options, Outcome, Place, Row, Schema, Score, Set, Target,
};

fn classes(most: u32, closed: bool, names: &[&str]) -> Target {
    let names = names.iter().map(|name| name.as_bytes().into()).collect();
    Target::Classes { name: (*b"taken").into(), most, closed, names }
}

fn schema(fields: &[(&str, FieldKind)], target: Target) -> Schema {
    Schema::new(fields.iter().map(|(name, kind)| (name.as_bytes().to_vec(), *kind)), target).unwrap()
}

fn network(fields: &[(&str, FieldKind)], target: Target, seed: u64) -> Network {
    let schema = schema(fields, target);
    let options = Options::new(schema.kind());
    Network::of_fields(schema, &[8], options, Limits { train: 10_000, test: 5_000 }, seed).unwrap()
}

fn example<'a>(network: &Network, given: &[(&'a str, &'a str)], outcome: Outcome<'a>) -> Example<'a> {
    let given = given.iter().map(|(name, value)| (name.as_bytes(), Given::text(value.as_bytes())));
    Example { values: network.schema().unwrap().understand(given).unwrap(), outcome, weight: 1.0 }
}

fn class(name: &str) -> Outcome<'_> {
    Outcome::Class(Cow::Borrowed(name.as_bytes()))
}

fn observe(network: &mut Network, given: &[(&str, &str)], outcome: Outcome<'_>) {
    let example = example(network, given, outcome);
    network.observe_fields(&[example], None, |_| {}).unwrap();
}

fn row(network: &Network, given: &[(&str, &str)]) -> Row {
    let given = given.iter().map(|(name, value)| (name.as_bytes(), Given::text(value.as_bytes())));
    let schema = network.schema().unwrap();
    schema.row(&schema.understand(given).unwrap())
}

fn answers(network: &Network, rows: &[Row]) -> Vec<f32> {
    let model = network.model();
    let mut outputs = vec![0.0; rows.len() * model.layout().outputs()];
    model.answer(rows, &mut outputs);
    outputs
}

fn train(live: &mut Live, cycles: u64, threads: usize) -> Arc<Report> {
    let options = TrainOptions { max_cycles: cycles, max_time: Duration::ZERO, ..TrainOptions::default() };
    let job = live.train(options, &Pool::new(threads, 1), |_| {}).unwrap();
    assert!(job.wait(Duration::from_secs(120)), "the training has not ended in time");
    match live.collect() {
        Some(Ended::Trained(_, report)) => report,
        other => panic!("{other:?}"),
    }
}

const SHOP: [(&str, FieldKind); 8] = [
    ("age", FieldKind::Number),
    ("country", FieldKind::Category(20)),
    ("spent", FieldKind::Auto(5)),
    ("phone", FieldKind::Flag),
    ("at", FieldKind::Time),
    ("words", FieldKind::Text(64)),
    ("tags", FieldKind::Tags(10)),
    ("place", FieldKind::Vector(2)),
];

/// Rows with fields of all kinds and with gaps. The outcome depends on the country, and in one country on the age.
fn shop(seed: u64, rows: usize) -> Vec<(Vec<(&'static str, String)>, &'static str)> {
    let mut random = Random::new(seed, 5);
    let mut found = Vec::new();
    for _ in 0..rows {
        let mut pick = |all: &[&'static str]| all[random.below(all.len() as u64) as usize];
        let (country, spent, phone) =
            (pick(&["IT", "FR", "DE", ""]), pick(&["12", "unknown", "", "3.5"]), pick(&["yes", "no", ""]));
        let (words, tags) =
            (pick(&["good film", "bad film, really bad", ""]), pick(&["red,new", "blue", "", "red,blue"]));
        let at = pick(&["2026-11-25T18:30:00Z", "1700000000", ""]);
        let age = random.below(60) + 18;
        let outcome = match country {
            "IT" => "yes",
            "DE" if age < 48 => "yes",
            "FR" | "DE" => "no",
            _ => "perhaps",
        };
        let place: String =
            [1.0f32, age as f32].iter().flat_map(|n| n.to_le_bytes()).map(|byte| (byte & 0x7f) as char).collect();
        let mut given = vec![
            ("country", country.to_string()),
            ("spent", spent.to_string()),
            ("phone", phone.to_string()),
            ("words", words.to_string()),
            ("tags", tags.to_string()),
            ("at", at.to_string()),
            ("age", age.to_string()),
        ];
        if place.len() == 8 && random.below(2) == 0 {
            given.push(("place", place));
        }
        found.push((given, outcome));
    }
    found
}

fn borrowed<'a>(given: &'a [(&'static str, String)]) -> Vec<(&'a str, &'a str)> {
    given.iter().map(|(name, value)| (*name, value.as_str())).collect()
}

fn untrained(seed: u64, rows: usize) -> Network {
    let mut network = network(&SHOP, classes(100, false, &[]), seed);
    for (given, outcome) in shop(seed, rows) {
        observe(&mut network, &borrowed(&given), class(outcome));
    }
    network
}

fn trained(seed: u64, rows: usize, cycles: u64, threads: usize) -> Live {
    let mut live = Live::new(untrained(seed, rows));
    train(&mut live, cycles, threads);
    live
}

#[test]
fn outcomes_are_learnt_from_words_numbers_and_gaps() {
    let live = trained(1, 600, 300, 2);
    let network = live.network();
    let names: Vec<_> = network.schema().unwrap().classes().to_vec();
    assert_eq!((names.len(), network.layout().outputs()), (3, 3));
    let fresh = shop(99, 300);
    let rows: Vec<Row> = fresh.iter().map(|(given, _)| row(network, &borrowed(given))).collect();
    let outputs = answers(network, &rows);
    let right = outputs
        .chunks(3)
        .zip(&fresh)
        .filter(|(outputs, (_, outcome))| *names[neuralredis_core::model::largest(outputs)] == *outcome.as_bytes());
    let right = right.count();
    assert!(right > 280, "{right}");
}

#[test]
fn a_row_has_the_same_answer_alone_in_a_batch_and_for_any_number_of_threads() {
    let (one, two) = (trained(2, 900, 40, 1), trained(2, 900, 40, 2));
    let rows: Vec<Row> = shop(3, 70).iter().map(|(given, _)| row(one.network(), &borrowed(given))).collect();
    let together = answers(one.network(), &rows);
    assert_eq!(together, answers(two.network(), &rows));
    let alone: Vec<f32> = rows.iter().flat_map(|row| answers(one.network(), std::slice::from_ref(row))).collect();
    assert_eq!(together, alone);
    assert!(together.iter().all(|value| value.is_finite()));
}

#[test]
fn new_words_count_as_unknown_and_new_classes_are_not_answered_until_the_next_training() {
    let mut live = trained(4, 300, 100, 2);
    let question = |live: &Live, country| row(live.network(), &[("country", country), ("age", "30")]);
    let before = answers(live.network(), &[question(&live, "ES"), question(&live, "IT")]);
    let inputs = live.network().layout().inputs();
    for _ in 0..60 {
        observe(live.network_mut(), &[("country", "ES"), ("age", "30")], class("later"));
    }
    // Answers have not changed, so they are wrong for rows of the new class.
    let evaluation = live.network().evaluate(Set::Test).unwrap();
    assert!(
        matches!(evaluation.score, Score::Classifier { accuracy, confusion, .. } if accuracy < 0.9 && confusion.len() == 16)
    );
    let now = answers(live.network(), &[question(&live, "ES"), question(&live, "IT")]);
    assert_eq!(before, now);
    assert_eq!(live.network().layout().inputs(), inputs);
    train(&mut live, 100, 2);
    let network = live.network();
    assert_eq!((network.layout().inputs(), network.layout().outputs()), (inputs + 1, 4));
    let found = answers(network, &[question(&live, "ES"), question(&live, "IT")]);
    assert!(found[3] > 0.9 && found[4] > found[7], "{found:?}");
}

#[test]
fn rows_without_field_names_are_rejected() {
    let mut network = trained(1, 50, 1, 1).network().clone();
    let before = network.clone();
    let width = network.row_shape().inputs;
    for inputs in [width, network.layout().inputs()] {
        let values = vec![0.0; inputs];
        let batch = Batch::new(&values, inputs, &[0.0], 1);
        assert_eq!(network.observe(&batch, None, |_| {}), Err(Error::HasFields));
        let place = Place { set: Set::Train, row: 0 };
        assert_eq!(network.place(&batch, &[place], 1), Err(Error::HasFields));
        assert_eq!(network.evaluate_on(&batch), Err(Error::HasFields));
        assert_eq!(network.gradient(&batch), Err(Error::HasFields));
        assert_eq!(network.model().run(&values, &mut [0.0; 3]), Err(Error::HasFields));
        assert_eq!(network.model().classify(&values), Err(Error::HasFields));
    }
    assert_eq!(network, before);
}

#[test]
fn rejected_rows_change_nothing() {
    let mut network =
        network(&[("age", FieldKind::Number), ("plan", FieldKind::Category(3))], classes(3, false, &[]), 1);
    observe(&mut network, &[("age", "31"), ("plan", "free")], class("no"));
    let before = network.clone();
    let understood = |given: &[(&str, &str)]| {
        let given = given.iter().map(|(name, value)| (name.as_bytes(), Given::text(value.as_bytes())));
        before.schema().unwrap().understand(given).map(|_| ()).unwrap_err().to_string()
    };
    assert_eq!(understood(&[("aeg", "3")]), "unknown field 'aeg': expected age, plan");
    assert_eq!(understood(&[("age", "old")]), "field age is 'old': expected a finite number (NUMBER)");
    assert_eq!(understood(&[("age", "1"), ("age", "2")]), "field 'age' is given twice");
    let many: Vec<String> = (0..4).map(|at| format!("class {at}")).collect();
    let rows: Vec<Example<'_>> = many.iter().map(|name| example(&before, &[("plan", "other")], class(name))).collect();
    let error = network.observe_fields(&rows, None, |_| panic!("no row may be stored")).unwrap_err();
    assert!(matches!(&error, Error::UnknownClass { known, .. } if known.len() == 3), "{error}");
    assert_eq!(network, before);
    let weighted = Example { weight: 0.0, ..example(&before, &[], class("yes")) };
    assert!(network.observe_fields(&[weighted], None, |_| {}).is_err());
    let numbers = Example { values: rows[0].values.clone(), outcome: Outcome::Values(vec![1.0]), weight: 1.0 };
    assert!(network.observe_fields(&[numbers], None, |_| {}).is_err());
    assert_eq!(network, before);
}

#[test]
fn replicas_store_the_same_rows_words_and_classes() {
    let mut network = network(&SHOP, classes(100, false, &[]), 7);
    let mut copy = network.clone();
    for (given, outcome) in shop(8, 200) {
        let example = example(&network, &borrowed(&given), class(outcome));
        let (counts, observed) = network.observe_for_copies(&[example], None).unwrap();
        assert_eq!(counts, (network.rows(Set::Train), network.rows(Set::Test)));
        copy.take(Observed::decode(&observed.encode()).unwrap()).unwrap();
    }
    assert_eq!(network, copy);
    let words = vec![(1, (*b"ES").into()), (1, (*b"IT").into())];
    let again = copy.take(Observed { words, ..Observed::default() }).unwrap_err();
    assert_eq!(again.to_string(), "word 'IT' of field 'country': it has this word");
    assert_eq!(network, copy);
}

#[test]
fn a_regressor_learns_numbers_from_a_text() {
    let target = Target::Values(vec![(*b"stars").into()]);
    let mut network = network(&[("review", FieldKind::Text(128))], target, 3);
    assert_eq!(network.kind(), Kind::Regressor);
    for at in 0..200 {
        let (text, stars) = [("a good film", 5.0), ("a bad film", 1.0), ("not bad", 3.0), ("", 2.0)][at % 4];
        observe(&mut network, &[("review", text)], Outcome::Values(vec![stars]));
    }
    let mut live = Live::new(network);
    train(&mut live, 200, 2);
    let rows: Vec<Row> = ["a good film", "a bad film", "not bad", ""]
        .iter()
        .map(|text| row(live.network(), &[("review", text)]))
        .collect();
    let found = answers(live.network(), &rows);
    for (found, stars) in found.iter().zip([5.0, 1.0, 3.0, 2.0]) {
        assert!((found - stars).abs() < 0.1, "{found} {stars}");
    }
}

#[test]
fn sets_that_shrink_keep_their_texts() {
    let mut network = network(&[("review", FieldKind::Text(128))], classes(5, true, &["good", "bad"]), 3);
    for at in 0..100 {
        let (text, name) = if at % 2 == 0 { ("good", "good") } else { ("bad", "bad") };
        observe(&mut network, &[("review", text)], class(name));
    }
    let limits = Limits { train: 40, test: 10 };
    network.configure(&neuralredis_core::Changes::default(), limits).unwrap();
    assert_eq!((network.rows(Set::Train), network.rows(Set::Test)), (40, 10));
    let mut live = Live::new(network);
    train(&mut live, 50, 1);
    let rows = [row(live.network(), &[("review", "good")]), row(live.network(), &[("review", "bad")])];
    let found = answers(live.network(), &rows);
    assert!(found[0] > 0.9 && found[3] > 0.9, "{found:?}");
}

fn frames(network: &Network) -> Vec<Vec<u8>> {
    let mut frames = Vec::new();
    codec::frames(network, &mut |frame| frames.push(frame.to_vec()));
    frames
}

fn decoded(frames: &[Vec<u8>]) -> neuralredis_core::Result<Network> {
    let mut decoder = Decoder::new();
    frames.iter().try_for_each(|frame| decoder.push(frame))?;
    decoder.finish()
}

#[test]
fn networks_of_fields_are_saved_completely_and_continue_identically() {
    let network = network(&SHOP, classes(9, true, &["yes", "no", "perhaps"]), 5);
    let mut live = Live::new(network);
    for step in 0..3 {
        let bytes = codec::encode(live.network());
        assert_eq!(bytes[6..8], 5u16.to_le_bytes());
        assert_eq!(codec::decode(&bytes).unwrap(), *live.network());
        let mut copy = Live::new(codec::decode(&bytes).unwrap());
        for live in [&mut live, &mut copy] {
            for (given, outcome) in shop(step, 150) {
                observe(live.network_mut(), &borrowed(&given), class(outcome));
            }
            train(live, 20, 1);
        }
        assert!(codec::same(live.network(), copy.network()));
    }
    assert!(live.network().bytes() > 150 * 40);
}

#[test]
fn a_training_result_with_new_words_can_be_installed_in_a_replica() {
    let mut live = Live::new(untrained(6, 200));
    let mut copy = live.network().clone();
    train(&mut live, 10, 1);
    let network = live.network();
    let mut frames: Vec<Vec<u8>> = Vec::new();
    let report = network.report().map(Arc::as_ref);
    codec::trained_frames(network.kind(), network.trained(), report, &mut |frame| frames.push(frame.to_vec()));
    let (trained, report) = codec::decode_trained(&copy.model(), frames.iter().map(Vec::as_slice)).unwrap();
    copy.install(trained, report.map(Arc::new)).unwrap();
    copy.set_weights_state(network.weights_state());
    assert_eq!(&copy, network);
    // Another network that has not observed the words rejects the result.
    let (trained, _) = codec::decode_trained(&copy.model(), frames.iter().map(Vec::as_slice)).unwrap();
    let mut other = self::network(&SHOP, classes(100, false, &[]), 6);
    assert!(other.install(trained, None).is_err());
}

#[test]
fn forged_networks_of_fields_are_rejected_or_can_be_used() {
    let network = trained(7, 40, 3, 1).network().clone();
    let whole = frames(&network);
    assert_eq!(decoded(&whole).unwrap(), network);
    let mut random = Random::new(1, 1);
    let (mut rejected, mut decodable) = (0, 0);
    for _ in 0..30_000 {
        let mut forged = whole.clone();
        let at = random.below(forged.len() as u64 - 1) as usize + 1;
        match random.below(5) {
            0 => {
                forged.remove(at);
            }
            1 => {
                let length = random.below(forged[at].len() as u64 + 1) as usize;
                forged[at].truncate(length);
            }
            _ => {
                let byte = random.below(forged[at].len() as u64) as usize;
                forged[at][byte] = random.below(256) as u8;
            }
        }
        match decoded(&forged) {
            Err(_) => rejected += 1,
            Ok(network) => {
                decodable += 1;
                // A network that decodes can be encoded again, answers, and can be trained.
                let again = frames(&network);
                assert_eq!(decoded(&again).unwrap(), network);
                let question = row(&network, &[]);
                answers(&network, &[question]);
                if decodable % 500 == 0 {
                    train(&mut Live::new(network), 1, 1);
                }
            }
        }
    }
    assert!(rejected > 10_000 && decodable > 1000, "{rejected} {decodable}");
}

#[test]
fn a_rejected_row_among_several_is_named_and_no_other_is_stored() {
    let mut network = network(&[("age", FieldKind::Number)], classes(3, false, &[]), 1);
    let row = |outcome| example(&network, &[("age", "3")], outcome);
    let light = Example { weight: -1.0, ..row(class("a")) };
    let (alone, among) = ([light.clone()], [row(class("b")), light]);
    let before = network.clone();
    let mut rejection = |rows: &[Example<'_>]| network.observe_fields(rows, None, |_| {}).unwrap_err().to_string();
    assert_eq!(rejection(&alone), "the weight is -1: expected a finite number above 0");
    assert_eq!(rejection(&among), "row 1: the weight is -1: expected a finite number above 0");
    assert!(network == before, "class b must be removed again");
    let rows = [example(&before, &[("age", "3")], class("b")), example(&before, &[], class("c"))];
    assert_eq!(network.observe_fields(&rows, Some(Set::Test), |_| {}), Ok((0, 2)));
    assert_eq!(network.schema().unwrap().classes().len(), 2);
    let mut full = Network::of_fields(
        schema(&[("age", FieldKind::Number)], classes(3, false, &[])),
        &[2],
        Options::new(Kind::Classifier),
        Limits { train: 0, test: 0 },
        1,
    )
    .unwrap();
    assert!(matches!(full.observe_fields(&rows, None, |_| {}), Err(Error::NoRoom { .. })));
}

#[test]
fn a_replica_rejects_invalid_rows_before_it_stores_any() {
    let mut network = network(&SHOP, classes(5, false, &[]), 7);
    let rows = [("31", "yes"), ("40", "no")].map(|(age, name)| example(&network, &[("age", age)], class(name)));
    let (_, observed) = network.observe_for_copies(&rows, None).unwrap();
    let mut copy = self::network(&SHOP, classes(5, false, &[]), 7);
    let before = copy.clone();
    let changes: [fn(&mut Observed); 6] = [
        |observed| observed.classes.clear(),
        |observed| observed.words.push((1, Box::default())),
        |observed| observed.rows[1].row.cells[0] = f32::INFINITY,
        |observed| observed.rows[1].outcome = vec![2.0],
        |observed| observed.rows[1].weight = 0.0,
        |observed| observed.rows[1].place.row += 1,
    ];
    for change in changes {
        let mut forged = observed.clone();
        change(&mut forged);
        assert!(copy.take(forged).is_err() && copy == before);
    }
    copy.take(observed).unwrap();
    assert!(copy == network);
}

#[test]
fn a_stored_row_is_returned_as_it_was_encoded() {
    let mut network = network(&SHOP, classes(5, false, &[]), 7);
    let example = example(&network, &[("age", "31"), ("tags", "red,new")], class("yes"));
    let (_, observed) = network.observe_for_copies(&[example], Some(Set::Test)).unwrap();
    let (row, outcome, weight) = network.row_of_fields(Set::Test, 0).unwrap();
    // A gap is NaN, which equals nothing.
    let bits = |row: &Row| row.cells.iter().map(|cell| cell.to_bits()).collect::<Vec<_>>();
    assert_eq!((bits(&row), &row.list), (bits(&observed.rows[0].row), &observed.rows[0].row.list));
    assert_eq!((outcome, weight), (vec![0.0], 1.0));
    assert!(network.row_of_fields(Set::Test, 1).is_none() && network.row_of_fields(Set::Train, 0).is_none());
}

#[test]
fn a_network_without_fields_rejects_rows_of_fields() {
    let layout = neuralredis_core::Layout::new(&[1, 2]).unwrap();
    let options = Options::new(Kind::Classifier);
    let mut plain = Network::new(Kind::Classifier, layout, options, Limits::default(), 1).unwrap();
    assert!(plain.schema().is_none() && plain.row_of_fields(Set::Train, 0).is_none());
    assert_eq!(plain.take(Observed::default()).unwrap_err().to_string(), "the network has no fields");
}

#[test]
fn field_figures_count_values_and_measure_importance() {
    let live = trained(3, 600, 60, 1);
    let figures = live.network().field_figures(&|| true).unwrap();
    let of = |name: &str| &figures[SHOP.iter().position(|(field, _)| *field == name).unwrap()];
    assert!(figures.iter().all(|figures| figures.values + figures.gaps == 600));
    let (age, country, phone, tags) = (of("age"), of("country"), of("phone"), of("tags"));
    assert_eq!((age.range, age.gaps, age.commonest.len()), (Some((18.0, 77.0)), 0, 0));
    let words: Vec<_> = country.commonest.iter().map(|(word, _)| String::from_utf8_lossy(word)).collect();
    assert_eq!((words.len(), country.others), (3, 0), "{words:?}");
    assert_eq!(country.commonest.iter().map(|(_, rows)| rows).sum::<u64>(), country.values);
    assert!(country.commonest.is_sorted_by(|a, b| a.1 >= b.1));
    assert_eq!(phone.commonest.iter().map(|(_, rows)| rows).sum::<u64>(), phone.values);
    assert!(tags.commonest.iter().map(|(_, rows)| rows).sum::<u64>() > tags.values, "a row has several tags");
    assert_eq!(of("at").range, Some((1_700_000_000.0, 1_795_631_400.0)));
    assert_eq!((of("spent").range, of("spent").commonest.len()), (Some((3.5, 12.0)), 1));
    // The outcome depends on the country, in one country on the age, and on nothing else.
    let matters = |name: &str| of(name).importance.unwrap();
    assert!(matters("country") > 0.3 && matters("age") > 0.05, "{figures:?}");
    for name in ["spent", "phone", "at", "words", "tags", "place"] {
        assert!(matters(name) < matters("age"), "{name}: {figures:?}");
    }
    assert_eq!(live.network().field_figures(&|| false).unwrap_err(), Error::Stopped);
    // Before the first training there are no importances.
    assert!(untrained(3, 30).field_figures(&|| true).unwrap().iter().all(|figures| figures.importance.is_none()));
}

#[test]
fn warnings_name_fields_and_classes() {
    let fields = [
        ("age", FieldKind::Number),
        ("size", FieldKind::Number),
        ("spent", FieldKind::Auto(3)),
        ("at", FieldKind::Time),
    ];
    let mut network = network(&fields, classes(9, false, &[]), 1);
    for row in 0..30 {
        let at = if row % 2 == 0 { "2026-11-25" } else { "2026-11-26" };
        let size = row.to_string();
        let given = [("age", "31"), ("size", &size), ("spent", "unknown"), ("at", at)];
        observe(&mut network, &given, class(if row < 28 { "yes" } else { "no" }));
    }
    let mut live = Live::new(network);
    let warnings = &train(&mut live, 5, 1).warnings;
    assert_eq!(warnings[0], "field 'age' is the same in all training rows");
    assert_eq!(warnings[1], "class 'no' has fewer than 5 training rows");
    // The time of day is constant, but the time is not, and fields with words cause no warning.
    assert!(warnings.iter().all(|warning| !warning.contains("'at'") && !warning.contains("'spent'")), "{warnings:?}");

    let targets = Target::Values(vec![(*b"sum").into(), (*b"mean").into()]);
    let mut network = self::network(&[("a", FieldKind::Number)], targets, 1);
    for a in ["1", "2", "3"] {
        observe(&mut network, &[("a", a)], Outcome::Values(vec![5.0, a.parse().unwrap()]));
    }
    let mut live = Live::new(network);
    assert_eq!(train(&mut live, 5, 1).warnings[0], "output 'sum' is the same in all training rows");
}

#[test]
fn words_beyond_the_limit_of_a_dictionary_are_counted() {
    let mut network =
        network(&[("plan", FieldKind::Category(1)), ("tags", FieldKind::Tags(1))], classes(5, false, &[]), 1);
    for (plan, tags) in [("free", "red"), ("paid", "red,new"), ("gold", ""), ("free", "new,old")] {
        observe(&mut network, &[("plan", plan), ("tags", tags)], class("yes"));
    }
    let [plan, tags] = &network.field_figures(&|| true).unwrap()[..] else { panic!("two fields") };
    assert_eq!((plan.others, &plan.commonest[..]), (2, &[(b"free".to_vec(), 2)][..]));
    assert_eq!((tags.others, tags.gaps, &tags.commonest[..]), (2, 1, &[(b"red".to_vec(), 2)][..]));
}

#[test]
fn a_model_has_the_classes_of_the_last_training() {
    let mut live = Live::new(network(&SHOP, classes(5, false, &[]), 7));
    let known = |live: &Live| live.network().model().classes().iter().map(|name| name.to_vec()).collect::<Vec<_>>();
    assert!(known(&live).is_empty(), "the two outputs have no class yet");
    for name in ["yes", "no", "perhaps"] {
        observe(live.network_mut(), &[("age", "31")], class(name));
    }
    assert_eq!(known(&live), [&b"yes"[..], b"no"], "there are still two outputs");
    train(&mut live, 2, 1);
    assert_eq!(known(&live), [&b"yes"[..], b"no", b"perhaps"]);
}

#[test]
fn class_weights_can_be_a_list_only_if_all_classes_are_known() {
    let given = || neuralredis_core::ClassWeight::Given(Arc::new(vec![1.0, 2.0]));
    let fields = [("age", FieldKind::Number)];
    for (closed, names) in [(true, &["no", "yes"][..]), (false, &["no", "yes"])] {
        let options = Options { class_weight: given(), ..Options::new(Kind::Classifier) };
        let schema = schema(&fields, classes(9, closed, names));
        assert_eq!(Network::of_fields(schema, &[2], options, Limits::default(), 1).is_ok(), closed);
        let mut network = network(&fields, classes(9, closed, names), 1);
        let changes = neuralredis_core::Changes { class_weight: Some(given()), ..Default::default() };
        assert_eq!(network.configure(&changes, Limits::default()).is_ok(), closed);
        let shrunk = network.shrunk(Limits::default());
        assert_eq!(network.configure_shrunk(&changes, shrunk).is_ok(), closed);
    }
}

#[test]
fn fresh_rows_are_evaluated_as_stored_ones_and_are_not_stored() {
    let network = trained(12, 300, 60, 1).network().clone();
    let before = network.clone();
    let rows = shop(13, 100);
    let examples: Vec<Example<'_>> =
        rows.iter().map(|(given, outcome)| example(&network, &borrowed(given), class(outcome))).collect();
    let (found, classes) = network.evaluate_fields(&examples).unwrap();
    assert_eq!((&network, classes.len()), (&before, 3));
    let mut stored = network.clone();
    stored.configure(&neuralredis_core::Changes::default(), Limits { train: 10_000, test: 0 }).unwrap();
    stored.configure(&neuralredis_core::Changes::default(), Limits { train: 10_000, test: 5_000 }).unwrap();
    stored.observe_fields(&examples, Some(Set::Test), |_| {}).unwrap();
    assert_eq!(stored.evaluate(Set::Test).unwrap(), found);
    // A new class is never answered.
    let new = Example { outcome: class("new"), ..examples[0].clone() };
    let (found, classes) = network.evaluate_fields(&[examples[0].clone(), new]).unwrap();
    assert_eq!(*classes[3], *b"new");
    assert!(
        matches!(found.score, Score::Classifier { confusion, .. } if confusion.len() == 16 && confusion[12..].iter().sum::<u64>() == 1)
    );
    assert_eq!(network.evaluate_fields(&[]), Err(Error::NoRows));
}

#[test]
fn a_network_that_has_observed_one_class_answers_it() {
    let mut network = network(&SHOP, classes(5, false, &[]), 7);
    for _ in 0..10 {
        observe(&mut network, &[("age", "31")], class("only"));
    }
    let evaluation = network.evaluate(Set::Train).unwrap();
    assert!(
        matches!(&evaluation.score, Score::Classifier { accuracy, confusion, .. } if *accuracy == 1.0 && confusion.len() == 1)
    );
    network.model().answer(&[], &mut []);
}

#[test]
fn an_outcome_is_a_class_of_any_name_or_numbers() {
    let of_classes = schema(&SHOP, classes(5, false, &[]));
    let found = |given: Given<'static>| of_classes.outcome(vec![given]).map_err(|error| error.to_string());
    for (given, name) in [
        (Given::text(b"yes"), "yes"),
        (Given::Number(3.0), "3"),
        (Given::Flag(true), "true"),
        (Given::text(b"->"), "->"),
    ] {
        assert_eq!(found(given), Ok(class(name)));
    }
    let expected = "expected the name of a class, of 1 to 64 bytes";
    assert_eq!(found(Given::Gap).unwrap_err(), format!("field taken is nothing: {expected}"));
    assert_eq!(found(Given::text(b"")).unwrap_err(), format!("field taken is '': {expected}"));
    assert!(found(Given::Text(vec![b'x'; 65].into())).is_err() && found(Given::Texts(vec![])).is_err());
    assert!(of_classes.outcome(vec![]).is_err());
    let values = schema(&SHOP, Target::Values(vec![(*b"a").into(), (*b"b").into()]));
    let numbers = vec![Given::text(b"1.5"), Given::Number(2.0)];
    assert_eq!(values.outcome(numbers), Ok(Outcome::Values(vec![1.5, 2.0])));
    let error = values.outcome(vec![Given::Number(1.0), Given::Number(f64::NAN)]).unwrap_err();
    assert_eq!(error.to_string(), "field b is NaN: expected a finite number");
    let error = of_classes.not_understood(0, "a list".into()).in_row(3);
    assert_eq!(error.to_string(), "row 3: field age is a list: expected a finite number (NUMBER)");
}

#[test]
fn a_class_beyond_the_limit_is_rejected_with_its_row() {
    let mut network = network(&[("age", FieldKind::Number)], classes(2, true, &["yes", "no"]), 1);
    let rows = ["yes", "maybe"].map(|name| example(&network, &[("age", "3")], class(name)));
    let error = network.observe_fields(&rows, None, |_| {}).unwrap_err();
    assert_eq!(error.to_string(), "row 1: unknown class 'maybe': expected yes, no");
}

#[test]
fn networks_of_fields_are_always_normalized() {
    let mut network = network(&SHOP, classes(5, false, &[]), 7);
    let changes = neuralredis_core::Changes { normalize: Some(false), ..Default::default() };
    let error = network.configure(&changes, Limits::default()).unwrap_err();
    assert_eq!(error.to_string(), "normalize is no: expected yes for a network of fields");
}

#[test]
fn the_multiplications_of_an_answer_are_known_before_weights_are_drawn() {
    let schema = schema(&SHOP, classes(5, false, &[]));
    let limits = Limits { train: 10_000, test: 5_000 };
    let (begun, _) = Network::begin_of_fields(schema, &[8], Options::new(Kind::Classifier), limits, 7).unwrap();
    let drawn = network(&SHOP, classes(5, false, &[]), 7);
    assert_eq!(begun.model().multiplications(), drawn.model().multiplications());
    assert!(drawn.model().multiplications() < drawn.model().parameters());
}
