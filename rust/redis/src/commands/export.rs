//! `NR.EXPORT key`

use neuralredis_core::{Error, codec};

use super::prelude::*;

pub(super) struct Export;

impl Command for Export {
    const NAME: &CStr = c"nr.export";
    const FLAGS: &CStr = c"readonly";
    const ABOUT: About = About {
        summary: c"Returns a network as bytes, with its rows: what NR.IMPORT and the Python library read.",
        complexity: c"O(N) where N is the size of the network and its rows",
        arity: 2,
        key: Some(KeyUse::READ),
        arguments: &[Argument::KEY],
    };

    fn run(ctx: Context, _: &[&[u8]]) -> Result<Reply, Refusal> {
        let key = value::open_unsettled(ctx, ctx.argument(0))?;
        let value = value::read(&key)?;
        let bytes = value.bytes();
        // The bytes, and the server's copy of them.
        memory::check(2 * bytes)?;
        let network = value.snapshot();
        work::answer(ctx, Cost::of_bytes(2 * bytes).or_wait(value), move |keep_on| {
            let network = network.wait()?;
            if keep_on() { Ok(Reply::Bulk(codec::encode(&network))) } else { Err(Error::Stopped.into()) }
        })
    }
}
