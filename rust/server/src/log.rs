//! Lines in the server's log, from any thread.
//!
//! `RedisModule_Log` takes a C format. The text goes in as an argument of `%s`, so that a key name with `%n` in it stays
//! text; control characters are escaped, so that a name cannot end the string or forge a line.

use std::ffi::{CStr, CString};

use redis_module::raw;

use super::module_context;

pub fn notice(message: &str) {
    write(c"notice", message);
}

pub fn warning(message: &str) {
    write(c"warning", message);
}

fn write(level: &CStr, message: &str) {
    let line = CString::new(escaped(message)).unwrap_or_default();
    // SAFETY: the entry is read by value after load; level, format and line end with NUL, and `%s` takes one string.
    // The context is the module's detached one or null, of which the server reads the module's name alone.
    unsafe {
        if let Some(log) = raw::RedisModule_Log {
            log(module_context::get(), level.as_ptr(), c"%s".as_ptr(), line.as_ptr());
        }
    }
}

fn escaped(message: &str) -> String {
    let mut line = String::with_capacity(message.len());
    for character in message.chars() {
        if character.is_control() {
            line.extend(character.escape_default());
        } else {
            line.push(character);
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use super::escaped;

    #[test]
    fn a_line_stays_one_line_and_one_string() {
        assert_eq!(escaped("key 'a\0b\r\nc' 100%n é"), "key 'a\\u{0}b\\r\\nc' 100%n é");
    }
}
