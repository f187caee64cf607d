//! Weights that are being made: of a large network that was just created or reset, or that a primary has trained.
//!
//! To draw 16 million weights takes a tenth of a second, to read as many that a primary has sent three times as long. So they are
//! made on a thread, and meanwhile the network is there: it takes rows and tells of itself. What needs the weights waits for them,
//! on a thread where its client can wait ([`crate::work`]), else on the main thread. The weights follow from what the
//! network was given, so nobody can tell when they were made.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, OnceLock, PoisonError};

use neuralredis_core::training::Report;
use neuralredis_core::{Error, Model, Network, Trained};

use crate::ffi::{boundary, log};
use crate::{memory, work};

/// What is made: weights with all that belongs to them, and what the training told that made them.
#[derive(Debug, Clone)]
pub(crate) struct Made {
    pub(crate) trained: Arc<Trained>,
    pub(crate) report: Option<Arc<Report>>,
}

type Make = dyn Fn() -> Result<Made, Error> + Send + Sync;

/// Weights that are being made, or have been and are not yet the network's.
pub(crate) struct Pending {
    make: Box<Make>,
    /// What the network keeps if they cannot be made.
    before: Made,
    parameters: usize,
    /// The process whose threads make them. A forked child has none of them, and must not wait.
    process: u32,
    is_begun: AtomicBool,
    made: OnceLock<Made>,
    lock: Mutex<()>,
    is_made: Condvar,
}

impl Pending {
    /// Begins to make weights of so many parameters. `make` must come to the same each time; `then` is called on the thread
    /// that has made them.
    pub(crate) fn begin(
        parameters: usize,
        before: Made,
        make: impl Fn() -> Result<Made, Error> + Send + Sync + 'static,
        then: impl FnOnce() + Send + 'static,
    ) -> Arc<Self> {
        let pending = Arc::new(Self {
            make: Box::new(make),
            before,
            parameters,
            process: std::process::id(),
            is_begun: AtomicBool::new(false),
            made: OnceLock::new(),
            lock: Mutex::new(()),
            is_made: Condvar::new(),
        });
        // Those of a network that is gone by then, or that has been reset once more, are not made.
        let wanted = Arc::downgrade(&pending);
        work::spawn(move || {
            if let Some(pending) = wanted.upgrade() {
                pending.make_once();
                drop(pending);
                then();
            }
        });
        pending
    }

    /// The weights, when they are made. Whoever comes before a thread has begun makes them himself.
    pub(crate) fn wait(&self) -> Made {
        if let Some(made) = self.made.get() {
            return made.clone();
        }
        if std::process::id() != self.process {
            return self.made_here();
        }
        self.make_once();
        let mut guard = self.lock.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if let Some(made) = self.made.get() {
                return made.clone();
            }
            guard = self.is_made.wait(guard).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// The weights, if they are made.
    pub(crate) fn get(&self) -> Option<Made> {
        self.made.get().cloned()
    }

    /// How many they are.
    pub(crate) fn parameters(&self) -> usize {
        self.parameters
    }

    /// Bytes that they take.
    pub(crate) fn bytes(&self) -> usize {
        self.parameters * memory::PARAMETER
    }

    fn make_once(&self) {
        if self.is_begun.swap(true, Ordering::Relaxed) {
            return;
        }
        let made = self.made_here();
        let _guard = self.lock.lock().unwrap_or_else(PoisonError::into_inner);
        let _ = self.made.set(made);
        self.is_made.notify_all();
    }

    fn made_here(&self) -> Made {
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

impl fmt::Debug for Pending {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(to, "{} parameters", self.parameters)
    }
}

/// A network or its model as it is but for weights that are pending, for a thread that may wait for them.
#[derive(Debug)]
pub(crate) struct Settling<T> {
    pub(crate) part: T,
    pub(crate) pending: Option<Arc<Pending>>,
}

impl Settling<Model> {
    pub(crate) fn wait(self) -> Model {
        match self.pending {
            Some(pending) => self.part.with(pending.wait().trained),
            None => self.part,
        }
    }
}

impl Settling<Network> {
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
    use std::sync::atomic::AtomicUsize;

    use neuralredis_core::{Kind, Layout, Limits, Options};

    use super::*;

    fn of(network: &Network) -> Made {
        Made { trained: Arc::clone(network.trained()), report: None }
    }

    #[test]
    fn weights_are_made_once_however_many_wait_for_them() {
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
        let pending = Pending::begin(21, before, make, || {});
        std::thread::scope(|scope| {
            for _ in 0..8 {
                let settling = Settling { part: network.clone(), pending: Some(Arc::clone(&pending)) };
                let whole = &whole;
                scope.spawn(move || assert_eq!(&settling.wait().unwrap(), whole));
            }
        });
        assert_eq!(TIMES.load(Ordering::Relaxed), 1);
    }

    #[test]
    fn what_cannot_be_made_leaves_what_was_there() {
        let layout = Layout::new(&[3, 4, 1]).unwrap();
        let network =
            Network::new(Kind::Regressor, layout, Options::new(Kind::Regressor), Limits::default(), 7).unwrap();
        let pending = Pending::begin(21, of(&network), || Err(Error::NoRows), || {});
        assert!(Arc::ptr_eq(&pending.wait().trained, network.trained()));
        let pending = Pending::begin(21, pending.wait(), || panic!("a bug"), || {});
        assert!(Arc::ptr_eq(&pending.wait().trained, network.trained()));
    }
}
