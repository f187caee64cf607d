//! The value of a key: a network, its training, and weights that are still being computed.

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
use crate::pending::{Made, Pending, Unsettled};
use crate::work::{self, Cost};

/// A network in the keyspace, with its training.
///
/// It contains no lock, so a forked child that saves it never waits. Threads train on a snapshot.
#[derive(Debug)]
pub(crate) struct Value {
    /// Identifies a network in this process; a copy has its own. Not saved.
    pub(crate) id: u64,
    /// The network. While weights are pending it must not answer, be trained or be saved: call [`Self::settle`] first.
    pub(crate) live: Live,
    pending: Option<Arc<Pending>>,
}

impl Value {
    pub(crate) fn new(network: Network) -> Self {
        NETWORKS.fetch_add(1, Ordering::Relaxed);
        Self { id: ids::next(), live: Live::new(network), pending: None }
    }

    /// An untrained network for a key. If it has many weights, a thread draws them.
    pub(crate) fn untrained(ctx: Context, key: &[u8], network: Network, drawing: Drawing) -> Self {
        let mut value = Self::new(network);
        value.draw(ctx, key, drawing);
        value
    }

    /// Draws new random weights. Cancels the training, and discards pending weights.
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

    /// Computes weights of `bytes` bytes on a thread, to replace the present weights. The network is, or will be,
    /// stored at `key`.
    pub(crate) fn pend(
        &mut self,
        ctx: Context,
        key: &[u8],
        bytes: usize,
        cost: Cost,
        make: impl Fn() -> Result<Made, neuralredis_core::Error> + Send + Sync + 'static,
    ) {
        // Rarely waits: a primary would have to train a large network faster than its replica decodes the result.
        self.settle();
        let network = self.live.network();
        let before = Made { trained: Arc::clone(network.trained()), report: network.report().cloned() };
        let (id, db, key) = (self.id, ctx.selected(), key.to_vec());
        // Installs the weights once they are ready, to free the present ones. If the key was renamed meanwhile, the
        // next command that opens the network does it.
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

    /// Installs weights that are ready.
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
        // Only a bug would produce weights of another size, and it has been logged.
        let _ = self.install(made.trained, made.report);
        work::dispose(self.live.network().bytes(), before);
    }

    /// Waits for pending weights and installs them.
    pub(crate) fn settle(&mut self) {
        if let Some(pending) = &self.pending {
            let made = pending.wait();
            self.take(made);
        }
    }

    /// Installs pending weights if they are ready.
    fn settle_if_made(&mut self) {
        if let Some(made) = self.pending.as_ref().and_then(|pending| pending.get()) {
            self.take(made);
        }
    }

    pub(crate) fn pending(&self) -> Option<&Pending> {
        self.pending.as_deref()
    }

    /// Bytes of the network including pending weights, as limits count them.
    pub(crate) fn network_bytes(&self) -> usize {
        self.live.network().bytes() + self.pending.as_ref().map_or(0, |pending| pending.bytes())
    }

    /// Bytes of weights and trainer state, pending ones included.
    pub(crate) fn trained_bytes(&self) -> usize {
        let of_network = || self.live.network().trained().bytes_by(&|bytes| bytes);
        self.pending.as_ref().map_or_else(of_network, |pending| pending.bytes())
    }

    /// Whether no weights are pending.
    pub(crate) fn is_settled(&self) -> bool {
        self.pending.is_none()
    }

    /// Number of weights and biases that a prediction uses.
    pub(crate) fn parameters(&self) -> usize {
        let of_model = || self.live.network().trained().weights().map(<[f32]>::len).sum();
        self.pending.as_ref().map_or_else(of_model, |pending| pending.parameters())
    }

    /// The model, which predicts, for a thread.
    pub(crate) fn model(&self) -> Unsettled<Model> {
        Unsettled { part: self.live.network().model(), pending: self.pending.clone() }
    }

    /// A snapshot of the network, for a thread.
    pub(crate) fn snapshot(&self) -> Unsettled<Network> {
        Unsettled { part: self.live.network().snapshot(), pending: self.pending.clone() }
    }

    /// The network with pending weights, for saving. Takes no lock, since it also runs in a forked child.
    pub(crate) fn whole(&self) -> Cow<'_, Network> {
        if !self.is_settled()
            && let Ok(network) = self.snapshot().wait()
        {
            return Cow::Owned(network);
        }
        Cow::Borrowed(self.live.network())
    }

    /// A copy with a new id and without the training.
    pub(crate) fn copy(&self) -> Self {
        let mut copy = Self::new(self.live.network().clone());
        copy.pending.clone_from(&self.pending);
        copy
    }
}

impl Cost {
    /// The cost of this work plus that of waiting for the network's pending weights.
    pub(crate) fn or_wait(self, value: &Value) -> Self {
        value.pending().map_or(self, |pending| self + pending.cost())
    }
}

/// Runs on any thread: the server frees large values in the background.
impl Drop for Value {
    fn drop(&mut self) {
        NETWORKS.fetch_sub(1, Ordering::Relaxed);
    }
}

/// An open key that may hold a network.
pub(crate) type Key<'c> = key::Key<'c, Value>;

/// Opens a key that must hold a network, and waits for pending weights.
pub(crate) fn open<'c>(ctx: Context<'c>, name: impl Into<ServerString<'c>>) -> Result<Key<'c>, Refusal> {
    let mut key = open_unsettled(ctx, name)?;
    if let Some(value) = key.value_mut() {
        value.settle();
    }
    Ok(key)
}

/// Like [`open`], but does not wait for pending weights: for commands that do not need them, or that wait on a thread.
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

/// The network of a key that [`open`] has opened.
pub(crate) fn read<'k>(key: &'k Key<'_>) -> Result<&'k Value, Refusal> {
    key.value().ok_or(Refusal::WrongType)
}

/// The network of a key that [`open`] has opened, for changing it.
pub(crate) fn write<'k>(key: &'k mut Key<'_>) -> Result<&'k mut Value, Refusal> {
    key.value_mut().ok_or(Refusal::WrongType)
}
