//! Columns of ordinary values: by their names where these say what they hold, else by their types.

use std::sync::Arc;

use arrow::{
    array::{
        ArrayRef, BinaryArray, BooleanArray, Date32Array, Decimal128Array, Float64Array,
        Int32Array, Int64Array, ListArray, MapArray, StringArray, StructArray,
        Time32MillisecondArray, TimestampMillisecondArray,
    },
    buffer::OffsetBuffer,
    datatypes::{DataType, Field, Schema},
    error::{ArrowError, Result},
    record_batch::{RecordBatch, RecordBatchOptions},
};

/// Elements of an array, entries of a map.
const ELEMENTS: usize = 5;

/// Rows `start..start + rows` of a table that goes on for ever.
pub fn batch(schema: &Schema, start: usize, rows: usize) -> Result<RecordBatch> {
    let columns = schema.fields().iter();
    let columns = columns.map(|field| column(field.name(), field.data_type(), start, rows));
    let columns = columns.collect::<Result<Vec<_>>>()?;
    let options = RecordBatchOptions::new().with_row_count(Some(rows));
    RecordBatch::try_new_with_options(Arc::new(schema.clone()), columns, &options)
}

fn column(name: &str, data_type: &DataType, start: usize, rows: usize) -> Result<ArrayRef> {
    let rows = start..start + rows;
    Ok(match data_type {
        DataType::Boolean => Arc::new(BooleanArray::from_iter(rows.map(|row| Some(row % 3 == 0)))),
        DataType::Int32 => Arc::new(Int32Array::from_iter_values(
            rows.map(|row| integer(name, row)),
        )),
        DataType::Int64 => Arc::new(Int64Array::from_iter_values(
            rows.map(|row| 1_700_000_000_000 + row as i64 * 12_345),
        )),
        DataType::Float64 => Arc::new(Float64Array::from_iter_values(
            rows.map(|row| double(name, row)),
        )),
        DataType::Decimal128(precision, scale) => {
            let unscaled = rows.map(|row| mixed(row) as i128 % 1_000_000 - 200_000);
            let array = Decimal128Array::from_iter_values(unscaled);
            Arc::new(array.with_precision_and_scale(*precision, *scale)?)
        }
        DataType::Utf8 => Arc::new(StringArray::from_iter(rows.map(|row| text(name, row)))),
        DataType::Binary => Arc::new(BinaryArray::from_iter_values(
            rows.map(|row| bytes(name, row)),
        )),
        DataType::Date32 => Arc::new(Date32Array::from_iter_values(
            rows.map(|row| 19_000 + (row % 2000) as i32),
        )),
        DataType::Time32(_) => Arc::new(Time32MillisecondArray::from_iter_values(
            rows.map(|row| (row * 7_001 % 86_400) as i32 * 1000),
        )),
        DataType::Timestamp(..) => Arc::new(TimestampMillisecondArray::from_iter_values(
            rows.map(|row| 1_700_000_000_000 + row as i64 * 12_345),
        )),
        DataType::List(element) => {
            let values = column(
                "NAME",
                element.data_type(),
                rows.start * ELEMENTS,
                rows.len() * ELEMENTS,
            )?;
            Arc::new(ListArray::try_new(
                element.clone(),
                offsets(rows.len()),
                values,
                None,
            )?)
        }
        DataType::Map(entries, _) => map(entries, rows.start, rows.len())?,
        DataType::Struct(fields) => {
            let members = fields.iter();
            let members = members
                .map(|field| column(field.name(), field.data_type(), rows.start, rows.len()));
            let members = members.collect::<Result<Vec<_>>>()?;
            Arc::new(StructArray::try_new(fields.clone(), members, None)?)
        }
        other => {
            return Err(ArrowError::NotYetImplemented(format!(
                "values of type {other} for the column {name}"
            )));
        }
    })
}

fn offsets(rows: usize) -> OffsetBuffer<i32> {
    OffsetBuffer::from_lengths(std::iter::repeat_n(ELEMENTS, rows))
}

