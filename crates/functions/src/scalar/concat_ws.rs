//! CONCAT_WS: texts or bytes with a separator between them, NULLs left out. A NULL separator gives NULL.

use arrow::array::ArrayRef;
use datafusion_common::Result;
use weir_catalog::SqlType;

use crate::texts::{ByteStrings, Texts};
use crate::{
    kernel::Call,
    overload::{Builtin, Parameter, Variant},
};

pub fn function() -> Builtin {
    let texts = Variant::new(
        [
            ("separator", Parameter::STRING),
            ("input", Parameter::STRING),
            ("inputs", Parameter::STRING),
        ],
        "The texts that are not NULL, with the separator between them.",
        |_| SqlType::String,
        concat_texts,
    );
    let bytes = Variant::new(
        [
            ("separator", Parameter::BYTES),
            ("input", Parameter::BYTES),
            ("inputs", Parameter::BYTES),
        ],
        "The bytes that are not NULL, with the separator between them.",
        |_| SqlType::Bytes,
        concat_bytes,
    );
    Builtin::new(
        "CONCAT_WS",
        "STRING",
        "Joins texts or bytes with a separator.",
        vec![texts.variadic(), bytes.variadic()],
    )
    .takes_null()
}

fn concat_texts(call: &Call) -> Result<ArrayRef> {
    let arguments = call.arguments.iter().map(|argument| argument.strings());
    let arguments = arguments.collect::<Result<Vec<_>>>()?;
    let mut results = Texts::new(call.rows);
    let mut joined = String::new();
    for row in 0..call.rows {
        let Some(separator) = arguments.first().and_then(|separator| separator.get(row)) else {
            results.push(None);
            continue;
        };
        joined.clear();
        let parts = arguments[1..].iter().filter_map(|part| part.get(row));
        for (index, part) in parts.enumerate() {
            joined.push_str(if index == 0 { "" } else { separator });
            joined.push_str(part);
        }
        results.push(Some(&joined));
    }
    results.finish()
}

fn concat_bytes(call: &Call) -> Result<ArrayRef> {
    let mut results = ByteStrings::new(call.rows);
    let mut joined = Vec::new();
    for row in 0..call.rows {
        let Some(separator) = call.argument(0)?.bytes(row) else {
            results.push(None);
            continue;
        };
        joined.clear();
        let parts = call.arguments[1..]
            .iter()
            .filter_map(|part| part.bytes(row));
        for (index, part) in parts.enumerate() {
            joined.extend_from_slice(if index == 0 { b"" } else { separator });
            joined.extend_from_slice(part);
        }
        results.push(Some(&joined));
    }
    results.finish()
}

#[cfg(test)]
mod tests {
    use crate::testing::{bytes, call, no_bytes, no_text, text};

    #[test]
    fn the_separator_is_between_what_is_there() {
        let dash = || text("-");
        call(
            "CONCAT_WS",
            &[dash(), text("a"), no_text(), text("é")],
            text("a-é"),
        );
        call("CONCAT_WS", &[dash(), no_text(), text("a")], text("a"));
        call("CONCAT_WS", &[dash(), text(""), text("")], dash());
        call("CONCAT_WS", &[text(""), text("a"), text("b")], text("ab"));
        call("CONCAT_WS", &[dash(), no_text()], text(""));
        call("CONCAT_WS", &[no_text(), text("a"), text("b")], no_text());
        call(
            "CONCAT_WS",
            &[bytes(b"-"), bytes(b"a"), no_bytes(), bytes(b"")],
            bytes(b"a-"),
        );
        call("CONCAT_WS", &[bytes(b"-"), no_bytes()], bytes(b""));
        call("CONCAT_WS", &[no_bytes(), bytes(b"a")], no_bytes());
    }
}
