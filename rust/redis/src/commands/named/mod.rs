//! Rows of named fields: the code that commands on networks with a schema share.
//!
//! The arguments before `->` are the fields of a row ([`known`]), as names and values, as JSON, or read from hashes
//! ([`hashes`]). Those after it are the outcome ([`outcomes`]), or in commands that predict the format of the reply
//! ([`reply_options`]). A row that takes long to parse, such as a text of a megabyte, is parsed on a thread.

pub(super) mod answer;
pub(super) mod calibrate;
pub(super) mod evaluate;
pub(super) mod hashes;
mod known;
pub(super) mod observe;
mod outcomes;
pub(super) mod reply_options;
pub(super) mod schema;

pub(super) use known::{JSON, Known, PAIR};
