//! Texts without case: Unicode's simple case folding, one code point for one code point (`CaseFolding.txt`, status C and S,
//! of Unicode 16, by the crate `unicode-case-mapping`).
//!
//! `Σ`, `σ` and `ς` are equal then, so are `K` and the Kelvin sign; `ß` and `ss` are not, as one is longer. All that
//! compares without case does so by these functions, so that no two of them disagree.

/// What all characters that are equal but for case become.
#[inline]
pub fn fold(character: char) -> char {
    if character.is_ascii() {
        return character.to_ascii_lowercase();
    }
    let folded = unicode_case_mapping::case_folded(character);
    let folded = folded.and_then(|folded| char::from_u32(folded.get()));
    folded.unwrap_or(character)
}

/// Appends `text`, folded.
pub fn fold_into(text: &str, out: &mut String) {
    if !text.is_ascii() {
        return out.extend(text.chars().map(fold));
    }
    let start = out.len();
    out.push_str(text);
    if let Some(added) = out.get_mut(start..) {
        added.make_ascii_lowercase();
    }
}

pub fn folded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    fold_into(text, &mut out);
    out
}

#[cfg(test)]
mod tests {
    use regex_syntax::hir::{ClassUnicode, ClassUnicodeRange};

    use super::*;

    #[test]
    fn what_is_equal_but_for_case_is_equal_when_folded() {
        let check = |left, right| assert_eq!(folded(left), folded(right));
        check("PowerShell.EXE", "powershell.exe");
        check("ΣΊΣΥΦΟΣ", "σίσυφος");
        check("\u{212a}\u{17f}", "KS");
        check("ÀÉ𐐀", "àé𐐨");
        check("ẞ", "ß");
        assert_ne!(folded("ß"), folded("ss"));
        // The Turkish dotted and dotless letters have foldings of their own.
        assert_ne!(folded("İ"), folded("i"));
        assert_ne!(folded("ı"), folded("i"));
        let mut out = "A".to_owned();
        fold_into("B", &mut out);
        assert_eq!(out, "Ab");
    }

    #[test]
    fn folding_agrees_with_the_tables_of_regular_expressions() {
        // No letter above has another case.
        for character in '\0'..='\u{1ffff}' {
            let folded = fold(character);
            assert_eq!(fold(folded), folded, "{character:?}");
            if character.is_ascii() || folded != character {
                let mut class = ClassUnicode::new([ClassUnicodeRange::new(character, character)]);
                class.case_fold_simple();
                for other in class.iter().flat_map(|range| range.start()..=range.end()) {
                    assert_eq!(fold(other), folded, "{character:?} and {other:?}");
                }
            }
        }
    }
}
