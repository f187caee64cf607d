//! Catches panics at the boundary to C. A panic that unwound out of a callback would abort the server.

use std::any::Any;
use std::ffi::CStr;
use std::panic::{self, AssertUnwindSafe};

use super::log;

/// Runs the body of a callback, and returns `None` if it panics. The panic hook of `log_panics` logs the panic.
///
/// `AssertUnwindSafe` holds because callbacks share only immutable values, and values behind locks whose poisoning is
/// checked.
pub fn guard<R>(body: impl FnOnce() -> R) -> Option<R> {
    match panic::catch_unwind(AssertUnwindSafe(body)) {
        Ok(result) => Some(result),
        Err(payload) => {
            drop_quietly(payload);
            None
        }
    }
}

/// Drops the payload of a panic. If that panics as well, the second payload is leaked.
fn drop_quietly(payload: Box<dyn Any + Send>) {
    if let Err(second) = panic::catch_unwind(AssertUnwindSafe(|| drop(payload))) {
        std::mem::forget(second);
    }
}

fn text(payload: &(dyn Any + Send)) -> Option<&str> {
    payload.downcast_ref::<&str>().copied().or_else(|| payload.downcast_ref::<String>().map(String::as_str))
}

/// Installs a panic hook that writes message and location of every panic, on any thread, to the server's log instead of
/// standard error.
pub(crate) fn log_panics(module: &'static CStr) {
    panic::set_hook(Box::new(move |panic| {
        let place = panic.location().map_or_else(String::new, |at| format!(" at {}:{}", at.file(), at.line()));
        let message = text(panic.payload()).unwrap_or("no message");
        log::warning(&format!("a bug in {}{place}: {message}", module.to_string_lossy()));
    }));
}

#[cfg(test)]
mod tests {
    use super::guard;

    #[test]
    fn a_panic_with_any_payload_becomes_none() {
        struct Worse;

        impl Drop for Worse {
            fn drop(&mut self) {
                panic!("while the first panic is put away");
            }
        }

        assert_eq!(guard(|| 5), Some(5));
        assert_eq!(guard(|| -> i32 { panic!("a word") }), None);
        assert_eq!(guard(|| -> i32 { panic!("{} words", 2) }), None);
        assert_eq!(guard(|| -> i32 { std::panic::panic_any(7) }), None);
        assert_eq!(guard(|| -> i32 { std::panic::panic_any(Worse) }), None);
    }
}
