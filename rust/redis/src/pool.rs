//! The pool that limits how many trainings and threads run at a time.

use std::sync::{Arc, OnceLock};

use neuralredis_core::training::Pool;

/// The pool of this process.
pub(crate) fn shared() -> &'static Arc<Pool> {
    static POOL: OnceLock<Arc<Pool>> = OnceLock::new();
    POOL.get_or_init(|| Pool::new(1, 1))
}
