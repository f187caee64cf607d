//! Moving networks to where memory is less fragmented, when the server's active defragmentation asks for it.
//!
//! What is large and what is many is moved: the value itself, weights, the stepper's state, rows. What a training shares, and the
//! small blocks that hold the counts of sharing, stay where they are.

use std::ffi::{c_int, c_ulong, c_void};
use std::mem::{self, ManuallyDrop};

use neuralredis_core::memory::Move;
use redis_module::raw;

use super::alloc::GIVEN_ALIGNMENT;
use super::boundary;
use crate::value::Value;

/// Vectors that are visited between two looks at the clock.
const VISITS: u64 = 64;

/// The method of the type, if this server has what it needs.
pub(super) fn method() -> raw::RedisModuleTypeDefragFunc {
    // SAFETY: the table is written once, before this is called; each entry is read by value.
    let is_offered = unsafe {
        { raw::RedisModule_DefragAlloc }.is_some()
            && { raw::RedisModule_DefragShouldStop }.is_some()
            && { raw::RedisModule_DefragCursorSet }.is_some()
            && { raw::RedisModule_DefragCursorGet }.is_some()
    };
    if is_offered { Some(defrag) } else { None }
}

// Blocks of larger alignment are cut out of others, which the server cannot move.
const _: () = assert!(align_of::<Value>() <= GIVEN_ALIGNMENT);

/// On the main thread, between commands. Not 0 if time was up before the end.
unsafe extern "C" fn defrag(
    ctx: *mut raw::RedisModuleDefragCtx,
    _: *mut raw::RedisModuleString,
    value: *mut *mut c_void,
) -> c_int {
    let finished = boundary::guard(|| {
        // SAFETY: the server's context; the value is a block of ours that nobody else points at: commands have closed their
        // keys, and trainings know it by its id.
        let value = unsafe {
            *value = moved(ctx, *value);
            &mut *(*value).cast::<Value>()
        };
        let mut pass = Pass::begin(ctx);
        value.live.network_mut().move_by(&mut pass);
        pass.end()
    });
    c_int::from(finished == Some(false))
}

/// Where a block is now.
///
/// # Safety
/// A block of the server's that one pointer points at, which becomes what this returns.
unsafe fn moved(ctx: *mut raw::RedisModuleDefragCtx, block: *mut c_void) -> *mut c_void {
    // SAFETY: as the caller says; the server copies the bytes, frees the old block, or leaves it and says null.
    let new = unsafe { call!(RedisModule_DefragAlloc(ctx, block)) };
    if new.is_null() { block } else { new }
}

/// A pass over the vectors of a network, which may take several calls.
struct Pass {
    ctx: *mut raw::RedisModuleDefragCtx,
    /// Vectors that earlier calls have done with.
    done: u64,
    visited: u64,
    stopped: bool,
}

impl Pass {
    fn begin(ctx: *mut raw::RedisModuleDefragCtx) -> Self {
        let mut done: c_ulong = 0;
        // SAFETY: the server's context. Where there is no cursor, as there is none for small values, it stays 0.
        unsafe { call!(RedisModule_DefragCursorGet(ctx, &raw mut done)) };
        Self { ctx, done, visited: 0, stopped: false }
    }

    /// Whether all has been visited; if not, where to go on is noted.
    fn end(self) -> bool {
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

    fn relocate<T>(&mut self, vec: &mut Vec<T>) {
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

impl Move for Pass {
    fn floats(&mut self, vec: &mut Vec<f32>) {
        self.relocate(vec);
    }

    fn signs(&mut self, vec: &mut Vec<i8>) {
        self.relocate(vec);
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use neuralredis_core::{Batch, Kind, Layout, Limits, Network, Options, codec};

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

    fn network(rows: usize) -> Network {
        let options = Options { normalize: true, ..Options::new(Kind::Regressor) };
        let limits = Limits { train: 1_000_000, test: 10 };
        let mut network =
            Network::new(Kind::Regressor, Layout::new(&[200, 5, 1]).unwrap(), options, limits, 1).unwrap();
        let inputs: Vec<f32> = (0..200 * rows).map(|value| value as f32).collect();
        let mut batch = Batch::new(&inputs, 200, &inputs[..rows], 1);
        batch.weights = Some(&inputs[1..=rows]);
        network.observe(&batch, None, |_| {}).unwrap();
        network
    }

    #[test]
    fn a_network_that_is_moved_is_the_same_and_is_moved_to_its_end() {
        // SAFETY: no other test reads or writes these entries of the table.
        unsafe {
            raw::RedisModule_DefragAlloc = Some(move_block);
            raw::RedisModule_DefragShouldStop = Some(should_stop);
            raw::RedisModule_DefragCursorSet = Some(cursor_set);
            raw::RedisModule_DefragCursorGet = Some(cursor_get);
        }
        let method = method().expect("all of it is there");
        let expected = codec::encode(&network(30_000));
        // Three groups of sixteen such rows are a block.
        let blocks = 30_000_usize.div_ceil(48);
        let mut value: *mut c_void = Box::into_raw(Box::new(Value::new(network(30_000)))).cast();
        let mut calls = 1;
        // SAFETY: as the server calls it.
        while unsafe { method(std::ptr::null_mut(), std::ptr::null_mut(), &raw mut value) } != 0 {
            calls += 1;
        }
        assert!(calls > 2, "{calls}");
        // The value each time; all rows, their weights and the parameters once.
        let once = MOVED.get() - calls;
        assert!((blocks + 3..blocks + 20).contains(&once), "{once} of {blocks}");
        // SAFETY: the value that is left.
        let value = unsafe { Box::from_raw(value.cast::<Value>()) };
        assert_eq!(codec::encode(value.live.network()), expected);

        let shared = value.live.network().clone();
        MOVED.set(0);
        CURSOR.set(0);
        let mut value: *mut c_void = Box::into_raw(value).cast();
        // SAFETY: as before.
        let value = unsafe {
            assert_eq!(method(std::ptr::null_mut(), std::ptr::null_mut(), &raw mut value), 0);
            Box::from_raw(value.cast::<Value>())
        };
        assert_eq!(MOVED.get(), 1, "what a training shares stays");
        assert_eq!(*value.live.network(), shared);
    }
}
