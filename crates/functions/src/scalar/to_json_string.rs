//! TO_JSON_STRING: any value as JSON text. NULL is `null`, BYTES are base64, times are as CAST prints them, the members of a
//! STRUCT and the keys of a MAP are sorted.

use std::{cmp::Ordering, fmt::Write, ops::Range};

use arrow::{
    array::{Array, ArrayRef, AsArray, StructArray},
    datatypes::{DataType, Float64Type},
};
use datafusion_common::{Result, internal_datafusion_err};
use weir_catalog::SqlType;

use super::json::write_quoted;
use crate::{
    kernel::Call,
    operators::{cast::write_value, comparison::utf16_order},
    overload::{Builtin, Parameter, Variant},
    texts::Texts,
};

pub fn function() -> Builtin {
    let variant = Variant::new(
        [("value", Parameter::Any)],
        "The value as JSON; the text `null` for NULL.",
        |_| SqlType::String,
        to_json,
    );
    Builtin::new(
        "TO_JSON_STRING",
        "JSON",
        "Returns a value as JSON text.",
        vec![variant],
    )
    .takes_null()
}

fn to_json(call: &Call) -> Result<ArrayRef> {
    let value = call.argument(0)?;
    let printer = Printer::new(value.array());
    let mut results = Texts::new(call.rows);
    let mut text = String::new();
    for row in 0..call.rows {
        text.clear();
        let no_text = |_| internal_datafusion_err!("{} has no JSON", value.data_type());
        printer
            .print(value.index(row), &mut text)
            .map_err(no_text)?;
        results.push(Some(&text));
    }
    results.finish()
}

/// A column, with what is the same for all of its rows.
struct Printer<'a> {
    array: &'a dyn Array,
    kind: Kind<'a>,
}

