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

#[cfg(test)]
mod tests {
    use crate::testing::{call, decimal};

    #[test]
    fn of_each_kind_of_number() {
        call("ABS", &[(-5).into()], 5);
        call("ABS", &[i32::MIN.into()], i32::MIN);
        call("ABS", &[(i64::MIN + 1).into()], i64::MAX);
        call("ABS", &[i64::MIN.into()], i64::MIN);
        call("ABS", &[(-1.5).into()], 1.5);
        call("ABS", &[(-0.0).into()], 0.0);
        call("ABS", &[f64::NEG_INFINITY.into()], f64::INFINITY);
        call("ABS", &[f64::NAN.into()], f64::NAN);
        call("ABS", &[decimal(-32, 2, 1)], decimal(32, 2, 1));
    }
}
