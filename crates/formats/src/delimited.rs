//! DELIMITED: one line of comma-separated values, columns by position.

use arrow::{
    array::{Array, ArrayRef, AsArray, BooleanArray},
    datatypes::{
        Date32Type, Decimal128Type, Decimal256Type, Float64Type, Int32Type, Int64Type,
        Time32MillisecondType, TimestampMillisecondType,
    },
};
use base64::Engine;
use weir_catalog::{Column as Declared, FormatSpec, SqlType, text};

use crate::{
    BadRecord, ColumnRequest, Decoded, Error, Misfit,
    column::{Column, Value},
    number,
};

#[derive(Debug)]
pub struct DelimitedDecoder {
    delimiter: u8,
    /// How many values a line must have.
    expected: usize,
    /// For each request: the place of its value on the line.
    places: Vec<usize>,
    types: Vec<SqlType>,
    names: Vec<String>,
    columns: Vec<Column>,
}

impl DelimitedDecoder {
    pub fn try_new(
        format: &FormatSpec,
        declared: &[Declared],
        requests: &[ColumnRequest],
    ) -> Result<Self, Error> {
        let place = |request: &ColumnRequest| {
            let name = request.path.first()?;
            declared
                .iter()
                .position(|column| column.name == *name && request.path.len() == 1)
        };
        let places = requests
            .iter()
            .map(place)
            .collect::<Option<Vec<_>>>()
            .ok_or_else(|| Error {
                message: "The 'DELIMITED' format has no members of columns".to_owned(),
            })?;
        Ok(Self {
            delimiter: delimiter(format)?,
            expected: declared.len(),
            places,
            types: requests
                .iter()
                .map(|request| request.sql_type.clone())
                .collect(),
            names: requests
                .iter()
                .map(|request| request.path.join("->"))
                .collect(),
            columns: requests
                .iter()
                .map(|request| Column::new(&request.sql_type))
                .collect(),
        })
    }

    pub fn decode(&mut self, records: &[Option<&[u8]>]) -> Decoded {
        let mut misfits = Vec::new();
        let is_null: Vec<bool> = records.iter().map(Option::is_none).collect();
        for (row, bytes) in records.iter().enumerate() {
            let Some(bytes) = bytes else { continue };
            match self.line(bytes) {
                Ok(fields) => self.push(&fields, row, &mut misfits),
                Err(reason) => misfits.push(Misfit {
                    row,
                    column: None,
                    reason,
                }),
            }
        }
        let columns = self
            .columns
            .iter_mut()
            .zip(&self.types)
            .map(|(column, sql_type)| column.finish(records.len(), sql_type))
            .collect();
        Decoded {
            columns,
            is_null: BooleanArray::from(is_null),
            misfits,
        }
    }

    /// The values of the first line; blanks are kept, invalid UTF-8 becomes U+FFFD.
    fn line(&self, bytes: &[u8]) -> Result<Vec<String>, BadRecord> {
        if bytes.is_empty() {
            return Err(BadRecord::new(
                "column_count",
                "No fields in record: the value is empty",
            ));
        }
        let mut reader = csv::ReaderBuilder::new()
            .delimiter(self.delimiter)
            .has_headers(false)
            .flexible(true)
            .from_reader(bytes);
        let mut record = csv::ByteRecord::new();
        let is_there = reader
            .read_byte_record(&mut record)
            .map_err(|error| BadRecord::new("not_delimited", error.to_string()))?;
        if !is_there || record.len() != self.expected {
            return Err(BadRecord::new(
                "column_count",
                format!(
                    "Column count mismatch on deserialization. expected: {}, got: {}",
                    self.expected,
                    record.len()
                ),
            ));
        }
        Ok(record
            .iter()
            .map(|field| String::from_utf8_lossy(field).into_owned())
            .collect())
    }

    fn push(&mut self, fields: &[String], row: usize, misfits: &mut Vec<Misfit>) {
        for (index, place) in self.places.iter().enumerate() {
            let field = fields[*place].as_str();
            if field.is_empty() {
                continue;
            }
            if let Err(expected) =
                push_field(field, &self.types[index], &mut self.columns[index], row)
            {
                let reason = BadRecord::mismatch(&self.names[index], expected, field);
                misfits.push(Misfit {
                    row,
                    column: Some(index),
                    reason,
                });
            }
        }
    }
}

fn delimiter(format: &FormatSpec) -> Result<u8, Error> {
    let delimiter = format.delimiter.unwrap_or(',');
    u8::try_from(delimiter)
        .ok()
        .filter(u8::is_ascii)
        .ok_or_else(|| Error {
            message: format!(
                "Invalid delimiter value: '{delimiter}'. It must be an ASCII character"
            ),
        })
}

/// Blanks are not stripped: ` 1` is no INTEGER. DOUBLE tolerates them, as Java's parser does.
fn push_field(
    field: &str,
    sql_type: &SqlType,
    column: &mut Column,
    row: usize,
) -> Result<(), &'static str> {
    let value = match sql_type {
        SqlType::Boolean => Value::Boolean(field.eq_ignore_ascii_case("true")),
        SqlType::Integer => Value::Int32(field.parse().map_err(|_| "an INTEGER")?),
        SqlType::Date => Value::Int32(field.parse().map_err(|_| "a DATE in days since 1970")?),
        SqlType::Time => Value::Int32(
            field
                .parse()
                .map_err(|_| "a TIME in milliseconds of the day")?,
        ),
        SqlType::BigInt => Value::Int64(field.parse().map_err(|_| "a BIGINT")?),
        SqlType::Timestamp => Value::Int64(
            field
                .parse()
                .map_err(|_| "a TIMESTAMP in milliseconds since 1970")?,
        ),
        SqlType::Double => Value::Double(field.trim().parse().map_err(|_| "a DOUBLE")?),
        SqlType::Decimal { precision, scale } => Value::Decimal(
            number::to_decimal(field, *precision, *scale)
                .ok_or("a DECIMAL that fits without rounding")?,
        ),
        SqlType::String => Value::Bytes(field.as_bytes()),
        SqlType::Bytes => {
            let bytes = base64::engine::general_purpose::STANDARD
                .decode(field)
                .map_err(|_| "BYTES in base64")?;
            column.push(row, Value::Bytes(&bytes));
            return Ok(());
        }
        _ => return Err("a scalar"),
    };
    column.push(row, value);
    Ok(())
}

