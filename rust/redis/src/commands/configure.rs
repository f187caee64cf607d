//! `NR.CONFIGURE key [option value ...]`

use neuralredis_core::{ClassWeight, Info, Network, Shrunk};
use neuralredis_server::{Deferred, Held};

use super::effects;
use super::options::{self, Given, Of};
use super::prelude::*;
use crate::value::Key;
use crate::writes::{self, Step};

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
        let mut key = value::open_unsettled(ctx, name)?;
        let value = value::write(&mut key)?;
        if given.is_empty() {
            return Ok(present(&value.live.network().info()));
        }
        let given = Given::parse(given, Of::Change)?;
        let network = value.live.network();
        let limits = given.limits(network.info().limits);
        if let Some(ClassWeight::Given(weights)) = &given.changes.class_weight {
            config::check_bytes(ctx, || value.network_bytes() + size_of_val(&weights[..]))?;
        }
        value.live.check(&given.changes)?;
        let shrinking = network.shrinking_bytes(limits);
        // A training shares the stored rows: those that move are copied first.
        memory::check(if value.live.job().is_some() { network.bytes() } else { 0 })?;
        if let Some(client) = work::begin(ctx, Cost::of_bytes(shrinking))? {
            // On the thread, the network as it is now shares its rows: those that move are copied.
            let shrink = Shrink { db: ctx.selected(), key: ctx.hold(0), id: value.id, given, tries: 0 };
            shrink.begin(network.clone(), client);
            return Ok(Reply::Later);
        }
        let state = network.rows_state();
        value.live.configure(&given.changes, limits)?;
        told(ctx, &key, name, state)?;
        Ok(Reply::OK)
    }
}

/// Tells replicas and subscribers of a change.
fn told(ctx: Context, key: &Key, name: &[u8], state: u64) -> Result<(), Refusal> {
    effects::configure::send(ctx, name, state, &value::read(key)?.live.network().info());
    key.changed();
    ctx.notify(c"nr.configure", name);
    Ok(())
}

/// A change that drops many rows: a thread finds those that are left. If rows came meanwhile it begins again.
struct Shrink {
    db: i32,
    key: Held,
    id: u64,
    given: Given,
    tries: usize,
}

impl Shrink {
    /// Of a network as it is now.
    fn begin(self, network: Network, client: Deferred) {
        work::spawn(move || self.find(&network, client));
    }

    /// On a thread.
    fn find(self, network: &Network, client: Deferred) {
        let shrunk = network.shrunk(self.given.limits(network.info().limits));
        writes::conclude(client, move |ctx| self.finish(ctx, shrunk));
    }

    fn finish(mut self, ctx: Context, shrunk: Shrunk) -> Result<Step, Refusal> {
        ctx.select(self.db);
        let mut key = value::open_unsettled(ctx, self.key.bytes())?;
        let value = value::write(&mut key)?;
        if value.id != self.id {
            return Err(Refusal::because(format!("another network is at key '{}' now", shown(self.key.bytes()))));
        }
        let (state, limits) =
            (value.live.network().rows_state(), self.given.limits(value.live.network().info().limits));
        let Some(before) = value.live.configure_shrunk(&self.given.changes, shrunk)? else {
            self.tries += 1;
            if self.tries < TRIES {
                let network = value.live.network().clone();
                return Ok(Step::Elsewhere(Box::new(move |client| self.find(&network, client))));
            }
            // Rows come all the time: better to hold the server up once than never to come to an end.
            value.live.configure(&self.given.changes, limits)?;
            told(ctx, &key, self.key.bytes(), state)?;
            return Ok(Step::Done(Reply::OK));
        };
        told(ctx, &key, self.key.bytes(), state)?;
        work::dispose(usize::MAX, before);
        Ok(Step::Done(Reply::OK))
    }
}

/// How often rows that are left are looked for on a thread.
const TRIES: usize = 5;

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
