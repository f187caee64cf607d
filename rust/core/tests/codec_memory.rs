//! The memory of decoding: damaged and forged payloads allocate no more than is in proportion to their own size.

use std::alloc::{GlobalAlloc, Layout as Memory, System};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use crc::{CRC_64_REDIS, Crc};
use neuralredis_core::random::Random;
use neuralredis_core::training::{Live, Pool, TrainOptions};
use neuralredis_core::{
    Batch, Changes, ClassWeight, Error, Kind, Layout, Limits, Network, Options, Patience, Result, Set, codec,
};

/// The most bytes that decoding one of the small payloads below may allocate. The widest has 16 kB, and a row of 4096
/// numbers occupies a group of sixteen rows, in each set.
const MAX_PEAK: usize = 1 << 20;
const ROUNDS: u64 = 10_000;

struct Counting;

static NOW: AtomicUsize = AtomicUsize::new(0);
static PEAK: AtomicUsize = AtomicUsize::new(0);
/// The memory limit in bytes. Beyond it allocations larger than `MESSAGE` fail; smaller ones, as for error messages, do
/// not.
static LIMIT: AtomicUsize = AtomicUsize::new(usize::MAX);
const MESSAGE: usize = 512;

// SAFETY: every call is forwarded to the system's allocator with the same arguments, or fails with a null pointer,
// which the contract allows.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, memory: Memory) -> *mut u8 {
        if memory.size() > MESSAGE && NOW.load(Ordering::Relaxed) + memory.size() > LIMIT.load(Ordering::Relaxed) {
            return std::ptr::null_mut();
        }
        let now = NOW.fetch_add(memory.size(), Ordering::Relaxed) + memory.size();
        PEAK.fetch_max(now, Ordering::Relaxed);
        // SAFETY: the caller upholds the contract of `alloc`, which is that of `System`.
        unsafe { System.alloc(memory) }
    }

    unsafe fn dealloc(&self, at: *mut u8, memory: Memory) {
        NOW.fetch_sub(memory.size(), Ordering::Relaxed);
        // SAFETY: `at` was allocated by `System` with this layout, since `alloc` has no other source.
        unsafe { System.dealloc(at, memory) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Returns the result of `f`, and the peak of the bytes that it allocated.
fn peak_of<T>(f: impl FnOnce() -> T) -> (T, usize) {
    let before = NOW.load(Ordering::Relaxed);
    PEAK.store(before, Ordering::Relaxed);
    let result = f();
    (result, PEAK.load(Ordering::Relaxed) - before)
}

/// Replaces the checksum by a correct one.
fn sealed(mut bytes: Vec<u8>) -> Vec<u8> {
    bytes.truncate(bytes.len().saturating_sub(8));
    let checksum = Crc::<u64>::new(&CRC_64_REDIS).checksum(&bytes);
    bytes.extend(checksum.to_le_bytes());
    bytes
}

fn network(kind: Kind, units: &[usize], rows: usize, cycles: u64) -> Network {
    let options = Options { normalize: true, ..Options::new(kind) };
    let limits = Limits { train: 30, test: 15 };
    let mut network = Network::new(kind, Layout::new(units).unwrap(), options, limits, 5).unwrap();
    let mut random = Random::new(1, 1);
    let inputs: Vec<f32> = (0..rows * units[0]).map(|_| random.symmetric()).collect();
    let outputs: Vec<f32> = (0..rows * network.targets()).map(|i| (i % 2) as f32).collect();
    let weights: Vec<f32> = (0..rows).map(|row| 1.0 + row as f32).collect();
    let mut batch = Batch::new(&inputs, units[0], &outputs, network.targets());
    batch.weights = Some(&weights);
    network.observe(&batch, None, |_| {}).unwrap();
    if cycles == 0 { network } else { train(network, cycles) }
}

/// The network with all optional parts.
fn with_options(mut network: Network) -> Network {
    let weights = vec![2.5; network.layout().outputs()];
    let (class_weight, patience) = (Some(ClassWeight::Given(Arc::new(weights))), Some(Patience::Cycles(9)));
    let limits = network.info().limits;
    network.configure(&Changes { class_weight, patience, ..Changes::default() }, limits).unwrap();
    network.set_notes(&[7; 600]).unwrap();
    network
}

fn train(network: Network, max_cycles: u64) -> Network {
    let mut live = Live::new(network);
    let options = TrainOptions { max_cycles, max_time: Duration::ZERO, ..TrainOptions::default() };
    let job = live.train(options, &Pool::new(1, 1), |_| {}).unwrap();
    assert!(job.wait(Duration::from_secs(60)));
    live.collect().expect("the training has ended");
    live.network().clone()
}

/// Makes one to four random changes: truncation, insertion, deletion, flipped bits and extreme values.
fn damage(bytes: &[u8], random: &mut Random) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for _ in 0..=random.below(4) {
        let at = random.below(bytes.len().max(1) as u64) as usize;
        let extremes = [0, u64::MAX, random.bits(), u64::from(f32::NAN.to_bits()), f64::INFINITY.to_bits(), 1 << 20];
        let extreme = extremes[random.below(6) as usize].to_le_bytes();
        match random.below(7) {
            0 => bytes.truncate(at),
            1 => bytes.extend(extreme),
            2 => drop(bytes.drain(at..bytes.len().min(at + random.below(20) as usize))),
            3 => drop(bytes.splice(at..at, extreme[..random.below(8) as usize].iter().copied())),
            4 => bytes.iter_mut().skip(at).take(1).for_each(|byte| *byte ^= 1 << (extreme[0] % 8)),
            width => bytes.iter_mut().skip(at).zip(&extreme[..4 * (width - 4) as usize]).for_each(|(to, b)| *to = *b),
        }
    }
    bytes
}

/// Whether the bytes decode. If so, asserts that the network can be encoded, run, evaluated and trained.
fn decodes(bytes: &[u8], peak: &mut usize) -> bool {
    let (decoded, taken) = peak_of(|| codec::decode(bytes));
    *peak = taken.max(*peak);
    let Ok(network) = decoded else { return false };
    let written = codec::encode(&network);
    // Without the version, which is always written as the newest, and the checksum.
    let content = |bytes: &[u8]| bytes[8..bytes.len() - 8].to_vec();
    let same = content(&written) == content(bytes);
    assert!(same || written.len() < bytes.len(), "only skipped sections may be missing after encoding again");
    let inputs = vec![1.0; network.layout().inputs()];
    let mut outputs = vec![0.0; network.layout().outputs()];
    network.model().run(&inputs, &mut outputs).unwrap();
    for set in [Set::Train, Set::Test] {
        assert_eq!(network.evaluate(set).is_ok(), network.rows(set) > 0);
    }
    if network.rows(Set::Train) > 0 && network.info().parameters < 1000 {
        codec::decode(&codec::encode(&train(network, 1))).unwrap();
    }
    true
}

// A single test, because allocations of tests on other threads would be counted too.
#[test]
fn ten_thousand_damaged_networks_and_as_many_forged_ones_need_little_memory() {
    let originals = [
        network(Kind::Classifier, &[9, 15, 2], 40, 2),
        with_options(network(Kind::Classifier, &[2, 2], 1, 0)),
        network(Kind::Regressor, &[3, 4, 2, 2], 40, 2),
        network(Kind::Classifier, &[4095, 1, 2], 2, 0),
        network(Kind::Regressor, &[4096, 1], 2, 0),
    ]
    .map(|network| codec::encode(&network));
    let mut random = Random::new(11, 1);
    let (mut peak, mut accepted) = (0, 0);
    for _ in 0..ROUNDS {
        // Wide networks are slow, so they are tried less often.
        let which = if random.below(10) == 0 { 5 } else { 3 };
        let damaged = damage(&originals[random.below(which) as usize], &mut random);
        if !originals.contains(&damaged) {
            assert!(!decodes(&damaged, &mut peak), "the checksum must detect the damage");
        }
        accepted += u64::from(decodes(&sealed(damaged), &mut peak));
    }
    assert!(accepted > ROUNDS / 100, "too few forged networks were decoded: {accepted}");
    assert!(peak < MAX_PEAK, "{peak} bytes");
    a_large_network_is_allocated_once();
    a_payload_for_which_there_is_too_little_memory_is_rejected();
    no_memory_is_allocated_by_counts_of_the_original_module();
    wide_layers_answer_many_rows_in_little_memory();
}

fn a_large_network_is_allocated_once() {
    let options = Options::new(Kind::Regressor);
    let layout = Layout::new(&[2047, 2048, 1]).unwrap();
    let limits = Limits { train: 10_000, test: 0 };
    let mut network = Network::new(Kind::Regressor, layout, options, limits, 5).unwrap();
    let (inputs, outputs) = (vec![0.5; 5_000 * 2047], vec![1.0; 5_000]);
    network.observe(&Batch::new(&inputs, 2047, &outputs, 1), None, |_| {}).unwrap();
    let (mut length, mut longest) = (0, 0);
    let ((), peak) = peak_of(|| {
        codec::frames(&network, &mut |frame| {
            length += frame.len();
            longest = longest.max(frame.len());
        });
    });
    assert!(longest <= codec::MAX_FRAME && longest > codec::MAX_FRAME - 8192, "{longest}");
    assert!(peak <= 2 * codec::MAX_FRAME, "frames took {peak} bytes for {length}");
    let bytes = codec::encode(&network);
    let (decoded, peak) = peak_of(|| codec::decode(&bytes));
    assert!(decoded.unwrap() == network);
    assert!(peak < bytes.len() * 3 / 2, "{peak} bytes for {}", bytes.len());
}

fn a_payload_for_which_there_is_too_little_memory_is_rejected() {
    let trained = codec::encode(&network(Kind::Regressor, &[300, 20, 10], 40, 2));
    let untrained = codec::encode(&network(Kind::Classifier, &[300, 20, 10], 40, 0));
    let wide = codec::encode(&network(Kind::Regressor, &[5000, 1], 3, 0));
    let weighted = codec::encode(&with_options(network(Kind::Classifier, &[1, 5000], 3, 0)));
    for bytes in [trained, untrained, wide, weighted] {
        let (decoded, whole) = peak_of(|| codec::decode(&bytes));
        assert!(decoded.is_ok());
        drop(decoded);
        let mut rejected = 0;
        for step in 0..200 {
            LIMIT.store(NOW.load(Ordering::Relaxed) + whole * step / 200, Ordering::Relaxed);
            let decoded = codec::decode(&bytes);
            LIMIT.store(usize::MAX, Ordering::Relaxed);
            match decoded {
                Err(Error::Memory { bytes }) => {
                    assert!(bytes > MESSAGE / 2);
                    rejected += 1;
                }
                decoded => assert!(decoded.is_ok()),
            }
        }
        assert!(rejected > 150, "{rejected}");
    }
}

/// A network of the original module with these counts, followed by `floats` equal values.
struct Forged {
    whole: std::vec::IntoIter<u64>,
    floats: usize,
}

impl codec::Values for Forged {
    fn whole(&mut self) -> Result<u64> {
        self.whole.next().ok_or_else(|| Error::Damaged("it ends".into()))
    }

    fn float(&mut self) -> Result<f32> {
        self.floats = self.floats.checked_sub(1).ok_or_else(|| Error::Damaged("it ends".into()))?;
        Ok(1.0)
    }
}

fn no_memory_is_allocated_by_counts_of_the_original_module() {
    // Layers from the outputs to the inputs, flags, and statistics; then the rows and the limit of the training set.
    let wide = vec![3, 2, 1 << 20, 2, 2, 1, 1, 1, 1, 1];
    let long = vec![2, 2, 1 << 20, 2, 1, 1, 1, 1, 1, u64::from(u32::MAX), u64::from(u32::MAX)];
    for (whole, floats) in
        [(wide.clone(), 0), (wide.clone(), 1000), (wide, 1 << 20), (long.clone(), 1 << 24), (long, 1 << 23)]
    {
        let (decoded, peak) = peak_of(|| codec::decode_original(&mut Forged { whole: whole.into_iter(), floats }));
        assert!(decoded.is_err());
        assert!(peak < floats * 10 + 10_000, "{peak} bytes for {floats} values");
    }
}

fn wide_layers_answer_many_rows_in_little_memory() {
    for units in [&[1usize, 1 << 20, 1][..], &[1 << 20, 1], &[1, 1 << 16, 1], &[1, 70_000, 2]] {
        let network = Network::new(
            Kind::Regressor,
            Layout::new(units).unwrap(),
            Options::new(Kind::Regressor),
            Limits::default(),
            1,
        )
        .unwrap();
        let rows = 20;
        let inputs: Vec<f32> = (0..rows * units[0]).map(|value| (value % 7) as f32).collect();
        let width = network.layout().outputs();
        let mut outputs = vec![0.0; rows * width];
        let (answered, peak) = peak_of(|| network.model().run(&inputs, &mut outputs));
        answered.unwrap();
        assert!(peak < 16 << 20, "{peak} bytes for a layout of {units:?}");
        for (inputs, together) in inputs.chunks(units[0]).zip(outputs.chunks(width)) {
            let mut alone = vec![0.0; width];
            network.model().run(inputs, &mut alone).unwrap();
            assert_eq!(alone, together, "a row must have the same answer alone and in a batch");
        }
    }
}
