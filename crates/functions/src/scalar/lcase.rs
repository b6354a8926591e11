//! LCASE: a text in lower case.

use weir_catalog::SqlType;

use crate::texts::map_texts;
use crate::overload::{Builtin, Parameter, Variant};

pub fn function() -> Builtin {
    let variant = Variant::new(
        [("input", Parameter::STRING)],
        "The text in lower case.",
        |_| SqlType::String,
        |call| {
            map_texts(call, |text, out| match text.is_ascii() {
                true => {
                    out.push_str(text);
                    out.make_ascii_lowercase();
                }
                false => out.push_str(&text.to_lowercase()),
            })
        },
    );
    Builtin::new("LCASE", "STRING", "Returns a text in lower case.", vec![variant])
}
