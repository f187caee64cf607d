//! NR.STOP: ends a training. `NR.STOP key`

use super::prelude::*;

pub(super) struct Stop;

impl Command for Stop {
    const NAME: &CStr = c"nr.stop";
    // A write for ACLs, although the effect is replicated later: stopping decides which weights the network gets.
    const FLAGS: &CStr = c"write fast";
    const ABOUT: About = About {
        summary: c"Stops a running training and keeps its weights.",
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
