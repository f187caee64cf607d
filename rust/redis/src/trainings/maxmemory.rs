//! The memory of trainings under `maxmemory`. It is the server's memory, so trainings must neither evict other keys nor
//! make their writes fail.

use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;

use neuralredis_core::training::Job;
use neuralredis_server::{Context, event_loop, maxmemory};

use super::registry::entries;
use crate::error::Refusal;
use crate::{memory, pool};

/// Bytes that all trainings together may use on a server that evicts keys, even if less is free: such a server is
/// nearly full most of the time, and would evict keys for a value of this size, too.
const ALWAYS_ALLOWED_BYTES: usize = 1 << 20;
/// How often a training that waits for the main thread's answer checks whether it was cancelled.
const CANCEL_CHECK: Duration = Duration::from_millis(20);

/// Bytes that all trainings, running and waiting, may use together: what keys leave below `maxmemory`, divided by
/// `share`. `None` means no limit.
fn allowed(ctx: Context, share: usize) -> Option<usize> {
    // Memory that trainings use already is not used by keys.
    let allowed = maxmemory::left(ctx)?.saturating_add(pool::shared().bytes()) / share;
    Some(if maxmemory::evicts(ctx) { allowed.max(ALWAYS_ALLOWED_BYTES) } else { allowed })
}

/// Returns an error if all trainings together, this one of `bytes` bytes included, would use more than half of what
/// keys leave. The other half is for keys that are written while they run.
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

/// Fails a queued training if there is less memory at its start than when it was requested. Runs on the training's
/// thread, and asks the main thread, which alone may query the server.
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
        match answered.recv_timeout(CANCEL_CHECK) {
            Ok(answer) => return answer,
            // A server that shuts down meanwhile never answers.
            Err(RecvTimeoutError::Timeout) if !job.is_cancelled() => {}
            Err(_) => return Ok(()),
        }
    }
}
