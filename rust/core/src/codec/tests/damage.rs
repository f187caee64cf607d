//! Tests with damaged and forged bytes: the result is an error, or a valid network.

use super::*;
use crate::places::Places;
use crate::schema::{FieldKind, Schema, Target};
use crate::trainer_state::{AdamState, Presented, TrainerState};

/// Decode bytes. Returns false if they are rejected. Otherwise checks that the network is valid, usable and encoded
/// canonically.
pub(super) fn survives(bytes: &[u8]) -> bool {
    let Ok(mut network) = decode(bytes) else { return false };
    // Only the version and unknown optional sections are not written again.
    let written = encode(&network);
    let same = content(&written) == content(bytes);
    assert!(same || written.len() < bytes.len() && decode(&written).is_ok(), "the encoding must be canonical");
    let trained = &network.trained;
    assert!(trained.weights.iter().all(|weight| weight.is_finite()));
    assert_eq!(trained.weights.len(), trained.members() * network.layout().parameters());
    assert!(network.options.check(network.kind, network.layout()).is_ok());
    let limits = network.dataset.limits();
    assert!(network.rows(Set::Train) <= limits.train && network.rows(Set::Test) <= limits.test);
    for set in [Set::Train, Set::Test] {
        assert_eq!(network.evaluate(set).is_ok(), network.rows(set) > 0);
        for row in 0..network.rows(set) {
            let (inputs, targets, weight) = network.row(set, row).unwrap();
            let mut batch = Batch::new(&inputs, inputs.len(), &targets, targets.len());
            batch.weights = Some(std::slice::from_ref(&weight));
            batch.check(network.dataset.shape).unwrap();
        }
    }
    observe(&mut network, 3, 6);
    let inputs = vec![0.5; 5 * network.layout().inputs()];
    network.model().run(&inputs, &mut vec![0.0; 5 * network.layout().outputs()]).unwrap();
    let again = encode(&self::trained(network, 1));
    decode(&again).unwrap();
    true
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn spliced_networks_are_rejected_or_valid(
        networks in [networks(), networks()],
        cuts in prop::collection::vec((0usize..2, any::<prop::sample::Index>(), any::<prop::sample::Index>()), 1..4),
    ) {
        let files = networks.each_ref().map(encode);
        let frames = networks.each_ref().map(|network| frames_of(network, MAX_FRAME));
        let (mut bytes, mut chosen) = (Vec::new(), vec![frames[0][0].clone()]);
        for (which, from, to) in cuts {
            let (from_byte, to_byte) = (from.index(files[which].len()), to.index(files[which].len()));
            bytes.extend(&files[which][from_byte.min(to_byte)..from_byte.max(to_byte)]);
            let (from, to) = (from.index(frames[which].len()), to.index(frames[which].len()));
            chosen.extend_from_slice(&frames[which][from.min(to).max(1)..=from.max(to)]);
        }
        survives(&bytes);
        survives(&with_checksum([&head()[..], &bytes].concat()));
        survives(&file_of(&chosen));
    }

    #[test]
    fn forged_fields_are_rejected_or_valid(
        network in networks(),
        forgeries in prop::collection::vec((any::<prop::sample::Index>(), any::<u64>(), 0usize..12), 1..4),
    ) {
        let mut frames = frames_of(&network, MAX_FRAME);
        for (place, bits, kind) in forgeries {
            let count = frames.len() - 1;
            let frame = &mut frames[1 + place.index(count)];
            let forged = match kind {
                0 => bits.to_le_bytes().to_vec(),
                1 => u64::MAX.to_le_bytes().to_vec(),
                2 => vec![0; 8],
                3 => f32::NAN.to_le_bytes().to_vec(),
                4 => f32::INFINITY.to_le_bytes().to_vec(),
                5 => f32::MAX.to_le_bytes().to_vec(),
                6 => f32::MIN_POSITIVE.to_le_bytes().to_vec(),
                7 => f64::NAN.to_le_bytes().to_vec(),
                8 => vec![bits as u8],
                9 => { frame.truncate(bits as usize % frame.len().max(1)); continue; }
                10 => { frame.extend(bits.to_le_bytes()); continue; }
                _ => { frame.iter_mut().skip(HEADER - 1).take(1).for_each(|flags| *flags = bits as u8 & 7); continue; }
            };
            let at = bits as usize % frame.len().max(1);
            frame.iter_mut().skip(at).zip(forged).for_each(|(to, byte)| *to = byte);
        }
        survives(&file_of(&frames));
    }

    #[test]
    fn random_bytes_are_rejected(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(!survives(&bytes));
        prop_assert!(!survives(&with_checksum([&head()[..], &bytes].concat())));
    }
}

