//! Tests of the encoding of networks of sequences: round trips, pieces of any size, and forged bytes.

use std::borrow::Cow;

use super::*;
use crate::fields::Outcome;
use crate::schema::{FieldKind, Given, Target, Value};
use crate::sequence::{Cell, Events, Observation, SequenceOptions};

const FIELDS: [(&str, FieldKind); 4] = [
    ("page", FieldKind::Category(9)),
    ("n", FieldKind::Auto(4)),
    ("tags", FieldKind::Tags(4)),
    ("at", FieldKind::Time),
];

/// A network with some sequences. Most of them have an outcome, unless the target is a field of the next event.
fn of_sequences(cell: Cell, target: &str, cycles: u64) -> Network {
    let fields = FIELDS.iter().map(|(name, kind)| (name.as_bytes().to_vec(), *kind)).collect();
    let target = Target::Classes { name: target.as_bytes().into(), most: 9, closed: false, names: Vec::new() };
    let (limits, options) = (Limits { train: 12, test: 6 }, Options::new(Kind::Classifier));
    let sequence = SequenceOptions { length: 4, cell };
    let mut network =
        Network::of_sequences((Events::Fields(fields), target), sequence, &[3], options, limits, 5).unwrap();
    for step in 0..60u32 {
        let (page, n, tags) = (format!("p{}", step % 5), format!("{}", step % 7), format!("a,b{}", step % 3));
        let given = [("page", page), ("n", n), ("tags", tags), ("at", "2026-11-26T12:00:00Z".into())];
        let given = given.iter().map(|(name, value)| (name.as_bytes(), Given::text(value.as_bytes())));
        let event = network.event_fields().unwrap().understand(given).unwrap();
        let event = event.into_iter().map(Value::into_owned).collect::<Vec<_>>().into();
        let class = format!("c{}", step % 2).into_bytes();
        let outcome = (step % 3 > 0 && !network.learns_next_event())
            .then_some((Outcome::Class(Cow::Owned(class)), 1.0 + step as f32));
        let id = format!("user:{}", step % 17).into_bytes();
        network.observe_events(&[Observation { id: Cow::Owned(id), event: Some(event), outcome }], None).unwrap();
    }
    trained(network, cycles)
}

fn all() -> impl Iterator<Item = Network> {
    let cells = [Cell::Auto, Cell::Window, Cell::Reservoir, Cell::Gru];
    cells.into_iter().flat_map(|cell| {
        [("left", 0), ("page", 0), ("left", 2)].map(|(target, cycles)| of_sequences(cell, target, cycles))
    })
}

#[test]
fn sequences_can_be_split_into_frames_anywhere() {
    for network in all() {
        // The smallest frame must hold the declaration, which is not split.
        for max_frame in [400, 401, 407, 4000, MAX_FRAME] {
            let frames = frames_of(&network, max_frame);
            assert!(network_of(&frames, max_frame).unwrap() == network, "{max_frame}");
            assert!((1..frames.len()).all(|end| network_of(&frames[..end], max_frame).is_err()));
        }
        assert!(decode(&encode(&network)).unwrap() == network);
    }
}

#[test]
fn forged_bytes_are_rejected_or_valid() {
    let mut random = Random::new(1, 1);
    let mut accepted = 0;
    for network in all() {
        let frames = frames_of(&network, MAX_FRAME);
        for _ in 0..600 {
            let mut forged = frames.clone();
            for _ in 0..=random.below(2) {
                let at = 1 + random.below(frames.len() as u64 - 1) as usize;
                let frame = &mut forged[at];
                match random.below(10) {
                    0 => frame.truncate(random.below(frame.len() as u64 + 1) as usize),
                    1 => frame.extend((random.bits() as u32).to_le_bytes()),
                    _ => {
                        // Usually where sequences are, which take most of the bytes.
                        let byte = HEADER + random.below((frame.len() - HEADER).max(1) as u64) as usize;
                        if let Some(byte) = frame.get_mut(byte) {
                            *byte = random.bits() as u8;
                        }
                    }
                }
            }
            let Ok(found) = network_of(&forged, MAX_FRAME) else { continue };
            accepted += 1;
            assert!(frames_of(&found, MAX_FRAME) == forged, "the encoding must be canonical");
            let limits = found.dataset.limits();
            assert!(found.rows(Set::Train) <= limits.train && found.rows(Set::Test) <= limits.test);
            let mut found = found;
            let ids: Vec<Vec<u8>> = found.sequence_ids().unwrap().map(<[u8]>::to_vec).collect();
            for id in ids.iter().take(3) {
                let seen = found.sequence_row(id, None).unwrap();
                let mut outputs = vec![0.0; found.layout().outputs()];
                found.model().answer(std::slice::from_ref(&seen.row), &mut outputs);
                assert!(found.forget_sequence(id).unwrap());
            }
            // All sequences with an outcome can be gone.
            let again = if found.known_row_count(Set::Train) > 0 { trained(found, 1) } else { found };
            decode(&encode(&again)).unwrap();
        }
    }
    assert!(accepted > 100, "{accepted}");
}

