//! `NR._LOAD key index frame`: one frame of a network. Used in an AOF that was rewritten without an RDB preamble, and
//! when Valkey migrates a slot to another server.
//!
//! Frames of several networks may be interleaved, from servers that each migrate slots. Nothing is replicated before
//! the last frame; then all frames are sent. Otherwise a replica that connects, or an AOF that is rewritten, between
//! two frames would receive only the later ones.

use neuralredis_core::Network;
use neuralredis_core::codec;
use neuralredis_server::{Content, ServerString, key};

use super::partial::{self, Partial, Source};
use crate::commands::prelude::*;
use crate::value::{Key, Value};

pub(crate) struct Load;

impl Command for Load {
    const NAME: &CStr = c"nr._load";
    const FLAGS: &CStr = super::FLAGS;
    const ABOUT: About = About {
        summary: c"For a rewritten AOF or a migrated slot: stores one frame of a network; the last one completes it.",
        complexity: c"O(N) where N is the number of bytes",
        arity: 4,
        key: Some(KeyUse::REPLACE),
        arguments: &[Argument::KEY, Argument::integer(c"index"), Argument::text(c"frame")],
    };

    fn run(ctx: Context, args: &[&[u8]]) -> Result<Reply, Refusal> {
        super::admit(ctx, Self::NAME)?;
        let [name, index, frame] = *args else { return Err(Refusal::because("expected a key, an index and a frame")) };
        let index = numbers::whole(index).ok_or_else(|| Refusal::argument("the index", index, "an integer"))?;
        if Key::open(ctx, ctx.argument(0)).content() == Content::Other {
            return Err(Refusal::WrongType);
        }
        let source = Source { client: ctx.client(), db: ctx.selected(), key: name.to_vec() };
        let begun = partial::take(&source);
        let mut partial = match begun {
            _ if index == 0 => Partial::new(source),
            Some(partial) if partial.next == index => partial,
            _ => return Err(Refusal::because(format!("frame {index} follows none: expected frame 0 of this network"))),
        };
        partial.bytes += frame.len();
        config::check_bytes(ctx, || partial.bytes)?;
        partial.decoder.push(frame)?;
        partial.next += 1;
        if !partial.decoder.is_complete() {
            partial::keep(partial);
            return Ok(Reply::OK);
        }
        let network = partial.decoder.finish()?;
        if !key::put(ctx, ctx.argument(0), Box::new(Value::new(network))) {
            return Err(Refusal::because("the server did not store the network"));
        }
        // Only after storing the network: if an expired value is still at the key, the server first sends a DEL of its
        // own.
        if !ctx.is_loading() {
            send(ctx, value::read(&value::open(ctx, ctx.argument(0))?)?.live.network());
        }
        ctx.notify(c"nr.import", ctx.argument(0));
        Ok(Reply::OK)
    }
}

fn send(ctx: Context, network: &Network) {
    let mut index = 0_u64;
    codec::frames(network, &mut |frame| {
        ctx.replicate(Load::NAME, [ctx.argument(0).into(), ServerString::from(&index.to_string()[..]), frame.into()]);
        index += 1;
    });
}
