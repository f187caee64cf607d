//! Declarations of the module API (`redismodule.h`, which Redis and Valkey share), as far as this crate uses it.
//!
//! bindgen generated them (for `redis-module` 2.0.8, BSD-3-Clause). To add a declaration, copy it from bindgen's output
//! for that header. The functions are looked up by name when the module is loaded; a function that the server lacks
//! stays `None`.

#![allow(missing_docs, non_camel_case_types, non_snake_case, non_upper_case_globals)]

use std::ffi::{c_char, c_int, c_long, c_longlong, c_uchar, c_uint, c_ulong, c_ulonglong, c_void};

pub const REDISMODULE_OK: isize = 0;
pub const REDISMODULE_ERR: isize = 1;
pub const REDISMODULE_APIVER_1: u32 = 1;
pub const REDISMODULE_READ: u32 = 1;
pub const REDISMODULE_WRITE: u32 = 2;
pub const REDISMODULE_KEYTYPE_EMPTY: isize = 0;
pub const REDISMODULE_KEYTYPE_HASH: isize = 3;
pub const REDISMODULE_HASH_NONE: u32 = 0;
pub const REDISMODULE_REPLY_ERROR: isize = 1;
pub const REDISMODULE_CONFIG_DEFAULT: u32 = 0;
pub const REDISMODULE_CONFIG_IMMUTABLE: u32 = 1;
pub const REDISMODULE_CONFIG_MEMORY: u32 = 128;
pub const REDISMODULE_CTX_FLAGS_LUA: u32 = 1;
pub const REDISMODULE_CTX_FLAGS_MULTI: u32 = 2;
pub const REDISMODULE_CTX_FLAGS_MASTER: u32 = 4;
pub const REDISMODULE_CTX_FLAGS_READONLY: u32 = 16;
pub const REDISMODULE_CTX_FLAGS_EVICT: u32 = 512;
pub const REDISMODULE_CTX_FLAGS_OOM: u32 = 1024;
pub const REDISMODULE_CTX_FLAGS_REPLICATED: u32 = 4096;
pub const REDISMODULE_CTX_FLAGS_LOADING: u32 = 8192;
pub const REDISMODULE_CTX_FLAGS_DENY_BLOCKING: u32 = 1 << 21;
pub const REDISMODULE_CTX_FLAGS_RESP3: u32 = 1 << 22;
pub const REDISMODULE_CTX_FLAGS_ASYNC_LOADING: u32 = 1 << 23;
pub const REDISMODULE_NOTIFY_GENERIC: c_int = 4;
pub const REDISMODULE_NOTIFY_MODULE: c_int = 8192;
pub const REDISMODULE_OPTIONS_HANDLE_IO_ERRORS: u32 = 1;
pub const REDISMODULE_OPTIONS_HANDLE_REPL_ASYNC_LOAD: u32 = 4;
pub const REDISMODULE_CMD_ARG_NONE: u32 = 0;
pub const REDISMODULE_CMD_ARG_OPTIONAL: u32 = 1;
pub const REDISMODULE_CMD_ARG_MULTIPLE: u32 = 2;
pub const REDISMODULE_CMD_KEY_RO: u32 = 1;
pub const REDISMODULE_CMD_KEY_RW: u32 = 2;
pub const REDISMODULE_CMD_KEY_OW: u32 = 4;
pub const REDISMODULE_CMD_KEY_ACCESS: u32 = 16;
pub const REDISMODULE_CMD_KEY_UPDATE: u32 = 32;
pub const REDISMODULE_CMD_KEY_INSERT: u32 = 64;
pub const REDISMODULE_EVENT_REPLICATION_ROLE_CHANGED: u64 = 0;
pub const REDISMODULE_EVENT_FLUSHDB: u64 = 2;
pub const REDISMODULE_EVENT_LOADING: u64 = 3;
pub const REDISMODULE_EVENT_CLIENT_CHANGE: u64 = 4;
pub const REDISMODULE_EVENT_SHUTDOWN: u64 = 5;
pub const REDISMODULE_EVENT_REPLICA_CHANGE: u64 = 6;
pub const REDISMODULE_EVENT_SWAPDB: u64 = 11;
pub const REDISMODULE_EVENT_FORK_CHILD: u64 = 13;
pub const REDISMODULE_SUBEVENT_LOADING_ENDED: u64 = 3;
pub const REDISMODULE_SUBEVENT_LOADING_FAILED: u64 = 4;
pub const REDISMODULE_SUBEVENT_CLIENT_CHANGE_DISCONNECTED: u64 = 1;
pub const REDISMODULE_EVENT_REPLROLECHANGED_NOW_REPLICA: u64 = 1;
pub const RedisModuleCommandArgType_REDISMODULE_ARG_TYPE_STRING: RedisModuleCommandArgType = 0;
pub const RedisModuleCommandArgType_REDISMODULE_ARG_TYPE_INTEGER: RedisModuleCommandArgType = 1;
pub const RedisModuleCommandArgType_REDISMODULE_ARG_TYPE_DOUBLE: RedisModuleCommandArgType = 2;
pub const RedisModuleCommandArgType_REDISMODULE_ARG_TYPE_KEY: RedisModuleCommandArgType = 3;
pub const RedisModuleCommandArgType_REDISMODULE_ARG_TYPE_PURE_TOKEN: RedisModuleCommandArgType = 6;
pub const RedisModuleCommandArgType_REDISMODULE_ARG_TYPE_ONEOF: RedisModuleCommandArgType = 7;
pub const RedisModuleCommandArgType_REDISMODULE_ARG_TYPE_BLOCK: RedisModuleCommandArgType = 8;
pub const RedisModuleKeySpecBeginSearchType_REDISMODULE_KSPEC_BS_INDEX: RedisModuleKeySpecBeginSearchType = 2;
pub const RedisModuleKeySpecFindKeysType_REDISMODULE_KSPEC_FK_RANGE: RedisModuleKeySpecFindKeysType = 2;
pub const RedisModuleKeySpecFindKeysType_REDISMODULE_KSPEC_FK_KEYNUM: RedisModuleKeySpecFindKeysType = 3;

