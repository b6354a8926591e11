//! UCASE: a text in upper case.

use weir_catalog::SqlType;

use crate::overload::{Builtin, Parameter, Variant};
use crate::texts::map_texts;

pub fn function() -> Builtin {
    let variant = Variant::new(
        [("input", Parameter::STRING)],
        "The text in upper case.",
        |_| SqlType::String,
        |call| {
            map_texts(call, |text, out| match text.is_ascii() {
                true => {
                    out.push_str(text);
                    out.make_ascii_uppercase();
                }
                false => out.push_str(&text.to_uppercase()),
            })
        },
    );
    Builtin::new(
        "UCASE",
        "STRING",
        "Returns a text in upper case.",
        vec![variant],
    )
}

#[cfg(test)]
mod tests {
    use crate::testing::{call, text};

    #[test]
    fn letters_become_capitals() {
        let check = |input: &str, expected: &str| call("UCASE", &[text(input)], text(expected));
        check("aBc1", "ABC1");
        check("àbc𐐨", "ÀBC𐐀");
        check("straße ﬁ", "STRASSE FI");
        check("", "");
    }
}
