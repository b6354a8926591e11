//! ENDS_WITH: whether a text ends with another, to the letter.

use super::literal_text::{builtin, ends_with};
use crate::overload::Builtin;

pub fn function() -> Builtin {
    builtin(
        "ENDS_WITH",
        "suffix",
        "Tells whether a text ends with another.",
        "TRUE if the text ends with the suffix, which is taken to the letter; FALSE if not, or if one of them is NULL.",
        ends_with,
    )
}

#[cfg(test)]
mod tests {
    use super::super::literal_text::testing;

    #[test]
    fn the_suffix_is_taken_to_the_letter() {
        let check =
            |input: &str, part: &str, expected| testing::check("ENDS_WITH", input, part, expected);
        check("cmd.exe", ".exe", true);
        check("cmd.exe", ".EXE", false);
        check("cmd.exe ", ".exe", false);
        check("a%", "%", true);
        check("ab", "_", false);
        check("é😀", "😀", true);
        check("", "", true);
        check("", "a", false);
        check("b", "ab", false);
    }
}
