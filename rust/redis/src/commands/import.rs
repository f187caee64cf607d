//! NR.IMPORT: creates a network from its serialized form. `NR.IMPORT key blob [REPLACE]`

use neuralredis_core::{Network, codec};
use neuralredis_server::{Content, Held, ServerString, key};

use super::prelude::*;
use crate::value::{Key, Value};
use crate::writes::{self, Step};

pub(super) struct Import;

impl Command for Import {
    const NAME: &CStr = c"nr.import";
    const FLAGS: &CStr = c"write deny-oom";
    const ABOUT: About = About {
        summary: c"Creates a network from the bytes that NR.EXPORT or the Python library returned.",
        complexity: c"O(N) where N is the number of bytes",
        arity: -3,
        key: Some(KeyUse::REPLACE),
        arguments: &[Argument::KEY, Argument::text(c"blob"), Argument::word(c"replace", c"REPLACE").optional()],
    };

    fn run(ctx: Context, args: &[&[u8]]) -> Result<Reply, Refusal> {
        let (name, blob) = (args[0], args[1]);
        let replace = match args[2..] {
            [] => false,
            [word] if is(word, "REPLACE") => true,
            [word, ..] => return Err(Refusal::unknown(word, "REPLACE")),
        };
        check(ctx, name, replace)?;
        // Three times: the network, and the server's copies of its bytes.
        memory::check(3 * blob.len())?;
        let (key, blob) = (ctx.hold(0), ctx.hold(1));
        // Reading, checking, storing and copying.
        let cost = Cost::of_bytes(4 * blob.bytes().len());
        let Some(client) = work::begin(ctx, cost)? else {
            return put(ctx, &key, &blob, codec::decode(blob.bytes())?);
        };
        let db = ctx.selected();
        work::spawn(move || {
            let network = codec::decode(blob.bytes());
            writes::conclude(client, move |ctx| {
                ctx.select(db);
                check(ctx, key.bytes(), replace)?;
                put(ctx, &key, &blob, network?).map(Step::Done)
            });
        });
        Ok(Reply::Later)
    }
}

/// Checks that a network may be stored at a key.
fn check(ctx: Context, name: &[u8], replace: bool) -> Result<(), Refusal> {
    match Key::open(ctx, name).content() {
        Content::Value if !replace => {
            Err(Refusal::because(format!("there is a network at key '{}': expected REPLACE", shown(name))))
        }
        Content::Other => Err(Refusal::WrongType),
        Content::Value | Content::Nothing => Ok(()),
    }
}

fn put(ctx: Context, key: &Held, blob: &Held, network: Network) -> Result<Reply, Refusal> {
    let value = Value::new(network);
    config::check_bytes(ctx, || value.bytes())?;
    if !key::put(ctx, key.lend(), Box::new(value)) {
        return Err(Refusal::because("the server did not store the network"));
    }
    ctx.replicate(Import::NAME, [key.lend().into(), blob.lend().into(), ServerString::from("REPLACE")]);
    ctx.notify(c"nr.import", key.lend());
    Ok(Reply::OK)
}
