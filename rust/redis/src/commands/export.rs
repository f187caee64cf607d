//! NR.EXPORT: serializes a network. `NR.EXPORT key`

use neuralredis_core::{Error, codec};

use super::prelude::*;

pub(super) struct Export;

impl Command for Export {
    const NAME: &CStr = c"nr.export";
    const FLAGS: &CStr = c"readonly";
    const ABOUT: About = About {
        summary: c"Returns a serialized network, with its rows, for NR.IMPORT or the Python library.",
        complexity: c"O(N) where N is the size of the network and its rows",
        arity: 2,
        key: Some(KeyUse::READ),
        arguments: &[Argument::KEY],
    };

    fn run(ctx: Context, _: &[&[u8]]) -> Result<Reply, Refusal> {
        let key = value::open_unsettled(ctx, ctx.argument(0))?;
        let value = value::read(&key)?;
        let bytes = value.bytes();
        // Twice: the bytes, and the server's copy of them.
        memory::check(2 * bytes)?;
        let network = value.snapshot();
        work::answer(ctx, Cost::of_bytes(2 * bytes).or_wait(value), move |is_awaited| {
            let network = network.wait()?;
            if is_awaited() { Ok(Reply::Bulk(codec::encode(&network))) } else { Err(Error::Stopped.into()) }
        })
    }
}
