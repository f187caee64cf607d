//! Rows of names and values, for networks of fields: what commands on such rows share.
//!
//! Everything before `->` is what is known of a row ([`known`]), as names and values, as JSON, or from hashes ([`hashes`]).
//! Everything after it is what is wanted: to observe it, what it came to ([`outcomes`]); to be answered, how the answer is to
//! look ([`wanted`]). A row that takes long to read, as a text of a megabyte does, is read on a thread.

pub(super) mod answer;
pub(super) mod calibrate;
pub(super) mod evaluate;
pub(super) mod hashes;
mod known;
pub(super) mod observe;
mod outcomes;
pub(super) mod schema;
pub(super) mod wanted;

pub(super) use known::{JSON, Known, PAIR};
