//! Trainings and `maxmemory`: their memory is the server's, so it must not push other keys out, nor have their writes
//! refused.

use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;

use neuralredis_core::training::Job;
use neuralredis_server::{Context, event_loop, maxmemory};

use super::registry::entries;
use crate::error::Refusal;
use crate::{memory, pool};

/// Bytes that all trainings together may need on a server that evicts keys, however little is left there: such a server is
/// always nearly full, and makes room for as much as it does for a large value.
const LITTLE: usize = 1 << 20;
/// How often a training that waits for an answer of the main thread looks whether it has been cancelled.
const PATIENCE: Duration = Duration::from_millis(20);

/// Bytes that all trainings may have together, those that run and those that wait: this share of what keys leave. None for
/// no limit.
fn allowed(ctx: Context, share: usize) -> Option<usize> {
    // What they have taken already is not the keys'.
    let allowed = maxmemory::left(ctx)?.saturating_add(pool::shared().bytes()) / share;
    Some(if maxmemory::evicts(ctx) { allowed.max(LITTLE) } else { allowed })
}

/// Refuses a training of so many bytes if all trainings would need more than half of what keys leave. The other half is for
/// keys that come while they run.
pub(super) fn check(ctx: Context, bytes: usize) -> Result<(), Refusal> {
    let all = memory::rounded_up(entries(|entries| entries.bytes) + bytes);
    let (bytes, allowed) = (memory::rounded_up(bytes), allowed(ctx, 2));
    match allowed {
        Some(allowed) if all > allowed => Err(Refusal::out_of_memory(format!(
            "the training would take {bytes} bytes, {all} with those that run and wait: expected at most {allowed}, half of \
             what keys leave below maxmemory"
        ))),
        _ => Ok(()),
    }
}

/// Refuses a training whose turn has come and that finds less memory than there was when it was asked for. On the training's
/// thread: the main thread is asked, which alone may ask the server.
pub(super) fn at_its_turn(job: &Job) -> Result<(), String> {
    let (answer, answered) = mpsc::channel();
    let bytes = memory::rounded_up(job.bytes());
    event_loop::post(move |main| {
        let (all, allowed) =
            (memory::rounded_up(entries(|entries| entries.bytes)), allowed(event_loop::context(main), 1));
        let _ = answer.send(match allowed {
            Some(allowed) if all > allowed => Err(format!("OOM not enough memory below maxmemory for {bytes} bytes")),
            _ => Ok(()),
        });
    });
    loop {
        match answered.recv_timeout(PATIENCE) {
            Ok(answer) => return answer,
            // The server may end meanwhile, and answer nothing any more.
            Err(RecvTimeoutError::Timeout) if !job.is_cancelled() => {}
            Err(_) => return Ok(()),
        }
    }
}
