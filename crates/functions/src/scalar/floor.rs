//! FLOOR: the greatest whole number that is not above.

use arrow::datatypes::i256;

use super::rounding::{OnNumbers, body, variants};
use crate::registry::Builtin;

const FLOOR: OnNumbers = OnNumbers {
    integer: |value| value,
    bigint: |value| value,
    double: f64::floor,
    decimal: |value, one| {
        let rest = value.checked_rem(one)?;
        let above = value.checked_sub(rest)?;
        if rest < i256::ZERO {
            above.checked_sub(one)
        } else {
            Some(above)
        }
    },
};

pub fn function() -> Builtin {
    let variants = variants(
        "The greatest whole number that is not above; of the same type.",
        |types| body(&types[0], FLOOR),
    );
    Builtin::new("FLOOR", "MATHEMATICAL", "Rounds a number down.", variants)
}
