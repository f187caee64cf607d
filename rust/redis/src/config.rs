//! Settings: how many threads train, how many trainings run and wait and for how long, how large a network may become, and
//! how long a command may take where its client cannot wait.
//!
//! Each may stand in the server's configuration as `neuralredis.<name>`, or after the module's path as `<name> <value>`;
//! the configuration prevails. CONFIG SET changes it, CONFIG GET shows it.

use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::Duration;

use neuralredis_core::training::TrainOptions;
use neuralredis_server::config::{self, Setting};
use neuralredis_server::{Context, numbers};

use crate::error::{Refusal, shown};
use crate::trainings;

/// Threads and trainings at most: more would be a mistake.
const MANY: i64 = 1 << 16;
/// Trainings at a time unless configured.
const TRAININGS: i64 = 32;
/// Milliseconds that a command may hold up the server where its client cannot wait, unless configured.
const BLOCKING: i64 = 100;
/// Trainings that wait unless configured: some 17 MB and, when all are dropped at once, some tens of milliseconds.
const QUEUED: i64 = 10_000;

static THREAD_COUNT: AtomicI64 = AtomicI64::new(1);
static TRAINING_COUNT: AtomicI64 = AtomicI64::new(TRAININGS);
static QUEUED_COUNT: AtomicI64 = AtomicI64::new(QUEUED);
static TRAINING_TIME: AtomicI64 = AtomicI64::new(0);
static NETWORK_BYTES: AtomicI64 = AtomicI64::new(0);
static MAX_BLOCKING: AtomicI64 = AtomicI64::new(BLOCKING);
/// Whether clients may send internal commands. As of `enable-debug-command`, only the configuration at the start says so.
static INTERNAL_COMMANDS: AtomicBool = AtomicBool::new(false);

static SETTINGS: [Setting; 6] = [
    Setting {
        name: c"threads",
        least: 1,
        most: MANY,
        is_memory: false,
        get: || THREAD_COUNT.load(Ordering::Relaxed),
        set: |threads| {
            THREAD_COUNT.store(threads, Ordering::Relaxed);
            trainings::pool().set_threads(threads as usize);
        },
    },
    Setting {
        name: c"max-trainings",
        least: 1,
        most: MANY,
        is_memory: false,
        get: || TRAINING_COUNT.load(Ordering::Relaxed),
        set: |trainings| {
            TRAINING_COUNT.store(trainings, Ordering::Relaxed);
            trainings::pool().set_max_trainings(trainings as usize);
        },
    },
    Setting {
        name: c"max-queued",
        least: 0,
        most: i64::MAX,
        is_memory: false,
        get: || QUEUED_COUNT.load(Ordering::Relaxed),
        set: |queued| QUEUED_COUNT.store(queued, Ordering::Relaxed),
    },
    Setting {
        name: c"max-training-ms",
        least: 0,
        most: i64::MAX,
        is_memory: false,
        get: || TRAINING_TIME.load(Ordering::Relaxed),
        set: |milliseconds| TRAINING_TIME.store(milliseconds, Ordering::Relaxed),
    },
    Setting {
        name: c"max-network-bytes",
        least: 0,
        most: i64::MAX,
        is_memory: true,
        get: || NETWORK_BYTES.load(Ordering::Relaxed),
        set: |bytes| NETWORK_BYTES.store(bytes, Ordering::Relaxed),
    },
    Setting {
        name: c"max-blocking-ms",
        least: 0,
        most: i64::MAX,
        is_memory: false,
        get: || MAX_BLOCKING.load(Ordering::Relaxed),
        set: |milliseconds| MAX_BLOCKING.store(milliseconds, Ordering::Relaxed),
    },
];

/// Makes the settings known to the server, and takes what it knows of them.
pub(crate) fn register(ctx: Context, arguments: &[&[u8]]) -> Result<(), String> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from) as i64;
    let mut defaults = [cores.min(MANY), TRAININGS, QUEUED, 0, 0, BLOCKING];
    for pair in arguments.chunks(2) {
        let name = pair[0].strip_prefix(b"neuralredis.").unwrap_or(pair[0]);
        let Some(at) = SETTINGS.iter().position(|setting| setting.name.to_bytes().eq_ignore_ascii_case(name)) else {
            let names = SETTINGS.each_ref().map(|setting| setting.name.to_string_lossy());
            let [first @ .., last] = &names;
            return Err(format!("the argument '{}': expected {} or {last}", shown(pair[0]), first.join(", ")));
        };
        let Setting { least, most, .. } = SETTINGS[at];
        let value = pair.get(1).copied().unwrap_or_default();
        let number = numbers::whole(value).and_then(|number| i64::try_from(number).ok());
        let Some(number) = number.filter(|number| (least..=most).contains(number)) else {
            let name = shown(name);
            return Err(format!(
                "the argument {name} is '{}': expected an integer from {least} to {most}",
                shown(value)
            ));
        };
        defaults[at] = number;
    }
    for (setting, default) in SETTINGS.iter().zip(defaults) {
        config::register(ctx, setting, default)?;
        (setting.set)(default);
    }
    config::register_switch(ctx, c"enable-internal-commands", &INTERNAL_COMMANDS)?;
    config::load(ctx)
}

/// How long a command may hold up the server where its client cannot wait.
pub(crate) fn max_blocking() -> Duration {
    Duration::from_millis(MAX_BLOCKING.load(Ordering::Relaxed).unsigned_abs())
}

pub(crate) fn internal_commands_are_enabled() -> bool {
    INTERNAL_COMMANDS.load(Ordering::Relaxed)
}

/// Refuses a client's network of more bytes than are allowed. What is loaded or replicated is not asked.
///
/// The bytes are counted only where there is a limit.
pub(crate) fn check_bytes(ctx: Context, bytes: impl FnOnce() -> usize) -> Result<(), Refusal> {
    let most = NETWORK_BYTES.load(Ordering::Relaxed);
    if most == 0 {
        return Ok(());
    }
    let bytes = bytes();
    if bytes as u64 <= most as u64 || ctx.is_replayed() {
        return Ok(());
    }
    Err(Refusal::because(format!(
        "the network would take {bytes} bytes: expected at most {most}, the limit neuralredis.max-network-bytes"
    )))
}

/// Refuses a training that would have to wait, where so many wait already, if those are as many as are allowed.
pub(crate) fn check_queue(queued: usize) -> Result<(), Refusal> {
    let most = QUEUED_COUNT.load(Ordering::Relaxed);
    if (queued as u64) < most as u64 {
        return Ok(());
    }
    Err(Refusal::because(format!(
        "{queued} trainings wait already: expected at most {most}, the limit neuralredis.max-queued"
    )))
}

/// A training as asked for, ended by the longest time that the configuration allows.
pub(crate) fn limited(options: TrainOptions) -> TrainOptions {
    let most = TRAINING_TIME.load(Ordering::Relaxed);
    let is_longer = |limit: &Duration| options.max_time.is_zero() || options.max_time > *limit;
    let limit = (most > 0).then(|| Duration::from_millis(most as u64)).filter(is_longer);
    TrainOptions { max_time: limit.unwrap_or(options.max_time), ..options }
}