/// Types whose contents only the server knows.
macro_rules! opaque {
    ($($name:ident)+) => {
        $(#[repr(C)]
        pub struct $name {
            _unused: [u8; 0],
        })+
    };
}

opaque! {
    RedisModuleString RedisModuleKey RedisModuleCtx RedisModuleDefragCtx RedisModuleIO RedisModuleDigest
    RedisModuleInfoCtx RedisModuleCommand RedisModuleCallReply RedisModuleType RedisModuleBlockedClient
    RedisModuleServerInfoData RedisModuleScanCursor RedisModuleUser RedisModuleKeyOptCtx
}

pub type mstime_t = c_longlong;
pub type RedisModuleTimerID = u64;
pub type RedisModuleCommandArgType = c_uint;
pub type RedisModuleKeySpecBeginSearchType = c_uint;
pub type RedisModuleKeySpecFindKeysType = c_uint;
#[repr(C)]
#[derive(Clone, Copy)]
pub struct RedisModuleCommandArg {
    pub name: *const c_char,
    pub type_: RedisModuleCommandArgType,
    pub key_spec_index: c_int,
    pub token: *const c_char,
    pub summary: *const c_char,
    pub since: *const c_char,
    pub flags: c_int,
    pub deprecated_since: *const c_char,
    pub subargs: *mut RedisModuleCommandArg,
    pub display_text: *const c_char,
}
#[repr(C)]
#[derive(Clone, Copy)]
pub struct RedisModuleCommandHistoryEntry {
    pub since: *const c_char,
    pub changes: *const c_char,
}
#[repr(C)]
#[derive(Clone, Copy)]
pub struct RedisModuleCommandKeySpec {
    pub notes: *const c_char,
    pub flags: u64,
    pub begin_search_type: RedisModuleKeySpecBeginSearchType,
    pub bs: RedisModuleKeySpecBeginSearch,
    pub find_keys_type: RedisModuleKeySpecFindKeysType,
    pub fk: RedisModuleKeySpecFindKeys,
}
#[repr(C)]
#[derive(Clone, Copy)]
pub union RedisModuleKeySpecBeginSearch {
    pub index: RedisModuleKeySpecIndex,
    pub keyword: RedisModuleKeySpecKeyword,
}
#[repr(C)]
#[derive(Clone, Copy)]
pub struct RedisModuleKeySpecIndex {
    pub pos: c_int,
}
#[repr(C)]
#[derive(Clone, Copy)]
pub struct RedisModuleKeySpecKeyword {
    pub keyword: *const c_char,
    pub startfrom: c_int,
}
#[repr(C)]
#[derive(Clone, Copy)]
pub union RedisModuleKeySpecFindKeys {
    pub range: RedisModuleKeySpecRange,
    pub keynum: RedisModuleKeySpecKeyNum,
}
#[repr(C)]
#[derive(Clone, Copy)]
pub struct RedisModuleKeySpecRange {
    pub lastkey: c_int,
    pub keystep: c_int,
    pub limit: c_int,
}
#[repr(C)]
#[derive(Clone, Copy)]
pub struct RedisModuleKeySpecKeyNum {
    pub keynumidx: c_int,
    pub firstkey: c_int,
    pub keystep: c_int,
}
#[repr(C)]
#[derive(Clone, Copy)]
pub struct RedisModuleCommandInfoVersion {
    pub version: c_int,
    pub sizeof_historyentry: usize,
    pub sizeof_keyspec: usize,
    pub sizeof_arg: usize,
}
#[repr(C)]
#[derive(Clone, Copy)]
pub struct RedisModuleCommandInfo {
    pub version: *const RedisModuleCommandInfoVersion,
    pub summary: *const c_char,
    pub complexity: *const c_char,
    pub since: *const c_char,
    pub history: *mut RedisModuleCommandHistoryEntry,
    pub tips: *const c_char,
    pub arity: c_int,
    pub key_specs: *mut RedisModuleCommandKeySpec,
    pub args: *mut RedisModuleCommandArg,
}
pub type RedisModuleEventLoopOneShotFunc = Option<unsafe extern "C" fn(user_data: *mut c_void)>;
#[repr(C)]
#[derive(Clone, Copy)]
pub struct RedisModuleEvent {
    pub id: u64,
    pub dataver: u64,
}
pub type RedisModuleEventCallback =
    Option<unsafe extern "C" fn(ctx: *mut RedisModuleCtx, eid: RedisModuleEvent, subevent: u64, data: *mut c_void)>;
