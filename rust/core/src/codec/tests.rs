//! Tests of the encoding: round trips, old versions, and canonical form.

mod damage;
mod original;
mod sequences;

use std::sync::Arc;
use std::time::Duration;

use proptest::prelude::*;

use super::frame::{HEADER, MAGIC, MORE};

use super::*;
use crate::conformal::{Calibration, Source};
use crate::dataset::{Batch, Limits, Set};
use crate::layout::{Kind, Layout};
use crate::network::MAX_NOTES;
use crate::normalization::Scaling;
use crate::options::{
    Activation, Algorithm, Changes, ClassWeight, Decay, Ensemble, Loss, MAX_PATIENCE, Monotone, Options, Output,
    Patience, Threshold,
};
use crate::random::Random;
use crate::report::Point;
use crate::trained::Trained;
use crate::trainer_state::{RpropState, SearchState, TrainerState};
use crate::training::{Live, Pool, TrainOptions};

fn options() -> impl Strategy<Value = (Kind, Options)> {
    let choice = |count: usize| 0..count;
    let kind = prop_oneof![Just(Kind::Classifier), Just(Kind::Regressor)];
    let l2 = prop_oneof![Just(Decay::Auto), prop_oneof![Just(0.0), Just(-0.0), Just(1e-3f32)].prop_map(Decay::Fixed)];
    let ensemble = prop_oneof![Just(Ensemble::Auto), Just(Ensemble::Fixed(1)), Just(Ensemble::Fixed(3))];
    let patience = prop_oneof![Just(Patience::Auto), (1..=MAX_PATIENCE).prop_map(Patience::Cycles)];
    (kind, any::<bool>(), choice(3), choice(3), choice(2), choice(3), l2, ensemble, patience).prop_filter_map(
        "a valid combination",
        |(kind, normalize, activation, output, loss, algorithm, l2, ensemble, patience)| {
            let options = Options {
                normalize,
                activation: Activation::ALL[activation],
                output: Output::ALL[output],
                loss: Loss::ALL[loss],
                algorithm: Algorithm::ALL[algorithm],
                l2,
                ensemble,
                class_weight: ClassWeight::None,
                patience,
                monotone: Monotone::None,
                threshold: Threshold::default(),
            };
            options.check(kind, &Layout::new(&[1, 2]).unwrap()).ok().map(|()| (kind, options))
        },
    )
}

/// Networks with every combination of features: rows, weights, notes, calibration, training.
fn networks() -> impl Strategy<Value = Network> {
    let inputs = prop_oneof![9 => 1usize..9, 1 => Just(4100usize)];
    let limits = (0u32..40, 0u32..20).prop_map(|(train, test)| Limits { train, test });
    let hidden = prop::collection::vec(1usize..7, 0..3);
    let class_weights = prop_oneof![
        Just(None),
        Just(Some(Vec::new())),
        prop::collection::vec(f32::MIN_POSITIVE..f32::MAX, 4).prop_map(Some)
    ];
    let notes = prop::collection::vec(any::<u8>(), 0..9);
    let rows = (0usize..90, notes);
    (options(), class_weights, inputs, hidden, 2usize..5, limits, any::<u64>(), rows, 0u64..4).prop_map(
        |((kind, mut options), class_weights, inputs, hidden, outputs, limits, seed, (rows, notes), cycles)| {
            options.class_weight = match class_weights {
                Some(mut weights) if kind == Kind::Classifier && !weights.is_empty() => {
                    weights.truncate(outputs);
                    ClassWeight::Given(Arc::new(weights))
                }
                Some(_) if kind == Kind::Classifier => ClassWeight::Balanced,
                _ => ClassWeight::None,
            };
            if kind == Kind::Classifier && options.output == Output::Softmax && outputs == 2 && rows % 2 == 1 {
                options.threshold = Threshold(seed as f32 / u64::MAX as f32);
            }
            let units: Vec<usize> = std::iter::once(inputs).chain(hidden).chain([outputs]).collect();
            let mut network = Network::new(kind, Layout::new(&units).unwrap(), options, limits, seed).unwrap();
            observe(&mut network, rows, seed);
            network.set_notes(&notes).unwrap();
            let mut network = trained(network, cycles);
            if !notes.is_empty() {
                let scores = notes.iter().scan(0.0, |sum, &note| {
                    *sum += f64::from(note);
                    Some(*sum)
                });
                let lists = if kind == Kind::Classifier { 1 } else { outputs };
                let scores = vec![scores.collect(); lists];
                network.set_calibration(Calibration { scores, source: Source::Given }).unwrap();
            }
            network
        },
    )
}

