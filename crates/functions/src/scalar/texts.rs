//! What functions over STRINGs share: a NULL argument is a NULL result, positions are UTF-16 units from 1 on.

use std::sync::Arc;

use arrow::array::{Array, StringArray, StringBuilder};

pub use crate::column::over_arrays;
use crate::column::{Body, downcast};

/// A function from one text to another: `map` appends the result to the text that it is given.
pub fn map_texts(map: fn(&str, &mut String)) -> Arc<Body> {
    over_arrays(move |arrays| {
        let texts = downcast::<StringArray>(&arrays[0])?;
        let mut builder = StringBuilder::with_capacity(texts.len(), texts.value_data().len());
        let mut mapped = String::new();
        for text in texts {
            match text {
                Some(text) => {
                    mapped.clear();
                    map(text, &mut mapped);
                    builder.append_value(&mapped);
                }
                None => builder.append_null(),
            }
        }
        Ok(Arc::new(builder.finish()))
    })
}

/// How long a text is in UTF-16 units.
pub fn utf16_length(text: &str) -> usize {
    if text.is_ascii() {
        text.len()
    } else {
        text.encode_utf16().count()
    }
}

/// The UTF-16 units `start..end`; half of a pair becomes U+FFFD.
pub fn utf16_slice(text: &str, start: usize, end: usize, out: &mut String) {
    if text.is_ascii() {
        return out.push_str(&text[start.min(text.len())..end.min(text.len())]);
    }
    let units = text
        .encode_utf16()
        .skip(start)
        .take(end.saturating_sub(start));
    out.extend(char::decode_utf16(units).map(|unit| unit.unwrap_or('\u{fffd}')));
}