#[repr(C)]
#[derive(Clone, Copy)]
pub struct RedisModuleClientInfo {
    pub version: u64,
    pub flags: u64,
    pub id: u64,
    pub addr: [c_char; 46],
    pub port: u16,
    pub db: u16,
}
#[repr(C)]
#[derive(Clone, Copy)]
pub struct RedisModuleFlushInfo {
    pub version: u64,
    pub sync: i32,
    pub dbnum: i32,
}
#[repr(C)]
#[derive(Clone, Copy)]
pub struct RedisModuleSwapDbInfo {
    pub version: u64,
    pub dbnum_first: i32,
    pub dbnum_second: i32,
}
pub type RedisModuleInfoFunc = Option<unsafe extern "C" fn(ctx: *mut RedisModuleInfoCtx, for_crash_report: c_int)>;
pub type RedisModuleCmdFunc =
    Option<unsafe extern "C" fn(ctx: *mut RedisModuleCtx, argv: *mut *mut RedisModuleString, argc: c_int) -> c_int>;
pub type RedisModuleDisconnectFunc =
    Option<unsafe extern "C" fn(ctx: *mut RedisModuleCtx, bc: *mut RedisModuleBlockedClient)>;
pub type RedisModuleNotificationFunc = Option<
    unsafe extern "C" fn(
        ctx: *mut RedisModuleCtx,
        type_: c_int,
        event: *const c_char,
        key: *mut RedisModuleString,
    ) -> c_int,
>;
pub type RedisModulePostNotificationJobFunc = Option<unsafe extern "C" fn(ctx: *mut RedisModuleCtx, pd: *mut c_void)>;
pub type RedisModuleTypeLoadFunc = Option<unsafe extern "C" fn(rdb: *mut RedisModuleIO, encver: c_int) -> *mut c_void>;
pub type RedisModuleTypeSaveFunc = Option<unsafe extern "C" fn(rdb: *mut RedisModuleIO, value: *mut c_void)>;
pub type RedisModuleTypeAuxLoadFunc =
    Option<unsafe extern "C" fn(rdb: *mut RedisModuleIO, encver: c_int, when: c_int) -> c_int>;
pub type RedisModuleTypeAuxSaveFunc = Option<unsafe extern "C" fn(rdb: *mut RedisModuleIO, when: c_int)>;
pub type RedisModuleTypeRewriteFunc =
    Option<unsafe extern "C" fn(aof: *mut RedisModuleIO, key: *mut RedisModuleString, value: *mut c_void)>;
pub type RedisModuleTypeMemUsageFunc = Option<unsafe extern "C" fn(value: *const c_void) -> usize>;
pub type RedisModuleTypeMemUsageFunc2 =
    Option<unsafe extern "C" fn(ctx: *mut RedisModuleKeyOptCtx, value: *const c_void, sample_size: usize) -> usize>;
pub type RedisModuleTypeDigestFunc = Option<unsafe extern "C" fn(digest: *mut RedisModuleDigest, value: *mut c_void)>;
pub type RedisModuleTypeFreeFunc = Option<unsafe extern "C" fn(value: *mut c_void)>;
pub type RedisModuleTypeFreeEffortFunc =
    Option<unsafe extern "C" fn(key: *mut RedisModuleString, value: *const c_void) -> usize>;
