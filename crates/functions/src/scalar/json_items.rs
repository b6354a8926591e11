//! JSON_ITEMS: the elements of a JSON array, each as JSON text. What is none, or no JSON, is NULL.

use std::sync::Arc;

use arrow::array::{ArrayRef, ListBuilder, StringBuilder};
use datafusion_common::Result;
use weir_catalog::SqlType;

use super::json::{self, Numbers, Writer};
use crate::{
    kernel::Call,
    overload::{Builtin, Parameter, Variant},
    texts::Room,
};

pub fn function() -> Builtin {
    let variant = Variant::new(
        [("json_array", Parameter::STRING)],
        "The elements, strings in their quotes; NULL if the text is no JSON array.",
        |_| SqlType::array(SqlType::String),
        items,
    );
    Builtin::new(
        "JSON_ITEMS",
        "JSON",
        "Returns the elements of an array in a JSON text.",
        vec![variant],
    )
}

fn items(call: &Call) -> Result<ArrayRef> {
    let texts = call.argument(0)?.strings()?;
    let mut lists = ListBuilder::new(StringBuilder::new());
    let mut writer = Writer::default();
    let mut room = Room::default();
    let mut elements = Vec::new();
    for row in 0..call.rows {
        let are_there = texts.get(row).and_then(|text| {
            elements.clear();
            json::first_value(text, |scanner| {
                scanner.array(|scanner| {
                    elements.push(scanner.value()?);
                    Some(())
                })
            })?;
            // A number that Java does not have makes all of them NULL.
            let mut bytes = 0;
            for element in &elements {
                bytes += writer.json(element, Numbers::Short)?.len();
            }
            room.take(bytes)
        });
        if are_there.is_some() {
            for element in &elements {
                lists
                    .values()
                    .append_option(writer.json(element, Numbers::Short));
            }
        }
        lists.append(are_there.is_some());
    }
    Ok(Arc::new(lists.finish()))
}

#[cfg(test)]
mod tests {
    use weir_catalog::SqlType;

    use crate::testing::{call, null, text, texts};

    #[test]
    fn elements_as_json() {
        let check = |array: &str, expected: &[Option<&str>]| {
            call("JSON_ITEMS", &[text(array)], texts(expected));
        };
        check(
            r#"[{"type": "A", "at": "2022-01-27"}, {"type": "B"}]"#,
            &[
                Some(r#"{"type":"A","at":"2022-01-27"}"#),
                Some(r#"{"type":"B"}"#),
            ],
        );
        check("[]", &[]);
        check(
            r#"[1, "a", null, 1e5, [ 1 ], {"a": 1, "a": 2}] more"#,
            &[
                Some("1"),
                Some("\"a\""),
                Some("null"),
                Some("1E+5"),
                Some("[1]"),
                Some(r#"{"a":2}"#),
            ],
        );
    }

    #[test]
    fn what_is_no_array_has_no_elements() {
        let none = null(&SqlType::array(SqlType::String));
        for array in [
            "",
            "{}",
            "1",
            "null",
            "\"[]\"",
            "[1",
            "[1,]",
            "x",
            "[1, 1e99999999999]",
        ] {
            call("JSON_ITEMS", &[text(array)], none.clone());
        }
    }
}
