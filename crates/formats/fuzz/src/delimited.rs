//! DELIMITED: every scalar type, a single column, other delimiters, and windows behind a key.

use std::cell::RefCell;

use weir_catalog::{Format, FormatSpec, SqlType};

use super::{Part, records, scalars, spec, windows};

thread_local! {
    static PARTS: RefCell<Vec<Part>> = RefCell::new(parts());
}

fn parts() -> Vec<Part> {
    let delimited = |delimiter| FormatSpec {
        delimiter,
        ..spec(Format::Delimited, false)
    };
    let strings = [
        ("A", SqlType::String),
        ("B", SqlType::String),
        ("C", SqlType::String),
    ];
    let mut parts = vec![
        Part::new(delimited(None), &scalars()),
        Part::new(delimited(None), &strings),
        Part::new(delimited(Some('\t')), &strings),
        Part::new(delimited(Some(' ')), &strings),
        Part::new(delimited(Some('|')), &scalars()),
    ];
    for format in windows(&delimited(None)) {
        parts.push(Part::new(format, &strings));
    }
    for column in scalars() {
        parts.push(Part::new(delimited(None), &[column]));
    }
    parts
}

/// The first byte chooses the declaration, the rest are records.
pub fn check(bytes: &[u8]) {
    let Some((choice, rest)) = bytes.split_first() else {
        return;
    };
    PARTS.with_borrow_mut(|parts| {
        let count = parts.len();
        parts[usize::from(*choice) % count].check(&records(rest));
    });
}
