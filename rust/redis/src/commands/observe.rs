//! `NR.OBSERVE key i0 .. iN -> o0 .. oM [WEIGHT w] [TRAIN|TEST]`, `NR.OBSERVE key FP32 blob [TRAIN|TEST]`

use std::ffi::CStr;

use neuralredis_core::{Batch, Network, Place, Set};
use neuralredis_server::numbers::{self, Row};
use neuralredis_server::{About, Argument, Command, Context, KeyUse, Reply};
use smallvec::SmallVec;

use super::{batches, blob, is, replayed};
use crate::error::Refusal;
use crate::info::{self, ROWS_OBSERVED};
use crate::value::Value;
use crate::work::{self, Cost};
use crate::{config, memory, value};

pub(super) struct Observe;

impl Command for Observe {
    const NAME: &CStr = c"nr.observe";
    const FLAGS: &CStr = c"write deny-oom";
    const ABOUT: About = About {
        summary: c"Stores rows of inputs and outputs, to learn from and to test with.",
        complexity: c"O(N) where N is the number of values",
        arity: -4,
        key: Some(KeyUse::ADD),
        arguments: &[
            Argument::KEY,
            Argument::one_of(
                c"rows",
                &[
                    Argument::block(
                        c"row",
                        &[
                            Argument::number(c"input").multiple(),
                            Argument::number(c"output").after(c"->").multiple(),
                            Argument::number(c"weight").after(c"WEIGHT").optional(),
                        ],
                    ),
                    Argument::text(c"blob").after(c"FP32"),
                ],
            ),
            SET.optional(),
        ],
    };

    fn run(ctx: Context, args: &[&[u8]]) -> Result<Reply, Refusal> {
        let name = ctx.argument(0);
        let mut key = value::open_unsettled(ctx, name)?;
        let value = value::read(&key)?;
        if let [word, blob, ref options @ ..] = args[1..]
            && is(word, "FP32")
            && let Some(client) = work::begin(ctx, Cost::of_bytes(COPIES * blob.len()))?
        {
            return Ok(batches::begin(ctx, blob, options, value, client));
        }
        let rows = Rows::parse(&args[1..], value.live.network())?;
        check_room(ctx, value, rows.count(value.live.network()), rows.weight.is_some(), rows.target)?;
        let network = value::write(&mut key)?.live.network_mut();
        let batch = rows.batch(network);
        let (train, test) = if ctx.has_replication_targets() {
            let mut places = SmallVec::<[Place; 1]>::with_capacity(batch.rows);
            let stored = network.observe(&batch, rows.target, |place| places.push(place))?;
            let sent = if rows.are_blob { ctx.argument(2).into() } else { numbers::bytes(&rows.values)[..].into() };
            replayed::rows::send(ctx, name, network.rows_state(), &places, sent, rows.weight);
            stored
        } else {
            // Should there be a target after all, it puts the rows where they went here: the random state is saved with the network.
            let stored = network.observe(&batch, rows.target, |_| {})?;
            ctx.replicate_verbatim();
            stored
        };
        key.changed();
        info::count(&ROWS_OBSERVED, batch.rows as u64);
        ctx.notify(c"nr.observe", name);
        Ok(Reply::Pair(train.into(), test.into()))
    }
}

/// Whether there is memory for so many rows more.
pub(super) fn check_room(
    ctx: Context,
    value: &Value,
    rows: usize,
    are_weighted: bool,
    target: Option<Set>,
) -> Result<(), Refusal> {
    let network = value.live.network();
    let width = network.layout().inputs() + network.targets();
    config::check_bytes(ctx, || {
        value.network_bytes() + growth(network, rows, width + usize::from(are_weighted), target)
    })?;
    // A training shares the stored rows: a block that is written is copied first.
    let shared = if value.live.job().is_some() { network.bytes().min(rows * network.block_bytes()) } else { 0 };
    Ok(memory::check(COPIES * 4 * rows * width + shared)?)
}

/// Copies of rows that there are at a time: stored, to be sent to replicas, to be appended to the AOF; and their places.
const COPIES: usize = 4;

pub(super) const SET: Argument =
    Argument::one_of(c"set", &[Argument::word(c"train", c"TRAIN"), Argument::word(c"test", c"TEST")]);

/// The set that a word names.
pub(super) fn set(word: &[u8]) -> Option<Set> {
    match () {
        () if is(word, "TRAIN") => Some(Set::Train),
        () if is(word, "TEST") => Some(Set::Test),
        () => None,
    }
}

