//! NR.EXPLAIN: explains a prediction by the contributions of its fields, or by the changes that lead to another class.
//!
//! - a row of fields: `NR.EXPLAIN key field value ... [-> [FOR class] [SAMPLES n] [SEED s]]`, `NR.EXPLAIN key JSON text
//!   [-> ...]`
//! - a row of numbers: `NR.EXPLAIN key i0 .. iN [-> ...]`
//! - a sequence: `NR.EXPLAIN key id [field value ...] [-> ...]`
//! - changes: `NR.EXPLAIN key field value ... -> WANT class`

use neuralredis_core::{Counterfactual, Error, Explanation, Kind, Model, Network, Row, Sampling, Schema, Set};

use super::getdata::shown_value;
use super::named::answer::known_classes;
use super::named::{JSON, Known, PAIR};
use super::prelude::*;
use super::sequences::event::{Arguments, Event, owned};
use super::wire_rows;
use crate::work::IsAwaited;

/// Nanoseconds to copy a value of one row into another.
const NANOSECONDS_TO_MIX: usize = 2;
/// Nanoseconds to compare a field of a stored row.
const NANOSECONDS_TO_COMPARE: usize = 50;
/// The cost of an output, with its exponential, in multiplications.
const MULTIPLICATIONS_PER_OUTPUT: usize = 20;

pub(super) struct Explain;

impl Command for Explain {
    const NAME: &CStr = c"nr.explain";
    const FLAGS: &CStr = c"readonly";
    const ABOUT: About = About {
        summary: c"Returns the contribution of each field to a prediction, or the fewest changes that lead to another class.",
        complexity: c"O(A*P) where P is the number of parameters and A that of predictions: at most 100*2^N for N fields up to 10, 200*S*N for more fields with S samples; with WANT at most the number of rows plus 204800",
        arity: -3,
        key: Some(KeyUse::READ),
        arguments: &[
            Argument::KEY,
            Argument::one_of(c"row", &[Argument::number(c"input").multiple(), PAIR.multiple(), JSON]),
            Argument::block(
                c"wanted",
                &[
                    Argument::text(c"class").after(c"FOR").optional(),
                    Argument::integer(c"samples").after(c"SAMPLES").optional(),
                    Argument::integer(c"seed").after(c"SEED").optional(),
                    Argument::text(c"class").after(c"WANT").optional(),
                ],
            )
            .after(c"->")
            .optional(),
        ],
    };

    fn run(ctx: Context, args: &[&[u8]]) -> Result<Reply, Refusal> {
        let key = value::open_unsettled(ctx, ctx.argument(0))?;
        let value = value::read(&key)?;
        let network = value.live.network();
        let (question, options) = Question::parse(&args[1..], network)?;
        let options = ExplainOptions::parse(options)?;
        if options.want.is_some() && network.kind() != Kind::Classifier {
            return Err(Error::NotClassifier.into());
        }
        memory::check(network.explaining_bytes())?;
        let cost = question.cost(network) + options.cost(network);
        let network = value.snapshot();
        work::answer(ctx, cost.or_wait(value), move |is_awaited| {
            let network = network.wait()?;
            let row = question.row(&network)?;
            options.answer(&network, &row, is_awaited)
        })
    }
}

/// The row to explain.
enum Question {
    Inputs(Vec<f32>),
    Fields(Box<Known<'static>>),
    /// A sequence by its id, perhaps followed by one more event.
    Sequence(Vec<u8>, Option<Event<'static>>),
}

impl Question {
    /// Parses the arguments after the key; also returns those after `->`.
    #[allow(clippy::type_complexity, reason = "two parts of the arguments")]
    fn parse<'a, 'b>(args: &'b [&'a [u8]], network: &Network) -> Result<(Self, Option<&'b [&'a [u8]]>), Refusal> {
        if network.sequence_options().is_some() {
            let Arguments { id, events, after } = Arguments::parse(network, args)?;
            if events.len() > 1 {
                return Err(Refusal::shape(format!("{} events: expected at most one to ask about", events.len())));
            }
            return Ok((Self::Sequence(id.to_vec(), owned(events).into_iter().next()), after));
        }
        if network.schema().is_some() {
            let (known, options) = Known::parse(args)?;
            return Ok((Self::Fields(Box::new(known.into_owned())), options));
        }
        let end = args.iter().position(|&argument| argument == b"->");
        let inputs = wire_rows::inputs(&args[..end.unwrap_or(args.len())], network.layout().inputs())?;
        Ok((Self::Inputs(inputs.into_vec()), end.map(|end| &args[end + 1..])))
    }

    fn cost(&self, network: &Network) -> Cost {
        match self {
            Self::Inputs(_) => Cost::NONE,
            Self::Fields(known) => known.cost(),
            // The sequence is compared with the rows made from all stored sequences.
            Self::Sequence(id, event) => {
                let of_sequence = network.cost_of_sequence(id, usize::from(event.is_some()));
                Cost::of_rows(1, of_sequence.saturating_add(network.cost_of_rows(Set::Train)))
            }
        }
    }

