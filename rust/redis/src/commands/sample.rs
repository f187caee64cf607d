//! Random classes, drawn by their probabilities: `-> SAMPLE [TEMPERATURE t] [TOPK k] [TOPP p] [MINP m] [SEED s]` of the
//! commands that predict classes.

use neuralredis_core::random::Random;
use neuralredis_core::{Decoding, Error, Model};
use neuralredis_server::context::random_seed;

use super::blobs;
use super::prelude::*;
use super::wire_rows::{self, Blob};
use crate::info::{self, RUNS};
use crate::value::Value;
use crate::work::IsAwaited;

/// The options of SAMPLE.
const WORDS: [&str; 5] = ["TEMPERATURE", "TOPK", "TOPP", "MINP", "SEED"];

/// SAMPLE in COMMAND DOCS.
pub(crate) const SAMPLE: Argument = Argument::block(
    c"sampling",
    &[
        Argument::word(c"sample", c"SAMPLE"),
        Argument::number(c"temperature").after(c"TEMPERATURE").optional(),
        Argument::integer(c"k").after(c"TOPK").optional(),
        Argument::number(c"p").after(c"TOPP").optional(),
        Argument::number(c"m").after(c"MINP").optional(),
        Argument::integer(c"seed").after(c"SEED").optional(),
    ],
)
.optional();

/// The parsed options of SAMPLE.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Sample {
    pub(crate) decoding: Decoding,
    seed: Option<u64>,
    /// Which of [`WORDS`] were given.
    given: [bool; WORDS.len()],
}

impl Sample {
    /// Parses an option and its value, if `word` is the name of one; returns whether it is.
    pub(crate) fn take(&mut self, word: &[u8], args: &mut &[&[u8]]) -> Result<bool, Refusal> {
        let Some((index, name)) = option(word) else { return Ok(false) };
        let value = value_of(name, args)?;
        if std::mem::replace(&mut self.given[index], true) {
            return Err(Refusal::option(format!("{name} is given twice")));
        }
        let number = || numbers::double(value).unwrap_or(f64::NAN);
        match name {
            "TEMPERATURE" => self.decoding.temperature = number(),
            "TOPK" => {
                self.decoding.top_k =
                    Some(numbers::whole(value).map_or(0, |k| usize::try_from(k).unwrap_or(usize::MAX)));
            }
            "TOPP" => self.decoding.top_p = number(),
            "MINP" => self.decoding.min_p = number(),
            _ => {
                let seed = numbers::whole(value);
                self.seed = Some(seed.ok_or_else(|| Refusal::argument(name, value, "an integer of at least 0"))?);
            }
        }
        match self.decoding.check() {
            Err(Error::Option { expected, .. }) => Err(Refusal::argument(name, value, expected)),
            checked => Ok(checked.map(|()| true)?),
        }
    }

    /// Parses the arguments after `->` of a network of numbers; `None` if they do not begin with SAMPLE.
    pub(super) fn alone(mut args: &[&[u8]]) -> Result<Option<Self>, Refusal> {
        if !args.split_off_first().is_some_and(|first| is(first, "SAMPLE")) {
            return Ok(None);
        }
        let mut sample = Self::default();
        while let Some(&word) = args.split_off_first() {
            if !sample.take(word, &mut args)? {
                return Err(Refusal::unknown(word, listed()));
            }
        }
        Ok(Some(sample))
    }

    /// The generator of the seed, or of a random one. Main thread only.
    pub(crate) fn random(&self) -> Random {
        Decoding::random(self.seed.unwrap_or_else(random_seed))
    }
}

/// The option with this name, and its index in [`WORDS`].
fn option(word: &[u8]) -> Option<(usize, &'static str)> {
    WORDS.into_iter().enumerate().find(|(_, name)| is(word, name))
}

/// Whether a word is an option of SAMPLE.
pub(crate) fn is_option(word: &[u8]) -> bool {
    option(word).is_some()
}

/// The options of SAMPLE, for an error.
fn listed() -> String {
    let [first @ .., last] = WORDS;
    format!("{} or {last}", first.join(", "))
}

/// Bytes that drawing uses for each class.
const CLASS_BYTES: usize = 40;

