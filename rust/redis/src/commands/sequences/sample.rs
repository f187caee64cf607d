//! NR.SAMPLE: draws events that continue a sequence.
//!
//! `NR.SAMPLE key id [COUNT n] [TEMPERATURE t] [TOPK k] [TOPP p] [MINP m] [PENALTY r] [UNTIL word] [SEED s]`

use neuralredis_core::Error;
use neuralredis_core::sequence::{Extent, MOST_DRAWN};

use super::super::prelude::*;
use super::super::sample::{self, Sample as Drawn};
use crate::info::{self, RUNS};

/// The default number of events.
const DEFAULT_COUNT: usize = 1;

pub(crate) struct Sample;

impl Command for Sample {
    const NAME: &CStr = c"nr.sample";
    const FLAGS: &CStr = c"readonly";
    const ABOUT: About = About {
        summary: c"Draws random events that continue a sequence.",
        complexity: c"O(N*P) where N is the number of events and P that of parameters",
        arity: -3,
        key: Some(KeyUse::READ),
        arguments: &[
            Argument::KEY,
            Argument::text(c"id"),
            Argument::integer(c"events").after(c"COUNT").optional(),
            Argument::number(c"temperature").after(c"TEMPERATURE").optional(),
            Argument::integer(c"k").after(c"TOPK").optional(),
            Argument::number(c"p").after(c"TOPP").optional(),
            Argument::number(c"m").after(c"MINP").optional(),
            Argument::number(c"penalty").after(c"PENALTY").optional(),
            Argument::text(c"word").after(c"UNTIL").optional(),
            Argument::integer(c"seed").after(c"SEED").optional(),
        ],
    };

    fn run(ctx: Context, args: &[&[u8]]) -> Result<Reply, Refusal> {
        let key = value::open_unsettled(ctx, ctx.argument(0))?;
        let value = value::read(&key)?;
        let network = value.live.network();
        if network.sequence_options().is_none() {
            return Err(Error::NoSequences.into());
        }
        let Request { sample, count, until } = Request::parse(&args[2..])?;
        let model = network.model();
        let until = until.map(|word| {
            let found = model.classes().iter().position(|class| **class == *word);
            found.ok_or_else(|| Refusal::argument("UNTIL", word, "a word of the events that the network has learnt"))
        });
        let extent = Extent { count, until: until.transpose()? };
        let of_event = network.cost_of_sequence(args[1], count) + model.multiplications();
        let cost = Cost::of_rows(count, of_event) + sample::cost(count, &model)?;
        info::count(&RUNS, 1);
        let (decoding, mut random) = (sample.decoding, sample.random());
        let (snapshot, id) = (value.snapshot(), args[1].to_vec());
        work::answer(ctx, cost.or_wait(value), move |is_awaited| {
            let network = snapshot.wait()?;
            let drawn = network.continue_sequence(&id, &decoding, extent, &mut random, is_awaited)?;
            let model = network.model();
            let words = drawn.into_iter().map(|class| Reply::Bulk(model.classes()[class].to_vec()));
            Ok(Reply::Array(words.collect()))
        })
    }
}

/// The parsed arguments.
struct Request<'a> {
    sample: Drawn,
    count: usize,
    until: Option<&'a [u8]>,
}

impl<'a> Request<'a> {
    fn parse(mut args: &[&'a [u8]]) -> Result<Self, Refusal> {
        let mut sample = Drawn::default();
        let (mut count, mut until, mut penalty) = (None, None, None);
        while let Some(&word) = args.split_off_first() {
            let is_twice = if is(word, "COUNT") {
                let given = value_of("COUNT", &mut args)?;
                let number = numbers::whole(given).and_then(|number| usize::try_from(number).ok());
                let number = number.filter(|number| (1..=MOST_DRAWN).contains(number));
                let expected = format_args!("an integer from 1 to {MOST_DRAWN}");
                count.replace(number.ok_or_else(|| Refusal::argument("COUNT", given, expected))?).is_some()
            } else if is(word, "UNTIL") {
                until.replace(value_of("UNTIL", &mut args)?).is_some()
            } else if is(word, "PENALTY") {
                let given = value_of("PENALTY", &mut args)?;
                sample.decoding.penalty = numbers::double(given).unwrap_or(f64::NAN);
                if let Err(Error::Option { expected, .. }) = sample.decoding.check() {
                    return Err(Refusal::argument("PENALTY", given, expected));
                }
                penalty.replace(()).is_some()
            } else if sample.take(word, &mut args)? {
                false
            } else {
                let names = "COUNT, TEMPERATURE, TOPK, TOPP, MINP, PENALTY, UNTIL or SEED";
                return Err(Refusal::unknown(word, names));
            };
            if is_twice {
                return Err(Refusal::option(format!(
                    "{} is given twice",
                    String::from_utf8_lossy(word).to_uppercase()
                )));
            }
        }
        Ok(Self { sample, count: count.unwrap_or(DEFAULT_COUNT), until })
    }
}
