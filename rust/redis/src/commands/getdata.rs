//! NR.GETDATA: returns stored rows. `NR.GETDATA key TRAIN|TEST row`, `NR.GETDATA key TRAIN|TEST first COUNT n`

use neuralredis_core::schema::Held;
use neuralredis_core::{Error, Kind, Network, Schema, Set, Target};

use super::prelude::*;
use super::run::REPLY_BYTES;
use super::wire_rows;

pub(super) struct GetData;

impl Command for GetData {
    const NAME: &CStr = c"nr.getdata";
    const FLAGS: &CStr = c"readonly";
    const ABOUT: About = About {
        summary: c"Returns a stored row, or with COUNT several rows as binary blobs.",
        complexity: c"O(N) where N is the number of values of the rows",
        arity: -4,
        key: Some(KeyUse::READ),
        arguments: &[
            Argument::KEY,
            wire_rows::SET,
            Argument::integer(c"row"),
            Argument::integer(c"rows").after(c"COUNT").optional(),
        ],
    };

    fn run(ctx: Context, args: &[&[u8]]) -> Result<Reply, Refusal> {
        let (set, row, rest) = (args[1], args[2], &args[3..]);
        let key = value::open_unsettled(ctx, ctx.argument(0))?;
        let network = value::read(&key)?.live.network();
        let set = wire_rows::set(set).ok_or_else(|| Refusal::argument("the set", set, "TRAIN or TEST"))?;
        let whole = |name, given| {
            numbers::whole(given).ok_or_else(|| Refusal::argument(name, given, "an integer of at least 0"))
        };
        let row = whole("row", row)?;
        match *rest {
            _ if network.sequence_options().is_some() => Err(Error::HasSequences.into()),
            [] if network.schema().is_some() => named(ctx, network, set, row),
            _ if network.schema().is_some() => Err(Error::HasFields.into()),
            [] => single(ctx, network, set, row),
            [word, count] if is(word, "COUNT") => several(ctx, network, set, row, whole("COUNT", count)?),
            [word] if is(word, "COUNT") => Err(Refusal::option("COUNT has no value")),
            [word, ..] => Err(Refusal::unknown(word, "COUNT")),
        }
    }
}

fn single(ctx: Context, network: &Network, set: Set, row: u64) -> Result<Reply, Refusal> {
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

/// The reply of a row of fields: names and values in turn, and its outcome.
fn named(ctx: Context, network: &Network, set: Set, row: u64) -> Result<Reply, Refusal> {
    let stored = u32::try_from(row).ok().and_then(|row| network.row_of_fields(set, row));
    let (Some((row, outcome, _)), Some(schema)) = (stored, network.schema().cloned()) else { return Ok(Reply::Null) };
    let items = 2 * (schema.fields().len() + row.list.len()) + row.cells.len() + outcome.len();
    work::answer(ctx, Cost::of_items(items), move |_| {
        let stored = schema.fields().iter().zip(schema.held(&row));
        let values =
            stored.flat_map(|(field, value)| [Reply::Bulk(field.name().to_vec()), shown_value(value)]).collect();
        Ok(Reply::Array(vec![Reply::Array(values), Reply::Array(outcomes(&schema, &outcome))]))
    })
}

pub(super) fn shown_value(value: Held<'_>) -> Reply {
    let word = |word: &[u8]| Reply::Bulk(word.to_vec());
    match value {
        // The word is not stored.
        Held::Gap | Held::OtherWord => Reply::Null,
        Held::Number(number) => Reply::Single(number),
        Held::Flag(flag) => Reply::Flag(flag),
        Held::Word(text) => word(text),
        Held::Moment(seconds) => Reply::Double(seconds),
        Held::Words(words) => Reply::Array(words.into_iter().map(|text| text.map_or(Reply::Null, word)).collect()),
        Held::Vector(numbers) => Reply::Singles(numbers.into()),
        Held::Buckets(buckets) => {
            let pair = |(bucket, value): (u32, f32)| [Reply::count(bucket), Reply::Single(value)];
            Reply::Array(buckets.into_iter().flat_map(pair).collect())
        }
    }
}

fn outcomes(schema: &Schema, outcome: &[f32]) -> Vec<Reply> {
    match schema.target() {
        Target::Classes { names, .. } => {
            outcome.iter().map(|&class| Reply::Bulk(names[class as usize].to_vec())).collect()
        }
        Target::Values(_) => outcome.iter().map(|&value| Reply::Single(value)).collect(),
    }
}

/// The reply of up to `count` rows: blobs of inputs, of classes or outputs, and of weights.
fn several(ctx: Context, network: &Network, set: Set, first: u64, count: u64) -> Result<Reply, Refusal> {
    let (first, stored) = (usize::try_from(first).unwrap_or(usize::MAX), network.rows(set) as usize);
    let count = usize::try_from(count).unwrap_or(usize::MAX).min(stored.saturating_sub(first));
    let size = count.saturating_mul(4 * (network.layout().inputs() + network.targets() + 1));
    if size > REPLY_BYTES {
        return Err(Refusal::data(format!(
            "{count} rows are {size} bytes: expected at most {REPLY_BYTES}, of fewer rows"
        )));
    }
    // Three times: as numbers, as bytes, and as the server's copy of the bytes.
    memory::check(3 * size)?;
    let network = network.clone();
    work::answer(ctx, Cost::of_bytes(3 * size), move |_| {
        let (inputs, targets, weights) = network.rows_from(set, first, count);
        let bytes = |values: &[f32]| Reply::Bulk(numbers::bytes(values));
        Ok(Reply::Array(vec![bytes(&inputs), bytes(&targets), bytes(&weights)]))
    })
}
