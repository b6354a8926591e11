//! REPLACE: every occurrence of a text by another.

use std::sync::Arc;

use arrow::array::{Array, StringArray};
use weir_catalog::SqlType;

use super::texts::over_arrays;
use crate::{
    column::downcast,
    registry::{Builtin, Parameter, Variant},
};

pub fn function() -> Builtin {
    let text = || Parameter::Is(SqlType::String);
    let variant = Variant {
        parameters: vec![("input", text()), ("old", text()), ("new", text())],
        is_variadic: false,
        description: "The text with every `old` replaced by `new`, to the letter.",
        returns: |_| SqlType::String,
        body: |_| {
            over_arrays(|arrays| {
                let (texts, old, new) = (
                    downcast::<StringArray>(&arrays[0])?,
                    downcast::<StringArray>(&arrays[1])?,
                    downcast::<StringArray>(&arrays[2])?,
                );
                let rows = (0..texts.len()).map(|row| {
                    let is_whole = texts.is_valid(row) && old.is_valid(row) && new.is_valid(row);
                    is_whole.then(|| texts.value(row).replace(old.value(row), new.value(row)))
                });
                Ok(Arc::new(rows.collect::<StringArray>()))
            })
        },
    };
    Builtin::new(
        "REPLACE",
        "STRING",
        "Replaces all occurrences of a text.",
        vec![variant],
    )
}
