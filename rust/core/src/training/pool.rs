//! Scheduling of trainings: which of them run, and with how many threads.
//!
//! There are two limits, and both can be changed at any time: how many trainings run at once, while the others are
//! queued; and how many threads the running trainings share. A training computes only while it holds seats, one for
//! each thread. When others wait for seats, it returns those beyond its share every few milliseconds. When there are
//! more trainings than seats, they take turns. The number of threads of a training never changes what it computes.
//!
//! No owner can keep another from training: owners take turns, both for starting and for seats. If no training of an
//! owner is running, its next one starts at once, even beyond the limit, since the running trainings may never end.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use super::sync::{Condvar, Instant, Mutex, MutexGuard, SLICE};
use super::turns::{Owner, Turns};

/// Limits and state of all trainings of one process.
#[derive(Debug)]
pub struct Pool {
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    threads: usize,
    max_trainings: usize,
    running: usize,
    /// Owners of trainings that run, with how many each has.
    running_of: HashMap<Owner, usize>,
    /// Calls that start the queued trainings.
    queue: Turns<Box<dyn FnOnce() + Send>>,
    seats_taken: usize,
    /// Trainings that wait for a seat.
    waiting: Turns<()>,
    next_ticket: u64,
    /// Bytes of memory that running trainings use.
    bytes: usize,
}

impl State {
    fn has_place_for(&self, owner: &Owner) -> bool {
        self.running < self.max_trainings || !self.running_of.contains_key(owner)
    }
}

impl std::fmt::Debug for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} running, {} queued, {} seats taken", self.running, self.queue.len(), self.seats_taken)
    }
}

impl Pool {
    /// Makes a pool of `threads` threads in which `max_trainings` trainings run at once; 0 counts as 1.
    pub fn new(threads: usize, max_trainings: usize) -> Arc<Self> {
        let state = State {
            threads: threads.max(1),
            max_trainings: max_trainings.max(1),
            running: 0,
            running_of: HashMap::new(),
            queue: Turns::new(),
            seats_taken: 0,
            waiting: Turns::new(),
            next_ticket: 0,
            bytes: 0,
        };
        Arc::new(Self { state: Mutex::new(state), changed: Condvar::new() })
    }

    /// Sets how many threads all trainings have together; 0 counts as 1. Running trainings adapt within milliseconds.
    pub fn set_threads(&self, threads: usize) {
        self.lock().threads = threads.max(1);
        self.changed.notify_all();
    }

    /// Sets how many trainings run at once; 0 counts as 1. Running trainings are not stopped.
    pub fn set_max_trainings(self: &Arc<Self>, max_trainings: usize) {
        self.lock().max_trainings = max_trainings.max(1);
        self.start_queued();
    }

    /// How many trainings run, and how many are queued.
    pub fn counts(&self) -> (usize, usize) {
        let state = self.lock();
        (state.running, state.queue.len())
    }

    /// How many threads all trainings have together.
    pub fn threads(&self) -> usize {
        self.lock().threads
    }

    /// Bytes of memory that running trainings use, estimated.
    pub fn bytes(&self) -> usize {
        self.lock().bytes
    }

    /// Whether a training of this owner would start at once.
    pub fn has_place_for(&self, owner: &Owner) -> bool {
        self.lock().has_place_for(owner)
    }

    /// Calls `start` now or when a running training ends. `start` must arrange for [`Self::ended`] to be called.
    /// Returns the ticket with which the training can be withdrawn.
    pub(super) fn submit(self: &Arc<Self>, owner: &Owner, start: Box<dyn FnOnce() + Send>) -> u64 {
        let mut state = self.lock();
        let ticket = state.next_ticket;
        state.next_ticket += 1;
        state.queue.push(owner, ticket, start);
        drop(state);
        self.start_queued();
        ticket
    }