#[test]
fn every_truncation_is_rejected() {
    let bytes = encode(&small(Kind::Regressor, 12, 2));
    for end in 0..bytes.len() {
        assert!(decode(&bytes[..end]).is_err());
        assert!(decode(&with_checksum(bytes[..end].to_vec())).is_err(), "{end}");
    }
    assert!(decode(&with_checksum([&bytes[..], &[0; 8]].concat())).is_err());
}

#[test]
fn every_flipped_byte_is_rejected_or_with_a_valid_checksum_harmless() {
    for kind in [Kind::Classifier, Kind::Regressor] {
        let bytes = encode(&small(kind, 12, 2));
        let mut sound = 0;
        for at in 0..bytes.len() {
            for flip in [1, 2, 4, 8, 16, 32, 64, 128, 255] {
                let mut damaged = bytes.clone();
                damaged[at] ^= flip;
                assert!(decode(&damaged).is_err());
                if at < bytes.len() - 8 {
                    sound += usize::from(survives(&with_checksum(damaged)));
                }
            }
        }
        assert!(sound > bytes.len(), "most flips only change a weight or a row: {sound}");
    }
}

#[test]
fn errors_name_the_section_the_value_and_what_was_expected() {
    let frames = frames_of(&small(Kind::Regressor, 12, 2), MAX_FRAME);
    let forged = |section: Section, at: usize, value: &[u8]| {
        let mut frames = frames.clone();
        let frame = frames[1..].iter_mut().find(|frame| frame[..2] == section.tag().to_le_bytes()).unwrap();
        frame[HEADER + at..][..value.len()].copy_from_slice(value);
        let message = rejection(&file_of(&frames));
        message.strip_prefix("not a network: section ").unwrap().to_owned()
    };
    let f32 = |value: f32| value.to_le_bytes();
    for (section, at, value, message) in [
        (Section::Layout, 0, &[9][..], "layout: the kind of network is number 9: expected one that this version knows"),
        (Section::Layout, 0, &[1, 0, 0, 0, 0], "layout: layer 0 has 0 units: expected 1 to 1048576"),
        (Section::Layout, 5, &[3], "layout: the kind of layer 1 is number 3: expected one that this version knows"),
        (Section::Options, 17, &[1], "options: output is softmax: expected linear or sigmoid for a regressor"),
        (Section::Limits, 0, &[1], "training rows: 8 rows: expected at most 1, the limit of the set"),
        (Section::Weights, 4, &f32(f32::NAN), "weights: value 1 is NaN: expected a finite number"),
        (Section::Sizes, 8, &f32(51.0), "step sizes: value 2 is 51: expected 0.000001 to 50"),
        (Section::Signs, 3, &[2], "gradient signs: value 3 is 2: expected -1, 0 or 1"),
        (Section::Objective, 0, &[255; 8], "objective: value 0 is NaN: expected a number"),
        (
            Section::OutputScaling,
            4,
            &f32(-1.0),
            "output scaling: the scale of column 0 is -1: expected a finite number of at least 0",
        ),
        (Section::Statistics, 7, &[64], "statistics: 4611686018427387920 steps: expected at most 4611686018427387904"),
        (Section::Statistics, 48, &[2], "statistics: overfitting is 2: expected 0 or 1"),
        (Section::TrainRows, 20, &f32(f32::INFINITY), "training rows: row 1: input 1 is inf: expected a finite number"),
        (
            Section::TrainRowWeights,
            4,
            &f32(-1.0),
            "training row weights: row 1: the weight is -1: expected a finite number above 0",
        ),
        (Section::Report, 0, &[9], "report: the reason is number 9: expected one that this version knows"),
        (Section::Report, 6, &[255; 8], "report: 18446744073709551615 cycles: expected at most 4611686018427387904"),
        (Section::Report, 14, &[3], "report: 3 cycles until the best: expected at most 2"),
        (Section::Report, 30, &[255; 8], "report: an error is NaN: expected a number"),
        (Section::Report, 47, &[1], "report: it ends 8 bytes early"),
        (Section::Curve, 24, &[0], "curve: a point of cycle 0: expected 1 to 2"),
        (Section::Curve, 8, &[255; 8], "curve: the errors of cycle 0 are NaN and"),
    ] {
        let rejection = forged(section, at, value);
        assert!(rejection.starts_with(message), "{rejection}: {message}");
    }
}

