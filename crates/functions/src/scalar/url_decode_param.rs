//! URL_DECODE_PARAM: a parameter of a URL as the text that it stands for, as Java's URLDecoder reads it.

use arrow::array::ArrayRef;
use datafusion_common::Result;
use weir_catalog::SqlType;

use super::uri::Decoded;
use crate::{
    kernel::Call,
    overload::{Builtin, Parameter, Variant},
    texts::Texts,
};

pub fn function() -> Builtin {
    let variant = Variant::new(
        [("input", Parameter::STRING)],
        "`+` becomes a blank, escapes become characters; NULL if an escape is malformed.",
        |_| SqlType::String,
        decode,
    );
    Builtin::new(
        "URL_DECODE_PARAM",
        "URL",
        "Decodes a parameter of a URL.",
        vec![variant],
    )
}

fn decode(call: &Call) -> Result<ArrayRef> {
    let texts = call.argument(0)?.strings()?;
    let mut results = Texts::new(call.rows);
    let mut decoded = Decoded::default();
    for row in 0..call.rows {
        results.push(texts.get(row).and_then(|text| decoded.parameter(text)));
    }
    results.finish()
}

#[cfg(test)]
mod tests {
    use crate::testing::{call, no_text, text};

    #[test]
    fn escapes_become_characters() {
        for (input, expected) in [
            ("%3Ffoo+%24bar", Some("?foo $bar")),
            ("hello%26world", Some("hello&world")),
            ("nothing", Some("nothing")),
            ("", Some("")),
            ("a b/é?", Some("a b/é?")),
            ("%c3%a9%F0%9F%98%80", Some("é😀")),
            ("%E9x", Some("\u{fffd}x")),
            ("%ED%A0%80%ED%A0", Some("\u{fffd}\u{fffd}")),
            ("%ED%A0%C3", Some("\u{fffd}\u{fffd}")),
            ("%2B+", Some("+ ")),
            ("%+A", Some("\n")),
            ("%-0", Some("\0")),
            ("%-1", None),
            ("%4", None),
            ("a%", None),
            ("%zz", None),
            ("%é1", None),
        ] {
            let expected = expected.map_or_else(no_text, text);
            call("URL_DECODE_PARAM", &[text(input)], expected);
        }
    }
}
