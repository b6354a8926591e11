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
    Builtin::new(
        "TRIM",
        "STRING",
        "Takes blanks off the ends of a text.",
        vec![variant],
    )
}

#[cfg(test)]
mod tests {
    use crate::testing::{call, text};

    #[test]
    fn what_is_up_to_the_blank_goes() {
        let check = |input: &str, expected: &str| call("TRIM", &[text(input)], text(expected));
        check("\t a b\u{0}\n ", "a b");
        check("\u{1f}é\u{1}", "é");
        check("\u{a0}a\u{2003}", "\u{a0}a\u{2003}");
        check(" \t", "");
        check("", "");
    }
}
