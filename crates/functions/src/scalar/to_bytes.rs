//! TO_BYTES: a text that is written in an encoding (hex, utf8, ascii, base64) as bytes. NULL for what is not.

use arrow::array::ArrayRef;
use datafusion_common::Result;
use weir_catalog::SqlType;

use crate::texts::ByteStrings;
use crate::{
    kernel::Call,
    operators::cast::decode_base64,
    overload::{Builtin, Parameter, Variant},
};

pub fn function() -> Builtin {
    let variant = Variant::new(
        [("text", Parameter::STRING), ("encoding", Parameter::STRING)],
        "The bytes of a text in hex, utf8, ascii or base64; NULL for a text that is not in it.",
        |_| SqlType::Bytes,
        to_bytes,
    );
    Builtin::new("TO_BYTES", "STRING", "Makes bytes of an encoded text.", vec![variant])
}

#[derive(Debug, Clone, Copy)]
pub enum Encoding {
    Hex,
    Utf8,
    Ascii,
    Base64,
}

impl Encoding {
    pub fn from_name(name: &str) -> Option<Self> {
        let named = [
            ("hex", Self::Hex),
            ("utf8", Self::Utf8),
            ("ascii", Self::Ascii),
            ("base64", Self::Base64),
        ];
        let mut named = named.into_iter();
        named.find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, encoding)| encoding)
    }

    fn decode(self, text: &str) -> Option<Vec<u8>> {
        match self {
            Self::Hex => decode_hex(text),
            Self::Utf8 => Some(text.as_bytes().to_vec()),
            // As Java: `?` for what ASCII has not.
            Self::Ascii => Some(text.chars().map(|character| u8::try_from(character).ok().filter(u8::is_ascii).unwrap_or(b'?')).collect()),
            Self::Base64 => decode_base64(text),
        }
    }
}

/// `48656c`, `0x48656C`, `x'48656c'`.
fn decode_hex(text: &str) -> Option<Vec<u8>> {
    let quoted = ["x'", "X'"].into_iter().find_map(|start| text.strip_prefix(start)?.strip_suffix('\''));
    let plain = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")).unwrap_or(text);
    let digits = quoted.unwrap_or(plain).as_bytes();
    if digits.len() % 2 == 1 {
        return None;
    }
    let digit = |byte: u8| char::from(byte).to_digit(16);
    let pairs = digits.chunks_exact(2);
    pairs.map(|pair| u8::try_from(digit(pair[0])? * 16 + digit(pair[1])?).ok()).collect()
}

fn to_bytes(call: &Call) -> Result<ArrayRef> {
    let (texts, encodings) = (call.argument(0)?.strings()?, call.argument(1)?.strings()?);
    let mut results = ByteStrings::new(call.rows);
    for row in 0..call.rows {
        let encoding = encodings.get(row).and_then(Encoding::from_name);
        let bytes = texts.get(row).and_then(|text| encoding?.decode(text));
        results.push(bytes.as_deref());
    }
    results.finish()
}
