//! Active defragmentation: moves the vectors of a value when the server asks for it.

use std::ffi::{c_ulong, c_void};
use std::mem::{self, ManuallyDrop};

use crate::raw;

use super::alloc::GIVEN_ALIGNMENT;

/// Vectors that are moved between two checks of the time limit.
const VISITS: u64 = 64;

/// Whether this server has all functions that defragmentation needs.
pub(crate) fn is_offered() -> bool {
    // SAFETY: `look_up` has written the table before this is called, and nothing writes it later; each entry is read by
    // value.
    unsafe {
        { raw::RedisModule_DefragAlloc }.is_some()
            && { raw::RedisModule_DefragShouldStop }.is_some()
            && { raw::RedisModule_DefragCursorSet }.is_some()
            && { raw::RedisModule_DefragCursorGet }.is_some()
    }
}

/// Moves a block if the server finds a better place, and returns its address.
///
/// # Safety
/// `block` must come from the server's allocator, and the caller must hold the only pointer to it and replace that by
/// the returned one. `ctx` must be the context of a running defragmentation callback.
pub(crate) unsafe fn moved(ctx: *mut raw::RedisModuleDefragCtx, block: *mut c_void) -> *mut c_void {
    // SAFETY: the caller promises the only pointer to a block of the server. The server copies the bytes and frees the
    // old block, or it leaves the block and returns null.
    let new = unsafe { call!(RedisModule_DefragAlloc(ctx, block)) };
    if new.is_null() { block } else { new }
}

/// A pass over the vectors of a value, which may take several callbacks.
pub struct Pass {
    ctx: *mut raw::RedisModuleDefragCtx,
    /// Vectors that earlier callbacks of this pass have moved.
    done: u64,
    visited: u64,
    stopped: bool,
}

impl Pass {
    pub(crate) fn begin(ctx: *mut raw::RedisModuleDefragCtx) -> Self {
        let mut done: c_ulong = 0;
        // SAFETY: the server keeps `ctx` valid during its callback. For small values there is no cursor, and `done`
        // stays 0.
        unsafe { call!(RedisModule_DefragCursorGet(ctx, &raw mut done)) };
        Self { ctx, done, visited: 0, stopped: false }
    }

    /// Ends the callback: true if all vectors were visited, else the position is saved for the next callback.
    pub(crate) fn end(self) -> bool {
        if self.stopped {
            // SAFETY: the server keeps `ctx` valid during its callback, in which a pass begins and ends.
            unsafe { call!(RedisModule_DefragCursorSet(self.ctx, self.visited as c_ulong)) };
        }
        !self.stopped
    }

    /// Whether to move the next vector. Each callback moves at least [`VISITS`], however short its time limit.
    fn should_move_next(&mut self) -> bool {
        if self.stopped {
            return false;
        }
        let moved = self.visited.saturating_sub(self.done);
        if moved > 0 && moved.is_multiple_of(VISITS) {
            // SAFETY: the server keeps `ctx` valid during its callback, in which a pass begins and ends.
            self.stopped = unsafe { call!(RedisModule_DefragShouldStop(self.ctx)) } != 0;
            if self.stopped {
                return false;
            }
        }
        self.visited += 1;
        self.visited > self.done
    }

    /// Moves the buffer of a vector, or leaves it; values, length and capacity stay. The module's global allocator must
    /// be [`super::alloc::ServerAlloc`].
    pub fn relocate<T>(&mut self, vec: &mut Vec<T>) {
        const { assert!(align_of::<T>() <= GIVEN_ALIGNMENT) };
        if vec.capacity() == 0 || !self.should_move_next() {
            return;
        }
        let mut old = ManuallyDrop::new(mem::take(vec));
        // SAFETY: the buffer came from the server's allocator, which is the global one, at an alignment that it gives
        // directly, and only `old` points at it, whose destructor does not run. Length and capacity remain those of the
        // buffer.
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
        static CHECKS: Cell<usize> = const { Cell::new(0) };
    }

    /// A server that moves every block, and overwrites the old one to reveal uses of it.
    unsafe extern "C" fn move_block(_: *mut raw::RedisModuleDefragCtx, block: *mut c_void) -> *mut c_void {
        MOVED.set(MOVED.get() + 1);
        // SAFETY: in tests the global allocator is the system's, which uses `malloc` at this alignment. `new` has
        // `size` bytes, and `block` is freed after its last use.
        unsafe {
            let size = libc::malloc_usable_size(block);
            let new = libc::malloc(size);
            libc::memcpy(new, block, size);
            libc::memset(block, 0xA5, size);
            libc::free(block);
            new
        }
    }

    /// Reports at every third check that time is up.
    unsafe extern "C" fn should_stop(_: *mut raw::RedisModuleDefragCtx) -> c_int {
        CHECKS.set(CHECKS.get() + 1);
        c_int::from(CHECKS.get().is_multiple_of(3))
    }

    unsafe extern "C" fn cursor_get(_: *mut raw::RedisModuleDefragCtx, to: *mut c_ulong) -> c_int {
        // SAFETY: `Pass::begin` passes a pointer to its own integer.
        unsafe { *to = CURSOR.get() };
        0
    }

    unsafe extern "C" fn cursor_set(_: *mut raw::RedisModuleDefragCtx, cursor: c_ulong) -> c_int {
        CURSOR.set(cursor);
        0
    }

    #[test]
    fn every_vector_is_moved_once_and_keeps_its_values() {
        // SAFETY: no other test of this crate uses these entries of the table.
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
        assert_eq!(MOVED.get(), 999, "all vectors but the empty one");
        assert!(vectors.iter().enumerate().all(|(length, vector)| *vector == value(length)));
    }
}
