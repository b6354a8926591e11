//! ABS: a number without its sign; the least INTEGER and BIGINT have none and stay what they are.

use super::numbers::{OnNumbers, same_type};
use crate::overload::Builtin;

const ABS: OnNumbers = OnNumbers {
    integer: i32::wrapping_abs,
    bigint: i64::wrapping_abs,
    double: f64::abs,
    decimal: |value, _| Some(value.wrapping_abs()),
};

pub fn function() -> Builtin {
    Builtin::new(
        "ABS",
        "MATHEMATICAL",
        "Returns the absolute value of a number.",
        same_type("The absolute value.", ABS),
    )
}