fn observe(network: &mut Network, rows: usize, seed: u64) {
    let mut random = Random::new(seed, 9);
    let (width, targets) = (network.layout().inputs(), network.targets());
    // Sometimes so large that everything overflows.
    let magnitude = if seed.is_multiple_of(5) { f32::MAX } else { 100.0 };
    let inputs: Vec<f32> = (0..rows * width).map(|_| random.symmetric() * magnitude).collect();
    let target = |random: &mut Random| match network.kind {
        Kind::Classifier => random.below(network.layout().outputs() as u64) as f32,
        Kind::Regressor => random.symmetric() * magnitude,
    };
    let outputs: Vec<f32> = (0..rows * targets).map(|_| target(&mut random)).collect();
    let weights: Vec<f32> = (0..rows).map(|_| 1.0 + random.below(3) as f32).collect();
    let mut batch = Batch::new(&inputs, width, &outputs, targets);
    if seed.is_multiple_of(2) {
        batch.weights = Some(&weights);
    }
    // A set with limit 0 rejects rows, which is fine here.
    let _ = network.observe(&batch, None, |_| {});
}

/// Train the network for some cycles if it has training rows, and remove durations and thread counts.
fn trained(network: Network, max_cycles: u64) -> Network {
    let mut live = Live::new(network);
    let options = TrainOptions { max_cycles, max_time: Duration::ZERO, auto_stop: false, backtrack: false };
    if max_cycles > 0 && live.network().rows(Set::Train) > 0 {
        let job = live.train(options, &Pool::new(1, 1), |_| {}).unwrap();
        assert!(job.wait(Duration::from_secs(60)));
        let outcome = live.collect();
        assert!(matches!(outcome, Some(crate::training::Outcome::Trained(..))), "{outcome:?}");
    }
    let mut network = live.network().clone();
    network.forget_times();
    network
}

fn of(network: &mut Network) -> &mut Trained {
    Arc::make_mut(&mut network.trained)
}

fn small(kind: Kind, rows: usize, cycles: u64) -> Network {
    let options = Options { normalize: true, ..Options::new(kind) };
    let limits = Limits { train: 20, test: 10 };
    let mut network = Network::new(kind, Layout::new(&[2, 3, 2]).unwrap(), options, limits, 4).unwrap();
    observe(&mut network, rows, 4);
    let mut network = trained(network, cycles);
    // Random rows cause warnings, which are irrelevant here.
    if let Some(report) = &mut network.report {
        Arc::make_mut(report).warnings.clear();
    }
    network
}

fn frames_of(network: &Network, max_frame: usize) -> Vec<Vec<u8>> {
    let mut frames = Vec::new();
    write(network, max_frame, &mut |frame| frames.push(frame.to_vec()));
    frames
}

fn network_of(frames: &[Vec<u8>], max_frame: usize) -> Result<Network> {
    let mut decoder = Decoder::with_max_frame(max_frame);
    frames.iter().try_for_each(|frame| decoder.push(frame))?;
    decoder.finish()
}

/// Join frames into a file with a valid checksum.
fn file_of(frames: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = frames[0].clone();
    for frame in &frames[1..] {
        bytes.extend((frame.len() as u32).to_le_bytes());
        bytes.extend(frame);
    }
    bytes.extend([0; 8]);
    with_checksum(bytes)
}

