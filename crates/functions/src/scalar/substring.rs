//! SUBSTRING: a part of a text.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, Int32Array, StringArray, StringBuilder};
use datafusion_common::Result;
use weir_catalog::SqlType;

use super::texts::{over_arrays, utf16_length, utf16_slice};
use crate::{
    column::downcast,
    registry::{Builtin, Parameter, Variant},
};

pub fn function() -> Builtin {
    let text = ("input", Parameter::Is(SqlType::String));
    let position = ("position", Parameter::Is(SqlType::Integer));
    let length = ("length", Parameter::Is(SqlType::Integer));
    let variant = |parameters, description| Variant {
        parameters,
        is_variadic: false,
        description,
        returns: |_| SqlType::String,
        body: |_| over_arrays(substring),
    };
    Builtin::new(
        "SUBSTRING",
        "STRING",
        "Returns a part of a text.",
        vec![
            variant(
                vec![text.clone(), position.clone()],
                "From a position (from 1 on; negative from the end) to the end.",
            ),
            variant(
                vec![text, position, length],
                "So many UTF-16 units from a position on.",
            ),
        ],
    )
}

fn substring(arrays: &[ArrayRef]) -> Result<ArrayRef> {
    let (texts, positions) = (
        downcast::<StringArray>(&arrays[0])?,
        downcast::<Int32Array>(&arrays[1])?,
    );
    let lengths = arrays.get(2).map(downcast::<Int32Array>).transpose()?;
    let mut builder = StringBuilder::with_capacity(texts.len(), texts.value_data().len());
    let mut part = String::new();
    for row in 0..texts.len() {
        let is_null = texts.is_null(row)
            || positions.is_null(row)
            || lengths.is_some_and(|lengths| lengths.is_null(row));
        if is_null {
            builder.append_null();
            continue;
        }
        let text = texts.value(row);
        let size = i64::try_from(utf16_length(text)).unwrap_or(i64::MAX);
        let position = i64::from(positions.value(row));
        let start = if position < 0 {
            (size + position).max(0)
        } else {
            (position - 1).clamp(0, size)
        };
        let wanted = lengths.map_or(size, |lengths| i64::from(lengths.value(row)).max(0));
        let end = (start + wanted).min(size);
        part.clear();
        utf16_slice(text, start as usize, end as usize, &mut part);
        builder.append_value(&part);
    }
    Ok(Arc::new(builder.finish()))
}
