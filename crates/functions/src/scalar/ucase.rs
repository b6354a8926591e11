//! UCASE: a text in upper case.

use weir_catalog::SqlType;

use super::texts::map_texts;
use crate::registry::{Builtin, Parameter, Variant};

pub fn function() -> Builtin {
    let variant = Variant {
        parameters: vec![("input", Parameter::Is(SqlType::String))],
        is_variadic: false,
        description: "The text in upper case.",
        returns: |_| SqlType::String,
        body: |_| {
            map_texts(|text, out| {
                if text.is_ascii() {
                    out.push_str(text);
                    out.make_ascii_uppercase();
                } else {
                    out.push_str(&text.to_uppercase());
                }
            })
        },
    };
    Builtin::new(
        "UCASE",
        "STRING",
        "Returns a text in upper case.",
        vec![variant],
    )
}
