//! NR.TRAIN: starts a training. `NR.TRAIN key [MAXCYCLES n] [MAXTIME ms] [AUTOSTOP] [BACKTRACK] [BLOCK ms]`

use std::time::Duration;

use neuralredis_core::training::{Task, TrainOptions};

use super::prelude::*;
use super::wait;
use crate::{pool, trainings};

pub(super) struct Train;

impl Command for Train {
    const NAME: &CStr = c"nr.train";
    const FLAGS: &CStr = c"write deny-oom blocking";
    const ABOUT: About = About {
        summary: c"Starts training a network in the background.",
        complexity: c"O(1); the training runs on other threads",
        arity: -2,
        key: Some(KeyUse::UPDATE),
        arguments: &[
            Argument::KEY,
            Argument::integer(c"cycles").after(c"MAXCYCLES").optional(),
            Argument::integer(c"milliseconds").after(c"MAXTIME").optional(),
            Argument::word(c"autostop", c"AUTOSTOP").optional(),
            Argument::word(c"backtrack", c"BACKTRACK").optional(),
            Argument::integer(c"milliseconds").after(c"BLOCK").optional(),
        ],
    };

    /// The command itself is not replicated; the result is, when it is installed.
    fn run(ctx: Context, args: &[&[u8]]) -> Result<Reply, Refusal> {
        let name = args[0];
        let mut key = value::open(ctx, ctx.argument(0))?;
        let Request { options, block } = Request::parse(&args[1..])?;
        let options = config::limited(options);
        if !ctx.is_primary() {
            return Err(Refusal::state("this server is a replica: its primary trains, and sends the result"));
        }
        let value = value::write(&mut key)?;
        let (network, task) = (value.live.network(), Task::new(value.live.network(), options)?);
        let more = task.result_bytes().saturating_sub(value.trained_bytes());
        if more > 0 {
            config::check_bytes(ctx, || network.bytes() + more)?;
        }
        memory::check(task.bytes(pool::shared().threads()))?;
        trainings::start(ctx, name, value, options)?;
        Ok(match block {
            None => Reply::word("Training has started"),
            Some(milliseconds) if trainings::wait(ctx, value, milliseconds) => Reply::Later,
            Some(_) => Reply::Null,
        })
    }
}

/// The parsed arguments.
#[derive(Debug, PartialEq)]
pub(super) struct Request {
    options: TrainOptions,
    block: Option<i64>,
}

impl Request {
    /// Parses the arguments after the key.
    pub(super) fn parse(mut args: &[&[u8]]) -> Result<Self, Refusal> {
        const NAMES: [&str; 5] = ["MAXCYCLES", "MAXTIME", "AUTOSTOP", "BACKTRACK", "BLOCK"];
        let mut request = Self { options: TrainOptions::default(), block: None };
        let mut seen: Vec<&str> = Vec::new();
        while let Some(&word) = args.split_off_first() {
            let Some(name) = NAMES.into_iter().find(|name| is(word, name)) else {
                return Err(Refusal::unknown(word, NAMES.join(", ")));
            };
            if seen.contains(&name) {
                return Err(Refusal::option(format!("{name} is given twice")));
            }
            seen.push(name);
            match name {
                "AUTOSTOP" => request.options.auto_stop = true,
                "BACKTRACK" => request.options.backtrack = true,
                "MAXCYCLES" => {
                    let value = value_of(name, &mut args)?;
                    let expected = format!("an integer from 0 to {}", i64::MAX);
                    let cycles = numbers::whole(value).filter(|&cycles| i64::try_from(cycles).is_ok());
                    request.options.max_cycles = cycles.ok_or_else(|| Refusal::argument(name, value, expected))?;
                }
                "MAXTIME" => {
                    let milliseconds = wait::milliseconds(name, value_of(name, &mut args)?)?;
                    request.options.max_time = Duration::from_millis(milliseconds.unsigned_abs());
                }
                _ => request.block = Some(wait::milliseconds(name, value_of(name, &mut args)?)?),
            }
        }
        Ok(request)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_come_in_any_order_and_at_most_once() {
        let parse = |words: &str| Request::parse(&words.split_whitespace().map(str::as_bytes).collect::<Vec<_>>());
        let request = parse("backtrack BLOCK 5 MaxTime 0 AUTOSTOP maxcycles 7").unwrap();
        let options = TrainOptions { max_cycles: 7, max_time: Duration::ZERO, auto_stop: true, backtrack: true };
        assert_eq!(request, Request { options, block: Some(5) });
        assert_eq!(parse("").unwrap().options, TrainOptions::default());
        assert_eq!(parse("MAXTIME 1 MAXTIME 1").unwrap_err().text(), "NROPTION MAXTIME is given twice");
        assert!(
            parse("MAXCYCLES -1").unwrap_err().text().starts_with("NROPTION MAXCYCLES is '-1': expected an integer")
        );
    }
}
