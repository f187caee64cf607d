//! NR.HOBSERVE: stores a row whose fields are read from hashes.
//!
//! `NR.HOBSERVE key numkeys hash [hash ...] [field value ...] -> outcome ... [WEIGHT w] [TRAIN|TEST]`

use super::named::hashes::{self, HASHES, Hashes};
use super::named::observe::{schema_of, store};
use super::named::{Known, PAIR};
use super::prelude::*;
use super::wire_rows::SET;

pub(super) struct HObserve;

impl Command for HObserve {
    const NAME: &CStr = c"nr.hobserve";
    const FLAGS: &CStr = c"write deny-oom";
    const ABOUT: About = About {
        summary: c"Stores a row whose fields are read from hashes, with its outcome.",
        complexity: c"O(N) where N is the number of fields",
        arity: -6,
        key: Some(KeyUse::ADD.and_reads_counted()),
        arguments: &[
            Argument::KEY,
            hashes::NUMBER,
            HASHES,
            PAIR.optional().multiple(),
            Argument::text(c"outcome").after(c"->").multiple(),
            Argument::number(c"weight").after(c"WEIGHT").optional(),
            SET.optional(),
        ],
    };

    fn run(ctx: Context, args: &[&[u8]]) -> Result<Reply, Refusal> {
        let (hashes, rest) = Hashes::parse(ctx, &args[1..])?;
        let key = value::open_unsettled(ctx, ctx.argument(0))?;
        let schema = schema_of(value::read(&key)?)?;
        let (given, outcome) = Known::pairs(rest)?;
        let known = hashes::row(&hashes, &schema, given)?;
        store(ctx, key, known, outcome, true)
    }
}
