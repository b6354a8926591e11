//! NULLIF: NULL if two values are equal, else the first.

use arrow::{
    array::{ArrayRef, BooleanArray},
    compute::nullif as arrow_nullif,
};
use datafusion_common::Result;

use crate::{
    kernel::Call,
    operators::comparison::same,
    overload::{Builtin, Parameter, Variant},
};

pub fn function() -> Builtin {
    let variant = Variant::new(
        [
            ("expression1", Parameter::Any),
            ("expression2", Parameter::Any),
        ],
        "NULL if both are equal, else the first.",
        |types| types[0].clone(),
        nullif,
    );
    Builtin::new(
        "NULLIF",
        "NULL",
        "Returns NULL if two values are equal, else the first of them.",
        vec![variant.returns_as("T")],
    )
    .takes_null()
    .shown_as("NULLIF")
}

fn nullif(call: &Call) -> Result<ArrayRef> {
    let (first, second) = (call.argument(0)?, call.argument(1)?);
    let are_equal = BooleanArray::new(same(first, second, call.rows)?, None);
    Ok(arrow_nullif(&first.to_column(call.rows)?, &are_equal)?)
}

#[cfg(test)]
mod tests {
    use weir_catalog::SqlType;

    use crate::testing::{call, decimal, integers, map, no_text, null, text};

    #[test]
    fn equal_values_make_null() {
        call("NULLIF", &[text("a"), text("a")], no_text());
        call("NULLIF", &[text("a"), text("b")], text("a"));
        call("NULLIF", &[text("a"), no_text()], text("a"));
        call("NULLIF", &[no_text(), text("a")], no_text());
        call("NULLIF", &[no_text(), no_text()], no_text());
        call("NULLIF", &[1.into(), 1_i64.into()], None::<i64>);
        call("NULLIF", &[2.into(), 1.into()], 2);
        call("NULLIF", &[f64::NAN.into(), f64::NAN.into()], None::<f64>);
        call(
            "NULLIF",
            &[decimal(15, 2, 1), decimal(25, 2, 1)],
            decimal(15, 2, 1),
        );
        let none = null(&SqlType::array(SqlType::Integer));
        call("NULLIF", &[integers(&[None]), integers(&[None])], none);
        let none = null(&SqlType::map(SqlType::String, SqlType::Integer));
        call("NULLIF", &[map(), map()], none);
    }
}
