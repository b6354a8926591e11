//! JSON: every type, wrapped and bare. A document is read or it is bad, as another parser has it.

use std::cell::RefCell;

use weir_catalog::{Format, SqlType};

use super::{Part, records, scalars, spec};

thread_local! {
    static PARTS: RefCell<Vec<Part>> = RefCell::new(parts());
}

fn structure(fields: &[(&str, SqlType)]) -> SqlType {
    let fields = fields.iter();
    SqlType::structure(fields.map(|(name, sql_type)| ((*name).to_owned(), sql_type.clone())))
}

fn parts() -> Vec<Part> {
    let map = |value| SqlType::map(SqlType::String, value);
    let inner = structure(&[
        ("I", SqlType::Integer),
        ("i", SqlType::String),
        ("É", SqlType::Double),
        ("A", SqlType::array(map(SqlType::BigInt))),
        ("E", structure(&[])),
    ]);
    let nested = vec![
        ("R", inner.clone()),
        ("A", SqlType::array(SqlType::String)),
        ("Q", SqlType::array(inner.clone())),
        ("M", map(SqlType::Double)),
        ("N", map(SqlType::array(SqlType::Bytes))),
        ("S", SqlType::String),
        ("s", SqlType::String),
    ];
    let mut parts = vec![
        Part::new(spec(Format::Json, true), &scalars()),
        Part::new(spec(Format::Json, true), &nested),
        Part::new(spec(Format::Json, true), &[("S", SqlType::String)]),
    ];
    for column in scalars().into_iter().chain(nested) {
        parts.push(Part::new(spec(Format::Json, false), &[column]));
    }
    parts
}

/// The first byte chooses the declaration, the rest are records.
pub fn check(bytes: &[u8]) {
    let Some((choice, rest)) = bytes.split_first() else {
        return;
    };
    let records = records(rest);
    PARTS.with_borrow_mut(|parts| {
        let count = parts.len();
        let decoded = parts[usize::from(*choice) % count].check(&records);
        for (row, record) in records.iter().enumerate() {
            let Some(Ok(text)) = record.map(std::str::from_utf8) else {
                continue;
            };
            // A mark of the order of bytes is not part of the text.
            let text = text.strip_prefix('\u{feff}').unwrap_or(text);
            let is_json = serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok();
            let bad = decoded
                .misfits
                .iter()
                .find(|misfit| misfit.row == row && misfit.column.is_none());
            // The other parser does not go deeper than 128, and does not read on behind an escape that is none.
            if is_json || text.len() < 128 && !has_broken_escape(text) {
                assert_eq!(bad.is_none(), is_json, "{text:?}: {bad:?}");
            }
        }
    });
}

/// `\u` without four digits, which is read as U+FFFD.
fn has_broken_escape(text: &str) -> bool {
    let mut rest = text.as_bytes();
    while let Some(at) = rest.iter().position(|byte| *byte == b'\\') {
        rest = &rest[at + 1..];
        let digits = rest.get(1..5).unwrap_or_default();
        let is_whole = digits.len() == 4 && digits.iter().all(u8::is_ascii_hexdigit);
        match rest.first() {
            Some(b'u') if !is_whole => return true,
            Some(_) => rest = &rest[1..],
            None => {}
        }
    }
    false
}
