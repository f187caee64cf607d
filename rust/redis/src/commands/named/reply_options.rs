//! The arguments after `->` of commands that predict: which classes to return, and how.

use neuralredis_core::model::best_first;

use neuralredis_core::Level;

use super::super::conformal::percent;
use super::super::prelude::*;
use super::super::sample::{SAMPLE, Sample, is_option};

/// Reserved words, which are rejected by name.
const RESERVED: [&str; 1] = ["LAYER"];

/// The arguments in COMMAND DOCS.
pub(crate) const REPLY_OPTIONS: Argument = Argument::block(
    c"wanted",
    &[
        Argument::integer(c"classes").after(c"TOP").optional(),
        Argument::word(c"withscores", c"WITHSCORES").optional(),
        Argument::number(c"probability").after(c"MIN").optional(),
        Argument::number(c"interval-percent").after(c"INTERVAL").optional(),
        Argument::number(c"set-percent").after(c"SET").optional(),
        SAMPLE,
    ],
)
.after(c"->")
.optional();

/// The arguments of NR.RANK in COMMAND DOCS.
pub(crate) const RANKING_OPTIONS: Argument = Argument::block(
    c"wanted",
    &[
        Argument::text(c"class").after(c"FOR").optional(),
        Argument::integer(c"candidates").after(c"TOP").optional(),
        Argument::word(c"withscores", c"WITHSCORES").optional(),
    ],
)
.after(c"->")
.optional();

/// The parsed arguments.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct ReplyOptions {
    /// Return only the best this many, best first.
    pub(crate) top: Option<usize>,
    pub(crate) with_scores: bool,
    /// Return only classes with at least this probability.
    pub(crate) least: Option<f32>,
    /// The level of the interval around an output.
    pub(crate) interval: Option<Level>,
    /// The level of the set of classes.
    pub(crate) set: Option<Level>,
    /// Draw a class instead of returning the most probable one.
    pub(crate) sample: Option<Sample>,
    /// The class to rank by.
    pub(crate) class: Option<Vec<u8>>,
}

/// The command that takes the arguments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Caller {
    Answer,
    Ranking,
}

impl ReplyOptions {
    /// Parses the arguments after `->`, if there are any.
    pub(crate) fn parse(args: Option<&[&[u8]]>, of: Caller) -> Result<Self, Refusal> {
        let (mut options, mut args) = (Self::default(), args.unwrap_or_default());
        while let Some(&word) = args.split_off_first() {
            let twice = |was_given: bool, name: &str| {
                if was_given { Err(Refusal::option(format!("{name} is given twice"))) } else { Ok(()) }
            };
            if is(word, "TOP") {
                let value = value_of("TOP", &mut args)?;
                let top = numbers::whole(value).filter(|top| *top > 0);
                let top = top.ok_or_else(|| Refusal::argument("TOP", value, "an integer of at least 1"))?;
                twice(options.top.replace(usize::try_from(top).unwrap_or(usize::MAX)).is_some(), "TOP")?;
            } else if is(word, "WITHSCORES") {
                twice(std::mem::replace(&mut options.with_scores, true), "WITHSCORES")?;
            } else if is(word, "MIN") && of == Caller::Answer {
                let value = value_of("MIN", &mut args)?;
                let least = numbers::single(value).filter(|least| (0.0..=1.0).contains(least));
                let least = least.ok_or_else(|| Refusal::argument("MIN", value, "a number from 0 to 1"))?;
                twice(options.least.replace(least).is_some(), "MIN")?;
            } else if is(word, "INTERVAL") && of == Caller::Answer {
                twice(options.interval.replace(percent("INTERVAL", &mut args)?).is_some(), "INTERVAL")?;
            } else if is(word, "SET") && of == Caller::Answer {
                twice(options.set.replace(percent("SET", &mut args)?).is_some(), "SET")?;
            } else if is(word, "SAMPLE") && of == Caller::Answer {
                twice(options.sample.replace(Sample::default()).is_some(), "SAMPLE")?;
            } else if is_option(word) && of == Caller::Answer {
                let before = || Refusal::option(format!("'{}' is of SAMPLE: expected SAMPLE before it", shown(word)));
                options.sample.as_mut().ok_or_else(before)?.take(word, &mut args)?;
            } else if is(word, "FOR") && of == Caller::Ranking {
                let value = value_of("FOR", &mut args)?;
                twice(options.class.replace(value.to_vec()).is_some(), "FOR")?;
            } else if let Some(later) = RESERVED.iter().find(|later| is(word, later)) {
                return Err(Refusal::option(format!("{later} is not available in this version")));
            } else {
                let expected = match of {
                    Caller::Answer => "TOP, WITHSCORES, MIN, INTERVAL, SET or SAMPLE",
                    Caller::Ranking => "FOR, TOP or WITHSCORES",
                };
                return Err(Refusal::unknown(word, expected));
            }
        }
        if options.sample.is_some() && (options.top.is_some() || options.least.is_some() || options.level().is_some()) {
            return Err(Refusal::option("SAMPLE draws a class: expected no TOP, MIN, INTERVAL or SET beside it"));
        }
        let of_classes = options.top.is_some() || options.least.is_some() || options.with_scores;
        if options.interval.is_some() && (of_classes || options.set.is_some()) {
            return Err(Refusal::option("INTERVAL is of numbers: expected nothing else after ->"));
        }
        if options.set.is_some() && (options.top.is_some() || options.least.is_some()) {
            return Err(Refusal::option("SET chooses the classes: expected neither TOP nor MIN beside it"));
        }
        Ok(options)
    }

