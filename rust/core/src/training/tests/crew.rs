//! The crew: which workers take part in a round, sleeping helpers, panics.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use super::super::crew::Crew;

#[test]
fn every_round_runs_once_on_each_of_its_workers_and_on_no_other() {
    let mut crew = Crew::new();
    for round in 0..5_000 {
        let workers = 1 + round % 4;
        let done: [AtomicUsize; 4] = Default::default();
        crew.run(workers, &|worker| {
            done[worker].fetch_add(1, Ordering::Relaxed);
        });
        let done = done.map(AtomicUsize::into_inner);
        assert!(done[..workers].iter().all(|&n| n == 1) && done[workers..].iter().all(|&n| n == 0), "{done:?}");
    }
}

#[test]
fn helpers_that_went_to_sleep_wake_up() {
    let mut crew = Crew::new();
    for _ in 0..3 {
        let done = AtomicUsize::new(0);
        crew.run(3, &|_| {
            done.fetch_add(1, Ordering::Relaxed);
        });
        assert_eq!(done.into_inner(), 3);
        thread::sleep(std::time::Duration::from_millis(20));
    }
}

#[test]
fn a_panic_on_any_thread_reaches_the_leader() {
    for culprit in 0..2 {
        let mut crew = Crew::new();
        let round = catch_unwind(AssertUnwindSafe(|| {
            crew.run(2, &|worker| assert!(worker != culprit, "culprit"));
        }));
        assert!(round.is_err());
    }
}
