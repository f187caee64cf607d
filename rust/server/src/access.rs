//! What the user of a client may see beyond the keys that a command names, which the server checks itself.

use crate::raw;

use super::context::Context;
use super::quirks;
use super::strings::ServerString;

/// From this Valkey on, a user may be kept out of databases.
const DATABASE_RULES: (u32, u32, u32) = (9, 1, 0);

/// The user of the client whose command is being run.
pub struct Reader(User);

enum User {
    /// None, as while the AOF is loaded: everything is allowed.
    Nobody,
    /// One that has been deleted: nothing is.
    Gone,
    Known {
        user: *mut raw::RedisModuleUser,
        /// The database that the client uses, and so may use.
        selected: i32,
    },
}

impl Reader {
    /// Of the context of a command.
    pub fn of(ctx: Context) -> Self {
        let Some(name) = ctx.user() else { return Self(User::Nobody) };
        // SAFETY: a live string.
        let user = unsafe { call!(RedisModule_GetModuleUserFromUserName(name.raw())) };
        Self(if user.is_null() { User::Gone } else { User::Known { user, selected: ctx.selected() } })
    }

    /// Whether the user may read a key.
    pub fn may_read(&self, key: &[u8]) -> bool {
        let User::Known { user, .. } = self.0 else { return matches!(self.0, User::Nobody) };
        let (key, access) = (ServerString::from(key), raw::REDISMODULE_CMD_KEY_ACCESS);
        // SAFETY: a live user and string.
        unsafe { call!(RedisModule_ACLCheckKeyPermissions(user, key.raw(), access as _)) == raw::REDISMODULE_OK as _ }
    }

    /// Whether the user may use a database. Servers without such rules let all users use all.
    pub fn may_use(&self, db: i32) -> bool {
        let User::Known { user, selected } = self.0 else { return matches!(self.0, User::Nobody) };
        if db == selected || quirks::valkey_version().is_none_or(|version| version < DATABASE_RULES) {
            return true;
        }
        let (select, db) = (ServerString::from("SELECT"), ServerString::from(&db.to_string()[..]));
        let mut words = [select.raw(), db.raw()];
        // SAFETY: a live user; as many live strings as are said, which the server reads.
        unsafe {
            call!(RedisModule_ACLCheckCommandPermissions(user, words.as_mut_ptr(), words.len() as _))
                == raw::REDISMODULE_OK as _
        }
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        if let User::Known { user, .. } = self.0 {
            // SAFETY: got once, freed once.
            unsafe { call!(RedisModule_FreeModuleUser(user)) };
        }
    }
}
