//! Model checking of the code that the threads of trainings share, in every order of its steps, with loom.
//!
//! The files are those of the engine, but with loom's atomics, locks and threads. Loom runs a test once for each order
//! of events, and for each value that the memory model allows a load to return. It also reports deadlocks. Timeouts
//! never expire in loom, so the tests must not rely on one.
//!
//! By default an order has at most two preemptions; `LOOM_MAX_PREEMPTIONS` sets another bound.

// The tests use only part of these files, and SPINS is 0.
#![allow(dead_code, unreachable_pub, clippy::absurd_extreme_comparisons)]

use std::sync::Arc;

use loom::sync::atomic::{AtomicUsize, Ordering};
use loom::thread;

#[path = "../src/training/control.rs"]
mod control;
#[path = "../src/training/crew.rs"]
mod crew;
#[path = "../src/training/pool.rs"]
mod pool;
#[path = "../src/training/turns.rs"]
mod turns;

/// Replaces `src/training/sync.rs`: threads do not spin, and seats are held for no time.
mod sync {
    pub(super) use loom::hint::spin_loop;
    pub(super) use loom::sync::{Condvar, Mutex, MutexGuard, atomic};

    pub(super) use crate::sleepers as thread;
    pub(super) use std::time::Instant;

    pub(super) const SPINS: u32 = 0;
    pub(super) const SLICE: std::time::Duration = std::time::Duration::ZERO;
}

/// Threads whose `park` and `unpark` use a lock and a condition variable. Loom's own `unpark` synchronizes memory with
/// the woken thread even if that is not parked, which would hide wrong memory orderings.
mod sleepers {
    use std::cell::RefCell;
    use std::io;
    use std::sync::Arc;

    use loom::sync::{Condvar, Mutex};

    #[derive(Clone)]
    pub(super) struct Thread(Arc<(Mutex<bool>, Condvar)>);

    impl Thread {
        fn new() -> Self {
            Self(Arc::new((Mutex::new(false), Condvar::new())))
        }

        pub(super) fn unpark(&self) {
            *self.0.0.lock().unwrap() = true;
            self.0.1.notify_one();
        }
    }

    loom::thread_local! {
        static CURRENT: RefCell<Option<Thread>> = RefCell::new(None);
    }

    pub(super) fn current() -> Thread {
        CURRENT.with(|current| current.borrow_mut().get_or_insert_with(Thread::new).clone())
    }

    pub(super) fn park() {
        let thread = current();
        let mut woken = thread.0.0.lock().unwrap();
        while !std::mem::take(&mut *woken) {
            woken = thread.0.1.wait(woken).unwrap();
        }
    }

    pub(super) struct JoinHandle<T>(loom::thread::JoinHandle<T>, Thread);

    impl<T> JoinHandle<T> {
        pub(super) fn thread(&self) -> &Thread {
            &self.1
        }

        pub(super) fn join(self) -> std::thread::Result<T> {
            self.0.join()
        }
    }

    pub(super) struct Builder(loom::thread::Builder);

    impl Builder {
        pub(super) fn new() -> Self {
            Self(loom::thread::Builder::new())
        }

        pub(super) fn name(self, name: String) -> Self {
            Self(self.0.name(name))
        }

        pub(super) fn spawn<T: Send + 'static>(
            self,
            body: impl FnOnce() -> T + Send + 'static,
        ) -> io::Result<JoinHandle<T>> {
            let thread = Thread::new();
            let own = thread.clone();
            let handle = self.0.spawn(move || {
                CURRENT.with(|current| *current.borrow_mut() = Some(own));
                body()
            })?;
            Ok(JoinHandle(handle, thread))
        }
    }
}

fn lower_priority() {}

use control::Control;
use crew::Crew;
use pool::{Pool, Seats};
use turns::Owner;

fn owner() -> Owner {
    Owner::default()
}

