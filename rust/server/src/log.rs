//! Messages to the server's log, from any thread.
//!
//! `RedisModule_Log` takes a C format string. The text is passed as an argument of `%s`, so that a key name with `%n`
//! in it remains text. Control characters are escaped, so that a name can neither end the string nor forge a line.

use std::ffi::{CStr, CString};

use crate::raw;

use super::module_context;

/// Logs a message at level `notice`.
pub fn notice(message: &str) {
    write(c"notice", message);
}

/// Logs a message at level `warning`.
pub fn warning(message: &str) {
    write(c"warning", message);
}

fn write(level: &CStr, message: &str) {
    let line = CString::new(message.chars().flat_map(escaped).collect::<String>()).unwrap_or_default();
    // SAFETY: the server allows Log on any thread. Level, format and line end with NUL, and `%s` takes one string. The
    // context is the module's detached one or null; the server reads only the module's name from it.
    unsafe {
        if let Some(log) = raw::RedisModule_Log {
            log(module_context::get(), level.as_ptr(), c"%s".as_ptr(), line.as_ptr());
        }
    }
}

/// Escapes a control character, for one line of a log or reply; returns other characters as they are.
pub fn escaped(character: char) -> impl Iterator<Item = char> {
    let escape = character.is_control().then(|| character.escape_default());
    let plain = escape.is_none().then_some(character);
    escape.into_iter().flatten().chain(plain)
}

#[cfg(test)]
mod tests {
    use super::escaped;

    #[test]
    fn log_lines_contain_no_line_breaks_and_no_nul() {
        let line: String = "key 'a\0b\r\nc' 100%n é".chars().flat_map(escaped).collect();
        assert_eq!(line, "key 'a\\u{0}b\\r\\nc' 100%n é");
    }
}
