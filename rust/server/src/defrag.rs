//! Moving values to where memory is less fragmented, when the server's active defragmentation asks for it.

use std::ffi::{c_ulong, c_void};
use std::mem::{self, ManuallyDrop};

use crate::raw;

use super::alloc::GIVEN_ALIGNMENT;

/// Vectors that are visited between two looks at the clock.
const VISITS: u64 = 64;

/// Whether this server has all that moving takes.
pub(crate) fn is_offered() -> bool {
    // SAFETY: the table is written once, before this is called; each entry is read by value.
    unsafe {
        { raw::RedisModule_DefragAlloc }.is_some()
            && { raw::RedisModule_DefragShouldStop }.is_some()
            && { raw::RedisModule_DefragCursorSet }.is_some()
            && { raw::RedisModule_DefragCursorGet }.is_some()
    }
}

/// Where a block is now.
///
/// # Safety
/// A block of the server's that one pointer points at, which becomes what this returns.
pub(crate) unsafe fn moved(ctx: *mut raw::RedisModuleDefragCtx, block: *mut c_void) -> *mut c_void {
    // SAFETY: as the caller says; the server copies the bytes, frees the old block, or leaves it and says null.
    let new = unsafe { call!(RedisModule_DefragAlloc(ctx, block)) };
    if new.is_null() { block } else { new }
}

/// A pass over the vectors of a value, which may take several calls.
pub struct Pass {
    ctx: *mut raw::RedisModuleDefragCtx,
    /// Vectors that earlier calls have done with.
    done: u64,
    visited: u64,
    stopped: bool,
}

impl Pass {
    pub(crate) fn begin(ctx: *mut raw::RedisModuleDefragCtx) -> Self {
        let mut done: c_ulong = 0;
        // SAFETY: the server's context. Where there is no cursor, as there is none for small values, it stays 0.
        unsafe { call!(RedisModule_DefragCursorGet(ctx, &raw mut done)) };
        Self { ctx, done, visited: 0, stopped: false }
    }

    /// Whether all has been visited; if not, the position is noted for the next call.
    pub(crate) fn end(self) -> bool {
        if self.stopped {
            // SAFETY: the server's context.
            unsafe { call!(RedisModule_DefragCursorSet(self.ctx, self.visited as c_ulong)) };
        }
        !self.stopped
    }

    /// Whether the next vector is to be moved. However short the time, each call moves some.
    fn wants_next(&mut self) -> bool {
        if self.stopped {
            return false;
        }
        let moved = self.visited.saturating_sub(self.done);
        if moved > 0 && moved.is_multiple_of(VISITS) {
            // SAFETY: the server's context.
            self.stopped = unsafe { call!(RedisModule_DefragShouldStop(self.ctx)) } != 0;
            if self.stopped {
                return false;
            }
        }
        self.visited += 1;
        self.visited > self.done
    }

    /// Moves the block of a vector, or leaves it: values, length and capacity stay. The module's global allocator must be
    /// [`super::alloc::ServerAlloc`].
    pub fn relocate<T>(&mut self, vec: &mut Vec<T>) {
        const { assert!(align_of::<T>() <= GIVEN_ALIGNMENT) };
        if vec.capacity() == 0 || !self.wants_next() {
            return;
        }
        let mut old = ManuallyDrop::new(mem::take(vec));
        // SAFETY: a vector's block, from the server's allocator, which only this vector points at; length and capacity stay
        // those of the block.
        *vec = unsafe {
            let block = moved(self.ctx, old.as_mut_ptr().cast()).cast();
            Vec::from_raw_parts(block, old.len(), old.capacity())
        };
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::ffi::c_int;

    use super::*;

    thread_local! {
        static CURSOR: Cell<c_ulong> = const { Cell::new(0) };
        static MOVED: Cell<usize> = const { Cell::new(0) };
        static LOOKS: Cell<usize> = const { Cell::new(0) };
    }

    /// A server that moves every block, and overwrites the old one.
    unsafe extern "C" fn move_block(_: *mut raw::RedisModuleDefragCtx, block: *mut c_void) -> *mut c_void {
        MOVED.set(MOVED.get() + 1);
        // SAFETY: a block of the system's allocator, which is C's, as tests have it.
        unsafe {
            let size = libc::malloc_usable_size(block);
            let new = libc::malloc(size);
            libc::memcpy(new, block, size);
            libc::memset(block, 0xA5, size);
            libc::free(block);
            new
        }
    }

    /// Time is up at every third look.
    unsafe extern "C" fn should_stop(_: *mut raw::RedisModuleDefragCtx) -> c_int {
        LOOKS.set(LOOKS.get() + 1);
        c_int::from(LOOKS.get().is_multiple_of(3))
    }

    unsafe extern "C" fn cursor_get(_: *mut raw::RedisModuleDefragCtx, to: *mut c_ulong) -> c_int {
        // SAFETY: the caller's own.
        unsafe { *to = CURSOR.get() };
        0
    }

    unsafe extern "C" fn cursor_set(_: *mut raw::RedisModuleDefragCtx, cursor: c_ulong) -> c_int {
        CURSOR.set(cursor);
        0
    }

    #[test]
    fn every_vector_is_moved_once_and_keeps_its_values() {
        // SAFETY: no other test reads or writes these entries of the table.
        unsafe {
            raw::RedisModule_DefragAlloc = Some(move_block);
            raw::RedisModule_DefragShouldStop = Some(should_stop);
            raw::RedisModule_DefragCursorSet = Some(cursor_set);
            raw::RedisModule_DefragCursorGet = Some(cursor_get);
        }
        assert!(is_offered());
        let value = |length: usize| (0..length).map(|number| number as f32).collect::<Vec<_>>();
        let mut vectors: Vec<Vec<f32>> = (0..1000).map(value).collect();
        let mut calls = 0;
        loop {
            let mut pass = Pass::begin(std::ptr::null_mut());
            vectors.iter_mut().for_each(|vector| pass.relocate(vector));
            calls += 1;
            if pass.end() {
                break;
            }
        }
        assert!(calls > 2, "{calls}");
        assert_eq!(MOVED.get(), 999, "all but the empty one");
        assert!(vectors.iter().enumerate().all(|(length, vector)| *vector == value(length)));
    }
}
