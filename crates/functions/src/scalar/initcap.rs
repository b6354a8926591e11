//! INITCAP: each word with its first letter in upper case and the rest in lower. Blanks at the ends are lost.

use weir_catalog::SqlType;

use crate::texts::map_texts;
use crate::overload::{Builtin, Parameter, Variant};

pub fn function() -> Builtin {
    let variant = Variant::new(
        [("input", Parameter::STRING)],
        "The text with the first letter of each word in upper case and the rest in lower case.",
        |_| SqlType::String,
        |call| map_texts(call, capitalize),
    );
    Builtin::new("INITCAP", "STRING", "Capitalizes each word of a text.", vec![variant])
}

fn capitalize(text: &str, out: &mut String) {
    // What Java's `\s` is; each of them becomes a blank.
    let is_blank = |character| matches!(character, ' ' | '\t' | '\n' | '\x0b' | '\x0c' | '\r');
    for (index, word) in text.trim_matches(is_blank).split(is_blank).enumerate() {
        out.push_str(if index == 0 { "" } else { " " });
        let mut rest = word.chars();
        out.extend(rest.next().into_iter().flat_map(char::to_uppercase));
        out.push_str(&rest.as_str().to_lowercase());
    }
}