/// A file in which a section has another body.
fn with_body(frames: &[impl AsRef<[u8]>], section: Section, body: &[u8]) -> Vec<u8> {
    let mut frames: Vec<Vec<u8>> = frames.iter().map(|frame| frame.as_ref().to_vec()).collect();
    let at = frames.iter().position(|frame| frame[..2] == section.tag().to_le_bytes()).expect("it is there");
    frames[at].truncate(HEADER);
    frames[at].extend(body);
    file_of(&frames)
}

fn set(network: &mut Network, weight: usize, value: f32) {
    Arc::make_mut(&mut network.trained).weights[weight] = value;
}

#[test]
fn weights_that_violate_monotone_inputs_are_rejected() {
    let layout = Layout::new(&[2, 3, 1]).unwrap();
    let changes = Changes { monotone: Some(Monotone::Given(Arc::new(vec![0.0, 1.0]))), ..Changes::default() };
    let options = Options::new(Kind::Regressor).with(Kind::Regressor, &layout, &changes).unwrap();
    let network = Network::new(Kind::Regressor, layout, options, Limits::default(), 1).unwrap();
    assert_eq!(decode(&encode(&network)).as_ref(), Ok(&network));
    let rejected = |forge: fn(&mut Network)| {
        let mut network = network.clone();
        forge(&mut network);
        rejection(&encode(&network))
    };
    // Parameters: three biases, three weights of the free input, three of the monotone one, a bias, three weights.
    assert!(rejected(|network| set(network, 6, -0.5)).contains("weight 6 is -0.5: expected at least 0"));
    assert!(rejected(|network| set(network, 12, -1e-30)).contains("weight 12 is"));
    assert!(rejected(|network| set(network, 0, 1e20)).contains("weight 0 is"));
    let unbounded = rejected(|network| Arc::make_mut(&mut network.trained).normalization.inputs = None);
    assert!(unbounded.contains("inputs are monotone and not bounded"));
    let other = rejected(|network| network.options.monotone = Monotone::Given(Arc::new(vec![1.0])));
    assert!(other.contains("monotone is 1 number: expected 2, one for each input"));
    let relu = rejected(|network| network.options.activation = Activation::Relu);
    assert!(relu.contains("activation is relu: expected tanh or sigmoid"));
}

