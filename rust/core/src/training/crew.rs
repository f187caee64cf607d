//! The threads of one training. They synchronize at least once a cycle.
//!
//! A cycle of a small network takes microseconds, so a helper spins for a moment before it goes to sleep. Rejected: a
//! general thread pool and scoped threads for each cycle, because handing over the work costs more than such a cycle;
//! and a pool that outlives the training, because a forked child has none of its threads and would wait for them
//! forever.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;

use super::sync::atomic::{AtomicBool, AtomicPtr, AtomicU64, AtomicUsize, Ordering};
use super::sync::thread::{self, JoinHandle, Thread};
use super::sync::{SPINS, spin_loop};

/// Low bits of [`Shared::round`], which hold the number of helpers that take part in the round.
const NEEDED_BITS: u32 = 16;

/// The closure that each worker calls in a round; its argument is the worker's number, 0 for the leader.
type Work<'a> = dyn Fn(usize) + Sync + 'a;

/// A leader, which is the thread that made the crew, and its helpers.
pub(crate) struct Crew {
    shared: Arc<Shared>,
    helpers: Vec<JoinHandle<()>>,
}

struct Shared {
    leader: Thread,
    /// The round's number, and in the low bits how many helpers take part. One load reads both, so a helper that takes
    /// no part in a round never reads its `work`.
    round: AtomicU64,
    /// The round's closure, valid until `busy` is 0.
    work: AtomicPtr<&'static Work<'static>>,
    /// Helpers that have not finished the round.
    busy: AtomicUsize,
    panicked: AtomicBool,
    quit: AtomicBool,
}

impl Crew {
    /// Makes a crew without helpers. They are spawned when a round first needs them.
    pub(crate) fn new() -> Self {
        let shared = Shared {
            leader: thread::current(),
            round: AtomicU64::new(0),
            work: AtomicPtr::new(std::ptr::null_mut()),
            busy: AtomicUsize::new(0),
            panicked: AtomicBool::new(false),
            quit: AtomicBool::new(false),
        };
        Self { shared: Arc::new(shared), helpers: Vec::new() }
    }

    /// Runs `work` on the calling thread and on up to `workers - 1` helpers; returns when all are done.
    ///
    /// If the system refuses a thread, the round runs with fewer workers, so `work` must not rely on being called with
    /// every number.
    ///
    /// # Panics
    /// If `work` panics on any of the threads, after all of them are done.
    pub(crate) fn run(&mut self, workers: usize, work: &Work<'_>) {
        let needed = self.enlist(workers.saturating_sub(1));
        if needed == 0 {
            return work(0);
        }
        let shared = &*self.shared;
        // SAFETY: only lifetimes change. Only the helpers of this round use the reference, and each of them decrements
        // `busy` after its last use. This function waits until `busy` is 0, so the borrow outlives every use.
        let mut work: &'static Work<'static> =
            unsafe { std::mem::transmute::<&Work<'_>, &'static Work<'static>>(work) };
        shared.work.store(&raw mut work, Ordering::Relaxed);
        shared.busy.store(needed, Ordering::Relaxed);
        let number = (shared.round.load(Ordering::Relaxed) >> NEEDED_BITS) + 1;
        shared.round.store(number << NEEDED_BITS | needed as u64, Ordering::Release);
        for helper in &self.helpers[..needed] {
            helper.thread().unpark();
        }
        let own = catch_unwind(AssertUnwindSafe(|| work(0)));
        let mut spins = 0;
        while shared.busy.load(Ordering::Acquire) > 0 {
            wait(&mut spins);
        }
        if let Err(panic) = own {
            resume_unwind(panic);
        }
        assert!(!shared.panicked.load(Ordering::Relaxed), "a training thread panicked");
    }

    /// Spawns helpers until there are `needed`. Returns how many of the needed helpers exist.
    fn enlist(&mut self, needed: usize) -> usize {
        let needed = needed.min((1 << NEEDED_BITS) - 1);
        while self.helpers.len() < needed {
            let number = self.helpers.len() + 1;
            let shared = Arc::clone(&self.shared);
            let seen = shared.round.load(Ordering::Relaxed);
            let helper = thread::Builder::new().name("nr-helper".into()).spawn(move || shared.help(number, seen));
            match helper {
                Ok(helper) => self.helpers.push(helper),
                Err(_) => break,
            }
        }
        needed.min(self.helpers.len())
    }
}

impl Shared {
    fn help(&self, number: usize, mut seen: u64) {
        super::lower_priority();
        loop {
            let mut spins = 0;
            let round = loop {
                let round = self.round.load(Ordering::Acquire);
                if round != seen {
                    break round;
                }
                if self.quit.load(Ordering::Relaxed) {
                    return;
                }
                wait(&mut spins);
            };
            seen = round;
            let needed = (round & ((1 << NEEDED_BITS) - 1)) as usize;
            if number <= needed {
                // SAFETY: the leader stores `work` before `round` (release), and this helper has loaded that round
                // (acquire). It is one of those that `busy` counts, and the leader keeps the closure alive, in `run`,
                // until `busy` is 0.
                let work = unsafe { *self.work.load(Ordering::Relaxed) };
                if catch_unwind(AssertUnwindSafe(|| work(number))).is_err() {
                    self.panicked.store(true, Ordering::Relaxed);
                }
                if self.busy.fetch_sub(1, Ordering::AcqRel) == 1 {
                    self.leader.unpark();
                }
            }
        }
    }
}

/// Spins at first, then sleeps until another thread unparks this one.
fn wait(spins: &mut u32) {
    if *spins < SPINS {
        *spins += 1;
        spin_loop();
    } else {
        thread::park();
    }
}

impl Drop for Crew {
    fn drop(&mut self) {
        self.shared.quit.store(true, Ordering::Relaxed);
        for helper in self.helpers.drain(..) {
            helper.thread().unpark();
            // A helper catches the panics of its work, so this cannot fail.
            let _ = helper.join();
        }
    }
}
