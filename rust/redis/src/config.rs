//! Settings: numbers of threads and of running and waiting trainings, limits of training time and network size, and how
//! long a command may take when its client cannot be blocked.
//!
//! Each is set in the server's configuration as `neuralredis.<name>`, or after the module's path as `<name> <value>`;
//! the configuration takes precedence. CONFIG SET changes it, CONFIG GET returns it.

use std::time::Duration;

use neuralredis_core::training::TrainOptions;
use neuralredis_server::config::{self, Setting};
use neuralredis_server::{Context, numbers};

use crate::error::{Refusal, shown};
use crate::pool;

/// The largest number of threads, and of trainings, that can be configured.
const MOST_THREADS_OR_TRAININGS: i64 = 1 << 16;
static THREADS: Setting = Setting::new(c"threads", 1..=MOST_THREADS_OR_TRAININGS, 1)
    .passed_to(|threads| pool::shared().set_threads(threads as usize));
static MAX_TRAININGS: Setting = Setting::new(c"max-trainings", 1..=MOST_THREADS_OR_TRAININGS, 32)
    .passed_to(|trainings| pool::shared().set_max_trainings(trainings as usize));
/// The most trainings that may wait. 4000 use about 17 MB. When all are dropped at once, by an UNLINK or a FLUSHALL,
/// the server is stalled for some tens of milliseconds.
static MAX_QUEUED: Setting = Setting::new(c"max-queued", 0..=i64::MAX, 4000);
/// 0 means no limit, here and below.
static MAX_TRAINING_MS: Setting = Setting::new(c"max-training-ms", 0..=i64::MAX, 0);
static MAX_NETWORK_BYTES: Setting = Setting::new(c"max-network-bytes", 0..=i64::MAX, 0).as_memory();
/// Milliseconds that a command may stall the server when its client cannot be blocked.
static MAX_BLOCKING_MS: Setting = Setting::new(c"max-blocking-ms", 0..=i64::MAX, 100);
/// Whether clients may send internal commands. Like `enable-debug-command`, it can only be set at the server's start.
static INTERNAL_COMMANDS: Setting = Setting::switch(c"enable-internal-commands");

static SETTINGS: [&Setting; 6] =
    [&THREADS, &MAX_TRAININGS, &MAX_QUEUED, &MAX_TRAINING_MS, &MAX_NETWORK_BYTES, &MAX_BLOCKING_MS];

/// Registers the settings with the server, and loads their values from arguments and configuration.
pub(crate) fn register(ctx: Context, arguments: &[&[u8]]) -> Result<(), String> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from) as i64;
    THREADS.set(cores.min(MOST_THREADS_OR_TRAININGS));
    MAX_TRAININGS.set(MAX_TRAININGS.get());
    for pair in arguments.chunks(2) {
        let name = pair[0].strip_prefix(b"neuralredis.").unwrap_or(pair[0]);
        let Some(setting) = SETTINGS.iter().find(|setting| setting.name.to_bytes().eq_ignore_ascii_case(name)) else {
            let names = SETTINGS.map(|setting| setting.name.to_string_lossy());
            let [first @ .., last] = &names;
            return Err(format!("the argument '{}': expected {} or {last}", shown(pair[0]), first.join(", ")));
        };
        let value = pair.get(1).copied().unwrap_or_default();
        let number = numbers::whole(value).and_then(|number| i64::try_from(number).ok());
        let Some(number) = number.filter(|number| setting.range.contains(number)) else {
            let (name, value) = (shown(name), shown(value));
            let (least, most) = (setting.range.start(), setting.range.end());
            return Err(format!("the argument {name} is '{value}': expected an integer from {least} to {most}"));
        };
        setting.set(number);
    }
    SETTINGS.iter().try_for_each(|setting| setting.register(ctx))?;
    INTERNAL_COMMANDS.register(ctx)?;
    config::load(ctx)
}

/// How long a command may stall the server when its client cannot be blocked.
pub(crate) fn max_blocking() -> Duration {
    Duration::from_millis(MAX_BLOCKING_MS.get().unsigned_abs())
}

pub(crate) fn internal_commands_are_enabled() -> bool {
    INTERNAL_COMMANDS.get() != 0
}

/// Returns an error if a client's network has more bytes than allowed. Loaded and replicated networks are always
/// accepted.
///
/// `bytes` is called only if there is a limit.
pub(crate) fn check_bytes(ctx: Context, bytes: impl FnOnce() -> usize) -> Result<(), Refusal> {
    let most = MAX_NETWORK_BYTES.get();
    if most == 0 {
        return Ok(());
    }
    let bytes = bytes();
    if bytes as u64 <= most as u64 || ctx.is_replayed() {
        return Ok(());
    }
    Err(Refusal::option(format!(
        "the network would take {bytes} bytes: expected at most {most}, the limit neuralredis.max-network-bytes"
    )))
}

/// Returns an error if a training would have to wait and the queue of `queued` trainings is full.
pub(crate) fn check_queue(queued: usize) -> Result<(), Refusal> {
    let most = MAX_QUEUED.get();
    if (queued as u64) < most as u64 {
        return Ok(());
    }
    Err(Refusal::state(format!(
        "{queued} trainings wait already: expected at most {most}, the limit neuralredis.max-queued"
    )))
}

/// Shortens the time limit of a training to the configured maximum.
pub(crate) fn limited(options: TrainOptions) -> TrainOptions {
    let most = MAX_TRAINING_MS.get();
    let is_longer = |limit: &Duration| options.max_time.is_zero() || options.max_time > *limit;
    let limit = (most > 0).then(|| Duration::from_millis(most as u64)).filter(is_longer);
    TrainOptions { max_time: limit.unwrap_or(options.max_time), ..options }
}
