//! IS_JSON_STRING: whether a text is JSON; a NULL is not.

use std::sync::Arc;

use arrow::{
    array::{ArrayRef, BooleanArray},
    buffer::BooleanBuffer,
};
use datafusion_common::Result;
use weir_catalog::SqlType;

use super::json;
use crate::{
    kernel::Call,
    overload::{Builtin, Parameter, Variant},
};

pub fn function() -> Builtin {
    let variant = Variant::new(
        [("input", Parameter::STRING)],
        "TRUE if the text begins with a JSON value, FALSE for any other text and for NULL.",
        |_| SqlType::Boolean,
        is_json,
    );
    Builtin::new(
        "IS_JSON_STRING",
        "JSON",
        "Tells whether a text is JSON.",
        vec![variant],
    )
    .takes_null()
}

fn is_json(call: &Call) -> Result<ArrayRef> {
    let texts = call.argument(0)?.strings()?;
    let truth = BooleanBuffer::collect_bool(call.rows, |row| {
        let value = texts
            .get(row)
            .and_then(|text| json::first_value(text, |scanner| scanner.skip()));
        value.is_some()
    });
    Ok(Arc::new(BooleanArray::new(truth, None)))
}

#[cfg(test)]
mod tests {
    use crate::testing::{call, no_text, text};

    #[test]
    fn texts_that_are_json_or_not() {
        for (input, expected) in [
            ("1", true),
            ("[1, 2, 3]", true),
            ("\"abc\"", true),
            ("null", true),
            (" {\"a\": {}} ", true),
            ("{} and more", true),
            ("abc", false),
            ("", false),
            (" ", false),
            ("{", false),
            ("1a", false),
            ("NaN", false),
        ] {
            call("IS_JSON_STRING", &[text(input)], expected);
        }
        call("IS_JSON_STRING", &[no_text()], false);
    }
}
