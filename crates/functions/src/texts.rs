//! Columns of STRINGs and BYTES made value by value, within bounds, and positions in UTF-16 units.

use std::sync::Arc;

use arrow::array::{ArrayRef, BinaryBuilder, ListBuilder, StringBuilder};
use datafusion_common::Result;

use crate::kernel::Call;

/// The most bytes that one result has, and all results of a batch together: padding and replacing can make much of little,
/// and Arrow's texts end at 2 GB. What is longer is NULL.
const LONGEST: usize = 16 << 20;
const LONGEST_BATCH: usize = 1 << 30;

/// Texts made one by one in a buffer that is used again.
pub struct Texts {
    builder: StringBuilder,
    written: usize,
}

impl Texts {
    pub fn new(rows: usize) -> Self {
        Self {
            builder: StringBuilder::with_capacity(rows, 0),
            written: 0,
        }
    }

    pub fn push(&mut self, text: Option<&str>) {
        match text.filter(|text| self.has_room(text.len())) {
            Some(text) => {
                self.written += text.len();
                self.builder.append_value(text);
            }
            None => self.builder.append_null(),
        }
    }

    /// Whether a text of so many bytes still has a place.
    pub fn has_room(&self, bytes: usize) -> bool {
        bytes <= LONGEST.min(LONGEST_BATCH - self.written)
    }

    pub fn finish(mut self) -> Result<ArrayRef> {
        Ok(Arc::new(self.builder.finish()))
    }
}

/// The same for BYTES.
pub struct ByteStrings {
    builder: BinaryBuilder,
    written: usize,
}

impl ByteStrings {
    pub fn new(rows: usize) -> Self {
        Self {
            builder: BinaryBuilder::with_capacity(rows, 0),
            written: 0,
        }
    }

    pub fn push(&mut self, bytes: Option<&[u8]>) {
        match bytes.filter(|bytes| self.has_room(bytes.len())) {
            Some(bytes) => {
                self.written += bytes.len();
                self.builder.append_value(bytes);
            }
            None => self.builder.append_null(),
        }
    }

    pub fn has_room(&self, bytes: usize) -> bool {
        bytes <= LONGEST.min(LONGEST_BATCH - self.written)
    }

    pub fn finish(mut self) -> Result<ArrayRef> {
        Ok(Arc::new(self.builder.finish()))
    }
}

/// What collections of texts have taken of the bytes of a batch.
#[derive(Debug, Default)]
pub struct Room {
    taken: usize,
}

impl Room {
    /// Whether so many still have a place.
    pub fn has(&self, bytes: usize) -> bool {
        bytes <= LONGEST.min(LONGEST_BATCH - self.taken)
    }

    /// Takes so many; `None` if they have no place any more.
    pub fn take(&mut self, bytes: usize) -> Option<()> {
        self.has(bytes).then(|| self.taken += bytes)
    }
}

/// ARRAYs of STRINGs made one by one.
pub struct TextLists {
    builder: ListBuilder<StringBuilder>,
    room: Room,
}

impl TextLists {
    pub fn new(rows: usize) -> Self {
        Self {
            builder: ListBuilder::with_capacity(StringBuilder::new(), rows),
            room: Room::default(),
        }
    }

    pub fn push(&mut self, texts: Option<&[Option<&str>]>) {
        let size = |texts: &[Option<&str>]| texts.iter().map(|text| size_in_list(*text)).sum();
        match texts.filter(|texts| self.room.take(size(texts)).is_some()) {
            Some(texts) => self.builder.append_value(texts.iter().copied()),
            None => self.builder.append(false),
        }
    }

    /// Whether texts of so many bytes, see [`size_in_list`], still have a place.
    pub fn has_room(&self, bytes: usize) -> bool {
        self.room.has(bytes)
    }

    pub fn finish(mut self) -> Result<ArrayRef> {
        Ok(Arc::new(self.builder.finish()))
    }
}

/// What a text takes in a list: its place counts too, so that empty ones have a bound.
pub fn size_in_list(text: Option<&str>) -> usize {
    size_of::<i32>() + text.map_or(0, str::len)
}

/// A function from one text to another: `map` appends the result to a buffer that is empty.
pub fn map_texts(call: &Call, map: impl Fn(&str, &mut String)) -> Result<ArrayRef> {
    let texts = call.argument(0)?.strings()?;
    let mut results = Texts::new(call.rows);
    let mut buffer = String::new();
    for row in 0..call.rows {
        let Some(text) = texts.get(row) else {
            results.push(None);
            continue;
        };
        buffer.clear();
        map(text, &mut buffer);
        results.push(Some(&buffer));
    }
    results.finish()
}

/// The same for a function that has no result for some texts.
pub fn map_some_texts(
    call: &Call,
    map: impl Fn(&str, &mut String) -> Option<()>,
) -> Result<ArrayRef> {
    let texts = call.argument(0)?.strings()?;
    let mut results = Texts::new(call.rows);
    let mut buffer = String::new();
    for row in 0..call.rows {
        buffer.clear();
        let is_there = texts.get(row).and_then(|text| map(text, &mut buffer));
        results.push(is_there.map(|()| buffer.as_str()));
    }
    results.finish()
}

/// How long a text is in UTF-16 units.
pub fn utf16_length(text: &str) -> usize {
    if text.is_ascii() {
        return text.len();
    }
    text.chars().map(char::len_utf16).sum()
}

/// The UTF-16 units `start..end`; half of a pair becomes U+FFFD.
pub fn utf16_slice(text: &str, start: usize, end: usize, out: &mut String) {
    if text.is_ascii() {
        let (start, end) = (start.min(text.len()), end.min(text.len()));
        return out.push_str(&text[start..end.max(start)]);
    }
    let units = text.encode_utf16().skip(start);
    let units = units.take(end.saturating_sub(start));
    out.extend(char::decode_utf16(units).map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER)));
}

/// The byte at which the UTF-16 unit `unit` begins; of the second half of a pair, the byte after it; past the end, the end.
pub fn byte_of_unit(text: &str, unit: usize) -> usize {
    if text.is_ascii() {
        return unit.min(text.len());
    }
    let mut units = 0;
    for (byte, character) in text.char_indices() {
        if units >= unit {
            return byte;
        }
        units += character.len_utf16();
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_are_utf16_units() {
        assert_eq!(utf16_length("a😀é"), 4);
        let slice = |start, end| {
            let mut out = String::new();
            utf16_slice("a😀é", start, end, &mut out);
            out
        };
        assert_eq!(slice(1, 3), "😀");
        assert_eq!(slice(0, 2), "a\u{fffd}");
        assert_eq!(slice(3, 9), "é");
        assert_eq!(slice(9, 3), "");
        assert_eq!(
            [0, 1, 2, 3, 4].map(|unit| byte_of_unit("a😀é", unit)),
            [0, 1, 5, 5, 7]
        );
    }

    #[test]
    fn what_is_too_long_is_null() {
        let mut texts = Texts::new(2);
        assert!(!texts.has_room(LONGEST + 1));
        texts.push(Some("ok"));
        texts.push(Some(&"x".repeat(LONGEST + 1)));
        assert!(texts.finish().unwrap().is_null(1));
        let mut lists = TextLists::new(2);
        lists.push(Some(&[Some("ok"), None]));
        lists.push(Some(&vec![Some(""); LONGEST / 2]));
        assert!(lists.finish().unwrap().is_null(1));
    }
}
