//! NR.CALIBRATE: sets the scores that intervals and sets are computed from.
//!
//! - validation rows: `NR.CALIBRATE key TEST`
//! - rows of numbers: `NR.CALIBRATE key FP32 [ROWS n] blob`
//! - rows of fields: `NR.CALIBRATE key field value ... -> outcome ...`, `NR.CALIBRATE key JSON text -> outcome ...`

use std::sync::Arc;

use neuralredis_core::{Calibration, Error, Model, Network};

use super::conformal::Calibrating;
use super::named::{self, Known};
use super::prelude::*;
use super::wire_rows::{self, Blob};
use super::{effects, named::calibrate};
use crate::value::Value;
use crate::work::IsAwaited;
use crate::writes::{self, Step};

pub(super) struct Calibrate;

impl Command for Calibrate {
    const NAME: &CStr = c"nr.calibrate";
    const FLAGS: &CStr = c"write deny-oom";
    const ABOUT: About = About {
        summary: c"Calibrates prediction intervals and sets of classes on held-out rows.",
        complexity: c"O(R*P) where R is the number of rows and P that of parameters",
        arity: -3,
        key: Some(KeyUse::UPDATE),
        arguments: &[
            Argument::KEY,
            Argument::one_of(
                c"rows",
                &[
                    Argument::word(c"test", c"TEST"),
                    wire_rows::BLOB,
                    Argument::block(
                        c"fields",
                        &[
                            Argument::one_of(c"known", &[named::PAIR.multiple(), named::JSON]),
                            Argument::text(c"outcome").after(c"->").multiple(),
                        ],
                    ),
                ],
            ),
        ],
    };

    fn run(ctx: Context, args: &[&[u8]]) -> Result<Reply, Refusal> {
        let key = value::open_unsettled(ctx, ctx.argument(0))?;
        let value = value::read(&key)?;
        let (cost, calibrate) = match value.live.network().schema() {
            _ if matches!(args[1..], [word] if is(word, "TEST")) => by_validation_rows(value)?,
            Some(_) if value.live.network().sequence_options().is_some() => {
                return Err(neuralredis_core::Error::HasSequences.into());
            }
            Some(schema) => {
                let (known, outcome) = Known::parse(&args[1..])?;
                calibrate::by_fields(value, schema, known, outcome)?
            }
            None => by_positions(ctx, value, args)?,
        };
        let (snapshot, place) = (value.snapshot(), (ctx.selected(), args[0].to_vec(), value.id));
        let found = move |is_awaited: IsAwaited<'_>| {
            let network = snapshot.wait()?;
            Ok((network.model(), calibrate(&network, is_awaited)?))
        };
        let Some(client) = work::begin(ctx, cost.or_wait(value))? else {
            drop(key);
            return keep(ctx, place, found(&|| true));
        };
        work::spawn(move || {
            let found = found(&|| client.is_awaited());
            writes::conclude(client, move |ctx| {
                ctx.select(place.0);
                keep(ctx, place, found).map(Step::Done)
            });
        });
        Ok(Reply::Later)
    }
}

/// The work of calibrating on the present validation rows.
fn by_validation_rows(value: &Value) -> Result<(Cost, Calibrating), Refusal> {
    let network = value.live.network();
    let rows = network.testing_calibration_work();
    memory::check(network.calibration_bytes(rows))?;
    let cost = Cost::of_rows(rows, network.model().multiplications());
    let calibrate = |network: &Network, is_awaited: IsAwaited<'_>| {
        let found = network.testing_calibration(is_awaited)?;
        if found.rows() == 0 { Err(Error::NoRows.into()) } else { Ok(Calibration::clone(&found)) }
    };
    Ok((cost, Box::new(calibrate)))
}

/// The work of calibrating on rows in a blob, and its cost.
fn by_positions(ctx: Context, value: &Value, args: &[&[u8]]) -> Result<(Cost, Calibrating), Refusal> {
    let network = value.live.network();
    let (inputs, targets) = (network.layout().inputs(), network.targets());
    let Some((blob, following)) = Blob::find(args)? else {
        return Err(Refusal::unknown(args[1], "TEST, or FP32 and a blob of rows"));
    };
    if let Some(word) = following.first() {
        return Err(Refusal::unknown(word, "nothing after the rows, each of which counts once"));
    }
    let rows = blob.count(inputs + targets)?;
    // Twice: as numbers, and as a set of rows.
    memory::check(2 * blob.bytes.len() + network.calibration_bytes(rows))?;
    let cost = Cost::of_rows(network.calibration_rows(rows), value.parameters()) + Cost::of_bytes(3 * blob.bytes.len());
    let blob = ctx.hold(blob.index);
    let calibrate = move |network: &Network, is_awaited: IsAwaited<'_>| {
        let values = wire_rows::rows(blob.bytes(), inputs + targets)?;
        Ok(network.calibration_of(&wire_rows::interleaved(&values, inputs, targets), is_awaited)?)
    };
    Ok((cost, Box::new(calibrate)))
}

/// Stores the calibration of a model, unless the network's weights have changed since it was computed.
fn keep(
    ctx: Context,
    (_, name, id): (i32, Vec<u8>, u64),
    found: Result<(Model, Calibration), Refusal>,
) -> Result<Reply, Refusal> {
    let (model, calibration) = found?;
    let mut key = value::open_unsettled(ctx, &name[..])?;
    let value = value::write(&mut key)?;
    if value.id != id {
        return Err(Refusal::because(format!("another network is at key '{}' now", shown(&name))));
    }
    if !value.is_settled() || !value.live.network().answers_as(&model) {
        return Err(Refusal::state("the weights changed during the calibration: calibrate again"));
    }
    let rows = calibration.rows();
    let scores = effects::calibrated::encoded(&calibration);
    config::check_bytes(ctx, || value.network_bytes() + scores.len())?;
    value.live.network_mut().set_calibration(Arc::new(calibration))?;
    effects::calibrated::send(ctx, &name, &scores);
    key.changed();
    ctx.notify(c"nr.calibrate", &name[..]);
    Ok(Reply::count(rows as u64))
}
