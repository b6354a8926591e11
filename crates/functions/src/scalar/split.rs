//! SPLIT: a text or bytes cut at a delimiter; the empty delimiter cuts between all characters.

use std::sync::Arc;

use arrow::array::{ArrayRef, BinaryBuilder, ListBuilder, StringBuilder};
use datafusion_common::Result;
use memchr::memmem;
use weir_catalog::SqlType;

use crate::{
    kernel::Call,
    overload::{Builtin, Parameter, Variant},
};

pub fn function() -> Builtin {
    let texts = Variant::new(
        [("input", Parameter::STRING), ("delimiter", Parameter::STRING)],
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
    Builtin::new("SPLIT", "STRING", "Cuts a text or bytes at a delimiter.", vec![texts, bytes])
}

fn split(call: &Call) -> Result<ArrayRef> {
    let (texts, delimiters) = (call.argument(0)?.strings()?, call.argument(1)?.strings()?);
    let mut lists = ListBuilder::new(StringBuilder::new());
    for row in 0..call.rows {
        let (Some(text), Some(delimiter)) = (texts.get(row), delimiters.get(row)) else {
            lists.append(false);
            continue;
        };
        if delimiter.is_empty() && !text.is_empty() {
            let mut buffer = [0; 4];
            for character in text.chars() {
                lists.values().append_value(character.encode_utf8(&mut buffer));
            }
        } else if delimiter.is_empty() {
            lists.values().append_value("");
        } else {
            text.split(delimiter).for_each(|part| lists.values().append_value(part));
        }
        lists.append(true);
    }
    Ok(Arc::new(lists.finish()))
}

fn split_bytes(call: &Call) -> Result<ArrayRef> {
    let (input, delimiters) = (call.argument(0)?, call.argument(1)?);
    let mut lists = ListBuilder::new(BinaryBuilder::new());
    for row in 0..call.rows {
        let (Some(bytes), Some(delimiter)) = (input.bytes(row), delimiters.bytes(row)) else {
            lists.append(false);
            continue;
        };
        if delimiter.is_empty() && !bytes.is_empty() {
            bytes.chunks(1).for_each(|byte| lists.values().append_value(byte));
        } else if delimiter.is_empty() {
            lists.values().append_value(b"");
        } else {
            let mut start = 0;
            for end in memmem::find_iter(bytes, delimiter) {
                lists.values().append_value(&bytes[start..end]);
                start = end + delimiter.len();
            }
            lists.values().append_value(&bytes[start..]);
        }
        lists.append(true);
    }
    Ok(Arc::new(lists.finish()))
}
