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
    ).takes_null()
}
