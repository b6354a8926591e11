//! CONCAT: texts or bytes one behind the other, NULLs left out.

use weir_catalog::SqlType;

use crate::{
    operators::construct::concatenate,
    overload::{Builtin, Parameter, Variant},
};

pub fn function() -> Builtin {
    let texts = Variant::new(
        [("inputs", Parameter::STRING)],
        "The texts joined; NULLs are left out, and nothing but NULLs gives the empty text.",
        |_| SqlType::String,
        concatenate,
    );
    let bytes = Variant::new(
        [("inputs", Parameter::BYTES)],
        "The bytes joined; NULLs are left out, and nothing but NULLs gives no bytes.",
        |_| SqlType::Bytes,
        concatenate,
    );
    Builtin::new(
        "CONCAT",
        "STRING",
        "Joins texts or bytes.",
        vec![texts.variadic(), bytes.variadic()],
    )
    .takes_null()
}

#[cfg(test)]
mod tests {
    use crate::testing::{bytes, call, no_bytes, no_text, text};

    #[test]
    fn nulls_are_left_out() {
        call("CONCAT", &[text("a"), no_text(), text("é😀")], text("aé😀"));
        call("CONCAT", &[text("\""), text("\\")], text("\"\\"));
        call("CONCAT", &[text("a")], text("a"));
        call("CONCAT", &[no_text(), no_text()], text(""));
        call(
            "CONCAT",
            &[bytes(b"a"), no_bytes(), bytes(&[0xff])],
            bytes(b"a\xff"),
        );
        call("CONCAT", &[bytes(b""), bytes(b"a")], bytes(b"a"));
        call("CONCAT", &[no_bytes()], bytes(b""));
    }
}
