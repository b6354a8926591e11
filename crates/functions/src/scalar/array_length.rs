//! ARRAY_LENGTH: how many elements an array has.

use std::sync::Arc;

use arrow::array::{Array, Int32Array, ListArray};
use weir_catalog::SqlType;

use super::texts::over_arrays;
use crate::{
    column::downcast,
    registry::{Builtin, Parameter, Variant},
};

pub fn function() -> Builtin {
    let variant = Variant {
        parameters: vec![("array", Parameter::ArrayOfAny)],
        is_variadic: false,
        description: "The number of elements.",
        returns: |_| SqlType::Integer,
        body: |_| {
            over_arrays(|arrays| {
                let lists = downcast::<ListArray>(&arrays[0])?;
                let lengths = (0..lists.len())
                    .map(|row| lists.is_valid(row).then(|| lists.value_length(row)));
                Ok(Arc::new(lengths.collect::<Int32Array>()))
            })
        },
    };
    Builtin::new(
        "ARRAY_LENGTH",
        "ARRAY",
        "Returns the number of elements of an array.",
        vec![variant],
    )
}
