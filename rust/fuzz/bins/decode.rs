#![no_main]

#[path = "../targets/mod.rs"]
#[allow(dead_code)] // each program runs one of them
mod targets;

libfuzzer_sys::fuzz_target!(|data: &[u8]| targets::decode::run(data));
