//! `NR.STEP key state field value ... [-> wanted]`, `NR.STEP key state JSON text [-> wanted]`, of numbers by position
//! `NR.STEP key state i0 .. iN [-> wanted]`, `NR.STEP key state FP32 [ROWS n] blob [-> wanted]`

use neuralredis_core::schema::Value;
use neuralredis_core::{Error, Network};

use super::super::named::answer::Asked;
use super::super::named::wanted::WANTED;
use super::super::named::{JSON, PAIR};
use super::super::prelude::*;
use super::super::wire_rows::BLOB;
use super::answer::Asking;
use super::event::{Told, owned};
use crate::info::{self, RUNS};
use crate::work::KeepOn;

pub(crate) struct Step;

impl Command for Step {
    const NAME: &CStr = c"nr.step";
    const FLAGS: &CStr = c"readonly";
    const ABOUT: About = About {
        summary: c"Returns the answer to a sequence that the client keeps, after one more event, and its new state.",
        complexity: c"O(N+P) where N is the number of events in the state and P that of parameters",
        arity: -4,
        key: Some(KeyUse::READ),
        arguments: &[
            Argument::KEY,
            Argument::text(c"state"),
            Argument::one_of(c"event", &[Argument::number(c"input").multiple(), BLOB, PAIR.multiple(), JSON]),
            WANTED,
        ],
    };

    fn run(ctx: Context, args: &[&[u8]]) -> Result<Reply, Refusal> {
        let key = value::open_unsettled(ctx, ctx.argument(0))?;
        let value = value::read(&key)?;
        let network = value.live.network();
        if network.sequence_options().is_none() {
            return Err(Error::NoSequences.into());
        }
        let Told { id: state, events, after } = Told::parse(network, &args[1..])?;
        if events.is_empty() {
            return Err(Refusal::shape("no event after the state: expected at least one"));
        }
        let (asking, cost) = Asking::parse(value, after, Asked::Outputs)?;
        info::count(&RUNS, 1);
        // The state, as it came, and as it goes and waits to be sent.
        memory::check(state.len().saturating_mul(4))?;
        let cost = cost + Cost::of_rows(1, network.stepping(state, events.len())) + Cost::of_bytes(3 * state.len());
        if value.is_settled() && work::is_free(cost) {
            return reply(network, state, &events, asking, &|| true);
        }
        let (snapshot, state, events) = (value.snapshot(), state.to_vec(), owned(events));
        work::defer(ctx, cost.or_wait(value), move |keep_on| reply(&snapshot.wait()?, &state, &events, asking, keep_on))
    }
}

fn reply(
    network: &Network,
    state: &[u8],
    events: &[Vec<Value<'_>>],
    asking: Asking,
    keep_on: KeepOn<'_>,
) -> Result<Reply, Refusal> {
    let (seen, state) = network.step(state, events)?;
    Ok(Reply::Array(vec![asking.reply(network, &seen, keep_on)?, Reply::Bulk(state)]))
}
