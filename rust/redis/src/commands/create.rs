//! `NR.CREATE key CLASSIFIER|REGRESSOR inputs [hidden ...] -> outputs [option ...]`

use neuralredis_core::{Kind, Layout, Limits, Network, Options};
use neuralredis_server::{Content, context, key};

use super::options::{self, Of};
use super::prelude::*;
use crate::value::{Key, Value};

pub(super) struct Create;

impl Command for Create {
    const NAME: &CStr = c"nr.create";
    const FLAGS: &CStr = c"write deny-oom";
    const ABOUT: About = About {
        summary: c"Makes an untrained neural network.",
        complexity: c"O(P) where P is the number of parameters",
        arity: -6,
        key: Some(KeyUse::CREATE),
        arguments: &[
            Argument::KEY,
            Argument::one_of(
                c"type",
                &[Argument::word(c"classifier", c"CLASSIFIER"), Argument::word(c"regressor", c"REGRESSOR")],
            ),
            Argument::integer(c"inputs"),
            Argument::integer(c"hidden").optional().multiple(),
            Argument::integer(c"outputs").after(c"->"),
        ],
    };

    fn more_arguments() -> &'static [Argument] {
        &options::OF_CREATION
    }

    fn run(ctx: Context, args: &[&[u8]]) -> Result<Reply, Refusal> {
        let (name, wanted) = (args[0], Wanted::parse(&args[1..])?);
        match Key::open(ctx, name).content() {
            Content::Nothing => {}
            Content::Value => {
                return Err(Refusal::because(format!("there is a network at key '{}' already", shown(name))));
            }
            Content::Other => return Err(Refusal::WrongType),
        }
        let Wanted { kind, layout, options, limits, seed } = wanted;
        config::check_bytes(ctx, || layout.parameters() * memory::PARAMETER)?;
        memory::check(layout.parameters() * memory::PARAMETER)?;
        let (units, parameters) = (layout.units().to_vec(), layout.parameters());
        let seed = seed.unwrap_or_else(context::random_seed);
        let (network, drawing) = Network::begin(kind, layout, options.clone(), limits, seed)?;
        if !key::put(ctx, name, Box::new(Value::untrained(ctx, name, network, drawing))) {
            return Err(Refusal::because("the server refused to store the network"));
        }
        send(ctx, name, kind, &units, &options, limits, seed);
        ctx.notify(c"nr.create", name);
        Ok(Reply::count(parameters))
    }
}

/// Replicates the command with all that was left open.
fn send(ctx: Context, name: &[u8], kind: Kind, units: &[usize], options: &Options, limits: Limits, seed: u64) {
    let (outputs, others) = units.split_last().expect("a layout has layers");
    let mut written: Vec<Vec<u8>> = vec![name.to_vec(), kind.name().into()];
    written.extend(others.iter().map(|units| units.to_string().into_bytes()));
    written.extend([b"->".to_vec(), outputs.to_string().into_bytes()]);
    written.extend([b"SEED".to_vec(), seed.to_string().into_bytes()]);
    written.extend(options::written(options, limits, Of::Creation));
    ctx.replicate(Create::NAME, written.iter().map(Vec::as_slice));
}

#[derive(Debug)]
pub(super) struct Wanted {
    kind: Kind,
    layout: Layout,
    options: Options,
    limits: Limits,
    seed: Option<u64>,
}

impl Wanted {
    /// Of the arguments after the key.
    pub(super) fn parse(args: &[&[u8]]) -> Result<Self, Refusal> {
        let Some((&word, args)) = args.split_first() else {
            return Err(Refusal::because("the type is missing: expected CLASSIFIER or REGRESSOR"));
        };
        let kind = [Kind::Classifier, Kind::Regressor].into_iter().find(|kind| is(word, kind.name()));
        let kind = kind.ok_or_else(|| Refusal::argument("the type", word, "CLASSIFIER or REGRESSOR"))?;
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
            number.ok_or_else(|| {
                Refusal::argument(format_args!("layer {layer}"), argument, "an integer from 1 to 1048576")
            })
        });
        let layout = Layout::new(&units.collect::<Result<Vec<_>, _>>()?)?;
        let given = options::parse(given, Of::Creation)?;
        let options = Options::new(kind).with(kind, &layout, &given)?;
        if kind == Kind::Classifier && layout.outputs() < 2 {
            return Err(neuralredis_core::Error::ClassifierOutputs { outputs: layout.outputs() }.into());
        }
        Ok(Self { kind, layout, options, limits: given.first_limits(), seed: given.seed })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(words: &str) -> Result<Wanted, Refusal> {
        Wanted::parse(&words.split_whitespace().map(str::as_bytes).collect::<Vec<_>>())
    }

    #[test]
    fn limits_that_are_not_named_are_those_of_the_tutorial_or_none() {
        let limits = |words| parse(words).map(|wanted| wanted.limits);
        assert_eq!(limits("REGRESSOR 5 10 -> 3"), Ok(Limits { train: 10_000, test: 2_500 }));
        assert_eq!(limits("regressor 5 -> 3 DATASET 50"), Ok(Limits { train: 50, test: 0 }));
        assert_eq!(limits("Regressor 5 -> 3 TEST 50"), Ok(Limits { train: 0, test: 50 }));
    }

    #[test]
    fn what_is_missing_is_named() {
        let refusal = |words| parse(words).unwrap_err().text();
        assert!(refusal("REGRESSOR 5 3").contains("'->' is missing"));
        assert!(refusal("REGRESSOR 5 ->").contains("outputs are missing"));
        assert!(refusal("REGRESSOR -> 3").contains("inputs are missing"));
        assert!(refusal("PREDICTOR 5 -> 3").contains("the type is 'PREDICTOR'"));
        assert!(refusal("REGRESSOR 5 x -> 3").contains("layer 1 is 'x'"));
        assert!(refusal("CLASSIFIER 5 -> 1").contains("at least 2"));
        assert!(refusal("CLASSIFIER 5 -> 1 CLASSWEIGHT 3").contains("at least 2"));
        assert!(refusal("CLASSIFIER 5 -> 2 CLASSWEIGHT 3").contains("class weight is 1 number: expected 2"));
        assert!(refusal("REGRESSOR 5 -> 2 CLASSWEIGHT 3,1").contains("class weight is given: expected none"));
    }
}
