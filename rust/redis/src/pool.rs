//! The threads that all trainings share.

use std::sync::{Arc, OnceLock};

use neuralredis_core::training::Pool;

/// The pool, which has no threads before the first training.
pub(crate) fn shared() -> &'static Arc<Pool> {
    static POOL: OnceLock<Arc<Pool>> = OnceLock::new();
    POOL.get_or_init(|| Pool::new(1, 1))
}
