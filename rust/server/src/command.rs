//! Commands: the trait that describes a command, its registration with its documentation, and the callback that all
//! commands share.

use std::ffi::{CStr, CString, c_int};
use std::fmt::Display;
use std::ptr;

use crate::raw;

use super::context::Context;
use super::reply::{self, Reply};
use super::{boundary, log, numbers, strings};

/// A command of the module.
pub trait Command {
    const NAME: &CStr;
    /// The flags of `RedisModule_CreateCommand`, separated by spaces.
    const FLAGS: &CStr;
    /// What COMMAND DOCS and COMMAND INFO return.
    const ABOUT: About;

    /// Arguments that COMMAND DOCS lists after those of [`About::arguments`].
    fn more_arguments() -> &'static [Argument] {
        &[]
    }

    /// Runs the command. `args` are the arguments after the command's name, as many as [`About::arity`] allows. An
    /// error is the text of an error reply, and begins with its code.
    fn run(ctx: Context, args: &[&[u8]]) -> Result<Reply, impl Display>;
}

/// The documentation of a command.
pub struct About {
    pub summary: &'static CStr,
    pub complexity: &'static CStr,
    /// Number of arguments, the command's name included; a negative number -n means at least n.
    pub arity: c_int,
    /// How the command uses the key at position 1; `None` if it takes no key.
    pub key: Option<KeyUse>,
    pub arguments: &'static [Argument],
}

/// How a command uses its key, in the server's flags, and whether it reads further keys.
#[derive(Clone, Copy)]
pub struct KeyUse {
    flags: u64,
    /// Whether further keys are read: their number is argument 2, and they follow it.
    reads_counted: bool,
}

impl KeyUse {
    const fn new(flags: u32) -> Self {
        Self { flags: flags as u64, reads_counted: false }
    }

    /// Declares that the command also reads the keys after argument 2, which is their number. The positions are fixed,
    /// so ACLs and clients find the keys without calling the module. A cluster does call it (`getkeys-api`): it would
    /// find only the first key by itself.
    #[must_use]
    pub const fn and_reads_counted(mut self) -> Self {
        self.reads_counted = true;
        self
    }

    pub const READ: Self = Self::new(raw::REDISMODULE_CMD_KEY_RO | raw::REDISMODULE_CMD_KEY_ACCESS);
    /// Reads metadata of the value, but no data that users stored in it.
    pub const LOOK: Self = Self::new(raw::REDISMODULE_CMD_KEY_RO);
    pub const CREATE: Self = Self::new(raw::REDISMODULE_CMD_KEY_OW | raw::REDISMODULE_CMD_KEY_INSERT);
    pub const REPLACE: Self = Self::new(raw::REDISMODULE_CMD_KEY_OW | raw::REDISMODULE_CMD_KEY_UPDATE);
    /// A key specification must have one of `insert` and `update`. This command mostly adds rows, and replaces some
    /// once a set is full.
    pub const ADD: Self = Self::new(raw::REDISMODULE_CMD_KEY_RW | raw::REDISMODULE_CMD_KEY_INSERT);
    pub const UPDATE: Self = Self::new(raw::REDISMODULE_CMD_KEY_RW | raw::REDISMODULE_CMD_KEY_UPDATE);
}

/// An argument in COMMAND DOCS.
#[derive(Clone, Copy)]
pub struct Argument {
    name: &'static CStr,
    kind: raw::RedisModuleCommandArgType,
    token: Option<&'static CStr>,
    flags: u32,
    parts: &'static [Self],
    /// The index of the key specification that describes a key; -1 for other arguments.
    specification: c_int,
}

impl Argument {
    const fn new(name: &'static CStr, kind: raw::RedisModuleCommandArgType) -> Self {
        Self { name, kind, token: None, flags: raw::REDISMODULE_CMD_ARG_NONE, parts: &[], specification: -1 }
    }

