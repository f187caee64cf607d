//! Storing rows of fields.
//!
//! A short row is parsed and stored at once. Many rows and long texts are parsed on a thread first, so that either all
//! or none are stored; then the main thread stores them in parts and serves other clients in between.

use std::sync::Arc;
use std::time::{Duration, Instant};

use neuralredis_core::{Error, Example, Schema, Set};
use neuralredis_server::{Deferred, Lent};

use super::super::prelude::*;
use super::super::{effects, growth};
use super::known::Known;
use super::outcomes::Examples;
use crate::info::{self, ROWS_OBSERVED};
use crate::value::{Key, Value};
use crate::writes::{self, Step};

/// Rows in one part.
const PART: usize = 32;
/// How long to store rows before other clients are served.
const TURN: Duration = Duration::from_millis(1);

/// Stores the rows of a command; `args` are the arguments after `->`.
pub(crate) fn store(
    ctx: Context,
    mut key: Key<'_>,
    known: Known<'_>,
    args: Option<&[&[u8]]>,
    from_hashes: bool,
) -> Result<Reply, Refusal> {
    let Some(args) = args else {
        return Err(Refusal::shape("'->' is missing: expected it between the fields and what they came to"));
    };
    let value = value::read(&key)?;
    let schema = schema_of(value)?;
    if let Some(client) = work::begin(ctx, known.cost())? {
        let known = known.into_owned();
        let args: Vec<Vec<u8>> = args.iter().map(|arg| arg.to_vec()).collect();
        let name = key.name().to_vec();
        begin(client, (ctx.selected(), name, value.id), schema, known, args);
        return Ok(Reply::Later);
    }
    let examples = Examples::read(&schema, known.read(&schema)?, args)?;
    growth::check_bytes(ctx, value, examples.examples.len(), examples.bytes(&schema))?;
    drop(schema);
    let network = value::write(&mut key)?.live.network_mut();
    let Examples { examples, target } = examples;
    // The hashes may change, so the row itself is always replicated.
    let counts = if from_hashes || ctx.has_replication_targets() {
        let (counts, observed) = network.observe_for_copies(&examples, target)?;
        effects::observed::send(ctx, ctx.argument(0), &observed);
        counts
    } else {
        let counts = network.observe_fields(&examples, target, |_| {})?;
        ctx.replicate_verbatim();
        counts
    };
    done(ctx, &key, ctx.argument(0), examples.len());
    Ok(Reply::Pair(counts.0.into(), counts.1.into()))
}

/// The schema of a network of rows; an error if it has none or learns from sequences.
pub(crate) fn schema_of(value: &Value) -> Result<Arc<Schema>, Refusal> {
    if value.live.network().sequence_options().is_some() {
        return Err(Error::HasSequences.into());
    }
    fields_of(value)
}

/// The schema of a network of rows or of sequences; an error if it has none.
pub(crate) fn fields_of(value: &Value) -> Result<Arc<Schema>, Refusal> {
    let schema = value.live.network().schema().cloned();
    schema.ok_or_else(|| Refusal::shape("the network has no fields: expected numbers by their positions"))
}

fn done(ctx: Context, key: &Key<'_>, name: Lent<'_>, rows: usize) {
    info::count(&ROWS_OBSERVED, rows as u64);
    key.changed();
    ctx.notify(c"nr.observe", name);
}

/// Parses rows on a thread and then stores them.
fn begin(client: Deferred, place: (i32, Vec<u8>, u64), schema: Arc<Schema>, known: Known<'static>, args: Vec<Vec<u8>>) {
    work::spawn(move || {
        let read = || {
            let args: Vec<&[u8]> = args.iter().map(Vec::as_slice).collect();
            let examples = Examples::read(&schema, known.read(&schema)?, &args)?;
            Ok((examples.bytes(&schema), examples.into_owned()))
        };
        let read: Result<_, Refusal> = read();
        writes::conclude(client, move |ctx| {
            let (bytes, Examples { examples, target }) = read?;
            let (db, name, id) = place;
            Storing { db, name, id, examples, target, bytes, stored: 0 }.store(ctx)
        });
    });
}

/// Rows that are being stored.
struct Storing {
    db: i32,
    name: Vec<u8>,
    /// The id of their network.
    id: u64,
    examples: Vec<Example<'static>>,
    target: Option<Set>,
    bytes: usize,
    stored: usize,
}

impl Storing {
    /// Stores parts for at most about [`TURN`].
    fn store(mut self, ctx: Context) -> Result<Step, Refusal> {
        let end = Instant::now() + TURN;
        ctx.select(self.db);
        let mut key = value::open_unsettled(ctx, &self.name[..]).map_err(|refusal| self.interrupted(refusal))?;
        let value = value::write(&mut key)?;
        if value.id != self.id {
            let other = format!("another network is at key '{}' now", shown(&self.name));
            return Err(self.interrupted(Refusal::because(other)));
        }
        if self.stored == 0 {
            growth::check_bytes(ctx, value, self.examples.len(), self.bytes)?;
        }
        let network = value.live.network_mut();
        let mut counts = (network.rows(Set::Train), network.rows(Set::Test));
        let before = self.stored;
        while self.stored < self.examples.len() && Instant::now() < end {
            let part = &self.examples[self.stored..self.examples.len().min(self.stored + PART)];
            let observed;
            (counts, observed) =
                network.observe_for_copies(part, self.target).map_err(|error: Error| self.interrupted(error.into()))?;
            effects::observed::send(ctx, &self.name[..], &observed);
            self.stored += part.len();
        }
        info::count(&ROWS_OBSERVED, (self.stored - before) as u64);
        key.changed();
        if self.stored < self.examples.len() {
            return Ok(Step::More(Box::new(move |ctx| self.store(ctx))));
        }
        ctx.notify(c"nr.observe", &self.name[..]);
        Ok(Step::Done(Reply::Pair(counts.0.into(), counts.1.into())))
    }

    /// The error if the command fails between two parts, because of what other clients did; it says how many rows are
    /// stored.
    fn interrupted(&self, refusal: Refusal) -> Refusal {
        refusal.after_rows(self.stored)
    }
}
