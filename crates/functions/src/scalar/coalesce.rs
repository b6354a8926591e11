//! COALESCE: the first value that is not NULL.

use arrow::{
    array::{Array, ArrayRef, new_null_array},
    compute::{is_not_null, kernels::zip::zip},
};
use datafusion_common::Result;

use crate::{
    kernel::Call,
    overload::{Builtin, Parameter, Variant},
};

pub fn function() -> Builtin {
    let variant = Variant::new(
        [("first", Parameter::Any), ("others", Parameter::Any)],
        "The first of the values that is not NULL; NULL if all are.",
        |types| types[0].clone(),
        coalesce,
    );
    Builtin::new(
        "COALESCE",
        "NULL",
        "Returns the first value that is not NULL.",
        vec![variant.variadic().returns_as("T")],
    ).takes_null()
    .shown_as("COALESCE")
}

pub fn coalesce(call: &Call) -> Result<ArrayRef> {
    let mut columns = call.columns()?.into_iter();
    let Some(mut result) = columns.next() else {
        return Ok(new_null_array(&call.returns, call.rows));
    };
    for column in columns {
        if result.null_count() == 0 {
            break;
        }
        result = zip(&is_not_null(&result)?, &result, &column)?;
    }
    Ok(result)
}
