//! Shows how a server treats a result that a thread posts: `tests/test_probe.py` plays it on each server.
//!
//! The value stands for a trained network, its two replicated pieces for one too large to be sent whole.

use std::ffi::{CStr, c_int};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use redis_module::{Context, NotifyEvent, RedisError, RedisResult, RedisString, RedisValue};

use crate::ffi::command::{self, Command};
use crate::ffi::event_loop::{self, MainThread};

/// How long an install waits, while the server asks for no writes, before it looks again.
const RETRY: Duration = Duration::from_millis(5);

pub(crate) fn register(ctx: &Context) -> Result<(), String> {
    command::register::<Post>(ctx)?;
    command::register::<Samples>(ctx)?;
    command::register::<Panic>(ctx)
}

static SAMPLES: Mutex<Vec<Sample>> = Mutex::new(Vec::new());

/// Microseconds from the post to each stage, and how often the install had to wait.
struct Sample {
    woken: u128,
    installed: u128,
    waits: i64,
}

struct Install {
    db: i32,
    key: Vec<u8>,
    value: String,
    posted: Instant,
    woken: Duration,
    waits: i64,
}

impl Install {
    fn run(mut self, main: MainThread, ctx: &Context) {
        if ctx.avoid_replication_traffic() {
            self.waits += 1;
            event_loop::after(main, RETRY, |main, ctx| self.run(main, ctx));
            return;
        }
        event_loop::select(ctx, self.db);
        let key = RedisString::create_from_slice(ctx.get_raw(), &self.key);
        if ctx.open_key_writable(&key).write(&format!("{}!", self.value)).is_err() {
            return;
        }
        ctx.replicate("SET", &[self.key.as_slice(), self.value.as_bytes()]);
        ctx.replicate("APPEND", &[self.key.as_slice(), b"!"]);
        ctx.notify_keyspace_event(NotifyEvent::MODULE, "nr.probe", &key);
        SAMPLES.lock().unwrap_or_else(PoisonError::into_inner).push(Sample {
            woken: self.woken.as_micros(),
            installed: self.posted.elapsed().as_micros(),
            waits: self.waits,
        });
    }
}

/// `NEURALREDIS.POST key value ms`: a thread sleeps, then posts `value!` for the key.
struct Post;

impl Command for Post {
    const NAME: &CStr = c"neuralredis.post";
    const FLAGS: &CStr = c"write";
    const KEYS: (c_int, c_int, c_int) = (1, 1, 1);

    fn run(ctx: &Context, args: &[RedisString]) -> RedisResult {
        let [_, key, value, delay] = args else { return Err(RedisError::WrongArity) };
        let delay = Duration::from_millis(delay.parse_unsigned_integer()?);
        let (db, key, value) = (event_loop::selected(ctx), key.as_slice().to_vec(), value.to_string_lossy());
        std::thread::spawn(move || {
            std::thread::sleep(delay);
            let posted = Instant::now();
            event_loop::post(move |main| {
                let install = Install { db, key, value, posted, woken: posted.elapsed(), waits: 0 };
                event_loop::after(main, Duration::ZERO, |main, ctx| install.run(main, ctx));
            });
        });
        Ok(RedisValue::SimpleStringStatic("OK"))
    }
}

/// `NEURALREDIS.SAMPLES`: what was measured since the last time, `[woken, installed, waits]` for each install.
struct Samples;

impl Command for Samples {
    const NAME: &CStr = c"neuralredis.samples";
    const FLAGS: &CStr = c"readonly";
    const KEYS: (c_int, c_int, c_int) = (0, 0, 0);

    fn run(_: &Context, _: &[RedisString]) -> RedisResult {
        let samples = std::mem::take(&mut *SAMPLES.lock().unwrap_or_else(PoisonError::into_inner));
        Ok(RedisValue::Array(
            samples
                .into_iter()
                .map(|sample| vec![sample.woken as i64, sample.installed as i64, sample.waits].into())
                .collect(),
        ))
    }
}

/// `NEURALREDIS.PANIC text`: a bug, with a text that a careless log would trip over.
struct Panic;

impl Command for Panic {
    const NAME: &CStr = c"neuralredis.panic";
    const FLAGS: &CStr = c"readonly";
    const KEYS: (c_int, c_int, c_int) = (0, 0, 0);

    fn run(_: &Context, args: &[RedisString]) -> RedisResult {
        let text = args.get(1).ok_or(RedisError::WrongArity)?.to_string_lossy();
        panic!("{text}");
    }
}
