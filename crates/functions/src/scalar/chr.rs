//! CHR: the character of a code point, or what a text of UTF-16 escapes stands for.

use arrow::array::ArrayRef;
use datafusion_common::Result;
use weir_catalog::SqlType;

use crate::texts::{Texts, map_some_texts, utf16_length};
use crate::{
    kernel::Call,
    overload::{Builtin, Parameter, Variant},
};

pub fn function() -> Builtin {
    let of_number = Variant::new(
        [("code", Parameter::INTEGER)],
        "The character of a Unicode code point; NULL for what is none.",
        |_| SqlType::String,
        of_code_points,
    );
    let of_text = Variant::new(
        [("code", Parameter::STRING)],
        "What UTF-16 escapes (`\\u597d`, `\\ud83d\\ude00`) stand for; NULL for a text that does not begin with one.",
        |_| SqlType::String,
        |call| map_some_texts(call, unescape),
    );
    Builtin::new(
        "CHR",
        "STRING",
        "Returns the character of a code.",
        vec![of_number, of_text],
    )
    .shown_as("Chr")
}

fn of_code_points(call: &Call) -> Result<ArrayRef> {
    let codes = call.argument(0)?;
    let mut results = Texts::new(call.rows);
    let mut buffer = [0; 4];
    for row in 0..call.rows {
        let code = codes.integer(row).and_then(|code| u32::try_from(code).ok());
        let character = code.and_then(|code| match code {
            // Half of a pair is a code point, but no character.
            0xd800..=0xdfff => Some(char::REPLACEMENT_CHARACTER),
            code => char::from_u32(code),
        });
        results.push(character.map(|character| &*character.encode_utf8(&mut buffer)));
    }
    results.finish()
}

/// All escapes that Java's source knows, once the text begins with a `\u`.
fn unescape(text: &str, out: &mut String) -> Option<()> {
    if !text.starts_with("\\u") || utf16_length(text) < 6 {
        return None;
    }
    let mut units: Vec<u16> = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(character) = rest.chars().next() {
        rest = &rest[character.len_utf8()..];
        if character == '\\' {
            let (unit, left) = escaped(rest)?;
            units.extend(unit);
            rest = left;
        } else {
            units.extend_from_slice(character.encode_utf16(&mut [0; 2]));
        }
    }
    let characters = char::decode_utf16(units);
    out.extend(characters.map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER)));
    Some(())
}

/// What follows on a `\`, and what is left. A `\` before anything else is dropped.
fn escaped(text: &str) -> Option<(Option<u16>, &str)> {
    let Some(sign) = text.chars().next() else {
        return Some((None, ""));
    };
    let rest = &text[sign.len_utf8()..];
    let unit = match sign {
        'u' => {
            let digits = rest.trim_start_matches('u');
            let digits = digits.strip_prefix('+').unwrap_or(digits);
            let (digits, rest) = digits.split_at_checked(4)?;
            if !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
                return None;
            }
            return Some((u16::from_str_radix(digits, 16).ok(), rest));
        }
        '0'..='7' => {
            let most = if sign <= '3' { 3 } else { 2 };
            let digits = text.bytes().take(most);
            let length = digits
                .take_while(|digit| matches!(digit, b'0'..=b'7'))
                .count();
            let (digits, rest) = text.split_at(length);
            return Some((u16::from_str_radix(digits, 8).ok(), rest));
        }
        'b' => '\x08',
        'n' => '\n',
        't' => '\t',
        'f' => '\x0c',
        'r' => '\r',
        '\\' | '"' | '\'' => sign,
        _ => return Some((None, text)),
    };
    Some((u16::try_from(u32::from(unit)).ok(), rest))
}

#[cfg(test)]
mod tests {
    use datafusion_common::ScalarValue;

    use crate::testing::{call, no_text, text};

    #[test]
    fn code_points() {
        let check = |code: i32, expected: Option<&str>| {
            let expected = expected.map_or_else(no_text, text);
            call("CHR", &[ScalarValue::from(code)], expected);
        };
        check(75, Some("K"));
        check(0, Some("\0"));
        check(22909, Some("好"));
        check(99000, Some("\u{182b8}"));
        check(0x10ffff, Some("\u{10ffff}"));
        check(0x110000, None);
        check(0xd800, Some("\u{fffd}"));
        check(-1, None);
        check(i32::MIN, None);
    }

    #[test]
    fn escapes() {
        let check = |code: &str, expected: Option<&str>| {
            call("CHR", &[text(code)], expected.map_or_else(no_text, text));
        };
        check(r"\u004b", Some("K"));
        check(r"\u004B\u597d", Some("K好"));
        check(r"\ud820\udeb8", Some("\u{182b8}"));
        check(r"\ud820x", Some("\u{fffd}x"));
        check(r"\u004bé\n\t\\\'\101\0\q\", Some("Ké\n\t\\'A\0q"));
        check(r"\uu004b", Some("K"));
        check(r"\u+004b", Some("K"));
        for wrong in [
            "",
            "75",
            "004b",
            "bogus",
            r"\u00",
            r"\u00zz",
            r"\u+04b",
            r"\u00é1",
            r"x\u004b",
            r"\u004b\u1",
        ] {
            check(wrong, None);
        }
    }
}
