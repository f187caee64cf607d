//! The engine in browsers and in Node, as WebAssembly: the face that `js/` speaks to.
//!
//! There is one thread and no operating system. The boundary is as narrow as it can be, so that nothing has to be generated
//! for it: JavaScript [`reserve`]s room, writes a request there, has it answered by [`call`], and reads the [`reply`]. A request
//! is a text, a JSON object that says under `do` what is wanted, and after it data: numbers in single precision, rows as JSON, or
//! the bytes of a file. A reply is a JSON object, or numbers, or bytes.
//!
//! Rejected: wasm-bindgen, whose generated code would be most of the package, and must come from a program of just its version.

#![allow(unsafe_code, reason = "functions that are called by their names")]

mod answers;
mod fields;
mod networks;
mod request;
mod told;
mod training;

use std::cell::RefCell;

use networks::Networks;
use request::Reply;

/// What a reply is: a JSON object.
const TOLD: u32 = 0;
/// Bytes, or numbers in single precision.
const DATA: u32 = 1;
/// A JSON object with `code` and `message`: the request was refused, and nothing has changed.
const REFUSED: u32 = 2;

#[derive(Default)]
struct Boundary {
    request: Vec<u8>,
    reply: Vec<u8>,
    networks: Networks,
}

thread_local! {
    static BOUNDARY: RefCell<Boundary> = RefCell::default();
}

/// Makes room for a request of so many bytes, and says where.
#[unsafe(no_mangle)]
pub extern "C" fn reserve(bytes: usize) -> *mut u8 {
    BOUNDARY.with_borrow_mut(|boundary| {
        boundary.request.clear();
        boundary.request.resize(bytes, 0);
        boundary.request.as_mut_ptr()
    })
}

/// Answers the request whose text has so many bytes; what comes after them is its data. What the reply is.
#[unsafe(no_mangle)]
pub extern "C" fn call(text: usize) -> u32 {
    #[cfg(target_family = "wasm")]
    clock::lend();
    BOUNDARY.with_borrow_mut(|boundary| {
        let Boundary { request, reply, networks } = boundary;
        // Room that is large goes with the request.
        let request = std::mem::take(request);
        let (text, data) = request.split_at(text.min(request.len()));
        match networks.answer(text, data) {
            Ok(Reply::Told(told)) => {
                *reply = told.to_string().into_bytes();
                TOLD
            }
            Ok(Reply::Data(bytes)) => {
                *reply = bytes;
                DATA
            }
            Err(refusal) => {
                *reply = refusal.told().to_string().into_bytes();
                REFUSED
            }
        }
    })
}

/// Where the reply is.
#[unsafe(no_mangle)]
pub extern "C" fn reply() -> *const u8 {
    BOUNDARY.with_borrow(|boundary| boundary.reply.as_ptr())
}

/// Bytes of the reply.
#[unsafe(no_mangle)]
pub extern "C" fn reply_bytes() -> usize {
    BOUNDARY.with_borrow(|boundary| boundary.reply.len())
}

#[cfg(target_family = "wasm")]
mod clock {
    #[link(wasm_import_module = "neuralredis")]
    unsafe extern "C" {
        /// Seconds since any moment.
        safe fn seconds() -> f64;
        /// Hears of a bug, before the instance ends by it.
        safe fn bug(text: *const u8, bytes: usize);
    }

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
