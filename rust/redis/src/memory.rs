//! Requests that take much memory, and systems that have none left.
//!
//! Rust and the server end the process when an allocation fails. So whoever is about to take as much as a request may make
//! it take asks for that much first, and a quarter more for what allocators round up: where that is refused, so is the
//! request, before anything has changed.

use neuralredis_core::{Error, Trained};
use neuralredis_server::system;

/// Bytes of a parameter of a network that is not trained yet.
pub(crate) const PARAMETER: usize = Trained::BYTES_PER_PARAMETER;

/// Bytes from which on the system is asked: where it has fewer, it has too few for anything.
const PROBE_FROM_BYTES: usize = 1 << 20;

/// Bytes that an allocator gives at most to who asks for so many, in large blocks.
pub(crate) fn rounded_up(bytes: usize) -> usize {
    bytes + bytes / 4
}

/// Refuses a request for which there is not so much memory.
pub(crate) fn check(bytes: usize) -> Result<(), Error> {
    if bytes < PROBE_FROM_BYTES || system::has_memory(rounded_up(bytes)) {
        Ok(())
    } else {
        Err(Error::Memory { bytes })
    }
}
