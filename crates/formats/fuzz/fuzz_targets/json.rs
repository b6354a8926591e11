//! JSON: every type, wrapped and bare. A document is read or it is bad, as another parser has it.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| weir_formats_fuzz::json::check(bytes));
