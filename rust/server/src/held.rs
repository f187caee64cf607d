//! Arguments that outlive their command, for a thread that continues to use them.

use std::fmt;
use std::ptr;

use crate::raw;

use super::context::Context;
use super::strings::{Lent, ServerString};
use super::{event_loop, module_context};

/// An argument of a command, retained for a thread that uses it after the command has returned. Nothing is copied.
///
/// The reference count of a string is not atomic. So a string is retained and released on the main thread only, and
/// other threads only read its bytes. When a command returns, the server trims the allocation of a string that is still
/// retained, which may move its bytes. So `hold` trims it before it takes the address of the bytes.
pub struct Held {
    string: *mut raw::RedisModuleString,
    bytes: *const [u8],
}

// SAFETY: the string is retained and trimmed, so its bytes neither move nor change until `drop`, which releases it on
// the main thread; only the main thread touches the reference count.
unsafe impl Send for Held {}
// SAFETY: a shared reference only reads the bytes, except `lend`, which panics off the main thread.
unsafe impl Sync for Held {}

impl Context<'_> {
    /// Retains an argument of the running command, counted as for [`Self::argument`].
    ///
    /// Its bytes may move: slices of this argument that the command received before must not be used after this call.
    pub fn hold(self, argument: usize) -> Held {
        let lent = self.argument(argument);
        let string = lent.raw();
        // SAFETY: the string is valid until the command returns, and this is the main thread, where commands run.
        // Retained without a context, only `drop` releases it.
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
        // SAFETY: the string is retained until `drop`, and trimmed, so the server does not move its bytes.
        unsafe { &*self.bytes }
    }

    /// The string, to be passed to functions of the server.
    ///
    /// # Panics
    /// On other threads than the main thread: the server may change the reference count.
    pub fn lend(&self) -> Lent<'_> {
        assert!(module_context::is_main_thread(), "a held string was lent to the server off the main thread");
        // SAFETY: the string is retained as long as `self` is borrowed, and this is the main thread.
        unsafe { Lent::new(self.string) }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        /// A string that is sent to the main thread to be released.
        struct Returned(#[expect(dead_code, reason = "it is dropped")] ServerString<'static>);
        // SAFETY: the string is only moved to the main thread, which alone touches its reference count.
        unsafe impl Send for Returned {}

        // SAFETY: `hold` retained the string once, and this passes that reference on; `drop` runs once.
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
