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
