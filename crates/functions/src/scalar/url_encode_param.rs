//! URL_ENCODE_PARAM: a text as it may stand in the query of a URL.

use weir_catalog::SqlType;

use crate::{
    overload::{Builtin, Parameter, Variant},
    texts::map_texts,
};

pub fn function() -> Builtin {
    let variant = Variant::new(
        [("input", Parameter::STRING)],
        "A blank becomes `+`; letters, digits and `-_.*` stay; everything else is escaped.",
        |_| SqlType::String,
        |call| map_texts(call, encode),
    );
    Builtin::new(
        "URL_ENCODE_PARAM",
        "URL",
        "Encodes a text as a parameter of a URL.",
        vec![variant],
    )
}

fn encode(text: &str, out: &mut String) {
    for byte in text.bytes() {
        match byte {
            b' ' => out.push('+'),
            b'-' | b'_' | b'.' | b'*' => out.push(char::from(byte)),
            byte if byte.is_ascii_alphanumeric() => out.push(char::from(byte)),
            byte => out.push_str(percent_encoding::percent_encode_byte(byte)),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{call, text};

    #[test]
    fn what_is_not_plain_is_escaped() {
        for (input, expected) in [
            ("?foo $bar", "%3Ffoo+%24bar"),
            ("hello&world", "hello%26world"),
            ("nothing", "nothing"),
            ("", ""),
            ("-_.*~!'()/+%", "-_.*%7E%21%27%28%29%2F%2B%25"),
            ("é😀\u{0}", "%C3%A9%F0%9F%98%80%00"),
        ] {
            call("URL_ENCODE_PARAM", &[text(input)], text(expected));
        }
    }
}
