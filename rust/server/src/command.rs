//! Commands: one type each, one boundary for all, and what COMMAND says about them.

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
    /// The server's words for what it does, separated by spaces.
    const FLAGS: &CStr;
    /// What COMMAND DOCS and COMMAND INFO say.
    const ABOUT: About;

    /// Arguments that follow those of [`About::arguments`], for COMMAND DOCS.
    fn more_arguments() -> &'static [Argument] {
        &[]
    }

    /// `args` are those after the command's own name, as many as [`About::arity`] allows. An error is the text of the reply,
    /// which begins with its code.
    fn run(ctx: Context, args: &[&[u8]]) -> Result<Reply, impl Display>;
}

/// What the server says about a command.
pub struct About {
    pub summary: &'static CStr,
    pub complexity: &'static CStr,
    /// Arguments with the command's name; below 0, at least as many as its opposite.
    pub arity: c_int,
    /// What becomes of the key at position 1, if there is one.
    pub key: Option<KeyUse>,
    pub arguments: &'static [Argument],
}

/// What a command does with its key, in the server's flags, and whether it reads others.
#[derive(Clone, Copy)]
pub struct KeyUse {
    flags: u64,
    /// Whether keys follow that are read, after their number at position 2.
    reads_counted: bool,
}

impl KeyUse {
    const fn new(flags: u32) -> Self {
        Self { flags: flags as u64, reads_counted: false }
    }

    /// Other keys are read, too: those after their number, which stands at position 2. Fixed places, so that access rules and
    /// clients see the keys without asking the module. A cluster asks it: by itself it sees the first key only.
    #[must_use]
    pub const fn and_reads_counted(mut self) -> Self {
        self.reads_counted = true;
        self
    }

    pub const READ: Self = Self::new(raw::REDISMODULE_CMD_KEY_RO | raw::REDISMODULE_CMD_KEY_ACCESS);
    /// Tells of the key without telling what users put there.
    pub const LOOK: Self = Self::new(raw::REDISMODULE_CMD_KEY_RO);
    pub const CREATE: Self = Self::new(raw::REDISMODULE_CMD_KEY_OW | raw::REDISMODULE_CMD_KEY_INSERT);
    pub const REPLACE: Self = Self::new(raw::REDISMODULE_CMD_KEY_OW | raw::REDISMODULE_CMD_KEY_UPDATE);
    /// The server wants one of insert and update: rows are added, until some are replaced.
    pub const ADD: Self = Self::new(raw::REDISMODULE_CMD_KEY_RW | raw::REDISMODULE_CMD_KEY_INSERT);
    pub const UPDATE: Self = Self::new(raw::REDISMODULE_CMD_KEY_RW | raw::REDISMODULE_CMD_KEY_UPDATE);
}

/// An argument, for COMMAND DOCS.
#[derive(Clone, Copy)]
pub struct Argument {
    name: &'static CStr,
    kind: raw::RedisModuleCommandArgType,
    token: Option<&'static CStr>,
    flags: u32,
    parts: &'static [Self],
    /// Which of the command's keys it is, for a key.
    specification: c_int,
}

impl Argument {
    const fn new(name: &'static CStr, kind: raw::RedisModuleCommandArgType) -> Self {
        Self { name, kind, token: None, flags: raw::REDISMODULE_CMD_ARG_NONE, parts: &[], specification: -1 }
    }

    /// The key at position 1.
    pub const KEY: Self = Self::key(c"key", 0);

    /// One of the keys of [`KeyUse::and_reads_counted`].
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

    /// With a word before it.
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
    /// The module's own category of commands, where the server lets a module have one.
    category: &'static CStr,
    /// The version of the module in which the commands came.
    since: &'static CStr,
}

impl<'a> Commands<'a> {
    /// Adds the category. It has no commands yet.
    pub fn new(ctx: Context<'a>, category: &'static CStr, since: &'static CStr) -> Self {
        // SAFETY: the context of OnLoad. Redis has the function since 7.4, Valkey since 8.0.
        let status = unsafe { raw::RedisModule_AddACLCategory.map(|add| add(ctx.raw(), category.as_ptr())) };
        if status.is_some_and(|status| status != raw::REDISMODULE_OK as c_int) {
            log::warning(&format!("the server refused the category of commands @{}", category.to_string_lossy()));
        }
        Self { ctx, category, since }
    }

    /// Makes a command known to the server.
    pub fn add<C: Command>(self) -> Result<(), String> {
        let (ctx, key) = (self.ctx.raw(), c_int::from(C::ABOUT.key.is_some()));
        let counts = C::ABOUT.key.is_some_and(|key| key.reads_counted);
        let flags = [C::FLAGS.to_bytes(), if counts { b" getkeys-api" } else { b"" }].concat();
        let flags = CString::new(flags).unwrap_or_default();
        // SAFETY: the context of OnLoad; the strings end with NUL, the name is static, and the server copies the flags.
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
        if done { Ok(()) } else { Err(format!("the server refused the command {}", C::NAME.to_string_lossy())) }
    }
}

/// The number of keys that an argument says are after it, of at most so many, as the server understands it: in digits, of which
/// the first is not 0. Whoever takes another for a number opens keys that the server has not seen.
pub fn counted(number: &[u8], most: usize) -> Option<usize> {
    let count = numbers::whole(number).filter(|_| !number.starts_with(b"0"))?;
    usize::try_from(count).ok().filter(|count| *count <= most)
}

