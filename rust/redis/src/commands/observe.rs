//! NR.OBSERVE: stores rows.
//!
//! - a row of fields: `NR.OBSERVE key field value [field value ...] -> outcome ... [WEIGHT w] [TRAIN|TEST]`,
//!   `NR.OBSERVE key JSON text -> outcome ...`
//! - rows of numbers: `NR.OBSERVE key i0 .. iN -> o0 .. oM [WEIGHT w] [TRAIN|TEST]`, `NR.OBSERVE key FP32 [ROWS n] blob
//!   [WEIGHTS blob] [TRAIN|TEST]`

use neuralredis_core::Place;
use smallvec::SmallVec;

use super::named::{self, Known};
use super::prelude::*;
use super::wire_rows::{Blob, Rows, SET, WEIGHTED_BLOB};
use super::{batches, effects, growth, sequences};
use crate::info::{self, ROWS_OBSERVED};

pub(super) struct Observe;

impl Command for Observe {
    const NAME: &CStr = c"nr.observe";
    const FLAGS: &CStr = c"write deny-oom";
    const ABOUT: About = About {
        summary: c"Stores rows of inputs and outcomes in the training or validation set.",
        complexity: c"O(N) where N is the number of values",
        arity: -4,
        key: Some(KeyUse::ADD),
        arguments: &[
            Argument::KEY,
            Argument::one_of(
                c"rows",
                &[
                    Argument::block(
                        c"row",
                        &[
                            Argument::number(c"input").multiple(),
                            Argument::number(c"output").after(c"->").multiple(),
                            Argument::number(c"weight").after(c"WEIGHT").optional(),
                        ],
                    ),
                    WEIGHTED_BLOB,
                    Argument::block(
                        c"fields",
                        &[
                            Argument::one_of(c"known", &[named::PAIR.multiple(), named::JSON]),
                            Argument::text(c"outcome").after(c"->").multiple(),
                            Argument::number(c"fields-weight").after(c"WEIGHT").optional(),
                        ],
                    ),
                ],
            ),
            SET.optional(),
        ],
    };

    fn run(ctx: Context, args: &[&[u8]]) -> Result<Reply, Refusal> {
        let name = ctx.argument(0);
        let mut key = value::open_unsettled(ctx, name)?;
        let value = value::read(&key)?;
        if value.live.network().sequence_options().is_some() {
            return sequences::observe::store(ctx, key, &args[1..]);
        }
        if value.live.network().schema().is_some() {
            let (known, outcome) = Known::parse(&args[1..])?;
            return named::observe::store(ctx, key, known, outcome, false);
        }
        if let Some((blob, following)) = Blob::find(args)?
            && let Some(client) = work::begin(ctx, Cost::of_bytes(growth::COPIES * blob.bytes.len()))?
        {
            return Ok(batches::begin(ctx, blob, following, value, client));
        }
        let rows = Rows::parse(args, value.live.network())?;
        growth::check(ctx, value, rows.count(value.live.network()), rows.weights.is_some(), rows.target)?;
        let network = value::write(&mut key)?.live.network_mut();
        let batch = rows.batch(network);
        let (train, test) = if ctx.has_replication_targets() {
            let mut places = SmallVec::<[Place; 1]>::with_capacity(batch.rows);
            let stored = network.observe(&batch, rows.target, |place| places.push(place))?;
            let sent = match rows.blob {
                Some(index) => ctx.argument(index).into(),
                None => numbers::bytes(&rows.values)[..].into(),
            };
            effects::rows::send(ctx, name, network.rows_state(), &places, sent, rows.weights.as_deref());
            stored
        } else {
            // If a replica connects at this moment after all, replaying the command stores the rows at the same places:
            // the random state is part of the network.
            let stored = network.observe(&batch, rows.target, |_| {})?;
            ctx.replicate_verbatim();
            stored
        };
        key.changed();
        info::count(&ROWS_OBSERVED, batch.rows as u64);
        ctx.notify(c"nr.observe", name);
        Ok(Reply::Pair(train.into(), test.into()))
    }
}
