//! What a key holds.

use std::borrow::Cow;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use neuralredis_core::training::{Live, Report};
use neuralredis_core::{Drawing, Model, Network, Trained};
use neuralredis_server::{Content, Context, ServerString, event_loop, key};

use crate::error::{Refusal, shown};
use crate::ids;
use crate::info::NETWORKS;
use crate::memory;
use crate::pending::{Made, Pending, Settling};
use crate::work::{self, Cost};

/// A network in the keyspace, with its training.
///
/// It holds no lock, so that a forked child that saves it never waits; what threads train is a snapshot.
#[derive(Debug)]
pub(crate) struct Value {
    /// Tells the networks of this process apart, copies too. It is not saved.
    pub(crate) id: u64,
    /// The network. While weights are pending it must not answer, be trained or be saved: [`Self::settle`] comes first.
    pub(crate) live: Live,
    pending: Option<Arc<Pending>>,
}

impl Value {
    pub(crate) fn new(network: Network) -> Self {
        NETWORKS.fetch_add(1, Ordering::Relaxed);
        Self { id: ids::next(), live: Live::new(network), pending: None }
    }

    /// An untrained network for a key, whose weights are drawn on a thread if there are many.
    pub(crate) fn untrained(ctx: Context, key: &[u8], network: Network, drawing: Drawing) -> Self {
        let mut value = Self::new(network);
        value.draw(ctx, key, drawing);
        value
    }

    /// New random weights. The training is cancelled, and weights that are pending are not waited for.
    pub(crate) fn reset(&mut self, ctx: Context, key: &[u8]) {
        self.live.cancel();
        let bytes = self.trained_bytes();
        let before = (Arc::clone(self.live.network().trained()), self.pending.take());
        let drawing = self.live.network_mut().begin_reset();
        self.draw(ctx, key, drawing);
        work::dispose(bytes, before);
    }

    fn draw(&mut self, ctx: Context, key: &[u8], drawing: Drawing) {
        let parameters = self.live.network().layout().parameters();
        let cost = Cost::of_drawing(parameters);
        if cost.is_brief() {
            self.take(Made { trained: Arc::new(drawing.draw()), report: None });
        } else {
            self.pend(ctx, key, parameters * memory::PARAMETER, cost, move || {
                Ok(Made { trained: Arc::new(drawing.draw()), report: None })
            });
        }
    }

    /// Has weights that take so many bytes made on a thread, to take the place of those that the network has. It is, or will
    /// be, at that key.
    pub(crate) fn pend(
        &mut self,
        ctx: Context,
        key: &[u8],
        bytes: usize,
        cost: Cost,
        make: impl Fn() -> Result<Made, neuralredis_core::Error> + Send + Sync + 'static,
    ) {
        // Two at a time are rare: a primary would have to train a large network faster than its replica reads the result.
        self.settle();
        let network = self.live.network();
        let before = Made { trained: Arc::clone(network.trained()), report: network.report().cloned() };
        let (id, db, key) = (self.id, ctx.selected(), key.to_vec());
        // So that those of before do not stay. If it has moved, they do until the network is next looked at.
        let then = move || {
            event_loop::post(move |main| {
                event_loop::after(main, Duration::ZERO, move |_, ctx| {
                    ctx.select(db);
                    if let Some(value) = Key::open(ctx, &key[..]).value_mut().filter(|value| value.id == id) {
                        value.settle_if_made();
                    }
                });
            });
        };
        self.pending = Some(Pending::begin(bytes, cost, before, make, then));
    }

    /// Gives the network weights that are made.
    pub(crate) fn install(
        &mut self,
        trained: impl Into<Arc<Trained>>,
        report: Option<Arc<Report>>,
    ) -> Result<(), neuralredis_core::Error> {
        self.live.network_mut().install(trained, report)?;
        self.pending = None;
        Ok(())
    }

    fn take(&mut self, made: Made) {
        let before = (Arc::clone(self.live.network().trained()), self.pending.take());
        // Weights of another size come from a bug alone, which has been logged.
        let _ = self.install(made.trained, made.report);
        work::dispose(self.live.network().bytes(), before);
    }

    /// Waits for weights that are pending.
    pub(crate) fn settle(&mut self) {
        if let Some(pending) = &self.pending {
            let made = pending.wait();
            self.take(made);
        }
    }

