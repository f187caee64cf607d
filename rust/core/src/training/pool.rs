//! Which trainings run, and with how many threads.
//!
//! Two limits, both changeable at any time: trainings that run at a time, the others being queued; and threads in all, which
//! running trainings share. A training computes only while it holds seats, one a thread. When others wait for seats, it gives
//! back what exceeds its share every few milliseconds; when there are more trainings than seats, they take turns. How many
//! threads a training has never changes what it computes.
//!
//! No owner keeps another from training. Owners take turns, for places as for seats. An owner that has no training running
//! gets a place at once, even beyond the limit, since the trainings that hold the places may never end.

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
    /// Starts of trainings that wait for one to end.
    queue: Turns<Box<dyn FnOnce() + Send>>,
    seats_taken: usize,
    /// Trainings that wait for a seat.
    waiting: Turns<()>,
    next_ticket: u64,
    /// Bytes of memory that running trainings have taken.
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
    /// A pool of that many threads and trainings at a time, at least one of each.
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

    /// Sets how many threads all trainings have together, at least one; running trainings follow within milliseconds.
    pub fn set_threads(&self, threads: usize) {
        self.lock().threads = threads.max(1);
        self.changed.notify_all();
    }

    /// Sets how many trainings run at a time, at least one; those that run go on.
    pub fn set_max_trainings(self: &Arc<Self>, max_trainings: usize) {
        self.lock().max_trainings = max_trainings.max(1);
        self.start_queued();
    }

    /// Trainings that run, and trainings that wait in the queue.
    pub fn counts(&self) -> (usize, usize) {
        let state = self.lock();
        (state.running, state.queue.len())
    }

    /// How many threads all trainings have together.
    pub fn threads(&self) -> usize {
        self.lock().threads
    }

    /// Bytes of memory that running trainings have taken, about.
    pub fn bytes(&self) -> usize {
        self.lock().bytes
    }

    /// Whether a training of an owner would start at once.
    pub fn has_place_for(&self, owner: &Owner) -> bool {
        self.lock().has_place_for(owner)
    }

    /// Calls `start` now or when a running training ends. It must arrange for [`Self::ended`] to be called. Returns the
    /// number under which it can be withdrawn.
    pub(super) fn submit(self: &Arc<Self>, owner: &Owner, start: Box<dyn FnOnce() + Send>) -> u64 {
        let mut state = self.lock();
        let ticket = state.next_ticket;
        state.next_ticket += 1;
        state.queue.push(owner, ticket, start);
        drop(state);
        self.start_queued();
        ticket
    }

    /// Takes a training out of the queue; whether it was there.
    pub(super) fn withdraw(&self, owner: &Owner, ticket: u64) -> bool {
        let mut state = self.lock();
        let start = state.queue.remove(owner, ticket);
        drop(state);
        start.is_some()
    }

    /// A training that ran has ended.
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

    /// Counts bytes of memory that a training has taken, until what is returned is dropped.
    pub(super) fn count_bytes(self: &Arc<Self>, bytes: usize) -> Bytes {
        self.lock().bytes += bytes;
        Bytes { pool: Arc::clone(self), bytes }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // No code that can panic runs under this lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Bytes of memory that a running training has taken, see [`Pool::count_bytes`].
pub(super) struct Bytes {
    pool: Arc<Pool>,
    bytes: usize,
}

impl Drop for Bytes {
    fn drop(&mut self) {
        self.pool.lock().bytes -= self.bytes;
    }
}

/// The seats that one training holds; they are given back when this is dropped.
#[derive(Debug)]
pub(super) struct Seats {
    pool: Arc<Pool>,
    owner: Owner,
    /// How many were asked for when they were taken.
    wanted: usize,
    held: usize,
    since: Instant,
}

impl Seats {
    pub(super) fn new(pool: Arc<Pool>, owner: Owner) -> Self {
        Self { pool, owner, wanted: 0, held: 0, since: Instant::now() }
    }

    /// Seats to compute with now, at most `wanted` and at least one; waits where others have taken them all.
    /// None once `give_up` says so, which is asked now and then while waiting.
    pub(super) fn take(&mut self, wanted: usize, give_up: impl Fn() -> bool) -> Option<usize> {
        if self.held > 0 && self.wanted == wanted && self.since.elapsed() < SLICE {
            return Some(self.held);
        }
        let pool = Arc::clone(&self.pool);
        let mut state = pool.lock();
        state.seats_taken -= std::mem::take(&mut self.held);
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
        (self.wanted, self.held) = (wanted, wanted.min(free).min(share).max(1));
        state.seats_taken += self.held;
        self.since = Instant::now();
        if !state.waiting.is_empty() && state.seats_taken < state.threads {
            pool.changed.notify_all();
        }
        Some(self.held)
    }
}

impl Drop for Seats {
    fn drop(&mut self) {
        self.pool.lock().seats_taken -= self.held;
        self.pool.changed.notify_all();
    }
}
