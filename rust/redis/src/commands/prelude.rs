//! Imports and helpers that most commands use.

pub(super) use std::ffi::CStr;

pub(super) use neuralredis_server::{About, Argument, Command, Context, KeyUse, Reply, Stored, numbers};

pub(super) use crate::error::{Refusal, shown};
pub(super) use crate::work::{self, Cost};
pub(super) use crate::{config, memory, value};

/// Whether an argument is this keyword, in any case.
pub(super) fn is(argument: &[u8], word: &str) -> bool {
    argument.eq_ignore_ascii_case(word.as_bytes())
}

/// Takes the value of an option, the first of the remaining arguments.
pub(super) fn value_of<'a>(name: &str, args: &mut &[&'a [u8]]) -> Result<&'a [u8], Refusal> {
    args.split_off_first().copied().ok_or_else(|| Refusal::option(format!("{name} has no value")))
}