    /// The key at position 1.
    pub const KEY: Self = Self::key(c"key", 0);

    /// A key of [`KeyUse::and_reads_counted`].
    pub const fn counted_key(name: &'static CStr) -> Self {
        Self::key(name, 1)
    }

    const fn key(name: &'static CStr, specification: c_int) -> Self {
        let key = Self::new(name, raw::RedisModuleCommandArgType_REDISMODULE_ARG_TYPE_KEY);
        Self { specification, ..key }
    }

    pub const fn text(name: &'static CStr) -> Self {
        Self::new(name, raw::RedisModuleCommandArgType_REDISMODULE_ARG_TYPE_STRING)
    }

    pub const fn integer(name: &'static CStr) -> Self {
        Self::new(name, raw::RedisModuleCommandArgType_REDISMODULE_ARG_TYPE_INTEGER)
    }

    pub const fn number(name: &'static CStr) -> Self {
        Self::new(name, raw::RedisModuleCommandArgType_REDISMODULE_ARG_TYPE_DOUBLE)
    }

    pub const fn word(name: &'static CStr, token: &'static CStr) -> Self {
        Self::new(name, raw::RedisModuleCommandArgType_REDISMODULE_ARG_TYPE_PURE_TOKEN).after(token)
    }

    pub const fn one_of(name: &'static CStr, parts: &'static [Self]) -> Self {
        Self { parts, ..Self::new(name, raw::RedisModuleCommandArgType_REDISMODULE_ARG_TYPE_ONEOF) }
    }

    pub const fn block(name: &'static CStr, parts: &'static [Self]) -> Self {
        Self { parts, ..Self::new(name, raw::RedisModuleCommandArgType_REDISMODULE_ARG_TYPE_BLOCK) }
    }

    /// With a token in front.
    #[must_use]
    pub const fn after(mut self, token: &'static CStr) -> Self {
        self.token = Some(token);
        self
    }

    #[must_use]
    pub const fn optional(mut self) -> Self {
        self.flags |= raw::REDISMODULE_CMD_ARG_OPTIONAL;
        self
    }

    #[must_use]
    pub const fn multiple(mut self) -> Self {
        self.flags |= raw::REDISMODULE_CMD_ARG_MULTIPLE;
        self
    }
}

/// The commands of a module.
#[derive(Clone, Copy)]
pub struct Commands<'a> {
    ctx: Context<'a>,
    /// The module's ACL category, on servers that let modules add one.
    category: &'static CStr,
    /// The version of the module that introduced the commands.
    since: &'static CStr,
}

impl<'a> Commands<'a> {
    /// Adds the ACL category, still without commands.
    pub fn new(ctx: Context<'a>, category: &'static CStr, since: &'static CStr) -> Self {
        // SAFETY: `ctx` is the context of OnLoad, valid until that returns; the name ends with NUL. Redis has the
        // function since 7.4, Valkey since 8.0.
        let status = unsafe { raw::RedisModule_AddACLCategory.map(|add| add(ctx.raw(), category.as_ptr())) };
        if status.is_some_and(|status| status != raw::REDISMODULE_OK as c_int) {
            log::warning(&format!("the server rejected the category of commands @{}", category.to_string_lossy()));
        }
        Self { ctx, category, since }
    }

    /// Registers a command with its documentation and ACL categories.
    pub fn add<C: Command>(self) -> Result<(), String> {
        let (ctx, key) = (self.ctx.raw(), c_int::from(C::ABOUT.key.is_some()));
        let counts = C::ABOUT.key.is_some_and(|key| key.reads_counted);
        let flags = [C::FLAGS.to_bytes(), if counts { b" getkeys-api" } else { b"" }].concat();
        let flags = CString::new(flags).unwrap_or_default();
        // SAFETY: `ctx` is the context of OnLoad, valid until that returns. All strings end with NUL; the server copies
        // name and flags. `describe` and `categorize` get the command that was just created.
        let done = unsafe {
            let (name, run) = (C::NAME.as_ptr(), Some(run::<C> as _));
            call!(RedisModule_CreateCommand(ctx, name, run, flags.as_ptr(), key, key, key))
                == raw::REDISMODULE_OK as c_int
                && {
                    let command = call!(RedisModule_GetCommand(ctx, name));
                    !command.is_null()
                        && describe(command, self.since, &C::ABOUT, C::more_arguments())
                        && categorize(command, self.category, C::FLAGS)
                }
        };
        if done { Ok(()) } else { Err(format!("the server rejected the command {}", C::NAME.to_string_lossy())) }
    }
}