fn with_checksum(mut bytes: Vec<u8>) -> Vec<u8> {
    let end = bytes.len().saturating_sub(8);
    let checksum = CRC.checksum(&bytes[..end]).to_le_bytes();
    bytes.truncate(end);
    bytes.extend(checksum);
    bytes
}

fn rejection(bytes: &[u8]) -> String {
    decode(bytes).unwrap_err().to_string()
}

#[test]
fn the_checksum_is_the_crc_64_of_redis() {
    assert_eq!(CRC.checksum(b"123456789"), 0xE9C6_D914_C4B8_D9CA);
}

/// A trained regressor with three weighted rows, as version 1 wrote it. It must remain readable forever.
const FIRST_VERSION: &str = "\
    6e657572616c0100120000000100010202000000000300000000020000000d000000020001010203020100000000000b0000\
    00030001140000000a000000130000000400010f054710bfdeea0389589a14b9d238f947000000050001cdcccc3dcdcccc3d\
    cdcccc3d1f75c83ee9fca93e478a7b3f29234dbfafec353fff85263dcdcccc3dcdcccc3dfc65763fc928c63e553c953e72ce\
    2fbe0dbfb0bdb769c23e47000000060001cdcccc3dcdcccc3dcdcccc3dcdcccc3dcdcccc3dcdcccc3dcdcccc3dcdcccc3dcd\
    cccc3dcdcccc3dcdcccc3dcdcccc3dcdcccc3dcdcccc3dcdcccc3dcdcccc3dcdcccc3d14000000070001ffffff0101ff0101\
    ffffffff0101ff01ff0b00000008000100000090de39f53f13000000090001404527c2b7d7603e96b076426ed0e93d130000\
    000a000120dd1ec07882aa3cd4f39dc10dc8593d350000000b00010200000000000000010000000000000000000000000000\
    00000000300a90ea3f000000806883064000000000000000000000230000000c0001a70d15c2f3dc8c42161b4ac278ab6fbf\
    da7c39c247a75342723f364226351ac20b0000000d00010000004000000040130000000e0001f4fa92c29c6567c2804a94c2\
    b811a6c1070000000f00010000404003000000ffff01a5a3fcfb8ec228bf\
    ";

fn bytes(hexadecimal: &str) -> Vec<u8> {
    let byte = |at| u8::from_str_radix(&hexadecimal[at..at + 2], 16).unwrap();
    (0..hexadecimal.len()).step_by(2).map(byte).collect()
}

/// The frames of a file without the head and the options, whose encoding changed in version 4.
fn content(bytes: &[u8]) -> Vec<&[u8]> {
    let options = [Section::FirstOptions, Section::Ensemble, Section::ClassWeight, Section::Patience, Section::Options];
    frames_in(bytes)
        .into_iter()
        .skip(1)
        .filter(|frame| options.iter().all(|o| frame[..2] != o.tag().to_le_bytes()))
        .collect()
}

/// The frames of a file.
fn frames_in(bytes: &[u8]) -> Vec<&[u8]> {
    let (head, mut rest) = bytes[..bytes.len() - 8].split_at(HEAD);
    let mut frames = vec![head];
    while let Some((&length, after)) = rest.split_first_chunk() {
        let (frame, after) = after.split_at(u32::from_le_bytes(length) as usize);
        frames.push(frame);
        rest = after;
    }
    frames
}

#[test]
fn version_1_is_still_read() {
    let bytes = bytes(FIRST_VERSION);
    let network = decode(&bytes).unwrap();
    let info = network.info();
    assert_eq!((info.kind, &info.layout[..], info.statistics.total_cycles), (Kind::Regressor, &[2, 3, 2][..], 1));
    assert_eq!((info.limits, info.train_rows, info.test_rows), (Limits { train: 20, test: 10 }, 2, 1));
    assert_eq!(network.trained.state.rprop().sizes, vec![0.1; 17]);
    assert_eq!((network.options.ensemble, info.members), (Ensemble::Auto, 1));
    assert_eq!(content(&encode(&network)), content(&bytes), "only the encoding of options may change");
}

/// A classifier with the first version of a report, as NR.EXPORT returned it.
const REPORTED: &[u8] = include_bytes!("tests/reported.nr");