/// Runs a body in all orders with at most two preemptions.
fn in_every_order(body: impl Fn() + Send + Sync + 'static) {
    in_orders(2, body);
}

/// Runs a body in all orders with at most this many preemptions, unless `LOOM_MAX_PREEMPTIONS` is set.
fn in_orders(preemptions: usize, body: impl Fn() + Send + Sync + 'static) {
    let mut model = loom::model::Builder::new();
    model.preemption_bound = model.preemption_bound.or(Some(preemptions));
    model.check(body);
}

/// A counter that threads share.
#[derive(Clone)]
struct Count(Arc<AtomicUsize>);

impl Count {
    fn new() -> Self {
        Self(Arc::new(AtomicUsize::new(0)))
    }

    fn add(&self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }

    fn get(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }
}

#[test]
fn a_crew_runs_each_round_once_and_returns_when_it_is_done() {
    in_every_order(|| {
        let mut crew = Crew::new();
        for _ in 0..2 {
            // This lives for one round, so a helper that ran later would access freed memory.
            let done = [AtomicUsize::new(0), AtomicUsize::new(0)];
            crew.run(2, &|worker| {
                done[worker].fetch_add(1, Ordering::Relaxed);
            });
            assert_eq!(done.map(|done| done.load(Ordering::Relaxed)), [1, 1]);
        }
    });
}

#[test]
fn a_crew_of_three_can_run_a_round_with_fewer() {
    in_orders(1, || {
        let mut crew = Crew::new();
        for workers in [3, 2] {
            let done = Count::new();
            crew.run(workers, &|_| done.add());
            assert_eq!(done.get(), workers);
        }
    });
}

#[test]
fn a_round_sees_the_writes_of_the_previous_round() {
    in_every_order(|| {
        let mut crew = Crew::new();
        let cells = [AtomicUsize::new(0), AtomicUsize::new(0)];
        crew.run(2, &|worker| cells[worker].store(7, Ordering::Relaxed));
        crew.run(2, &|worker| assert_eq!(cells[1 - worker].load(Ordering::Relaxed), 7));
    });
}

#[test]
fn a_training_that_is_withdrawn_while_it_starts_is_either_started_or_withdrawn() {
    in_every_order(|| {
        let pool = Pool::new(1, 1);
        let started = Count::new();
        pool.submit(&owner(), Box::new(|| {}));
        let ticket = {
            let started = started.clone();
            pool.submit(&owner(), Box::new(move || started.add()))
        };
        let ending = {
            let pool = Arc::clone(&pool);
            thread::spawn(move || pool.ended(&owner()))
        };
        let withdrawn = pool.withdraw(&owner(), ticket);
        ending.join().unwrap();
        assert_eq!(started.get() + usize::from(withdrawn), 1);
        assert_eq!(pool.counts(), (usize::from(!withdrawn), 0));
        assert!(!pool.withdraw(&owner(), ticket));
    });
}

#[test]
fn every_queued_training_is_started() {
    for raise_limit in [false, true] {
        in_every_order(move || {
            let pool = Pool::new(1, 1);
            let started = Count::new();
            pool.submit(&owner(), Box::new(|| {}));
            let ending = {
                let pool = Arc::clone(&pool);
                thread::spawn(move || pool.ended(&owner()))
            };
            let submitting = {
                let (pool, started) = (Arc::clone(&pool), started.clone());
                thread::spawn(move || {
                    pool.submit(&owner(), Box::new(move || started.add()));
                })
            };
            if raise_limit {
                pool.set_max_trainings(2);
            }
            ending.join().unwrap();
            submitting.join().unwrap();
            assert_eq!((started.get(), pool.counts()), (1, (1, 0)));
        });
    }
}

