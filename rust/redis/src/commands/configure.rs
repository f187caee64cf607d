//! NR.CONFIGURE: changes options. `NR.CONFIGURE key option value [option value ...]`

use neuralredis_core::{Changes, ClassWeight, Network, Shrunk};
use neuralredis_server::{Deferred, Held};

use super::effects;
use super::options::{self, OptionContext};
use super::prelude::*;
use crate::value::Key;
use crate::writes::{self, Step};

pub(super) struct Configure;

impl Command for Configure {
    const NAME: &CStr = c"nr.configure";
    const FLAGS: &CStr = c"write";
    const ABOUT: About = About {
        summary: c"Changes options of a network.",
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
        let given = options::parse(given, OptionContext::Change)?;
        let network = value.live.network();
        let limits = given.limits(network.info().limits);
        if let Some(ClassWeight::Given(weights)) = &given.class_weight {
            config::check_bytes(ctx, || value.network_bytes() + size_of_val(&weights[..]))?;
        }
        value.live.check(&given)?;
        let shrinking = network.shrinking_bytes(limits);
        // A running training shares the stored rows: those that move are copied first.
        memory::check(if value.live.job().is_some() { network.bytes() } else { 0 })?;
        if let Some(client) = work::begin(ctx, Cost::of_bytes(shrinking))? {
            // The thread works on a snapshot, which shares the rows: those that move are copied.
            let shrink = Shrink { db: ctx.selected(), key: ctx.hold(0), id: value.id, given, tries: 0 };
            shrink.begin(network.clone(), client);
            return Ok(Reply::Later);
        }
        let state = network.rows_state();
        value.live.configure(&given, limits)?;
        publish(ctx, &key, name, state)?;
        Ok(Reply::OK)
    }
}

/// Replicates a change and publishes its event.
fn publish(ctx: Context, key: &Key, name: &[u8], state: u64) -> Result<(), Refusal> {
    effects::configure::send(ctx, name, state, &value::read(key)?.live.network().info());
    key.changed();
    ctx.notify(c"nr.configure", name);
    Ok(())
}

/// A change that drops many rows. A thread computes the remaining rows; if rows were stored meanwhile, it starts again.
struct Shrink {
    db: i32,
    key: Held,
    id: u64,
    given: Changes,
    tries: usize,
}

impl Shrink {
    /// Starts a thread on a snapshot of the network.
    fn begin(self, network: Network, client: Deferred) {
        work::spawn(move || self.find(&network, client));
    }

    /// Computes the remaining rows, on a thread.
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
            // Rows are stored all the time: stalling the server once is better than never finishing.
            value.live.configure(&self.given, limits)?;
            publish(ctx, &key, self.key.bytes(), state)?;
            return Ok(Step::Done(Reply::OK));
        };
        publish(ctx, &key, self.key.bytes(), state)?;
        work::dispose(usize::MAX, before);
        Ok(Step::Done(Reply::OK))
    }
}

/// How often a thread computes the remaining rows before the main thread does it.
const TRIES: usize = 5;
