//! NR.RUN: returns the outputs of a network.
//!
//! - a row of fields: `NR.RUN key field value ... [-> options]`, `NR.RUN key JSON text [-> options]`
//! - rows of numbers: `NR.RUN key i0 .. iN [-> INTERVAL percent | SAMPLE [option value ...]]`, `NR.RUN key FP32 [ROWS
//!   n] blob [-> ...]`

use neuralredis_core::{Error, Kind, Model, conformal};
use neuralredis_server::numbers::Row;

use super::blobs;
use super::conformal as calibrated;
use super::named::answer::{Asked, answer};
use super::named::reply_options::REPLY_OPTIONS;
use super::named::{JSON, Known, PAIR};
use super::prelude::*;
use super::sample::{self, Sample};
use super::sequences;
use super::wire_rows::{self, Blob};
use crate::info::{self, RUNS};
use crate::value::Value;
use crate::work::IsAwaited;

/// The most bytes of a bulk reply, the server's limit of a string.
pub(super) const REPLY_BYTES: usize = 512 << 20;

/// Bytes of a number and of its text in the reply.
const TEXT_BYTES: usize = 32;

pub(super) struct Run;

impl Command for Run {
    const NAME: &CStr = c"nr.run";
    const FLAGS: &CStr = c"readonly";
    const ABOUT: About = About {
        summary: c"Returns the outputs of a network for rows of inputs.",
        complexity: c"O(R*P) where R is the number of rows and P that of parameters",
        arity: -3,
        key: Some(KeyUse::READ),
        arguments: &[Argument::KEY, INPUTS, REPLY_OPTIONS],
    };

    fn run(ctx: Context, args: &[&[u8]]) -> Result<Reply, Refusal> {
        let key = value::open_unsettled(ctx, ctx.argument(0))?;
        let value = value::read(&key)?;
        if value.live.network().sequence_options().is_some() {
            return sequences::answer::answer(ctx, value, &args[1..], Asked::Outputs);
        }
        if value.live.network().schema().is_some() {
            let (known, options) = Known::parse(&args[1..])?;
            return answer(ctx, value, known, options, Asked::Outputs);
        }
        let (args, options) = calibrated::split(args)?;
        if let Some(options) = options {
            return match Sample::alone(options)? {
                Some(sample) => sample::answer(ctx, value, args, sample),
                None => with_intervals(ctx, value, args, options),
            };
        }
        let layout = value.live.network().layout();
        let (width, out_width) = (layout.inputs(), layout.outputs());
        if let Some((blob, [])) = Blob::find(args)? {
            let (bytes, rows) = (blob.bytes, blob.count(width)?);
            let size = rows.saturating_mul(out_width).saturating_mul(4);
            check_size(rows, size)?;
            // Twice: as bytes, and as the server's copy of them. The numbers are those of a few rows at a time.
            memory::check(2 * size)?;
            info::count(&RUNS, rows as u64);
            let cost = Cost::of_rows(rows, value.parameters()) + Cost::of_bytes(bytes.len() + size);
            if value.is_settled() && work::may_run_now(cost) {
                return outputs(&value.live.network().model(), bytes, size, &|| true);
            }
            let (model, blob) = (value.model(), ctx.hold(blob.index));
            return work::defer(ctx, cost.or_wait(value), move |is_awaited| {
                outputs(&model.wait(), blob.bytes(), size, is_awaited)
            });
        }
        let inputs = wire_rows::inputs(&args[1..], width)?;
        memory::check(TEXT_BYTES * out_width)?;
        info::count(&RUNS, 1);
        let cost = Cost::of_rows(1, value.parameters()) + Cost::of_items(out_width);
        if value.is_settled() && work::may_run_now(cost) {
            return row(&value.live.network().model(), &inputs);
        }
        let model = value.model();
        work::defer(ctx, cost.or_wait(value), move |_| row(&model.wait(), &inputs))
    }
}

