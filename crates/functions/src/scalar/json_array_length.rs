//! JSON_ARRAY_LENGTH: how many elements a JSON array has. What is none, or no JSON, is NULL.

use std::sync::Arc;

use arrow::array::{ArrayRef, Int32Array};
use datafusion_common::Result;
use weir_catalog::SqlType;

use super::json;
use crate::{
    kernel::Call,
    overload::{Builtin, Parameter, Variant},
};

pub fn function() -> Builtin {
    let variant = Variant::new(
        [("json_array", Parameter::STRING)],
        "The number of elements; NULL if the text is no JSON array.",
        |_| SqlType::Integer,
        lengths,
    );
    Builtin::new(
        "JSON_ARRAY_LENGTH",
        "JSON",
        "Returns the length of an array in a JSON text.",
        vec![variant],
    )
}

fn lengths(call: &Call) -> Result<ArrayRef> {
    let texts = call.argument(0)?.strings()?;
    let lengths = (0..call.rows).map(|row| length(texts.get(row)?));
    Ok(Arc::new(lengths.collect::<Int32Array>()))
}

fn length(text: &str) -> Option<i32> {
    json::first_value(text, |scanner| {
        let mut length = 0;
        scanner.array(|scanner| {
            length += 1;
            scanner.skip()
        })?;
        Some(length)
    })
}

#[cfg(test)]
mod tests {
    use crate::testing::{call, text};

    #[test]
    fn lengths_of_arrays() {
        for (input, expected) in [
            ("[]", Some(0)),
            ("[1, [2, 3], {\"a\": 4}]", Some(3)),
            (" [null] x", Some(1)),
            ("[1", None),
            ("[1,]", None),
            ("{}", None),
            ("\"[]\"", None),
            ("1", None),
            ("null", None),
            ("", None),
        ] {
            call("JSON_ARRAY_LENGTH", &[text(input)], expected);
        }
    }
}
