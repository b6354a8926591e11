//! INSTR: where a text stands in another, 0 if nowhere or if any argument is NULL.

use std::sync::Arc;

use arrow::array::{ArrayRef, Int32Array};
use datafusion_common::Result;
use memchr::memmem;
use weir_catalog::SqlType;

use crate::texts::{byte_of_unit, utf16_length};
use crate::{
    kernel::Call,
    overload::{Builtin, Parameter, Variant},
};

pub fn function() -> Builtin {
    let parameters = [
        ("input", Parameter::STRING),
        ("substring", Parameter::STRING),
        ("position", Parameter::INTEGER),
        ("occurrence", Parameter::INTEGER),
    ];
    let variant = |count: usize, description| {
        Variant::new(&parameters[..count], description, |_| SqlType::Integer, instr)
    };
    Builtin::new(
        "INSTR",
        "STRING",
        "Returns the position of a text in another.",
        vec![
            variant(2, "The position, from 1 on, of the first occurrence; 0 if there is none."),
            variant(3, "Looks from a position on; from a negative one, which counts from the end, backwards."),
            variant(4, "The position of the so many-th occurrence from there."),
        ],
    ).takes_null()
}

fn instr(call: &Call) -> Result<ArrayRef> {
    let (texts, wanted) = (call.argument(0)?.strings()?, call.argument(1)?.strings()?);
    let or_one = |index: usize, row| call.arguments.get(index).map_or(Some(1), |of| of.integer(row));
    let places = (0..call.rows).map(|row| {
        let (text, wanted) = (texts.get(row)?, wanted.get(row)?);
        let byte = find(text, wanted, or_one(2, row)?, or_one(3, row)?)?;
        i32::try_from(utf16_length(&text[..byte]) + 1).ok()
    });
    let places = places.map(|place| Some(place.unwrap_or(0)));
    Ok(Arc::new(places.collect::<Int32Array>()))
}

/// The byte at which the `occurrence`-th `wanted` begins.
fn find(text: &str, wanted: &str, position: i64, occurrence: i64) -> Option<usize> {
    let (bytes, needle) = (text.as_bytes(), wanted.as_bytes());
    if position == 0 || occurrence < 1 {
        return None;
    }
    if position > 0 {
        let mut from = byte_of_unit(text, usize::try_from(position - 1).ok()?);
        for found in 1.. {
            let at = from + memmem::find(bytes.get(from..)?, needle)?;
            if found == occurrence {
                return Some(at);
            }
            from = at + 1;
        }
    }
    let last = i64::try_from(utf16_length(text)).ok()? + position;
    let mut last = byte_of_unit(text, usize::try_from(last).ok()?);
    for found in 1.. {
        let end = last.saturating_add(needle.len()).min(bytes.len());
        let at = memmem::rfind(&bytes[..end], needle)?;
        if found == occurrence {
            return Some(at);
        }
        last = at.checked_sub(1)?;
    }
    None
}
