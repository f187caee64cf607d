//! NR.STEP: predicts for a sequence that the client keeps.
//!
//! - events of fields: `NR.STEP key state field value ... [-> wanted]`, `NR.STEP key state JSON text [-> wanted]`
//! - events of numbers: `NR.STEP key state i0 .. iN [-> wanted]`, `NR.STEP key state FP32 [ROWS n] blob [-> wanted]`

use neuralredis_core::{Error, Network};

use super::super::named::answer::Asked;
use super::super::named::reply_options::REPLY_OPTIONS;
use super::super::named::{JSON, PAIR};
use super::super::prelude::*;
use super::super::wire_rows::BLOB;
use super::answer::Prediction;
use super::event::{Arguments, Event, owned};
use crate::info::{self, RUNS};
use crate::work::IsAwaited;

pub(crate) struct Step;

impl Command for Step {
    const NAME: &CStr = c"nr.step";
    const FLAGS: &CStr = c"readonly";
    const ABOUT: About = About {
        summary: c"Returns a prediction and the new state of a sequence that the client keeps, after one more event.",
        complexity: c"O(N+P) where N is the number of events in the state and P that of parameters",
        arity: -4,
        key: Some(KeyUse::READ),
        arguments: &[
            Argument::KEY,
            Argument::text(c"state"),
            Argument::one_of(c"event", &[Argument::number(c"input").multiple(), BLOB, PAIR.multiple(), JSON]),
            REPLY_OPTIONS,
        ],
    };

    fn run(ctx: Context, args: &[&[u8]]) -> Result<Reply, Refusal> {
        let key = value::open_unsettled(ctx, ctx.argument(0))?;
        let value = value::read(&key)?;
        let network = value.live.network();
        if network.sequence_options().is_none() {
            return Err(Error::NoSequences.into());
        }
        let Arguments { id: state, events, after } = Arguments::parse(network, &args[1..])?;
        if events.is_empty() {
            return Err(Refusal::shape("no event after the state: expected at least one"));
        }
        let (prediction, cost) = Prediction::parse(value, after, Asked::Outputs)?;
        info::count(&RUNS, 1);
        // The given state, the new one, and copies for the reply.
        memory::check(state.len().saturating_mul(4))?;
        let cost = cost + Cost::of_rows(1, network.cost_of_step(state, events.len())) + Cost::of_bytes(3 * state.len());
        if value.is_settled() && work::may_run_now(cost) {
            return reply(network, state, &events, prediction, &|| true);
        }
        let (snapshot, state, events) = (value.snapshot(), state.to_vec(), owned(events));
        work::defer(ctx, cost.or_wait(value), move |is_awaited| {
            reply(&snapshot.wait()?, &state, &events, prediction, is_awaited)
        })
    }
}

fn reply(
    network: &Network,
    state: &[u8],
    events: &[Event<'_>],
    prediction: Prediction,
    is_awaited: IsAwaited<'_>,
) -> Result<Reply, Refusal> {
    let (seen, state) = network.step(state, events)?;
    Ok(Reply::Array(vec![prediction.reply(network, &seen, is_awaited)?, Reply::Bulk(state)]))
}
