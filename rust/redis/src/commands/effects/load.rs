//! `NR._LOAD key index frame`: a network as its frames, one after the other: in an AOF that was rewritten without an RDB,
//! and where Valkey moves a slot to another server.
//!
//! Frames of several networks may come by turns, from servers that each send their slots. Nothing is replicated before
//! the last, and then all: whoever took over in their midst, a replica or a rewritten AOF, would know the rest of them and
//! not the beginning.

use neuralredis_core::Network;
use neuralredis_core::codec;
use neuralredis_server::{Content, ServerString, key};

use super::partial::{self, Partial, Whose};
use crate::commands::prelude::*;
use crate::value::{Key, Value};

pub(crate) struct Load;

impl Command for Load {
    const NAME: &CStr = c"nr._load";
    const FLAGS: &CStr = super::FLAGS;
    const ABOUT: About = About {
        summary: c"For a rewritten AOF or a moved slot: a frame of a network, which is there with the last.",
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
        let whose = Whose { client: ctx.client(), db: ctx.selected(), key: name.to_vec() };
        let begun = partial::taken(&whose);
        let mut partial = match begun {
            _ if index == 0 => Partial::new(whose),
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
            return Err(Refusal::because("the server refused to store the network"));
        }
        // Not before the key is put: if it has expired and is still there, the server then sends a DEL of its own.
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