/// Tells the server where the keys of a command are whose first one is followed by the number of others. If that is none, the
/// command opens none of these.
///
/// # Safety
/// In a call of the command that asks for them.
unsafe fn tell_keys(ctx: Context, first: KeyUse, args: &[&[u8]]) {
    let tell = |position: usize, flags: u64| {
        // SAFETY: the caller's.
        unsafe { call!(RedisModule_KeyAtPosWithFlags(ctx.raw(), position as c_int, flags as c_int)) };
    };
    if args.len() > 1 {
        tell(1, first.flags);
    }
    let others = args.get(2).and_then(|number| counted(number, args.len() - 3)).unwrap_or(0);
    (3..3 + others).for_each(|position| tell(position, KeyUse::READ.flags));
}

/// # Safety
/// With a command that was just created.
unsafe fn describe(command: *mut raw::RedisModuleCommand, since: &CStr, about: &About, more: &[Argument]) -> bool {
    let mut arguments = Arguments::new(&[about.arguments, more].concat());
    let mut keys: Vec<raw::RedisModuleCommandKeySpec> = Vec::new();
    // SAFETY: all zeros are the absent fields of the server's own initializers, and end its lists. What is pointed at
    // outlives the call, in which the server copies it.
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

/// Puts a command into the server's categories by its flags, which the server does for its own commands alone, and into the
/// module's. An administrator's command is in no other category, so that none but an administrator is granted it by one.
///
/// # Safety
/// With a command that was just created.
unsafe fn categorize(command: *mut raw::RedisModuleCommand, category: &CStr, flags: &CStr) -> bool {
    let flags: Vec<&str> = flags.to_str().unwrap_or_default().split(' ').collect();
    // SAFETY: a pointer that is written once, at load, is compared.
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
    // SAFETY: the caller's command; the strings end with NUL. Redis has the one function since 7.2, the other since 7.4.
    unsafe {
        let Some(set) = raw::RedisModule_SetCommandACLCategories else { return true };
        let categories = CString::new(categories.join(" ")).unwrap_or_default();
        set(command, categories.as_ptr()) == raw::REDISMODULE_OK as c_int
    }
}

/// The sizes of the structures that this library was built with.
static VERSION: raw::RedisModuleCommandInfoVersion = raw::RedisModuleCommandInfoVersion {
    version: 1,
    sizeof_historyentry: size_of::<raw::RedisModuleCommandHistoryEntry>(),
    sizeof_keyspec: size_of::<raw::RedisModuleCommandKeySpec>(),
    sizeof_arg: size_of::<raw::RedisModuleCommandArg>(),
};

/// A list of arguments as C has it, with the lists that it points at.
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
        // SAFETY: numbers and pointers, for all of which zero is a value; a name of null ends the list.
        list.push(unsafe { std::mem::zeroed() });
        Self { list, _parts: parts }
    }
}

extern "C" fn run<C: Command>(
    ctx: *mut raw::RedisModuleCtx,
    argv: *mut *mut raw::RedisModuleString,
    argc: c_int,
) -> c_int {
    // SAFETY: the server's strings, which live until the command returns.
    let ctx = unsafe { Context::of_command(ctx, argv, argc) };
    if let Some(key) = C::ABOUT.key.filter(|key| key.reads_counted) {
        // SAFETY: a live context; the server's strings, which live until the command returns.
        unsafe {
            if call!(RedisModule_IsKeysPositionRequest(ctx.raw())) != 0 {
                tell_keys(ctx, key, &strings::arguments(argv, argc));
                return raw::REDISMODULE_OK as c_int;
            }
        }
    }
    let arity = C::ABOUT.arity;
    // The server has looked, but for commands from an AOF.
    if !(argc == arity || arity < 0 && argc >= -arity) {
        reply::wrong_arity(ctx);
        return raw::REDISMODULE_OK as c_int;
    }
    let result = boundary::guard(|| {
        // SAFETY: the server's strings, which live until the command returns.
        let arguments = unsafe { strings::arguments(argv, argc) };
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

    /// A server that notes down errors.
    unsafe extern "C" fn noted(_: *mut raw::RedisModuleCtx, text: *const c_char) -> c_int {
        // SAFETY: what `reply::error` passes ends with NUL.
        let text = unsafe { CStr::from_ptr(text) }.to_string_lossy().into_owned();
        ANSWERS.with_borrow_mut(|answers| answers.push(text));
        0
    }

    /// A command with a bug: it takes for granted an argument that it does not ask for.
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
    fn a_number_of_keys_is_what_the_server_takes_for_one() {
        assert_eq!([&b"1"[..], b"2", b"10"].map(|number| counted(number, 9)), [Some(1), Some(2), None]);
        for number in ["", "0", "02", "+2", "-1", "2 ", " 2", "2.0", "0x2", "x", "99999999999999999999"] {
            assert_eq!(counted(number.as_bytes(), 9), None, "{number}");
        }
    }

    #[test]
    fn a_bug_in_a_command_is_an_error_and_no_end_of_the_server() {
        // SAFETY: no other test reads or writes this entry of the table.
        unsafe { raw::RedisModule_ReplyWithError = Some(noted) };
        for _ in 0..3 {
            let done = run::<Faulty>(ptr::null_mut(), ptr::null_mut(), 0);
            assert_eq!(done, raw::REDISMODULE_OK as c_int);
        }
        let answers = ANSWERS.take();
        assert_eq!(answers, ["ERR internal error: the server's log says more"; 3]);
    }
}
