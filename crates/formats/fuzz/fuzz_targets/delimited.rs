//! DELIMITED: every scalar type, a single column, and other delimiters.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| weir_formats_fuzz::delimited::check(bytes));
