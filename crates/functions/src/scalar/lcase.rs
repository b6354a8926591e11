//! LCASE: a text in lower case.

use weir_catalog::SqlType;

use super::texts::map_texts;
use crate::registry::{Builtin, Parameter, Variant};

pub fn function() -> Builtin {
    let variant = Variant {
        parameters: vec![("input", Parameter::Is(SqlType::String))],
        is_variadic: false,
        description: "The text in lower case.",
        returns: |_| SqlType::String,
        body: |_| {
            map_texts(|text, out| {
                if text.is_ascii() {
                    out.push_str(text);
                    out.make_ascii_lowercase();
                } else {
                    out.push_str(&text.to_lowercase());
                }
            })
        },
    };
    Builtin::new(
        "LCASE",
        "STRING",
        "Returns a text in lower case.",
        vec![variant],
    )
}
