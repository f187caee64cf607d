//! NR.CREATE: creates an untrained network.
//!
//! - rows of named fields: `NR.CREATE key CLASSIFIER|REGRESSOR SCHEMA field kind [field kind ...] -> target [option
//!   ...]`
//! - rows of numbers: `NR.CREATE key CLASSIFIER|REGRESSOR inputs [hidden ...] -> outputs [option ...]`
//! - sequences: `SEQUENCE [LENGTH events] [CELL cell]` among the options; what is declared are then the fields of an
//!   event

use std::sync::Arc;

use neuralredis_core::{Changes, Drawing, Error, Kind, Layout, Limits, Monotone, Network, Options, Schema};
use neuralredis_server::{Content, context, key};

use super::named::schema::Declared;
use super::options::{self, OptionContext};
use super::prelude::*;
use super::sequences::declared::OfSequences;
use super::sequences::words as sequence;
use crate::value::{Key, Value};

pub(super) struct Create;

impl Command for Create {
    const NAME: &CStr = c"nr.create";
    const FLAGS: &CStr = c"write deny-oom";
    const ABOUT: About = About {
        summary: c"Creates an untrained neural network.",
        complexity: c"O(P) where P is the number of parameters",
        arity: -6,
        key: Some(KeyUse::CREATE),
        arguments: &[
            Argument::KEY,
            Argument::one_of(
                c"type",
                &[Argument::word(c"classifier", c"CLASSIFIER"), Argument::word(c"regressor", c"REGRESSOR")],
            ),
            Argument::one_of(
                c"rows",
                &[
                    Argument::block(
                        c"positions",
                        &[
                            Argument::integer(c"inputs"),
                            Argument::integer(c"hidden").optional().multiple(),
                            Argument::integer(c"outputs").after(c"->"),
                        ],
                    ),
                    Argument::block(
                        c"schema",
                        &[
                            Argument::block(
                                c"fields",
                                &[
                                    Argument::text(c"field"),
                                    Argument::text(c"kind"),
                                    Argument::integer(c"max").optional(),
                                    Argument::one_of(
                                        c"sign",
                                        &[Argument::word(c"rises", c"+"), Argument::word(c"falls", c"-")],
                                    )
                                    .optional(),
                                ],
                            )
                            .after(c"SCHEMA")
                            .multiple(),
                            Argument::text(c"target").after(c"->").multiple(),
                            Argument::integer(c"units").after(c"HIDDEN").optional().multiple(),
                            Argument::block(
                                c"classes",
                                &[Argument::integer(c"count"), Argument::text(c"class").optional().multiple()],
                            )
                            .after(c"CLASSES")
                            .optional(),
                        ],
                    ),
                ],
            ),
            sequence::ARGUMENTS,
        ],
    };

    fn more_arguments() -> &'static [Argument] {
        &options::OF_CREATION
    }

    fn run(ctx: Context, args: &[&[u8]]) -> Result<Reply, Refusal> {
        let (name, request) = (args[0], Request::parse(&args[1..])?);
        match Key::open(ctx, name).content() {
            Content::Nothing => {}
            Content::Value => {
                return Err(Refusal::because(format!("there is a network at key '{}' already", shown(name))));
            }
            Content::Other => return Err(Refusal::WrongType),
        }
        let parameters = request.layout.parameters();
        config::check_bytes(ctx, || parameters * memory::PARAMETER)?;
        memory::check(parameters * memory::PARAMETER)?;
        let seed = request.seed.unwrap_or_else(context::random_seed);
        let (network, drawing) = request.begin(seed)?;
        if !key::put(ctx, name, Box::new(Value::untrained(ctx, name, network, drawing))) {
            return Err(Refusal::because("the server did not store the network"));
        }
        // Replicates the values of all options, also of those that the client did not give.
        let written = [vec![name.to_vec()], request.written(seed)].concat();
        ctx.replicate(Create::NAME, written.iter().map(Vec::as_slice));
        ctx.notify(c"nr.create", name);
        Ok(Reply::count(parameters))
    }
}

/// The parsed arguments.
#[derive(Debug)]
pub(super) struct Request {
    kind: Kind,
    layout: Layout,
    /// The fields; `None` for rows of numbers, and for sequences.
    schema: Option<Schema>,
    /// The declaration of a network of sequences.
    sequences: Option<OfSequences>,
    options: Options,
    limits: Limits,
    seed: Option<u64>,
}

impl Request {
    /// Parses the arguments after the key.
    pub(super) fn parse(args: &[&[u8]]) -> Result<Self, Refusal> {
        let Some((&word, args)) = args.split_first() else {
            return Err(Refusal::because("the type is missing: expected CLASSIFIER or REGRESSOR"));
        };
        let kind = [Kind::Classifier, Kind::Regressor].into_iter().find(|kind| is(word, kind.name()));
        let kind = kind.ok_or_else(|| Refusal::argument("the type", word, "CLASSIFIER or REGRESSOR"))?;
        match args {
            [word, fields @ ..] if is(word, "SCHEMA") => {
                let declared = Declared::parse(kind, fields)?;
                let (sequence, rest) = sequence::parse(&declared.rest)?;
                let mut given = options::parse(&rest, OptionContext::Creation)?;
                if let Some(sequence) = sequence {
                    let sequences = OfSequences::of_fields(declared, sequence)?;
                    return Self::with_sequences(kind, sequences, &given);
                }
                let schema = declared.schema()?;
                let Declared { signs, hidden, .. } = declared;
                schema.check_size(&hidden)?;
                let layout = schema.layout(&hidden)?;
                if signs.iter().any(|&sign| sign != 0.0)
                    && given.monotone.replace(Monotone::Given(Arc::new(signs))).is_some()
                {
                    return Err(Refusal::option("MONOTONE is given besides signs after kinds: expected one of them"));
                }
                Self::with_options(kind, layout, Some(schema), &given)
            }
            _ => {
                let (layout, given) = layout(args)?;
                let (sequence, given) = sequence::parse(given)?;
                let given = options::parse(&given, OptionContext::Creation)?;
                if let Some(sequence) = sequence {
                    return Self::with_sequences(kind, OfSequences::of_numbers(kind, &layout, sequence), &given);
                }
                Self::with_options(kind, layout, None, &given)
            }
        }
    }

