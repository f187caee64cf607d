//! Replies of commands, and how RESP2 and RESP3 represent them.

use std::borrow::Cow;
use std::ffi::{CString, c_char, c_long};

use super::context::Context;
use super::numbers::{self, Row, TextBuffer};

/// A reply.
#[derive(Debug, Clone, PartialEq)]
pub enum Reply {
    /// A simple string.
    Word(Cow<'static, str>),
    /// A bulk string.
    Bulk(Vec<u8>),
    /// An integer.
    Integer(i64),
    /// A double; in RESP2 a bulk string, the shortest text that parses to this float.
    Single(f32),
    /// A double; in RESP2 a bulk string, the shortest text that parses to it.
    Double(f64),
    /// A double; in RESP2 a simple string with two decimals, as the original neural-redis replied.
    Hundredths(f64),
    /// A boolean; in RESP2 the integer 0 or 1.
    Flag(bool),
    /// A boolean; in RESP2 `yes` or `no`.
    YesNo(bool),
    /// Null.
    Null,
    /// An array.
    Array(Vec<Self>),
    /// An array of two integers.
    Pair(i64, i64),
    /// An array of [`Self::Single`].
    Singles(Row),
    /// An array of integers, of which there may be millions.
    Counts(Vec<u32>),
    /// An array of integers below 256.
    Bytes(Vec<u8>),
    /// A map; in RESP2 an array of names and values in turn.
    Map(Vec<(&'static str, Self)>),
    /// A map from unique names to numbers; in RESP2 an array of names and numbers in turn.
    Scores(Vec<(Vec<u8>, f32)>),
    /// Names and numbers (or null) whose order matters: an array of pairs; in RESP2 an array of names and numbers in
    /// turn.
    Ranking(Vec<(Vec<u8>, Option<f32>)>),
    /// No reply: the client was blocked, or has received its reply already.
    Later,
}

impl Reply {
    /// The simple string `OK`.
    pub const OK: Self = Self::Word(Cow::Borrowed("OK"));

    /// An integer; a count above the largest `i64`, which RESP cannot represent, becomes that.
    pub fn count(count: impl TryInto<i64>) -> Self {
        Self::Integer(count.try_into().unwrap_or(i64::MAX))
    }

    /// A static simple string.
    pub fn word(word: &'static str) -> Self {
        Self::Word(Cow::Borrowed(word))
    }

    /// Sends the reply to the client of the running command.
    pub fn send(&self, ctx: Context) {
        // Both protocols represent these in the same way, which saves asking the server for the client's protocol.
        let resp3 = !matches!(self, Self::Bulk(_) | Self::Integer(_) | Self::Pair(..)) && ctx.is_resp3();
        self.send_in(ctx, resp3);
    }

    pub(crate) fn send_in(&self, ctx: Context, resp3: bool) {
        let to = ctx.raw();
        // SAFETY: the caller passes the context of a running command or the thread-safe context of a blocked client,
        // which the server keeps valid meanwhile. Strings are passed with their length or end with NUL, and the server
        // copies them.
        unsafe {
            match self {
                Self::Word(word) => simple(ctx, word),
                Self::Bulk(bytes) => bulk(ctx, bytes),
                Self::Integer(number) => {
                    call!(RedisModule_ReplyWithLongLong(to, *number));
                }
                Self::Single(number) if resp3 => {
                    call!(RedisModule_ReplyWithDouble(to, f64::from(*number)));
                }
                Self::Single(number) => bulk(ctx, numbers::text_in(&mut TextBuffer::new(), *number).as_bytes()),
                Self::Double(number) | Self::Hundredths(number) if resp3 => {
                    call!(RedisModule_ReplyWithDouble(to, *number));
                }
                Self::Double(number) => bulk(ctx, numbers::text_of_double(*number).as_bytes()),
                Self::Hundredths(number) => simple(ctx, &format!("{number:.2}")),
                Self::Flag(flag) | Self::YesNo(flag) if resp3 => {
                    call!(RedisModule_ReplyWithBool(to, i32::from(*flag)));
                }
                Self::Flag(flag) => {
                    call!(RedisModule_ReplyWithLongLong(to, i64::from(*flag)));
                }
                Self::YesNo(flag) => simple(ctx, if *flag { "yes" } else { "no" }),
                Self::Null => {
                    call!(RedisModule_ReplyWithNull(to));
                }
                Self::Array(items) => {
                    call!(RedisModule_ReplyWithArray(to, items.len() as c_long));
                    items.iter().for_each(|item| item.send_in(ctx, resp3));
                }
                Self::Pair(first, second) => {
                    call!(RedisModule_ReplyWithArray(to, 2));
                    call!(RedisModule_ReplyWithLongLong(to, *first));
                    call!(RedisModule_ReplyWithLongLong(to, *second));
                }
                Self::Singles(numbers) => {
                    call!(RedisModule_ReplyWithArray(to, numbers.len() as c_long));
                    numbers.iter().for_each(|number| Self::Single(*number).send_in(ctx, resp3));
                }
                Self::Counts(counts) => integers(ctx, counts.iter().copied()),
                Self::Bytes(counts) => integers(ctx, counts.iter().copied()),
                Self::Map(fields) => {
                    call!(RedisModule_ReplyWithMap(to, fields.len() as c_long));
                    for (name, value) in fields {
                        simple(ctx, name);
                        value.send_in(ctx, resp3);
                    }
                }
                Self::Scores(scores) => {
                    call!(RedisModule_ReplyWithMap(to, scores.len() as c_long));
                    for (name, score) in scores {
                        bulk(ctx, name);
                        Self::Single(*score).send_in(ctx, resp3);
                    }
                }
                Self::Ranking(ranking) => {
                    let each = if resp3 { 1 } else { 2 };
                    call!(RedisModule_ReplyWithArray(to, (each * ranking.len()) as c_long));
                    for (name, score) in ranking {
                        if resp3 {
                            call!(RedisModule_ReplyWithArray(to, 2));
                        }
                        bulk(ctx, name);
                        score.map_or(Self::Null, Self::Single).send_in(ctx, resp3);
                    }
                }
                Self::Later => {}
            }
        }
    }
}

/// The text as one line, since a line break would end a simple string or error early. Callers escape control characters
/// of user input before, so that they stay visible.
fn line(text: &str) -> CString {
    CString::new(text.replace(['\r', '\n', '\0'], " ")).unwrap_or_default()
}

fn simple(ctx: Context, text: &str) {
    let text = line(text);
    // SAFETY: the context is valid as for `send_in`; the text ends with NUL, and the server copies it.
    unsafe {
        call!(RedisModule_ReplyWithSimpleString(ctx.raw(), text.as_ptr()));
    }
}

fn bulk(ctx: Context, bytes: &[u8]) {
    // SAFETY: the context is valid as for `send_in`; the server copies the bytes.
    unsafe {
        call!(RedisModule_ReplyWithStringBuffer(ctx.raw(), bytes.as_ptr().cast::<c_char>(), bytes.len()));
    }
}

fn integers(ctx: Context, numbers: impl ExactSizeIterator<Item: Into<i64>>) {
    // SAFETY: the context is valid as for `send_in`; the array has as many items as its header announces.
    unsafe {
        call!(RedisModule_ReplyWithArray(ctx.raw(), numbers.len() as c_long));
        for number in numbers {
            call!(RedisModule_ReplyWithLongLong(ctx.raw(), number.into()));
        }
    }
}

/// The reply of a command that panicked: the panic hook has logged the message and its location.
pub(crate) const INTERNAL_ERROR: &str = "ERR internal error: the server's log says more";

/// Sends an error; the text begins with its code.
pub(crate) fn error(ctx: Context, text: &str) {
    let text = line(text);
    // SAFETY: the context is valid as for `send_in`; the text ends with NUL, and the server copies it.
    unsafe {
        call!(RedisModule_ReplyWithError(ctx.raw(), text.as_ptr()));
    }
}

/// Sends the server's own error about a wrong number of arguments.
pub(crate) fn wrong_arity(ctx: Context) {
    // SAFETY: the server keeps the context of a command valid until the command returns.
    unsafe {
        call!(RedisModule_WrongArity(ctx.raw()));
    }
}
