//! NR.HRUN and NR.HCLASS: predict for fields that are read from hashes.
//!
//! `NR.HRUN key numkeys hash [hash ...] [field value ...] [-> options]`; NR.HCLASS takes the same arguments.

use super::named::answer::{Asked, answer};
use super::named::hashes::{self, HASHES, Hashes};
use super::named::observe::schema_of;
use super::named::reply_options::REPLY_OPTIONS;
use super::named::{Known, PAIR};
use super::prelude::*;

pub(super) struct HRun;

impl Command for HRun {
    const NAME: &CStr = c"nr.hrun";
    const FLAGS: &CStr = c"readonly";
    const ABOUT: About = about(c"Returns the outputs of a network for fields that are read from hashes.");

    fn run(ctx: Context, args: &[&[u8]]) -> Result<Reply, Refusal> {
        of_hashes(ctx, args, Asked::Outputs)
    }
}

pub(super) struct HClass;

impl Command for HClass {
    const NAME: &CStr = c"nr.hclass";
    const FLAGS: &CStr = c"readonly";
    const ABOUT: About = about(c"Returns the class that a classifier predicts for fields that are read from hashes.");

    fn run(ctx: Context, args: &[&[u8]]) -> Result<Reply, Refusal> {
        of_hashes(ctx, args, Asked::Class)
    }
}

const ARGUMENTS: &[Argument] = &[Argument::KEY, hashes::NUMBER, HASHES, PAIR.optional().multiple(), REPLY_OPTIONS];

const fn about(summary: &'static CStr) -> About {
    About {
        summary,
        complexity: c"O(N+P) where N is the number of fields and P that of parameters",
        arity: -4,
        key: Some(KeyUse::READ.and_reads_counted()),
        arguments: ARGUMENTS,
    }
}

fn of_hashes(ctx: Context, args: &[&[u8]], asked: Asked) -> Result<Reply, Refusal> {
    let (hashes, rest) = Hashes::parse(ctx, &args[1..])?;
    let key = value::open_unsettled(ctx, ctx.argument(0))?;
    let value = value::read(&key)?;
    let schema = schema_of(value)?;
    let (given, options) = Known::pairs(rest)?;
    let known = hashes::row(&hashes, &schema, given)?;
    answer(ctx, value, known, options, asked)
}