#[test]
fn trainings_take_turns_on_fewer_seats_and_none_waits_forever() {
    in_every_order(|| {
        let pool = Pool::new(1, 2);
        pool.submit(&owner(), Box::new(|| {}));
        pool.submit(&owner(), Box::new(|| {}));
        let computing = Count::new();
        let train = |pool: Arc<Pool>, computing: Count| {
            let mut seats = Seats::new(pool, owner());
            for _ in 0..2 {
                assert_eq!(seats.take(2, || false), Some(1));
                assert_eq!(computing.0.fetch_add(1, Ordering::SeqCst), 0, "two trainings compute on one seat");
                computing.0.fetch_sub(1, Ordering::SeqCst);
            }
        };
        let other = {
            let (pool, computing) = (Arc::clone(&pool), computing.clone());
            thread::spawn(move || train(pool, computing))
        };
        train(Arc::clone(&pool), computing);
        other.join().unwrap();
        assert_eq!(Seats::new(pool, owner()).take(1, || false), Some(1), "the seat was not returned");
    });
}

#[test]
fn giving_up_the_wait_for_a_seat_does_not_block_others() {
    in_every_order(|| {
        let pool = Pool::new(1, 2);
        let cancelled = {
            let pool = Arc::clone(&pool);
            thread::spawn(move || Seats::new(pool, owner()).take(1, || true).is_some())
        };
        let mut seats = Seats::new(Arc::clone(&pool), owner());
        assert_eq!(seats.take(1, || false), Some(1));
        drop(seats);
        cancelled.join().unwrap();
        assert_eq!(Seats::new(pool, owner()).take(1, || false), Some(1));
    });
}

#[test]
fn a_waiting_training_gets_a_seat_when_the_limit_rises() {
    in_every_order(|| {
        let pool = Pool::new(1, 2);
        let mut seats = Seats::new(Arc::clone(&pool), owner());
        assert_eq!(seats.take(2, || false), Some(1));
        let other = {
            let pool = Arc::clone(&pool);
            thread::spawn(move || Seats::new(pool, owner()).take(1, || false))
        };
        pool.set_threads(2);
        assert_eq!(other.join().unwrap(), Some(1));
    });
}

#[test]
fn a_cancellation_is_never_withdrawn() {
    in_every_order(|| {
        let control = Arc::new(Control::new());
        let request = |request: fn(&Control)| {
            let control = Arc::clone(&control);
            thread::spawn(move || request(&control))
        };
        let (stopping, cancelling) = (request(Control::stop), request(Control::cancel));
        // The request that the training sees meanwhile can only become more urgent.
        let seen = [control.is_cancelled(), control.is_cancelled()];
        assert!(seen[1] >= seen[0]);
        assert!(control.is_stopped() >= seen[1]);
        stopping.join().unwrap();
        cancelling.join().unwrap();
        assert!(control.is_stopped() && control.is_cancelled());
    });
}

#[test]
fn a_published_cycle_has_an_error() {
    in_every_order(|| {
        let control = Arc::new(Control::new());
        let publishing = {
            let control = Arc::clone(&control);
            thread::spawn(move || control.publish(1, 0.5, Some((0.25, None))))
        };
        let progress = control.progress();
        assert!(progress.train_error.is_none_or(|error| error == 0.5));
        assert!(progress.test_error.is_none_or(|error| error == 0.25));
        assert_eq!(progress.class_errors, None);
        publishing.join().unwrap();
        assert_eq!((control.progress().cycle, control.progress().train_error), (1, Some(0.5)));
    });
}

#[test]
fn owners_start_in_any_order() {
    in_every_order(|| {
        let pool = Pool::new(1, 1);
        let started = Count::new();
        let submit = |name: &'static [u8]| {
            let (pool, started) = (Arc::clone(&pool), started.clone());
            thread::spawn(move || {
                pool.submit(&Owner::from(name), Box::new(move || started.add()));
            })
        };
        // Neither has a running training, so each starts at once.
        for submitting in [submit(b"a"), submit(b"b")] {
            submitting.join().unwrap();
        }
        assert_eq!((started.get(), pool.counts()), (2, (2, 0)));
    });
}
