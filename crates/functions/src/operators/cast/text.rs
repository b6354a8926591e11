//! Values as STRINGs, as Java prints them: `[1, 3]`, `{a=1}`, `Struct{F0=1,f1=3}`.

use std::fmt::Write;

use arrow::array::{
    Array, ArrayRef, AsArray, BinaryArray, BooleanArray, Date32Array, Float64Array, Int32Array,
    Int64Array, StringArray, StringBuilder, Time32MillisecondArray, TimestampMillisecondArray,
};
use base64::Engine;
use datafusion_common::Result;
use weir_catalog::{SqlType, text};

use crate::{column::downcast, decimal, operators::time_text};

/// One text a row; NULL stays NULL.
pub fn to_text(array: &ArrayRef, from: &SqlType) -> Result<StringArray> {
    let mut builder = StringBuilder::with_capacity(array.len(), array.len() * 8);
    let mut value = String::new();
    for row in 0..array.len() {
        value.clear();
        if array.is_null(row) {
            builder.append_null();
        } else {
            write_value(array, row, from, &mut value)?;
            builder.append_value(&value);
        }
    }
    Ok(builder.finish())
}

/// Appends the text of a row; `null` for NULL.
pub fn write_value(
    array: &ArrayRef,
    row: usize,
    sql_type: &SqlType,
    out: &mut String,
) -> Result<()> {
    if array.is_null(row) {
        out.push_str("null");
        return Ok(());
    }
    // Writing to a String cannot fail.
    match sql_type {
        SqlType::Boolean => _ = write!(out, "{}", downcast::<BooleanArray>(array)?.value(row)),
        SqlType::Integer => _ = write!(out, "{}", downcast::<Int32Array>(array)?.value(row)),
        SqlType::BigInt => _ = write!(out, "{}", downcast::<Int64Array>(array)?.value(row)),
        SqlType::Double => {
            _ = write!(
                out,
                "{}",
                text::Double(downcast::<Float64Array>(array)?.value(row))
            )
        }
        SqlType::Decimal { scale, .. } => {
            let unscaled = decimal::values(&array.slice(row, 1))?
                .pop()
                .flatten()
                .unwrap_or_default();
            let _ = write!(
                out,
                "{}",
                text::Decimal {
                    unscaled,
                    scale: *scale
                }
            );
        }
        SqlType::String => out.push_str(downcast::<StringArray>(array)?.value(row)),
        SqlType::Bytes => {
            let bytes = downcast::<BinaryArray>(array)?.value(row);
            base64::engine::general_purpose::STANDARD.encode_string(bytes, out);
        }
        SqlType::Time => out.push_str(&time_text::format_time(
            downcast::<Time32MillisecondArray>(array)?.value(row),
        )),
        SqlType::Date => {
            out.push_str(
                &time_text::format_date(downcast::<Date32Array>(array)?.value(row))
                    .unwrap_or_default(),
            );
        }
        SqlType::Timestamp => {
            let time = downcast::<TimestampMillisecondArray>(array)?.value(row);
            out.push_str(&time_text::format_timestamp(time).unwrap_or_default());
        }
        SqlType::Array(element) => write_list(&array.as_list::<i32>().value(row), element, out)?,
        SqlType::Map(key, value) => {
            let entries = array.as_map().value(row);
            out.push('{');
            for entry in 0..entries.len() {
                out.push_str(if entry == 0 { "" } else { ", " });
                write_value(entries.column(0), entry, key, out)?;
                out.push('=');
                write_value(entries.column(1), entry, value, out)?;
            }
            out.push('}');
        }
        SqlType::Struct(fields) => {
            let members = array.as_struct();
            out.push_str("Struct{");
            let mut comma = "";
            for (field, column) in fields.iter().zip(members.columns()) {
                // Java's Struct prints only what is there.
                if column.is_valid(row) {
                    let _ = write!(out, "{comma}{}=", field.name);
                    write_value(column, row, &field.sql_type, out)?;
                    comma = ",";
                }
            }
            out.push('}');
        }
    }
    Ok(())
}

fn write_list(values: &ArrayRef, element: &SqlType, out: &mut String) -> Result<()> {
    out.push('[');
    for index in 0..values.len() {
        out.push_str(if index == 0 { "" } else { ", " });
        write_value(values, index, element, out)?;
    }
    out.push(']');
    Ok(())
}