    /// Removes a training from the queue. Returns whether it was queued.
    pub(super) fn withdraw(&self, owner: &Owner, ticket: u64) -> bool {
        let mut state = self.lock();
        let start = state.queue.remove(owner, ticket);
        drop(state);
        start.is_some()
    }

    /// Must be called when a running training has ended. Starts queued ones in its place.
    pub(super) fn ended(self: &Arc<Self>, owner: &Owner) {
        let mut state = self.lock();
        state.running -= 1;
        if let Some(running) = state.running_of.get_mut(owner) {
            *running -= 1;
            if *running == 0 {
                state.running_of.remove(owner);
            }
        }
        drop(state);
        self.start_queued();
    }

    fn start_queued(self: &Arc<Self>) {
        loop {
            let mut guard = self.lock();
            let state = &mut *guard;
            let is_full = state.running >= state.max_trainings;
            let running_of = &state.running_of;
            let next = state.queue.pop(|owner| !is_full || !running_of.contains_key(owner));
            let Some((owner, start)) = next else { return };
            state.running += 1;
            *state.running_of.entry(owner).or_default() += 1;
            drop(guard);
            start();
        }
    }

    /// Counts bytes of memory as used by a training until the returned guard is dropped.
    pub(super) fn count_bytes(self: &Arc<Self>, bytes: usize) -> Bytes {
        self.lock().bytes += bytes;
        Bytes { pool: Arc::clone(self), bytes }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // No code that can panic runs under this lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Guard of bytes that a running training uses, see [`Pool::count_bytes`].
pub(super) struct Bytes {
    pool: Arc<Pool>,
    bytes: usize,
}

impl Drop for Bytes {
    fn drop(&mut self) {
        self.pool.lock().bytes -= self.bytes;
    }
}

/// The seats that one training holds. They are returned when this is dropped.
#[derive(Debug)]
pub(super) struct Seats {
    pool: Arc<Pool>,
    owner: Owner,
    /// How many were requested when they were taken.
    requested: usize,
    taken: usize,
    since: Instant,
}

impl Seats {
    pub(super) fn new(pool: Arc<Pool>, owner: Owner) -> Self {
        Self { pool, owner, requested: 0, taken: 0, since: Instant::now() }
    }

    /// Takes seats, at most `requested` and at least one, and returns how many. Waits while other trainings hold all
    /// seats. None once `give_up` returns true; it is called about every 50 ms while waiting.
    pub(super) fn take(&mut self, requested: usize, give_up: impl Fn() -> bool) -> Option<usize> {
        if self.taken > 0 && self.requested == requested && self.since.elapsed() < SLICE {
            return Some(self.taken);
        }
        let pool = Arc::clone(&self.pool);
        let mut state = pool.lock();
        state.seats_taken -= std::mem::take(&mut self.taken);
        if !state.waiting.is_empty() {
            pool.changed.notify_all();
        }
        let ticket = state.next_ticket;
        state.next_ticket += 1;
        state.waiting.push(&self.owner, ticket, ());
        while state.seats_taken >= state.threads || state.waiting.first() != Some(ticket) {
            if give_up() {
                state.waiting.remove(&self.owner, ticket);
                pool.changed.notify_all();
                return None;
            }
            let (guard, _) =
                pool.changed.wait_timeout(state, Duration::from_millis(50)).unwrap_or_else(PoisonError::into_inner);
            state = guard;
        }
        state.waiting.pop(|_| true);
        let free = state.threads - state.seats_taken;
        let share = (state.threads / state.running.max(1)).max(1);
        (self.requested, self.taken) = (requested, requested.min(free).min(share).max(1));
        state.seats_taken += self.taken;
        self.since = Instant::now();
        if !state.waiting.is_empty() && state.seats_taken < state.threads {
            pool.changed.notify_all();
        }
        Some(self.taken)
    }
}

impl Drop for Seats {
    fn drop(&mut self) {
        self.pool.lock().seats_taken -= self.taken;
        self.pool.changed.notify_all();
    }
}