/// Parses an argument that counts the keys after it, at most `most`, exactly as the server does: digits without a
/// leading zero. A more lenient parser would open keys that the server has not checked.
pub fn counted(number: &[u8], most: usize) -> Option<usize> {
    let count = numbers::whole(number).filter(|_| !number.starts_with(b"0"))?;
    usize::try_from(count).ok().filter(|count| *count <= most)
}

/// Reports the positions of a command's keys to the server: the first one, and those counted by argument 2. If argument
/// 2 is not a valid count, no further keys are reported, and the command opens none.
///
/// # Safety
/// The server must have called the command to ask for key positions (`IsKeysPositionRequest`).
unsafe fn report_keys(ctx: Context, first: KeyUse, args: &[&[u8]]) {
    let report = |position: usize, flags: u64| {
        // SAFETY: the caller ensures that `ctx` is the context of a request for key positions.
        unsafe { call!(RedisModule_KeyAtPosWithFlags(ctx.raw(), position as c_int, flags as c_int)) };
    };
    if args.len() > 1 {
        report(1, first.flags);
    }
    let others = args.get(2).and_then(|number| counted(number, args.len() - 3)).unwrap_or(0);
    (3..3 + others).for_each(|position| report(position, KeyUse::READ.flags));
}

/// Sets the documentation and key specifications of a command; false if the server rejects them.
///
/// # Safety
/// `command` must have been created just now, while the module is loaded.
unsafe fn describe(command: *mut raw::RedisModuleCommand, since: &CStr, about: &About, more: &[Argument]) -> bool {
    let mut arguments = Arguments::new(&[about.arguments, more].concat());
    let mut keys: Vec<raw::RedisModuleCommandKeySpec> = Vec::new();
    // SAFETY: the specifications consist of integers, pointers and a union of them, for which zeros are valid; a zeroed
    // one ends the list, as the API demands. `command` is valid by the caller's promise. `keys`, `arguments` and all
    // strings outlive the call, in which the server copies them.
    unsafe {
        if let Some(KeyUse { flags, reads_counted }) = about.key {
            let mut spec: raw::RedisModuleCommandKeySpec = std::mem::zeroed();
            spec.flags = flags;
            spec.begin_search_type = raw::RedisModuleKeySpecBeginSearchType_REDISMODULE_KSPEC_BS_INDEX;
            spec.bs.index.pos = 1;
            spec.find_keys_type = raw::RedisModuleKeySpecFindKeysType_REDISMODULE_KSPEC_FK_RANGE;
            spec.fk.range.lastkey = 0;
            spec.fk.range.keystep = 1;
            keys.push(spec);
            if reads_counted {
                let mut spec: raw::RedisModuleCommandKeySpec = std::mem::zeroed();
                spec.flags = KeyUse::READ.flags;
                spec.begin_search_type = raw::RedisModuleKeySpecBeginSearchType_REDISMODULE_KSPEC_BS_INDEX;
                spec.bs.index.pos = 2;
                spec.find_keys_type = raw::RedisModuleKeySpecFindKeysType_REDISMODULE_KSPEC_FK_KEYNUM;
                spec.fk.keynum.keynumidx = 0;
                spec.fk.keynum.firstkey = 1;
                spec.fk.keynum.keystep = 1;
                keys.push(spec);
            }
        }
        keys.push(std::mem::zeroed());
        let info = raw::RedisModuleCommandInfo {
            version: &raw const VERSION,
            summary: about.summary.as_ptr(),
            complexity: about.complexity.as_ptr(),
            since: since.as_ptr(),
            history: ptr::null_mut(),
            tips: ptr::null(),
            arity: about.arity,
            key_specs: keys.as_mut_ptr(),
            args: arguments.list.as_mut_ptr(),
        };
        call!(RedisModule_SetCommandInfo(command, &raw const info)) == raw::REDISMODULE_OK as c_int
    }
}

