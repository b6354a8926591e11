//! ENCODE: a text of one encoding (hex, utf8, ascii, base64) written in another.

use arrow::array::ArrayRef;
use base64::{Engine, alphabet, engine};
use datafusion_common::Result;
use weir_catalog::SqlType;

use super::encoding::{Digits, Encoding, decode_hex};
use crate::texts::Texts;
use crate::{
    kernel::Call,
    overload::{Builtin, Parameter, Variant},
};

pub fn function() -> Builtin {
    let variant = Variant::new(
        [
            ("input", Parameter::STRING),
            ("from", Parameter::STRING),
            ("to", Parameter::STRING),
        ],
        "The text, read in one of hex, utf8, ascii and base64 and written in another; hex may be `4a`, `0x4a` or `x'4a'`, and is \
         written in lower case. NULL if the text is not hex, or if both encodings are the same.",
        |_| SqlType::String,
        encode,
    );
    Builtin::new(
        "ENCODE",
        "STRING",
        "Writes a text in another encoding.",
        vec![variant],
    )
}

fn encode(call: &Call) -> Result<ArrayRef> {
    let texts = call.argument(0)?.strings()?;
    let (from, to) = (call.argument(1)?.strings()?, call.argument(2)?.strings()?);
    let mut results = Texts::new(call.rows);
    let (mut bytes, mut encoded) = (Vec::new(), String::new());
    for row in 0..call.rows {
        bytes.clear();
        encoded.clear();
        let is_there = (|| {
            let from = Encoding::from_name(from.get(row)?)?;
            let to = Encoding::from_name(to.get(row)?)?;
            decode(from, texts.get(row)?, &mut bytes).filter(|()| from != to)?;
            to.encode(&bytes, Digits::Lower, &mut encoded);
            Some(())
        })();
        results.push(is_there.map(|()| encoded.as_str()));
    }
    results.finish()
}

/// Not as TO_BYTES does: hex may lack its first digit behind `0x`, and of base64 only what is base64 counts.
fn decode(encoding: Encoding, text: &str, bytes: &mut Vec<u8>) -> Option<()> {
    match encoding {
        Encoding::Hex => {
            let quoted = |start| text.strip_prefix(start)?.strip_suffix('\'');
            if let Some(digits) = quoted("x'").or_else(|| quoted("X'")) {
                return decode_hex(digits, bytes);
            }
            let Some(digits) = text.strip_prefix("0x") else {
                return decode_hex(text, bytes);
            };
            // A first digit alone is the lower half of its byte.
            let (first, pairs) = digits.split_at_checked(digits.len() % 2)?;
            if !first.is_empty() {
                bytes.push(u8::from_str_radix(first, 16).ok()?);
            }
            decode_hex(pairs, bytes)
        }
        Encoding::Base64 => decode_some_base64(text, bytes),
        Encoding::Utf8 | Encoding::Ascii => encoding.decode(text, bytes),
    }
}

/// What Apache's codec makes of a text: both alphabets at once, `=` ends it, all else is passed over.
fn decode_some_base64(text: &str, bytes: &mut Vec<u8>) -> Option<()> {
    const LENIENT: engine::GeneralPurpose = engine::GeneralPurpose::new(
        &alphabet::STANDARD,
        engine::GeneralPurposeConfig::new()
            .with_decode_padding_mode(engine::DecodePaddingMode::RequireNone)
            .with_decode_allow_trailing_bits(true),
    );
    let digits = text.bytes().take_while(|byte| *byte != b'=');
    let digits = digits.filter_map(|byte| match byte {
        b'-' => Some(b'+'),
        b'_' => Some(b'/'),
        b'+' | b'/' => Some(byte),
        _ => byte.is_ascii_alphanumeric().then_some(byte),
    });
    let mut digits: Vec<u8> = digits.collect();
    // One digit alone is less than a byte.
    if digits.len() % 4 == 1 {
        digits.pop();
    }
    LENIENT.decode_vec(&digits, bytes).ok()
}

#[cfg(test)]
mod tests {
    use crate::testing::{call, no_text, text};

    fn check(input: &str, from: &str, to: &str, expected: Option<&str>) {
        let expected = expected.map_or_else(no_text, text);
        call("ENCODE", &[text(input), text(from), text(to)], expected);
    }

    #[test]
    fn from_hex() {
        for input in ["4869", "0x4869", "x'4869'", "X'4869'"] {
            check(input, "hex", "ascii", Some("Hi"));
            check(input, "HEX", "Utf8", Some("Hi"));
            check(input, "hex", "base64", Some("SGk="));
        }
        check("ce95", "hex", "utf8", Some("Ε"));
        check("ce95", "hex", "ascii", Some("\u{fffd}\u{fffd}"));
        check("0x869", "hex", "ascii", Some("\u{8}i"));
        for nothing in ["", "0x", "x''", "X''"] {
            check(nothing, "hex", "utf8", Some(""));
        }
        for wrong in [
            "486", "x'486'", "0x0x", "X'", "x'48", "4g", "0xé", "é", "0X48", "0x+1",
        ] {
            check(wrong, "hex", "utf8", None);
        }
    }

    #[test]
    fn from_text() {
        check("Hi", "ascii", "hex", Some("4869"));
        check("éM", "ascii", "hex", Some("3f4d"));
        check("é", "ascii", "utf8", Some("?"));
        check("é", "ascii", "base64", Some("Pw=="));
        check("éM", "utf8", "hex", Some("c3a94d"));
        check("é", "utf8", "ascii", Some("\u{fffd}\u{fffd}"));
        check("é", "utf8", "base64", Some("w6k="));
    }

    #[test]
    fn from_base64() {
        check("SGk=", "base64", "ascii", Some("Hi"));
        check("w6k=", "base64", "utf8", Some("é"));
        check("w6k", "base64", "hex", Some("c3a9"));
        check("_-8", "base64", "hex", Some("ffef"));
        check("S G\nk=ignored", "base64", "utf8", Some("Hi"));
        check("SGkx!A", "base64", "utf8", Some("Hi1"));
        check("", "base64", "utf8", Some(""));
    }

    #[test]
    fn encodings_differ_and_are_known() {
        for encoding in ["hex", "utf8", "ascii", "base64"] {
            check("48", encoding, encoding, None);
        }
        check("48", "latin1", "hex", None);
        check("48", "hex", "", None);
    }
}