#[test]
fn forged_options_are_rejected() {
    let mut network = small(Kind::Classifier, 12, 0);
    network.options.class_weight = ClassWeight::Given(Arc::new(vec![2.0, 3.0]));
    network.options.patience = Patience::Cycles(9);
    network.options.l2 = Decay::Fixed(0.5);
    let frames = frames_of(&network, MAX_FRAME);
    assert_eq!(decode(&file_of(&frames)).as_ref(), Ok(&network));
    let body = |changed: u8, value: &[u8]| {
        let values: [&[u8]; 9] = [&[1], &[3], &[1], &[1], &[1], &[0], &[0], &[1], &[0]];
        let values = (1u8..).zip(values).map(|(id, known)| (id, if id == changed { value } else { known }));
        values.flat_map(|(id, value)| [&[id][..], &(value.len() as u32).to_le_bytes(), value].concat()).collect()
    };
    let rejected = |body: &[u8]| rejection(&with_body(&frames, Section::Options, body));
    let whole: Vec<u8> = body(0, &[]);
    assert!(decode(&with_body(&frames, Section::Options, &whole)).is_ok());
    let f32s = |numbers: &[f32]| numbers.iter().flat_map(|number| number.to_le_bytes()).collect::<Vec<_>>();
    for (id, value, message) in [
        (1, vec![2], "normalize is [2]: expected yes or no"),
        (2, vec![4], "activation is [4]: expected sigmoid, tanh, relu"),
        (2, vec![], "activation is []: expected sigmoid"),
        (2, vec![3, 0], "activation is [3, 0]: expected sigmoid"),
        (4, vec![2, 0, 0, 0], "loss is [2, 0, 0, 0]: expected crossentropy, mse"),
        (6, f32s(&[-0.5]), "l2 is [0, 0, 0, 191]: expected auto or a finite number of at least 0"),
        (6, f32s(&[f32::NAN]), "l2 is [0, 0, 192, 127]: expected auto"),
        (6, vec![1, 2, 3], "l2 is [1, 2, 3]: expected auto"),
        (
            7,
            0u64.to_le_bytes().to_vec(),
            "ensemble is [0, 0, 0, 0, 0, 0, 0, 0]: expected auto or an integer from 1 to 64",
        ),
        (7, 65u64.to_le_bytes().to_vec(), "ensemble is [65, 0, 0, 0, 0, 0, 0, 0]: expected auto"),
        (8, f32s(&[1.0]), "class weight is 1 number: expected 2, one for each output"),
        (8, f32s(&[1.0; 3]), "class weight is 3 numbers: expected 2, one for each output"),
        (8, f32s(&[1.0, 0.0]), "class_weight is [0, 0, 128, 63, 0, 0, 0, 0]: expected none, balanced"),
        (8, vec![2], "class_weight is [2]: expected none, balanced"),
        (9, (1u64 << 31).to_le_bytes().to_vec(), "patience is [0, 0, 0, 128, 0, 0, 0, 0]: expected auto"),
        (9, vec![7, 0, 0, 0], "patience is [7, 0, 0, 0]: expected auto or an integer from 1 to 2147483647"),
    ] {
        assert!(rejected(&body(id, &value)).contains(&format!("section options: {message}")), "{message}");
    }
    let missing = [&whole[..6], &whole[12..]].concat();
    for (body, message) in [
        (missing, "8 of the options 1 to 9: expected all"),
        ([&whole[..], &[9, 1, 0, 0, 0, 0]].concat(), "option 9 follows option 9"),
        ([&whole[..], &[10, 1, 0, 0, 0, 0]].concat(), "monotone is the default: expected that it is left out"),
        (
            [&whole[..], &[10, 4, 0, 0, 0, 0, 0, 0, 64]].concat(),
            "monotone is [0, 0, 0, 64]: expected none or 1, 0 or -1",
        ),
        (
            [&whole[..], &[11, 4, 0, 0, 0, 0, 0, 0, 63]].concat(),
            "threshold is the default: expected that it is left out",
        ),
        (
            [&whole[..], &[11, 4, 0, 0, 0, 0, 0, 0, 64]].concat(),
            "threshold is [0, 0, 0, 64]: expected a number from 0 to 1",
        ),
        ([&whole[..], &[12, 0, 0, 0, 0]].concat(), "option 12 is unknown to this version"),
        ([&whole[..], &[200, 5, 0, 0, 0, 1]].concat(), "it ends 4 bytes early"),
        ([&whole[..], &[10, 1]].concat(), "it ends 3 bytes early"),
    ] {
        assert!(rejected(&body).contains(&format!("section options: {message}")), "{message}");
    }
    assert!(
        decode(&with_body(&frames, Section::Options, &[&whole[..], &[11, 4, 0, 0, 0, 0, 0, 128, 62]].concat())).is_ok()
    );
    // For a regressor the same section has other constraints.
    let others = frames_of(&small(Kind::Regressor, 12, 0), MAX_FRAME);
    let regressor: Vec<u8> = body(3, &[3]);
    let text = rejection(&with_body(&others, Section::Options, &regressor));
    assert!(text.contains("loss is crossentropy: expected mse with linear outputs"), "{text}");
}

