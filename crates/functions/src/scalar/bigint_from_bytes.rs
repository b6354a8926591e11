//! BIGINT_FROM_BYTES: 8 bytes as a BIGINT.

use arrow::datatypes::Int64Type;
use weir_catalog::SqlType;

use super::from_binary::{builtin, numbers};
use crate::overload::Builtin;

pub fn function() -> Builtin {
    builtin(
        "BIGINT_FROM_BYTES",
        "Reads a BIGINT from bytes.",
        "A BIGINT of 8 bytes, the highest first; NULL for any other number of bytes.",
        "A BIGINT of 8 bytes in the order `BIG_ENDIAN` or `LITTLE_ENDIAN`; NULL for any other order or number of bytes.",
        |_| SqlType::BigInt,
        |call| numbers::<Int64Type, 8>(call, i64::from_be_bytes),
    )
}

#[cfg(test)]
mod tests {
    use crate::testing::{bytes, call, text};

    fn check(input: &[u8], order: Option<&str>, expected: Option<i64>) {
        let mut arguments = vec![bytes(input)];
        arguments.extend(order.map(text));
        call("BIGINT_FROM_BYTES", &arguments, expected);
    }

    #[test]
    fn bytes_in_both_orders() {
        let bytes = [0, 0, 0, 0x01, 0x2a, 0x05, 0xf2, 0];
        check(&bytes, None, Some(5_000_000_000));
        check(&bytes, Some("big_endian"), Some(5_000_000_000));
        let turned = [0, 0xf2, 0x05, 0x2a, 0x01, 0, 0, 0];
        check(&turned, Some("LITTLE_ENDIAN"), Some(5_000_000_000));
        check(&[0x80, 0, 0, 0, 0, 0, 0, 0], None, Some(i64::MIN));
        check(&[0xff; 8], None, Some(-1));
        check(&[0; 4], None, None);
        check(&[0; 9], None, None);
        check(&[], None, None);
        check(&[0; 8], Some("MIDDLE_ENDIAN"), None);
    }
}
