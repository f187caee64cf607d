//! Fuzzer of the command parsers of the module.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| neuralredis::fuzz_parsers(data));