    fn with_options(kind: Kind, layout: Layout, schema: Option<Schema>, given: &Changes) -> Result<Self, Refusal> {
        let options = Options::new(kind).with(kind, &layout, given)?;
        if kind == Kind::Classifier && layout.outputs() < 2 {
            return Err(Error::ClassifierOutputs { outputs: layout.outputs() }.into());
        }
        Ok(Self { kind, layout, schema, sequences: None, options, limits: given.first_limits(), seed: given.seed })
    }

    fn with_sequences(kind: Kind, sequences: OfSequences, given: &Changes) -> Result<Self, Refusal> {
        let layout = sequences.layout()?;
        Ok(Self { sequences: Some(sequences), ..Self::with_options(kind, layout, None, given)? })
    }

    fn hidden(&self) -> &[usize] {
        let units = self.layout.units();
        &units[1..units.len() - 1]
    }

    fn begin(&self, seed: u64) -> Result<(Network, Drawing), Error> {
        let (options, limits) = (self.options.clone(), self.limits);
        if let Some(sequences) = &self.sequences {
            return sequences.begin(options, limits, seed);
        }
        match &self.schema {
            Some(schema) => Network::begin_of_fields(schema.clone(), self.hidden(), options, limits, seed),
            None => Network::begin(self.kind, self.layout.clone(), options, limits, seed),
        }
    }

    /// Formats arguments after the key that create exactly this network.
    fn written(&self, seed: u64) -> Vec<Vec<u8>> {
        let mut words = vec![self.kind.name().into()];
        if let Some(sequences) = &self.sequences {
            words.extend(sequences.written());
        } else if let Some(schema) = &self.schema {
            words.extend(schema.declaration(self.hidden()));
        } else {
            let mut units: Vec<_> = self.layout.units().iter().map(|units| units.to_string().into_bytes()).collect();
            units.insert(units.len() - 1, b"->".to_vec());
            words.extend(units);
        }
        words.extend([b"SEED".to_vec(), seed.to_string().into_bytes()]);
        words.extend(options::written(&self.options, self.limits, OptionContext::Creation));
        words
    }
}

/// Parses the layout of a network of numbers, and returns it with the arguments after it.
fn layout<'a, 'b>(args: &'b [&'a [u8]]) -> Result<(Layout, &'b [&'a [u8]]), Refusal> {
    let Some(arrow) = args.iter().position(|&argument| argument == b"->") else {
        return Err(Refusal::because("'->' is missing: expected it before the outputs"));
    };
    let Some((outputs, given)) = args[arrow + 1..].split_first() else {
        return Err(Refusal::because("the outputs are missing: expected their number after '->'"));
    };
    if arrow == 0 {
        return Err(Refusal::because("the inputs are missing: expected their number before '->'"));
    }
    let units = args[..arrow].iter().chain([outputs]).enumerate().map(|(layer, &argument)| {
        let number = numbers::whole(argument).and_then(|units| usize::try_from(units).ok());
        number.ok_or_else(|| Refusal::argument(format_args!("layer {layer}"), argument, "an integer from 1 to 1048576"))
    });
    Ok((Layout::new(&units.collect::<Result<Vec<_>, _>>()?)?, given))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(words: &str) -> Result<Request, Refusal> {
        Request::parse(&words.split_whitespace().map(str::as_bytes).collect::<Vec<_>>())
    }

    #[test]
    fn default_limits_apply_only_if_no_limit_is_given() {
        let limits = |words| parse(words).map(|request| request.limits);
        assert_eq!(limits("REGRESSOR 5 10 -> 3"), Ok(Limits { train: 10_000, test: 2_500 }));
        assert_eq!(limits("regressor 5 -> 3 DATASET 50"), Ok(Limits { train: 50, test: 0 }));
        assert_eq!(limits("Regressor 5 -> 3 TEST 50"), Ok(Limits { train: 0, test: 50 }));
    }

    #[test]
    fn errors_name_the_missing_or_invalid_argument() {
        let error_of = |words| parse(words).unwrap_err().text();
        assert!(error_of("REGRESSOR 5 3").contains("'->' is missing"));
        assert!(error_of("REGRESSOR 5 ->").contains("outputs are missing"));
        assert!(error_of("REGRESSOR -> 3").contains("inputs are missing"));
        assert!(error_of("PREDICTOR 5 -> 3").contains("the type is 'PREDICTOR'"));
        assert!(error_of("REGRESSOR 5 x -> 3").contains("layer 1 is 'x'"));
        assert!(error_of("CLASSIFIER 5 -> 1").contains("at least 2"));
        assert!(error_of("CLASSIFIER 5 -> 1 CLASSWEIGHT 3").contains("at least 2"));
        assert!(error_of("CLASSIFIER 5 -> 2 CLASSWEIGHT 3").contains("class weight is 1 number: expected 2"));
        assert!(error_of("REGRESSOR 5 -> 2 CLASSWEIGHT 3,1").contains("class weight is given: expected none"));
    }
}
