//! `NR._LOAD key index frame`: a network as its frames, one after the other, in an AOF that was rewritten without an RDB.

use std::cell::RefCell;
use std::ffi::CStr;

use neuralredis_core::codec::Decoder;

use crate::error::Refusal;
use crate::ffi::command::{About, Argument, Command, KeyUse};
use crate::ffi::context::Context;
use crate::ffi::key::{self, Content, Key};
use crate::ffi::reply::Reply;
use crate::value::Value;
use crate::{config, numbers};

/// A network of which not all frames have come. The frames of one follow each other, so there is one at most.
struct Partial {
    db: i32,
    key: Vec<u8>,
    next: u64,
    /// Bytes that have come.
    bytes: usize,
    decoder: Decoder,
}

thread_local! {
    // Of the main thread.
    static PARTIAL: RefCell<Option<Partial>> = const { RefCell::new(None) };
}

pub(crate) struct Load;

impl Command for Load {
    const NAME: &CStr = c"nr._load";
    const FLAGS: &CStr = super::FLAGS;
    const ABOUT: About = About {
        summary: c"For a rewritten AOF: a frame of a network, which is there with the last.",
        complexity: c"O(N) where N is the number of bytes",
        arity: 4,
        key: Some(KeyUse::REPLACE),
        arguments: &[Argument::KEY, Argument::integer(c"index"), Argument::text(c"frame")],
    };

    fn run(ctx: Context, args: &[&[u8]]) -> Result<Reply, Refusal> {
        let [name, index, frame] = *args else { return Err(Refusal::because("expected a key, an index and a frame")) };
        let index = numbers::whole(index).ok_or_else(|| Refusal::argument("the index", index, "an integer"))?;
        if Key::open(ctx, name).content() == Content::Other {
            return Err(Refusal::WrongType);
        }
        let db = ctx.selected();
        let begun = PARTIAL.take();
        let mut partial = match begun {
            _ if index == 0 => Partial { db, key: name.to_vec(), next: 0, bytes: 0, decoder: Decoder::new() },
            Some(partial) if (partial.db, &*partial.key, partial.next) == (db, name, index) => partial,
            _ => return Err(Refusal::because(format!("frame {index} follows none: expected frame 0 of this network"))),
        };
        partial.bytes += frame.len();
        config::check_bytes(ctx, partial.bytes)?;
        partial.decoder.push(frame)?;
        partial.next += 1;
        if partial.decoder.is_complete() {
            if !key::put(ctx, name, Box::new(Value::new(partial.decoder.finish()?))) {
                return Err(Refusal::because("the server refused to store the network"));
            }
            ctx.notify(c"nr.import", name);
        } else {
            PARTIAL.set(Some(partial));
        }
        ctx.replicate_verbatim();
        Ok(Reply::OK)
    }
}
