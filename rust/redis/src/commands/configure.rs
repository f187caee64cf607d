//! `NR.CONFIGURE key [option value ...]`

use std::ffi::CStr;

use neuralredis_core::{ClassWeight, Info};

use super::options::{self, Given, Of};
use super::replayed;
use crate::error::Refusal;
use crate::ffi::command::{About, Argument, Command, KeyUse};
use crate::ffi::context::Context;
use crate::ffi::reply::Reply;
use crate::{config, memory, value};

pub(super) struct Configure;

impl Command for Configure {
    const NAME: &CStr = c"nr.configure";
    const FLAGS: &CStr = c"write";
    const ABOUT: About = About {
        summary: c"Changes the options of a network, all or none; without options, returns them.",
        complexity: c"O(N) where N is the number of rows that a smaller limit drops",
        arity: -2,
        key: Some(KeyUse::UPDATE),
        arguments: OPTIONS,
    };

    fn run(ctx: Context, args: &[&[u8]]) -> Result<Reply, Refusal> {
        let (name, given) = (args[0], &args[1..]);
        let mut key = value::open(ctx, name)?;
        let value = value::write(&mut key)?;
        if given.is_empty() {
            return Ok(present(&value.live.network().info()));
        }
        let given = Given::parse(given, Of::Change)?;
        let limits = given.limits(value.live.network().info().limits);
        if let Some(ClassWeight::Given(weights)) = &given.changes.class_weight {
            config::check_bytes(ctx, || value.live.network().bytes() + size_of_val(&weights[..]))?;
        }
        if value.live.job().is_some() {
            // A training shares the stored rows: those that move are copied first.
            memory::check(value.live.network().bytes())?;
        }
        let state = value.live.network().rows_state();
        value.live.configure(&given.changes, limits)?;
        replayed::configure::send(ctx, name, state, &value.live.network().info());
        key.changed();
        ctx.notify(c"nr.configure", name);
        Ok(Reply::OK)
    }
}

pub(super) const OPTIONS: &[Argument] = &[
    Argument::KEY,
    Argument::one_of(c"normalize", &[Argument::word(c"yes", c"YES"), Argument::word(c"no", c"NO")])
        .after(c"NORMALIZE")
        .optional(),
    options::DATASET,
    options::TEST,
    options::ACTIVATION,
    options::OUTPUT,
    options::LOSS,
    options::ALGO,
    options::L2,
    options::RESTARTS,
    options::CLASSWEIGHT,
    options::PATIENCE,
];

fn present(info: &Info) -> Reply {
    let chosen = &info.options;
    Reply::Map(vec![
        ("normalize", Reply::Flag(chosen.normalize)),
        ("dataset", Reply::count(info.limits.train)),
        ("test", Reply::count(info.limits.test)),
        ("activation", Reply::word(chosen.activation.name())),
        ("output", Reply::word(chosen.output.name())),
        ("loss", Reply::word(chosen.loss.name())),
        ("algo", Reply::word(chosen.algorithm.name())),
        ("l2", options::decay_reply(chosen.l2)),
        ("restarts", options::restarts_reply(chosen.restarts)),
        ("classweight", options::class_weight_reply(&chosen.class_weight)),
        ("patience", options::patience_reply(chosen.patience)),
    ])
}
