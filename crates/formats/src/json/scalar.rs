//! One JSON value as a scalar: the leniency of ksqlDB's deserializer.

use base64::Engine;
use weir_catalog::SqlType;

use super::text;
use crate::{
    column::{Column, Value},
    number,
};

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
            let bytes = base64::engine::general_purpose::STANDARD
                .decode(text)
                .map_err(|_| "BYTES in base64")?;
            column.push(row, Value::Bytes(&bytes));
            return Ok(());
        }
        SqlType::Integer => Value::Int32(integer(raw, scratch).ok_or("an INTEGER")? as i32),
        SqlType::BigInt => Value::Int64(integer(raw, scratch).ok_or("a BIGINT")?),
        SqlType::Double => Value::Double(double(raw, scratch).ok_or("a DOUBLE")?),
        SqlType::Decimal { precision, scale } => {
            let text = number_or_string(raw, scratch).ok_or("a DECIMAL")?;
            let value = number::to_decimal(text.trim(), *precision, *scale);
            Value::Decimal(value.ok_or("a DECIMAL that fits without rounding")?)
        }
        SqlType::Time => {
            Value::Int32(whole_i32(raw, scratch).ok_or("a TIME in milliseconds of the day")?)
        }
        SqlType::Date => Value::Int32(whole_i32(raw, scratch).ok_or("a DATE in days since 1970")?),
        SqlType::Timestamp => {
            Value::Int64(whole(raw, scratch).ok_or("a TIMESTAMP in milliseconds since 1970")?)
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

fn integer(raw: &str, scratch: &mut String) -> Option<i64> {
    if is_number(raw) {
        return number::to_i64(raw);
    }
    let text = string(raw, scratch)?;
    text.parse().ok()
}

fn double(raw: &str, scratch: &mut String) -> Option<f64> {
    let text = number_or_string(raw, scratch)?.trim();
    let is_number = text
        .bytes()
        .all(|byte| byte.is_ascii_digit() || b"+-.eE".contains(&byte));
    if is_number {
        return text.parse().ok();
    }
    // What the writer gives for these.
    match text {
        "NaN" => Some(f64::NAN),
        "Infinity" => Some(f64::INFINITY),
        "-Infinity" => Some(f64::NEG_INFINITY),
        _ => None,
    }
}

fn whole(raw: &str, scratch: &mut String) -> Option<i64> {
    number_or_string(raw, scratch)?.parse().ok()
}

fn whole_i32(raw: &str, scratch: &mut String) -> Option<i32> {
    whole(raw, scratch).and_then(|value| i32::try_from(value).ok())
}
