//! Points at which a test holds a thread, so that it chooses the order of events. The feature `pauses` makes them; without
//! it they are nothing.
//!
//! The environment variable `NEURALREDIS_PAUSES` names a directory. A thread that comes to a point and finds a file of the
//! point's name there leaves another beside it, `<point>.reached`, and goes on when the first is gone. If that says
//! `panic`, from the beginning or some time later, the thread panics there.
//!
//! Files, since the thread that is held may be the server's own, which then takes no commands.
//!
//! | point | whose thread | when |
//! |---|---|---|
//! | `turn` | of whoever starts the training | it is out of the queue and has its place in the pool, but no thread |
//! | `start` | the training's | before it looks whether it has been cancelled |
//! | `first` | the training's | before its first cycle |
//! | `end` | the training's | the result is computed and nobody's yet; the place in the pool is still taken |
//! | `install` | the training's | the outcome is there for all to see, and nobody has been told |
//! | `cancel` | of whoever cancels | the training knows, and may still be in the queue |
//!
//! A panic at `start`, `first` or `end` is a failed training. At `install` it has ended; at the others the thread is of
//! somebody who may have others to go on with.

#[cfg(feature = "pauses")]
pub(super) fn at(point: &str) {
    use std::path::Path;
    use std::time::Duration;
    use std::{env, fs, thread};

    /// Short beside what tests wait for, long beside reading a file.
    const PAUSE: Duration = Duration::from_millis(1);

    let Some(directory) = env::var_os("NEURALREDIS_PAUSES") else { return };
    let file = Path::new(&directory).join(point);
    let mut reached = false;
    while let Ok(wish) = fs::read(&file) {
        if !reached {
            // A directory that is on its way out holds nobody.
            let _ = fs::write(file.with_extension("reached"), "");
            reached = true;
        }
        assert!(wish != b"panic", "a panic was asked for at the point '{point}'");
        thread::sleep(PAUSE);
    }
}

#[cfg(not(feature = "pauses"))]
#[inline]
pub(super) fn at(_: &str) {}
