//! LPAD: a text or bytes filled up in front, or cut, to a length. A negative length and an empty padding give NULL.

use arrow::array::ArrayRef;
use datafusion_common::Result;
use weir_catalog::SqlType;

use crate::texts::{ByteStrings, Texts, utf16_length, utf16_slice};
use crate::{
    kernel::Call,
    overload::{Builtin, Parameter, Variant},
};

pub fn function() -> Builtin {
    Builtin::new(
        "LPAD",
        "STRING",
        "Fills a text or bytes up in front.",
        variants(
            "The input with padding in front, or cut, so that it is so long.",
            |call| texts(call, Side::Left),
            |call| bytes(call, Side::Left),
        ),
    )
    .shown_as("LPad")
}

#[derive(Debug, Clone, Copy)]
pub enum Side {
    Left,
    Right,
}

type Body = fn(&Call) -> Result<ArrayRef>;

pub fn variants(description: &'static str, of_texts: Body, of_bytes: Body) -> Vec<Variant> {
    let length = || ("length", Parameter::INTEGER);
    vec![
        Variant::new(
            [
                ("input", Parameter::STRING),
                length(),
                ("padding", Parameter::STRING),
            ],
            description,
            |_| SqlType::String,
            of_texts,
        ),
        Variant::new(
            [
                ("input", Parameter::BYTES),
                length(),
                ("padding", Parameter::BYTES),
            ],
            description,
            |_| SqlType::Bytes,
            of_bytes,
        ),
    ]
}

pub fn texts(call: &Call, side: Side) -> Result<ArrayRef> {
    let (inputs, paddings) = (call.argument(0)?.strings()?, call.argument(2)?.strings()?);
    let mut results = Texts::new(call.rows);
    let mut padded = String::new();
    for row in 0..call.rows {
        padded.clear();
        let length = call.argument(1)?.integer(row);
        let length = length.and_then(|length| usize::try_from(length).ok());
        let is_there = (|| {
            let (input, length, padding) = (inputs.get(row)?, length?, paddings.get(row)?);
            if padding.is_empty() || !results.has_room(length) {
                return None;
            }
            let missing = length.saturating_sub(utf16_length(input));
            if matches!(side, Side::Left) {
                pad_text(padding, missing, &mut padded);
            }
            utf16_slice(input, 0, length, &mut padded);
            if matches!(side, Side::Right) {
                pad_text(padding, missing, &mut padded);
            }
            Some(())
        })();
        results.push(is_there.map(|()| padded.as_str()));
    }
    results.finish()
}

/// `padding` again and again, so many UTF-16 units of it.
fn pad_text(padding: &str, units: usize, out: &mut String) {
    let size = utf16_length(padding).max(1);
    (0..units / size).for_each(|_| out.push_str(padding));
    utf16_slice(padding, 0, units % size, out);
}

pub fn bytes(call: &Call, side: Side) -> Result<ArrayRef> {
    let (inputs, lengths, paddings) = (call.argument(0)?, call.argument(1)?, call.argument(2)?);
    let mut results = ByteStrings::new(call.rows);
    for row in 0..call.rows {
        let padded = (|| {
            let length = usize::try_from(lengths.integer(row)?).ok()?;
            let (input, padding) = (inputs.bytes(row)?, paddings.bytes(row)?);
            if padding.is_empty() || !results.has_room(length) {
                return None;
            }
            let fill = padding.iter().copied().cycle();
            let fill = fill.take(length.saturating_sub(input.len()));
            let input = input.iter().copied().take(length);
            Some(match side {
                Side::Left => fill.chain(input).collect::<Vec<u8>>(),
                Side::Right => input.chain(fill).collect(),
            })
        })();
        results.push(padded.as_deref());
    }
    results.finish()
}

#[cfg(test)]
pub mod tests {
    use datafusion_common::ScalarValue;

    use crate::testing::{bytes, call, no_bytes, no_text, text};

    pub fn check(name: &str, length: i32, padding: &str, expected: Option<&str>) {
        let arguments = [text("foo"), ScalarValue::from(length), text(padding)];
        call(name, &arguments, expected.map_or_else(no_text, text));
    }

    pub fn check_bytes(name: &str, length: i32, padding: &[u8], expected: Option<&[u8]>) {
        let arguments = [bytes(b"ab"), ScalarValue::from(length), bytes(padding)];
        call(name, &arguments, expected.map_or_else(no_bytes, bytes));
    }

    #[test]
    fn texts_are_filled_up_in_front() {
        let check = |length, padding, expected| check("LPAD", length, padding, expected);
        check(7, "Bar", Some("BarBfoo"));
        check(5, "Bar", Some("Bafoo"));
        check(3, "Bar", Some("foo"));
        check(2, "Bar", Some("fo"));
        check(0, "Bar", Some(""));
        check(-1, "Bar", None);
        check(i32::MIN, "Bar", None);
        check(7, "", None);
        check(2, "", None);
        check(6, "😀", Some("😀\u{fffd}foo"));
        check(i32::MAX, "x", None);
        let from_nothing = [text(""), ScalarValue::from(4), text("Bar")];
        call("LPAD", &from_nothing, text("BarB"));
        let through_a_pair = [text("😀"), ScalarValue::from(1), text("x")];
        call("LPAD", &through_a_pair, text("\u{fffd}"));
    }

    #[test]
    fn bytes_are_filled_up_in_front() {
        let check =
            |length, padding: &[u8], expected| check_bytes("LPAD", length, padding, expected);
        check(5, &[1, 2], Some(&[1, 2, 1, b'a', b'b']));
        check(2, &[1], Some(b"ab"));
        check(1, &[1], Some(b"a"));
        check(0, &[1], Some(b""));
        check(-1, &[1], None);
        check(5, &[], None);
        check(i32::MAX, &[1], None);
    }
}
