//! JSON_RECORDS: the members of a JSON object as a MAP. What is none, or no JSON, is NULL.

use std::sync::Arc;

use arrow::array::{ArrayRef, MapBuilder, MapFieldNames, StringBuilder};
use datafusion_common::Result;
use weir_catalog::SqlType;

use super::json::{self, Writer, last_places};
use crate::{
    kernel::Call,
    overload::{Builtin, Parameter, Variant},
    texts::Room,
};

pub fn function() -> Builtin {
    let variant = Variant::new(
        [("json_object", Parameter::STRING)],
        "Strings without their quotes, other values as JSON text; NULL if the text is no JSON object.",
        |_| SqlType::map(SqlType::String, SqlType::String),
        records,
    );
    Builtin::new(
        "JSON_RECORDS",
        "JSON",
        "Returns the members of an object in a JSON text.",
        vec![variant],
    )
}

fn records(call: &Call) -> Result<ArrayRef> {
    let texts = call.argument(0)?.strings()?;
    let mut maps = MapBuilder::new(
        Some(MapFieldNames::default()),
        StringBuilder::new(),
        StringBuilder::new(),
    );
    let mut writer = Writer::default();
    let mut room = Room::default();
    let mut members = Vec::new();
    for row in 0..call.rows {
        let are_there = texts.get(row).and_then(|text| {
            members.clear();
            json::first_value(text, |scanner| {
                scanner.object(|scanner, name| {
                    members.push((name.text(), scanner.value()?));
                    Some(())
                })
            })?;
            if let Some(places) = last_places(members.len(), |at| &members[at].0) {
                let distinct = places.iter().filter_map(|place| members.get(*place));
                members = distinct.cloned().collect();
            }
            // A number that Java does not have makes all of them NULL.
            let mut bytes = 0;
            for (name, value) in &members {
                bytes += name.len() + writer.text(value)?.len();
            }
            room.take(bytes)
        });
        if are_there.is_some() {
            for (name, value) in &members {
                maps.keys().append_value(name);
                maps.values().append_option(writer.text(value));
            }
        }
        maps.append(are_there.is_some())?;
    }
    Ok(Arc::new(maps.finish()))
}

#[cfg(test)]
mod tests {
    use datafusion_common::ScalarValue;
    use weir_catalog::SqlType;

    use super::*;
    use crate::testing::{call, null, text};

    fn check(object: &str, expected: &[(&str, &str)]) {
        let (keys, values) = (StringBuilder::new(), StringBuilder::new());
        let mut maps = MapBuilder::new(Some(MapFieldNames::default()), keys, values);
        for (key, value) in expected {
            maps.keys().append_value(key);
            maps.values().append_value(value);
        }
        maps.append(true).unwrap();
        let expected = ScalarValue::Map(Arc::new(maps.finish()));
        call("JSON_RECORDS", &[text(object)], expected);
    }

    #[test]
    fn members_of_objects() {
        check(
            r#"{"a": "x\"y", "b": {"c": [1, "d"]}, "e": null, "f": 1e5, "g": true}"#,
            &[
                ("a", "x\"y"),
                ("b", r#"{"c":[1,"d"]}"#),
                ("e", "null"),
                ("f", "1E+5"),
                ("g", "true"),
            ],
        );
        check("{}", &[]);
        check(
            r#"{"b": 1, "a": 2, "\u0062": "3"} x"#,
            &[("b", "3"), ("a", "2")],
        );
    }

    #[test]
    fn what_is_no_object_has_no_members() {
        let none = null(&SqlType::map(SqlType::String, SqlType::String));
        for object in [
            "",
            "[]",
            "1",
            "null",
            "\"{}\"",
            "{\"a\": 1",
            "x",
            "{\"a\": 1e99999999999}",
        ] {
            call("JSON_RECORDS", &[text(object)], none.clone());
        }
    }
}