/// Adds a command to the ACL categories that follow from its flags, which the server does only for its own commands,
/// and to the module's. An `admin` command is in `admin` and `dangerous` only, so that granting another category does
/// not grant it.
///
/// # Safety
/// `command` must have been created just now, while the module is loaded.
unsafe fn categorize(command: *mut raw::RedisModuleCommand, category: &CStr, flags: &CStr) -> bool {
    let flags: Vec<&str> = flags.to_str().unwrap_or_default().split(' ').collect();
    // SAFETY: the table is written once, at load, and the entry is only compared with null.
    let has_own = unsafe { { raw::RedisModule_AddACLCategory }.is_some() };
    let mut categories = Vec::new();
    if flags.contains(&"admin") {
        categories.push("admin dangerous");
    } else {
        for (flag, implied) in [("readonly", "read"), ("write", "write"), ("blocking", "blocking")] {
            if flags.contains(&flag) {
                categories.push(implied);
            }
        }
        categories.push(if flags.contains(&"fast") { "fast" } else { "slow" });
        if has_own {
            categories.push(category.to_str().unwrap_or_default());
        }
    }
    // SAFETY: the caller ensures that `command` is valid; the list of categories ends with NUL, and the server only
    // reads it. Redis has SetCommandACLCategories since 7.2 and AddACLCategory since 7.4.
    unsafe {
        let Some(set) = raw::RedisModule_SetCommandACLCategories else { return true };
        let categories = CString::new(categories.join(" ")).unwrap_or_default();
        set(command, categories.as_ptr()) == raw::REDISMODULE_OK as c_int
    }
}

/// The sizes of the structures that the module was compiled with.
static VERSION: raw::RedisModuleCommandInfoVersion = raw::RedisModuleCommandInfoVersion {
    version: 1,
    sizeof_historyentry: size_of::<raw::RedisModuleCommandHistoryEntry>(),
    sizeof_keyspec: size_of::<raw::RedisModuleCommandKeySpec>(),
    sizeof_arg: size_of::<raw::RedisModuleCommandArg>(),
};

/// A list of arguments as the API expects it, and the lists of parts that it points at.
struct Arguments {
    list: Vec<raw::RedisModuleCommandArg>,
    _parts: Vec<Self>,
}

impl Arguments {
    fn new(arguments: &[Argument]) -> Self {
        let mut parts: Vec<Self> = arguments.iter().map(|argument| Self::new(argument.parts)).collect();
        let mut list: Vec<_> = arguments
            .iter()
            .zip(&mut parts)
            .map(|(argument, parts)| raw::RedisModuleCommandArg {
                name: argument.name.as_ptr(),
                type_: argument.kind,
                key_spec_index: argument.specification,
                token: argument.token.map_or(ptr::null(), CStr::as_ptr),
                summary: ptr::null(),
                since: ptr::null(),
                flags: argument.flags as c_int,
                deprecated_since: ptr::null(),
                subargs: if argument.parts.is_empty() { ptr::null_mut() } else { parts.list.as_mut_ptr() },
                display_text: ptr::null(),
            })
            .collect();
        // SAFETY: the structure consists of integers and raw pointers, for which zero is valid. An entry with a null
        // name ends the list.
        list.push(unsafe { std::mem::zeroed() });
        Self { list, _parts: parts }
    }
}

