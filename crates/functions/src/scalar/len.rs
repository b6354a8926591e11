//! LEN: how long a text is.

use std::sync::Arc;

use arrow::array::{Array, BinaryArray, Int32Array, StringArray};
use weir_catalog::SqlType;

use super::texts::{over_arrays, utf16_length};
use crate::{
    column::downcast,
    registry::{Builtin, Parameter, Variant},
};

pub fn function() -> Builtin {
    let text = Variant {
        parameters: vec![("input", Parameter::Is(SqlType::String))],
        is_variadic: false,
        description: "The number of UTF-16 units.",
        returns: |_| SqlType::Integer,
        body: |_| {
            over_arrays(|arrays| {
                let texts = downcast::<StringArray>(&arrays[0])?;
                let lengths = texts
                    .iter()
                    .map(|text| i32::try_from(utf16_length(text?)).ok());
                Ok(Arc::new(lengths.collect::<Int32Array>()))
            })
        },
    };
    let bytes = Variant {
        parameters: vec![("input", Parameter::Is(SqlType::Bytes))],
        is_variadic: false,
        description: "The number of bytes.",
        returns: |_| SqlType::Integer,
        body: |_| {
            over_arrays(|arrays| {
                let bytes = downcast::<BinaryArray>(&arrays[0])?;
                let lengths = (0..bytes.len())
                    .map(|row| bytes.is_valid(row).then(|| bytes.value_length(row)));
                Ok(Arc::new(lengths.collect::<Int32Array>()))
            })
        },
    };
    Builtin::new(
        "LEN",
        "STRING",
        "Returns the length of a text or of bytes.",
        vec![text, bytes],
    )
}
