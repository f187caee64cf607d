//! `NR._TRAINED key frame ...`: what a training has made of a network, and told, in pieces of at most 16 MB.

use std::ffi::CStr;

use neuralredis_core::{Network, codec};

use crate::error::Refusal;
use crate::ffi::command::{About, Argument, Command, KeyUse};
use crate::ffi::context::Context;
use crate::ffi::reply::Reply;
use crate::value;

pub(crate) fn send(ctx: Context, key: &[u8], network: &Network) {
    let mut frames = Vec::new();
    codec::trained_frames(network, &mut |frame| frames.push(frame.to_vec()));
    let mut arguments = vec![key];
    arguments.extend(frames.iter().map(Vec::as_slice));
    ctx.replicate(Trained::NAME, &arguments);
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
        let (name, frames) = (args[0], &args[1..]);
        let mut key = value::open(ctx, name)?;
        let network = value::write(&mut key)?.live.network_mut();
        let (trained, report) = codec::decode_trained(network, frames.iter().copied())?;
        network.install(trained, report)?;
        ctx.replicate_verbatim();
        key.changed();
        ctx.notify(c"nr.trained", name);
        Ok(Reply::OK)
    }
}
