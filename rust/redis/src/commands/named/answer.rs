//! Predictions for rows of fields: names of classes, or numbers.

use neuralredis_core::random::Random;
use neuralredis_core::{Error, Kind, Model, Row, Schema, conformal};
use neuralredis_server::numbers::Row as Numbers;

use super::super::conformal as calibrated;
use super::super::prelude::*;
use super::super::sample;
use super::known::{Known, Rows};
use super::observe::schema_of;
use super::reply_options::{Caller, ReplyOptions};
use crate::info::{self, RUNS};
use crate::value::Value;
use crate::work::IsAwaited;

/// What a command returns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Asked {
    /// The outputs (NR.RUN).
    Outputs,
    /// The class (NR.CLASS).
    Class,
}

/// Runs a command that predicts; `args` are the arguments after `->`.
pub(crate) fn answer(
    ctx: Context,
    value: &Value,
    known: Known<'_>,
    args: Option<&[&[u8]]>,
    asked: Asked,
) -> Result<Reply, Refusal> {
    let network = value.live.network();
    let schema = schema_of(value)?;
    if asked == Asked::Class && network.kind() != Kind::Classifier {
        return Err(Error::NotClassifier.into());
    }
    let options = ReplyOptions::parse(args, Caller::Answer)?;
    match network.kind() {
        Kind::Classifier if options.interval.is_some() => return Err(Error::NotRegressor.into()),
        Kind::Regressor if options.set.is_some() || options.sample.is_some() => return Err(Error::NotClassifier.into()),
        _ => {}
    }
    if network.kind() == Kind::Regressor && !options.is_plain() && options.interval.is_none() {
        return Err(Refusal::option(
            "TOP, WITHSCORES and MIN are for classes: expected INTERVAL or nothing after -> of a regressor",
        ));
    }
    let (rows, outputs) = (known.likely_rows(), network.layout().outputs());
    let model = network.model();
    let random = options.sample.map(|sample| sample.random());
    let cost_of_draws = match random {
        None => Cost::NONE,
        Some(_) => model.check_drawing().map_err(Refusal::from).and_then(|()| sample::cost(rows, &model))?,
    };
    let cost = known.cost()
        + Cost::of_rows(rows, model.multiplications())
        + Cost::of_items(rows.saturating_mul(outputs))
        + cost_of_draws;
    if let Some(level) = options.level() {
        let cost = cost + calibrated::cost(value)?;
        let (network, known) = (value.snapshot(), known.into_owned());
        return work::answer(ctx, cost, move |is_awaited| {
            let network = network.wait()?;
            let quantiles = calibrated::quantiles(&network, level, is_awaited)?;
            reply(&network.model(), &schema, &known, (&options, &quantiles, None), asked, is_awaited)
        });
    }
    if value.is_settled() && work::may_run_now(cost) {
        return reply(&model, &schema, &known, (&options, &[], random), asked, &|| true);
    }
    let (model, known) = (value.model(), known.into_owned());
    work::defer(ctx, cost.or_wait(value), move |is_awaited| {
        reply(&model.wait(), &schema, &known, (&options, &[], random), asked, is_awaited)
    })
}

/// Computes the reply. `quantiles` are those of an interval or a set, `random` is the generator of SAMPLE.
fn reply(
    model: &Model,
    schema: &Schema,
    known: &Known<'_>,
    (options, quantiles, mut random): (&ReplyOptions, &[f64], Option<Random>),
    asked: Asked,
    is_awaited: IsAwaited<'_>,
) -> Result<Reply, Refusal> {
    // Rows with their values, outputs and replies.
    memory::check(known.most_rows().saturating_mul(schema.row_bytes() + 64 * model.layout().outputs()))?;
    let Rows { rows, are_listed } = known.read(schema)?;
    info::count(&RUNS, rows.len() as u64);
    let rows: Vec<Row> = rows.iter().map(|values| schema.row(values)).collect();
    let outputs = outputs(model, &rows, is_awaited)?;
    let mut of_row = |outputs: &[f32]| match model.kind() {
        Kind::Classifier => classes(model, outputs, (options, quantiles, random.as_mut()), asked),
        Kind::Regressor if options.interval.is_some() => Ok(calibrated::intervals(outputs, quantiles)),
        Kind::Regressor => Ok(Reply::Singles(Numbers::from_slice(outputs))),
    };
    let width = model.layout().outputs();
    if are_listed {
        outputs.chunks_exact(width).map(of_row).collect::<Result<_, _>>().map(Reply::Array)
    } else {
        of_row(&outputs)
    }
}

/// Computes the outputs of rows, in chunks.
pub(crate) fn outputs(model: &Model, rows: &[Row], is_awaited: IsAwaited<'_>) -> Result<Vec<f32>, Refusal> {
    /// Rows between two checks whether the client still waits.
    const CHUNK: usize = 1024;
    let width = model.layout().outputs();
    let mut outputs = vec![0.0; rows.len() * width];
    for (rows, outputs) in rows.chunks(CHUNK).zip(outputs.chunks_mut(CHUNK * width)) {
        if !is_awaited() {
            return Err(Error::Stopped.into());
        }
        model.answer(rows, outputs);
    }
    Ok(outputs)
}

/// The classes that a model can predict; an error if there are none yet.
pub(crate) fn known_classes(model: &Model) -> Result<&[Box<[u8]>], Refusal> {
    match model.classes() {
        [] => Err(Refusal::state("the network has seen no class yet: expected rows before it is asked")),
        classes => Ok(classes),
    }
}

pub(crate) fn classes(
    model: &Model,
    outputs: &[f32],
    (options, quantiles, random): (&ReplyOptions, &[f64], Option<&mut Random>),
    asked: Asked,
) -> Result<Reply, Refusal> {
    let classes = known_classes(model)?;
    let scores = &outputs[..classes.len()];
    let scored = |index: usize| (classes[index].to_vec(), scores[index]);
    let chosen = || match (quantiles.first(), options.sample.as_ref().zip(random)) {
        (Some(&quantile), _) => conformal::class_set(scores, quantile),
        (None, Some((sample, random))) => vec![sample.decoding.draw(scores, &[], random)],
        (None, None) if asked == Asked::Class && options.top.is_none() => {
            let class = model.class_of(scores);
            if options.allows(scores[class]) { vec![class] } else { Vec::new() }
        }
        (None, None) => options.chosen(scores),
    };
    if asked == Asked::Outputs {
        let all: Vec<usize> = if options.is_plain() { (0..classes.len()).collect() } else { chosen() };
        return Ok(Reply::Scores(all.into_iter().map(scored).collect()));
    }
    let chosen = chosen();
    if options.top.is_some() || options.set.is_some() {
        return Ok(if options.with_scores {
            Reply::Ranking(chosen.into_iter().map(scored).map(|(name, score)| (name, Some(score))).collect())
        } else {
            Reply::Array(chosen.into_iter().map(|index| Reply::Bulk(classes[index].to_vec())).collect())
        });
    }
    Ok(match chosen.first() {
        None => Reply::Null,
        Some(&best) if options.with_scores => {
            Reply::Array(vec![Reply::Bulk(classes[best].to_vec()), Reply::Single(scores[best])])
        }
        Some(&best) => Reply::Bulk(classes[best].to_vec()),
    })
}
