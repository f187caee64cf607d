//! Makes the server's allocator that of Rust, so that `used_memory`, `maxmemory` and MEMORY USAGE include the memory of
//! the module.
//!
//! Rejected: the allocator of the crate `redis-module`, which ignores alignment. Buffers for vector instructions need
//! up to 64 bytes.

use std::alloc::{GlobalAlloc, Layout};
use std::ptr;

use crate::raw;

/// The alignment in bytes that every build of every server guarantees. Most guarantee 16; a server built on a C library
/// whose allocator cannot tell the size of a block puts a header of 8 bytes in front of it.
pub(crate) const GIVEN_ALIGNMENT: usize = 8;

/// Allocates from the server. Not usable before `on_load` has filled the function table.
///
/// `alloc_zeroed` is the default of the trait, which writes zeros: for a block of many pages jemalloc's `calloc`
/// returns the pages to the system and faults them in again, which takes ten times as long.
///
/// A block of larger alignment is cut out of a longer one, whose address is kept in the 8 bytes before it. Such a block
/// must never be passed to the server's defragmentation.
pub struct ServerAlloc;

/// Allocates `size` bytes, or returns null when memory is short, so that `try_reserve` can report it; the server's
/// plain `Alloc` would abort.
unsafe fn take(size: usize) -> *mut u8 {
    // SAFETY: `look_up` writes the function table once, at load, before the module starts a thread, so reading it is no
    // data race. Both functions take any size.
    unsafe {
        match (raw::RedisModule_TryAlloc, raw::RedisModule_Alloc) {
            (Some(alloc), _) | (None, Some(alloc)) => alloc(size).cast(),
            (None, None) => ptr::null_mut(),
        }
    }
}

/// Frees a block of [`take`].
unsafe fn give_back(block: *mut u8) {
    // SAFETY: the function table is only read after load. The caller passes a block of `take`, once, and uses it no
    // more.
    unsafe {
        if let Some(free) = raw::RedisModule_Free {
            free(block.cast());
        }
    }
}

/// Bytes that the server counts for a block of `size` bytes of ordinary alignment, found by allocating one.
pub fn allocated(size: usize) -> usize {
    // SAFETY: `block` is not null and came from `take`; `MallocSize` only looks at it, and `give_back` frees it once,
    // after the last use.
    unsafe {
        let block = take(size);
        if block.is_null() {
            return size;
        }
        let taken = call!(RedisModule_MallocSize(block.cast()));
        give_back(block);
        taken
    }
}

/// The size to allocate: some allocators align a block only to its size, so it must be at least the alignment.
fn padded(layout: Layout) -> usize {
    layout.size().max(layout.align())
}

/// Where the address of the server's block is kept, in front of an aligned block.
unsafe fn origin(start: *mut u8) -> *mut *mut u8 {
    // SAFETY: the caller passes a `start` from `aligned_start`, so the 8 bytes before it belong to the same block.
    unsafe { start.sub(8).cast() }
}

/// Where the aligned block starts in a longer one. At least 8 bytes lie before it.
fn aligned_start(block: *mut u8, align: usize) -> *mut u8 {
    let past = block.wrapping_add(align);
    past.wrapping_sub(past.addr() & (align - 1))
}

