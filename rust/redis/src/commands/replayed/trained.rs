//! `NR._TRAINED key frame ...`: what a training has made of a network, and told, in pieces of at most 16 MB.

use std::ffi::CStr;

use neuralredis_core::{codec, training};

use crate::error::Refusal;
use crate::ffi::command::{About, Argument, Command, KeyUse};
use crate::ffi::context::{Context, Strings};
use crate::ffi::reply::Reply;
use crate::{config, memory, value};

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
        let mut key = value::open(ctx, name)?;
        let network = value::write(&mut key)?.live.network_mut();
        config::check_bytes(ctx, || {
            let replaced = network.info().members * network.layout().parameters() * memory::PARAMETER;
            network.bytes().saturating_sub(replaced) + frames.iter().map(|frame| frame.len()).sum::<usize>()
        })?;
        let (trained, report) = codec::decode_trained(network, frames.iter().copied())?;
        network.install(trained, report)?;
        ctx.replicate_verbatim();
        key.changed();
        ctx.notify(c"nr.trained", name);
        Ok(Reply::OK)
    }
}
