//! Anything to STRING, as Java prints it: `1.0E10`, `[1, null]`, `{a=1}`, `Struct{F0=1,f1=3}`.

use std::{
    fmt::{self, Write},
    sync::Arc,
};

use arrow::{
    array::{Array, ArrayRef, AsArray, StringBuilder},
    datatypes::{
        DataType, Date32Type, Decimal128Type, Decimal256Type, Float64Type, Int32Type, Int64Type,
        Time32MillisecondType, TimestampMillisecondType,
    },
};
use base64::{Engine, prelude::BASE64_STANDARD};
use datafusion_common::{Result, internal_datafusion_err};
use weir_catalog::{
    calendar::{Date, Time, Timestamp},
    text::{Decimal, Double},
};

pub(super) fn convert(array: &ArrayRef) -> Result<ArrayRef> {
    let mut builder = StringBuilder::with_capacity(array.len(), 0);
    let nulls = array.logical_nulls();
    for row in 0..array.len() {
        if nulls.as_ref().is_some_and(|nulls| nulls.is_null(row)) {
            builder.append_null();
            continue;
        }
        write_value(&mut builder, array, row)
            .map_err(|_| internal_datafusion_err!("{} has no text", array.data_type()))?;
        builder.append_value("");
    }
    Ok(Arc::new(builder.finish()))
}

/// The value at `row`, `null` for NULL. Its depth is that of the type, which the parser bounds.
pub(crate) fn write_value(out: &mut impl Write, array: &dyn Array, row: usize) -> fmt::Result {
    if array.is_null(row) {
        return out.write_str("null");
    }
    match array.data_type() {
        DataType::Boolean => write!(out, "{}", array.as_boolean().value(row)),
        DataType::Int32 => write!(out, "{}", array.as_primitive::<Int32Type>().value(row)),
        DataType::Int64 => write!(out, "{}", array.as_primitive::<Int64Type>().value(row)),
        DataType::Float64 => {
            let value = array.as_primitive::<Float64Type>().value(row);
            write!(out, "{}", Double(value))
        }
        DataType::Decimal128(_, scale) => {
            let unscaled = array.as_primitive::<Decimal128Type>().value(row);
            let scale = *scale as u8;
            write!(out, "{}", Decimal { unscaled, scale })
        }
        DataType::Decimal256(_, scale) => {
            let unscaled = array.as_primitive::<Decimal256Type>().value(row);
            let scale = *scale as u8;
            write!(out, "{}", Decimal { unscaled, scale })
        }
        DataType::Utf8 => out.write_str(array.as_string::<i32>().value(row)),
        DataType::Binary => {
            let text = BASE64_STANDARD.encode(array.as_binary::<i32>().value(row));
            out.write_str(&text)
        }
        DataType::Date32 => {
            let days = array.as_primitive::<Date32Type>().value(row);
            write!(out, "{}", Date(i64::from(days)))
        }
        DataType::Time32(_) => {
            let millis = array.as_primitive::<Time32MillisecondType>().value(row);
            write!(out, "{}", Time(i64::from(millis)))
        }
        DataType::Timestamp(..) => {
            let millis = array.as_primitive::<TimestampMillisecondType>().value(row);
            write!(out, "{}", Timestamp(millis))
        }
        _ => write_collection(out, array, row),
    }
}

fn write_collection(out: &mut impl Write, array: &dyn Array, row: usize) -> fmt::Result {
    if let Some(list) = array.as_list_opt::<i32>() {
        let elements = list.value(row);
        out.write_char('[')?;
        for at in 0..elements.len() {
            out.write_str(if at == 0 { "" } else { ", " })?;
            write_value(out, &elements, at)?;
        }
        out.write_char(']')
    } else if let Some(map) = array.as_map_opt() {
        let entries = map.value(row);
        out.write_char('{')?;
        for at in 0..entries.len() {
            out.write_str(if at == 0 { "" } else { ", " })?;
            write_value(out, entries.column(0), at)?;
            out.write_char('=')?;
            write_value(out, entries.column(1), at)?;
        }
        out.write_char('}')
    } else if let Some(structure) = array.as_struct_opt() {
        out.write_str("Struct{")?;
        // As Connect's `Struct.toString`: members that are NULL are left out.
        let mut separator = "";
        for (field, member) in structure.fields().iter().zip(structure.columns()) {
            if member.is_null(row) {
                continue;
            }
            write!(out, "{separator}{}=", field.name())?;
            write_value(out, member, row)?;
            separator = ",";
        }
        out.write_char('}')
    } else {
        Err(fmt::Error)
    }
}
