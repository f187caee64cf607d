//! `NR._TRAINED key frame ...`: the result of a training, weights and report, in frames of at most 16 MB.

use std::sync::Arc;

use neuralredis_core::{Kind, codec, training};
use neuralredis_server::{Held, ServerString, Strings};

use crate::commands::prelude::*;
use crate::pending::Made;

/// Encodes a result for [`send`]. Runs on the training's thread, because it would stall the server for a large network.
pub(crate) fn frames(kind: Kind, trained: &neuralredis_core::Trained, report: &training::Report) -> Strings {
    let mut frames = Strings::default();
    codec::trained_frames(kind, trained, Some(report), &mut |frame| frames.push(frame));
    frames
}

pub(crate) fn send(ctx: Context, key: &[u8], frames: &Strings) {
    ctx.replicate(Trained::NAME, std::iter::once(key.into()).chain(frames.lend().map(ServerString::from)));
}

/// The cost of decoding a byte, in multiples of copying one.
const DECODED: usize = 3;

pub(crate) struct Trained;

impl Command for Trained {
    const NAME: &CStr = c"nr._trained";
    const FLAGS: &CStr = super::FLAGS;
    const ABOUT: About = About {
        summary: c"For replication: the result of a training.",
        complexity: c"O(P) where P is the number of parameters",
        arity: -3,
        key: Some(KeyUse::UPDATE),
        arguments: &[Argument::KEY, Argument::text(c"frame").multiple()],
    };

    fn run(ctx: Context, args: &[&[u8]]) -> Result<Reply, Refusal> {
        super::admit(ctx, Self::NAME)?;
        let (name, frames) = (args[0], &args[1..]);
        let mut key = value::open_unsettled(ctx, ctx.argument(0))?;
        let value = value::write(&mut key)?;
        let bytes: usize = frames.iter().map(|frame| frame.len()).sum();
        config::check_bytes(ctx, || value.network_bytes().saturating_sub(value.trained_bytes()) + bytes)?;
        let model = value.live.network().model();
        let cost = Cost::of_bytes(DECODED * bytes);
        if cost.is_brief() {
            let (trained, report) = codec::decode_trained(&model, frames.iter().copied())?;
            value.install(trained, report.map(Arc::new))?;
        } else {
            let held: Vec<Held> = (1..args.len()).map(|frame| ctx.hold(frame)).collect();
            value.pend(ctx, name, bytes, cost, move || {
                let (trained, report) = codec::decode_trained(&model, held.iter().map(Held::bytes))?;
                Ok(Made { trained: Arc::new(trained), report: report.map(Arc::new) })
            });
        }
        Ok(super::done(ctx, &key, c"nr.trained"))
    }
}
