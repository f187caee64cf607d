//! `NR.THREADS`

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
        summary: c"Lists the trainings that run or are queued, of networks that the caller may read.",
        complexity: c"O(N) where N is the number of trainings",
        arity: 1,
        key: None,
        arguments: &[],
    };

    fn run(ctx: Context, _: &[&[u8]]) -> Result<Reply, Refusal> {
        let trainings = trainings::list();
        let reader = Reader::of(ctx);
        let mut databases = BTreeMap::new();
        let is_readable = |training: &&Listed| {
            *databases.entry(training.db).or_insert_with(|| reader.may_use(training.db))
                && reader.may_read(&training.key)
        };
        let readable = trainings.iter().filter(is_readable);
        Ok(Reply::Array(readable.map(|training| Reply::Word(line(training).into())).collect()))
    }
}

/// The original's line, then whether it waits, runs or has a result that is about to be installed, and for how long.
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
        match job.outcome() {
            Some(_) => "installing",
            None if progress.queued => "queued",
            None => "running",
        },
        progress.time.as_secs_f64(),
    )
    .replace("NaN", "nan")
}

/// A key as one word: as it is, or in quotes, with what is not plain in them escaped as redis-cli does.
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
    fn a_key_is_one_word_whatever_its_bytes() {
        assert_eq!(quoted(b"mynet"), "mynet");
        assert_eq!(quoted("größe".as_bytes()), "größe");
        assert_eq!(quoted(b""), "\"\"");
        assert_eq!(quoted(b"a b"), "\"a b\"");
        assert_eq!(quoted(b"a\r\nnn_id=7\0\"\\\xff"), "\"a\\r\\nnn_id=7\\x00\\\"\\\\\\xff\"");
    }
}
