//! LCASE: a text in lower case.

use weir_catalog::SqlType;

use crate::overload::{Builtin, Parameter, Variant};
use crate::texts::map_texts;

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
    Builtin::new(
        "LCASE",
        "STRING",
        "Returns a text in lower case.",
        vec![variant],
    )
}

#[cfg(test)]
mod tests {
    use crate::testing::{call, text};

    #[test]
    fn letters_become_small() {
        let check = |input: &str, expected: &str| call("LCASE", &[text(input)], text(expected));
        check("ABc1", "abc1");
        check("ÀBc𐐀", "àbc𐐨");
        // A Σ at the end of a word is another.
        check("ΛΟΓΟΣ Σ", "λογος σ");
        check("İ", "i\u{307}");
        check("", "");
    }
}
