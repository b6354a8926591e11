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
        same_type(
            "The greatest whole number that is not above, of the same type.",
            FLOOR,
        ),
    )
}

#[cfg(test)]
mod tests {
    use crate::testing::{call, decimal};

    #[test]
    fn of_each_kind_of_number() {
        call("FLOOR", &[(-7).into()], -7);
        call("FLOOR", &[7_i64.into()], 7_i64);
        call("FLOOR", &[1.9.into()], 1.0);
        call("FLOOR", &[(-1.1).into()], -2.0);
        call("FLOOR", &[(-0.0).into()], -0.0);
        call("FLOOR", &[f64::NAN.into()], f64::NAN);
        call("FLOOR", &[f64::NEG_INFINITY.into()], f64::NEG_INFINITY);
        call("FLOOR", &[decimal(19, 3, 1)], decimal(10, 3, 1));
        call("FLOOR", &[decimal(-11, 3, 1)], decimal(-20, 3, 1));
        call("FLOOR", &[decimal(-98, 2, 1)], decimal(-100, 2, 1));
    }
}
