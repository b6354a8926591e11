//! ICONTAINS: whether a text stands in another, to the letter but for case.

use super::literal_text::{builtin, contains_folded};
use crate::overload::Builtin;

pub fn function() -> Builtin {
    builtin(
        "ICONTAINS",
        "part",
        "Tells whether a text contains another, whatever the case.",
        "TRUE if the part, which is taken to the letter but for case, stands anywhere in the text; FALSE if not, or if one of them is NULL. Case is Unicode's simple case folding.",
        contains_folded,
    )
}

#[cfg(test)]
mod tests {
    use super::super::literal_text::testing;

    #[test]
    fn case_is_not_looked_at() {
        let check =
            |input: &str, part: &str, expected| testing::check("ICONTAINS", input, part, expected);
        check("PowerShell -EncodedCommand", "-encodedcommand", true);
        check("powershell", "POWER", true);
        check("a%b", "A_", false);
        check("Ωμέγα", "ΜΈΓ", true);
        check("\u{212a}elvin", "KELVIN", true);
        check("kelvin", "\u{212a}E", true);
        check("straße", "STRASSE", false);
        check("", "", true);
        check("", "a", false);
    }
}
