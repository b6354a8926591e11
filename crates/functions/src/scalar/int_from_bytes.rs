//! INT_FROM_BYTES: 4 bytes as an INTEGER.

use arrow::datatypes::Int32Type;
use weir_catalog::SqlType;

use super::from_binary::{builtin, numbers};
use crate::overload::Builtin;

pub fn function() -> Builtin {
    builtin(
        "INT_FROM_BYTES",
        "Reads an INTEGER from bytes.",
        "An INTEGER of 4 bytes, the highest first; NULL for any other number of bytes.",
        "An INTEGER of 4 bytes in the order `BIG_ENDIAN` or `LITTLE_ENDIAN`; NULL for any other order or number of bytes.",
        |_| SqlType::Integer,
        |call| numbers::<Int32Type, 4>(call, i32::from_be_bytes),
    )
}

#[cfg(test)]
mod tests {
    use crate::testing::{bytes, call, text};

    fn check(input: &[u8], order: Option<&str>, expected: Option<i32>) {
        let mut arguments = vec![bytes(input)];
        arguments.extend(order.map(text));
        call("INT_FROM_BYTES", &arguments, expected);
    }

    #[test]
    fn bytes_in_both_orders() {
        check(&[0, 0, 0x07, 0xe5], None, Some(2021));
        check(&[0, 0, 0x07, 0xe5], Some("BIG_ENDIAN"), Some(2021));
        check(&[0xe5, 0x07, 0, 0], Some("little_endian"), Some(2021));
        check(&[0x80, 0, 0, 0], None, Some(i32::MIN));
        check(&[0xff; 4], None, Some(-1));
        check(&[0; 3], None, None);
        check(&[0; 5], None, None);
        check(&[], None, None);
        check(&[0; 4], Some("MIDDLE_ENDIAN"), None);
        check(&[0; 4], Some(""), None);
    }
}
