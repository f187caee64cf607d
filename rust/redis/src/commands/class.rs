//! NR.CLASS: predicts the class of rows.
//!
//! - a row of fields: `NR.CLASS key field value ... [-> options]`, `NR.CLASS key JSON text [-> options]`
//! - rows of numbers: `NR.CLASS key i0 .. iN [-> SET percent | SAMPLE [option value ...]]`, `NR.CLASS key FP32 [ROWS n]
//!   blob [-> ...]`

use neuralredis_core::{Error, Kind, Model, conformal};

use super::blobs;
use super::conformal as calibrated;
use super::named::Known;
use super::named::answer::{Asked, answer};
use super::named::reply_options::REPLY_OPTIONS;
use super::prelude::*;
use super::run;
use super::sample::{self, Sample};
use super::sequences;
use super::wire_rows::{self, Blob};
use crate::info::{self, RUNS};
use crate::value::Value;
use crate::work::IsAwaited;

pub(super) struct Class;

impl Command for Class {
    const NAME: &CStr = c"nr.class";
    const FLAGS: &CStr = c"readonly";
    const ABOUT: About = About {
        summary: c"Returns the class that a classifier predicts for rows of inputs.",
        complexity: c"O(R*P) where R is the number of rows and P that of parameters",
        arity: -3,
        key: Some(KeyUse::READ),
        arguments: &[Argument::KEY, run::INPUTS, REPLY_OPTIONS],
    };

    fn run(ctx: Context, args: &[&[u8]]) -> Result<Reply, Refusal> {
        let key = value::open_unsettled(ctx, ctx.argument(0))?;
        let value = value::read(&key)?;
        if value.live.network().sequence_options().is_some() {
            return sequences::answer::answer(ctx, value, &args[1..], Asked::Class);
        }
        if value.live.network().schema().is_some() {
            let (known, options) = Known::parse(&args[1..])?;
            return answer(ctx, value, known, options, Asked::Class);
        }
        let network = value.live.network();
        let width = network.layout().inputs();
        // Checked before the arguments are parsed: this error is more useful.
        if network.kind() != Kind::Classifier {
            return Err(Error::NotClassifier.into());
        }
        let (args, options) = calibrated::split(args)?;
        if let Some(options) = options {
            return match Sample::alone(options)? {
                Some(sample) => sample::answer(ctx, value, args, sample),
                None => sets(ctx, value, args, options),
            };
        }
        if let Some((blob, [])) = Blob::find(args)? {
            let (bytes, rows) = (blob.bytes, blob.count(width)?);
            memory::check(blobs::reply_bytes(rows))?;
            info::count(&RUNS, rows as u64);
            let cost = Cost::of_rows(rows, value.parameters()) + Cost::of_bytes(bytes.len()) + Cost::of_items(rows);
            if value.is_settled() && work::may_run_now(cost) {
                return classes(&network.model(), bytes, rows, &|| true);
            }
            let (model, blob) = (value.model(), ctx.hold(blob.index));
            return work::defer(ctx, cost.or_wait(value), move |is_awaited| {
                classes(&model.wait(), blob.bytes(), rows, is_awaited)
            });
        }
        let inputs = wire_rows::inputs(&args[1..], width)?;
        info::count(&RUNS, 1);
        let cost = Cost::of_rows(1, value.parameters());
        if value.is_settled() && work::may_run_now(cost) {
            return class(&network.model(), &inputs);
        }
        let model = value.model();
        work::defer(ctx, cost.or_wait(value), move |_| class(&model.wait(), &inputs))
    }
}

/// Predicts sets of classes; `options` are the arguments after `->`.
fn sets(ctx: Context, value: &Value, args: &[&[u8]], options: &[&[u8]]) -> Result<Reply, Refusal> {
    let level = calibrated::level(options, "SET")?;
    let layout = value.live.network().layout();
    let (width, classes) = (layout.inputs(), layout.outputs());
    let of_network = calibrated::cost(value)?;
    let snapshot = value.snapshot();
    if let Some((blob, [])) = Blob::find(args)? {
        let rows = blob.count(width)?;
        // At most all classes of each row, and their text in the reply.
        let items = rows.saturating_mul(classes);
        memory::check(items.saturating_mul(size_of::<u32>() + blobs::TEXT_BYTES) + rows * size_of::<Reply>())?;
        info::count(&RUNS, rows as u64);
        let cost = of_network
            + Cost::of_rows(rows, value.parameters())
            + Cost::of_bytes(blob.bytes.len())
            + Cost::of_items(items);
        let blob = ctx.hold(blob.index);
        return work::answer(ctx, cost, move |is_awaited| {
            let network = snapshot.wait()?;
            let quantiles = calibrated::quantiles(&network, level, is_awaited)?;
            let mut sets = Vec::with_capacity(rows);
            blobs::run_blob(&network.model(), blob.bytes(), is_awaited, |outputs| {
                sets.extend(outputs.chunks_exact(classes).map(|outputs| set(outputs, &quantiles)));
            })?;
            Ok(Reply::Array(sets))
        });
    }
    let inputs = wire_rows::inputs(&args[1..], width)?;
    info::count(&RUNS, 1);
    let cost = of_network + Cost::of_rows(1, value.parameters()) + Cost::of_items(classes);
    work::answer(ctx, cost, move |is_awaited| {
        let network = snapshot.wait()?;
        let quantiles = calibrated::quantiles(&network, level, is_awaited)?;
        let mut outputs = vec![0.0; classes];
        network.model().run(&inputs, &mut outputs)?;
        Ok(set(&outputs, &quantiles))
    })
}

/// The set of classes of a row, the most probable first.
fn set(outputs: &[f32], quantiles: &[f64]) -> Reply {
    let quantile = quantiles.first().copied().unwrap_or(f64::INFINITY);
    Reply::Counts(conformal::class_set(outputs, quantile).into_iter().map(|class| class as u32).collect())
}

/// The class of each row of a blob.
fn classes(model: &Model, blob: &[u8], rows: usize, is_awaited: IsAwaited<'_>) -> Result<Reply, Refusal> {
    blobs::classes(model, blob, rows, is_awaited, |outputs| model.class_of(outputs))
}

/// The class of one row.
fn class(model: &Model, inputs: &[f32]) -> Result<Reply, Refusal> {
    Ok(model.classify(inputs)?.first().copied().map_or(Reply::Null, Reply::count))
}