    fn settle_if_made(&mut self) {
        if let Some(made) = self.pending.as_ref().and_then(|pending| pending.get()) {
            self.take(made);
        }
    }

    pub(crate) fn pending(&self) -> Option<&Pending> {
        self.pending.as_deref()
    }

    /// Bytes of the network, as limits count them: with weights that are pending.
    pub(crate) fn network_bytes(&self) -> usize {
        self.live.network().bytes() + self.pending.as_ref().map_or(0, |pending| pending.bytes())
    }

    /// Bytes of the weights and of what trainers left with them, also where they are pending.
    pub(crate) fn trained_bytes(&self) -> usize {
        let of_network = || self.live.network().trained().bytes_by(&|bytes| bytes);
        self.pending.as_ref().map_or_else(of_network, |pending| pending.bytes())
    }

    /// Whether no weights are pending.
    pub(crate) fn is_settled(&self) -> bool {
        self.pending.is_none()
    }

    /// Weights and biases that an answer goes through.
    pub(crate) fn parameters(&self) -> usize {
        let of_model = || self.live.network().trained().weights().map(<[f32]>::len).sum();
        self.pending.as_ref().map_or_else(of_model, |pending| pending.parameters())
    }

    /// What answers, for a thread.
    pub(crate) fn model(&self) -> Settling<Model> {
        Settling { part: self.live.network().model(), pending: self.pending.clone() }
    }

    /// The network as it is now, for a thread.
    pub(crate) fn snapshot(&self) -> Settling<Network> {
        Settling { part: self.live.network().clone(), pending: self.pending.clone() }
    }

    /// The network with weights that are pending, to be saved: in a forked child, too, so without any lock.
    pub(crate) fn whole(&self) -> Cow<'_, Network> {
        if !self.is_settled()
            && let Ok(network) = self.snapshot().wait()
        {
            return Cow::Owned(network);
        }
        Cow::Borrowed(self.live.network())
    }

    /// Another network that is the same but for its training.
    pub(crate) fn copy(&self) -> Self {
        let mut copy = Self::new(self.live.network().clone());
        copy.pending.clone_from(&self.pending);
        copy
    }
}

impl Cost {
    /// The cost of work that begins by waiting for the weights of a network, if they are pending.
    pub(crate) fn or_wait(self, value: &Value) -> Self {
        value.pending().map_or(self, |pending| self + pending.cost())
    }
}

/// On any thread: the server frees what is large in the background.
impl Drop for Value {
    fn drop(&mut self) {
        NETWORKS.fetch_sub(1, Ordering::Relaxed);
    }
}

/// An open key that may hold a network.
pub(crate) type Key<'c> = key::Key<'c, Value>;

/// Opens a key that must hold a network. Weights that are pending are waited for.
pub(crate) fn open<'c>(ctx: Context<'c>, name: impl Into<ServerString<'c>>) -> Result<Key<'c>, Refusal> {
    let mut key = open_unsettled(ctx, name)?;
    if let Some(value) = key.value_mut() {
        value.settle();
    }
    Ok(key)
}

/// The same for a command that can do without the weights, or that leaves it to a thread to wait for them.
pub(crate) fn open_unsettled<'c>(ctx: Context<'c>, name: impl Into<ServerString<'c>>) -> Result<Key<'c>, Refusal> {
    let mut key = Key::open(ctx, name);
    match key.content() {
        Content::Value => {
            if let Some(value) = key.value_mut() {
                value.settle_if_made();
            }
            Ok(key)
        }
        Content::Nothing => Err(Refusal::because(format!("no network at key '{}'", shown(key.name())))),
        Content::Other => Err(Refusal::WrongType),
    }
}

/// Lends the network of a key that [`open`] has opened.
pub(crate) fn read<'k>(key: &'k Key<'_>) -> Result<&'k Value, Refusal> {
    key.value().ok_or(Refusal::WrongType)
}

/// Lends the network of a key that [`open`] has opened, to be changed.
pub(crate) fn write<'k>(key: &'k mut Key<'_>) -> Result<&'k mut Value, Refusal> {
    key.value_mut().ok_or(Refusal::WrongType)
}
