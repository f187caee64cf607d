//! Strings of the server: arguments that it lends to a command, and strings that the module creates.

use std::ffi::{c_char, c_int};
use std::marker::PhantomData;
use std::ptr;

use crate::raw;
use smallvec::SmallVec;

/// The number of arguments that need no allocation.
const FEW_ARGUMENTS: usize = 128;

/// A string that something else owns, such as an argument of the running command. Passing it to the server copies
/// nothing.
#[derive(Clone, Copy)]
pub struct Lent<'a> {
    raw: *mut raw::RedisModuleString,
    lives: PhantomData<&'a ()>,
}

impl<'a> Lent<'a> {
    /// # Safety
    /// The string must stay valid and unchanged for `'a`, and this must be the main thread.
    pub(crate) unsafe fn new(raw: *mut raw::RedisModuleString) -> Self {
        Self { raw, lives: PhantomData }
    }

    /// The bytes of the string.
    pub fn bytes(self) -> &'a [u8] {
        // SAFETY: the caller of `new` promised that the string stays valid and unchanged for `'a`.
        unsafe { bytes(self.raw) }
    }

    pub(crate) fn raw(self) -> *mut raw::RedisModuleString {
        self.raw
    }
}

/// A string to be passed to the server: a lent one, or an owned one, which is freed with this.
pub struct ServerString<'a> {
    lent: Lent<'a>,
    is_owned: bool,
}

impl ServerString<'_> {
    /// # Safety
    /// The caller must own one reference to the string, made or retained without a context, and passes it on.
    pub(crate) unsafe fn owned(raw: *mut raw::RedisModuleString) -> Self {
        Self { lent: Lent { raw, lives: PhantomData }, is_owned: true }
    }

    /// The bytes of the string.
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
        // SAFETY: the server copies the bytes. A string that is created without a context belongs to its creator, who
        // passes it on to `owned`.
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
            // SAFETY: an owned string holds one reference without a context, which is released once; `drop` runs once.
            unsafe { call!(RedisModule_FreeString(ptr::null_mut(), self.lent.raw)) };
        }
    }
}

/// Strings that any thread may create: creating one only allocates memory.
#[derive(Default)]
pub struct Strings(Vec<ServerString<'static>>);

impl Strings {
    /// Adds a string with a copy of these bytes.
    pub fn push(&mut self, bytes: &[u8]) {
        self.0.push(bytes.into());
    }

    /// The strings, to be passed to the server. Main thread only.
    pub fn lend(&self) -> impl Iterator<Item = Lent<'_>> {
        self.0.iter().map(ServerString::lend)
    }
}

// SAFETY: the reference count of a RedisModuleString is not atomic. This list is the only owner of its strings until
// they are passed to `Replicate` on the main thread, where the list is also dropped, so no two threads touch a count.
unsafe impl Send for Strings {}

/// Returns the bytes of a string of the server.
///
/// # Safety
/// The string must stay valid and unchanged as long as the bytes are used.
pub(crate) unsafe fn bytes<'a>(string: *const raw::RedisModuleString) -> &'a [u8] {
    let mut length = 0;
    // SAFETY: the caller ensures that the string is valid and stays unchanged; the server returns a pointer to `length`
    // bytes, which is never null.
    unsafe {
        let start: *const c_char = call!(RedisModule_StringPtrLen(string, &raw mut length));
        std::slice::from_raw_parts(start.cast(), length)
    }
}

/// The arguments of a callback.
pub(crate) type Arguments<'a> = SmallVec<[&'a [u8]; FEW_ARGUMENTS]>;

/// Appends the arguments of a callback to `to`. Returning them would copy the memory of [`FEW_ARGUMENTS`] arguments,
/// which takes as long as a lookup of a key.
///
/// # Safety
/// `argv` must point at `argc` strings that stay valid and unchanged as long as the bytes are used.
pub(crate) unsafe fn arguments(argv: *mut *mut raw::RedisModuleString, argc: c_int, to: &mut Arguments<'_>) {
    // SAFETY: the caller ensures that `argv` points at `argc` strings, and that they outlive the bytes.
    to.extend((0..argc as usize).map(|index| unsafe { bytes(*argv.add(index)) }));
}
