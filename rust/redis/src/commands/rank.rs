//! NR.RANK: ranks hashes by the network's output for them.
//!
//! `NR.RANK key numkeys hash [hash ...] [field value ...] [-> [FOR class] [TOP n] [WITHSCORES]]`
//!
//! The hashes of all roles but the last are shared; each further hash is a candidate for the last role. Shared fields
//! are parsed once, and all candidates are predicted in one batch.

use neuralredis_core::model::best_first;
use neuralredis_core::schema::Value as Understood;
use neuralredis_core::{Error, Given, Kind, Model, Row, Schema};

use super::named::answer::{known_classes, outputs};
use super::named::hashes::{self, HASHES, Hashes, Sources};
use super::named::observe::schema_of;
use super::named::reply_options::{Caller, RANKING_OPTIONS, ReplyOptions};
use super::named::{Known, PAIR};
use super::prelude::*;
use crate::info::{self, RUNS};
use crate::work::IsAwaited;

/// Nanoseconds to parse a byte of a value.
const NANOSECONDS_TO_PARSE: usize = 60;

pub(super) struct Rank;

impl Command for Rank {
    const NAME: &CStr = c"nr.rank";
    const FLAGS: &CStr = c"readonly";
    const ABOUT: About = About {
        summary: c"Ranks hashes by the output of a network for them, the highest first.",
        complexity: c"O(H*(N+P)) where H is the number of hashes, N that of fields and P that of parameters",
        arity: -4,
        key: Some(KeyUse::READ.and_reads_counted()),
        arguments: &[Argument::KEY, hashes::NUMBER, HASHES, PAIR.optional().multiple(), RANKING_OPTIONS],
    };

    fn run(ctx: Context, args: &[&[u8]]) -> Result<Reply, Refusal> {
        let (hashes, rest) = Hashes::parse(ctx, &args[1..])?;
        let key = value::open_unsettled(ctx, ctx.argument(0))?;
        let value = value::read(&key)?;
        let schema = schema_of(value)?;
        let (given, options) = Known::pairs(rest)?;
        let options = ReplyOptions::parse(options, Caller::Ranking)?;
        let query = Query::gather(&hashes, &schema, given)?;
        let rows = query.candidates.len();
        let model = value.live.network().model();
        memory::check(rows.saturating_mul(schema.row_bytes() + 4 * model.layout().outputs()))?;
        let cost = Cost::of_bytes(NANOSECONDS_TO_PARSE * query.bytes()) + Cost::of_rows(rows, model.multiplications());
        drop(model);
        info::count(&RUNS, rows as u64);
        let model = value.model();
        work::answer(ctx, cost.or_wait(value), move |is_awaited| {
            query.ranked(&model.wait(), &schema, &options, is_awaited)
        })
    }
}

/// The index of a field, and its value.
type Cell = (usize, Vec<u8>);

/// The shared values and the candidates.
struct Query {
    shared: Vec<Cell>,
    candidates: Vec<Candidate>,
}

struct Candidate {
    name: Vec<u8>,
    /// `None` if the hash does not exist.
    cells: Option<Vec<Cell>>,
}

impl Query {
    fn gather(hashes: &Hashes<'_>, schema: &Schema, given: Known<'_>) -> Result<Self, Refusal> {
        let sources = Sources::of(schema);
        let shared_hashes = sources.roles().saturating_sub(1);
        sources.check(hashes.names().len())?;
        hashes.check_cost(schema)?;
        let mut shared = Vec::new();
        let mut is_known = vec![false; schema.fields().len()];
        if let Known::Pairs(pairs) = given {
            for (name, value) in pairs {
                let Some(field) = schema.position(&name, 0) else {
                    // The engine's error names the field and lists those that exist.
                    return Err(schema
                        .understand([(name, Given::Gap)])
                        .map_or_else(Into::into, |_| Error::Stopped.into()));
                };
                if std::mem::replace(&mut is_known[field], true) {
                    return Err(Error::FieldTwice { field: format!("'{}'", shown(&name)) }.into());
                }
                shared.push((field, value.into_owned()));
            }
        }
        let open = hashes.open(0..shared_hashes)?;
        for (field, is_known) in is_known.iter_mut().enumerate().filter(|(_, is_known)| !**is_known) {
            if let Some(value) = sources.read(field, &open, 0) {
                shared.push((field, value.bytes().to_vec()));
                *is_known = true;
            }
        }
        let missing: Vec<usize> = (0..is_known.len()).filter(|&field| !is_known[field]).collect();
        let candidate = |name: &&[u8]| {
            let cells = hashes.find(name)?.map(|hash| {
                let hash = [hash];
                let cell = |&field: &usize| Some((field, sources.read(field, &hash, shared_hashes)?.bytes().to_vec()));
                missing.iter().filter_map(cell).collect()
            });
            Ok(Candidate { name: name.to_vec(), cells })
        };
        let candidates = hashes.names()[shared_hashes..].iter().map(candidate).collect::<Result<_, Refusal>>()?;
        Ok(Self { shared, candidates })
    }

