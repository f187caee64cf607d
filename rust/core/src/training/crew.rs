//! The threads of one training: they meet at every cycle.
//!
//! A cycle of a small network takes microseconds, so a helper spins for a moment before it goes to sleep. Rejected: a
//! general thread pool and scoped threads for each cycle, whose hand-over costs more than such a cycle; and a pool that
//! outlives the training, whose threads a forked child would wait for in vain.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;

use super::sync::atomic::{AtomicBool, AtomicPtr, AtomicU64, AtomicUsize, Ordering};
use super::sync::thread::{self, JoinHandle, Thread};
use super::sync::{SPINS, spin_loop};

/// Bits of [`Shared::round`] that hold the number of helpers wanted.
const WANTED_BITS: u32 = 16;

/// What a round does; its argument is the worker's number, 0 for the leader.
type Work<'a> = dyn Fn(usize) + Sync + 'a;

/// A leader, who is the thread that made the crew, and its helpers.
pub(crate) struct Crew {
    shared: Arc<Shared>,
    helpers: Vec<JoinHandle<()>>,
}

struct Shared {
    leader: Thread,
    /// The round's number, and in the low bits how many helpers it wants: read at once, so that a helper that is not
    /// wanted never looks at another round's work.
    round: AtomicU64,
    /// The round's work, valid until `busy` is 0.
    work: AtomicPtr<&'static Work<'static>>,
    busy: AtomicUsize,
    panicked: AtomicBool,
    quit: AtomicBool,
}

impl Crew {
    /// A crew that spawns its helpers when a round first wants them.
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
    /// A helper that cannot be had is done without: `work` must not rely on every worker's number.
    ///
    /// # Panics
    /// If `work` panics on any of the threads, after all of them are done.
    pub(crate) fn run(&mut self, workers: usize, work: &Work<'_>) {
        let wanted = self.enlist(workers.saturating_sub(1));
        if wanted == 0 {
            return work(0);
        }
        let shared = &*self.shared;
        // SAFETY: only lifetimes change. The reference is used by helpers of this round alone, and this function does not
        // return before `busy` says that they have done with it.
        let mut work: &'static Work<'static> =
            unsafe { std::mem::transmute::<&Work<'_>, &'static Work<'static>>(work) };
        shared.work.store(&raw mut work, Ordering::Relaxed);
        shared.busy.store(wanted, Ordering::Relaxed);
        let number = (shared.round.load(Ordering::Relaxed) >> WANTED_BITS) + 1;
        shared.round.store(number << WANTED_BITS | wanted as u64, Ordering::Release);
        for helper in &self.helpers[..wanted] {
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

    /// Makes sure of `wanted` helpers; returns how many there are of those.
    fn enlist(&mut self, wanted: usize) -> usize {
        let wanted = wanted.min((1 << WANTED_BITS) - 1);
        while self.helpers.len() < wanted {
            let number = self.helpers.len() + 1;
            let shared = Arc::clone(&self.shared);
            let seen = shared.round.load(Ordering::Relaxed);
            let helper = thread::Builder::new().name("nr-helper".into()).spawn(move || shared.help(number, seen));
            match helper {
                Ok(helper) => self.helpers.push(helper),
                Err(_) => break,
            }
        }
        wanted.min(self.helpers.len())
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
            let wanted = (round & ((1 << WANTED_BITS) - 1)) as usize;
            if number <= wanted {
                // SAFETY: the round wants this helper, so the leader keeps the work alive until `busy` is 0, and
                // `round` was read after it was written.
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

/// Spins at first, then sleeps until somebody unparks this thread.
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
