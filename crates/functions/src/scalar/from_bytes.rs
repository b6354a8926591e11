//! FROM_BYTES: bytes as a text in an encoding (hex, utf8, ascii, base64).

use arrow::array::ArrayRef;
use datafusion_common::Result;
use weir_catalog::SqlType;

use super::encoding::{Digits, Encoding};
use crate::texts::Texts;
use crate::{
    kernel::Call,
    overload::{Builtin, Parameter, Variant},
};

pub fn function() -> Builtin {
    let variant = Variant::new(
        [("bytes", Parameter::BYTES), ("encoding", Parameter::STRING)],
        "The bytes as text in hex (upper case), utf8, ascii or base64; what is not of utf8 or ascii becomes U+FFFD.",
        |_| SqlType::String,
        from_bytes,
    );
    Builtin::new(
        "FROM_BYTES",
        "STRING",
        "Writes bytes as an encoded text.",
        vec![variant],
    )
}

fn from_bytes(call: &Call) -> Result<ArrayRef> {
    let (bytes, encodings) = (call.argument(0)?, call.argument(1)?.strings()?);
    let mut results = Texts::new(call.rows);
    let mut text = String::new();
    for row in 0..call.rows {
        text.clear();
        let is_there = (|| {
            let encoding = Encoding::from_name(encodings.get(row)?)?;
            encoding.encode(bytes.bytes(row)?, Digits::Upper, &mut text);
            Some(())
        })();
        results.push(is_there.map(|()| text.as_str()));
    }
    results.finish()
}

#[cfg(test)]
mod tests {
    use crate::testing::{bytes, call, no_text, text};

    #[test]
    fn bytes_in_each_encoding() {
        let check = |input: &[u8], encoding: &str, expected: &str| {
            call(
                "FROM_BYTES",
                &[bytes(input), text(encoding)],
                text(expected),
            );
        };
        check(&[0x4a, 0xff, 0x00], "hex", "4AFF00");
        check(&[0x4a, 0xff], "UTF8", "J\u{fffd}");
        check("é".as_bytes(), "utf8", "é");
        check(&[0x4a, 0xff], "ascii", "J\u{fffd}");
        check(b"hi", "base64", "aGk=");
        // On one line, however long.
        check(&[0; 60], "base64", &"A".repeat(80));
        check(b"", "hex", "");
        call("FROM_BYTES", &[bytes(b"hi"), text("latin1")], no_text());
    }
}