#[derive(Debug)]
pub struct DelimitedEncoder {
    delimiter: u8,
    types: Vec<SqlType>,
}

impl DelimitedEncoder {
    pub fn try_new(format: &FormatSpec, columns: &[Declared]) -> Result<Self, Error> {
        Ok(Self {
            delimiter: delimiter(format)?,
            types: columns
                .iter()
                .map(|column| column.sql_type.clone())
                .collect(),
        })
    }

    /// False for null bytes: the only column is NULL.
    pub fn write(&self, arrays: &[ArrayRef], row: usize, out: &mut Vec<u8>) -> bool {
        if let [only] = arrays
            && only.is_null(row)
        {
            return false;
        }
        for (place, (array, sql_type)) in arrays.iter().zip(&self.types).enumerate() {
            let is_first = place == 0;
            if !is_first {
                out.push(self.delimiter);
            }
            if !array.is_null(row) {
                write_field(
                    field_text(array, row, sql_type).as_bytes(),
                    is_first,
                    self.delimiter,
                    out,
                );
            }
        }
        true
    }
}

fn write_field(field: &[u8], is_first: bool, delimiter: u8, out: &mut Vec<u8>) {
    if !needs_quotes(field, is_first, delimiter) {
        out.extend_from_slice(field);
        return;
    }
    out.push(b'"');
    for byte in field {
        if *byte == b'"' {
            out.push(b'"');
        }
        out.push(*byte);
    }
    out.push(b'"');
}

/// By the rule of Apache Commons CSV (`QuoteMode.MINIMAL`), which quotes more than it must: what begins a line with
/// anything but a letter or a digit, what begins with a character up to `#`, what ends in a blank.
fn needs_quotes(field: &[u8], is_first: bool, delimiter: u8) -> bool {
    let (Some(first), Some(last)) = (field.first(), field.last()) else {
        return is_first;
    };
    // Its alphabet is ASCII: `é` at the start of a line is quoted.
    (is_first && !first.is_ascii_alphanumeric())
        || *first <= b'#'
        || *last <= b' '
        || field
            .iter()
            .any(|byte| [b'\n', b'\r', b'"', delimiter].contains(byte))
}

fn field_text(array: &ArrayRef, row: usize, sql_type: &SqlType) -> String {
    if array.is_null(row) {
        return String::new();
    }
    match sql_type {
        SqlType::String => array.as_string::<i32>().value(row).to_owned(),
        SqlType::Boolean => array.as_boolean().value(row).to_string(),
        SqlType::Integer => array.as_primitive::<Int32Type>().value(row).to_string(),
        SqlType::BigInt => array.as_primitive::<Int64Type>().value(row).to_string(),
        SqlType::Double => text::Double(array.as_primitive::<Float64Type>().value(row)).to_string(),
        SqlType::Decimal { precision, scale } if *precision <= 38 => text::Decimal {
            unscaled: array.as_primitive::<Decimal128Type>().value(row),
            scale: *scale,
        }
        .to_string(),
        SqlType::Decimal { scale, .. } => text::Decimal {
            unscaled: array.as_primitive::<Decimal256Type>().value(row),
            scale: *scale,
        }
        .to_string(),
        SqlType::Date => array.as_primitive::<Date32Type>().value(row).to_string(),
        SqlType::Time => array
            .as_primitive::<Time32MillisecondType>()
            .value(row)
            .to_string(),
        SqlType::Timestamp => array
            .as_primitive::<TimestampMillisecondType>()
            .value(row)
            .to_string(),
        SqlType::Bytes => {
            base64::engine::general_purpose::STANDARD.encode(array.as_binary::<i32>().value(row))
        }
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::write_field;

    fn check(field: &str, is_first: bool, delimiter: u8, wanted: &str) {
        let mut out = Vec::new();
        write_field(field.as_bytes(), is_first, delimiter, &mut out);
        assert_eq!(String::from_utf8(out).unwrap(), wanted, "{field:?}");
    }

    #[test]
    fn fields_are_quoted_as_commons_csv_quotes_them() {
        for (field, first, later) in [
            ("abc", "abc", "abc"),
            ("1.5", "1.5", "1.5"),
            ("-10", "\"-10\"", "-10"),
            ("", "\"\"", ""),
            ("a,b", "\"a,b\"", "\"a,b\""),
            ("a\"b", "\"a\"\"b\"", "\"a\"\"b\""),
            ("a\nb", "\"a\nb\"", "\"a\nb\""),
            (" a", "\" a\"", "\" a\""),
            ("a ", "\"a \"", "\"a \""),
            ("#a", "\"#a\"", "\"#a\""),
            ("$a", "\"$a\"", "$a"),
            ("a!b", "a!b", "a!b"),
            ("éa", "\"éa\"", "éa"),
        ] {
            check(field, true, b',', first);
            check(field, false, b',', later);
        }
        check("a,b", true, b'\t', "a,b");
        check("a\tb", false, b'\t', "\"a\tb\"");
    }
}