    /// The level of the interval or set.
    pub(crate) fn level(&self) -> Option<Level> {
        self.interval.or(self.set)
    }

    /// Whether no argument was given.
    pub(crate) fn is_plain(&self) -> bool {
        *self == Self::default()
    }

    /// Whether a class with this score may be returned.
    pub(crate) fn allows(&self, score: f32) -> bool {
        self.least.is_none_or(|least| score >= least)
    }

    /// The indices of the scores to return, the best first.
    pub(crate) fn chosen(&self, scores: &[f32]) -> Vec<usize> {
        let mut order = best_first(scores);
        order.retain(|&index| self.allows(scores[index]));
        order.truncate(self.top.unwrap_or(usize::MAX));
        order
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(words: &str, of: Caller) -> Result<ReplyOptions, Refusal> {
        ReplyOptions::parse(Some(&words.split_whitespace().map(str::as_bytes).collect::<Vec<_>>()), of)
    }

    #[test]
    fn arguments_come_in_any_order_and_case() {
        let options = parsed("withscores Top 3 MIN 0.25", Caller::Answer).unwrap();
        let expected = ReplyOptions { top: Some(3), with_scores: true, least: Some(0.25), ..ReplyOptions::default() };
        assert_eq!(options, expected);
        assert_eq!(options.chosen(&[0.1, 0.3, 0.25, 0.3, 0.05]), [1, 3, 2]);
        let drawn = parsed("withscores sample topk 2 SEED 1", Caller::Answer).unwrap();
        assert_eq!((drawn.with_scores, drawn.sample.unwrap().decoding.top_k), (true, Some(2)));
        assert_eq!(parsed("FOR TOP TOP 2", Caller::Ranking).unwrap().class, Some(b"TOP".to_vec()));
        assert!(ReplyOptions::parse(None, Caller::Answer).unwrap().is_plain());
    }

    #[test]
    fn invalid_arguments_are_errors_that_name_them() {
        let error_of = |words: &str, of| parsed(words, of).unwrap_err().text();
        for later in RESERVED {
            let words = format!("{} 90", later.to_lowercase());
            assert_eq!(error_of(&words, Caller::Answer), format!("NROPTION {later} is not available in this version"));
        }
        assert_eq!(error_of("TOP 0", Caller::Answer), "NROPTION TOP is '0': expected an integer of at least 1");
        assert_eq!(error_of("TOP", Caller::Ranking), "NROPTION TOP has no value");
        assert_eq!(error_of("MIN 1.5", Caller::Answer), "NROPTION MIN is '1.5': expected a number from 0 to 1");
        assert_eq!(
            error_of("MIN 0.5", Caller::Ranking),
            "NROPTION unknown option 'MIN': expected FOR, TOP or WITHSCORES"
        );
        assert_eq!(
            error_of("FOR yes", Caller::Answer),
            "NROPTION unknown option 'FOR': expected TOP, WITHSCORES, MIN, INTERVAL, SET or SAMPLE"
        );
        let alone = "NROPTION INTERVAL is of numbers: expected nothing else after ->";
        for words in ["INTERVAL 90 TOP 2", "MIN 0.5 INTERVAL 90", "INTERVAL 90 WITHSCORES", "SET 90 INTERVAL 90"] {
            assert_eq!(error_of(words, Caller::Answer), alone, "{words}");
        }
        let chosen = "NROPTION SET chooses the classes: expected neither TOP nor MIN beside it";
        assert_eq!(error_of("SET 90 TOP 2", Caller::Answer), chosen);
        assert_eq!(error_of("SET 90 SET 95", Caller::Answer), "NROPTION SET is given twice");
        assert_eq!(
            error_of("SET 100", Caller::Answer),
            "NROPTION SET is '100': expected a percentage above 0 and below 100"
        );
        let drawn = "NROPTION SAMPLE draws a class: expected no TOP, MIN, INTERVAL or SET beside it";
        for words in ["SAMPLE TOP 2", "MIN 0.5 SAMPLE", "SAMPLE SEED 1 SET 90", "INTERVAL 90 SAMPLE"] {
            assert_eq!(error_of(words, Caller::Answer), drawn, "{words}");
        }
        assert_eq!(
            error_of("SAMPLE TOPK 0", Caller::Answer),
            "NROPTION TOPK is '0': expected an integer of at least 1"
        );
        assert_eq!(
            error_of("SEED 1 SAMPLE", Caller::Answer),
            "NROPTION 'SEED' is of SAMPLE: expected SAMPLE before it"
        );
        assert_eq!(error_of("SAMPLE SAMPLE", Caller::Answer), "NROPTION SAMPLE is given twice");
        assert!(error_of("SAMPLE", Caller::Ranking).contains("unknown option 'SAMPLE'"));
        assert!(error_of("INTERVAL 90", Caller::Ranking).contains("unknown option 'INTERVAL'"));
        assert_eq!(error_of("WITHSCORES TOP 1 WITHSCORES", Caller::Answer), "NROPTION WITHSCORES is given twice");
    }
}
