//! CONTAINS: whether a text stands in another, to the letter.

use super::literal_text::{builtin, contains};
use crate::overload::Builtin;

pub fn function() -> Builtin {
    builtin(
        "CONTAINS",
        "part",
        "Tells whether a text contains another.",
        "TRUE if the part, which is taken to the letter, stands anywhere in the text; FALSE if not, or if one of them is NULL.",
        contains,
    )
}

#[cfg(test)]
mod tests {
    use super::super::literal_text::testing;

    #[test]
    fn the_part_is_taken_to_the_letter() {
        let check =
            |input: &str, part: &str, expected| testing::check("CONTAINS", input, part, expected);
        check("powershell -enc x", "-enc", true);
        check("powershell -enc x", "-ENC", false);
        check("a%b", "%", true);
        check("ab", "a_", false);
        check("a😀é", "😀", true);
        check("", "", true);
        check("a", "", true);
        check("", "a", false);
        check("ab", "abc", false);
    }
}
