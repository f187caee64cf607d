//! Differences between servers that cannot be seen from the functions they offer: Valkey has flags and bugs of its own.

use std::ffi::CStr;
use std::ptr;
use std::sync::OnceLock;

/// The version of a Valkey server, as numbers; `None` if the server is no Valkey.
pub(crate) fn valkey_version() -> Option<(u32, u32, u32)> {
    static VERSION: OnceLock<Option<(u32, u32, u32)>> = OnceLock::new();
    *VERSION.get_or_init(|| {
        // SAFETY: no context is needed; the server's data, freed once, and its text, read before that.
        unsafe {
            let about = call!(RedisModule_GetServerInfo(ptr::null_mut(), c"server".as_ptr()));
            let text = call!(RedisModule_ServerInfoGetFieldC(about, c"valkey_version".as_ptr()));
            let version = (!text.is_null()).then(|| version(&CStr::from_ptr(text).to_string_lossy()));
            call!(RedisModule_FreeServerInfo(ptr::null_mut(), about));
            version
        }
    })
}

/// The three numbers of a version such as 9.1.2. A part that is not a number counts as 0.
pub(crate) fn version(text: &str) -> (u32, u32, u32) {
    let mut numbers = text.split('.').map(|part| part.parse().unwrap_or(0));
    let mut next = || numbers.next().unwrap_or(0);
    (next(), next(), next())
}

/// Whether notifying a module of a MOVE or a COPY to another database leaves the client in that database, so that its next
/// write goes to the wrong one (valkey-io/valkey#4024). Valkey 9.1.2 has a fix; other fixed releases are not known here.
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