/// Bytes that rows of so many numbers each may add.
pub(super) fn growth(network: &Network, rows: usize, width: usize, target: Option<Set>) -> usize {
    let limits = network.info().limits;
    let room = |set, limit: u32| (limit - network.rows(set).min(limit)) as usize;
    let room = match target {
        Some(Set::Train) => room(Set::Train, limits.train),
        Some(Set::Test) => room(Set::Test, limits.test),
        None => room(Set::Train, limits.train) + room(Set::Test, limits.test),
    };
    rows.min(room) * 4 * width
}

/// Rows as they were given: inputs and outputs of the first, of the second, ...
#[derive(Debug)]
pub(super) struct Rows {
    values: Row,
    /// Whether they came as bytes.
    are_blob: bool,
    weight: Option<f32>,
    target: Option<Set>,
}

impl Rows {
    /// Of the arguments after the key.
    pub(super) fn parse(args: &[&[u8]], network: &Network) -> Result<Self, Refusal> {
        let (inputs, targets) = (network.layout().inputs(), network.targets());
        if let [word, bytes, options @ ..] = args
            && is(word, "FP32")
        {
            let target = Self::target(options)?;
            return Ok(Self { values: blob::rows(bytes, inputs + targets)?, are_blob: true, weight: None, target });
        }
        let Some(arrow) = args.iter().position(|&argument| argument == b"->") else {
            return Err(Refusal::because("'->' is missing: expected it between inputs and outputs"));
        };
        let mut values = blob::inputs(&args[..arrow], inputs)?;
        let rest = &args[arrow + 1..];
        let is_option = |argument: &&[u8]| is(argument, "WEIGHT") || set(argument).is_some();
        let end = rest.iter().position(is_option).unwrap_or(rest.len());
        // What is too much and no number is taken for a misspelt option.
        if let Some(&word) = rest[..end].get(targets..).and_then(<[_]>::first)
            && numbers::single(word).is_none()
        {
            return Err(Refusal::unknown(word, "WEIGHT, TRAIN or TEST"));
        }
        if end != targets {
            return Err(neuralredis_core::Error::Outputs { row: None, expected: targets, given: end }.into());
        }
        blob::column("output", &rest[..end], &mut values)?;
        let (weight, target) = Self::options(&rest[end..])?;
        Ok(Self { values, are_blob: false, weight, target })
    }

    /// The set that is named after a blob.
    pub(super) fn target(args: &[&[u8]]) -> Result<Option<Set>, Refusal> {
        let (weight, target) = Self::options(args)?;
        if weight.is_some() {
            return Err(Refusal::because("WEIGHT is for one row: expected none with FP32"));
        }
        Ok(target)
    }

    fn count(&self, network: &Network) -> usize {
        self.values.len() / (network.layout().inputs() + network.targets())
    }

    fn options(mut args: &[&[u8]]) -> Result<(Option<f32>, Option<Set>), Refusal> {
        let (mut weight, mut target) = (None, None);
        while let Some((&word, rest)) = args.split_first() {
            args = rest;
            if is(word, "WEIGHT") {
                let Some((&value, rest)) = args.split_first() else {
                    return Err(Refusal::because("WEIGHT has no value"));
                };
                args = rest;
                let number = numbers::single(value).filter(|number| *number > 0.0);
                let number = number.ok_or_else(|| Refusal::argument("WEIGHT", value, "a finite number above 0"))?;
                if weight.replace(number).is_some() {
                    return Err(Refusal::because("WEIGHT is given twice"));
                }
            } else if let Some(set) = set(word) {
                if target.replace(set).is_some() {
                    return Err(Refusal::unknown(word, "one of TRAIN and TEST, once"));
                }
            } else {
                return Err(Refusal::unknown(word, "WEIGHT, TRAIN or TEST"));
            }
        }
        Ok((weight, target))
    }

    pub(super) fn batch(&self, network: &Network) -> Batch<'_> {
        let (inputs, targets) = (network.layout().inputs(), network.targets());
        let weights = self.weight.as_ref().map(std::slice::from_ref);
        Batch { weights, ..interleaved(&self.values, inputs, targets) }
    }
}

/// Rows of inputs and outputs side by side.
pub(super) fn interleaved(values: &[f32], inputs: usize, targets: usize) -> Batch<'_> {
    let width = inputs + targets;
    Batch {
        inputs: values,
        input_stride: width,
        outputs: values.get(inputs..).unwrap_or_default(),
        output_stride: width,
        weights: None,
        rows: values.len() / width,
    }
}
