//! NR.FORGET: deletes a sequence. `NR.FORGET key id`

use super::prelude::*;

pub(super) struct Forget;

impl Command for Forget {
    const NAME: &CStr = c"nr.forget";
    const FLAGS: &CStr = c"write";
    const ABOUT: About = About {
        summary: c"Deletes a sequence with its events and its outcome.",
        complexity: c"O(1)",
        arity: 3,
        key: Some(KeyUse::UPDATE),
        arguments: &[Argument::KEY, Argument::text(c"id")],
    };

    fn run(ctx: Context, args: &[&[u8]]) -> Result<Reply, Refusal> {
        let mut key = value::open_unsettled(ctx, ctx.argument(0))?;
        let was_there = value::write(&mut key)?.live.network_mut().forget_sequence(args[1])?;
        if was_there {
            key.changed();
            ctx.replicate_verbatim();
            ctx.notify(c"nr.forget", ctx.argument(0));
        }
        Ok(Reply::count(usize::from(was_there)))
    }
}