#[test]
fn forged_options_of_earlier_versions_are_rejected() {
    let frames = frames_in(THIRD_VERSION);
    let weights = |weights: &[f32]| {
        let bytes = weights.iter().flat_map(|weight| weight.to_le_bytes());
        std::iter::once(2).chain(bytes).collect::<Vec<u8>>()
    };
    for (section, body, message) in [
        (Section::FirstOptions, vec![0, 9, 1, 1, 1, 1], "options: activation is [9]: expected sigmoid, tanh, relu"),
        (Section::FirstOptions, vec![2, 3, 1, 1, 1, 1], "options: normalize is [2]: expected yes or no"),
        (Section::FirstOptions, vec![0, 3, 1, 1, 1, 2], "options: automatic weight decay is 2: expected 0 or 1"),
        (Section::FirstOptions, vec![0, 3, 1, 1, 1, 0, 0, 0, 0], "options: it ends 1 bytes early"),
        (Section::FirstOptions, vec![0, 3, 1, 1, 1, 1, 0], "options: 1 bytes too many"),
        (Section::FirstOptions, vec![0, 3, 1, 1, 1, 0, 0, 0, 0, 191], "options: l2 is [0, 0, 0, 191]: expected auto"),
        (Section::Ensemble, vec![0], "ensemble: ensemble is [0, 0, 0, 0, 0, 0, 0, 0]: expected auto"),
        (Section::Ensemble, vec![65], "ensemble: ensemble is [65, 0, 0, 0, 0, 0, 0, 0]: expected auto"),
        (Section::Ensemble, vec![1, 1], "ensemble: 1 bytes too many"),
        (Section::ClassWeight, weights(&[1.0; 2]), "class weight: it ends 4 bytes early"),
        (Section::ClassWeight, weights(&[1.0; 4]), "class weight: 4 bytes too many"),
        (Section::ClassWeight, weights(&[1.0, f32::NAN, 1.0]), "class weight: class_weight is 12 bytes: expected none"),
        (Section::ClassWeight, vec![1, 0], "class weight: 1 bytes too many"),
        (Section::ClassWeight, vec![0], "class weight: the kind of weights is 0: expected 1 or 2"),
        (Section::ClassWeight, vec![], "class weight: it ends 1 bytes early"),
        (Section::Patience, vec![0; 4], "patience: patience is [0, 0, 0, 0, 0, 0, 0, 0]: expected auto"),
        (Section::Patience, vec![1, 0, 0], "patience: it ends 1 bytes early"),
        (Section::Patience, vec![1, 0, 0, 0, 0], "patience: 1 bytes too many"),
    ] {
        let text = rejection(&with_body(&frames, section, &body));
        assert!(text.contains(&format!("section {message}")), "{text}: {message}");
    }
    assert!(decode(&with_body(&frames, Section::ClassWeight, &[1])).is_ok());
    // Options of both encodings at once are rejected.
    let mut both: Vec<Vec<u8>> = frames.iter().map(|frame| frame.to_vec()).collect();
    let new = frames_of(&decode(THIRD_VERSION).unwrap(), MAX_FRAME);
    let end = both.len() - 1;
    both.insert(end, new[new.len() - 2].clone());
    assert!(rejection(&file_of(&both)).contains("options: they are there already, in the form of an earlier version"));
    let alone: Vec<Vec<u8>> = frames.iter().filter(|frame| frame[..2] != [2, 0]).map(|frame| frame.to_vec()).collect();
    assert!(rejection(&file_of(&alone)).contains("section options: it is missing"));
}

#[test]
fn notes_of_invalid_length_are_rejected() {
    let mut network = small(Kind::Regressor, 12, 0);
    network.set_notes(b"x").unwrap();
    let frames = frames_of(&network, MAX_FRAME);
    let at = frames.len() - 3;
    for length in [0, MAX_NOTES + 1] {
        let mut frames = frames.clone();
        frames[at].resize(HEADER + length, 7);
        let expected = format!("not a network: section notes: {length} bytes: expected 1 to 1048576");
        assert_eq!(rejection(&file_of(&frames)), expected);
    }
    let mut cut = frames;
    cut[at][HEADER - 1] |= MORE;
    assert!(rejection(&file_of(&cut)).contains("section notes: it goes on in the next frame"));
}