pub type RedisModuleTypeFreeEffortFunc2 =
    Option<unsafe extern "C" fn(ctx: *mut RedisModuleKeyOptCtx, value: *const c_void) -> usize>;
pub type RedisModuleTypeUnlinkFunc = Option<unsafe extern "C" fn(key: *mut RedisModuleString, value: *const c_void)>;
pub type RedisModuleTypeUnlinkFunc2 =
    Option<unsafe extern "C" fn(ctx: *mut RedisModuleKeyOptCtx, value: *const c_void)>;
pub type RedisModuleTypeCopyFunc = Option<
    unsafe extern "C" fn(
        fromkey: *mut RedisModuleString,
        tokey: *mut RedisModuleString,
        value: *const c_void,
    ) -> *mut c_void,
>;
pub type RedisModuleTypeCopyFunc2 =
    Option<unsafe extern "C" fn(ctx: *mut RedisModuleKeyOptCtx, value: *const c_void) -> *mut c_void>;
pub type RedisModuleTypeDefragFunc = Option<
    unsafe extern "C" fn(ctx: *mut RedisModuleDefragCtx, key: *mut RedisModuleString, value: *mut *mut c_void) -> c_int,
>;
pub type RedisModuleTimerProc = Option<unsafe extern "C" fn(ctx: *mut RedisModuleCtx, data: *mut c_void)>;
pub type RedisModuleScanCB = Option<
    unsafe extern "C" fn(
        ctx: *mut RedisModuleCtx,
        keyname: *mut RedisModuleString,
        key: *mut RedisModuleKey,
        privdata: *mut c_void,
    ),
>;
pub type RedisModuleConfigGetNumericFunc =
    Option<unsafe extern "C" fn(name: *const c_char, privdata: *mut c_void) -> c_longlong>;
pub type RedisModuleConfigGetBoolFunc =
    Option<unsafe extern "C" fn(name: *const c_char, privdata: *mut c_void) -> c_int>;
pub type RedisModuleConfigSetNumericFunc = Option<
    unsafe extern "C" fn(
        name: *const c_char,
        val: c_longlong,
        privdata: *mut c_void,
        err: *mut *mut RedisModuleString,
    ) -> c_int,
>;
pub type RedisModuleConfigSetBoolFunc = Option<
    unsafe extern "C" fn(
        name: *const c_char,
        val: c_int,
        privdata: *mut c_void,
        err: *mut *mut RedisModuleString,
    ) -> c_int,
>;
pub type RedisModuleConfigApplyFunc = Option<
    unsafe extern "C" fn(ctx: *mut RedisModuleCtx, privdata: *mut c_void, err: *mut *mut RedisModuleString) -> c_int,
>;
#[repr(C)]
#[derive(Clone, Copy)]
pub struct RedisModuleTypeMethods {
    pub version: u64,
    pub rdb_load: RedisModuleTypeLoadFunc,
    pub rdb_save: RedisModuleTypeSaveFunc,
    pub aof_rewrite: RedisModuleTypeRewriteFunc,
    pub mem_usage: RedisModuleTypeMemUsageFunc,
    pub digest: RedisModuleTypeDigestFunc,
    pub free: RedisModuleTypeFreeFunc,
    pub aux_load: RedisModuleTypeAuxLoadFunc,
    pub aux_save: RedisModuleTypeAuxSaveFunc,
    pub aux_save_triggers: c_int,
    pub free_effort: RedisModuleTypeFreeEffortFunc,
    pub unlink: RedisModuleTypeUnlinkFunc,
    pub copy: RedisModuleTypeCopyFunc,
    pub defrag: RedisModuleTypeDefragFunc,
    pub mem_usage2: RedisModuleTypeMemUsageFunc2,
    pub free_effort2: RedisModuleTypeFreeEffortFunc2,
    pub unlink2: RedisModuleTypeUnlinkFunc2,
    pub copy2: RedisModuleTypeCopyFunc2,
    pub aux_save2: RedisModuleTypeAuxSaveFunc,
}

/// Declares the table of functions, and `look_up`, which fills it.
macro_rules! functions {
    ($($name:ident: $type:ty;)+) => {
        $(pub static mut $name: Option<$type> = None;)+

        /// Looks up each function in the server. Nothing may be allocated before, since the table contains the
        /// allocator.
        ///
        /// # Safety
        /// Must be called once, with the context of `RedisModule_OnLoad`, before the module starts a thread.
        pub(crate) unsafe fn look_up(ctx: *mut RedisModuleCtx) {
            // SAFETY: as `RedisModule_Init` of the header assumes, the first word of a context is the address of the
            // function that looks up the others.
            let get = unsafe { *ctx.cast::<Option<unsafe extern "C" fn(*const c_char, *mut c_void) -> c_int>>() };
            let Some(get) = get else { return };
            $(
                // SAFETY: the server writes a pointer to the function of this name and type, or nothing; no other
                // thread reads the table yet. `Option<fn>` has the layout of a pointer.
                unsafe { get(concat!(stringify!($name), "\0").as_ptr().cast(), (&raw mut $name).cast()) };
            )+
        }
    };
}

