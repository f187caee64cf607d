//! `NR.STOP key`

use super::prelude::*;

pub(super) struct Stop;

impl Command for Stop {
    const NAME: &CStr = c"nr.stop";
    // Of the writes, though what it brings about is written later: it decides what a network learns.
    const FLAGS: &CStr = c"write fast";
    const ABOUT: About = About {
        summary: c"Asks a training to end, and to keep what it has learnt so far.",
        complexity: c"O(1)",
        arity: 2,
        key: Some(KeyUse::UPDATE),
        arguments: &[Argument::KEY],
    };

    fn run(ctx: Context, _: &[&[u8]]) -> Result<Reply, Refusal> {
        let key = value::open_unsettled(ctx, ctx.argument(0))?;
        let job = value::read(&key)?.live.job();
        Ok(Reply::Integer(i64::from(job.map(|job| job.stop()).is_some())))
    }
}
