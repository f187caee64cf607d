//! Queries to the operating system.

use std::ptr;

/// Whether the system can give this process that many bytes: it maps them, unused, and unmaps them at once.
///
/// Rejected: a trial allocation from the server's allocator, which may keep the freed memory for blocks of the same
/// size, so that other allocations would then fail.
pub fn has_memory(bytes: usize) -> bool {
    // SAFETY: the system chooses the address of the new mapping, so it overlaps no other, and it is unmapped before
    // anything uses it.
    unsafe {
        let protection = libc::PROT_READ | libc::PROT_WRITE;
        let place = libc::mmap(ptr::null_mut(), bytes, protection, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS, -1, 0);
        place != libc::MAP_FAILED && libc::munmap(place, bytes) == 0
    }
}
