//! REPLACE: every occurrence of a text by another, to the letter.

use arrow::array::ArrayRef;
use datafusion_common::Result;
use weir_catalog::SqlType;

use crate::texts::Texts;
use crate::{
    kernel::Call,
    overload::{Builtin, Parameter, Variant},
};

pub fn function() -> Builtin {
    let variant = Variant::new(
        [
            ("input", Parameter::STRING),
            ("old", Parameter::STRING),
            ("new", Parameter::STRING),
        ],
        "The text with every `old` replaced by `new`, to the letter.",
        |_| SqlType::String,
        replace,
    );
    Builtin::new("REPLACE", "STRING", "Replaces parts of a text.", vec![variant])
}

fn replace(call: &Call) -> Result<ArrayRef> {
    let texts = call.argument(0)?.strings()?;
    let (old, new) = (call.argument(1)?.strings()?, call.argument(2)?.strings()?);
    let mut results = Texts::new(call.rows);
    for row in 0..call.rows {
        let (Some(text), Some(old), Some(new)) = (texts.get(row), old.get(row), new.get(row)) else {
            results.push(None);
            continue;
        };
        // Counted first: an empty `old` is between all characters, and `new` may be as long as it likes.
        let size = text.len().saturating_add(text.matches(old).count().saturating_mul(new.len()));
        match results.has_room(size) {
            true => results.push(Some(&text.replace(old, new))),
            false => results.push(None),
        }
    }
    results.finish()
}
