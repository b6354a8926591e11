//! TRIM: a text without the blanks and control characters (U+0020 and below) at its ends.

use weir_catalog::SqlType;

use crate::texts::map_texts;
use crate::{
    operators::cast::trim,
    overload::{Builtin, Parameter, Variant},
};

pub fn function() -> Builtin {
    let variant = Variant::new(
        [("input", Parameter::STRING)],
        "The text without blanks and control characters at its ends.",
        |_| SqlType::String,
        |call| map_texts(call, |text, out| out.push_str(trim(text))),
    );
    Builtin::new("TRIM", "STRING", "Takes blanks off the ends of a text.", vec![variant])
}
