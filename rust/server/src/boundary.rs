//! Where a panic stops. Unwinding out of a function that C called would abort the server.

use std::any::Any;
use std::ffi::CStr;
use std::panic::{self, AssertUnwindSafe};

use super::log;

/// Runs what the server asked for; a panic becomes `None`. The line in the log is the panic hook's.
///
/// `AssertUnwindSafe`: what a job shares with others is immutable, or behind a lock whose poisoning is looked at.
pub fn guard<R>(body: impl FnOnce() -> R) -> Option<R> {
    match panic::catch_unwind(AssertUnwindSafe(body)) {
        Ok(result) => Some(result),
        Err(payload) => {
            drop_quietly(payload);
            None
        }
    }
}

/// The payload of a panic may itself panic when dropped; then it is leaked.
fn drop_quietly(payload: Box<dyn Any + Send>) {
    if let Err(second) = panic::catch_unwind(AssertUnwindSafe(|| drop(payload))) {
        std::mem::forget(second);
    }
}

fn text(payload: &(dyn Any + Send)) -> Option<&str> {
    payload.downcast_ref::<&str>().copied().or_else(|| payload.downcast_ref::<String>().map(String::as_str))
}

/// Sends the message and place of every panic, on any thread, to the server's log instead of its standard error.
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
    fn a_panic_ends_here_whatever_it_carries() {
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
