//! Checks that there is enough memory for large requests.
//!
//! Rust and the server abort the process when an allocation fails. So a request that may use much memory first checks
//! that the system has that much, and a quarter more for the rounding of allocators. If not, it is rejected before
//! anything has changed.

use neuralredis_core::{Error, Trained};
use neuralredis_server::system;

/// Bytes for each parameter of an untrained network.
pub(crate) const PARAMETER: usize = Trained::BYTES_PER_PARAMETER;

/// The smallest request that is checked: a system with less free memory cannot work anyway.
const PROBE_FROM_BYTES: usize = 1 << 20;

/// The largest number of bytes that an allocator uses for this many in large blocks.
pub(crate) fn rounded_up(bytes: usize) -> usize {
    bytes + bytes / 4
}

/// Returns an error if the system has less memory than this.
pub(crate) fn check(bytes: usize) -> Result<(), Error> {
    if bytes < PROBE_FROM_BYTES || system::has_memory(rounded_up(bytes)) {
        Ok(())
    } else {
        Err(Error::Memory { bytes })
    }
}
