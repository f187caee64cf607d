//! `NR._RESET key state`: new weights, drawn from the random state that the primary used.

use neuralredis_server::{Lent, ServerString};

use crate::commands::prelude::*;

pub(crate) fn send(ctx: Context, key: Lent, state: u64) {
    ctx.replicate(Reset::NAME, [key.into(), ServerString::from(&state.to_string()[..])]);
}

pub(crate) struct Reset;

impl Command for Reset {
    const NAME: &CStr = c"nr._reset";
    const FLAGS: &CStr = super::FLAGS;
    const ABOUT: About = About {
        summary: c"For replication: the effect of NR.RESET.",
        complexity: c"O(P) where P is the number of parameters",
        arity: 3,
        key: Some(KeyUse::UPDATE),
        arguments: &[Argument::KEY, Argument::integer(c"state")],
    };

    fn run(ctx: Context, args: &[&[u8]]) -> Result<Reply, Refusal> {
        super::admit(ctx, Self::NAME)?;
        let mut key = value::open_unsettled(ctx, ctx.argument(0))?;
        let state = super::state(args[1])?;
        let value = value::write(&mut key)?;
        value.live.network_mut().set_weights_state(state);
        value.reset(ctx, args[0]);
        Ok(super::done(ctx, &key, c"nr.reset"))
    }
}
