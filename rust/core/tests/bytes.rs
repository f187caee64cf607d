//! The bytes that a network reports are those that it has allocated.

use std::alloc::{GlobalAlloc, Layout as Memory, System};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use neuralredis_core::training::{Live, Pool, TrainOptions};
use neuralredis_core::{Batch, Changes, ClassWeight, Kind, Layout, Limits, Network, Options};

struct Counting;

static NOW: AtomicUsize = AtomicUsize::new(0);

// SAFETY: every call is forwarded to the system's allocator with the same arguments, so its contract is that of
// `System`.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, memory: Memory) -> *mut u8 {
        NOW.fetch_add(memory.size(), Ordering::Relaxed);
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

fn observe(live: &mut Live, rows: usize, weight: f32) {
    let (inputs, targets) = (live.network().layout().inputs(), live.network().targets());
    let values: Vec<f32> = (0..rows * (inputs + targets)).map(|value| (value % 3) as f32).collect();
    let weights = vec![weight; rows];
    let mut batch = Batch::new(&values[..rows * inputs], inputs, &values[rows * inputs..], targets);
    batch.weights = Some(&weights);
    live.network_mut().observe(&batch, None, |_| {}).unwrap();
}

/// The number of threads of this process; 0 if the system does not tell.
fn threads() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let count = status.lines().find_map(|line| line.strip_prefix("Threads:"));
    count.and_then(|count| count.trim().parse().ok()).unwrap_or_default()
}

fn train(live: &mut Live, pool: &Arc<Pool>) {
    let before = threads();
    let options = TrainOptions { max_cycles: 20, max_time: Duration::ZERO, ..TrainOptions::default() };
    let job = live.train(options, pool, |_| {}).unwrap();
    assert!(job.wait(Duration::from_secs(60)));
    live.collect().expect("the training has ended");
    // The training's threads free their memory shortly after the outcome is published.
    let deadline = Instant::now() + Duration::from_secs(30);
    while threads() > before && Instant::now() < deadline {
        std::thread::yield_now();
    }
}

// A single test, because allocations of tests on other threads would be counted too.
#[test]
fn an_empty_a_full_a_weighted_and_a_trained_network_report_their_size() {
    let pool = Pool::new(1, 1);
    // The first training makes the pool allocate memory that it keeps.
    let options = Options::new(Kind::Regressor);
    let limits = Limits { train: 1, test: 0 };
    let mut first =
        Live::new(Network::new(Kind::Regressor, Layout::new(&[1, 1]).unwrap(), options, limits, 1).unwrap());
    observe(&mut first, 1, 1.0);
    train(&mut first, &pool);
    for units in [&[1, 1][..], &[9, 15, 2], &[130, 40, 20, 7], &[5000, 3]] {
        let options = Options { normalize: true, ..Options::new(Kind::Regressor) };
        let before = NOW.load(Ordering::Relaxed);
        let layout = Layout::new(units).unwrap();
        let network = Network::new(Kind::Regressor, layout, options, Limits { train: 300, test: 100 }, 1).unwrap();
        let mut live = Live::new(network);
        let check = |what: &str, live: &Live| {
            let (reported, allocated) = (live.bytes_by(&|bytes| bytes), NOW.load(Ordering::Relaxed) - before);
            assert_eq!(reported - size_of::<Live>(), allocated, "{units:?}, {what}");
        };
        check("empty", &live);
        for rows in [1, 15, 200, 500] {
            observe(&mut live, rows, 1.0);
            check("with rows", &live);
        }
        observe(&mut live, 1, 2.0);
        check("with weighted rows", &live);
        train(&mut live, &pool);
        check("trained", &live);
        // The second training has no initial cycles of RPROP, so L-BFGS stores moves.
        train(&mut live, &pool);
        check("trained again", &live);
        let limits = Limits { train: 37, test: 0 };
        live.configure(&Changes::default(), limits).unwrap();
        check("with fewer rows", &live);
        live.reset();
        check("reset", &live);
        live.network_mut().set_notes(b"width").unwrap();
        check("with notes", &live);
    }
    let before = NOW.load(Ordering::Relaxed);
    let (kind, limits) = (Kind::Classifier, Limits { train: 10, test: 0 });
    let network = Network::new(kind, Layout::new(&[1, 3]).unwrap(), Options::new(kind), limits, 1).unwrap();
    let mut live = Live::new(network);
    let check = |what: &str, live: &Live| {
        let (reported, allocated) = (live.bytes_by(&|bytes| bytes), NOW.load(Ordering::Relaxed) - before);
        assert_eq!(reported - size_of::<Live>(), allocated, "{what}");
    };
    for (what, weights) in [
        ("with weights of classes", ClassWeight::Given(Arc::new(vec![1.0, 2.0, 3.0]))),
        ("balanced", ClassWeight::Balanced),
    ] {
        live.configure(&Changes { class_weight: Some(weights), ..Changes::default() }, limits).unwrap();
        observe(&mut live, 9, 1.0);
        check(what, &live);
        train(&mut live, &pool);
        check(what, &live);
    }
}