/// The callback of every command.
extern "C" fn run<C: Command>(
    ctx: *mut raw::RedisModuleCtx,
    argv: *mut *mut raw::RedisModuleString,
    argc: c_int,
) -> c_int {
    // SAFETY: the server passes `argc` strings at `argv`, and keeps them and `ctx` valid until this callback returns.
    let ctx = unsafe { Context::of_command(ctx, argv, argc) };
    let mut arguments = strings::Arguments::new();
    if let Some(key) = C::ABOUT.key.filter(|key| key.reads_counted) {
        // SAFETY: the server keeps `ctx` and the `argc` strings at `argv` valid until this callback returns.
        // `report_keys` runs only if this call is a request for key positions.
        unsafe {
            if call!(RedisModule_IsKeysPositionRequest(ctx.raw())) != 0 {
                strings::arguments(argv, argc, &mut arguments);
                report_keys(ctx, key, &arguments);
                return raw::REDISMODULE_OK as c_int;
            }
        }
    }
    let arity = C::ABOUT.arity;
    // The server has checked the arity, except for commands from an AOF.
    if !(argc == arity || arity < 0 && argc >= -arity) {
        reply::wrong_arity(ctx);
        return raw::REDISMODULE_OK as c_int;
    }
    let result = boundary::guard(|| {
        // SAFETY: the server keeps the `argc` strings at `argv` valid and unchanged until this callback returns.
        unsafe { strings::arguments(argv, argc, &mut arguments) };
        C::run(ctx, arguments.get(1..).unwrap_or_default()).map_err(|refusal| refusal.to_string())
    });
    boundary::guard(|| match result {
        Some(Ok(answer)) => answer.send(ctx),
        Some(Err(refusal)) => reply::error(ctx, &refusal),
        None => reply::error(ctx, reply::INTERNAL_ERROR),
    });
    raw::REDISMODULE_OK as c_int
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::ffi::c_char;

    use super::*;

    thread_local! {
        static ANSWERS: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
    }

    /// A server that records error replies.
    unsafe extern "C" fn noted(_: *mut raw::RedisModuleCtx, text: *const c_char) -> c_int {
        // SAFETY: `reply::error` passes a string that ends with NUL.
        let text = unsafe { CStr::from_ptr(text) }.to_string_lossy().into_owned();
        ANSWERS.with_borrow_mut(|answers| answers.push(text));
        0
    }

    /// A command that panics: it reads an argument that its arity does not require.
    struct Faulty;

    impl Command for Faulty {
        const NAME: &CStr = c"faulty";
        const FLAGS: &CStr = c"";
        const ABOUT: About = About { summary: c"", complexity: c"", arity: 0, key: None, arguments: &[] };

        fn run(_: Context, args: &[&[u8]]) -> Result<Reply, impl Display> {
            Ok::<_, String>(Reply::Bulk(args[0].to_vec()))
        }
    }

    #[test]
    fn a_number_of_keys_is_parsed_as_the_server_parses_it() {
        assert_eq!([&b"1"[..], b"2", b"10"].map(|number| counted(number, 9)), [Some(1), Some(2), None]);
        for number in ["", "0", "02", "+2", "-1", "2 ", " 2", "2.0", "0x2", "x", "99999999999999999999"] {
            assert_eq!(counted(number.as_bytes(), 9), None, "{number}");
        }
    }

    #[test]
    fn a_panic_in_a_command_becomes_an_error_reply() {
        // SAFETY: no other test of this crate uses this entry of the table.
        unsafe { raw::RedisModule_ReplyWithError = Some(noted) };
        for _ in 0..3 {
            let done = run::<Faulty>(ptr::null_mut(), ptr::null_mut(), 0);
            assert_eq!(done, raw::REDISMODULE_OK as c_int);
        }
        let answers = ANSWERS.take();
        assert_eq!(answers, ["ERR internal error: the server's log says more"; 3]);
    }
}
