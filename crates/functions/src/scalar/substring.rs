//! SUBSTRING: a part of a text or of bytes. Positions are from 1 on or, negative, from the end; nothing is out of range.

use std::ops::Range;

use arrow::array::ArrayRef;
use datafusion_common::Result;
use weir_catalog::SqlType;

use crate::texts::{ByteStrings, Texts, utf16_length, utf16_slice};
use crate::{
    kernel::Call,
    overload::{Builtin, Parameter, Variant},
};

const TO_THE_END: &str = "From a position (from 1 on; negative from the end) to the end.";
const SO_MANY: &str = "So many UTF-16 units, or bytes, from a position on.";

pub fn function() -> Builtin {
    let position = ("position", Parameter::INTEGER);
    let length = ("length", Parameter::INTEGER);
    let text = ("input", Parameter::STRING);
    let bytes = ("input", Parameter::BYTES);
    let of_text = |parameters: Vec<_>, description| {
        Variant::new(parameters, description, |_| SqlType::String, substring)
    };
    let of_bytes = |parameters: Vec<_>, description| {
        Variant::new(parameters, description, |_| SqlType::Bytes, bytes_substring)
    };
    Builtin::new(
        "SUBSTRING",
        "STRING",
        "Returns a part of a text or of bytes.",
        vec![
            of_text(vec![text.clone(), position.clone()], TO_THE_END),
            of_text(vec![text, position.clone(), length.clone()], SO_MANY),
            of_bytes(vec![bytes.clone(), position.clone()], TO_THE_END),
            of_bytes(vec![bytes, position, length], SO_MANY),
        ],
    )
}

/// Which of `size` units are meant; `None` if an argument is NULL.
fn range(call: &Call, row: usize, size: usize) -> Option<Range<usize>> {
    let size = i64::try_from(size).ok()?;
    let start = match call.arguments.get(1)?.integer(row)? {
        from_end @ ..0 => (size + from_end).max(0),
        from_start => (from_start - 1).clamp(0, size),
    };
    let end = match call.arguments.get(2) {
        Some(length) => (start + length.integer(row)?.max(0)).min(size),
        None => size,
    };
    Some(usize::try_from(start).ok()?..usize::try_from(end).ok()?)
}

fn substring(call: &Call) -> Result<ArrayRef> {
    let texts = call.argument(0)?.strings()?;
    let mut results = Texts::new(call.rows);
    let mut part = String::new();
    for row in 0..call.rows {
        part.clear();
        let is_there = texts.get(row).and_then(|text| {
            let range = range(call, row, utf16_length(text))?;
            utf16_slice(text, range.start, range.end, &mut part);
            Some(())
        });
        results.push(is_there.map(|()| part.as_str()));
    }
    results.finish()
}

fn bytes_substring(call: &Call) -> Result<ArrayRef> {
    let input = call.argument(0)?;
    let mut results = ByteStrings::new(call.rows);
    for row in 0..call.rows {
        let bytes = input.bytes(row);
        results.push(bytes.and_then(|bytes| bytes.get(range(call, row, bytes.len())?)));
    }
    results.finish()
}

#[cfg(test)]
mod tests {
    use datafusion_common::ScalarValue;

    use crate::testing::{bytes, call, text};

    fn check(input: &str, position: i32, length: Option<i32>, expected: &str) {
        let numbers = [Some(position), length];
        let numbers: Vec<_> = numbers
            .into_iter()
            .flatten()
            .map(ScalarValue::from)
            .collect();
        call(
            "SUBSTRING",
            &[vec![text(input)], numbers.clone()].concat(),
            text(expected),
        );
        if input.is_ascii() {
            let arguments = [vec![bytes(input.as_bytes())], numbers].concat();
            call("SUBSTRING", &arguments, bytes(expected.as_bytes()));
        }
    }

    #[test]
    fn positions_count_from_one_or_from_the_end() {
        check("some_string", 6, None, "string");
        check("some_string", 6, Some(3), "str");
        check("short", 0, Some(2), "sh");
        check("short", 1, Some(2), "sh");
        check("short", -2, None, "rt");
        check("short", -4, Some(2), "ho");
    }

    #[test]
    fn nothing_is_out_of_range() {
        check("short", 6, None, "");
        check("short", 9, Some(9), "");
        check("short", 5, Some(9), "t");
        check("short", -9, Some(2), "sh");
        check("short", 2, Some(-1), "");
        check("short", 2, Some(0), "");
        check("x", i32::MIN, Some(i32::MAX), "x");
        check("x", i32::MAX, Some(i32::MIN), "");
        check("", 1, Some(1), "");
    }

    #[test]
    fn positions_are_utf16_units() {
        check("a😀b", 4, None, "b");
        check("a😀b", 2, Some(2), "😀");
        check("a😀b", 3, None, "\u{fffd}b");
        check("é", -1, None, "é");
    }

    #[test]
    fn bytes_need_not_be_text() {
        let arguments = [bytes(&[0xff, 0, 0xfe]), ScalarValue::from(-1)];
        call("SUBSTRING", &arguments, bytes(&[0xfe]));
    }
}
