//! NR.FORECAST: predicts the next values of a series. `NR.FORECAST key id steps [-> INTERVAL percent]`

use neuralredis_core::Network;
use neuralredis_core::sequence::MOST_STEPS;
use neuralredis_server::numbers::Row;

use super::conformal::level;
use super::prelude::*;
use crate::info::{self, RUNS};
use crate::work::IsAwaited;

/// The most positions in validation sequences that forecasts are compared at, for intervals.
const MOST_POSITIONS: usize = 1000;

pub(super) struct Forecast;

impl Command for Forecast {
    const NAME: &CStr = c"nr.forecast";
    const FLAGS: &CStr = c"readonly";
    const ABOUT: About = About {
        summary: c"Returns a forecast of the next values of a series.",
        complexity: c"O(S*P) where S is the number of steps and P that of parameters",
        arity: -4,
        key: Some(KeyUse::READ),
        arguments: &[
            Argument::KEY,
            Argument::text(c"id"),
            Argument::integer(c"steps"),
            Argument::block(c"wanted", &[Argument::number(c"interval-percent").after(c"INTERVAL")])
                .after(c"->")
                .optional(),
        ],
    };

    fn run(ctx: Context, args: &[&[u8]]) -> Result<Reply, Refusal> {
        let key = value::open_unsettled(ctx, ctx.argument(0))?;
        let value = value::read(&key)?;
        let steps = numbers::whole(args[2]).and_then(|steps| usize::try_from(steps).ok());
        let steps = steps.filter(|steps| (1..=MOST_STEPS).contains(steps));
        let expected = format_args!("an integer from 1 to {MOST_STEPS}");
        let steps = steps.ok_or_else(|| Refusal::argument("steps", args[2], expected))?;
        let level = match &args[3..] {
            [] => None,
            [arrow, options @ ..] if *arrow == b"->" => Some(level(options, "INTERVAL")?),
            [word, ..] => return Err(Refusal::unknown(word, "-> or nothing after the steps")),
        };
        let network = value.live.network();
        info::count(&RUNS, 1);
        let of_step = network.cost_of_sequence(args[1], steps) + network.model().multiplications();
        let forecasts = if level.is_some() { MOST_POSITIONS + 1 } else { 1 };
        let cost = Cost::of_rows(steps.saturating_mul(forecasts), of_step) + Cost::of_items(3 * steps);
        if value.is_settled() && work::may_run_now(cost) {
            return reply(network, args[1], (steps, level), &|| true);
        }
        let (snapshot, id) = (value.snapshot(), args[1].to_vec());
        work::defer(ctx, cost.or_wait(value), move |is_awaited| {
            reply(&snapshot.wait()?, &id, (steps, level), is_awaited)
        })
    }
}

fn reply(
    network: &Network,
    id: &[u8],
    (steps, level): (usize, Option<neuralredis_core::Level>),
    is_awaited: IsAwaited<'_>,
) -> Result<Reply, Refusal> {
    let values = network.forecast(id, steps)?;
    let Some(level) = level else { return Ok(Reply::Singles(Row::from_vec(values))) };
    let distances = network.forecast_distances(steps, level, is_awaited)?;
    let bounds = values.iter().zip(distances).map(|(value, distance)| {
        Reply::Singles(Row::from_slice(&neuralredis_core::conformal::interval(*value, distance)))
    });
    Ok(Reply::Array(bounds.collect()))
}