// SAFETY: every block comes from the server's allocator and is freed by it, with at least the size and alignment of the
// layout, which `padded` and `aligned_start` ensure. No method unwinds: none of them can panic.
unsafe impl GlobalAlloc for ServerAlloc {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if layout.align() <= GIVEN_ALIGNMENT {
            // SAFETY: `take` accepts any size.
            return unsafe { take(padded(layout)) };
        }
        let Some(size) = layout.size().checked_add(layout.align()) else {
            return ptr::null_mut();
        };
        // SAFETY: `take` accepts any size.
        let block = unsafe { take(size) };
        if block.is_null() {
            return block;
        }
        let start = aligned_start(block, layout.align());
        // SAFETY: the server aligns `block` to 8 bytes, and `start` is a larger multiple of 8, so the 8 bytes before
        // `start` are in the block and aligned for a pointer. `start` is at most `align` bytes after `block`, so
        // `layout.size()` bytes follow it.
        unsafe { origin(start).write(block) };
        start
    }

    unsafe fn dealloc(&self, start: *mut u8, layout: Layout) {
        if layout.align() <= GIVEN_ALIGNMENT {
            // SAFETY: at this alignment `alloc` returned the server's own block; the caller frees it once, as
            // `GlobalAlloc` demands.
            unsafe { give_back(start) }
        } else {
            // SAFETY: at this alignment `alloc` wrote the address of the server's block just before `start`; the caller
            // frees it once.
            unsafe { give_back(origin(start).read()) }
        }
    }

    unsafe fn realloc(&self, start: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        // SAFETY: the caller of `realloc` must ensure that `new_size`, rounded up to the alignment, does not overflow
        // `isize`.
        let new_layout = unsafe { Layout::from_size_align_unchecked(new_size, layout.align()) };
        if layout.align() <= GIVEN_ALIGNMENT {
            // SAFETY: at this alignment `start` is the server's own block. Redis 7.0 lacks `TryRealloc`; its `Realloc`
            // aborts when memory is short.
            unsafe {
                if let (Some(realloc), _) | (None, Some(realloc)) =
                    (raw::RedisModule_TryRealloc, raw::RedisModule_Realloc)
                {
                    return realloc(start.cast(), padded(new_layout)).cast();
                }
            }
        }
        // SAFETY: `new_layout` has the caller's non-zero size. The old block holds `layout.size()` bytes and the new one
        // `new_size`, the smaller number is copied, and the two do not overlap. The old block is freed after its last
        // use.
        unsafe {
            let moved = self.alloc(new_layout);
            if !moved.is_null() {
                ptr::copy_nonoverlapping(start, moved, layout.size().min(new_size));
                self.dealloc(start, layout);
            }
            moved
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::alloc::System;
    use std::ffi::c_void;

    /// A server that aligns blocks to 8 bytes and no more, the least that any server guarantees.
    unsafe extern "C" fn misaligned_alloc(size: usize) -> *mut c_void {
        // SAFETY: the layout has a size above 0, and 8 bytes after the start lie inside the block.
        unsafe { System.alloc(Layout::from_size_align(size + 16, 4096).unwrap()).add(8).cast() }
    }

    unsafe extern "C" fn leak(_: *mut c_void) {}

    #[test]
    fn blocks_have_the_requested_alignment_and_keep_their_bytes() {
        // SAFETY: no other test of this crate uses these two entries of the table.
        unsafe {
            raw::RedisModule_TryAlloc = Some(misaligned_alloc);
            raw::RedisModule_Free = Some(leak);
        }
        for align in [1, 8, 16, 32, 64, 4096] {
            for size in [1, 15, 64, 5000] {
                let layout = Layout::from_size_align(size, align).unwrap();
                // SAFETY: the table has both functions, no layout has size 0, and only `size` (after `realloc` 3 *
                // `size`) bytes are read or written. Each block is freed once, with its own layout.
                unsafe {
                    let zeros = ServerAlloc.alloc_zeroed(layout);
                    assert_eq!(zeros.addr() % align, 0);
                    assert!(std::slice::from_raw_parts(zeros, size).iter().all(|&byte| byte == 0));
                    zeros.write_bytes(7, size);
                    let grown = ServerAlloc.realloc(zeros, layout, 3 * size);
                    assert_eq!(grown.addr() % align, 0);
                    assert!(std::slice::from_raw_parts(grown, size).iter().all(|&byte| byte == 7));
                    ServerAlloc.dealloc(grown, Layout::from_size_align(3 * size, align).unwrap());
                }
            }
        }
    }
}
