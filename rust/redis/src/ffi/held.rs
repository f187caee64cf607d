//! Arguments that outlive their command.

use std::fmt;
use std::ptr;

use redis_module::raw;

use super::{boundary, context, event_loop, module_context};

/// An argument of a command, kept for a thread that works on it after the command has returned. Nothing is copied.
///
/// The server counts the holders of a string without a lock. So it is taken and given back on the main thread alone, and
/// other threads only read its bytes. When the command returns the server gives back what room a held string has left, which
/// may move it: that is done before the bytes are lent.
pub(crate) struct Held {
    string: *mut raw::RedisModuleString,
    bytes: *const [u8],
}

// SAFETY: the bytes stay where and as they are while the string is held, and `drop` gives it back on the main thread.
unsafe impl Send for Held {}
// SAFETY: as above; a shared reference only reads.
unsafe impl Sync for Held {}

impl Held {
    /// Holds a string. On the main thread.
    ///
    /// # Safety
    /// The string is an argument of the command that is being run, and nobody uses bytes of it that were lent before.
    pub(super) unsafe fn new(string: *mut raw::RedisModuleString) -> Self {
        // SAFETY: a live string, on the main thread. Without a context nobody but `drop` gives it back.
        unsafe {
            call!(RedisModule_RetainString(ptr::null_mut(), string));
            call!(RedisModule_TrimStringAllocation(string));
            Self { string, bytes: ptr::from_ref(context::bytes(string)) }
        }
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        // SAFETY: the string is held, and has no room left for which the server would move it.
        unsafe { &*self.bytes }
    }

    pub(super) fn raw(&self) -> *mut raw::RedisModuleString {
        self.string
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        /// A string on its way back to the main thread.
        struct Returned(*mut raw::RedisModuleString);
        // SAFETY: it is touched on the main thread alone.
        unsafe impl Send for Returned {}
        impl Returned {
            fn give_back(self) {
                // SAFETY: held once, given back once, on the main thread.
                unsafe { call!(RedisModule_FreeString(ptr::null_mut(), self.0)) };
            }
        }

        let returned = Returned(self.string);
        if module_context::is_main_thread() {
            boundary::guard(|| returned.give_back());
        } else {
            event_loop::post(move |_| returned.give_back());
        }
    }
}

impl fmt::Debug for Held {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(to, "{} bytes", self.bytes.len())
    }
}