functions! {
    RedisModule_Alloc: unsafe extern "C" fn(bytes: usize) -> *mut c_void;
    RedisModule_TryAlloc: unsafe extern "C" fn(bytes: usize) -> *mut c_void;
    RedisModule_Realloc: unsafe extern "C" fn(ptr: *mut c_void, bytes: usize) -> *mut c_void;
    RedisModule_TryRealloc: unsafe extern "C" fn(ptr: *mut c_void, bytes: usize) -> *mut c_void;
    RedisModule_Free: unsafe extern "C" fn(ptr: *mut c_void);
    RedisModule_CreateCommand: unsafe extern "C" fn(
        ctx: *mut RedisModuleCtx, name: *const c_char, cmdfunc: RedisModuleCmdFunc, strflags: *const c_char,
        firstkey: c_int, lastkey: c_int, keystep: c_int,
    ) -> c_int;
    RedisModule_GetCommand: unsafe extern "C" fn(
        ctx: *mut RedisModuleCtx, name: *const c_char,
    ) -> *mut RedisModuleCommand;
    RedisModule_SetCommandInfo: unsafe extern "C" fn(
        command: *mut RedisModuleCommand, info: *const RedisModuleCommandInfo,
    ) -> c_int;
    RedisModule_SetCommandACLCategories: unsafe extern "C" fn(
        command: *mut RedisModuleCommand, ctgrsflags: *const c_char,
    ) -> c_int;
    RedisModule_AddACLCategory: unsafe extern "C" fn(ctx: *mut RedisModuleCtx, name: *const c_char) -> c_int;
    RedisModule_SetModuleAttribs: unsafe extern "C" fn(
        ctx: *mut RedisModuleCtx, name: *const c_char, ver: c_int, apiver: c_int,
    );
    RedisModule_IsModuleNameBusy: unsafe extern "C" fn(name: *const c_char) -> c_int;
    RedisModule_WrongArity: unsafe extern "C" fn(ctx: *mut RedisModuleCtx) -> c_int;
    RedisModule_ReplyWithLongLong: unsafe extern "C" fn(ctx: *mut RedisModuleCtx, ll: c_longlong) -> c_int;
    RedisModule_GetSelectedDb: unsafe extern "C" fn(ctx: *mut RedisModuleCtx) -> c_int;
    RedisModule_SelectDb: unsafe extern "C" fn(ctx: *mut RedisModuleCtx, newid: c_int) -> c_int;
    RedisModule_OpenKey: unsafe extern "C" fn(
        ctx: *mut RedisModuleCtx, keyname: *mut RedisModuleString, mode: c_int,
    ) -> *mut RedisModuleKey;
    RedisModule_CloseKey: unsafe extern "C" fn(kp: *mut RedisModuleKey);
    RedisModule_KeyType: unsafe extern "C" fn(kp: *mut RedisModuleKey) -> c_int;
    RedisModule_IsKeysPositionRequest: unsafe extern "C" fn(ctx: *mut RedisModuleCtx) -> c_int;
    RedisModule_KeyAtPosWithFlags: unsafe extern "C" fn(ctx: *mut RedisModuleCtx, pos: c_int, flags: c_int);
    RedisModule_HashGet: unsafe extern "C" fn(key: *mut RedisModuleKey, flags: c_int, ...) -> c_int;
    RedisModule_Call: unsafe extern "C" fn(
        ctx: *mut RedisModuleCtx, cmdname: *const c_char, fmt: *const c_char, ...
    ) -> *mut RedisModuleCallReply;
    RedisModule_FreeCallReply: unsafe extern "C" fn(reply: *mut RedisModuleCallReply);
    RedisModule_CallReplyType: unsafe extern "C" fn(reply: *mut RedisModuleCallReply) -> c_int;
    RedisModule_CreateString: unsafe extern "C" fn(
        ctx: *mut RedisModuleCtx, ptr: *const c_char, len: usize,
    ) -> *mut RedisModuleString;
    RedisModule_FreeString: unsafe extern "C" fn(ctx: *mut RedisModuleCtx, str_: *mut RedisModuleString);
    RedisModule_StringPtrLen: unsafe extern "C" fn(str_: *const RedisModuleString, len: *mut usize) -> *const c_char;
    RedisModule_ReplyWithError: unsafe extern "C" fn(ctx: *mut RedisModuleCtx, err: *const c_char) -> c_int;
    RedisModule_ReplyWithSimpleString: unsafe extern "C" fn(ctx: *mut RedisModuleCtx, msg: *const c_char) -> c_int;
    RedisModule_ReplyWithArray: unsafe extern "C" fn(ctx: *mut RedisModuleCtx, len: c_long) -> c_int;
    RedisModule_ReplyWithMap: unsafe extern "C" fn(ctx: *mut RedisModuleCtx, len: c_long) -> c_int;
    RedisModule_ReplyWithStringBuffer: unsafe extern "C" fn(
        ctx: *mut RedisModuleCtx, buf: *const c_char, len: usize,
    ) -> c_int;
    RedisModule_ReplyWithNull: unsafe extern "C" fn(ctx: *mut RedisModuleCtx) -> c_int;
    RedisModule_ReplyWithBool: unsafe extern "C" fn(ctx: *mut RedisModuleCtx, b: c_int) -> c_int;
    RedisModule_ReplyWithDouble: unsafe extern "C" fn(ctx: *mut RedisModuleCtx, d: f64) -> c_int;
    RedisModule_Replicate: unsafe extern "C" fn(
        ctx: *mut RedisModuleCtx, cmdname: *const c_char, fmt: *const c_char, ...
    ) -> c_int;
    RedisModule_ReplicateVerbatim: unsafe extern "C" fn(ctx: *mut RedisModuleCtx) -> c_int;
    RedisModule_CallReplyStringPtr: unsafe extern "C" fn(
        reply: *mut RedisModuleCallReply, len: *mut usize,
    ) -> *const c_char;
    RedisModule_GetClientId: unsafe extern "C" fn(ctx: *mut RedisModuleCtx) -> c_ulonglong;
    RedisModule_GetContextFlags: unsafe extern "C" fn(ctx: *mut RedisModuleCtx) -> c_int;
    RedisModule_AvoidReplicaTraffic: unsafe extern "C" fn() -> c_int;
    RedisModule_CreateDataType: unsafe extern "C" fn(
        ctx: *mut RedisModuleCtx, name: *const c_char, encver: c_int, typemethods: *mut RedisModuleTypeMethods,
    ) -> *mut RedisModuleType;
    RedisModule_ModuleTypeSetValue: unsafe extern "C" fn(
        key: *mut RedisModuleKey, mt: *mut RedisModuleType, value: *mut c_void,
    ) -> c_int;
    RedisModule_ModuleTypeGetType: unsafe extern "C" fn(key: *mut RedisModuleKey) -> *mut RedisModuleType;
    RedisModule_ModuleTypeGetValue: unsafe extern "C" fn(key: *mut RedisModuleKey) -> *mut c_void;
    RedisModule_IsIOError: unsafe extern "C" fn(io: *mut RedisModuleIO) -> c_int;
    RedisModule_SetModuleOptions: unsafe extern "C" fn(ctx: *mut RedisModuleCtx, options: c_int);
    RedisModule_SignalModifiedKey: unsafe extern "C" fn(
        ctx: *mut RedisModuleCtx, keyname: *mut RedisModuleString,
    ) -> c_int;
    RedisModule_LoadUnsigned: unsafe extern "C" fn(io: *mut RedisModuleIO) -> u64;
    RedisModule_EmitAOF: unsafe extern "C" fn(
        io: *mut RedisModuleIO, cmdname: *const c_char, fmt: *const c_char, ...
    );
    RedisModule_SaveStringBuffer: unsafe extern "C" fn(io: *mut RedisModuleIO, str_: *const c_char, len: usize);
    RedisModule_LoadStringBuffer: unsafe extern "C" fn(io: *mut RedisModuleIO, lenptr: *mut usize) -> *mut c_char;
    RedisModule_LoadFloat: unsafe extern "C" fn(io: *mut RedisModuleIO) -> f32;
    RedisModule_Log: unsafe extern "C" fn(ctx: *mut RedisModuleCtx, level: *const c_char, fmt: *const c_char, ...);
    RedisModule_TrimStringAllocation: unsafe extern "C" fn(str_: *mut RedisModuleString);
    RedisModule_RetainString: unsafe extern "C" fn(ctx: *mut RedisModuleCtx, str_: *mut RedisModuleString);
    RedisModule_DigestAddStringBuffer: unsafe extern "C" fn(
        md: *mut RedisModuleDigest, ele: *const c_char, len: usize,
    );
    RedisModule_DigestEndSequence: unsafe extern "C" fn(md: *mut RedisModuleDigest);
    RedisModule_RegisterInfoFunc: unsafe extern "C" fn(ctx: *mut RedisModuleCtx, cb: RedisModuleInfoFunc) -> c_int;
    RedisModule_InfoAddSection: unsafe extern "C" fn(ctx: *mut RedisModuleInfoCtx, name: *const c_char) -> c_int;
    RedisModule_InfoAddFieldULongLong: unsafe extern "C" fn(
        ctx: *mut RedisModuleInfoCtx, field: *const c_char, value: c_ulonglong,
    ) -> c_int;
    RedisModule_GetServerInfo: unsafe extern "C" fn(
        ctx: *mut RedisModuleCtx, section: *const c_char,
    ) -> *mut RedisModuleServerInfoData;
    RedisModule_FreeServerInfo: unsafe extern "C" fn(ctx: *mut RedisModuleCtx, data: *mut RedisModuleServerInfoData);
    RedisModule_ServerInfoGetFieldC: unsafe extern "C" fn(
        data: *mut RedisModuleServerInfoData, field: *const c_char,
    ) -> *const c_char;
    RedisModule_ServerInfoGetFieldUnsigned: unsafe extern "C" fn(
        data: *mut RedisModuleServerInfoData, field: *const c_char, out_err: *mut c_int,
    ) -> c_ulonglong;
    RedisModule_SubscribeToServerEvent: unsafe extern "C" fn(
        ctx: *mut RedisModuleCtx, event: RedisModuleEvent, callback: RedisModuleEventCallback,
    ) -> c_int;
    RedisModule_ScanCursorCreate: unsafe extern "C" fn() -> *mut RedisModuleScanCursor;
    RedisModule_ScanCursorRestart: unsafe extern "C" fn(cursor: *mut RedisModuleScanCursor);
    RedisModule_ScanCursorDestroy: unsafe extern "C" fn(cursor: *mut RedisModuleScanCursor);
    RedisModule_Scan: unsafe extern "C" fn(
        ctx: *mut RedisModuleCtx, cursor: *mut RedisModuleScanCursor, fn_: RedisModuleScanCB, privdata: *mut c_void,
    ) -> c_int;
    RedisModule_BlockClient: unsafe extern "C" fn(
        ctx: *mut RedisModuleCtx, reply_callback: RedisModuleCmdFunc, timeout_callback: RedisModuleCmdFunc,
        free_privdata: Option< unsafe extern "C" fn(arg1: *mut RedisModuleCtx, arg2: *mut c_void), >,
        timeout_ms: c_longlong,
    ) -> *mut RedisModuleBlockedClient;
    RedisModule_UnblockClient: unsafe extern "C" fn(
        bc: *mut RedisModuleBlockedClient, privdata: *mut c_void,
    ) -> c_int;
    RedisModule_GetBlockedClientPrivateData: unsafe extern "C" fn(ctx: *mut RedisModuleCtx) -> *mut c_void;
    RedisModule_GetBlockedClientHandle: unsafe extern "C" fn(
        ctx: *mut RedisModuleCtx,
    ) -> *mut RedisModuleBlockedClient;
    RedisModule_BlockedClientMeasureTimeStart: unsafe extern "C" fn(bc: *mut RedisModuleBlockedClient) -> c_int;
    RedisModule_BlockedClientMeasureTimeEnd: unsafe extern "C" fn(bc: *mut RedisModuleBlockedClient) -> c_int;
    RedisModule_GetThreadSafeContext: unsafe extern "C" fn(bc: *mut RedisModuleBlockedClient) -> *mut RedisModuleCtx;
    RedisModule_GetDetachedThreadSafeContext: unsafe extern "C" fn(ctx: *mut RedisModuleCtx) -> *mut RedisModuleCtx;
    RedisModule_FreeThreadSafeContext: unsafe extern "C" fn(ctx: *mut RedisModuleCtx);
    RedisModule_SubscribeToKeyspaceEvents: unsafe extern "C" fn(
        ctx: *mut RedisModuleCtx, types: c_int, cb: RedisModuleNotificationFunc,
    ) -> c_int;
    RedisModule_AddPostNotificationJob: unsafe extern "C" fn(
        ctx: *mut RedisModuleCtx, callback: RedisModulePostNotificationJobFunc, pd: *mut c_void,
        free_pd: Option<unsafe extern "C" fn(arg1: *mut c_void)>,
    ) -> c_int;
    RedisModule_NotifyKeyspaceEvent: unsafe extern "C" fn(
        ctx: *mut RedisModuleCtx, type_: c_int, event: *const c_char, key: *mut RedisModuleString,
    ) -> c_int;
    RedisModule_CreateTimer: unsafe extern "C" fn(
        ctx: *mut RedisModuleCtx, period: mstime_t, callback: RedisModuleTimerProc, data: *mut c_void,
    ) -> RedisModuleTimerID;
    RedisModule_StopTimer: unsafe extern "C" fn(
        ctx: *mut RedisModuleCtx, id: RedisModuleTimerID, data: *mut *mut c_void,
    ) -> c_int;
    RedisModule_GetRandomBytes: unsafe extern "C" fn(dst: *mut c_uchar, len: usize);
    RedisModule_SetDisconnectCallback: unsafe extern "C" fn(
        bc: *mut RedisModuleBlockedClient, callback: RedisModuleDisconnectFunc,
    );
    RedisModule_GetUsedMemoryRatio: unsafe extern "C" fn() -> f32;
    RedisModule_MallocSize: unsafe extern "C" fn(ptr: *mut c_void) -> usize;
    RedisModule_FreeModuleUser: unsafe extern "C" fn(user: *mut RedisModuleUser);
    RedisModule_GetCurrentUserName: unsafe extern "C" fn(ctx: *mut RedisModuleCtx) -> *mut RedisModuleString;
    RedisModule_GetModuleUserFromUserName: unsafe extern "C" fn(name: *mut RedisModuleString) -> *mut RedisModuleUser;
    RedisModule_ACLCheckCommandPermissions: unsafe extern "C" fn(
        user: *mut RedisModuleUser, argv: *mut *mut RedisModuleString, argc: c_int,
    ) -> c_int;
    RedisModule_ACLCheckKeyPermissions: unsafe extern "C" fn(
        user: *mut RedisModuleUser, key: *mut RedisModuleString, flags: c_int,
    ) -> c_int;
    RedisModule_DefragAlloc: unsafe extern "C" fn(ctx: *mut RedisModuleDefragCtx, ptr: *mut c_void) -> *mut c_void;
    RedisModule_DefragShouldStop: unsafe extern "C" fn(ctx: *mut RedisModuleDefragCtx) -> c_int;
    RedisModule_DefragCursorSet: unsafe extern "C" fn(ctx: *mut RedisModuleDefragCtx, cursor: c_ulong) -> c_int;
    RedisModule_DefragCursorGet: unsafe extern "C" fn(ctx: *mut RedisModuleDefragCtx, cursor: *mut c_ulong) -> c_int;
    RedisModule_EventLoopAddOneShot: unsafe extern "C" fn(
        func: RedisModuleEventLoopOneShotFunc, user_data: *mut c_void,
    ) -> c_int;
    RedisModule_RegisterBoolConfig: unsafe extern "C" fn(
        ctx: *mut RedisModuleCtx, name: *const c_char, default_val: c_int, flags: c_uint,
        getfn: RedisModuleConfigGetBoolFunc, setfn: RedisModuleConfigSetBoolFunc, applyfn: RedisModuleConfigApplyFunc,
        privdata: *mut c_void,
    ) -> c_int;
    RedisModule_RegisterNumericConfig: unsafe extern "C" fn(
        ctx: *mut RedisModuleCtx, name: *const c_char, default_val: c_longlong, flags: c_uint, min: c_longlong,
        max: c_longlong, getfn: RedisModuleConfigGetNumericFunc, setfn: RedisModuleConfigSetNumericFunc,
        applyfn: RedisModuleConfigApplyFunc, privdata: *mut c_void,
    ) -> c_int;
    RedisModule_LoadConfigs: unsafe extern "C" fn(ctx: *mut RedisModuleCtx) -> c_int;
}

#[cfg(test)]
mod tests {
    use std::ffi::CStr;

    use super::*;

    unsafe extern "C" fn traffic() -> c_int {
        42
    }

    /// A server that has one function.
    unsafe extern "C" fn get(name: *const c_char, to: *mut c_void) -> c_int {
        // SAFETY: `look_up` passes a name that ends with NUL, and the place of a pointer to a function.
        unsafe {
            if CStr::from_ptr(name) != c"RedisModule_AvoidReplicaTraffic" {
                return 1;
            }
            *to.cast::<unsafe extern "C" fn() -> c_int>() = traffic;
        }
        0
    }

    #[test]
    fn functions_are_found_by_their_names_and_others_stay_absent() {
        let mut ctx: unsafe extern "C" fn(*const c_char, *mut c_void) -> c_int = get;
        // SAFETY: the first word of `ctx` is the address of `get`, as `look_up` expects. No other test uses these
        // entries of the table.
        unsafe {
            look_up((&raw mut ctx).cast());
            let found = RedisModule_AvoidReplicaTraffic;
            assert_eq!(found.map(|function| function()), Some(42));
            let absent = RedisModule_GetBlockedClientHandle;
            assert!(absent.is_none());
        }
    }
}
