//! JSON_KEYS: the names of the members of a JSON object. What is none, or no JSON, is NULL.

use std::sync::Arc;

use arrow::array::{ArrayRef, ListBuilder, StringBuilder};
use datafusion_common::Result;
use weir_catalog::SqlType;

use super::json::{self, last_places};
use crate::{
    kernel::Call,
    overload::{Builtin, Parameter, Variant},
    texts::Room,
};

pub fn function() -> Builtin {
    let variant = Variant::new(
        [("json_object", Parameter::STRING)],
        "The names in their order, each once; NULL if the text is no JSON object.",
        |_| SqlType::array(SqlType::String),
        keys,
    );
    Builtin::new(
        "JSON_KEYS",
        "JSON",
        "Returns the names of the members of an object in a JSON text.",
        vec![variant],
    )
}

fn keys(call: &Call) -> Result<ArrayRef> {
    let texts = call.argument(0)?.strings()?;
    let mut lists = ListBuilder::new(StringBuilder::new());
    let mut room = Room::default();
    let mut names = Vec::new();
    for row in 0..call.rows {
        let are_there = texts.get(row).and_then(|text| {
            names.clear();
            json::first_value(text, |scanner| {
                scanner.object(|scanner, name| {
                    names.push(name.text());
                    scanner.skip()
                })
            })?;
            room.take(names.iter().map(|name| name.len()).sum())
        });
        if are_there.is_some() {
            match last_places(names.len(), |at| &names[at]) {
                None => names
                    .iter()
                    .for_each(|name| lists.values().append_value(name)),
                Some(places) => {
                    let distinct = places.iter().filter_map(|place| names.get(*place));
                    distinct.for_each(|name| lists.values().append_value(name));
                }
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
    fn names_of_members() {
        let check = |object: &str, expected: &[Option<&str>]| {
            call("JSON_KEYS", &[text(object)], texts(expected));
        };
        check(
            r#"{"b": {"x": 1}, "a": [], "": null}"#,
            &[Some("b"), Some("a"), Some("")],
        );
        check("{}", &[]);
        check(
            r#"{"b": 1, "a": 2, "\u0062": 3} x"#,
            &[Some("b"), Some("a")],
        );
    }

    #[test]
    fn what_is_no_object_has_no_names() {
        let none = null(&SqlType::array(SqlType::String));
        for object in ["", "[]", "1", "null", "\"{}\"", "{\"a\": 1", "{\"a\"}", "x"] {
            call("JSON_KEYS", &[text(object)], none.clone());
        }
    }
}
