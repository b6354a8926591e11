//! ARRAY_MIN: the least element of an array that is not NULL.

use std::cmp::Ordering;

use super::array_max::extreme;
use crate::overload::{Builtin, Parameter, Variant};

pub fn function() -> Builtin {
    let element = Parameter::Generic("T");
    let variant = Variant::giving(
        [("array", Parameter::array(element.clone()))],
        "The least of the elements that are not NULL; NULL if there is none, or if they have no order.",
        element,
        |call| extreme(call, Ordering::Less),
    );
    Builtin::new(
        "ARRAY_MIN",
        "ARRAY",
        "Returns the least element of an array.",
        vec![variant],
    )
}

#[cfg(test)]
mod tests {
    use datafusion_common::ScalarValue;
    use weir_catalog::SqlType;

    use crate::testing::{array_of, bytes, call, decimal, integers, null, texts};

    #[test]
    fn cases() {
        let check = |array, expected: ScalarValue| call("ARRAY_MIN", &[array], expected);
        check(
            integers(&[Some(0), None, Some(i32::MIN), Some(-1)]),
            i32::MIN.into(),
        );
        check(integers(&[None, None]), ScalarValue::Int32(None));
        check(integers(&[]), ScalarValue::Int32(None));
        check(
            null(&SqlType::array(SqlType::Integer)),
            ScalarValue::Int32(None),
        );
        check(array_of(&[true.into(), false.into()]), false.into());
        check(
            array_of(&[f64::NAN.into(), f64::INFINITY.into()]),
            f64::INFINITY.into(),
        );
        check(array_of(&[0.0.into(), (-0.0).into()]), (-0.0).into());
        check(
            array_of(&[decimal(-99, 3, 1), decimal(90, 3, 1)]),
            decimal(-99, 3, 1),
        );
        check(
            texts(&[Some("foo"), None, Some("F"), Some("fo")]),
            "F".into(),
        );
        check(array_of(&[bytes(&[0x7f]), bytes(&[0x80])]), bytes(&[0x80]));
        check(array_of(&[7_i64.into(), (-7_i64).into()]), (-7_i64).into());
    }
}
