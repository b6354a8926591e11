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
        same_type(
            "The least whole number that is not below, of the same type.",
            CEIL,
        ),
    )
}

#[cfg(test)]
mod tests {
    use crate::testing::{call, decimal};

    #[test]
    fn of_each_kind_of_number() {
        call("CEIL", &[7.into()], 7);
        call("CEIL", &[i64::MIN.into()], i64::MIN);
        call("CEIL", &[1.1.into()], 2.0);
        call("CEIL", &[(-1.1).into()], -1.0);
        call("CEIL", &[(-0.5).into()], -0.0);
        call("CEIL", &[f64::NAN.into()], f64::NAN);
        call("CEIL", &[f64::INFINITY.into()], f64::INFINITY);
        call("CEIL", &[decimal(11, 3, 1)], decimal(20, 3, 1));
        call("CEIL", &[decimal(-11, 3, 1)], decimal(-10, 3, 1));
        call("CEIL", &[decimal(10, 3, 1)], decimal(10, 3, 1));
        // One digit more than the type says, as in ksqlDB.
        call("CEIL", &[decimal(98, 2, 1)], decimal(100, 2, 1));
    }
}