    fn bytes(&self) -> usize {
        let of = |cells: &[Cell]| cells.iter().map(|(_, value)| value.len()).sum::<usize>();
        let of_all = self.candidates.iter().filter_map(|candidate| candidate.cells.as_deref()).map(of);
        of(&self.shared) + of_all.sum::<usize>()
    }

    fn ranked(
        &self,
        model: &Model,
        schema: &Schema,
        options: &ReplyOptions,
        is_awaited: IsAwaited<'_>,
    ) -> Result<Reply, Refusal> {
        let output = output(model, options)?;
        let mut values = vec![Understood::Gap; schema.fields().len()];
        understand(schema, &self.shared, &mut values)?;
        let (mut there, mut rows): (_, Vec<Row>) = (Vec::new(), Vec::new());
        for (index, candidate) in self.candidates.iter().enumerate() {
            let Some(cells) = &candidate.cells else { continue };
            let mut values = values.clone();
            understand(schema, cells, &mut values).map_err(|error| of_hash(&candidate.name, &error))?;
            rows.push(schema.row(&values));
            there.push(index);
        }
        let width = model.layout().outputs();
        let scores: Vec<f32> =
            outputs(model, &rows, is_awaited)?.chunks_exact(width).map(|outputs| outputs[output]).collect();
        let found = best_first(&scores).into_iter().map(|at| (there[at], Some(scores[at])));
        let missing = (0..self.candidates.len()).filter(|&at| self.candidates[at].cells.is_none());
        let all = found.chain(missing.map(|at| (at, None))).take(options.top.unwrap_or(usize::MAX));
        let named = all.map(|(at, score)| (self.candidates[at].name.clone(), score));
        Ok(if options.with_scores {
            Reply::Ranking(named.collect())
        } else {
            Reply::Array(named.map(|(name, _)| Reply::Bulk(name)).collect())
        })
    }
}

fn understand<'a>(schema: &Schema, cells: &'a [Cell], values: &mut [Understood<'a>]) -> Result<(), Error> {
    for (field, value) in cells {
        values[*field] = schema.understand_one(*field, Given::text(value))?;
    }
    Ok(())
}

fn of_hash(name: &[u8], error: &Error) -> Refusal {
    Refusal::data(format!("hash '{}': {error}", shown(name)))
}

/// The index of the output to rank by: that of the class after FOR; by default the second of two classes, or the only
/// output of a regressor.
fn output(model: &Model, options: &ReplyOptions) -> Result<usize, Refusal> {
    if model.kind() == Kind::Regressor {
        return match (&options.class, model.layout().outputs()) {
            (None, 1) => Ok(0),
            (None, outputs) => {
                Err(Refusal::option(format!("the network answers {outputs} numbers: expected one to rank by")))
            }
            (Some(_), _) => Err(Refusal::option("FOR is for a classifier: expected none for a regressor")),
        };
    }
    let classes = known_classes(model)?;
    let listed = || classes.iter().map(|class| shown(class)).collect::<Vec<_>>().join(", ");
    match &options.class {
        Some(name) => classes
            .iter()
            .position(|class| **class == **name)
            .ok_or_else(|| Refusal::argument("FOR", name, format_args!("one of {}", listed()))),
        None if classes.len() == 2 => Ok(1),
        None => Err(Refusal::option(format!("FOR is missing: expected the class to rank by, one of {}", listed()))),
    }
}
