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
        [("expression1", Parameter::Any), ("expression2", Parameter::Any)],
        "NULL if both are equal, else the first.",
        |types| types[0].clone(),
        nullif,
    );
    Builtin::new(
        "NULLIF",
        "NULL",
        "Returns NULL if two values are equal, else the first of them.",
        vec![variant.returns_as("T")],
    ).takes_null()
    .shown_as("NULLIF")
}

fn nullif(call: &Call) -> Result<ArrayRef> {
    let (first, second) = (call.argument(0)?, call.argument(1)?);
    let are_equal = BooleanArray::new(same(first, second, call.rows)?, None);
    Ok(arrow_nullif(&first.to_column(call.rows)?, &are_equal)?)
}
