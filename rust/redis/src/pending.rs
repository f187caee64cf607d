//! Weights that a thread computes: the initial weights of a large network, or weights that a primary has sent.
//!
//! Drawing 16 million weights takes a tenth of a second, and decoding as many from a primary takes three times as long.
//! So a thread does it, and meanwhile the network exists: it stores rows, and NR.INFO works. A command that needs the
//! weights waits for them, on a thread if its client can be blocked ([`crate::work`]), else on the main thread. The
//! weights are determined by the network's data, so results do not depend on when they were computed.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Condvar, Mutex, OnceLock, PoisonError, Weak};

use neuralredis_core::training::{Report, lower_priority};
use neuralredis_core::{Error, Model, Network, Trained};
use neuralredis_server::{boundary, log, module_context};

use crate::memory;
use crate::work::Cost;

/// The result: weights with trainer state, and the report of the training that produced them.
#[derive(Debug, Clone)]
pub(crate) struct Made {
    pub(crate) trained: Arc<Trained>,
    pub(crate) report: Option<Arc<Report>>,
}

type Make = dyn Fn() -> Result<Made, Error> + Send + Sync;

/// Weights that are being computed, or are ready but not yet installed.
pub(crate) struct Pending {
    make: Box<Make>,
    /// The present weights, which the network keeps if the computation fails.
    before: Made,
    /// Bytes of the weights.
    bytes: usize,
    /// The cost of computing them.
    cost: Cost,
    /// The process whose thread computes them. A forked child has no such thread, and must not wait for it.
    process: u32,
    made: OnceLock<Made>,
    lock: Mutex<()>,
    is_made: Condvar,
}

impl Pending {
    /// Starts to compute weights of `bytes` bytes. `make` must return the same result each time; `then` is called
    /// afterwards, on the same thread.
    pub(crate) fn begin(
        bytes: usize,
        cost: Cost,
        before: Made,
        make: impl Fn() -> Result<Made, Error> + Send + Sync + 'static,
        then: impl FnOnce() + Send + 'static,
    ) -> Arc<Self> {
        let pending = Arc::new(Self {
            make: Box::new(make),
            before,
            bytes,
            cost,
            process: std::process::id(),
            made: OnceLock::new(),
            lock: Mutex::new(()),
            is_made: Condvar::new(),
        });
        enqueue(Arc::downgrade(&pending), Box::new(then));
        pending
    }

    /// Waits for the weights.
    ///
    /// The main thread does not wait but computes them itself, perhaps a second time: a thread of lower priority may
    /// take long on a busy machine.
    pub(crate) fn wait(&self) -> Made {
        if let Some(made) = self.made.get() {
            return made.clone();
        }
        if std::process::id() != self.process {
            return self.make();
        }
        if module_context::is_main_thread() {
            self.publish();
        }
        let mut guard = self.lock.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if let Some(made) = self.made.get() {
                return made.clone();
            }
            guard = self.is_made.wait(guard).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// The weights, if they are ready.
    pub(crate) fn get(&self) -> Option<Made> {
        self.made.get().cloned()
    }

    /// An upper bound of the number of parameters: `bytes` may include trainer state.
    pub(crate) fn parameters(&self) -> usize {
        self.bytes / memory::PARAMETER
    }

    /// Bytes of the weights.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    pub(crate) fn cost(&self) -> Cost {
        self.cost
    }

    /// Computes the weights and wakes all that wait, unless another thread has finished first.
    fn publish(&self) {
        if self.made.get().is_none() {
            let made = self.make();
            let _guard = self.lock.lock().unwrap_or_else(PoisonError::into_inner);
            let _ = self.made.set(made);
            self.is_made.notify_all();
        }
    }

    fn make(&self) -> Made {
        match boundary::guard(|| (self.make)()) {
            Some(Ok(made)) => made,
            Some(Err(error)) => {
                log::warning(&format!("weights were not taken, the network keeps those that it had: {error}"));
                self.before.clone()
            }
            None => self.before.clone(),
        }
    }
}

type Then = Box<dyn FnOnce() + Send>;

