//! STARTS_WITH: whether a text starts with another, to the letter.

use super::literal_text::{builtin, starts_with};
use crate::overload::Builtin;

pub fn function() -> Builtin {
    builtin(
        "STARTS_WITH",
        "prefix",
        "Tells whether a text starts with another.",
        "TRUE if the text starts with the prefix, which is taken to the letter; FALSE if not, or if one of them is NULL.",
        starts_with,
    )
}

#[cfg(test)]
mod tests {
    use super::super::literal_text::testing;

    #[test]
    fn the_prefix_is_taken_to_the_letter() {
        let check = |input: &str, part: &str, expected| {
            testing::check("STARTS_WITH", input, part, expected)
        };
        check("/etc/passwd", "/etc/", true);
        check("/etc/passwd", "/ETC/", false);
        check("x/etc/", "/etc/", false);
        check("%a", "%", true);
        check("ab", "_", false);
        check("é😀", "é", true);
        check("", "", true);
        check("", "a", false);
        check("a", "ab", false);
    }
}
