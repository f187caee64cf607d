//! What replicas and the AOF are sent: effects. A file for each, with its sending and its command.
//!
//! The commands are internal: they come from a primary, an AOF or a slot migration, and are checked as any other. Clients
//! may send them only where the setting `enable-internal-commands` says so, for tools that replay an AOF or relay a
//! replication stream; maxmemory and `max-network-bytes` then bind them. What they replicate is themselves.

pub(crate) mod calibrated;
pub(crate) mod configure;
pub(crate) mod load;
pub(crate) mod observed;
pub(crate) mod partial;
pub(crate) mod reset;
pub(crate) mod rows;
pub(crate) mod trained;

use crate::commands::prelude::*;
use crate::value::Key;

/// Not `deny-oom`, by which the server would refuse what a primary sends, too: [`admit`] looks at the sender first.
const FLAGS: &CStr = c"write admin";

/// Refuses an internal command that a client has sent, unless clients may send them and there is memory left.
fn admit(ctx: Context, command: &CStr) -> Result<(), Refusal> {
    if ctx.is_replayed() {
        return Ok(());
    }
    if !config::internal_commands_are_enabled() {
        return Err(Refusal::because(format!(
            "{} is an internal command: expected from a primary, an AOF or a slot migration, or from a client with \
             neuralredis.enable-internal-commands yes",
            command.to_string_lossy().to_uppercase()
        )));
    }
    if ctx.is_out_of_memory() {
        Err(Refusal::out_of_memory("command not allowed when used memory > 'maxmemory'."))
    } else {
        Ok(())
    }
}

/// Ends an internal command that has changed a network: it is replicated as it came.
fn done(ctx: Context, key: &Key, event: &CStr) -> Reply {
    ctx.replicate_verbatim();
    key.changed();
    ctx.notify(event, ctx.argument(0));
    Reply::OK
}

/// The state of a network's random numbers.
fn state(argument: &[u8]) -> Result<u64, Refusal> {
    let expected = format!("an integer from 0 to {}", u64::MAX);
    numbers::whole(argument).ok_or_else(|| Refusal::argument("the state", argument, expected))
}
