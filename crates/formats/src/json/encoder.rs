//! Rows as JSON: all columns in order, NULLs written, DECIMALs with all their places, DOUBLEs as Java writes them.

use std::io::Write;

use arrow::{
    array::{Array, ArrayRef, AsArray},
    datatypes::{
        DataType, Date32Type, Decimal128Type, Decimal256Type, Float64Type, Int32Type, Int64Type,
        Time32MillisecondType, TimestampMillisecondType,
    },
};
use base64::Engine;
use weir_catalog::{Column, FormatSpec, SqlType, text};

use crate::number;

/// The writer of one schema.
#[derive(Debug)]
pub struct JsonEncoder {
    /// What stands before each value: `{"A":`, `,"B":`.
    prefixes: Vec<Vec<u8>>,
    types: Vec<SqlType>,
    is_bare: bool,
}

impl JsonEncoder {
    pub fn new(format: &FormatSpec, columns: &[Column]) -> Self {
        let prefixes = columns
            .iter()
            .enumerate()
            .map(|(index, column)| prefix(index, &column.name))
            .collect();
        Self {
            prefixes,
            types: columns
                .iter()
                .map(|column| column.sql_type.clone())
                .collect(),
            is_bare: columns.len() == 1 && !format.wrap_single,
        }
    }

    /// Appends a row; false if it is null bytes: a NULL that stands alone.
    pub fn write(&self, arrays: &[ArrayRef], row: usize, out: &mut Vec<u8>) -> bool {
        if self.is_bare {
            let is_there = arrays[0].is_valid(row);
            if is_there {
                value(&arrays[0], row, &self.types[0], out);
            }
            return is_there;
        }
        for ((prefix, array), sql_type) in self.prefixes.iter().zip(arrays).zip(&self.types) {
            out.extend_from_slice(prefix);
            value(array, row, sql_type, out);
        }
        out.push(b'}');
        true
    }
}

fn prefix(index: usize, name: &str) -> Vec<u8> {
    let mut prefix = vec![if index == 0 { b'{' } else { b',' }];
    string(name, &mut prefix);
    prefix.push(b':');
    prefix
}

/// Appends one value. Writing to a vector cannot fail.
fn value(array: &ArrayRef, row: usize, sql_type: &SqlType, out: &mut Vec<u8>) {
    if array.is_null(row) {
        return out.extend_from_slice(b"null");
    }
    match sql_type {
        SqlType::String => string(array.as_string::<i32>().value(row), out),
        SqlType::Boolean => out.extend_from_slice(if array.as_boolean().value(row) {
            b"true"
        } else {
            b"false"
        }),
        SqlType::Integer => _ = write!(out, "{}", array.as_primitive::<Int32Type>().value(row)),
        SqlType::BigInt => _ = write!(out, "{}", array.as_primitive::<Int64Type>().value(row)),
        SqlType::Double => double(array.as_primitive::<Float64Type>().value(row), out),
        SqlType::Decimal { scale, .. } => decimal(array, row, *scale, out),
        SqlType::Bytes => {
            out.push(b'"');
            let encoded = base64::engine::general_purpose::STANDARD
                .encode(array.as_binary::<i32>().value(row));
            out.extend_from_slice(encoded.as_bytes());
            out.push(b'"');
        }
        SqlType::Time => {
            _ = write!(
                out,
                "{}",
                array.as_primitive::<Time32MillisecondType>().value(row)
            )
        }
        SqlType::Date => _ = write!(out, "{}", array.as_primitive::<Date32Type>().value(row)),
        SqlType::Timestamp => {
            _ = write!(
                out,
                "{}",
                array.as_primitive::<TimestampMillisecondType>().value(row)
            )
        }
        SqlType::Array(element) => {
            let list = array.as_list::<i32>();
            let (start, end) = (
                list.value_offsets()[row] as usize,
                list.value_offsets()[row + 1] as usize,
            );
            out.push(b'[');
            for index in start..end {
                if index > start {
                    out.push(b',');
                }
                value(list.values(), index, element, out);
            }
            out.push(b']');
        }
        SqlType::Map(_, of) => {
            let map = array.as_map();
            let keys = map.keys().as_string::<i32>();
            let (start, end) = (
                map.value_offsets()[row] as usize,
                map.value_offsets()[row + 1] as usize,
            );
            out.push(b'{');
            for index in start..end {
                if index > start {
                    out.push(b',');
                }
                string(keys.value(index), out);
                out.push(b':');
                value(map.values(), index, of, out);
            }
            out.push(b'}');
        }
        SqlType::Struct(fields) => {
            let members = array.as_struct();
            out.push(b'{');
            for (index, (field, column)) in fields.iter().zip(members.columns()).enumerate() {
                if index > 0 {
                    out.push(b',');
                }
                string(&field.name, out);
                out.push(b':');
                value(column, row, &field.sql_type, out);
            }
            out.push(b'}');
        }
    }
}

fn double(value: f64, out: &mut Vec<u8>) {
    let quote: &[u8] = if value.is_finite() { b"" } else { b"\"" };
    out.extend_from_slice(quote);
    let _ = write!(out, "{}", text::Double(value));
    out.extend_from_slice(quote);
}

/// As Java's `BigDecimal` prints it: what begins with six zeros behind the point or more has an exponent.
fn decimal(array: &ArrayRef, row: usize, scale: u8, out: &mut Vec<u8>) {
    let start = out.len();
    plain_decimal(array, row, scale, out);
    if scale > 6 {
        let mut text = String::new();
        number::java_text(&String::from_utf8_lossy(&out[start..]), &mut text);
        out.truncate(start);
        out.extend_from_slice(text.as_bytes());
    }
}

fn plain_decimal(array: &ArrayRef, row: usize, scale: u8, out: &mut Vec<u8>) {
    if matches!(array.data_type(), DataType::Decimal128(..)) {
        let unscaled = array.as_primitive::<Decimal128Type>().value(row);
        _ = write!(out, "{}", text::Decimal { unscaled, scale });
    } else {
        let unscaled = array.as_primitive::<Decimal256Type>().value(row);
        _ = write!(out, "{}", text::Decimal { unscaled, scale });
    }
}

/// A text between quotes, escaped as Jackson does it: `"`, `\` and control characters.
pub fn string(text: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    let bytes = text.as_bytes();
    let mut start = 0;
    for (at, byte) in bytes.iter().enumerate() {
        if *byte >= 0x20 && *byte != b'"' && *byte != b'\\' {
            continue;
        }
        out.extend_from_slice(&bytes[start..at]);
        start = at + 1;
        match byte {
            b'"' => out.extend_from_slice(b"\\\""),
            b'\\' => out.extend_from_slice(b"\\\\"),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            0x08 => out.extend_from_slice(b"\\b"),
            0x0c => out.extend_from_slice(b"\\f"),
            other => _ = write!(out, "\\u{other:04X}"),
        }
    }
    out.extend_from_slice(&bytes[start..]);
    out.push(b'"');
}
