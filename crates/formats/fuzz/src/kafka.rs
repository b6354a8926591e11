//! KAFKA: one value of each type that the format has, with and without a window behind it.

use std::cell::RefCell;

use weir_catalog::{Format, SqlType};

use super::{Part, records, spec, windows};

thread_local! {
    static PARTS: RefCell<Vec<Part>> = RefCell::new(parts());
}

fn parts() -> Vec<Part> {
    [
        SqlType::Integer,
        SqlType::BigInt,
        SqlType::Double,
        SqlType::String,
        SqlType::Bytes,
    ]
    .into_iter()
    .flat_map(|sql_type| {
        windows(&spec(Format::Kafka, false))
            .into_iter()
            .map(move |format| Part::new(format, &[("A", sql_type.clone())]))
    })
    .collect()
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