/// Predicts outputs with their intervals; `options` are the arguments after `->`.
fn with_intervals(ctx: Context, value: &Value, args: &[&[u8]], options: &[&[u8]]) -> Result<Reply, Refusal> {
    let level = calibrated::level(options, "INTERVAL")?;
    let network = value.live.network();
    if network.kind() == Kind::Classifier {
        return Err(Error::NotRegressor.into());
    }
    let (width, out_width) = (network.layout().inputs(), network.layout().outputs());
    let of_network = calibrated::cost(value)?;
    let snapshot = value.snapshot();
    if let Some((blob, [])) = Blob::find(args)? {
        let rows = blob.count(width)?;
        let size = rows.saturating_mul(out_width).saturating_mul(3 * 4);
        check_size(rows, size)?;
        memory::check(2 * size)?;
        info::count(&RUNS, rows as u64);
        let cost = of_network + Cost::of_rows(rows, value.parameters()) + Cost::of_bytes(blob.bytes.len() + size);
        let blob = ctx.hold(blob.index);
        return work::answer(ctx, cost, move |is_awaited| {
            let network = snapshot.wait()?;
            let quantiles = calibrated::quantiles(&network, level, is_awaited)?;
            let mut bytes: Vec<[u8; 4]> = Vec::with_capacity(size / 4);
            blobs::run_blob(&network.model(), blob.bytes(), is_awaited, |outputs| {
                let bounds = outputs.iter().zip(quantiles.iter().cycle());
                let bounds = bounds.flat_map(|(output, quantile)| conformal::interval(*output, *quantile));
                bytes.extend(bounds.map(f32::to_le_bytes));
            })?;
            Ok(Reply::Bulk(bytes.into_flattened()))
        });
    }
    let inputs = wire_rows::inputs(&args[1..], width)?;
    memory::check(3 * TEXT_BYTES * out_width)?;
    info::count(&RUNS, 1);
    let cost = of_network + Cost::of_rows(1, value.parameters()) + Cost::of_items(3 * out_width);
    work::answer(ctx, cost, move |is_awaited| {
        let network = snapshot.wait()?;
        let quantiles = calibrated::quantiles(&network, level, is_awaited)?;
        let mut outputs = Row::from_elem(0.0, out_width);
        network.model().run(&inputs, &mut outputs)?;
        Ok(calibrated::intervals(&outputs, &quantiles))
    })
}

/// Returns an error if the reply would be too long.
fn check_size(rows: usize, size: usize) -> Result<(), Refusal> {
    if size <= REPLY_BYTES {
        return Ok(());
    }
    Err(Refusal::data(format!(
        "the outputs of {rows} rows are {size} bytes: expected at most {REPLY_BYTES}, of fewer rows"
    )))
}

/// The outputs of one row.
fn row(model: &Model, inputs: &[f32]) -> Result<Reply, Refusal> {
    let mut outputs = Row::from_elem(0.0, model.layout().outputs());
    model.run(inputs, &mut outputs)?;
    Ok(Reply::Singles(outputs))
}

/// The outputs of many rows as a blob of `size` bytes.
fn outputs(model: &Model, inputs: &[u8], size: usize, is_awaited: IsAwaited<'_>) -> Result<Reply, Refusal> {
    let mut bytes: Vec<[u8; 4]> = Vec::with_capacity(size / 4);
    blobs::run_blob(model, inputs, is_awaited, |outputs| {
        bytes.extend(outputs.iter().map(|output| output.to_le_bytes()));
    })?;
    Ok(Reply::Bulk(bytes.into_flattened()))
}

/// The inputs in COMMAND DOCS: numbers of one row, a blob of rows, or fields.
pub(super) const INPUTS: Argument =
    Argument::one_of(c"inputs", &[Argument::number(c"input").multiple(), wire_rows::BLOB, PAIR.multiple(), JSON]);