enum Kind<'a> {
    /// Numbers and truth as they are.
    Bare,
    Double,
    /// Texts, times and BYTES.
    Quoted,
    List(Box<Printer<'a>>),
    /// Keys that are no texts are put into theirs.
    Map(&'a dyn Array, Box<Printer<'a>>),
    /// In the order of the names, which are quoted.
    Struct(Vec<(String, Printer<'a>)>),
}

impl<'a> Printer<'a> {
    fn new(array: &'a dyn Array) -> Self {
        let kind = match array.data_type() {
            DataType::Float64 => Kind::Double,
            DataType::List(_) => {
                let elements = array.as_list::<i32>().values();
                Kind::List(Box::new(Self::new(elements)))
            }
            DataType::Map(..) => {
                let map = array.as_map();
                Kind::Map(map.keys(), Box::new(Self::new(map.values())))
            }
            DataType::Struct(_) => Kind::Struct(members(array.as_struct())),
            DataType::Boolean | DataType::Int32 | DataType::Int64 => Kind::Bare,
            DataType::Decimal128(..) | DataType::Decimal256(..) => Kind::Bare,
            _ => Kind::Quoted,
        };
        Self { array, kind }
    }

    /// Its depth is that of the type, which the parser bounds.
    fn print(&self, row: usize, out: &mut String) -> std::fmt::Result {
        if self.array.is_null(row) {
            return out.write_str("null");
        }
        match &self.kind {
            Kind::Bare => write_value(out, self.array, row),
            Kind::Double => {
                let is_finite = self
                    .array
                    .as_primitive::<Float64Type>()
                    .value(row)
                    .is_finite();
                let quote = if is_finite { "" } else { "\"" };
                out.write_str(quote)?;
                write_value(out, self.array, row)?;
                out.write_str(quote)
            }
            Kind::Quoted => match self.array.as_string_opt::<i32>() {
                Some(texts) => {
                    write_quoted(texts.value(row), out);
                    Ok(())
                }
                // There is nothing to escape in the others.
                None => {
                    out.write_char('"')?;
                    write_value(out, self.array, row)?;
                    out.write_char('"')
                }
            },
            Kind::List(elements) => {
                let offsets = self.array.as_list::<i32>().value_offsets();
                out.write_char('[')?;
                let range = range(offsets, row);
                for element in range.clone() {
                    if element > range.start {
                        out.write_char(',')?;
                    }
                    elements.print(element, out)?;
                }
                out.write_char(']')
            }
            Kind::Map(keys, values) => {
                let entries = range(self.array.as_map().value_offsets(), row);
                print_entries(*keys, values, entries, out)
            }
            Kind::Struct(members) => {
                out.write_char('{')?;
                for (at, (name, member)) in members.iter().enumerate() {
                    out.write_str(if at == 0 { "" } else { "," })?;
                    write!(out, "{name}:")?;
                    member.print(row, out)?;
                }
                out.write_char('}')
            }
        }
    }
}

fn members(structure: &StructArray) -> Vec<(String, Printer<'_>)> {
    let fields = structure.fields().iter().zip(structure.columns());
    let mut fields: Vec<_> = fields.collect();
    fields.sort_by(|(left, _), (right, _)| utf16_order(left.name(), right.name()));
    let members = fields.into_iter().map(|(field, member)| {
        let mut name = String::new();
        write_quoted(field.name(), &mut name);
        (name, Printer::new(member))
    });
    members.collect()
}

fn print_entries(
    keys: &dyn Array,
    values: &Printer,
    entries: Range<usize>,
    out: &mut String,
) -> std::fmt::Result {
    let text_of = |entry: usize| -> std::result::Result<String, std::fmt::Error> {
        let mut text = String::new();
        write_value(&mut text, keys, entry)?;
        Ok(text)
    };
    let mut sorted = Vec::with_capacity(entries.len());
    for entry in entries {
        sorted.push((text_of(entry)?, entry));
    }
    let order = |left: &str, right: &str| -> Ordering { utf16_order(left, right) };
    sorted.sort_by(|(left, _), (right, _)| order(left, right));
    out.write_char('{')?;
    for (at, (key, entry)) in sorted.iter().enumerate() {
        out.write_str(if at == 0 { "" } else { "," })?;
        write_quoted(key, out);
        out.write_char(':')?;
        values.print(*entry, out)?;
    }
    out.write_char('}')
}

fn range(offsets: &[i32], row: usize) -> Range<usize> {
    offsets[row] as usize..offsets[row + 1] as usize
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::{
        array::{
            Int32Array, Int32Builder, ListBuilder, MapBuilder, StringArray, StringBuilder,
            StructArray,
        },
        datatypes::Field,
    };
    use datafusion_common::ScalarValue;

    use super::*;
    use crate::testing::{bytes, call, decimal, integers, map, null, text, texts};

    fn check(value: impl Into<ScalarValue>, expected: &str) {
        call("TO_JSON_STRING", &[value.into()], text(expected));
    }

    #[test]
    fn plain_values() {
        check("abc", "\"abc\"");
        check("", "\"\"");
        check(
            "a\"\\/\u{8}\u{c}\n\r\t\u{1}\u{1f}\u{7f}é😀",
            "\"a\\\"\\\\/\\b\\f\\n\\r\\t\\u0001\\u001F\u{7f}é😀\"",
        );
        check(true, "true");
        check(i32::MIN, "-2147483648");
        check(123_i64, "123");
        check(123.456, "123.456");
        check(1e10, "1.0E10");
        check(-0.0, "-0.0");
        check(f64::NAN, "\"NaN\"");
        check(f64::NEG_INFINITY, "\"-Infinity\"");
        check(decimal(-10, 4, 2), "-0.10");
        check(bytes(b"!"), "\"IQ==\"");
        check(bytes(b""), "\"\"");
        check(ScalarValue::Date32(Some(-1)), "\"1969-12-31\"");
        check(
            ScalarValue::Time32Millisecond(Some(60_220_000)),
            "\"16:43:40\"",
        );
        let instant = ScalarValue::TimestampMillisecond(Some(60_220_000_000), None);
        check(instant, "\"1971-11-28T23:46:40.000\"");
    }

    #[test]
    fn null_is_a_text() {
        for of in [
            SqlType::Integer,
            SqlType::String,
            SqlType::Double,
            SqlType::Bytes,
            SqlType::array(SqlType::Integer),
            SqlType::map(SqlType::String, SqlType::Integer),
            SqlType::structure([("A".to_owned(), SqlType::Integer)]),
        ] {
            check(null(&of), "null");
        }
    }

    #[test]
    fn collections() {
        check(integers(&[Some(1), None]), "[1,null]");
        check(texts(&[]), "[]");
        check(map(), r#"{"a":1,"b":null}"#);
        let mut maps = MapBuilder::new(None, Int32Builder::new(), StringBuilder::new());
        for (key, value) in [(2, "b"), (10, "a\"")] {
            maps.keys().append_value(key);
            maps.values().append_value(value);
        }
        maps.append(true).unwrap();
        check(
            ScalarValue::Map(Arc::new(maps.finish())),
            r#"{"10":"a\"","2":"b"}"#,
        );
        let mut nested = ListBuilder::new(ListBuilder::new(Int32Builder::new()));
        nested.values().append_value([Some(1)]);
        nested.values().append_null();
        nested.append(true);
        check(ScalarValue::List(Arc::new(nested.finish())), "[[1],null]");
    }

    #[test]
    fn members_are_sorted_by_name() {
        let members: Vec<(Arc<Field>, ArrayRef)> = vec![
            (
                Arc::new(SqlType::Integer.to_arrow_field("b")),
                Arc::new(Int32Array::from(vec![1])),
            ),
            (
                Arc::new(SqlType::String.to_arrow_field("a\"")),
                Arc::new(StringArray::from(vec![None::<&str>])),
            ),
            (
                Arc::new(SqlType::Integer.to_arrow_field("B")),
                Arc::new(Int32Array::from(vec![2])),
            ),
        ];
        let structure = ScalarValue::Struct(Arc::new(StructArray::from(members)));
        check(structure, r#"{"B":2,"a\"":null,"b":1}"#);
    }
}
