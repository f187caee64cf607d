//! Replies: values that know how they look in either protocol.

use std::borrow::Cow;
use std::ffi::{CString, c_char, c_long};

use super::context::Context;
use super::numbers::{self, Row, TextBuffer};

/// What a command answers.
#[derive(Debug, Clone, PartialEq)]
pub enum Reply {
    /// A word of the module's own.
    Word(Cow<'static, str>),
    /// Bytes.
    Bulk(Vec<u8>),
    /// An integer.
    Integer(i64),
    /// A number: in RESP2 the shortest text that reads back as it.
    Single(f32),
    /// A number of double precision, likewise.
    Double(f64),
    /// A number that RESP2 shows with two decimals, as the original did.
    Hundredths(f64),
    /// In RESP2 0 or 1.
    Flag(bool),
    /// In RESP2 `yes` or `no`.
    YesNo(bool),
    /// Nothing.
    Null,
    /// Several.
    Array(Vec<Self>),
    /// Two integers.
    Pair(i64, i64),
    /// Numbers in an array.
    Singles(Row),
    /// Counts in an array, of which there may be millions.
    Counts(Vec<u32>),
    /// The same of small ones.
    Bytes(Vec<u8>),
    /// Named values; in RESP2 names and values in turn.
    Map(Vec<(&'static str, Self)>),
    /// Names and numbers, each name once: a map; in RESP2 names and numbers in turn.
    Scores(Vec<(Vec<u8>, f32)>),
    /// Names with their numbers, if they have one, in an order that says something: pairs; in RESP2 names and numbers in turn.
    Ranking(Vec<(Vec<u8>, Option<f32>)>),
    /// The client waits, or has been answered.
    Later,
}

impl Reply {
    /// The word `OK`.
    pub const OK: Self = Self::Word(Cow::Borrowed("OK"));

    /// An integer, of which RESP has those that fit 64 bits with a sign.
    pub fn count(count: impl TryInto<i64>) -> Self {
        Self::Integer(count.try_into().unwrap_or(i64::MAX))
    }

    /// A word that is known beforehand.
    pub fn word(word: &'static str) -> Self {
        Self::Word(Cow::Borrowed(word))
    }

    /// Answers the client.
    pub fn send(&self, ctx: Context) {
        // The server is not asked where it makes no difference.
        let resp3 = !matches!(self, Self::Bulk(_) | Self::Integer(_) | Self::Pair(..)) && ctx.is_resp3();
        self.send_in(ctx, resp3);
    }

    pub(crate) fn send_in(&self, ctx: Context, resp3: bool) {
        let to = ctx.raw();
        // SAFETY: the live context of a command; strings are given with their length or end with NUL, and are copied.
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

/// A simple string or an error ends with its line: whoever makes the text escapes what would end it early.
fn line(text: &str) -> CString {
    CString::new(text.replace(['\r', '\n', '\0'], " ")).unwrap_or_default()
}

fn simple(ctx: Context, text: &str) {
    let text = line(text);
    // SAFETY: a live context; the text ends with NUL and is copied.
    unsafe {
        call!(RedisModule_ReplyWithSimpleString(ctx.raw(), text.as_ptr()));
    }
}

fn bulk(ctx: Context, bytes: &[u8]) {
    // SAFETY: a live context; the bytes are copied.
    unsafe {
        call!(RedisModule_ReplyWithStringBuffer(ctx.raw(), bytes.as_ptr().cast::<c_char>(), bytes.len()));
    }
}

fn integers(ctx: Context, numbers: impl ExactSizeIterator<Item: Into<i64>>) {
    // SAFETY: a live context; the array has as many items as are announced.
    unsafe {
        call!(RedisModule_ReplyWithArray(ctx.raw(), numbers.len() as c_long));
        for number in numbers {
            call!(RedisModule_ReplyWithLongLong(ctx.raw(), number.into()));
        }
    }
}

/// The answer where a command has a bug: the panic hook has logged where it is.
pub(crate) const INTERNAL_ERROR: &str = "ERR internal error: the server's log says more";

/// Answers the client with an error; the text begins with its code.
pub(crate) fn error(ctx: Context, text: &str) {
    let text = line(text);
    // SAFETY: as for `simple`.
    unsafe {
        call!(RedisModule_ReplyWithError(ctx.raw(), text.as_ptr()));
    }
}

/// Answers in the server's own words that there are too few or too many arguments.
pub(crate) fn wrong_arity(ctx: Context) {
    // SAFETY: the live context of a command.
    unsafe {
        call!(RedisModule_WrongArity(ctx.raw()));
    }
}
