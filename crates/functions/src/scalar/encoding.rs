//! The encodings of TO_BYTES, FROM_BYTES and ENCODE: hex, utf8, ascii, base64.

use base64::{Engine, prelude::BASE64_STANDARD};

use crate::operators::cast::decode_base64;

#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Encoding {
    Hex,
    Utf8,
    Ascii,
    Base64,
}

/// The digits that hex is written with.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Digits {
    Lower,
    Upper,
}

impl Encoding {
    /// In any case.
    pub fn from_name(name: &str) -> Option<Self> {
        let named = [
            ("hex", Self::Hex),
            ("utf8", Self::Utf8),
            ("ascii", Self::Ascii),
            ("base64", Self::Base64),
        ];
        let mut named = named.into_iter();
        named
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, encoding)| encoding)
    }

    /// Appends the bytes of a text; `None` if it is not in this encoding.
    pub fn decode(self, text: &str, out: &mut Vec<u8>) -> Option<()> {
        match self {
            Self::Hex => decode_hex(unwrapped_hex(text), out)?,
            Self::Utf8 => out.extend_from_slice(text.as_bytes()),
            // As Java: `?` for what ASCII has not.
            Self::Ascii if text.is_ascii() => out.extend_from_slice(text.as_bytes()),
            Self::Ascii => {
                let ascii = |character| u8::try_from(character).ok().filter(u8::is_ascii);
                out.extend(
                    text.chars()
                        .map(|character| ascii(character).unwrap_or(b'?')),
                );
            }
            Self::Base64 => out.extend(decode_base64(text)?),
        }
        Some(())
    }

    /// Appends bytes as text.
    pub fn encode(self, bytes: &[u8], digits: Digits, out: &mut String) {
        match self {
            Self::Hex => encode_hex(bytes, digits, out),
            // As Java: U+FFFD for what is not of the encoding.
            Self::Utf8 => out.push_str(&String::from_utf8_lossy(bytes)),
            Self::Ascii => out.extend(bytes.iter().map(|byte| match byte.is_ascii() {
                true => char::from(*byte),
                false => char::REPLACEMENT_CHARACTER,
            })),
            Self::Base64 => BASE64_STANDARD.encode_string(bytes, out),
        }
    }
}

/// `4a` of `4a`, `0x4a` and `x'4a'`.
pub fn unwrapped_hex(text: &str) -> &str {
    let quoted = |start| text.strip_prefix(start)?.strip_suffix('\'');
    let plain = || text.strip_prefix("0x").or_else(|| text.strip_prefix("0X"));
    quoted("x'")
        .or_else(|| quoted("X'"))
        .or_else(plain)
        .unwrap_or(text)
}

pub fn decode_hex(digits: &str, out: &mut Vec<u8>) -> Option<()> {
    let (pairs, rest) = digits.as_bytes().as_chunks::<2>();
    if !rest.is_empty() {
        return None;
    }
    let digit = |byte: u8| char::from(byte).to_digit(16);
    out.reserve(pairs.len());
    for [high, low] in pairs {
        out.push(u8::try_from(digit(*high)? * 16 + digit(*low)?).ok()?);
    }
    Some(())
}

pub fn encode_hex(bytes: &[u8], digits: Digits, out: &mut String) {
    let digits: &[u8; 16] = match digits {
        Digits::Lower => b"0123456789abcdef",
        Digits::Upper => b"0123456789ABCDEF",
    };
    let digit = |half: u8| char::from(digits[usize::from(half & 15)]);
    out.reserve(bytes.len() * 2);
    for byte in bytes {
        out.push(digit(byte >> 4));
        out.push(digit(*byte));
    }
}
