//! Lines in the server's log, from any thread.
//!
//! `RedisModule_Log` takes a C format. The text goes in as an argument of `%s`, so that a key name with `%n` in it stays
//! text; control characters are escaped, so that a name cannot end the string or forge a line.

use std::ffi::{CStr, CString};

use crate::raw;

use super::module_context;

/// Writes a line of the level notice.
pub fn notice(message: &str) {
    write(c"notice", message);
}

/// Writes a line of the level warning.
pub fn warning(message: &str) {
    write(c"warning", message);
}

fn write(level: &CStr, message: &str) {
    let line = CString::new(message.chars().flat_map(escaped).collect::<String>()).unwrap_or_default();
    // SAFETY: the entry is read by value after load; level, format and line end with NUL, and `%s` takes one string.
    // The context is the module's detached one or null, of which the server reads the module's name alone.
    unsafe {
        if let Some(log) = raw::RedisModule_Log {
            log(module_context::get(), level.as_ptr(), c"%s".as_ptr(), line.as_ptr());
        }
    }
}

/// A character of a text as a line of a log, or a reply, may have it: control characters are escaped.
pub fn escaped(character: char) -> impl Iterator<Item = char> {
    let escape = character.is_control().then(|| character.escape_default());
    let plain = escape.is_none().then_some(character);
    escape.into_iter().flatten().chain(plain)
}

#[cfg(test)]
mod tests {
    use super::escaped;

    #[test]
    fn a_line_stays_one_line_and_one_string() {
        let line: String = "key 'a\0b\r\nc' 100%n é".chars().flat_map(escaped).collect();
        assert_eq!(line, "key 'a\\u{0}b\\r\\nc' 100%n é");
    }
}
