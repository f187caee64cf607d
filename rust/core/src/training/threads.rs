//! The threads that a training has at present, and helpers to share work among them.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::crew::Crew;

/// A crew, and how many of its threads work at present.
pub(super) struct Threads {
    crew: Crew,
    count: usize,
    /// The largest count so far.
    most: usize,
}

impl Threads {
    /// Makes a crew of one thread, the calling one.
    pub(super) fn new() -> Self {
        Self { crew: Crew::new(), count: 1, most: 1 }
    }

    /// Sets how many threads work from now on, including the calling one.
    pub(super) fn set(&mut self, count: usize) {
        (self.count, self.most) = (count, self.most.max(count));
    }

    pub(super) fn count(&self) -> usize {
        self.count
    }

    /// The most threads that have worked at once, for the report.
    pub(super) fn most(&self) -> usize {
        self.most
    }

    /// Calls `work` on every thread, with its number, 0 for the calling one.
    pub(super) fn run(&mut self, work: impl Fn(usize) + Sync) {
        self.crew.run(self.count, &work);
    }

    /// Calls `work` for each item, on at most `threads` threads. Which thread takes which item depends on timing.
    pub(super) fn each<T: Send>(&mut self, threads: usize, items: Vec<T>, work: impl Fn(&mut T) + Sync) {
        if threads.min(self.count) <= 1 {
            return items.into_iter().for_each(|mut item| work(&mut item));
        }
        let items: Vec<Mutex<T>> = items.into_iter().map(Mutex::new).collect();
        let next = AtomicUsize::new(0);
        self.crew.run(threads.min(self.count), &|_| {
            while let Some(item) = items.get(next.fetch_add(1, Ordering::Relaxed)) {
                work(&mut lock(item));
            }
        });
    }
}

/// The value of a mutex to which the caller has exclusive access.
pub(super) fn exclusive<T>(mutex: &mut Mutex<T>) -> &mut T {
    mutex.get_mut().unwrap_or_else(PoisonError::into_inner)
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
