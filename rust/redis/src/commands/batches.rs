//! Rows of NR.OBSERVE that are so many that to store them takes long.
//!
//! A thread checks all of them, so that all or none are stored. Then the main thread stores some at a time and serves others in
//! between. Replicas and the AOF are sent each part as it is stored: no part is large enough to hold them up either.

use std::time::{Duration, Instant};

use neuralredis_core::{Error, Place, RowShape, Set};
use neuralredis_server::{Context, Deferred, Held, Reply, numbers};

use super::{effects, growth, wire_rows};
use crate::config;
use crate::error::{Refusal, shown};
use crate::info::{self, ROWS_OBSERVED};
use crate::value::{self, Value};
use crate::work;
use crate::writes::{self, Step};

/// Bytes of rows that are stored, and sent, at a time; rows that are wider go one by one.
const PART_BYTES: usize = 256 << 10;

/// How long rows are stored before others have their turn.
const TURN: Duration = Duration::from_millis(1);

/// Rows that are being stored.
struct Batches {
    db: i32,
    key: Held,
    /// The network that they are for.
    id: u64,
    shape: RowShape,
    blob: Held,
    target: Option<Set>,
    /// Bytes of the blob that have been stored.
    stored: usize,
}

/// Begins to store the rows of a blob, the third argument of NR.OBSERVE; `options` come after it.
pub(super) fn begin(ctx: Context, blob: &[u8], options: &[&[u8]], value: &Value, client: Deferred) -> Reply {
    let shape = value.live.network().row_shape();
    let checked = wire_rows::count(blob, shape.inputs + shape.targets()).and_then(|rows| {
        let target = wire_rows::Rows::target(options)?;
        growth::check(ctx, value, rows, false, target)?;
        Ok(target)
    });
    match checked {
        Ok(target) => {
            let (db, id) = (ctx.selected(), value.id);
            let batches = Batches { db, key: ctx.hold(0), id, shape, blob: ctx.hold(2), target, stored: 0 };
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

    /// Bytes of a part: of whole rows.
    fn part(&self) -> usize {
        let row = 4 * self.width();
        (PART_BYTES / row).max(1) * row
    }

    /// Whether the network takes every row.
    fn check(&self) -> Result<(), Error> {
        let (blob, row) = (self.blob.bytes(), 4 * self.width());
        for (part, bytes) in blob.chunks(self.part()).enumerate() {
            let values = numbers::singles(bytes).unwrap_or_default();
            let batch = wire_rows::interleaved(&values, self.shape.inputs, self.shape.targets());
            let first = part * (self.part() / row);
            batch.check(self.shape).map_err(|error| wire_rows::in_chunk(error, first, blob.len() / row))?;
        }
        Ok(())
    }

    /// Stores rows for a moment.
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
            value.network_bytes() + growth::of(value.live.network(), left, self.width(), self.target)
        })
        .map_err(|refusal| self.interrupted(refusal))?;
        let network = value.live.network_mut();
        let mut counts = (0, 0);
        while self.stored < self.blob.bytes().len() && Instant::now() < end {
            let rest = &self.blob.bytes()[self.stored..];
            let bytes = &rest[..rest.len().min(self.part())];
            let values = numbers::singles(bytes).unwrap_or_default();
            let batch = wire_rows::interleaved(&values, self.shape.inputs, self.shape.targets());
            let mut places: Vec<Place> = Vec::with_capacity(batch.rows);
            counts = network
                .observe(&batch, self.target, |place| places.push(place))
                .map_err(|error| self.interrupted(error.into()))?;
            effects::rows::send(ctx, self.key.lend(), network.rows_state(), &places, bytes.into(), None);
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

    /// What others have done in between may leave no place for the rows that are left.
    fn interrupted(&self, refusal: Refusal) -> Refusal {
        match (refusal, self.stored / (4 * self.width())) {
            (refusal, 0) => refusal,
            (Refusal::Because(reason), rows) => {
                Refusal::because(format!("{reason}; {rows} rows had been stored before"))
            }
            (refusal, _) => refusal,
        }
    }
}
