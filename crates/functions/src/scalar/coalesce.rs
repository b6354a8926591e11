//! COALESCE: the first value that is not NULL.

use arrow::{
    array::{Array, ArrayRef},
    compute::kernels::zip::zip,
};
use datafusion_common::Result;

use super::texts::over_arrays;
use crate::registry::{Builtin, Parameter, Variant};

pub fn function() -> Builtin {
    let variant = Variant {
        parameters: vec![("inputs", Parameter::Any)],
        is_variadic: true,
        description: "The first of the values that is not NULL; NULL if all are.",
        returns: |types| types[0].clone(),
        body: |_| over_arrays(coalesce),
    };
    Builtin::new(
        "COALESCE",
        "NULL",
        "Returns the first value that is not NULL.",
        vec![variant],
    )
}

pub fn coalesce(arrays: &[ArrayRef]) -> Result<ArrayRef> {
    let Some((first, rest)) = arrays.split_first() else {
        return Ok(arrow::array::new_null_array(
            &arrow::datatypes::DataType::Utf8,
            0,
        ));
    };
    let mut result = first.clone();
    for array in rest {
        if result.null_count() == 0 {
            break;
        }
        let is_there = arrow::compute::is_not_null(&result)?;
        result = zip(&is_there, &result, array)?;
    }
    Ok(result)
}
