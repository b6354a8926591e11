//! CEIL: the least whole number that is not below.

use arrow::datatypes::i256;

use super::numbers::{OnNumbers, same_type};
use crate::overload::Builtin;

const CEIL: OnNumbers = OnNumbers {
    integer: |value| value,
    bigint: |value| value,
    double: f64::ceil,
    decimal: |value, one| {
        let rest = value.checked_rem(one)?;
        let toward_zero = value.checked_sub(rest)?;
        match rest > i256::ZERO {
            true => toward_zero.checked_add(one),
            false => Some(toward_zero),
        }
    },
};

pub fn function() -> Builtin {
    Builtin::new(
        "CEIL",
        "MATHEMATICAL",
        "Rounds a number up.",
        same_type("The least whole number that is not below, of the same type.", CEIL),
    )
}
