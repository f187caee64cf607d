//! What replicas and the AOF are sent: effects. A file for each, with its sending and its command.
//!
//! The commands are the server's own. A client may send them too, as tools that replay an AOF or relay a replication stream
//! do; they are checked as any other, and marked for administrators. What they replicate is themselves.

pub(crate) mod configure;
pub(crate) mod load;
pub(crate) mod reset;
pub(crate) mod rows;
pub(crate) mod trained;

use std::ffi::CStr;

use crate::error::Refusal;
use crate::numbers;

/// Writes, of administrators, and never refused for want of memory: the primary had enough.
const FLAGS: &CStr = c"write admin";

/// The state of a network's random numbers.
fn state(argument: &[u8]) -> Result<u64, Refusal> {
    let expected = format!("an integer from 0 to {}", u64::MAX);
    numbers::whole(argument).ok_or_else(|| Refusal::argument("the state", argument, expected))
}
