//! Arguments that outlive their command.

use std::fmt;
use std::ptr;

use crate::raw;

use super::context::Context;
use super::strings::{Lent, ServerString};
use super::{event_loop, module_context};

/// An argument of a command, kept for a thread that works on it after the command has returned. Nothing is copied.
///
/// The reference count of a string is not atomic. So a string is retained and released on the main thread alone, and other
/// threads only read its bytes. When the command returns the server trims the allocation of a string that is still held,
/// which may move its bytes: so it is trimmed before the bytes are lent.
pub struct Held {
    string: *mut raw::RedisModuleString,
    bytes: *const [u8],
}

// SAFETY: the bytes stay where and as they are while the string is held, and `drop` gives it back on the main thread.
unsafe impl Send for Held {}
// SAFETY: as above; a shared reference only reads.
unsafe impl Sync for Held {}

impl Context<'_> {
    /// Holds an argument of the command being run, counted as for [`Self::argument`].
    ///
    /// Its bytes may move: those that the command was lent must not be used any more.
    pub fn hold(self, argument: usize) -> Held {
        let lent = self.argument(argument);
        let string = lent.raw();
        // SAFETY: a live string, on the main thread. Without a context nobody but `drop` releases it.
        unsafe {
            call!(RedisModule_RetainString(ptr::null_mut(), string));
            call!(RedisModule_TrimStringAllocation(string));
            Held { string, bytes: ptr::from_ref(lent.bytes()) }
        }
    }
}

impl Held {
    /// The bytes, readable on any thread.
    pub fn bytes(&self) -> &[u8] {
        // SAFETY: the string is held, and has no room left for which the server would move it.
        unsafe { &*self.bytes }
    }

    /// The string, to be passed to the server.
    ///
    /// # Panics
    /// Off the main thread, where a string must not be retained.
    pub fn lend(&self) -> Lent<'_> {
        assert!(module_context::is_main_thread(), "a held string is passed on by the main thread alone");
        // SAFETY: the string is held as long as this is, and this is the main thread.
        unsafe { Lent::new(self.string) }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        /// A string on its way back to the main thread.
        struct Returned(#[expect(dead_code, reason = "it is dropped")] ServerString<'static>);
        // SAFETY: its count is touched by the main thread alone.
        unsafe impl Send for Returned {}

        // SAFETY: retained once, released once.
        let returned = Returned(unsafe { ServerString::owned(self.string) });
        if module_context::is_main_thread() {
            drop(returned);
        } else {
            event_loop::post(move |_| drop(returned));
        }
    }
}

impl fmt::Debug for Held {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(to, "{} bytes", self.bytes.len())
    }
}
