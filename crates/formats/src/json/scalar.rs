//! One JSON value as a scalar: the leniency of ksqlDB's deserializer.

use base64::{
    Engine,
    alphabet::STANDARD,
    engine::{GeneralPurpose, GeneralPurposeConfig},
};
use weir_catalog::SqlType;

use super::text;
use crate::{
    column::{Column, Value},
    number,
};

/// As Jackson reads it.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true),
);

/// Appends the value in `raw` (JSON text of one value, checked) to a column; NULL appends nothing. `Err` is what was
/// expected.
pub fn push(
    raw: &str,
    sql_type: &SqlType,
    column: &mut Column,
    row: usize,
    scratch: &mut String,
) -> Result<(), &'static str> {
    let first = raw.as_bytes().first().copied().unwrap_or(b'n');
    if first == b'n' {
        return Ok(());
    }
    let value = match sql_type {
        SqlType::String => {
            if first == b'"'
                && let Some(plain) = text::plain(raw)
            {
                column.push(row, Value::Bytes(plain.as_bytes()));
                return Ok(());
            }
            scratch.clear();
            text::to_text(raw, scratch);
            Value::Bytes(scratch.as_bytes())
        }
        SqlType::Boolean => match first {
            b't' => Value::Boolean(true),
            b'f' => Value::Boolean(false),
            _ => return Err("a BOOLEAN"),
        },
        SqlType::Bytes => {
            let text = string(raw, scratch).ok_or("BYTES in base64")?;
            let bytes = bytes(text).ok_or("BYTES in base64")?;
            column.push(row, Value::Bytes(&bytes));
            return Ok(());
        }
        SqlType::Integer => Value::Int32(int(raw, scratch).ok_or("an INTEGER")?),
        SqlType::BigInt => Value::Int64(integer(raw, scratch).ok_or("a BIGINT")?),
        SqlType::Double => Value::Double(double(raw, scratch).ok_or("a DOUBLE")?),
        SqlType::Decimal { precision, scale } => {
            let text = number_or_string(raw, scratch).ok_or("a DECIMAL")?;
            let value = number::to_decimal(text, *precision, *scale);
            Value::Decimal(value.ok_or("a DECIMAL that fits without rounding")?)
        }
        SqlType::Time => {
            Value::Int32(time(raw, scratch).ok_or("a TIME in milliseconds of the day")?)
        }
        SqlType::Date => Value::Int32(date(raw, scratch).ok_or("a DATE in days since 1970")?),
        SqlType::Timestamp => {
            Value::Int64(integer(raw, scratch).ok_or("a TIMESTAMP in milliseconds since 1970")?)
        }
        SqlType::Array(_) | SqlType::Map(..) | SqlType::Struct(_) => return Err("another type"),
    };
    column.push(row, value);
    Ok(())
}

fn is_number(raw: &str) -> bool {
    matches!(raw.as_bytes().first(), Some(b'-' | b'0'..=b'9'))
}

/// The content of a JSON string.
fn string<'a>(raw: &'a str, scratch: &'a mut String) -> Option<&'a str> {
    if !raw.starts_with('"') {
        return None;
    }
    if let Some(plain) = text::plain(raw) {
        return Some(plain);
    }
    scratch.clear();
    text::unescape(raw, scratch);
    Some(scratch)
}

fn number_or_string<'a>(raw: &'a str, scratch: &'a mut String) -> Option<&'a str> {
    if is_number(raw) {
        Some(raw)
    } else {
        string(raw, scratch)
    }
}

/// A number in any range, of which the low bits count, or a text that is an integer.
fn integer(raw: &str, scratch: &mut String) -> Option<i64> {
    if is_number(raw) {
        return number::to_i64(raw);
    }
    string(raw, scratch)?.parse().ok()
}

fn int(raw: &str, scratch: &mut String) -> Option<i32> {
    if is_number(raw) {
        return number::to_i64(raw).map(|value| value as i32);
    }
    // Numbers wrap, texts must fit.
    string(raw, scratch)?.parse().ok()
}

fn double(raw: &str, scratch: &mut String) -> Option<f64> {
    number::to_double(number_or_string(raw, scratch)?)
}

fn date(raw: &str, scratch: &mut String) -> Option<i32> {
    integer(raw, scratch).and_then(|days| i32::try_from(days).ok())
}

fn time(raw: &str, scratch: &mut String) -> Option<i32> {
    number::to_time(integer(raw, scratch)?)
}

/// Base64 with its padding; blanks may stand around each group of four. Bits that no byte takes are not looked at.
fn bytes(text: &str) -> Option<Vec<u8>> {
    let is_blank = |byte: u8| byte <= b' ';
    if !text.bytes().any(is_blank) {
        return BASE64.decode(text).ok();
    }
    let mut groups = Vec::with_capacity(text.len());
    for byte in text.trim_matches(|character| character <= ' ').bytes() {
        if groups.len() % 4 != 0 || !is_blank(byte) {
            groups.push(byte);
        }
    }
    BASE64.decode(groups).ok()
}
