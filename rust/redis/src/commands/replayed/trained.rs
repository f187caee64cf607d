//! `NR._TRAINED key frame ...`: what a training has made of a network, and told, in pieces of at most 16 MB.

use std::ffi::CStr;
use std::sync::Arc;

use neuralredis_core::{codec, training};

use crate::error::Refusal;
use crate::ffi::command::{About, Argument, Command, KeyUse};
use crate::ffi::context::{Context, Strings};
use crate::ffi::held::Held;
use crate::ffi::reply::Reply;
use crate::pending::Made;
use crate::work::Cost;
use crate::{config, value};

/// What [`send`] sends. It is made on the training's thread: of a large network it takes longer than the server may be held
/// up.
pub(crate) fn frames(trained: &neuralredis_core::Trained, report: &training::Report) -> Strings {
    let mut frames = Strings::default();
    codec::trained_frames(trained, Some(report), &mut |frame| frames.push(frame));
    frames
}

pub(crate) fn send(ctx: Context, key: &[u8], frames: &Strings) {
    ctx.replicate_strings(Trained::NAME, key, frames);
}

/// What it costs to decode a byte, in bytes that are copied.
const DECODED: usize = 3;

pub(crate) struct Trained;

impl Command for Trained {
    const NAME: &CStr = c"nr._trained";
    const FLAGS: &CStr = super::FLAGS;
    const ABOUT: About = About {
        summary: c"For replication: the end of a training.",
        complexity: c"O(P) where P is the number of parameters",
        arity: -3,
        key: Some(KeyUse::UPDATE),
        arguments: &[Argument::KEY, Argument::text(c"frame").multiple()],
    };

    fn run(ctx: Context, args: &[&[u8]]) -> Result<Reply, Refusal> {
        super::admit(ctx, Self::NAME)?;
        let (name, frames) = (args[0], &args[1..]);
        let mut key = value::open_unsettled(ctx, name)?;
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
        ctx.replicate_verbatim();
        key.changed();
        ctx.notify(c"nr.trained", name);
        Ok(Reply::OK)
    }
}
