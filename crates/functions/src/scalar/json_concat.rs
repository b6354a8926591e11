//! JSON_CONCAT: JSON texts joined as PostgreSQL's `||` does it.
//!
//! Objects make one object, in which the last of equal names counts; anything else makes an array, of the elements of the
//! arrays and of the other values. One value alone stays what it is.

use arrow::array::ArrayRef;
use datafusion_common::Result;
use weir_catalog::SqlType;

use super::json::{self, Merger, Numbers, Scanner, Writer};
use crate::{
    kernel::Call,
    overload::{Builtin, Parameter, Variant},
    texts::Texts,
};

pub fn function() -> Builtin {
    let variant = Variant::new(
        [("json_strings", Parameter::STRING)],
        "Objects are merged, arrays appended, other values are elements; NULL if one text is NULL or no JSON.",
        |_| SqlType::String,
        concat,
    );
    Builtin::new(
        "JSON_CONCAT",
        "JSON",
        "Joins JSON texts to one.",
        vec![variant.variadic()],
    )
}

fn concat(call: &Call) -> Result<ArrayRef> {
    let arguments = call.arguments.iter().map(|argument| argument.strings());
    let arguments = arguments.collect::<Result<Vec<_>>>()?;
    let mut results = Texts::new(call.rows);
    let (mut writer, mut merger) = (Writer::default(), Merger::default());
    for row in 0..call.rows {
        let texts = || arguments.iter().map_while(|texts| texts.get(row));
        let joined = if texts().count() < arguments.len() || arguments.is_empty() {
            None
        } else if texts().all(is_object) {
            merger.merge(texts(), &mut writer, Numbers::Plain)
        } else {
            join(&mut writer, texts())
        };
        results.push(joined);
    }
    results.finish()
}

/// Whether it is one if it is JSON.
fn is_object(text: &str) -> bool {
    Scanner::new(text).peek() == Some(b'{')
}

/// Values of which not all are objects.
fn join<'w, 't: 'w>(
    writer: &'w mut Writer,
    texts: impl Iterator<Item = &'t str>,
) -> Option<&'w str> {
    let values = texts.map(|text| json::first_value(text, |scanner| scanner.value()));
    match values.collect::<Option<Vec<_>>>()?.as_slice() {
        [value] => writer.json(value, Numbers::Plain),
        values => writer.joined(values, Numbers::Plain),
    }
}

#[cfg(test)]
mod tests {
    use datafusion_common::ScalarValue;

    use crate::testing::{call, no_text, text};

    fn check(texts: &[&str], expected: Option<&str>) {
        let arguments: Vec<ScalarValue> = texts.iter().copied().map(text).collect();
        call(
            "JSON_CONCAT",
            &arguments,
            expected.map_or_else(no_text, text),
        );
    }

    #[test]
    fn objects_are_merged() {
        check(&["{\"a\": 1}", "{\"b\": 2}"], Some("{\"a\":1,\"b\":2}"));
        let three = [
            "{\"a\": {\"x\": 1}, \"b\": 1}",
            "{}",
            "{\"a\": {\"y\": 2}, \"c\": 3}",
        ];
        check(&three, Some("{\"a\":{\"y\":2},\"b\":1,\"c\":3}"));
        check(&["{\"a\": 1, \"a\": 2}"], Some("{\"a\":2}"));
        check(&["{}", "{}"], Some("{}"));
    }

    #[test]
    fn other_values_make_an_array() {
        check(&["[1, 2]", "[3]"], Some("[1,2,3]"));
        check(&["[]", "[]"], Some("[]"));
        check(&["[]", "1", "[]", "[2]"], Some("[1,2]"));
        check(&["1", "\"a\""], Some("[1,\"a\"]"));
        check(&["{\"a\": 1}", "[[2]]"], Some("[{\"a\":1},[2]]"));
        check(&["{\"a\": 1}", "{}", "null"], Some("[{\"a\":1},{},null]"));
    }

    #[test]
    fn one_value_stays_what_it_is() {
        check(&["1e3"], Some("1000"));
        check(&["[1.50, -0]"], Some("[1.50,0]"));
        check(&["\"\\u00e9\""], Some("\"é\""));
    }

    #[test]
    fn one_that_is_no_json_makes_null() {
        check(&["{}", "x"], None);
        check(&["", "{}"], None);
        check(&["1e10000"], None);
        check(&[], None);
        call("JSON_CONCAT", &[text("1"), no_text(), text("2")], no_text());
    }
}
