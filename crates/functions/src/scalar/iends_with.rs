//! IENDS_WITH: whether a text ends with another, to the letter but for case.

use super::literal_text::{builtin, ends_with_folded};
use crate::overload::Builtin;

pub fn function() -> Builtin {
    builtin(
        "IENDS_WITH",
        "suffix",
        "Tells whether a text ends with another, whatever the case.",
        "TRUE if the text ends with the suffix, which is taken to the letter but for case; FALSE if not, or if one of them is NULL. Case is Unicode's simple case folding.",
        ends_with_folded,
    )
}

#[cfg(test)]
mod tests {
    use super::super::literal_text::testing;

    #[test]
    fn case_is_not_looked_at() {
        let check =
            |input: &str, part: &str, expected| testing::check("IENDS_WITH", input, part, expected);
        check("C:\\\\CMD.EXE", "\\\\cmd.exe", true);
        check("cmd.exe ", ".EXE", false);
        check("ΛΟΓΟΣ", "ος", true);
        check("a\u{212a}", "k", true);
        check("", "", true);
        check("", "a", false);
        check("b", "AB", false);
    }
}
