//! Networks of sequences: the code that commands on them share. The argument after the key is always the id of a
//! sequence.

pub(super) mod answer;
pub(super) mod declared;
pub(super) mod event;
pub(super) mod observe;
pub(super) mod sample;
pub(super) mod step;
pub(super) mod words;
