//! NR.OBSERVE with many rows, which takes long to store.
//!
//! A thread checks all rows first, so that either all or none are stored. Then the main thread stores them in parts and
//! serves other clients in between. Each part is replicated as it is stored, so none is large enough to stall replicas
//! or the AOF.

use std::time::{Duration, Instant};

use neuralredis_core::{Batch, Error, Place, RowShape, Set};
use neuralredis_server::numbers::Row;
use neuralredis_server::{Context, Deferred, Held, Reply, numbers};

use super::wire_rows::{Blob, Following};
use super::{effects, growth, wire_rows};
use crate::config;
use crate::error::{Refusal, shown};
use crate::info::{self, ROWS_OBSERVED};
use crate::value::{self, Value};
use crate::work;
use crate::writes::{self, Step};

/// Bytes of rows in one part. A wider row is a part by itself.
const PART_BYTES: usize = 256 << 10;

/// How long to store rows before other clients are served.
const TURN: Duration = Duration::from_millis(1);

/// Rows that are being stored.
struct Batches {
    db: i32,
    key: Held,
    /// The id of their network.
    id: u64,
    shape: RowShape,
    blob: Held,
    /// The row weights, a float for each row.
    weights: Option<Held>,
    target: Option<Set>,
    /// Bytes of the blob that are stored already.
    stored: usize,
}

/// Starts to store the rows of a blob of NR.OBSERVE; `following` are the arguments after it.
pub(super) fn begin(ctx: Context, blob: Blob<'_>, following: &[&[u8]], value: &Value, client: Deferred) -> Reply {
    let shape = value.live.network().row_shape();
    let checked = blob.count(shape.inputs + shape.targets()).and_then(|rows| {
        let following = Following::of_blob(following)?;
        if let Some((bytes, _)) = following.weights {
            wire_rows::check_weights(bytes, rows)?;
        }
        growth::check(ctx, value, rows, following.weights.is_some(), following.target)?;
        Ok((following.weights.map(|(_, index)| blob.index + 1 + index), following.target))
    });
    match checked {
        Ok((weights, target)) => {
            let (db, id) = (ctx.selected(), value.id);
            let weights = weights.map(|index| ctx.hold(index));
            let batches =
                Batches { db, key: ctx.hold(0), id, shape, blob: ctx.hold(blob.index), weights, target, stored: 0 };
            work::spawn(move || {
                let checked = batches.check();
                writes::conclude(client, move |ctx| checked.map_err(Into::into).and_then(|()| batches.store(ctx)));
            });
        }
        Err(refusal) => client.answer(&Err(refusal)),
    }
    Reply::Later
}

impl Batches {
    fn width(&self) -> usize {
        self.shape.inputs + self.shape.targets()
    }

    /// Bytes of a part, a multiple of the size of a row.
    fn part(&self) -> usize {
        let row = 4 * self.width();
        (PART_BYTES / row).max(1) * row
    }

    /// Checks that the network accepts every row.
    fn check(&self) -> Result<(), Error> {
        let (blob, row) = (self.blob.bytes(), 4 * self.width());
        for (part, bytes) in blob.chunks(self.part()).enumerate() {
            let values = numbers::singles(bytes).unwrap_or_default();
            let first = part * (self.part() / row);
            let weights = self.weights_of(first, bytes.len() / row);
            let batch = wire_rows::interleaved(&values, self.shape.inputs, self.shape.targets());
            let batch = Batch { weights: weights.as_deref(), ..batch };
            batch.check(self.shape).map_err(|error| wire_rows::in_chunk(error, first, blob.len() / row))?;
        }
        Ok(())
    }

    /// The row weights of `rows` rows from `first` on.
    fn weights_of(&self, first: usize, rows: usize) -> Option<Row> {
        let weights = self.weights.as_ref()?.bytes().get(4 * first..4 * (first + rows))?;
        numbers::singles(weights)
    }

    /// Stores parts for at most about [`TURN`].
    fn store(mut self, ctx: Context) -> Result<Step, Refusal> {
        let end = Instant::now() + TURN;
        ctx.select(self.db);
        let mut key = value::open_unsettled(ctx, self.key.bytes()).map_err(|refusal| self.interrupted(refusal))?;
        let value = value::write(&mut key)?;
        if value.id != self.id {
            let other = format!("another network is at key '{}' now", shown(self.key.bytes()));
            return Err(self.interrupted(Refusal::because(other)));
        }
        let left = (self.blob.bytes().len() - self.stored) / (4 * self.width());
        config::check_bytes(ctx, || {
            value.network_bytes()
                + growth::of(
                    value.live.network(),
                    left,
                    self.width() + usize::from(self.weights.is_some()),
                    self.target,
                )
        })
        .map_err(|refusal| self.interrupted(refusal))?;
        let network = value.live.network_mut();
        let mut counts = (0, 0);
        while self.stored < self.blob.bytes().len() && Instant::now() < end {
            let rest = &self.blob.bytes()[self.stored..];
            let bytes = &rest[..rest.len().min(self.part())];
            let values = numbers::singles(bytes).unwrap_or_default();
            let weights = self.weights_of(self.stored / (4 * self.width()), bytes.len() / (4 * self.width()));
            let batch = wire_rows::interleaved(&values, self.shape.inputs, self.shape.targets());
            let batch = Batch { weights: weights.as_deref(), ..batch };
            let mut places: Vec<Place> = Vec::with_capacity(batch.rows);
            counts = network
                .observe(&batch, self.target, |place| places.push(place))
                .map_err(|error| self.interrupted(error.into()))?;
            effects::rows::send(ctx, self.key.lend(), network.rows_state(), &places, bytes.into(), weights.as_deref());
            info::count(&ROWS_OBSERVED, batch.rows as u64);
            self.stored += bytes.len();
        }
        key.changed();
        if self.stored < self.blob.bytes().len() {
            return Ok(Step::More(Box::new(move |ctx| self.store(ctx))));
        }
        ctx.notify(c"nr.observe", self.key.lend());
        Ok(Step::Done(Reply::Pair(counts.0.into(), counts.1.into())))
    }

    /// The error if the command fails between two parts, because of what other clients did; it says how many rows are
    /// stored.
    fn interrupted(&self, refusal: Refusal) -> Refusal {
        refusal.after_rows(self.stored / (4 * self.width()))
    }
}
