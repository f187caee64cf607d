//! Fuzzer of `targets/original.rs`.

#![no_main]

#[path = "../targets/mod.rs"]
#[allow(dead_code)] // each fuzzer runs only one target
mod targets;

libfuzzer_sys::fuzz_target!(|data: &[u8]| targets::original::run(data));
