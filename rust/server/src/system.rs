//! What is asked of the system rather than of the server.

use std::ptr;

/// Whether the system has so many bytes for this process. It is asked by taking them, unused, and giving them back at once.
///
/// Rejected: to ask the server's allocator, which may keep what it has taken for blocks of the same kind, so that nothing
/// is left for those that were to come.
pub fn has_memory(bytes: usize) -> bool {
    // SAFETY: a new mapping, at an address that the system chooses, which nobody uses before it is undone.
    unsafe {
        let protection = libc::PROT_READ | libc::PROT_WRITE;
        let place = libc::mmap(ptr::null_mut(), bytes, protection, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS, -1, 0);
        place != libc::MAP_FAILED && libc::munmap(place, bytes) == 0
    }
}
