//! FLOOR: the greatest whole number that is not above.

use arrow::datatypes::i256;

use super::numbers::{OnNumbers, same_type};
use crate::overload::Builtin;

const FLOOR: OnNumbers = OnNumbers {
    integer: |value| value,
    bigint: |value| value,
    double: f64::floor,
    decimal: |value, one| {
        let rest = value.checked_rem(one)?;
        let toward_zero = value.checked_sub(rest)?;
        match rest < i256::ZERO {
            true => toward_zero.checked_sub(one),
            false => Some(toward_zero),
        }
    },
};

pub fn function() -> Builtin {
    Builtin::new(
        "FLOOR",
        "MATHEMATICAL",
        "Rounds a number down.",
        same_type("The greatest whole number that is not above, of the same type.", FLOOR),
    )
}