    fn row(self, network: &Network) -> Result<Row, Refusal> {
        match (self, network.schema()) {
            (Self::Sequence(id, event), _) => Ok(network.sequence_row(&id, event.as_deref())?.row),
            (Self::Inputs(cells), _) => Ok(Row { cells, list: Vec::new() }),
            (Self::Fields(known), Some(schema)) => match &known.read(schema)?.rows[..] {
                [values] => Ok(schema.row(values)),
                rows => {
                    Err(Refusal::shape(format!("{} rows: expected one, of which the answer is explained", rows.len())))
                }
            },
            (Self::Fields(_), None) => {
                Err(Refusal::shape("the network has no fields: expected numbers by their positions"))
            }
        }
    }
}

/// The arguments after `->`.
#[derive(Debug, Default, PartialEq)]
struct ExplainOptions {
    /// The class or output whose prediction is explained.
    output: Option<Vec<u8>>,
    samples: Option<u32>,
    seed: Option<u64>,
    /// The class that the changes lead to.
    want: Option<Vec<u8>>,
}

impl ExplainOptions {
    /// Parses the arguments after `->`, if there are any.
    fn parse(args: Option<&[&[u8]]>) -> Result<Self, Refusal> {
        let (mut options, mut args) = (Self::default(), args.unwrap_or_default());
        while let Some(&word) = args.split_off_first() {
            let twice = |was_given: bool, name: &str| {
                if was_given { Err(Refusal::option(format!("{name} is given twice"))) } else { Ok(()) }
            };
            if is(word, "FOR") {
                let value = value_of("FOR", &mut args)?;
                twice(options.output.replace(value.to_vec()).is_some(), "FOR")?;
            } else if is(word, "WANT") {
                let value = value_of("WANT", &mut args)?;
                twice(options.want.replace(value.to_vec()).is_some(), "WANT")?;
            } else if is(word, "SAMPLES") {
                let value = value_of("SAMPLES", &mut args)?;
                let bounds = u64::from(Sampling::LEAST)..=u64::from(Sampling::MOST);
                let samples = numbers::whole(value).filter(|samples| bounds.contains(samples)).ok_or_else(|| {
                    let expected = format!("an integer from {} to {}", bounds.start(), bounds.end());
                    Refusal::argument("SAMPLES", value, expected)
                })?;
                twice(options.samples.replace(samples as u32).is_some(), "SAMPLES")?;
            } else if is(word, "SEED") {
                let value = value_of("SEED", &mut args)?;
                let seed = numbers::whole(value);
                let seed = seed.ok_or_else(|| Refusal::argument("SEED", value, "an integer of at least 0"))?;
                twice(options.seed.replace(seed).is_some(), "SEED")?;
            } else {
                return Err(Refusal::unknown(word, "FOR, SAMPLES, SEED or WANT"));
            }
        }
        if options.want.is_some() && (options.output.is_some() || options.samples.is_some() || options.seed.is_some()) {
            return Err(Refusal::option("WANT asks for changes: expected no FOR, SAMPLES or SEED beside it"));
        }
        Ok(options)
    }

    fn sampling(&self) -> Sampling {
        let usual = Sampling::default();
        Sampling { samples: self.samples.unwrap_or(usual.samples), seed: self.seed.unwrap_or(usual.seed) }
    }

    fn cost(&self, network: &Network) -> Cost {
        let stored = network.rows(Set::Train) as usize;
        let answers = match self.want {
            Some(_) => network.changing(),
            None => network.explaining(self.sampling().samples),
        };
        let (model, cells) = (network.model(), network.row_shape().inputs);
        let of_answer = model.multiplications().saturating_add(MULTIPLICATIONS_PER_OUTPUT * model.layout().outputs());
        let compared = if self.want.is_some() { stored.saturating_mul(NANOSECONDS_TO_COMPARE * cells) } else { 0 };
        Cost::of_rows(answers, of_answer)
            + Cost::of_bytes(answers.saturating_mul(NANOSECONDS_TO_MIX * cells))
            + Cost::of_bytes(compared)
    }

    fn answer(&self, network: &Network, row: &Row, is_awaited: IsAwaited<'_>) -> Result<Reply, Refusal> {
        let (model, names) = (network.model(), Names(network.schema().map(|schema| &**schema)));
        if let Some(want) = &self.want {
            let class = output(&model, "WANT", want)?;
            let found = network.changes_for(row, class, is_awaited)?;
            return Ok(changes(&model, names, row, class, found));
        }
        let chosen = match &self.output {
            Some(name) => Some(output(&model, "FOR", name)?),
            None if model.kind() == Kind::Regressor && model.layout().outputs() > 1 => {
                let listed = listed(&model);
                return Err(Refusal::option(format!("FOR is missing: expected the output to explain, {listed}")));
            }
            None => None,
        };
        Ok(shares(&model, names, row, network.explain(row, chosen, self.sampling(), is_awaited)?))
    }
}

