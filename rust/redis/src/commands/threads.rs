//! NR.THREADS and NR.TRAININGS: list running and queued trainings. `NR.THREADS [FULL]`, `NR.TRAININGS`

use std::collections::BTreeMap;
use std::fmt::Write;

use neuralredis_server::access::Reader;

use super::prelude::*;
use crate::trainings::{self, Listed};

pub(super) struct Threads;

impl Command for Threads {
    const NAME: &CStr = c"nr.threads";
    const FLAGS: &CStr = c"readonly fast";
    const ABOUT: About = About {
        summary: c"Lists running and queued trainings as lines of text.",
        complexity: c"O(N) where N is the number of trainings",
        arity: -1,
        key: None,
        arguments: &[Argument::word(c"full", c"FULL").optional()],
    };

    fn run(ctx: Context, args: &[&[u8]]) -> Result<Reply, Refusal> {
        match args {
            [] => listed(ctx, NUMBERS_OF_A_LINE, |training| Reply::Word(line(training).into())),
            [word] if is(word, "FULL") => Trainings::run(ctx, &[]),
            [word, ..] => Err(Refusal::unknown(word, "FULL")),
        }
    }
}

pub(super) struct Trainings;

impl Command for Trainings {
    const NAME: &CStr = c"nr.trainings";
    const FLAGS: &CStr = c"readonly fast";
    const ABOUT: About = About {
        summary: c"Lists running and queued trainings as maps.",
        complexity: c"O(N) where N is the number of trainings",
        arity: 1,
        key: None,
        arguments: &[],
    };

    fn run(ctx: Context, _: &[&[u8]]) -> Result<Reply, Refusal> {
        listed(ctx, ITEMS_OF_A_MAP, fields)
    }
}

/// Numbers in a line.
const NUMBERS_OF_A_LINE: usize = 8;
/// Names and values in a map.
const ITEMS_OF_A_MAP: usize = 22;

/// Lists the trainings that the client may see, each formatted by `each` as about `items` items of a reply. There may
/// be thousands.
fn listed(ctx: Context, items: usize, each: impl Fn(&Listed) -> Reply + Send + 'static) -> Result<Reply, Refusal> {
    let trainings = readable(ctx);
    work::answer(ctx, Cost::of_items(items * trainings.len()), move |_| {
        Ok(Reply::Array(trainings.iter().map(each).collect()))
    })
}

/// The trainings of networks that the client may read.
fn readable(ctx: Context) -> Vec<Listed> {
    let reader = Reader::of(ctx);
    let mut databases = BTreeMap::new();
    let mut trainings = trainings::list();
    trainings.retain(|training| {
        *databases.entry(training.db).or_insert_with(|| reader.may_use(training.db)) && reader.may_read(&training.key)
    });
    trainings
}

/// The state of a training: `queued`, `running`, or `installing` once it has a result.
fn state(training: &Listed) -> &'static str {
    match training.job.outcome() {
        Some(_) => "installing",
        None if training.job.progress().queued => "queued",
        None => "running",
    }
}

fn fields(training: &Listed) -> Reply {
    let Listed { id, db, key, job } = training;
    let (progress, options) = (job.progress(), job.task().options());
    let error = |error: Option<f64>| error.map_or(Reply::Null, Reply::Double);
    Reply::Map(vec![
        ("id", Reply::count(*id)),
        ("key", Reply::Bulk(key.clone())),
        ("db", Reply::count(*db)),
        ("state", Reply::word(state(training))),
        ("cycle", Reply::count(progress.cycle)),
        ("max-cycles", Reply::count(options.max_cycles)),
        ("max-time", Reply::count(options.max_time.as_millis())),
        ("train-error", error(progress.train_error)),
        ("test-error", error(progress.test_error)),
        ("class-errors", error(progress.class_errors)),
        ("seconds", Reply::Double(progress.time.as_secs_f64())),
    ])
}

/// A training in the original's format, followed by its state and running time.
fn line(training: &Listed) -> String {
    let Listed { id, db, key, job } = training;
    let (progress, options) = (job.progress(), job.task().options());
    let error = |error: Option<f64>| error.map_or("nan".into(), |error| numbers::text(error as f32));
    format!(
        "nn_id={id} cycle={} key={} db={db} maxtime={} maxcycles={} trainerr={} testerr={} classerr={:.6} state={} seconds={:.2}",
        progress.cycle,
        quoted(key),
        options.max_time.as_millis(),
        options.max_cycles,
        error(progress.train_error),
        error(progress.test_error),
        progress.class_errors.unwrap_or(f64::NAN),
        state(training),
        progress.time.as_secs_f64(),
    )
    .replace("NaN", "nan")
}

/// A key as one word: unchanged if possible, else in quotes and escaped as redis-cli does.
fn quoted(key: &[u8]) -> String {
    let is_plain = |text: &&str| {
        !text.is_empty() && !text.chars().any(|c| c.is_control() || c.is_whitespace() || c == '"' || c == '\\')
    };
    if let Some(text) = std::str::from_utf8(key).ok().filter(is_plain) {
        return text.into();
    }
    let mut line = String::from("\"");
    for &byte in key {
        match byte {
            b'"' | b'\\' => line.extend(['\\', char::from(byte)]),
            b'\n' => line.push_str("\\n"),
            b'\r' => line.push_str("\\r"),
            b'\t' => line.push_str("\\t"),
            b' '..=b'~' => line.push(char::from(byte)),
            _ => {
                let _ = write!(line, "\\x{byte:02x}");
            }
        }
    }
    line.push('"');
    line
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn a_key_of_any_bytes_is_printed_as_one_word() {
        assert_eq!(quoted(b"mynet"), "mynet");
        assert_eq!(quoted("größe".as_bytes()), "größe");
        assert_eq!(quoted(b""), "\"\"");
        assert_eq!(quoted(b"a b"), "\"a b\"");
        assert_eq!(quoted(b"a\r\nnn_id=7\0\"\\\xff"), "\"a\\r\\nnn_id=7\\x00\\\"\\\\\\xff\"");
    }
}
