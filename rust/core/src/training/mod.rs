//! Training in the background: tasks, jobs, the pool that they share.

mod baseline;
mod control;
#[allow(unsafe_code)] // lends work that is borrowed to threads that live longer, for the time of a call
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

/// Lets everything else on the machine go before this thread, for work that must not slow down what others wait for.
#[allow(unsafe_code)] // a system call
pub fn lower_priority() {
    /// Of 0 (normal) to 19: a tenth of a normal thread's share when both want the CPU.
    #[cfg(target_os = "linux")]
    const NICENESS: libc::c_int = 10;
    #[cfg(target_os = "linux")]
    // SAFETY: a plain system call. Linux takes 0 as the calling thread, not its process. Failing leaves things as they are.
    unsafe {
        libc::setpriority(libc::PRIO_PROCESS, 0, NICENESS);
    }
}
