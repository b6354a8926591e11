//! DELIMITED: one line of comma-separated values, columns by position.

use std::borrow::Cow;

use arrow::{
    array::{Array, ArrayRef, AsArray, BooleanArray},
    datatypes::{
        Date32Type, Decimal128Type, Decimal256Type, Float64Type, Int32Type, Int64Type,
        Time32MillisecondType, TimestampMillisecondType,
    },
};
use base64::{
    Engine,
    alphabet::STANDARD,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use weir_catalog::{Column as Declared, FormatSpec, SqlType, text};

use crate::{
    BadRecord, ColumnRequest, Decoded, Error, Misfit,
    column::{Column, Value},
    number,
};

/// As `java.util.Base64` reads it.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

#[derive(Debug)]
pub struct DelimitedDecoder {
    delimiter: char,
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
            delimiter: delimiter(format),
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
            // Invalid UTF-8 becomes U+FFFD, as where Java makes a string of it.
            let text = String::from_utf8_lossy(bytes);
            match self.line(&text) {
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

    /// The values of the first line; blanks are kept.
    fn line<'a>(&self, text: &'a str) -> Result<Vec<Cow<'a, str>>, BadRecord> {
        let fields = first_line(text, self.delimiter)
            .map_err(|reason| BadRecord::new("not_delimited", reason))?;
        if fields.is_empty() {
            return Err(BadRecord::new("column_count", "No fields in record"));
        }
        if fields.len() != self.expected {
            return Err(BadRecord::new(
                "column_count",
                format!(
                    "Column count mismatch on deserialization. expected: {}, got: {}",
                    self.expected,
                    fields.len()
                ),
            ));
        }
        Ok(fields)
    }

    fn push(&mut self, fields: &[Cow<'_, str>], row: usize, misfits: &mut Vec<Misfit>) {
        for (index, place) in self.places.iter().enumerate() {
            let field = fields[*place].as_ref();
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

/// The fields of the first line that is not empty, by the rules of Apache Commons CSV (`CSVFormat.DEFAULT`): a field that
/// begins with a quote ends with one, and only blanks may follow; elsewhere a quote is a character like others.
fn first_line(text: &str, delimiter: char) -> Result<Vec<Cow<'_, str>>, &'static str> {
    let is_end = |character: char| character == '\n' || character == '\r';
    let mut rest = text.trim_start_matches(is_end);
    let mut fields = Vec::new();
    if rest.is_empty() {
        return Ok(fields);
    }
    loop {
        let (field, after) = match rest.strip_prefix('"') {
            Some(quoted) if delimiter != '"' => quoted_field(quoted, delimiter)?,
            _ => {
                let stop = |character: char| character == delimiter || is_end(character);
                let (field, after) = rest.split_at(rest.find(stop).unwrap_or(rest.len()));
                (Cow::Borrowed(field), after)
            }
        };
        fields.push(field);
        match after.strip_prefix(delimiter) {
            Some(next) => rest = next,
            None => return Ok(fields),
        }
    }
}

/// A field after its opening quote, and what follows: nothing, a delimiter, or the end of the line.
fn quoted_field(text: &str, delimiter: char) -> Result<(Cow<'_, str>, &str), &'static str> {
    let mut doubled = false;
    let mut at = 0;
    loop {
        let Some(quote) = memchr::memchr(b'"', &text.as_bytes()[at..]) else {
            return Err("the text ends inside of quotes");
        };
        at += quote;
        if text[at + 1..].starts_with('"') {
            doubled = true;
            at += 2;
            continue;
        }
        let field = match doubled {
            true => Cow::Owned(text[..at].replace("\"\"", "\"")),
            false => Cow::Borrowed(&text[..at]),
        };
        let after = &text[at + 1..];
        let end = |character: char| character == delimiter || "\r\n".contains(character);
        let rest = after
            .trim_start_matches(|character: char| character.is_whitespace() && !end(character));
        if rest.is_empty() || rest.starts_with(end) {
            return Ok((field, rest));
        }
        return Err("something stands between a closing quote and the delimiter");
    }
}

fn delimiter(format: &FormatSpec) -> char {
    format.delimiter.unwrap_or(',')
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
                .ok()
                .and_then(number::to_time)
                .ok_or("a TIME in milliseconds of the day")?,
        ),
        SqlType::BigInt => Value::Int64(field.parse().map_err(|_| "a BIGINT")?),
        SqlType::Timestamp => Value::Int64(
            field
                .parse()
                .map_err(|_| "a TIMESTAMP in milliseconds since 1970")?,
        ),
        SqlType::Double => Value::Double(number::to_double(field).ok_or("a DOUBLE")?),
        SqlType::Decimal { precision, scale } => Value::Decimal(
            number::to_decimal(field, *precision, *scale)
                .ok_or("a DECIMAL that fits without rounding")?,
        ),
        SqlType::String => Value::Bytes(field.as_bytes()),
        SqlType::Bytes => {
            // Padding may be left out, but not a part of it.
            let is_whole = !field.ends_with('=') || field.len().is_multiple_of(4);
            let bytes = BASE64.decode(field).ok().filter(|_| is_whole);
            let bytes = bytes.ok_or("BYTES in base64")?;
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
    delimiter: char,
    types: Vec<SqlType>,
}

impl DelimitedEncoder {
    pub fn try_new(format: &FormatSpec, columns: &[Declared]) -> Result<Self, Error> {
        Ok(Self {
            delimiter: delimiter(format),
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
                out.extend_from_slice(self.delimiter.encode_utf8(&mut [0; 4]).as_bytes());
            }
            if !array.is_null(row) {
                write_field(
                    &field_text(array, row, sql_type),
                    is_first,
                    self.delimiter,
                    out,
                );
            }
        }
        true
    }
}

fn write_field(field: &str, is_first: bool, delimiter: char, out: &mut Vec<u8>) {
    if !needs_quotes(field, is_first, delimiter) {
        out.extend_from_slice(field.as_bytes());
        return;
    }
    out.push(b'"');
    for byte in field.bytes() {
        if byte == b'"' {
            out.push(b'"');
        }
        out.push(byte);
    }
    out.push(b'"');
}

/// By the rule of Apache Commons CSV (`QuoteMode.MINIMAL`), which quotes more than it must: what begins a line with
/// anything but a letter or a digit, what begins with a character up to `#`, what ends in a blank.
fn needs_quotes(field: &str, is_first: bool, delimiter: char) -> bool {
    let (Some(first), Some(last)) = (field.bytes().next(), field.bytes().last()) else {
        return is_first;
    };
    // Its alphabet is ASCII: `é` at the start of a line is quoted.
    (is_first && !first.is_ascii_alphanumeric())
        || first <= b'#'
        || last <= b' '
        || field.contains(['\n', '\r', '"', delimiter])
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
    use super::{first_line, write_field};

    fn check(field: &str, is_first: bool, delimiter: char, wanted: &str) {
        let mut out = Vec::new();
        write_field(field, is_first, delimiter, &mut out);
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
            check(field, true, ',', first);
            check(field, false, ',', later);
        }
        check("a,b", true, '\t', "a,b");
        check("a\tb", false, '\t', "\"a\tb\"");
    }

    #[test]
    fn lines_are_read_as_commons_csv_reads_them() {
        let check = |text: &str, wanted: Option<&[&str]>| {
            let fields = first_line(text, ',').ok();
            let fields: Option<Vec<&str>> = fields
                .as_ref()
                .map(|fields| fields.iter().map(AsRef::as_ref).collect());
            assert_eq!(fields.as_deref(), wanted, "{text:?}");
        };
        check("a,b", Some(&["a", "b"]));
        check("", Some(&[]));
        check("\r\n\n", Some(&[]));
        check(",", Some(&["", ""]));
        check("a,", Some(&["a", ""]));
        check("\n\na,b\nc", Some(&["a", "b"]));
        check("a\rb", Some(&["a"]));
        check("a\r\n", Some(&["a"]));
        check(" a , b ", Some(&[" a ", " b "]));
        check("\"a,b\",\"c\"\"d\"", Some(&["a,b", "c\"d"]));
        check("\"a\nb\",c", Some(&["a\nb", "c"]));
        check("\"\",\"\"", Some(&["", ""]));
        check("\"\"\"\"", Some(&["\""]));
        check("a\"b,c\"", Some(&["a\"b", "c\""]));
        check(" \"a\",b", Some(&[" \"a\"", "b"]));
        check("\"a\" \t,b", Some(&["a", "b"]));
        check("\"a\" \nb", Some(&["a"]));
        check("\"a\"b,c", None);
        check("\"a", None);
        check("\"a\"\"", None);
        check("a,\"b\nc", None);
        check("é,\"ü\"", Some(&["é", "ü"]));
        let other = first_line("a\t\"b\"\tc", '\t').unwrap();
        assert_eq!(other, ["a", "b", "c"]);
        let other = first_line("a\u{1f}b → c", '\u{1f}').unwrap();
        assert_eq!(other, ["a", "b → c"]);
        assert_eq!(first_line("a→b", '→').unwrap(), ["a", "b"]);
    }
}
