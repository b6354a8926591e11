//! FROM_BYTES: bytes as a text in an encoding (hex, utf8, ascii, base64).

use std::fmt::Write;

use arrow::array::ArrayRef;
use base64::{Engine, prelude::BASE64_STANDARD};
use datafusion_common::Result;
use weir_catalog::SqlType;

use super::to_bytes::Encoding;
use crate::texts::Texts;
use crate::{
    kernel::Call,
    overload::{Builtin, Parameter, Variant},
};

pub fn function() -> Builtin {
    let variant = Variant::new(
        [("bytes", Parameter::BYTES), ("encoding", Parameter::STRING)],
        "The bytes as text in hex, utf8, ascii or base64.",
        |_| SqlType::String,
        from_bytes,
    );
    Builtin::new("FROM_BYTES", "STRING", "Writes bytes as an encoded text.", vec![variant])
}

impl Encoding {
    fn encode(self, bytes: &[u8]) -> String {
        match self {
            Self::Hex => bytes.iter().fold(String::new(), |mut text, byte| {
                // Writing to a String does not fail.
                let _ = write!(text, "{byte:02X}");
                text
            }),
            // As Java: U+FFFD for what is not of the encoding.
            Self::Utf8 => String::from_utf8_lossy(bytes).into_owned(),
            Self::Ascii => {
                let characters = bytes.iter().map(|byte| match byte.is_ascii() {
                    true => char::from(*byte),
                    false => char::REPLACEMENT_CHARACTER,
                });
                characters.collect()
            }
            Self::Base64 => BASE64_STANDARD.encode(bytes),
        }
    }
}

fn from_bytes(call: &Call) -> Result<ArrayRef> {
    let (bytes, encodings) = (call.argument(0)?, call.argument(1)?.strings()?);
    let mut results = Texts::new(call.rows);
    for row in 0..call.rows {
        let encoding = encodings.get(row).and_then(Encoding::from_name);
        let text = bytes.bytes(row).and_then(|bytes| Some(encoding?.encode(bytes)));
        results.push(text.as_deref());
    }
    results.finish()
}
