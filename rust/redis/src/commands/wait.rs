//! NR.WAIT: waits until a training ends. `NR.WAIT key [ms]`

use super::prelude::*;
use crate::trainings;

/// The largest time limit in milliseconds: far beyond any clock, and safe to add to one.
const MOST_MILLISECONDS: i64 = 1 << 53;

pub(super) struct Wait;

impl Command for Wait {
    const NAME: &CStr = c"nr.wait";
    const FLAGS: &CStr = c"readonly blocking";
    const ABOUT: About = About {
        summary: c"Waits until the training of a network ends.",
        complexity: c"O(1)",
        arity: -2,
        key: Some(KeyUse::LOOK),
        arguments: &[Argument::KEY, Argument::integer(c"milliseconds").optional()],
    };

    fn run(ctx: Context, args: &[&[u8]]) -> Result<Reply, Refusal> {
        let limit = match *args {
            [_] => 0,
            [_, limit] => milliseconds("the time", limit)?,
            _ => return Err(Refusal::unknown(args[2], "a key and a time")),
        };
        let key = value::open_unsettled(ctx, ctx.argument(0))?;
        let value = value::read(&key)?;
        Ok(match value.live.job() {
            None => Reply::word("idle"),
            Some(_) if trainings::wait(ctx, value, limit) => Reply::Later,
            Some(_) => Reply::Null,
        })
    }
}

/// Parses a time in milliseconds.
pub(super) fn milliseconds(name: &str, value: &[u8]) -> Result<i64, Refusal> {
    let number = numbers::whole(value).and_then(|number| i64::try_from(number).ok());
    number.filter(|number| *number <= MOST_MILLISECONDS).ok_or_else(|| {
        Refusal::argument(name, value, format_args!("milliseconds, an integer from 0 to {MOST_MILLISECONDS}"))
    })
}
