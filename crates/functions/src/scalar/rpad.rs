//! RPAD: a text or bytes filled up behind, or cut, to a length. A negative length and an empty padding give NULL.

use super::lpad::{Side, bytes, texts, variants};
use crate::overload::Builtin;

pub fn function() -> Builtin {
    Builtin::new(
        "RPAD",
        "STRING",
        "Fills a text or bytes up behind.",
        variants(
            "The input with padding behind it, or cut, so that it is so long.",
            |call| texts(call, Side::Right),
            |call| bytes(call, Side::Right),
        ),
    )
    .shown_as("RPad")
}

#[cfg(test)]
mod tests {
    use super::super::lpad::tests::{check, check_bytes};

    #[test]
    fn texts_are_filled_up_behind() {
        let check = |length, padding, expected| check("RPAD", length, padding, expected);
        check(7, "Bar", Some("fooBarB"));
        check(5, "Bar", Some("fooBa"));
        check(3, "Bar", Some("foo"));
        check(2, "Bar", Some("fo"));
        check(0, "Bar", Some(""));
        check(-1, "Bar", None);
        check(i32::MIN, "Bar", None);
        check(7, "", None);
        check(6, "😀", Some("foo😀\u{fffd}"));
        check(i32::MAX, "x", None);
    }

    #[test]
    fn bytes_are_filled_up_behind() {
        let check =
            |length, padding: &[u8], expected| check_bytes("RPAD", length, padding, expected);
        check(5, &[1, 2], Some(&[b'a', b'b', 1, 2, 1]));
        check(1, &[1], Some(b"a"));
        check(0, &[1], Some(b""));
        check(-1, &[1], None);
        check(5, &[], None);
        check(i32::MAX, &[1], None);
    }
}
