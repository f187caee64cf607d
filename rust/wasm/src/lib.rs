//! The engine for browsers and Node as WebAssembly, which the package in `js/` calls.
//!
//! There is one thread and no operating system. The interface is so small that no bindings have to be generated:
//! JavaScript calls [`reserve`] for a buffer, writes a request into it, calls [`call`], and reads the reply at
//! [`reply`]. A request is a JSON object, whose member `do` names the operation, followed by data: numbers in single
//! precision, rows as JSON, or the bytes of a file. A reply is a JSON object, or numbers, or bytes.
//!
//! Rejected: wasm-bindgen, whose generated code would be most of the package, and which needs a command-line tool of
//! exactly its own version.

#![allow(unsafe_code, reason = "functions exported by name")]

mod answers;
mod fields;
mod networks;
mod request;
mod results;
mod training;

use std::cell::RefCell;

use networks::Networks;
use request::Reply;

/// Type of a reply: a JSON object.
const OBJECT: u32 = 0;
/// Type of a reply: bytes, or numbers in single precision.
const DATA: u32 = 1;
/// Type of a reply: a JSON object with `code` and `message`. The request was rejected and has changed nothing.
const ERROR: u32 = 2;

/// The buffers and networks of the instance.
#[derive(Default)]
struct Boundary {
    request: Vec<u8>,
    reply: Vec<u8>,
    networks: Networks,
}

thread_local! {
    static BOUNDARY: RefCell<Boundary> = RefCell::default();
}

/// Allocate the buffer for a request of this many bytes, and return its address.
#[unsafe(no_mangle)]
pub extern "C" fn reserve(bytes: usize) -> *mut u8 {
    BOUNDARY.with_borrow_mut(|boundary| {
        boundary.request.clear();
        boundary.request.resize(bytes, 0);
        boundary.request.as_mut_ptr()
    })
}

/// Answer the request in the buffer. Its JSON has `text` bytes, and the rest is data. Returns the type of the reply.
#[unsafe(no_mangle)]
pub extern "C" fn call(text: usize) -> u32 {
    #[cfg(target_family = "wasm")]
    clock::lend();
    BOUNDARY.with_borrow_mut(|boundary| {
        let Boundary { request, reply, networks } = boundary;
        // Take the buffer out of the thread-local, so that it is freed with the request.
        let request = std::mem::take(request);
        let (text, data) = request.split_at(text.min(request.len()));
        match networks.answer(text, data) {
            Ok(Reply::Object(object)) => {
                *reply = object.to_string().into_bytes();
                OBJECT
            }
            Ok(Reply::Data(bytes)) => {
                *reply = bytes;
                DATA
            }
            Err(rejection) => {
                *reply = rejection.to_json().to_string().into_bytes();
                ERROR
            }
        }
    })
}

/// The address of the reply, which is valid until the next call.
#[unsafe(no_mangle)]
pub extern "C" fn reply() -> *const u8 {
    BOUNDARY.with_borrow(|boundary| boundary.reply.as_ptr())
}

/// The length of the reply in bytes.
#[unsafe(no_mangle)]
pub extern "C" fn reply_bytes() -> usize {
    BOUNDARY.with_borrow(|boundary| boundary.reply.len())
}

#[cfg(target_family = "wasm")]
mod clock {
    #[link(wasm_import_module = "neuralredis")]
    unsafe extern "C" {
        /// Seconds since an arbitrary moment.
        safe fn seconds() -> f64;
        /// Report the message of a panic, before the instance aborts.
        safe fn bug(text: *const u8, bytes: usize);
    }

    /// Install the clock of JavaScript and the panic hook.
    pub(crate) fn lend() {
        static ONCE: std::sync::Once = std::sync::Once::new();
        ONCE.call_once(|| {
            neuralredis_core::clock::lend(|| seconds());
            std::panic::set_hook(Box::new(|panic| {
                let text = panic.to_string();
                bug(text.as_ptr(), text.len());
            }));
        });
    }
}

#[cfg(test)]
mod tests;
