//! Answers to sequences: as to rows of fields, of what the network sees of one.

use neuralredis_core::random::Random;
use neuralredis_core::schema::Value;
use neuralredis_core::sequence::Seen;
use neuralredis_core::{Error, Kind, Network};
use neuralredis_server::numbers::Row as Numbers;

use super::super::conformal as judged;
use super::super::named::answer::{Asked, classes};
use super::super::named::wanted::{Of, Wanted};
use super::super::prelude::*;
use super::super::sample;
use super::event::Told;
use crate::info::{self, RUNS};
use crate::work::KeepOn;

/// Answers what a sequence is asked. `args` are those after the key.
pub(crate) fn answer(ctx: Context, value: &value::Value, args: &[&[u8]], asked: Asked) -> Result<Reply, Refusal> {
    let network = value.live.network();
    if asked == Asked::Class && network.kind() != Kind::Classifier {
        return Err(Error::NotClassifier.into());
    }
    let Told { id, events, after } = Told::parse(network, args)?;
    if events.len() > 1 {
        return Err(Refusal::shape(format!("{} events: expected at most one to ask about", events.len())));
    }
    let (asking, cost) = Asking::parse(value, after, asked)?;
    info::count(&RUNS, 1);
    let cost = cost + Cost::of_rows(1, network.seeing(id, events.len()));
    let event = events.into_iter().next();
    if value.is_settled() && work::is_free(cost) {
        return asking.reply(network, &network.see(id, event.as_deref())?, &|| true);
    }
    let (snapshot, id) = (value.snapshot(), id.to_vec());
    let event = event.map(|event| event.into_iter().map(Value::into_owned).collect::<Vec<_>>());
    work::defer(ctx, cost.or_wait(value), move |keep_on| {
        let network = snapshot.wait()?;
        asking.reply(&network, &network.see(&id, event.as_deref())?, keep_on)
    })
}

/// What is asked of a sequence, whoever keeps it.
pub(super) struct Asking {
    wanted: Wanted,
    random: Option<Random>,
    asked: Asked,
}

impl Asking {
    /// Of the arguments after `->`, if it was there; and what it costs besides seeing the sequence.
    pub(super) fn parse(value: &value::Value, after: Option<&[&[u8]]>, asked: Asked) -> Result<(Self, Cost), Refusal> {
        let network = value.live.network();
        let wanted = Wanted::parse(after, Of::Answer)?;
        match network.kind() {
            Kind::Classifier if wanted.interval.is_some() => return Err(Error::NotRegressor.into()),
            Kind::Regressor if wanted.set.is_some() || wanted.sample.is_some() => {
                return Err(Error::NotClassifier.into());
            }
            Kind::Regressor if !wanted.is_plain() && wanted.interval.is_none() => {
                return Err(Refusal::option(
                    "TOP, WITHSCORES and MIN are for classes: expected INTERVAL or nothing after -> of a regressor",
                ));
            }
            _ => {}
        }
        let model = network.model();
        let mut cost = Cost::of_rows(1, model.multiplications()) + Cost::of_items(network.layout().outputs());
        if wanted.level().is_some() {
            cost = cost + judged::cost(value)?;
        }
        let random = wanted.sample.map(|sample| sample.random());
        if random.is_some() {
            model.check_drawing()?;
            cost = cost + sample::cost(1, &model)?;
        }
        Ok((Self { wanted, random, asked }, cost))
    }

    /// What is answered to a sequence that is seen so.
    pub(super) fn reply(mut self, network: &Network, seen: &Seen, keep_on: KeepOn<'_>) -> Result<Reply, Refusal> {
        let model = network.model();
        let quantiles = match self.wanted.level() {
            Some(level) => judged::quantiles(network, level, keep_on)?,
            None => Vec::new(),
        };
        let mut outputs = Numbers::from_elem(0.0, model.layout().outputs());
        model.answer(std::slice::from_ref(&seen.row), &mut outputs);
        outputs.iter_mut().for_each(|output| *output += seen.level);
        match model.kind() {
            Kind::Classifier => classes(&model, &outputs, (&self.wanted, &quantiles, self.random.as_mut()), self.asked),
            Kind::Regressor if self.wanted.interval.is_some() => Ok(judged::intervals(&outputs, &quantiles)),
            Kind::Regressor => Ok(Reply::Singles(outputs)),
        }
    }
}
