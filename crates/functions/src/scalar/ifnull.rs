//! IFNULL: a value, or another if it is NULL.

use super::coalesce::coalesce;
use crate::overload::{Builtin, Parameter, Variant};

pub fn function() -> Builtin {
    let variant = Variant::new(
        [
            ("expression", Parameter::Any),
            ("alternative", Parameter::Any),
        ],
        "The expression, or the alternative if it is NULL.",
        |types| types[0].clone(),
        coalesce,
    );
    Builtin::new(
        "IFNULL",
        "NULL",
        "Returns a value, or an alternative if it is NULL.",
        vec![variant.returns_as("T")],
    )
    .takes_null()
    .shown_as("IFNULL")
}

#[cfg(test)]
mod tests {
    use datafusion_common::ScalarValue;

    use crate::testing::{call, integers, no_text, text};

    #[test]
    fn the_alternative_stands_in_for_null() {
        call("IFNULL", &[None::<i32>.into(), 2.into()], 2);
        call("IFNULL", &[1.into(), None::<i32>.into()], 1);
        call("IFNULL", &[1.into(), 2.into()], 1);
        call("IFNULL", &[no_text(), no_text()], no_text());
        call("IFNULL", &[no_text(), text("x")], text("x"));
        call(
            "IFNULL",
            &[ScalarValue::Null, integers(&[Some(1)])],
            integers(&[Some(1)]),
        );
        call("IFNULL", &[None::<i64>.into(), 2.into()], 2_i64);
    }
}
