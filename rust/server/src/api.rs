//! Access to the functions of the module API. The function table is filled by name at load; a function that the server
//! lacks stays `None`.
//!
//! The module asks for functions and never for versions, so one library serves both Redis and Valkey.

use crate::raw;

/// Calls a function of the server that [`missing`] requires at load. The caller writes the `unsafe` block and its
/// reason. Reading the table is sound: only `look_up` writes it, at load, before the module starts a thread.
macro_rules! call {
    ($name:ident($($argument:expr),* $(,)?)) => {
        match { $crate::raw::$name } {
            Some(entry) => entry($($argument),*),
            None => $crate::api::absent(stringify!($name)),
        }
    };
}

/// The panic of [`call`]. Not reached: the module is not loaded into a server that lacks a required function.
pub(crate) fn absent(name: &str) -> ! {
    panic!("the server has no {name}")
}

/// Names of the required functions that this server lacks. None on Redis 7.0 and later. Functions that later servers
/// added are looked up where they are used, with a fallback.
pub(crate) fn missing() -> Vec<&'static str> {
    macro_rules! absent {
        ($($name:ident),* $(,)?) => {
            // SAFETY: `look_up` has written the table before this is called, and nothing writes it later; each entry is
            // read by value.
            unsafe { [$((stringify!($name), { raw::$name }.is_none())),*] }
        };
    }
    let functions = absent! {
        RedisModule_Alloc, RedisModule_Realloc, RedisModule_Free, RedisModule_Log, RedisModule_MallocSize,
        RedisModule_GetDetachedThreadSafeContext, RedisModule_CreateCommand, RedisModule_GetCommand,
        RedisModule_SetCommandInfo, RedisModule_CreateTimer, RedisModule_StopTimer,
        RedisModule_EventLoopAddOneShot, RedisModule_AvoidReplicaTraffic, RedisModule_CreateDataType,
        RedisModule_SetModuleOptions, RedisModule_OpenKey, RedisModule_CloseKey, RedisModule_KeyType,
        RedisModule_HashGet, RedisModule_IsKeysPositionRequest, RedisModule_KeyAtPosWithFlags,
        RedisModule_ModuleTypeGetType, RedisModule_ModuleTypeGetValue, RedisModule_ModuleTypeSetValue,
        RedisModule_SignalModifiedKey, RedisModule_CreateString, RedisModule_FreeString,
        RedisModule_RetainString, RedisModule_TrimStringAllocation, RedisModule_StringPtrLen,
        RedisModule_SaveStringBuffer, RedisModule_LoadStringBuffer, RedisModule_LoadUnsigned,
        RedisModule_LoadFloat, RedisModule_IsIOError, RedisModule_EmitAOF, RedisModule_DigestAddStringBuffer,
        RedisModule_DigestEndSequence, RedisModule_BlockClient, RedisModule_UnblockClient,
        RedisModule_GetThreadSafeContext, RedisModule_FreeThreadSafeContext,
        RedisModule_BlockedClientMeasureTimeStart, RedisModule_BlockedClientMeasureTimeEnd,
        RedisModule_GetBlockedClientHandle, RedisModule_GetBlockedClientPrivateData,
        RedisModule_SetDisconnectCallback, RedisModule_SubscribeToServerEvent,
        RedisModule_SubscribeToKeyspaceEvents, RedisModule_NotifyKeyspaceEvent, RedisModule_Replicate,
        RedisModule_ReplicateVerbatim, RedisModule_RegisterBoolConfig, RedisModule_RegisterNumericConfig,
        RedisModule_LoadConfigs, RedisModule_RegisterInfoFunc, RedisModule_InfoAddSection,
        RedisModule_InfoAddFieldULongLong, RedisModule_ACLCheckCommandPermissions,
        RedisModule_ACLCheckKeyPermissions, RedisModule_GetClientId, RedisModule_GetCurrentUserName,
        RedisModule_GetModuleUserFromUserName, RedisModule_FreeModuleUser, RedisModule_GetContextFlags,
        RedisModule_Call, RedisModule_CallReplyStringPtr, RedisModule_CallReplyType, RedisModule_FreeCallReply,
        RedisModule_GetUsedMemoryRatio, RedisModule_ServerInfoGetFieldUnsigned, RedisModule_GetServerInfo,
        RedisModule_ServerInfoGetFieldC, RedisModule_FreeServerInfo, RedisModule_GetRandomBytes,
        RedisModule_GetSelectedDb, RedisModule_SelectDb, RedisModule_Scan, RedisModule_ScanCursorCreate,
        RedisModule_ScanCursorDestroy, RedisModule_ScanCursorRestart, RedisModule_ReplyWithArray,
        RedisModule_ReplyWithBool, RedisModule_ReplyWithDouble, RedisModule_ReplyWithError,
        RedisModule_ReplyWithLongLong, RedisModule_ReplyWithMap, RedisModule_ReplyWithNull,
        RedisModule_ReplyWithSimpleString, RedisModule_ReplyWithStringBuffer, RedisModule_WrongArity
    };
    functions.into_iter().filter_map(|(name, is_absent)| is_absent.then_some(name)).collect()
}