#[test]
fn the_first_report_is_still_read() {
    let network = decode(REPORTED).unwrap();
    let report = network.report().unwrap();
    assert_eq!((report.reason, report.cycles, report.curve.len()), (crate::report::Reason::MaxCycles, 12, 13));
    assert_eq!(
        (report.train_error, report.test_error),
        (network.trained.statistics.train_error, Some(network.trained.statistics.test_error))
    );
    assert_eq!(content(&encode(&network)), content(REPORTED), "only the encoding of options may change");
    // Readers that do not know the sections skip them.
    let frames: Vec<Vec<u8>> = frames_of(&network, MAX_FRAME);
    let optional: Vec<_> = frames[1..].iter().filter(|frame| frame[2] & 1 == 0).map(|frame| frame[0]).collect();
    assert_eq!(optional, [18, 19]);
}

/// A classifier with two members, as version 2 wrote it.
const SECOND_VERSION: &[u8] = include_bytes!("tests/members.nr");

#[test]
fn version_2_is_still_read() {
    let network = decode(SECOND_VERSION).unwrap();
    let info = network.info();
    assert_eq!((info.options.ensemble, info.members, info.parameters), (Ensemble::Fixed(2), 2, 6));
    assert_eq!((info.statistics.total_cycles, info.statistics.total_steps), (2, 8));
    assert_eq!((&info.options.class_weight, info.options.patience), (&ClassWeight::None, Patience::Auto));
    assert_eq!(content(&encode(&network)), content(SECOND_VERSION), "only the encoding of options may change");
}

/// A classifier with class weights and a patience, as version 3 wrote it.
const THIRD_VERSION: &[u8] = include_bytes!("tests/weighted.nr");

#[test]
fn version_3_is_still_read() {
    let network = decode(THIRD_VERSION).unwrap();
    let info = network.info();
    assert_eq!(info.options.class_weight, ClassWeight::Given(Arc::new(vec![0.5, 2.0, 1.25])));
    assert_eq!((info.options.patience, info.options.ensemble), (Patience::Cycles(7), Ensemble::Fixed(1)));
    assert_eq!((info.statistics.total_cycles, info.train_rows, info.test_rows), (2, 6, 3));
    assert_eq!(content(&encode(&network)), content(THIRD_VERSION), "only the encoding of options may change");
}

/// A regressor with the first version of notes, as version 3 wrote it.
const NOTED: &[u8] = include_bytes!("tests/noted.nr");

#[test]
fn the_first_notes_are_still_read() {
    let network = decode(NOTED).unwrap();
    assert_eq!(std::str::from_utf8(network.notes()), Ok("width, height → weight"));
    assert_eq!((network.info().train_rows, network.info().test_rows), (2, 1));
    assert_eq!(content(&encode(&network)), content(NOTED));
}

#[test]
fn notes_survive_trainings_and_resets_and_are_left_out_if_empty() {
    let mut network = small(Kind::Classifier, 12, 0);
    let without = encode(&network);
    network.set_notes(b"width, height").unwrap();
    network = trained(network, 2);
    network.reset();
    let back = decode(&encode(&network)).unwrap();
    assert_eq!((back.notes(), &back), (&b"width, height"[..], &network));
    // Readers that do not know the section skip it.
    let frames = frames_of(&network, MAX_FRAME);
    assert_eq!((frames[frames.len() - 3][0], frames[frames.len() - 3][2] & 1), (23, 0));
    assert!(network.set_notes(&vec![0; MAX_NOTES + 1]).is_err());
    assert_eq!(network.notes(), b"width, height");
    network.set_notes(&vec![0; MAX_NOTES]).unwrap();
    assert_eq!(decode(&encode(&network)).as_ref(), Ok(&network));
    let mut network = small(Kind::Classifier, 12, 0);
    network.set_notes(b"").unwrap();
    assert_eq!(encode(&network), without);
}

