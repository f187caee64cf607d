//! Strings of the server's: arguments that it lends, and strings that are made for it.

use std::ffi::{c_char, c_int};
use std::marker::PhantomData;
use std::ptr;

use crate::raw;
use smallvec::SmallVec;

/// Arguments for which no memory is taken.
const FEW_ARGUMENTS: usize = 128;

/// A string that exists already, such as an argument of the command being run. Passing it to the server copies nothing.
#[derive(Clone, Copy)]
pub struct Lent<'a> {
    raw: *mut raw::RedisModuleString,
    lives: PhantomData<&'a ()>,
}

impl<'a> Lent<'a> {
    /// # Safety
    /// The string lives, unchanged, for `'a`, on the main thread.
    pub(crate) unsafe fn new(raw: *mut raw::RedisModuleString) -> Self {
        Self { raw, lives: PhantomData }
    }

    /// Its bytes.
    pub fn bytes(self) -> &'a [u8] {
        // SAFETY: `new` was promised that the string lives for `'a`.
        unsafe { bytes(self.raw) }
    }

    pub(crate) fn raw(self) -> *mut raw::RedisModuleString {
        self.raw
    }
}

/// A string to be passed to the server: one that is lent, or one that was made for it and is freed with this.
pub struct ServerString<'a> {
    lent: Lent<'a>,
    is_owned: bool,
}

impl ServerString<'_> {
    /// # Safety
    /// The caller holds the string once, and gives that to this.
    pub(crate) unsafe fn owned(raw: *mut raw::RedisModuleString) -> Self {
        Self { lent: Lent { raw, lives: PhantomData }, is_owned: true }
    }

    /// Its bytes.
    pub fn bytes(&self) -> &[u8] {
        self.lend().bytes()
    }

    pub(crate) fn lend(&self) -> Lent<'_> {
        self.lent
    }

    pub(crate) fn raw(&self) -> *mut raw::RedisModuleString {
        self.lent.raw
    }
}

impl<'a> From<Lent<'a>> for ServerString<'a> {
    fn from(lent: Lent<'a>) -> Self {
        Self { lent, is_owned: false }
    }
}

impl From<&[u8]> for ServerString<'_> {
    /// Copies the bytes.
    fn from(bytes: &[u8]) -> Self {
        // SAFETY: the bytes are copied. A string that is made without a context belongs to whoever made it.
        unsafe { Self::owned(call!(RedisModule_CreateString(ptr::null_mut(), bytes.as_ptr().cast(), bytes.len()))) }
    }
}

impl From<&str> for ServerString<'_> {
    fn from(text: &str) -> Self {
        Self::from(text.as_bytes())
    }
}

impl Drop for ServerString<'_> {
    fn drop(&mut self) {
        if self.is_owned {
            // SAFETY: made without a context, and freed once.
            unsafe { call!(RedisModule_FreeString(ptr::null_mut(), self.lent.raw)) };
        }
    }
}

/// Strings that may be made on any thread: making one takes memory and touches nothing else of the server's.
#[derive(Default)]
pub struct Strings(Vec<ServerString<'static>>);

impl Strings {
    /// Adds a string of these bytes.
    pub fn push(&mut self, bytes: &[u8]) {
        self.0.push(bytes.into());
    }

    /// The strings, to be passed to the server. On the main thread.
    pub fn lend(&self) -> impl Iterator<Item = Lent<'_>> {
        self.0.iter().map(ServerString::lend)
    }
}

// SAFETY: the reference count of a string is not atomic. Each string here has one owner, this list, until it is passed to
// `Replicate` on the main thread; there the list is also dropped, so no two threads touch a count.
unsafe impl Send for Strings {}

/// The bytes of a string of the server's.
///
/// # Safety
/// The string lives, unchanged, as long as the bytes are used.
pub(crate) unsafe fn bytes<'a>(string: *const raw::RedisModuleString) -> &'a [u8] {
    let mut length = 0;
    // SAFETY: the caller's string lives; the server gives a pointer to that many bytes, never null.
    unsafe {
        let start: *const c_char = call!(RedisModule_StringPtrLen(string, &raw mut length));
        std::slice::from_raw_parts(start.cast(), length)
    }
}

/// The arguments that the server calls with.
///
/// # Safety
/// `argv` points at `argc` strings, which live, unchanged, as long as the bytes are used.
pub(crate) unsafe fn arguments<'a>(
    argv: *mut *mut raw::RedisModuleString,
    argc: c_int,
) -> SmallVec<[&'a [u8]; FEW_ARGUMENTS]> {
    // SAFETY: as the caller says.
    (0..argc as usize).map(|index| unsafe { bytes(*argv.add(index)) }).collect()
}