#[test]
fn forged_decay_factors_are_rejected() {
    let mut network = small(Kind::Regressor, 12, 0);
    network.options.ensemble = Ensemble::Fixed(2);
    let frames = frames_of(&trained(network, 2), MAX_FRAME);
    let forged = |body: &[u8]| {
        let mut frames = frames.clone();
        let at = frames.iter().rposition(|frame| frame[..2] == Section::Decays.tag().to_le_bytes()).unwrap();
        frames[at].truncate(HEADER);
        frames[at].extend(body);
        rejection(&file_of(&frames))
    };
    let two = |a: f32, b: f32| [a.to_le_bytes(), b.to_le_bytes()].concat();
    for (body, message) in [
        (two(0.0, 1.0), "decays: value 0 is 0: expected above 0, at most 1000000"),
        (two(1.0, f32::NAN), "decays: value 1 is NaN: expected above 0, at most 1000000"),
        (two(1.0, 2e6), "decays: value 1 is 2000000: expected above 0, at most 1000000"),
        (two(1.0, 1.0), "decays: all are 1: expected it to be left out"),
        (two(0.5, 0.5).repeat(2), "decays: 4 values: expected 2"),
        (two(0.5, 0.5)[..4].to_vec(), "decays: 1 values: expected 2"),
    ] {
        let rejection = forged(&body);
        assert!(rejection.contains(message), "{rejection}: {message}");
    }
}

#[test]
fn forged_states_of_l_bfgs_are_rejected() {
    let network = searched();
    let frames = frames_of(&network, MAX_FRAME);
    let at = frames.iter().rposition(|frame| frame[..2] == Section::TrainerState.tag().to_le_bytes()).unwrap();
    let forged = |change: &dyn Fn(&mut Vec<u8>)| {
        let mut frames = frames.clone();
        change(&mut frames[at]);
        rejection(&file_of(&frames))
    };
    let set = |word: usize, value: [u8; 4]| forged(&|frame| frame[HEADER + 4 * word..][..4].copy_from_slice(&value));
    let set_f64 = |word: usize, value: f64| {
        forged(&|frame| frame[HEADER + 4 * word..][..8].copy_from_slice(&value.to_le_bytes()))
    };
    // Words 1 to 7 are the first member, which has no search; words 8 to 14 are the second.
    let cut = |bytes: usize| forged(&|frame| frame.truncate(HEADER + bytes));
    for (rejection, message) in [
        (set(0, [4, 0, 0, 0]), "the trainer is number 4: expected one that this version knows"),
        (set(0, [1, 1, 0, 0]), "the trainer is number 257"),
        (set_f64(1, f64::NAN), "a search with the objective NaN has begun: expected a smaller one"),
        (set_f64(3, 1.0), "a search with the objective inf has begun"),
        (set(7, 1u32.to_le_bytes()), "a search with the objective inf has begun"),
        (set_f64(8, f64::INFINITY), "a search with the objective inf has begun"),
        (set_f64(10, 0.0), "a step is 0: expected a finite number above 0"),
        (set_f64(10, f64::NAN), "a step is NaN"),
        (set(12, f32::INFINITY.to_le_bytes()), "a decay is inf: expected a finite number of at least 0"),
        (set(12, (-1f32).to_le_bytes()), "a decay is -1"),
        (set(13, 9u32.to_le_bytes()), "a step was shortened 9 times: expected at most 8"),
        (set(14, 21u32.to_le_bytes()), "21 moves: expected at most 20"),
        (set(14, 20u32.to_le_bytes()), "it ends before its moves do"),
        (set(14, 0u32.to_le_bytes()), "values more than its moves have"),
        (set(15, f32::NAN.to_le_bytes()), "a move is NaN: expected a finite number"),
        (cut(4), "it ends before its moves do"),
        (cut(4 * 14), "it ends before its moves do"),
        (cut(4 * 16), "it ends before its moves do"),
        (cut(4 * 16 + 1), "65 bytes: expected a multiple of 4"),
        (
            forged(&|frame| {
                frame.copy_within(HEADER + 4..HEADER + 32, HEADER + 32);
                frame.truncate(HEADER + 4 * 15);
            }),
            "no search has begun: expected it to be left out",
        ),
    ] {
        assert!(rejection.starts_with("not a network: section trainer state: "), "{rejection}");
        assert!(rejection.contains(message), "{rejection}: {message}");
    }
}

