//! A training that gives way after each cycle.
//!
//! What trains is a future, whose only reason to wait is that a cycle has ended. A thread of its own polls it to the end and loses
//! nothing by it: a cycle takes microseconds, giving way some nanoseconds. Where there are no threads, as in a browser, whoever
//! polls it does so for a while at a time, and hears in between what it is asked.

use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

/// Gives way once.
pub(super) fn give_way() -> GiveWay {
    GiveWay { has_given_way: false }
}

#[must_use]
pub(super) struct GiveWay {
    has_given_way: bool,
}

impl Future for GiveWay {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        // Nobody is to be woken: it is polled again anyway.
        if std::mem::replace(&mut self.has_given_way, true) { Poll::Ready(()) } else { Poll::Pending }
    }
}

/// Polls what gives way once; none if it is not at its end.
pub(super) fn go_on<T>(training: Pin<&mut (impl Future<Output = T> + ?Sized)>) -> Option<T> {
    match training.poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(made) => Some(made),
        Poll::Pending => None,
    }
}

/// Polls it until it is at its end.
pub(super) fn to_the_end<T>(training: impl Future<Output = T>) -> T {
    let mut training = pin!(training);
    loop {
        if let Some(made) = go_on(training.as_mut()) {
            return made;
        }
    }
}
