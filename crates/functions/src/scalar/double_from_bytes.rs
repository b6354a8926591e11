//! DOUBLE_FROM_BYTES: 8 bytes as a DOUBLE.

use arrow::datatypes::Float64Type;
use weir_catalog::SqlType;

use super::from_binary::{builtin, numbers};
use crate::overload::Builtin;

pub fn function() -> Builtin {
    builtin(
        "DOUBLE_FROM_BYTES",
        "Reads a DOUBLE from bytes.",
        "A DOUBLE of 8 bytes, the highest first; NULL for any other number of bytes.",
        "A DOUBLE of 8 bytes in the order `BIG_ENDIAN` or `LITTLE_ENDIAN`; NULL for any other order or number of bytes.",
        |_| SqlType::Double,
        |call| numbers::<Float64Type, 8>(call, f64::from_be_bytes),
    )
}

#[cfg(test)]
mod tests {
    use crate::testing::{bytes, call, text};

    fn check(input: &[u8], order: Option<&str>, expected: Option<f64>) {
        let mut arguments = vec![bytes(input)];
        arguments.extend(order.map(text));
        call("DOUBLE_FROM_BYTES", &arguments, expected);
    }

    #[test]
    fn bytes_in_both_orders() {
        let bytes = 532.8738323_f64.to_be_bytes();
        check(&bytes, None, Some(532.8738323));
        check(&bytes, Some("big_endian"), Some(532.8738323));
        let turned = 532.8738323_f64.to_le_bytes();
        check(&turned, Some("LITTLE_ENDIAN"), Some(532.8738323));
        check(&[0; 8], None, Some(0.0));
        check(&f64::NAN.to_be_bytes(), None, Some(f64::NAN));
        check(
            &f64::NEG_INFINITY.to_be_bytes(),
            None,
            Some(f64::NEG_INFINITY),
        );
        check(&[0; 4], None, None);
        check(&[0; 9], None, None);
        check(&[], None, None);
        check(&[0; 8], Some("MIDDLE_ENDIAN"), None);
    }
}
