//! `NR.GETDATA key TRAIN|TEST row`

use neuralredis_core::Kind;

use super::prelude::*;
use super::wire_rows;

pub(super) struct GetData;

impl Command for GetData {
    const NAME: &CStr = c"nr.getdata";
    const FLAGS: &CStr = c"readonly";
    const ABOUT: About = About {
        summary: c"Returns a stored row: its inputs, and its outputs.",
        complexity: c"O(N) where N is the number of values of a row",
        arity: 4,
        key: Some(KeyUse::READ),
        arguments: &[Argument::KEY, wire_rows::SET, Argument::integer(c"row")],
    };

    fn run(ctx: Context, args: &[&[u8]]) -> Result<Reply, Refusal> {
        let [_, set, row] = *args else { return Err(Refusal::because("expected a key, a set and a row")) };
        let key = value::open_unsettled(ctx, ctx.argument(0))?;
        let network = value::read(&key)?.live.network();
        let set = wire_rows::set(set).ok_or_else(|| Refusal::argument("the set", set, "TRAIN or TEST"))?;
        let row = numbers::whole(row).ok_or_else(|| Refusal::argument("row", row, "an integer of at least 0"))?;
        let stored = u32::try_from(row).ok().and_then(|row| network.row(set, row));
        let Some((inputs, targets, _)) = stored else { return Ok(Reply::Null) };
        let (kind, outputs) = (network.kind(), network.layout().outputs());
        work::answer(ctx, Cost::of_items(inputs.len() + outputs), move |_| {
            let outputs = match kind {
                Kind::Regressor => targets,
                Kind::Classifier => {
                    let mut one_hot = vec![0.0; outputs];
                    one_hot[targets[0] as usize] = 1.0;
                    one_hot
                }
            };
            Ok(Reply::Array(vec![Reply::Singles(inputs.into()), Reply::Singles(outputs.into())]))
        })
    }
}
