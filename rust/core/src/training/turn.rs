//! Cooperative scheduling: a training yields after each cycle.
//!
//! A training is a future that is pending only at the end of a cycle. On a thread of its own it is polled to
//! completion; a yield costs some nanoseconds and a cycle at least microseconds. Without threads, as in a browser, the
//! caller polls it for some milliseconds at a time and handles requests in between.

use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

/// Yields once to whatever polls the training.
pub(super) fn yield_now() -> YieldNow {
    YieldNow { has_yielded: false }
}

#[must_use]
pub(super) struct YieldNow {
    has_yielded: bool,
}

impl Future for YieldNow {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        // The waker is not used, since the caller polls again without being woken.
        if std::mem::replace(&mut self.has_yielded, true) { Poll::Ready(()) } else { Poll::Pending }
    }
}

/// Polls a training once. None if it has not ended.
pub(super) fn poll_once<T>(training: Pin<&mut (impl Future<Output = T> + ?Sized)>) -> Option<T> {
    match training.poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(made) => Some(made),
        Poll::Pending => None,
    }
}

/// Polls a training until it has ended.
pub(super) fn run_to_end<T>(training: impl Future<Output = T>) -> T {
    let mut training = pin!(training);
    loop {
        if let Some(made) = poll_once(training.as_mut()) {
            return made;
        }
    }
}
