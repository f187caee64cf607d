//! `NR._CONFIGURE key state option value ...`: the values of all options, and the random state that selects the rows to
//! drop.

use neuralredis_core::{ClassWeight, Info};

use crate::commands::options::{self, OptionContext};
use crate::commands::prelude::*;

/// Replicates a change. `state` is the random state before it.
pub(crate) fn send(ctx: Context, key: &[u8], state: u64, after: &Info) {
    let mut written: Vec<Vec<u8>> = vec![key.to_vec(), state.to_string().into_bytes()];
    written.extend(options::written(&after.options, after.limits, OptionContext::Change));
    ctx.replicate(Configure::NAME, written.iter().map(Vec::as_slice));
}

pub(crate) struct Configure;

impl Command for Configure {
    const NAME: &CStr = c"nr._configure";
    const FLAGS: &CStr = super::FLAGS;
    const ABOUT: About = About {
        summary: c"For replication: the effect of NR.CONFIGURE.",
        complexity: c"O(N) where N is the number of rows that a smaller limit drops",
        arity: -3,
        key: Some(KeyUse::UPDATE),
        arguments: &[Argument::KEY, Argument::integer(c"state"), Argument::text(c"option").optional().multiple()],
    };

    fn run(ctx: Context, args: &[&[u8]]) -> Result<Reply, Refusal> {
        super::admit(ctx, Self::NAME)?;
        let mut key = value::open_unsettled(ctx, ctx.argument(0))?;
        let (state, given) = (super::state(args[1])?, options::parse(&args[2..], OptionContext::Change)?);
        let live = &mut value::write(&mut key)?.live;
        let (limits, before) = (given.limits(live.network().info().limits), live.network().rows_state());
        if let Some(ClassWeight::Given(weights)) = &given.class_weight {
            config::check_bytes(ctx, || live.network().bytes() + size_of_val(&weights[..]))?;
        }
        live.network_mut().set_rows_state(state);
        if let Err(error) = live.configure(&given, limits) {
            live.network_mut().set_rows_state(before);
            return Err(error.into());
        }
        Ok(super::done(ctx, &key, c"nr.configure"))
    }
}
