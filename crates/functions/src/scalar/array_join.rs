//! ARRAY_JOIN: the elements of an array as one text. A NULL element prints `null`, a NULL delimiter is the empty one, and an
//! array of collections has no text: NULL.

use std::fmt::Write;

use arrow::array::{Array, ArrayRef, AsArray};
use datafusion_common::{Result, internal_datafusion_err};
use weir_catalog::SqlType;

use crate::texts::Texts;
use crate::{
    kernel::Call,
    operators::cast::write_value,
    overload::{Builtin, Parameter, Variant},
};

pub fn function() -> Builtin {
    let array = ("array", Parameter::ArrayOfAny);
    Builtin::new(
        "ARRAY_JOIN",
        "ARRAY",
        "Joins the elements of an array.",
        vec![
            Variant::new(
                [array.clone()],
                "The elements as text, with commas between them.",
                |_| SqlType::String,
                join,
            ),
            Variant::new(
                [array, ("delimiter", Parameter::STRING)],
                "The elements as text, with the delimiter between them.",
                |_| SqlType::String,
                join,
            ),
        ],
    )
    .takes_null()
    .shown_as("ARRAY_JOIN")
}

fn join(call: &Call) -> Result<ArrayRef> {
    let array = call.argument(0)?;
    let lists = array.array().as_list::<i32>();
    let (elements, offsets) = (lists.values(), lists.value_offsets());
    let delimiters = call.arguments.get(1).map(|argument| argument.strings());
    let delimiters = delimiters.transpose()?;
    let mut results = Texts::new(call.rows);
    let mut joined = String::new();
    for row in 0..call.rows {
        if array.is_null(row) || elements.data_type().is_nested() {
            results.push(None);
            continue;
        }
        let delimiter = delimiters.map_or(",", |delimiters| delimiters.get(row).unwrap_or(""));
        let list = array.index(row);
        joined.clear();
        for (place, element) in (offsets[list]..offsets[list + 1]).enumerate() {
            joined.push_str(if place == 0 { "" } else { delimiter });
            append(&mut joined, elements, element as usize)?;
        }
        results.push(Some(&joined));
    }
    results.finish()
}

fn append(joined: &mut impl Write, elements: &ArrayRef, place: usize) -> Result<()> {
    write_value(joined, elements, place)
        .map_err(|_| internal_datafusion_err!("{} has no text", elements.data_type()))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{Int32Builder, ListBuilder};
    use datafusion_common::ScalarValue;
    use weir_catalog::SqlType;

    use crate::testing::{call, integers, no_text, null, text, texts};

    #[test]
    fn elements_stand_beside_one_another() {
        let array = || texts(&[Some("Red"), None, Some("Pink")]);
        call("ARRAY_JOIN", &[array()], text("Red,null,Pink"));
        let numbers = integers(&[Some(1), None, Some(-42)]);
        call("ARRAY_JOIN", &[numbers, text("?")], text("1?null?-42"));
        call(
            "ARRAY_JOIN",
            &[integers(&[Some(1), Some(2)]), no_text()],
            text("12"),
        );
        call("ARRAY_JOIN", &[array(), text("")], text("RednullPink"));
        call("ARRAY_JOIN", &[texts(&[]), text("x")], text(""));
        let none = || null(&SqlType::array(SqlType::String));
        call("ARRAY_JOIN", &[none()], no_text());
        call("ARRAY_JOIN", &[none(), text("x")], no_text());
    }

    #[test]
    fn nested_elements_have_no_text() {
        let mut nested = ListBuilder::new(ListBuilder::new(Int32Builder::new()));
        nested.append(true);
        let nested = ScalarValue::List(Arc::new(nested.finish()));
        call("ARRAY_JOIN", &[nested], no_text());
    }
}