#[test]
fn a_fresh_network_is_small() {
    let layout = Layout::new(&[9, 15, 2]).unwrap();
    let options = Options::new(Kind::Classifier);
    let network = Network::new(Kind::Classifier, layout, options, Limits::default(), 1).unwrap();
    assert!(encode(&network).len() < 950, "{}", encode(&network).len());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn a_decoded_network_is_equal_and_behaves_equally(network in networks()) {
        let bytes = encode(&network);
        let mut back = decode(&bytes).unwrap();
        // A NaN error is not equal to itself.
        prop_assert!(back == network || network != network.clone());
        prop_assert_eq!(encode(&back), &bytes[..]);
        let mut network = network;
        for network in [&mut network, &mut back] {
            observe(network, 7, 3);
            *network = trained(network.clone(), 2);
            network.reset();
        }
        prop_assert_eq!(encode(&back), encode(&network));
    }

    #[test]
    fn a_section_may_span_frames(network in networks(), extra in 0usize..100) {
        let max_frame = HEADER + 700 + extra + network.dataset.shape.width() * 4;
        let frames = frames_of(&network, max_frame);
        prop_assert!(frames.iter().all(|frame| frame.len() <= max_frame));
        prop_assert_eq!(encode(&network_of(&frames, max_frame).unwrap()), encode(&network));
        prop_assert!((1..frames.len()).all(|end| network_of(&frames[..end], max_frame).is_err()));
    }

}

fn trained_of(network: &Network) -> Vec<Vec<u8>> {
    let mut frames = Vec::new();
    trained_frames(network.kind, &network.trained, network.report.as_deref(), &mut |frame| frames.push(frame.to_vec()));
    frames
}

#[test]
fn a_training_result_is_decoded_for_copies_only() {
    let mut network = small(Kind::Regressor, 40, 0);
    let mut copy = network.clone();
    network = trained(network, 5);
    let frames = trained_of(&network);
    let (trained, report) = decode_trained(&copy.model(), frames.iter().map(Vec::as_slice)).unwrap();
    copy.install(trained, report.map(Arc::new)).unwrap();
    assert_eq!((copy.trained(), copy.report()), (network.trained(), network.report()));
    assert!(copy.report().is_some());
    let other = small(Kind::Classifier, 0, 0);
    assert!(decode_trained(&other.model(), frames.iter().map(Vec::as_slice)).is_err());
    assert!(decode_trained(&copy.model(), frames[..frames.len() - 1].iter().map(Vec::as_slice)).is_err());
    let whole = frames_of(&network, MAX_FRAME);
    assert!(
        decode_trained(&copy.model(), whole.iter().map(Vec::as_slice)).is_err(),
        "other sections than those of a training"
    );
}

fn head() -> [u8; HEAD] {
    super::frame::head(super::frame::Format::Plain)
}

#[test]
fn a_later_version_is_rejected_by_number() {
    let mut bytes = encode(&small(Kind::Classifier, 0, 0));
    bytes[MAGIC.len()] = 8;
    assert_eq!(decode(&bytes), Err(Error::NewerFormat { found: 8, known: VERSION }));
}

#[test]
fn unknown_sections_are_skipped_or_rejected_if_required() {
    let network = small(Kind::Classifier, 12, 2);
    let with = |flags: [u8; 2]| {
        let mut frames = frames_of(&network, MAX_FRAME);
        let end = frames.len() - 1;
        frames.splice(end..end, flags.map(|flags| vec![77, 0, flags, 1, 2, 3]));
        file_of(&frames)
    };
    assert_eq!(decode(&with([MORE, 0])).as_ref(), Ok(&network));
    assert_eq!(rejection(&with([0, 0])), "not a network: section 77 follows section 77: expected a greater number");
    assert_eq!(rejection(&with([MORE, MORE])), "not a network: section 65535 breaks into section 77");
    assert_eq!(rejection(&with([1, 0])), "not a network: section 77 is required, and unknown to this version");
}

