//! A pattern over a whole column.
//!
//! A literal that must be in the value is looked for in the buffer that holds all values, end to end: rows that do not have
//! it, which are nearly all, are never looked at.

use arrow::{
    array::{Array, BooleanBufferBuilder, StringArray, StringBuilder},
    buffer::{BooleanBuffer, Buffer, OffsetBuffer},
};
use memchr::memmem::Finder;

use super::pattern::{LikePattern, Shape};
use crate::fold::fold_into;

/// All values folded; what is under a NULL stays under it.
pub(super) fn folded(values: &StringArray) -> StringArray {
    let offsets = values.value_offsets();
    let (start, end) = (offsets[0], offsets[values.len()]);
    let bytes = &values.value_data()[start as usize..end as usize];
    if bytes.is_ascii() {
        // One for one: the offsets stay, counted from the first value.
        let offsets: Vec<i32> = offsets.iter().map(|offset| offset - start).collect();
        let offsets = OffsetBuffer::new(offsets.into());
        let lower = Buffer::from(bytes.to_ascii_lowercase());
        if let Ok(folded) = StringArray::try_new(offsets, lower, values.nulls().cloned()) {
            return folded;
        }
    }
    let mut builder = StringBuilder::with_capacity(values.len(), bytes.len());
    let mut buffer = String::new();
    for value in values {
        let Some(value) = value else {
            builder.append_null();
            continue;
        };
        buffer.clear();
        fold_into(value, &mut buffer);
        builder.append_value(&buffer);
    }
    builder.finish()
}

/// Which values match; what is said of NULLs means nothing.
pub(super) fn matches(pattern: &LikePattern, values: &StringArray) -> BooleanBuffer {
    match pattern.shape() {
        Shape::Contains(finder) => scan(finder, values, |_| true),
        Shape::General(general) => match &general.witness {
            Some(finder) => scan(finder, values, |value| general.matches(value)),
            None => BooleanBuffer::collect_bool(values.len(), |row| {
                general.matches(values.value(row).as_bytes())
            }),
        },
        Shape::Equal(_) | Shape::Anything => {
            BooleanBuffer::collect_bool(values.len(), |row| pattern.matches(values.value(row)))
        }
    }
}

/// The rows that have `finder`'s needle and pass `verify`.
fn scan(finder: &Finder, values: &StringArray, verify: impl Fn(&[u8]) -> bool) -> BooleanBuffer {
    let offsets = values.value_offsets();
    let bytes = values.value_data();
    let mut truth = BooleanBufferBuilder::new(values.len());
    truth.append_n(values.len(), false);

    let (mut row, mut at) = (0, offsets[0] as usize);
    let end = offsets[values.len()] as usize;
    while let Some(found) = finder.find(&bytes[at..end]) {
        let start = at + found;
        // The row whose bytes begin at or before `start`, and end after it.
        row += offsets[row + 1..].partition_point(|offset| *offset as usize <= start);
        let (from, to) = (offsets[row] as usize, offsets[row + 1] as usize);
        if start + finder.needle().len() <= to {
            truth.set_bit(row, verify(&bytes[from..to]));
            at = to;
        } else {
            // It runs over the end of the row: half in this one and half in the next.
            at = start + 1;
        }
    }
    truth.finish()
}