fn map(entries: &Arc<Field>, start: usize, rows: usize) -> Result<ArrayRef> {
    let DataType::Struct(fields) = entries.data_type() else {
        return Err(ArrowError::InvalidArgumentError(
            "a map of no entries".to_owned(),
        ));
    };
    let keys = (0..rows * ELEMENTS).map(|entry| format!("key_{}", entry % ELEMENTS));
    let keys: ArrayRef = Arc::new(StringArray::from_iter_values(keys));
    let values = column(
        "NAME",
        fields[1].data_type(),
        start * ELEMENTS,
        rows * ELEMENTS,
    )?;
    let both = StructArray::try_new(fields.clone(), vec![keys, values], None)?;
    let map = MapArray::try_new(entries.clone(), offsets(rows), both, None, false)?;
    Ok(Arc::new(map))
}

/// A number that looks as if it had nothing to do with `row`.
fn mixed(row: usize) -> u64 {
    let mixed = (row as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mixed ^ mixed >> 29
}

fn integer(name: &str, row: usize) -> i32 {
    let mixed = mixed(row);
    match name {
        "SMALL" => (mixed % 3) as i32 + 1,
        "CODE" => (mixed % 0x250) as i32 + 0x41,
        _ => (mixed % 20_000) as i32 - 4_000,
    }
}

fn double(name: &str, row: usize) -> f64 {
    let unit = (mixed(row) % 100_000) as f64 / 100_000.0;
    match name {
        "RATIO" => unit * 2.0 - 1.0,
        "DEGREES" => unit * 170.0 - 85.0,
        _ => unit * 10_000.0 - 2_000.0,
    }
}

fn text(name: &str, row: usize) -> Option<String> {
    const PATHS: [&str; 4] = [
        r"C:\Windows\System32\wbem\WMIC.exe /Node:localhost path AntiVirusProduct get",
        r"C:\Program Files\Microsoft Office\root\Office16\WINWORD.EXE /n report",
        "/usr/bin/curl -fsSL https://example.org/install.sh | sh",
        r"powershell.exe -NoProfile -EncodedCommand SQBFAFgA Zugriff für Müller",
    ];
    const NAMES: [&str; 6] = [
        "alice",
        "Bob",
        "svc_backup",
        "ADMINISTRATOR",
        "müller",
        "root",
    ];
    let number = mixed(row);
    let person = NAMES[row % NAMES.len()];
    let (second, minute, hour) = (number % 60, number / 60 % 60, number / 3600 % 24);
    let (day, month) = (number / 7 % 28 + 1, number / 11 % 12 + 1);
    Some(match name {
        "NAME" => format!("{person}{}", number % 100),
        "PADDED" => format!("  {person} \t"),
        // Half of them.
        "MISSING" if row.is_multiple_of(2) => return None,
        "MISSING" => person.to_owned(),
        "PAIRS" => format!(
            "user={person};pid={};action=login;result=ok",
            number % 65_536
        ),
        "HEX" => format!("{:032x}", u128::from(number) << 40),
        "HEX_NUMBER" => format!("{:x}", number >> 8),
        "ESCAPE" => format!(r"\u{:04x}", 0x41 + number % 0x250),
        "ADDRESS" => format!(
            "10.{}.{}.{}",
            number % 256,
            number / 256 % 256,
            number / 65_536 % 256
        ),
        "JSON" => format!(
            r#"{{"event":{{"id":{},"kind":"process"}},"host":{{"name":"{person}-pc","ip":["10.0.0.{}"]}},"tags":["a","b"],"score":{}.5}}"#,
            number % 65_536,
            number % 256,
            number % 100
        ),
        "JSON_ARRAY" => format!(r#"[{},7,"{person}",null,{{"k":true}}]"#, number % 1000),
        "ENCODED" => format!("%7B{person}%7D+and+caf%C3%A9+{}", number % 1000),
        "URL" => format!(
            "https://{}.example.org:8443/search/{person}?q=weir+{}&page=2#top",
            ["www", "api", "login"][row % 3],
            number % 1000
        )
        .replace('ü', "%C3%BC"),
        "DATE_TEXT" => format!("2024-{month:02}-{day:02}"),
        "TIME_TEXT" => format!("{hour:02}:{minute:02}:{second:02}"),
        "TIMESTAMP_TEXT" => {
            format!("2024-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}")
        }
        _ => format!("{} {}", PATHS[row % PATHS.len()], number % 10_000),
    })
}

fn bytes(name: &str, row: usize) -> Vec<u8> {
    let number = mixed(row).to_be_bytes();
    match name {
        "BYTES4" => number[..4].to_vec(),
        "BYTES8" => number.to_vec(),
        "BYTES16" => [number, number].concat(),
        _ => text("TEXT", row).unwrap_or_default().into_bytes(),
    }
}
