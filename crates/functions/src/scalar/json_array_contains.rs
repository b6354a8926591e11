//! JSON_ARRAY_CONTAINS: whether a value is an element of a JSON array. Types are strict: `1` is not `"1"`, nor `1.0`.
//!
//! The text is read up to the element. What is no JSON before that, or no array, has no elements.

use std::sync::Arc;

use arrow::{
    array::{Array, ArrayRef, AsArray, BooleanArray},
    datatypes::{DataType, Float64Type, Int32Type, Int64Type},
};
use datafusion_common::Result;
use weir_catalog::SqlType;

use super::json::Scanner;
use crate::{
    kernel::Call,
    overload::{Builtin, Parameter, Variant},
};

pub fn function() -> Builtin {
    let variant = Variant::new(
        [("json_array", Parameter::STRING), ("value", Parameter::Any)],
        "TRUE if the array has an equal element of the same type; a NULL value looks for a JSON null.",
        |_| SqlType::Boolean,
        contains,
    );
    Builtin::new(
        "JSON_ARRAY_CONTAINS",
        "JSON",
        "Tells whether an array in a JSON text has an element.",
        vec![variant],
    )
    .takes_null()
    .shown_as("JSON_ARRAY_CONTAINS")
}

/// What an element must be.
enum Wanted<'a> {
    Null,
    Boolean(bool),
    Integer(i64, fn(&str) -> Option<i64>),
    Double(f64),
    Text(&'a str),
    /// Of a type that no JSON value has.
    Nothing,
}

fn contains(call: &Call) -> Result<ArrayRef> {
    let (arrays, value) = (call.argument(0)?.strings()?, call.argument(1)?);
    let values = value.array();
    let wanted = |row: usize| match values.data_type() {
        _ if value.is_null(row) => Wanted::Null,
        DataType::Boolean => Wanted::Boolean(values.as_boolean().value(value.index(row))),
        DataType::Int32 => {
            let integer = values.as_primitive::<Int32Type>().value(value.index(row));
            let read = |text: &str| text.parse::<i32>().ok().map(i64::from);
            Wanted::Integer(i64::from(integer), read)
        }
        DataType::Int64 => {
            let integer = values.as_primitive::<Int64Type>().value(value.index(row));
            Wanted::Integer(integer, |text| text.parse().ok())
        }
        DataType::Float64 => {
            Wanted::Double(values.as_primitive::<Float64Type>().value(value.index(row)))
        }
        DataType::Utf8 => Wanted::Text(values.as_string::<i32>().value(value.index(row))),
        _ => Wanted::Nothing,
    };
    let truth = (0..call.rows).map(|row| {
        let array = arrays.get(row)?;
        Some(has_element(array, &wanted(row)))
    });
    Ok(Arc::new(truth.collect::<BooleanArray>()))
}

fn has_element(array: &str, wanted: &Wanted) -> bool {
    let mut is_found = false;
    // No more is read once it is found, or cannot be compared.
    Scanner::new(array).array(|scanner| {
        is_found = is_wanted(scanner, wanted)?;
        (!is_found).then_some(())
    });
    is_found
}

/// Takes an element. `None` if it is no JSON, or an integer that does not fit the type of the one that is wanted.
fn is_wanted(scanner: &mut Scanner, wanted: &Wanted) -> Option<bool> {
    let first = scanner.peek()?;
    if first == b'"' {
        let string = scanner.string()?;
        return Some(matches!(wanted, Wanted::Text(text) if string.is(text)));
    }
    let element = scanner.value()?;
    let is_number = first == b'-' || first.is_ascii_digit();
    let is_float = is_number && element.contains(['.', 'e', 'E']);
    Some(match wanted {
        Wanted::Null => element == "null",
        Wanted::Boolean(truth) => element == if *truth { "true" } else { "false" },
        Wanted::Integer(integer, read) if is_number && !is_float => read(element)? == *integer,
        Wanted::Double(double) if is_float => {
            let element = element.parse::<f64>().ok()?;
            element.to_bits() == double.to_bits()
        }
        _ => false,
    })
}

#[cfg(test)]
mod tests {
    use datafusion_common::ScalarValue;

    use crate::testing::{call, decimal, integers, no_text, text};

    fn check(array: &str, value: impl Into<ScalarValue>, expected: bool) {
        call(
            "JSON_ARRAY_CONTAINS",
            &[text(array), value.into()],
            expected,
        );
    }

    #[test]
    fn elements_of_the_same_type() {
        check("[\"Red\", \"Pink\"]", "Pink", true);
        check("[\"Red\"]", "red", false);
        check("[\"a\\u0062\"]", "ab", true);
        check("[[\"a\"], {\"a\": \"a\"}]", "a", false);
        check("[1, 2]", 2, true);
        check("[1, 2]", 2_i64, true);
        check("[\"2\", 2.0, 2e0]", 2, false);
        check("[-0]", 0, true);
        check("[9223372036854775807]", i64::MAX, true);
        check("[1.5, 1e3]", 1000.0, true);
        check("[1000]", 1000.0, false);
        check("[-0.0]", 0.0, false);
        check("[true]", true, true);
        check("[true, \"false\"]", false, false);
        check("[1.5]", decimal(15, 2, 1), false);
        check("[[1]]", integers(&[Some(1)]), false);
    }

    #[test]
    fn null_looks_for_a_json_null() {
        check("[1, null]", None::<i32>, true);
        check("[1, \"null\"]", no_text(), false);
        check("[]", no_text(), false);
        check("[null]", 1, false);
        check("[null]", ScalarValue::Null, true);
        call("JSON_ARRAY_CONTAINS", &[no_text(), 1.into()], None::<bool>);
    }

    #[test]
    fn what_is_no_array_has_no_elements() {
        for array in ["", "1", "{\"a\": 1}", "\"1\"", "null", "x", "[", "[1"] {
            check(array, 7, false);
        }
        // Up to the element it is one.
        check("[7", 7, true);
        check("[7, x", 7, true);
        check("[x, 7]", 7, false);
        check("[3000000000, 7]", 7, false);
        check("[3000000000, 7]", 7_i64, true);
        check("[\"a\", 3000000000]", "a", true);
        check("[3000000000, \"a\"]", "a", true);
    }
}
