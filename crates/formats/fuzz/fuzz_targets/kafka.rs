//! KAFKA: one value of each type that the format has.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| weir_formats_fuzz::kafka::check(bytes));
