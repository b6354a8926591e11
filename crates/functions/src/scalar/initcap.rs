//! INITCAP: each word with its first letter in upper case and the rest in lower. Blanks in front are lost.

use weir_catalog::SqlType;

use crate::overload::{Builtin, Parameter, Variant};
use crate::texts::map_texts;

pub fn function() -> Builtin {
    let variant = Variant::new(
        [("input", Parameter::STRING)],
        "The text with the first letter of each word in upper case and the rest in lower case.",
        |_| SqlType::String,
        |call| map_texts(call, capitalize),
    );
    Builtin::new(
        "INITCAP",
        "STRING",
        "Capitalizes each word of a text.",
        vec![variant],
    )
}

fn capitalize(text: &str, out: &mut String) {
    // What Java's `\s` is.
    let is_blank = |character| matches!(character, ' ' | '\t'..='\r');
    let text = text.trim_start_matches(is_blank);
    let mut is_first = true;
    if text.is_ascii() {
        return out.extend(text.chars().map(|character| {
            let is_start = std::mem::replace(&mut is_first, is_blank(character));
            match is_start {
                true => character.to_ascii_uppercase(),
                false => character.to_ascii_lowercase(),
            }
        }));
    }
    // Of the whole text, as what becomes of a Σ depends on what is around it.
    for character in text.to_lowercase().chars() {
        match std::mem::replace(&mut is_first, is_blank(character)) {
            true => out.extend(character.to_uppercase()),
            false => out.push(character),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{call, text};

    #[test]
    fn each_word_starts_with_a_capital() {
        let check = |input: &str, expected: &str| call("INITCAP", &[text(input)], text(expected));
        check("log_source", "Log_source");
        check("failed  LOGIN fRoM h0st", "Failed  Login From H0st");
        check("a-b.c", "A-b.c");
        check("  é\tX ", "É\tX ");
        check(" \n a\r\nb ", "A\r\nB ");
        check("ßa ΛΟΓΟΣ", "SSa Λογος");
        // No blank for Java.
        check("a\u{a0}b", "A\u{a0}b");
        check("", "");
        check("  ", "");
    }
}
