//! `NR.IMPORT key blob [REPLACE]`

use std::ffi::CStr;

use neuralredis_core::codec;

use super::is;
use crate::error::{Refusal, shown};
use crate::ffi::command::{About, Argument, Command, KeyUse};
use crate::ffi::context::Context;
use crate::ffi::key::{self, Content, Key};
use crate::ffi::reply::Reply;
use crate::value::Value;
use crate::{config, memory};

pub(super) struct Import;

impl Command for Import {
    const NAME: &CStr = c"nr.import";
    const FLAGS: &CStr = c"write deny-oom";
    const ABOUT: About = About {
        summary: c"Makes a network of the bytes that NR.EXPORT or the Python library gave.",
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
        match Key::open(ctx, name).content() {
            Content::Network if !replace => {
                return Err(Refusal::because(format!("there is a network at key '{}': expected REPLACE", shown(name))));
            }
            Content::Other => return Err(Refusal::WrongType),
            Content::Network | Content::Nothing => {}
        }
        // The network, and the server's copies of its bytes.
        memory::check(3 * blob.len())?;
        let value = Value::new(codec::decode(blob)?);
        config::check_bytes(ctx, || value.bytes())?;
        if !key::put(ctx, name, Box::new(value)) {
            return Err(Refusal::because("the server refused to store the network"));
        }
        ctx.replicate(Self::NAME, &[name, blob, b"REPLACE"]);
        ctx.notify(c"nr.import", name);
        Ok(Reply::OK)
    }
}