/// The queue of computations. They run one at a time, so that memory is allocated for one at a time.
struct Queue {
    has_thread: bool,
    waiting: VecDeque<(Weak<Pending>, Then)>,
}

static QUEUE: Mutex<Queue> = Mutex::new(Queue { has_thread: false, waiting: VecDeque::new() });

fn enqueue(pending: Weak<Pending>, then: Then) {
    let mut queue = QUEUE.lock().unwrap_or_else(PoisonError::into_inner);
    queue.waiting.push_back((pending, then));
    if !std::mem::replace(&mut queue.has_thread, true) {
        drop(queue);
        if std::thread::Builder::new().name("nr-weights".into()).spawn(make_all).is_err() {
            // The system has no more threads: compute the weights here.
            make_all();
        }
    }
}

fn make_all() {
    if !module_context::is_main_thread() {
        lower_priority();
    }
    loop {
        let mut queue = QUEUE.lock().unwrap_or_else(PoisonError::into_inner);
        let Some((pending, then)) = queue.waiting.pop_front() else {
            queue.has_thread = false;
            return;
        };
        drop(queue);
        // If the network was freed or reset meanwhile, nothing is computed.
        if let Some(pending) = pending.upgrade() {
            pending.publish();
            drop(pending);
            boundary::guard(then);
        }
    }
}

impl fmt::Debug for Pending {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(to, "{} bytes", self.bytes)
    }
}

/// A network or its model together with pending weights, for a thread that may wait for them.
#[derive(Debug)]
pub(crate) struct Unsettled<T> {
    pub(crate) part: T,
    pub(crate) pending: Option<Arc<Pending>>,
}

impl Unsettled<Model> {
    pub(crate) fn wait(self) -> Model {
        match self.pending {
            Some(pending) => self.part.with(pending.wait().trained),
            None => self.part,
        }
    }
}

impl Unsettled<Network> {
    pub(crate) fn wait(mut self) -> Result<Network, Error> {
        if let Some(pending) = self.pending {
            let Made { trained, report } = pending.wait();
            self.part.install(trained, report)?;
        }
        Ok(self.part)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use neuralredis_core::{Kind, Layout, Limits, Options};

    use super::*;

    fn of(network: &Network) -> Made {
        Made { trained: Arc::clone(network.trained()), report: None }
    }

    #[test]
    fn weights_are_computed_once_for_all_threads_that_wait() {
        static TIMES: AtomicUsize = AtomicUsize::new(0);
        let layout = Layout::new(&[3, 4, 1]).unwrap();
        let options = Options::new(Kind::Regressor);
        let limits = Limits::default();
        let whole = Network::new(Kind::Regressor, layout.clone(), options.clone(), limits, 7).unwrap();
        let (network, drawing) = Network::begin(Kind::Regressor, layout, options, limits, 7).unwrap();
        let before = of(&network);
        let make = move || {
            TIMES.fetch_add(1, Ordering::Relaxed);
            Ok(Made { trained: Arc::new(drawing.draw()), report: None })
        };
        let pending = Pending::begin(21, Cost::NONE, before, make, || {});
        std::thread::scope(|scope| {
            for _ in 0..8 {
                let settling = Unsettled { part: network.clone(), pending: Some(Arc::clone(&pending)) };
                let whole = &whole;
                scope.spawn(move || assert_eq!(&settling.wait().unwrap(), whole));
            }
        });
        assert_eq!(TIMES.load(Ordering::Relaxed), 1);
    }

    #[test]
    fn a_failed_computation_keeps_the_present_weights() {
        let layout = Layout::new(&[3, 4, 1]).unwrap();
        let network =
            Network::new(Kind::Regressor, layout, Options::new(Kind::Regressor), Limits::default(), 7).unwrap();
        let pending = Pending::begin(21, Cost::NONE, of(&network), || Err(Error::NoRows), || {});
        assert!(Arc::ptr_eq(&pending.wait().trained, network.trained()));
        let pending = Pending::begin(21, Cost::NONE, pending.wait(), || panic!("a bug"), || {});
        assert!(Arc::ptr_eq(&pending.wait().trained, network.trained()));
    }
}
