//! Points at which a test can pause a thread, to choose the order of events. They exist with the feature `pauses`;
//! without it they compile to nothing.
//!
//! The environment variable `NEURALREDIS_PAUSES` names a directory. If it has a file of the point's name, a thread that
//! reaches the point writes another file, `<point>.reached`, and continues when the first is deleted. If the content of
//! the first is `panic`, or becomes so, the thread panics there.
//!
//! The tests use files because the paused thread may be the server's main thread, which then handles no commands.
//!
//! | point | thread | when |
//! |---|---|---|
//! | `turn` | the one that starts the training | it has left the queue and counts as running, without a thread |
//! | `start` | the training's | before it checks whether it has been cancelled |
//! | `first` | the training's | before its first cycle |
//! | `end` | the training's | the result is computed but not published, and the training still counts as running |
//! | `install` | the training's | the outcome is published, but `notify` has not been called |
//! | `cancel` | the one that cancels | the request is set, and the training may still be queued |
//!
//! A panic at `start`, `first` or `end` makes the training fail. At `install` the training has already ended. At `turn`
//! and `cancel` it unwinds the caller's thread.

#[cfg(feature = "pauses")]
pub(super) fn at(point: &str) {
    use std::path::Path;
    use std::time::Duration;
    use std::{env, fs, thread};

    /// Short compared to the timeouts of tests, long compared to reading a file.
    const PAUSE: Duration = Duration::from_millis(1);

    let Some(directory) = env::var_os("NEURALREDIS_PAUSES") else { return };
    let file = Path::new(&directory).join(point);
    let mut reached = false;
    while let Ok(content) = fs::read(&file) {
        if !reached {
            // This fails if the test has removed the directory, and then the loop ends.
            let _ = fs::write(file.with_extension("reached"), "");
            reached = true;
        }
        assert!(content != b"panic", "a panic was asked for at the point '{point}'");
        thread::sleep(PAUSE);
    }
}

#[cfg(not(feature = "pauses"))]
#[inline]
pub(super) fn at(_: &str) {}
