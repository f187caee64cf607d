//! What most commands need.

pub(super) use std::ffi::CStr;

pub(super) use neuralredis_server::{About, Argument, Command, Context, KeyUse, Reply};

pub(super) use crate::error::{Refusal, shown};
pub(super) use crate::work::{self, Cost};
pub(super) use crate::{config, memory, value};

/// Whether an argument is that word, in any case.
pub(super) fn is(argument: &[u8], word: &str) -> bool {
    argument.eq_ignore_ascii_case(word.as_bytes())
}
