//! NR.EVALUATE: computes error and accuracy on stored or fresh rows.
//!
//! - stored rows: `NR.EVALUATE key [TRAIN|TEST]`
//! - fresh rows of numbers: `NR.EVALUATE key FP32 [ROWS n] blob [WEIGHTS blob]`
//! - fresh rows of fields: `NR.EVALUATE key field value ... -> outcome ...`, `NR.EVALUATE key JSON text -> outcome ...
//!   [WEIGHTS blob]`

use neuralredis_core::{Batch, Error, Evaluation, Kind, Network, Score, Set};

use super::named::{self, Known};
use super::prelude::*;
use super::wire_rows::{self, Blob, Following};

pub(super) struct Evaluate;

impl Command for Evaluate {
    const NAME: &CStr = c"nr.evaluate";
    const FLAGS: &CStr = c"readonly";
    const ABOUT: About = About {
        summary: c"Returns the error and the accuracy of a network on stored or fresh rows, next to a baseline.",
        complexity: c"O(R*P) where R is the number of rows and P that of parameters",
        arity: -2,
        key: Some(KeyUse::READ),
        arguments: &[
            Argument::KEY,
            Argument::one_of(
                c"rows",
                &[
                    Argument::word(c"train", c"TRAIN"),
                    Argument::word(c"test", c"TEST"),
                    wire_rows::WEIGHTED_BLOB,
                    Argument::block(
                        c"fields",
                        &[
                            Argument::one_of(c"known", &[named::PAIR.multiple(), named::JSON]),
                            Argument::text(c"outcome").after(c"->").multiple(),
                        ],
                    ),
                ],
            )
            .optional(),
        ],
    };

    fn run(ctx: Context, args: &[&[u8]]) -> Result<Reply, Refusal> {
        let key = value::open_unsettled(ctx, ctx.argument(0))?;
        let value = value::read(&key)?;
        let network = value.live.network();
        // At least 16 rows pass through the layers together: the values of all units, and the deltas of two layers.
        memory::check(3 * 16 * 4 * network.layout().units().iter().sum::<usize>())?;
        if args.len() > 2
            && let Some(schema) = network.schema()
        {
            if network.sequence_options().is_some() {
                return Err(Error::HasSequences.into());
            }
            let (known, outcome) = Known::parse(&args[1..])?;
            return named::evaluate::on_fresh(ctx, value, schema, known, outcome);
        }
        let shown = MatrixClasses::of(network);
        let items = shown.names.as_ref().map_or(0, Vec::len);
        let cost = |rows| (Cost::of_rows(rows, value.parameters()) + Cost::of_items(items)).or_wait(value);
        if let Some((blob, following)) = Blob::find(args)? {
            // Twice: as numbers, and as a set of rows.
            memory::check(2 * blob.bytes.len())?;
            let rows = blob.count(network.layout().inputs() + network.targets())?;
            let following = Following::of_blob(following)?;
            if following.target.is_some() {
                return Err(Refusal::option("the rows are given: expected WEIGHTS or nothing after them"));
            }
            if let Some((bytes, _)) = following.weights {
                wire_rows::check_weights(bytes, rows)?;
            }
            let cost = cost(rows) + Cost::of_bytes(3 * blob.bytes.len());
            let weights = following.weights.map(|(_, index)| ctx.hold(blob.index + 1 + index));
            let (network, blob) = (value.snapshot(), ctx.hold(blob.index));
            return work::answer(ctx, cost, move |is_awaited| {
                let network = network.wait()?;
                let (inputs, targets) = (network.layout().inputs(), network.targets());
                let values = wire_rows::rows(blob.bytes(), inputs + targets)?;
                let weights = weights.and_then(|weights| numbers::singles(weights.bytes()));
                let batch = wire_rows::interleaved(&values, inputs, targets);
                let batch = Batch { weights: weights.as_deref(), ..batch };
                Ok(reply(network.evaluate_on_while(&batch, is_awaited)?, shown))
            });
        }
        let set = match args[1..] {
            [] => Set::Test,
            [word] if is(word, "FP32") => return Err(Refusal::because("FP32 has no blob after it")),
            [word] => wire_rows::set(word).ok_or_else(|| Refusal::argument("the set", word, "TRAIN, TEST or FP32"))?,
            [_, word, ..] => return Err(Refusal::unknown(word, "TRAIN, TEST or FP32 and a blob")),
        };
        let cost = cost(network.known_row_count(set)) + Cost::of_rows(1, network.cost_of_rows(set));
        let network = value.snapshot();
        work::answer(ctx, cost, move |is_awaited| Ok(reply(network.wait()?.evaluate_while(set, is_awaited)?, shown)))
    }
}

/// The classes of the confusion matrix.
pub(super) struct MatrixClasses {
    count: usize,
    /// `None` if classes have no names.
    names: Option<Vec<Box<[u8]>>>,
}

impl MatrixClasses {
    /// Named classes.
    pub(super) fn named(names: Vec<Box<[u8]>>) -> Self {
        Self { count: names.len(), names: Some(names) }
    }

    fn of(network: &Network) -> Self {
        match network.schema() {
            Some(schema) if network.kind() == Kind::Classifier => Self::named(schema.classes().to_vec()),
            _ => Self { count: network.layout().outputs(), names: None },
        }
    }
}

pub(super) fn reply(evaluation: Evaluation, classes: MatrixClasses) -> Reply {
    let mut fields = vec![("rows", Reply::count(evaluation.rows)), ("error", Reply::Double(evaluation.error))];
    match evaluation.score {
        Score::Classifier { accuracy, baseline, confusion } => {
            // A set has at most 2^32 - 1 rows.
            let row = |row: &[u64]| Reply::Counts(row.iter().map(|&count| count as u32).collect());
            // Empty if there are too many classes for a matrix to be useful.
            let confusion = if confusion.is_empty() {
                Reply::Null
            } else {
                Reply::Array(confusion.chunks_exact(classes.count).map(row).collect())
            };
            fields.extend([
                ("accuracy", Reply::Double(accuracy)),
                ("baseline", Reply::Double(baseline)),
                ("confusion", confusion),
            ]);
            if let Some(names) = classes.names {
                let names = names.into_iter().map(|name| Reply::Bulk(name.into_vec())).collect();
                fields.push(("classes", Reply::Array(names)));
            }
        }
        Score::Regressor { rmse, mae, r2, baseline } => fields.extend([
            ("rmse", Reply::Double(rmse)),
            ("mae", Reply::Double(mae)),
            ("r2", Reply::Double(r2)),
            ("baseline", Reply::Double(baseline)),
        ]),
    }
    Reply::Map(fields)
}