#[test]
fn training_results_are_installed_in_copies_only() {
    for cell in [Cell::Auto, Cell::Window, Cell::Gru] {
        let mut copy = of_sequences(cell, "left", 0);
        let network = trained(copy.clone(), 3);
        let frames = trained_of(&network);
        let (made, report) = decode_trained(&copy.model(), frames.iter().map(Vec::as_slice)).unwrap();
        copy.install(made, report.map(Arc::new)).unwrap();
        assert!(copy == network);
    }
    // A result with cells does not fit a network without any, nor one with another number of members.
    let frames = trained_of(&of_sequences(Cell::Gru, "left", 2));
    let reservoir = of_sequences(Cell::Reservoir, "left", 0);
    let made = decode_trained(&reservoir.model(), frames.iter().map(Vec::as_slice));
    assert!(made.is_err() || reservoir.clone().install(made.unwrap().0, None).is_err());
    let network = of_sequences(Cell::Gru, "left", 2);
    let cells = network.trained().gru.clone();
    let fewer = crate::trained::Trained { decays: vec![1.0; 2], gru: cells, ..(**network.trained()).clone() };
    assert!(network.clone().install(fewer, None).is_err());
    // A result with a scaling of a reservoir's events does not fit a network without a reservoir.
    let frames = trained_of(&of_sequences(Cell::Auto, "left", 2));
    let window = of_sequences(Cell::Window, "left", 0);
    let made = decode_trained(&window.model(), frames.iter().map(Vec::as_slice));
    assert!(made.is_err() || window.clone().install(made.unwrap().0, None).is_err());
}

/// A classifier of sequences with GRU cells, as version 7 wrote it before it saved the state of their training.
const FIRST_CELLS: &[u8] = include_bytes!("cells.nr");

#[test]
fn cells_without_the_state_of_their_training_are_still_read() {
    let network = decode(FIRST_CELLS).unwrap();
    assert_eq!((network.trained.members(), network.rows(Set::Train)), (1, 24));
    assert!(matches!(network.trained.state, TrainerState::Rprop(_)));
    assert_eq!(encode(&network), FIRST_CELLS);
    let answers = |network: &Network| {
        let mut outputs = [0.0; 2];
        network.model().answer(&[network.sequence_row(b"0", None).unwrap().row], &mut outputs);
        outputs
    };
    assert_eq!(answers(&network), [0.475_364_33, 0.524_635_7]);
    // The training begins with the same answers, though it no longer scales hidden states.
    let inputs = &network.trained.normalization.inputs;
    assert!(inputs.is_some());
    let again = trained(network.clone(), 1);
    assert!(again.trained.normalization.inputs.is_none());
    assert!(answers(&again).iter().zip(answers(&network)).all(|(again, first)| (again - first).abs() < 0.02));
    assert!(matches!(again.trained.state, TrainerState::Cells(..)));
}

#[test]
fn forged_states_of_cells_are_rejected() {
    let network = of_sequences(Cell::Gru, "left", 2);
    let TrainerState::Cells(_, state) = &network.trained.state else { panic!("no state of cells") };
    let (values, members) = (state.weights.len(), state.members.len());
    let frames = frames_of(&network, MAX_FRAME);
    let at = |section: Section| frames.iter().rposition(|frame| frame[..2] == section.tag().to_le_bytes()).unwrap();
    let decoded = |frames: &[Vec<u8>]| match network_of(frames, MAX_FRAME) {
        Ok(_) => panic!("accepted"),
        Err(error) => error.to_string(),
    };
    let forged = |change: &dyn Fn(&mut Vec<u8>)| {
        let mut frames = frames.clone();
        change(&mut frames[at(Section::TrainerState)]);
        decoded(&frames)
    };
    let set =
        |word: usize, value: &[u8]| forged(&|frame| frame[HEADER + 4 * word..][..value.len()].copy_from_slice(value));
    let first = 1 + 4 * members;
    for (rejection, message) in [
        (set(1, &0u64.to_le_bytes()), "no step has been taken: expected it to be left out"),
        (set(first, &f32::NAN.to_le_bytes()), "value 0 is NaN: expected a finite number"),
        (set(first + 2 * values, &(-1f32).to_le_bytes()), "is -1: expected a finite number of at least 0"),
        (set(0, &[2, 0, 0, 0]), "values: expected three for each parameter"),
        (forged(&|frame| frame.extend([0; 4])), "it ends before its values do"),
        (forged(&|frame| frame.truncate(HEADER + 4)), "it ends before its values do"),
        (forged(&|frame| frame.truncate(HEADER + 4 * first)), "it ends before its values do"),
    ] {
        assert!(rejection.contains("section trainer state: ") && rejection.contains(message), "{rejection}: {message}");
    }
    // A value more in each third, for each member: whole, but not of these cells.
    let more = 12 * members;
    let rejection = forged(&|frame| frame.extend(vec![0; more]));
    assert!(rejection.contains("section gated cells: they are not those of the members"), "{rejection}");
    let mut without_cells = frames.clone();
    without_cells.remove(at(Section::Gru));
    assert!(decoded(&without_cells).contains("the network has no cells: expected none of cells"));
}

#[test]
fn a_training_result_has_the_oldest_version_that_supports_it() {
    for (cell, expected) in [(Cell::Window, 5), (Cell::Reservoir, 6), (Cell::Gru, 7)] {
        let frames = trained_of(&of_sequences(cell, "left", 2));
        assert_eq!(frames[0][MAGIC.len()..], u16::to_le_bytes(expected), "{cell:?}");
    }
}
