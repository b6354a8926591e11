//! HEX_TO_BIGINT: a number from hex digits, as logs write process ids, masks and status codes.

use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array};
use datafusion_common::Result;
use weir_catalog::SqlType;

use super::encoding::unwrapped_hex;
use crate::{
    kernel::Call,
    overload::{Builtin, Parameter, Variant},
};

pub fn function() -> Builtin {
    let variant = Variant::new(
        [("text", Parameter::STRING)],
        "The number that hex digits (`1f`, `0x1F`, `x'1f'`) are, up to 64 bits in two's complement: `0xffffffffffffffff` is -1. NULL \
         for a text that is not hex, or has more bits.",
        |_| SqlType::BigInt,
        hex_to_bigint,
    );
    Builtin::new(
        "HEX_TO_BIGINT",
        "CONVERSIONS",
        "Reads a number from hex digits.",
        vec![variant],
    )
    .shown_as("HEX_TO_BIGINT")
    .added()
}

fn hex_to_bigint(call: &Call) -> Result<ArrayRef> {
    let texts = call.argument(0)?.strings()?;
    let numbers = (0..call.rows).map(|row| number(unwrapped_hex(texts.get(row)?)));
    Ok(Arc::new(numbers.collect::<Int64Array>()))
}

fn number(digits: &str) -> Option<i64> {
    // Rust would also take a sign.
    if !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return None;
    }
    let number = u64::from_str_radix(digits, 16).ok()?;
    Some(number.cast_signed())
}

#[cfg(test)]
mod tests {
    use crate::testing::{call, text};

    #[test]
    fn hex_digits_are_a_number() {
        let check = |input: &str, expected: Option<i64>| {
            call("HEX_TO_BIGINT", &[text(input)], expected);
        };
        check("1f", Some(31));
        check("0x1F", Some(31));
        check("0X1f", Some(31));
        check("x'1f'", Some(31));
        check("X'1f'", Some(31));
        check("0", Some(0));
        check("f", Some(15));
        check("7fffffffffffffff", Some(i64::MAX));
        check("8000000000000000", Some(i64::MIN));
        check("0xffffffffffffffff", Some(-1));
        check("0x00000000000000000001f", Some(31));
        check("10000000000000000", None);
        for wrong in [
            "", "0x", "x''", "-1", "+1", "0x-1", "1g", " 1", "é", "0x0x1", "x'1", "1.0",
        ] {
            check(wrong, None);
        }
    }
}
