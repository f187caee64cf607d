//! Differences between servers that the module cannot detect by their functions: flags and bugs of Valkey.

use std::ffi::CStr;
use std::ptr;
use std::sync::OnceLock;

/// The version of a Valkey server; `None` on other servers.
pub(crate) fn valkey_version() -> Option<(u32, u32, u32)> {
    static VERSION: OnceLock<Option<(u32, u32, u32)>> = OnceLock::new();
    *VERSION.get_or_init(|| {
        // SAFETY: GetServerInfo accepts a null context. The text belongs to the server's data, which is freed once,
        // after the text was read.
        unsafe {
            let about = call!(RedisModule_GetServerInfo(ptr::null_mut(), c"server".as_ptr()));
            let text = call!(RedisModule_ServerInfoGetFieldC(about, c"valkey_version".as_ptr()));
            let version = (!text.is_null()).then(|| version(&CStr::from_ptr(text).to_string_lossy()));
            call!(RedisModule_FreeServerInfo(ptr::null_mut(), about));
            version
        }
    })
}

/// Parses a version such as 9.1.2. A part that is not a number becomes 0.
pub(crate) fn version(text: &str) -> (u32, u32, u32) {
    let mut numbers = text.split('.').map(|part| part.parse().unwrap_or(0));
    let mut next = || numbers.next().unwrap_or(0);
    (next(), next(), next())
}

/// Whether a subscription to keyspace events breaks MOVE, and COPY to another database: after the notification, the
/// client remains in that database, so its next write goes to the wrong one (valkey-io/valkey#4024). Fixed in Valkey
/// 9.1.2; whether older branches were fixed is not known.
pub(crate) fn has_move_notification_bug() -> bool {
    valkey_version().is_some_and(|version| version < (9, 1, 2))
}

#[cfg(test)]
mod tests {
    use super::version;

    #[test]
    fn versions_are_compared_as_numbers() {
        assert_eq!(version("8.1.10"), (8, 1, 10));
        assert!(version("9.1.2") > version("9.1"));
        assert_eq!(version("10.x"), (10, 0, 0));
    }
}
