//! Training in the background. A [`Task`] is a snapshot of what is trained, a [`Job`] trains it on a thread of its own,
//! [`Slices`] without one, and a [`Pool`] limits how many jobs run and how many threads they use.

mod baseline;
mod control;
#[allow(unsafe_code)] // extends the lifetime of borrowed work while helper threads run it
mod crew;
mod curve;
mod ensemble;
mod job;
mod live;
mod pace;
mod pass;
mod pauses;
mod pool;
mod recurrent;
mod session;
mod slices;
mod soften;
mod statistics;
mod sync;
mod task;
#[cfg(test)]
mod tests;
mod threads;
mod trainers;
mod trial;
mod turn;
mod turns;
mod warnings;

pub use crate::report::{Point, Reason, Report};
pub use control::Progress;
pub use job::{Job, Outcome};
pub use live::Live;
pub use pool::Pool;
pub use slices::Slices;
pub use task::{Task, TrainOptions};
pub use turns::Owner;

/// Lowers the scheduling priority of the calling thread on Linux, for background work that must not delay requests.
/// Elsewhere it does nothing.
#[allow(unsafe_code)] // a system call
pub fn lower_priority() {
    /// From 0 (normal) to 19. At 10 a thread gets about a tenth of a normal thread's share of a busy CPU.
    #[cfg(target_os = "linux")]
    const NICENESS: libc::c_int = 10;
    #[cfg(target_os = "linux")]
    // SAFETY: setpriority takes integers and accesses no memory of this process. On Linux id 0 means the calling
    // thread, not its process. An error may be ignored: the priority then stays as it was.
    unsafe {
        libc::setpriority(libc::PRIO_PROCESS, 0, NICENESS);
    }
}