/// The index of the output with this name; outputs without names are numbered.
fn output(model: &Model, what: &str, name: &[u8]) -> Result<usize, Refusal> {
    let found = match model.schema() {
        None => numbers::whole(name).filter(|output| *output < model.layout().outputs() as u64).map(|at| at as usize),
        Some(_) if model.kind() == Kind::Classifier => known_classes(model)?.iter().position(|class| **class == *name),
        Some(schema) => schema.target_names().iter().position(|target| **target == *name),
    };
    found.ok_or_else(|| Refusal::argument(what, name, listed(model)))
}

/// The names of all outputs, for an error.
fn listed(model: &Model) -> String {
    let names = match model.schema() {
        None => return format!("an integer from 0 to {}", model.layout().outputs() - 1),
        Some(_) if model.kind() == Kind::Classifier => model.classes(),
        Some(schema) => schema.target_names(),
    };
    format!("one of {}", names.iter().map(|name| shown(name)).collect::<Vec<_>>().join(", "))
}

/// Names of outputs and fields in replies; numbers where there are no names.
#[derive(Clone, Copy)]
struct Names<'a>(Option<&'a Schema>);

impl Names<'_> {
    fn output(self, model: &Model, output: usize) -> (&'static str, Reply) {
        match (self.0, model.kind()) {
            (None, Kind::Classifier) => ("class", Reply::count(output)),
            (None, Kind::Regressor) => ("output", Reply::count(output)),
            (Some(_), Kind::Classifier) => ("class", Reply::Bulk(model.classes()[output].to_vec())),
            (Some(schema), Kind::Regressor) => ("output", Reply::Bulk(schema.target_names()[output].to_vec())),
        }
    }

    fn field(self, index: usize) -> Reply {
        self.0.map_or_else(|| Reply::count(index), |schema| Reply::Bulk(schema.fields()[index].name().to_vec()))
    }

    /// The value of each field of a row.
    fn values(self, row: &Row) -> Vec<Reply> {
        match self.0 {
            None => row.cells.iter().map(|&input| Reply::Single(input)).collect(),
            Some(schema) => schema.held(row).into_iter().map(shown_value).collect(),
        }
    }

    /// An array of the fields' names and `replies` in turn.
    fn with(self, replies: impl IntoIterator<Item = Reply>) -> Reply {
        Reply::Array(replies.into_iter().enumerate().flat_map(|(index, reply)| [self.field(index), reply]).collect())
    }
}

fn shares(model: &Model, names: Names<'_>, row: &Row, found: Explanation) -> Reply {
    let doubles = |numbers: Vec<f64>| names.with(numbers.into_iter().map(Reply::Double));
    let mut replies = vec![
        names.output(model, found.output),
        ("answer", Reply::Double(found.answer)),
        ("mean", Reply::Double(found.mean)),
        ("rows", Reply::count(found.rows)),
        ("shares", doubles(found.shares)),
        ("values", names.with(names.values(row))),
    ];
    if let Some(errors) = found.errors {
        replies.push(("standard-errors", doubles(errors)));
    }
    Reply::Map(replies)
}

fn changes(model: &Model, names: Names<'_>, row: &Row, target: usize, found: Counterfactual) -> Reply {
    let changes = found.changes.map_or(Reply::Null, |(fields, changed)| {
        let (before, after) = (names.values(row), names.values(&changed));
        let of_field = |field: usize| [names.field(field), before[field].clone(), after[field].clone()];
        Reply::Array(fields.into_iter().flat_map(of_field).collect())
    });
    Reply::Map(vec![names.output(model, found.class), ("want", names.output(model, target).1), ("changes", changes)])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(words: &str) -> Result<ExplainOptions, Refusal> {
        ExplainOptions::parse(Some(&words.split_whitespace().map(str::as_bytes).collect::<Vec<_>>()))
    }

    #[test]
    fn options_come_in_any_order_and_case() {
        let found = parsed("seed 18446744073709551615 Samples 2 FOR want").unwrap();
        let expected =
            ExplainOptions { output: Some(b"want".to_vec()), samples: Some(2), seed: Some(u64::MAX), want: None };
        assert_eq!(found, expected);
        assert_eq!(parsed("WANT yes").unwrap().want, Some(b"yes".to_vec()));
        assert_eq!(ExplainOptions::parse(None).unwrap().sampling(), Sampling { samples: 16, seed: 0 });
    }

    #[test]
    fn invalid_options_are_errors_that_name_them() {
        for (words, refusal) in [
            ("SAMPLES 1", "SAMPLES is '1': expected an integer from 2 to 1000"),
            ("SAMPLES 1001", "SAMPLES is '1001': expected an integer from 2 to 1000"),
            ("SEED -1", "SEED is '-1': expected an integer of at least 0"),
            ("SEED", "SEED has no value"),
            ("FOR a FOR b", "FOR is given twice"),
            ("TOP 3", "unknown option 'TOP': expected FOR, SAMPLES, SEED or WANT"),
            ("WANT yes SEED 1", "WANT asks for changes: expected no FOR, SAMPLES or SEED beside it"),
        ] {
            assert_eq!(parsed(words).unwrap_err().text(), format!("NROPTION {refusal}"));
        }
    }
}
