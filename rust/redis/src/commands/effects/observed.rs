//! `NR._OBSERVED key rows`: rows of fields, the places that they are stored at, and words and classes that are new.

use neuralredis_core::codec::Observed;
use neuralredis_server::ServerString;

use crate::commands::prelude::*;

pub(crate) fn send<'s>(ctx: Context, key: impl Into<ServerString<'s>>, observed: &Observed) {
    ctx.replicate(Rows::NAME, [key.into(), observed.encode()[..].into()]);
}

pub(crate) struct Rows;

impl Command for Rows {
    const NAME: &CStr = c"nr._observed";
    const FLAGS: &CStr = super::FLAGS;
    const ABOUT: About = About {
        summary: c"For replication: the effect of NR.OBSERVE and NR.HOBSERVE on a network of fields.",
        complexity: c"O(N) where N is the number of values",
        arity: 3,
        key: Some(KeyUse::ADD),
        arguments: &[Argument::KEY, Argument::text(c"rows")],
    };

    fn run(ctx: Context, args: &[&[u8]]) -> Result<Reply, Refusal> {
        super::admit(ctx, Self::NAME)?;
        let mut key = value::open_unsettled(ctx, ctx.argument(0))?;
        let value = value::write(&mut key)?;
        config::check_bytes(ctx, || value.network_bytes() + args[1].len())?;
        memory::check(2 * args[1].len())?;
        value.live.network_mut().take(Observed::decode(args[1])?)?;
        Ok(super::done(ctx, &key, c"nr.observe"))
    }
}
