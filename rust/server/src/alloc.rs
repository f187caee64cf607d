//! The server's allocator as Rust's, so that `used_memory`, `maxmemory` and MEMORY USAGE see what networks take.
//!
//! The one of `redis-module` asks the server for no alignment; buffers for vector instructions need up to 64 bytes.

use std::alloc::{GlobalAlloc, Layout};
use std::ptr;

use crate::raw;

/// The alignment that every build of every server gives. Most give 16; a server on a C library whose allocator cannot
/// tell the size of a block puts a header of 8 bytes before it.
pub(crate) const GIVEN_ALIGNMENT: usize = 8;

/// Allocates from the server. Unusable before `RedisModule_Init` has filled the function table.
///
/// Zeros are written by the trait's own method: for a block of many pages jemalloc's `calloc` gives them back to the system and
/// faults them in again, which takes ten times as long.
///
/// A block of larger alignment is cut out of a longer one, whose address stands in the 8 bytes before it. Such a block
/// must never be given to the server's defragmentation.
pub struct ServerAlloc;

/// Gives null when memory is short, so that `try_reserve` can report it; the server's plain `Alloc` would abort.
unsafe fn take(size: usize) -> *mut u8 {
    // SAFETY: the table is written once, at load, before any other thread of ours exists.
    unsafe {
        match (raw::RedisModule_TryAlloc, raw::RedisModule_Alloc) {
            (Some(alloc), _) | (None, Some(alloc)) => alloc(size).cast(),
            (None, None) => ptr::null_mut(),
        }
    }
}

unsafe fn give_back(block: *mut u8) {
    // SAFETY: as in `take`; a block exists, so the table was filled.
    unsafe {
        if let Some(free) = raw::RedisModule_Free {
            free(block.cast());
        }
    }
}

/// Bytes that the server counts for a block of `size` bytes with no more alignment than all blocks have. It is asked by
/// taking one.
pub fn allocated(size: usize) -> usize {
    // SAFETY: the block is there until it is given back, which happens once.
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

/// The size to ask for: allocators may give less alignment to blocks that are smaller than it.
fn padded(layout: Layout) -> usize {
    layout.size().max(layout.align())
}

/// Where the address of the server's block stands, before an aligned one.
unsafe fn origin(start: *mut u8) -> *mut *mut u8 {
    // SAFETY: the caller's `start` came from `aligned_start`, so 8 bytes before it are in the same block.
    unsafe { start.sub(8).cast() }
}

/// Where in a longer block the aligned one starts; there are at least 8 bytes before it.
fn aligned_start(block: *mut u8, align: usize) -> *mut u8 {
    let past = block.wrapping_add(align);
    past.wrapping_sub(past.addr() & (align - 1))
}

// SAFETY: every block comes from the server and goes back to it, with at least the size and the alignment asked for;
// no function unwinds.
unsafe impl GlobalAlloc for ServerAlloc {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if layout.align() <= GIVEN_ALIGNMENT {
            // SAFETY: no condition but the filled table.
            return unsafe { take(padded(layout)) };
        }
        let Some(size) = layout.size().checked_add(layout.align()) else {
            return ptr::null_mut();
        };
        // SAFETY: as above.
        let block = unsafe { take(size) };
        if block.is_null() {
            return block;
        }
        let start = aligned_start(block, layout.align());
        // SAFETY: `block` is a multiple of 8 and `start` a larger one, so 8 bytes before `start` are ours, and aligned
        // for a pointer; `start` is at most `align` further, so `layout.size()` bytes follow it.
        unsafe { origin(start).write(block) };
        start
    }

    unsafe fn dealloc(&self, start: *mut u8, layout: Layout) {
        if layout.align() <= GIVEN_ALIGNMENT {
            // SAFETY: `alloc` gave the server's own block.
            unsafe { give_back(start) }
        } else {
            // SAFETY: `alloc` wrote the server's block just before `start`.
            unsafe { give_back(origin(start).read()) }
        }
    }

    unsafe fn realloc(&self, start: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        // SAFETY: the caller vouches that `new_size` makes a layout.
        let wanted = unsafe { Layout::from_size_align_unchecked(new_size, layout.align()) };
        if layout.align() <= GIVEN_ALIGNMENT {
            // SAFETY: the server's own block. `TryRealloc` came after Redis 7.0; `Realloc` aborts when memory is short.
            unsafe {
                if let (Some(realloc), _) | (None, Some(realloc)) =
                    (raw::RedisModule_TryRealloc, raw::RedisModule_Realloc)
                {
                    return realloc(start.cast(), padded(wanted)).cast();
                }
            }
        }
        // SAFETY: both blocks hold as many bytes as are copied, and the old one is given back after the last use.
        unsafe {
            let moved = self.alloc(wanted);
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

    /// A server whose blocks are aligned to 8 bytes and no more, as the worst one's are.
    unsafe extern "C" fn misaligned_alloc(size: usize) -> *mut c_void {
        // SAFETY: a layout of non-zero size; 8 bytes in from a multiple of 16 is inside it.
        unsafe { System.alloc(Layout::from_size_align(size + 16, 4096).unwrap()).add(8).cast() }
    }

    unsafe extern "C" fn leak(_: *mut c_void) {}

    #[test]
    fn blocks_have_the_alignment_asked_for_and_keep_their_bytes() {
        // SAFETY: no other test reads or writes the table.
        unsafe {
            raw::RedisModule_TryAlloc = Some(misaligned_alloc);
            raw::RedisModule_Free = Some(leak);
        }
        for align in [1, 8, 16, 32, 64, 4096] {
            for size in [1, 15, 64, 5000] {
                let layout = Layout::from_size_align(size, align).unwrap();
                // SAFETY: the table is filled, the layout has a size, and only `size` bytes are touched.
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
