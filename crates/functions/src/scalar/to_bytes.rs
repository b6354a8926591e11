//! TO_BYTES: a text that is written in an encoding (hex, utf8, ascii, base64) as bytes. NULL for what is not.

use arrow::array::ArrayRef;
use datafusion_common::Result;
use weir_catalog::SqlType;

use super::encoding::Encoding;
use crate::texts::ByteStrings;
use crate::{
    kernel::Call,
    overload::{Builtin, Parameter, Variant},
};

pub fn function() -> Builtin {
    let variant = Variant::new(
        [("text", Parameter::STRING), ("encoding", Parameter::STRING)],
        "The bytes of a text in hex (`4a`, `0x4a`, `x'4a'`), utf8, ascii or base64; NULL for a text that is not in it.",
        |_| SqlType::Bytes,
        to_bytes,
    );
    Builtin::new(
        "TO_BYTES",
        "STRING",
        "Makes bytes of an encoded text.",
        vec![variant],
    )
}

fn to_bytes(call: &Call) -> Result<ArrayRef> {
    let (texts, encodings) = (call.argument(0)?.strings()?, call.argument(1)?.strings()?);
    let mut results = ByteStrings::new(call.rows);
    let mut bytes = Vec::new();
    for row in 0..call.rows {
        bytes.clear();
        let is_there = (|| {
            let encoding = Encoding::from_name(encodings.get(row)?)?;
            encoding.decode(texts.get(row)?, &mut bytes)
        })();
        results.push(is_there.map(|()| bytes.as_slice()));
    }
    results.finish()
}

#[cfg(test)]
mod tests {
    use crate::testing::{bytes, call, no_bytes, text};

    fn check(input: &str, encoding: &str, expected: Option<&[u8]>) {
        let expected = expected.map_or_else(no_bytes, bytes);
        call("TO_BYTES", &[text(input), text(encoding)], expected);
    }

    #[test]
    fn hex() {
        check("4A6b", "hex", Some(&[0x4a, 0x6b]));
        check("0x4a", "HEX", Some(&[0x4a]));
        check("x'4a'", "hex", Some(&[0x4a]));
        check("", "hex", Some(b""));
        check("4a6", "hex", None);
        check("4é", "hex", None);
        check("x'4a", "hex", None);
        check("0x0x", "hex", None);
    }

    #[test]
    fn the_others() {
        check("é", "utf8", Some("é".as_bytes()));
        check("aé😀", "ascii", Some(b"a??"));
        check("aGk=", "base64", Some(b"hi"));
        check("", "base64", Some(b""));
        check("!", "base64", None);
        check("a", "latin1", None);
        check("a", "", None);
    }
}
