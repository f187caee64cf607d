//! Predictions for sequences. They are those of rows of fields, which the network derives from a sequence.

use neuralredis_core::random::Random;
use neuralredis_core::sequence::SequenceRow;
use neuralredis_core::{Error, Kind, Network};
use neuralredis_server::numbers::Row as Numbers;

use super::super::conformal as calibrated;
use super::super::named::answer::{Asked, classes};
use super::super::named::reply_options::{Caller, ReplyOptions};
use super::super::prelude::*;
use super::super::sample;
use super::event::{Arguments, owned};
use crate::info::{self, RUNS};
use crate::work::IsAwaited;

/// Runs a command that predicts; `args` are the arguments after the key.
pub(crate) fn answer(ctx: Context, value: &value::Value, args: &[&[u8]], asked: Asked) -> Result<Reply, Refusal> {
    let network = value.live.network();
    if asked == Asked::Class && network.kind() != Kind::Classifier {
        return Err(Error::NotClassifier.into());
    }
    let Arguments { id, events, after } = Arguments::parse(network, args)?;
    if events.len() > 1 {
        return Err(Refusal::shape(format!("{} events: expected at most one to ask about", events.len())));
    }
    let (prediction, cost) = Prediction::parse(value, after, asked)?;
    info::count(&RUNS, 1);
    let cost = cost + Cost::of_rows(1, network.cost_of_sequence(id, events.len()));
    let event = events.into_iter().next();
    if value.is_settled() && work::may_run_now(cost) {
        return prediction.reply(network, &network.sequence_row(id, event.as_deref())?, &|| true);
    }
    let (snapshot, id) = (value.snapshot(), id.to_vec());
    let event = owned(event).pop();
    work::defer(ctx, cost.or_wait(value), move |is_awaited| {
        let network = snapshot.wait()?;
        prediction.reply(&network, &network.sequence_row(&id, event.as_deref())?, is_awaited)
    })
}

/// A parsed request for a prediction, whether the network or the client keeps the sequence.
pub(super) struct Prediction {
    options: ReplyOptions,
    random: Option<Random>,
    asked: Asked,
}

impl Prediction {
    /// Parses the arguments after `->`, if there are any. Also returns the cost, without that of deriving the row.
    pub(super) fn parse(value: &value::Value, after: Option<&[&[u8]]>, asked: Asked) -> Result<(Self, Cost), Refusal> {
        let network = value.live.network();
        let options = ReplyOptions::parse(after, Caller::Answer)?;
        match network.kind() {
            Kind::Classifier if options.interval.is_some() => return Err(Error::NotRegressor.into()),
            Kind::Regressor if options.set.is_some() || options.sample.is_some() => {
                return Err(Error::NotClassifier.into());
            }
            Kind::Regressor if !options.is_plain() && options.interval.is_none() => {
                return Err(Refusal::option(
                    "TOP, WITHSCORES and MIN are for classes: expected INTERVAL or nothing after -> of a regressor",
                ));
            }
            _ => {}
        }
        let model = network.model();
        let mut cost = Cost::of_rows(1, model.multiplications()) + Cost::of_items(network.layout().outputs());
        if options.level().is_some() {
            cost = cost + calibrated::cost(value)?;
        }
        let random = options.sample.map(|sample| sample.random());
        if random.is_some() {
            model.check_drawing()?;
            cost = cost + sample::cost(1, &model)?;
        }
        Ok((Self { options, random, asked }, cost))
    }

    /// Computes the reply for a sequence whose row was derived.
    pub(super) fn reply(
        mut self,
        network: &Network,
        seen: &SequenceRow,
        is_awaited: IsAwaited<'_>,
    ) -> Result<Reply, Refusal> {
        let model = network.model();
        let quantiles = match self.options.level() {
            Some(level) => calibrated::quantiles(network, level, is_awaited)?,
            None => Vec::new(),
        };
        let mut outputs = Numbers::from_elem(0.0, model.layout().outputs());
        model.answer(std::slice::from_ref(&seen.row), &mut outputs);
        outputs.iter_mut().for_each(|output| *output += seen.level);
        match model.kind() {
            Kind::Classifier => {
                classes(&model, &outputs, (&self.options, &quantiles, self.random.as_mut()), self.asked)
            }
            Kind::Regressor if self.options.interval.is_some() => Ok(calibrated::intervals(&outputs, &quantiles)),
            Kind::Regressor => Ok(Reply::Singles(outputs)),
        }
    }
}
