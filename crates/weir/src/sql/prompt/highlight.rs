//! Colours of what is typed: keywords, strings, numbers, comments, names between quotes.

use std::fmt::Write;

use super::keywords::is_keyword;
use crate::sql::scan::{Kind, tokens};

const RESET: &str = "\u{1b}[0m";

/// A longer text is left as it is: each key would paint all of it.
const LONGEST: usize = 64 << 10;

/// The text with colours in it, as wide as before.
pub fn highlighted(text: &str) -> String {
    if text.len() > LONGEST {
        return text.to_owned();
    }
    if text.starts_with('\\') {
        return format!("\u{1b}[1m{text}{RESET}");
    }
    let mut painted = String::with_capacity(text.len() * 2);
    for token in tokens(text) {
        let word = token.text(text);
        let colour = match token.kind {
            Kind::Word if is_keyword(word) => "\u{1b}[1;34m",
            Kind::Text => "\u{1b}[32m",
            Kind::Number => "\u{1b}[36m",
            Kind::Comment => "\u{1b}[2m",
            Kind::Quoted => "\u{1b}[33m",
            Kind::Variable => "\u{1b}[35m",
            _ => {
                painted.push_str(word);
                continue;
            }
        };
        // Writing to a String cannot fail.
        let _ = write!(painted, "{colour}{word}{RESET}");
    }
    painted
}

#[cfg(test)]
mod tests {
    use super::highlighted;

    #[test]
    fn kinds_have_colours() {
        let check = |text: &str, expected: &str| assert_eq!(highlighted(text), expected);
        check(
            "select a, 'x', 1 FROM `b`;",
            "\u{1b}[1;34mselect\u{1b}[0m a, \u{1b}[32m'x'\u{1b}[0m, \u{1b}[36m1\u{1b}[0m \u{1b}[1;34mFROM\u{1b}[0m \u{1b}[33m`b`\u{1b}[0m;",
        );
        check("-- x", "\u{1b}[2m-- x\u{1b}[0m");
        check("\\d x", "\u{1b}[1m\\d x\u{1b}[0m");
        check("", "");
    }
}
