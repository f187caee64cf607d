//! `NR._LOAD key index frame`: a network as its frames, one after the other: in an AOF that was rewritten without an RDB,
//! and where Valkey moves a slot to another server.
//!
//! Frames of several networks may come by turns, from servers that each send their slots. Nothing is replicated before
//! the last, and then all: whoever took over in their midst, a replica or a rewritten AOF, would know the rest of them and
//! not the beginning.

use std::cell::RefCell;
use std::ffi::CStr;

use neuralredis_core::Network;
use neuralredis_core::codec::{self, Decoder};

use crate::error::Refusal;
use crate::ffi::command::{About, Argument, Command, KeyUse};
use crate::ffi::context::Context;
use crate::ffi::key::{self, Content, Key};
use crate::ffi::reply::Reply;
use crate::value::Value;
use crate::{config, numbers};

/// Networks at most of which not all frames have come. Nobody tells when the rest will never come, so the one that has
/// waited longest makes room. More servers than this do not send at a time.
const MOST: usize = 64;

/// A network of which not all frames have come.
struct Partial {
    db: i32,
    key: Vec<u8>,
    next: u64,
    /// Bytes that have come.
    bytes: usize,
    decoder: Decoder,
}

thread_local! {
    // Of the main thread. The one of which a frame came last is the last.
    static PARTIALS: RefCell<Vec<Partial>> = const { RefCell::new(Vec::new()) };
}

/// Takes what has come of a network so far.
fn taken(db: i32, key: &[u8]) -> Option<Partial> {
    PARTIALS.with_borrow_mut(|partials| {
        let at = partials.iter().position(|partial| partial.db == db && partial.key == key)?;
        Some(partials.remove(at))
    })
}

/// Keeps it until the next frame comes.
fn keep(partial: Partial) {
    PARTIALS.with_borrow_mut(|partials| {
        if partials.len() == MOST {
            partials.remove(0);
        }
        partials.push(partial);
    });
}

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
        let [name, index, frame] = *args else { return Err(Refusal::because("expected a key, an index and a frame")) };
        let index = numbers::whole(index).ok_or_else(|| Refusal::argument("the index", index, "an integer"))?;
        if Key::open(ctx, name).content() == Content::Other {
            return Err(Refusal::WrongType);
        }
        let db = ctx.selected();
        let begun = taken(db, name);
        let mut partial = match begun {
            _ if index == 0 => Partial { db, key: name.to_vec(), next: 0, bytes: 0, decoder: Decoder::new() },
            Some(partial) if partial.next == index => partial,
            _ => return Err(Refusal::because(format!("frame {index} follows none: expected frame 0 of this network"))),
        };
        partial.bytes += frame.len();
        config::check_bytes(ctx, || partial.bytes)?;
        partial.decoder.push(frame)?;
        partial.next += 1;
        if !partial.decoder.is_complete() {
            keep(partial);
            return Ok(Reply::OK);
        }
        let network = partial.decoder.finish()?;
        if !ctx.is_loading() {
            send(ctx, name, &network);
        }
        if !key::put(ctx, name, Box::new(Value::new(network))) {
            return Err(Refusal::because("the server refused to store the network"));
        }
        ctx.notify(c"nr.import", name);
        Ok(Reply::OK)
    }
}

fn send(ctx: Context, key: &[u8], network: &Network) {
    let mut index = 0_u64;
    codec::frames(network, &mut |frame| {
        ctx.replicate(Load::NAME, &[key, index.to_string().as_bytes(), frame]);
        index += 1;
    });
}