#[test]
fn weights_that_are_all_1_again_are_left_out() {
    let mut network = small(Kind::Regressor, 12, 0);
    let rows = &mut network.dataset.train;
    assert!(rows.weights.is_some());
    (0..rows.len()).for_each(|row| rows.set(row, [0.0; 4].into_iter(), 1.0));
    let back = decode(&encode(&network)).unwrap();
    assert!(back == network && back.dataset.train.weights.is_none());
}

#[test]
fn a_diverged_network_can_be_saved() {
    let mut network = small(Kind::Regressor, 12, 2);
    for error in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -3.0] {
        let trained = of(&mut network);
        let TrainerState::Rprop(rprop) = &mut trained.state else { panic!("few cycles are trained by RPROP") };
        rprop.objectives = vec![error];
        (trained.statistics.train_error, trained.statistics.test_error) = (error, error);
        let back = decode(&encode(&network)).unwrap();
        let expected = if error.is_nan() { f64::INFINITY } else { error };
        assert_eq!(
            (back.trained.state.rprop().objectives[0], back.trained.statistics.test_error),
            (expected, expected)
        );
    }
}

/// A network with two members trained by L-BFGS. The first has returned to earlier weights, so it has no search state.
fn searched() -> Network {
    let mut network = small(Kind::Regressor, 12, 0);
    network.options.ensemble = Ensemble::Fixed(2);
    let mut network = trained(network, 40);
    let TrainerState::Lbfgs(_, searches) = &mut of(&mut network).state else { panic!("L-BFGS has begun") };
    assert!(searches.iter().all(|search| !search.moves.is_empty()));
    searches[0] = SearchState::NONE;
    network
}

#[test]
fn the_state_of_l_bfgs_is_saved_and_can_be_split_anywhere() {
    let network = searched();
    for max_frame in [200, 201, 202, 203, 500, MAX_FRAME] {
        assert!(network_of(&frames_of(&network, max_frame), max_frame).unwrap() == network, "{max_frame}");
    }
    let mut frames = Vec::new();
    trained_frames(network.kind, &network.trained, None, &mut |frame| frames.push(frame.to_vec()));
    let (back, _) = decode_trained(&network.model(), frames.iter().map(Vec::as_slice)).unwrap();
    assert!(back == *network.trained);
}

#[test]
fn a_network_at_the_maximum_of_cycles_stays_readable_after_training() {
    let mut network = small(Kind::Regressor, 12, 2);
    let statistics = &mut of(&mut network).statistics;
    (statistics.total_steps, statistics.total_cycles) = (1 << 62, 1 << 62);
    let again = decode(&encode(&network)).unwrap();
    assert_eq!(decode(&encode(&trained(again, 3))).unwrap().info().statistics.total_cycles, 1 << 62);
}

#[test]
fn a_scale_of_0_is_saved() {
    let mut network = small(Kind::Classifier, 0, 0);
    of(&mut network).normalization.inputs = Some(Scaling { mean: vec![1.0, 2.0], scale: vec![0.0, 3.0] });
    assert_eq!(decode(&encode(&network)), Ok(network));
}

#[test]
fn any_change_of_the_initial_state_is_saved() {
    let network = small(Kind::Regressor, 0, 0);
    let untouched = encode(&network);
    let changes: [fn(&mut RpropState); 3] =
        [|state| state.sizes[3] = 0.05, |state| state.signs[16] = -1, |state| state.objectives[0] = f64::MAX];
    for change in changes {
        let mut network = network.clone();
        let TrainerState::Rprop(state) = &mut of(&mut network).state else { panic!("it is not trained") };
        change(state);
        let bytes = encode(&network);
        assert!(bytes.len() > untouched.len());
        assert_eq!(decode(&bytes), Ok(network));
    }
}

#[test]
fn a_curve_with_the_maximum_of_points_is_saved() {
    let mut network = small(Kind::Regressor, 12, 2);
    let report = Arc::make_mut(network.report.as_mut().unwrap());
    (report.cycles, report.best_cycle) = (600, 600);
    report.curve = (0..512).map(|cycle| Point { cycle, train_error: 1.0, test_error: None }).collect();
    assert!(decode(&encode(&network)) == Ok(network));
}
