//! SPLIT: a text or bytes cut at a delimiter; the empty delimiter cuts between all characters.

use std::sync::Arc;

use arrow::array::{ArrayRef, BinaryBuilder, ListBuilder};
use datafusion_common::Result;
use memchr::memmem;
use weir_catalog::SqlType;

use crate::{
    kernel::Call,
    overload::{Builtin, Parameter, Variant},
    texts::{Room, TextLists},
};

pub fn function() -> Builtin {
    let texts = Variant::new(
        [
            ("input", Parameter::STRING),
            ("delimiter", Parameter::STRING),
        ],
        "The parts between the delimiters, empty ones too; the empty delimiter gives the characters.",
        |_| SqlType::array(SqlType::String),
        split,
    );
    let bytes = Variant::new(
        [("input", Parameter::BYTES), ("delimiter", Parameter::BYTES)],
        "The parts between the delimiters, empty ones too; the empty delimiter gives each byte.",
        |_| SqlType::array(SqlType::Bytes),
        split_bytes,
    );
    Builtin::new(
        "SPLIT",
        "STRING",
        "Cuts a text or bytes at a delimiter.",
        vec![texts, bytes],
    )
}

fn split(call: &Call) -> Result<ArrayRef> {
    let (texts, delimiters) = (call.argument(0)?.strings()?, call.argument(1)?.strings()?);
    let mut lists = TextLists::new(call.rows);
    let mut parts: Vec<Option<&str>> = Vec::new();
    for row in 0..call.rows {
        parts.clear();
        let is_there = (|| {
            let (text, delimiter) = (texts.get(row)?, delimiters.get(row)?);
            if delimiter.is_empty() && !text.is_empty() {
                let places = text.char_indices();
                parts.extend(
                    places.map(|(start, character)| text.get(start..start + character.len_utf8())),
                );
            } else if delimiter.is_empty() {
                parts.push(Some(""));
            } else {
                parts.extend(text.split(delimiter).map(Some));
            }
            Some(())
        })();
        lists.push(is_there.map(|()| parts.as_slice()));
    }
    lists.finish()
}

fn split_bytes(call: &Call) -> Result<ArrayRef> {
    let (input, delimiters) = (call.argument(0)?, call.argument(1)?);
    let mut lists = ListBuilder::new(BinaryBuilder::new());
    let mut room = Room::default();
    let mut parts: Vec<&[u8]> = Vec::new();
    for row in 0..call.rows {
        parts.clear();
        let is_there = (|| {
            let (bytes, delimiter) = (input.bytes(row)?, delimiters.bytes(row)?);
            if delimiter.is_empty() && !bytes.is_empty() {
                parts.extend(bytes.chunks(1));
            } else if delimiter.is_empty() {
                parts.push(b"");
            } else {
                let mut start = 0;
                for end in memmem::find_iter(bytes, delimiter) {
                    parts.push(&bytes[start..end]);
                    start = end + delimiter.len();
                }
                parts.push(&bytes[start..]);
            }
            let sizes = parts.iter().map(|part| size_of::<i32>() + part.len());
            room.take(sizes.sum())
        })();
        if is_there.is_some() {
            parts
                .iter()
                .for_each(|part| lists.values().append_value(part));
        }
        lists.append(is_there.is_some());
    }
    Ok(Arc::new(lists.finish()))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{BinaryBuilder, ListBuilder};
    use datafusion_common::ScalarValue;
    use weir_catalog::SqlType;

    use crate::testing::{bytes, call, null, text, texts};

    #[test]
    fn texts_are_cut() {
        let check = |input: &str, delimiter: &str, expected: &[&str]| {
            let expected: Vec<_> = expected.iter().copied().map(Some).collect();
            call("SPLIT", &[text(input), text(delimiter)], texts(&expected));
        };
        check("a.b.c", ".", &["a", "b", "c"]);
        check("..a.", ".", &["", "", "a", ""]);
        check("a$$b.c", "$$", &["a", "b.c"]);
        check("abc", ".", &["abc"]);
        check("", ".", &[""]);
        check("aé😀", "", &["a", "é", "😀"]);
        check("", "", &[""]);
        check("aééb", "é", &["a", "", "b"]);
    }

    #[test]
    fn bytes_are_cut() {
        let check = |input: &[u8], delimiter: &[u8], expected: &[&[u8]]| {
            let mut lists = ListBuilder::new(BinaryBuilder::new());
            lists.append_value(expected.iter().map(Some));
            let expected = ScalarValue::List(Arc::new(lists.finish()));
            call("SPLIT", &[bytes(input), bytes(delimiter)], expected);
        };
        check(b".a.b", b".", &[b"", b"a", b"b"]);
        check(b"abc", b"$$", &[b"abc"]);
        check(b"a$$b", b"$$", &[b"a", b"b"]);
        check(&[0xff, 0, 0xff], &[0], &[&[0xff], &[0xff]]);
        check(b"ab", b"", &[b"a", b"b"]);
        check(b"", b"", &[b""]);
        check(b"", b".", &[b""]);
    }

    #[test]
    fn what_would_be_too_long_is_null() {
        let long = "a".repeat(5 << 20);
        let nothing = null(&SqlType::array(SqlType::String));
        call("SPLIT", &[text(&long), text("")], nothing);
        let nothing = null(&SqlType::array(SqlType::Bytes));
        call("SPLIT", &[bytes(long.as_bytes()), bytes(b"")], nothing);
    }
}
