//! `NR.CONFIGURE key option value ...`

use neuralredis_core::{Changes, ClassWeight, Network, Shrunk};
use neuralredis_server::{Deferred, Held};

use super::effects;
use super::options::{self, Of};
use super::prelude::*;
use crate::value::Key;
use crate::writes::{self, Step};

pub(super) struct Configure;

impl Command for Configure {
    const NAME: &CStr = c"nr.configure";
    const FLAGS: &CStr = c"write";
    const ABOUT: About = About {
        summary: c"Changes options of a network, all that are given or none.",
        complexity: c"O(N) where N is the number of rows that a smaller limit drops",
        arity: -3,
        key: Some(KeyUse::UPDATE),
        arguments: &[Argument::KEY],
    };

    fn more_arguments() -> &'static [Argument] {
        &options::OF_CHANGE
    }

    fn run(ctx: Context, args: &[&[u8]]) -> Result<Reply, Refusal> {
        let (name, given) = (args[0], &args[1..]);
        let mut key = value::open_unsettled(ctx, name)?;
        let value = value::write(&mut key)?;
        let given = options::parse(given, Of::Change)?;
        let network = value.live.network();
        let limits = given.limits(network.info().limits);
        if let Some(ClassWeight::Given(weights)) = &given.class_weight {
            config::check_bytes(ctx, || value.network_bytes() + size_of_val(&weights[..]))?;
        }
        value.live.check(&given)?;
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
        value.live.configure(&given, limits)?;
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
    given: Changes,
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
        let Some(before) = value.live.configure_shrunk(&self.given, shrunk)? else {
            self.tries += 1;
            if self.tries < TRIES {
                let network = value.live.network().clone();
                return Ok(Step::Elsewhere(Box::new(move |client| self.find(&network, client))));
            }
            // Rows come all the time: better to hold the server up once than never to come to an end.
            value.live.configure(&self.given, limits)?;
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
