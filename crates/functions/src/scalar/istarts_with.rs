//! ISTARTS_WITH: whether a text starts with another, to the letter but for case.

use super::literal_text::{builtin, starts_with_folded};
use crate::overload::Builtin;

pub fn function() -> Builtin {
    builtin(
        "ISTARTS_WITH",
        "prefix",
        "Tells whether a text starts with another, whatever the case.",
        "TRUE if the text starts with the prefix, which is taken to the letter but for case; FALSE if not, or if one of them is NULL. Case is Unicode's simple case folding.",
        starts_with_folded,
    )
}

#[cfg(test)]
mod tests {
    use super::super::literal_text::testing;

    #[test]
    fn case_is_not_looked_at() {
        let check = |input: &str, part: &str, expected| {
            testing::check("ISTARTS_WITH", input, part, expected)
        };
        check("C:\\\\Windows\\\\cmd.exe", "c:\\\\WINDOWS\\\\", true);
        check("xC:", "c:", false);
        check("ΣΟΣ", "σος", true);
        check("ςa", "Σ", true);
        check("\u{17f}a", "S", true);
        check("", "", true);
        check("", "a", false);
        check("a", "AB", false);
    }
}