#[test]
fn forged_states_of_adam_are_rejected() {
    let mut network = small(Kind::Regressor, 12, 2);
    let trained = Arc::make_mut(&mut network.trained);
    let mut state = AdamState::new(trained.weights.clone(), trained.members());
    state.members[0] = Presented { steps: 7, loss: 0.5 };
    trained.state = TrainerState::Adam(trained.state.clone().into_rprop(), state);
    let (parameters, members) = (trained.weights.len(), trained.members());
    let frames = frames_of(&network, MAX_FRAME);
    assert_eq!(decode(&file_of(&frames)).unwrap().trained, network.trained);
    let at = frames.iter().rposition(|frame| frame[..2] == Section::TrainerState.tag().to_le_bytes()).unwrap();
    let forged = |change: &dyn Fn(&mut Vec<u8>)| {
        let mut frames = frames.clone();
        change(&mut frames[at]);
        rejection(&file_of(&frames))
    };
    let set =
        |word: usize, value: &[u8]| forged(&|frame| frame[HEADER + 4 * word..][..value.len()].copy_from_slice(value));
    let cut = |words: usize| forged(&|frame| frame.truncate(HEADER + 4 * words));
    let values = 1 + 4 * members;
    for (rejection, message) in [
        (set(1, &u64::MAX.to_le_bytes()), "18446744073709551615 steps: expected at most 4611686018427387904"),
        (set(1, &0u64.to_le_bytes()), "no step has been taken: expected it to be left out"),
        (set(3, &f64::NAN.to_le_bytes()), "a loss is NaN: expected a number"),
        (set(values, &f32::NAN.to_le_bytes()), "value 0 is NaN: expected a finite number"),
        (set(values + 2 * parameters, &(-1f32).to_le_bytes()), "is -1: expected a finite number of at least 0"),
        (forged(&|frame| frame.extend([0; 4])), "values: expected three for each parameter"),
        (cut(1), "it ends before its values do"),
        (cut(3), "it ends before its values do"),
        (cut(values), "it ends before its values do"),
        (cut(values + 3 * parameters - 1), "it ends before its values do"),
    ] {
        assert!(rejection.starts_with("not a network: section trainer state: "), "{rejection}");
        assert!(rejection.contains(message), "{rejection}: {message}");
    }
}

#[test]
fn forged_places_are_rejected() {
    let fields = [(b"age".to_vec(), FieldKind::Number), (b"pay".to_vec(), FieldKind::Number)];
    let schema = Schema::new(fields, Target::Values(vec![(*b"paid").into()])).unwrap();
    let (kind, limits) = (Kind::Regressor, Limits { train: 9, test: 0 });
    let mut network = Network::of_fields(schema, &[2], Options::new(kind), limits, 1).unwrap();
    let places = |fields: &[&[f32]]| {
        let mut places = Places::default();
        fields.iter().for_each(|knots| places.push(knots));
        places
    };
    let mut rejection_of = |fields: &[&[f32]]| {
        Arc::make_mut(&mut network.trained).normalization.places = Some(places(fields));
        decode(&encode(&network)).map(|_| ()).map_err(|error| error.to_string())
    };
    assert_eq!(rejection_of(&[&[1.0, 2.0], &[]]), Ok(()));
    for (fields, message) in [
        (&[&[1.0, 2.0][..]][..], "they are not those of the fields of numbers"),
        (&[&[], &[], &[]], "they are not those of the fields of numbers"),
        (&[&[1.0], &[]], "the knots of field 0 are none: expected each above the last"),
        (&[&[], &[2.0, 2.0]], "the knots of field 1 are none"),
        (&[&[], &[2.0, f32::INFINITY]], "the knots of field 1 are none"),
        (&[&[], &[f32::MIN, f32::MAX]], "the knots of field 1 are none"),
        (&[&[], &std::array::from_fn::<f32, 18, _>(|at| at as f32)], "the knots of field 1 are none"),
    ] {
        let rejection = rejection_of(fields).unwrap_err();
        assert!(rejection.starts_with("not a network: section places: ") && rejection.contains(message), "{rejection}");
    }
}

