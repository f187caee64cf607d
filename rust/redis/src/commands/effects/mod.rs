//! Effects: the internal commands that replicas and the AOF receive. One file each, with the code that sends it.
//!
//! Internal commands come from a primary, an AOF or a slot migration, and are checked like any other. Clients may send
//! them only if the setting `enable-internal-commands` allows it, for tools that replay an AOF or relay a replication
//! stream; `maxmemory` and `max-network-bytes` then apply. An internal command is replicated as it is.

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

/// Without `deny-oom`, because the server would then reject commands of a primary, too. [`admit`] checks memory for
/// clients only.
const FLAGS: &CStr = c"write admin";

/// Rejects an internal command of a client, unless the setting allows it and there is memory left.
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

/// Ends an internal command that has changed a network: replicates it, and publishes the event.
fn done(ctx: Context, key: &Key, event: &CStr) -> Reply {
    ctx.replicate_verbatim();
    key.changed();
    ctx.notify(event, ctx.argument(0));
    Reply::OK
}

/// Parses a random state.
fn state(argument: &[u8]) -> Result<u64, Refusal> {
    let expected = format!("an integer from 0 to {}", u64::MAX);
    numbers::whole(argument).ok_or_else(|| Refusal::argument("the state", argument, expected))
}
