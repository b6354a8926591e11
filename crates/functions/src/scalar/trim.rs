//! TRIM: a text without the blanks at its ends.

use weir_catalog::SqlType;

use super::texts::map_texts;
use crate::registry::{Builtin, Parameter, Variant};

pub fn function() -> Builtin {
    let variant = Variant {
        parameters: vec![("input", Parameter::Is(SqlType::String))],
        is_variadic: false,
        description: "The text without the characters up to U+0020 at either end.",
        returns: |_| SqlType::String,
        body: |_| {
            map_texts(|text, out| out.push_str(text.trim_matches(|character| character <= ' ')))
        },
    };
    Builtin::new(
        "TRIM",
        "STRING",
        "Removes blanks at both ends of a text.",
        vec![variant],
    )
}