/// The cost of drawing a class for each of `rows` rows. Returns an error if there is not enough memory.
pub(crate) fn cost(rows: usize, model: &Model) -> Result<Cost, Refusal> {
    memory::check(CLASS_BYTES * model.layout().outputs())?;
    // Up to 220 ns for each class: a logarithm, an exponential and sorting.
    Ok(Cost::of_items(rows.saturating_mul(2 * model.layout().outputs())))
}

/// Draws classes for rows of numbers; `args` are the arguments before `->`.
pub(super) fn answer(ctx: Context, value: &Value, args: &[&[u8]], sample: Sample) -> Result<Reply, Refusal> {
    let (model, decoding, mut random) = (value.live.network().model(), sample.decoding, sample.random());
    model.check_drawing()?;
    let width = model.layout().inputs();
    if let Some((blob, [])) = Blob::find(args)? {
        let rows = blob.count(width)?;
        memory::check(blobs::reply_bytes(rows))?;
        info::count(&RUNS, rows as u64);
        let cost = Cost::of_rows(rows, value.parameters())
            + Cost::of_bytes(blob.bytes.len())
            + Cost::of_items(rows)
            + cost(rows, &model)?;
        let (model, blob) = (value.model(), ctx.hold(blob.index));
        return work::answer(ctx, cost.or_wait(value), move |is_awaited| {
            blobs::classes(&model.wait(), blob.bytes(), rows, is_awaited, |outputs| {
                decoding.draw(outputs, &[], &mut random)
            })
        });
    }
    let inputs = wire_rows::inputs(&args[1..], width)?;
    info::count(&RUNS, 1);
    let cost = Cost::of_rows(1, value.parameters()) + cost(1, &model)?;
    let model = value.model();
    work::answer(ctx, cost.or_wait(value), move |_: IsAwaited<'_>| {
        let model = model.wait();
        let mut outputs = vec![0.0; model.layout().outputs()];
        model.run(&inputs, &mut outputs)?;
        Ok(Reply::count(decoding.draw(&outputs, &[], &mut random)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(words: &str) -> Result<Option<Sample>, Refusal> {
        Sample::alone(&words.split_whitespace().map(str::as_bytes).collect::<Vec<_>>())
    }

    #[test]
    fn options_come_in_any_order_and_case() {
        let found = parsed("sample SEED 18446744073709551615 TopK 3 temperature 0.5 MINP 1 TOPP 0").unwrap().unwrap();
        let expected = Decoding { temperature: 0.5, top_k: Some(3), top_p: 0.0, min_p: 1.0, ..Decoding::default() };
        assert_eq!((found.decoding, found.seed), (expected, Some(u64::MAX)));
        assert_eq!(found.random(), Decoding::random(u64::MAX));
        assert_eq!(parsed("SAMPLE").unwrap(), Some(Sample::default()));
        assert_eq!(parsed("SET 90").unwrap(), None);
        assert_eq!(parsed("").unwrap(), None);
    }

    #[test]
    fn invalid_options_are_errors_that_name_them() {
        for (words, refusal) in [
            ("TEMPERATURE -1", "TEMPERATURE is '-1': expected a finite number of at least 0"),
            ("TEMPERATURE inf", "TEMPERATURE is 'inf': expected a finite number of at least 0"),
            ("TEMPERATURE hot", "TEMPERATURE is 'hot': expected a finite number of at least 0"),
            ("TEMPERATURE", "TEMPERATURE has no value"),
            ("TOPK 0", "TOPK is '0': expected an integer of at least 1"),
            ("TOPK 1.5", "TOPK is '1.5': expected an integer of at least 1"),
            ("TOPP 1.5", "TOPP is '1.5': expected a number from 0 to 1"),
            ("MINP nan", "MINP is 'nan': expected a number from 0 to 1"),
            ("SEED -1", "SEED is '-1': expected an integer of at least 0"),
            ("SEED 1 SEED 2", "SEED is given twice"),
            ("TOP 3", "unknown option 'TOP': expected TEMPERATURE, TOPK, TOPP, MINP or SEED"),
        ] {
            assert_eq!(parsed(&format!("SAMPLE {words}")).unwrap_err().text(), format!("NROPTION {refusal}"));
        }
    }
}