#[test]
fn forged_reports_are_rejected() {
    let frames = frames_of(&small(Kind::Regressor, 12, 2), MAX_FRAME);
    let at = |section: Section| {
        frames.iter().position(|frame| frame[..2] == section.tag().to_le_bytes()).expect("it has been trained")
    };
    let with = |section: Section, more: &[u8]| {
        let mut frames = frames.clone();
        frames[at(section)].extend(more);
        rejection(&file_of(&frames))
    };
    let warning = |text: &[u8]| [&(text.len() as u32).to_le_bytes(), text].concat();
    let network = {
        let mut frames = frames.clone();
        frames[at(Section::Report)].extend(warning("a däta fault".as_bytes()));
        decode(&file_of(&frames)).unwrap()
    };
    assert_eq!(network.report().unwrap().warnings, ["a däta fault"]);
    assert!(with(Section::Report, &warning(b"\xff")).contains("report: a warning is no text"));
    assert!(with(Section::Report, &[255, 255, 255, 255, 1]).contains("report: it ends 4294967294 bytes early"));
    assert!(with(Section::Report, &warning(b"").repeat(17)).contains("report: more than 16 warnings"));
    assert!(with(Section::Curve, &[1]).contains("curve: 73 bytes: expected a multiple of 24"));
    assert!(with(Section::Curve, &[0; 24 * 510]).contains("curve: 513 points: expected at most 512"));
    let mut alone = frames.clone();
    alone.remove(at(Section::Report));
    assert!(rejection(&file_of(&alone)).contains("curve: there is no report"));
    let mut curveless = frames.clone();
    curveless.remove(at(Section::Curve));
    assert!(rejection(&file_of(&curveless)).contains("curve: it is missing"));
}

#[test]
fn sections_that_must_be_left_out_are_rejected() {
    let mut frames = frames_of(&small(Kind::Regressor, 12, 2), MAX_FRAME);
    let body = |frames: &mut [Vec<u8>], section: Section, value: &[u8]| {
        let frame = frames[1..].iter_mut().find(|frame| frame[..2] == section.tag().to_le_bytes()).unwrap();
        frame[HEADER..].chunks_exact_mut(value.len()).for_each(|to| to.copy_from_slice(value));
    };
    let original = frames.clone();
    body(&mut frames, Section::TrainRowWeights, &1f32.to_le_bytes());
    assert!(rejection(&file_of(&frames)).contains("training row weights: all weights are 1"));
    frames = original;
    body(&mut frames, Section::Sizes, &0.1f32.to_le_bytes());
    body(&mut frames, Section::Signs, &[0]);
    body(&mut frames, Section::Objective, &f64::INFINITY.to_le_bytes());
    assert!(rejection(&file_of(&frames)).contains("RPROP's state is that before the first step"));
}

#[test]
fn a_section_that_is_split_elsewhere_is_rejected() {
    let network = small(Kind::Regressor, 12, 2);
    let frames = frames_of(&network, MAX_FRAME);
    let weights = frames.iter().position(|frame| frame[..2] == Section::Weights.tag().to_le_bytes()).unwrap();
    for cut in [0, 1, 4, frames[weights].len() - HEADER] {
        let mut frames = frames.clone();
        let (first, second) = frames[weights].split_at(HEADER + cut);
        let (mut first, second) = (first.to_vec(), [&first[..HEADER], second].concat());
        first[HEADER - 1] |= MORE;
        frames.splice(weights..=weights, [first, second]);
        assert!(rejection(&file_of(&frames)).contains("section weights"));
    }
}

#[test]
fn missing_repeated_and_displaced_sections_are_rejected() {
    let frames = frames_of(&small(Kind::Regressor, 12, 2), MAX_FRAME);
    for at in 0..frames.len() {
        let mut missing = frames.clone();
        let tag = missing.remove(at)[..2].to_vec();
        // Sections that are left out if there is nothing to store can be removed without notice, except for rows that
        // have weights.
        let may_miss = [9, 10, 13, 14, 15].iter().any(|&number| tag == [number, 0]);
        assert_eq!(survives(&file_of(&missing)), may_miss && tag != [14, 0], "{tag:?}");
        let mut doubled = frames.clone();
        doubled.insert(at, frames[at].clone());
        assert!(decode(&file_of(&doubled)).is_err());
        let mut displaced = frames.clone();
        displaced.swap(at, (at + 1) % frames.len());
        assert!(decode(&file_of(&displaced)).is_err());
    }
}
