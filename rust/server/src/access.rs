//! Access control that a command applies itself: keys and databases that its user may read. The server checks only the
//! keys among a command's arguments.

use crate::raw;

use super::context::Context;
use super::quirks;
use super::strings::ServerString;

/// The first Valkey whose ACLs can restrict a user to some databases.
const DATABASE_RULES: (u32, u32, u32) = (9, 1, 0);

/// The user of the client whose command is being run.
pub struct Reader(User);

enum User {
    /// No user, for instance while the AOF is loaded: everything is allowed.
    Nobody,
    /// The user was deleted meanwhile: nothing is allowed.
    Gone,
    Known {
        user: *mut raw::RedisModuleUser,
        /// The database that the client has selected, which its user may therefore use.
        selected: i32,
    },
}

impl Reader {
    /// Returns the user on whose behalf the command of this context runs.
    pub fn of(ctx: Context) -> Self {
        let Some(name) = ctx.user() else { return Self(User::Nobody) };
        // SAFETY: `name` owns its string, which is alive until the end of this function; the server only reads it.
        let user = unsafe { call!(RedisModule_GetModuleUserFromUserName(name.raw())) };
        Self(if user.is_null() { User::Gone } else { User::Known { user, selected: ctx.selected() } })
    }

    /// Whether the user may read a key.
    pub fn may_read(&self, key: &[u8]) -> bool {
        let User::Known { user, .. } = self.0 else { return matches!(self.0, User::Nobody) };
        let (key, access) = (ServerString::from(key), raw::REDISMODULE_CMD_KEY_ACCESS);
        // SAFETY: `user` came from GetModuleUserFromUserName and is freed only by `drop`; `key` owns its string, which
        // the server only reads.
        unsafe { call!(RedisModule_ACLCheckKeyPermissions(user, key.raw(), access as _)) == raw::REDISMODULE_OK as _ }
    }

    /// Whether the user may use a database. Always true on servers whose ACLs do not restrict databases.
    pub fn may_use(&self, db: i32) -> bool {
        let User::Known { user, selected } = self.0 else { return matches!(self.0, User::Nobody) };
        if db == selected || quirks::valkey_version().is_none_or(|version| version < DATABASE_RULES) {
            return true;
        }
        let (select, db) = (ServerString::from("SELECT"), ServerString::from(&db.to_string()[..]));
        let mut words = [select.raw(), db.raw()];
        // SAFETY: `user` is freed only by `drop`; `words` holds `words.len()` strings that `select` and `db` own until
        // the end of this function, and the server only reads them.
        unsafe {
            call!(RedisModule_ACLCheckCommandPermissions(user, words.as_mut_ptr(), words.len() as _))
                == raw::REDISMODULE_OK as _
        }
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        if let User::Known { user, .. } = self.0 {
            // SAFETY: `of` got the user from the server, and only this frees it; `drop` runs once.
            unsafe { call!(RedisModule_FreeModuleUser(user)) };
        }
    }
}
