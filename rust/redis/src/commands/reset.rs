//! NR.RESET: draws new weights. `NR.RESET key`

use super::effects;
use super::prelude::*;

pub(super) struct Reset;

impl Command for Reset {
    const NAME: &CStr = c"nr.reset";
    const FLAGS: &CStr = c"write";
    const ABOUT: About = About {
        summary:
            c"Draws new random weights and clears the statistics; keeps rows and options, drops a running training.",
        complexity: c"O(P) where P is the number of parameters; the weights of large networks are drawn on a thread",
        arity: 2,
        key: Some(KeyUse::UPDATE),
        arguments: &[Argument::KEY],
    };

    fn run(ctx: Context, args: &[&[u8]]) -> Result<Reply, Refusal> {
        let mut key = value::open_unsettled(ctx, ctx.argument(0))?;
        let value = value::write(&mut key)?;
        memory::check(value.live.network().layout().parameters() * memory::PARAMETER)?;
        let state = value.live.network().weights_state();
        value.reset(ctx, args[0]);
        effects::reset::send(ctx, ctx.argument(0), state);
        key.changed();
        ctx.notify(c"nr.reset", args[0]);
        Ok(Reply::OK)
    }
}
