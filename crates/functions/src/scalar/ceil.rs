//! CEIL: the least whole number that is not below.

use arrow::datatypes::i256;

use super::rounding::{OnNumbers, body, variants};
use crate::registry::Builtin;

const CEIL: OnNumbers = OnNumbers {
    integer: |value| value,
    bigint: |value| value,
    double: f64::ceil,
    decimal: |value, one| {
        let rest = value.checked_rem(one)?;
        let below = value.checked_sub(rest)?;
        if rest > i256::ZERO {
            below.checked_add(one)
        } else {
            Some(below)
        }
    },
};

pub fn function() -> Builtin {
    let variants = variants(
        "The least whole number that is not below; of the same type.",
        |types| body(&types[0], CEIL),
    );
    Builtin::new("CEIL", "MATHEMATICAL", "Rounds a number up.", variants)
}
