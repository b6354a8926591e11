//! A value of a rule: text, with `*` for any run of characters and `?` for any one.
//!
//! `\*` and `\?` are the characters themselves, `\\` is one backslash, and a backslash before anything else is itself: `\a` and `\\a` are
//! the same two characters, `\\*` is a backslash and then anything.

/// Text and wildcards; no two pieces of text stand side by side, and none is empty.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Pattern {
    pub pieces: Vec<Piece>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Piece {
    Text(String),
    /// `*`
    Any,
    /// `?`
    One,
}

impl Pattern {
    pub fn parse(text: &str) -> Self {
        let mut pattern = Self::default();
        let mut characters = text.chars().peekable();
        while let Some(character) = characters.next() {
            match character {
                '\\' => match characters.next_if(|next| matches!(next, '*' | '?' | '\\')) {
                    Some(escaped) => pattern.push_character(escaped),
                    None => pattern.push_character('\\'),
                },
                '*' => pattern.push(Piece::Any),
                '?' => pattern.push(Piece::One),
                other => pattern.push_character(other),
            }
        }
        pattern
    }

    /// To the letter.
    pub fn text(text: &str) -> Self {
        let mut pattern = Self::default();
        pattern.push(Piece::Text(text.to_owned()));
        pattern
    }

    /// The text, if there is no wildcard in it.
    pub fn as_text(&self) -> Option<&str> {
        match self.pieces.as_slice() {
            [] => Some(""),
            [Piece::Text(text)] => Some(text),
            _ => None,
        }
    }

    /// Whether it is met by every value, the empty one too.
    pub fn is_anything(&self) -> bool {
        self.pieces == [Piece::Any]
    }

    pub fn texts(&self) -> impl Iterator<Item = &str> {
        self.pieces.iter().filter_map(|piece| match piece {
            Piece::Text(text) => Some(text.as_str()),
            _ => None,
        })
    }

    pub fn push(&mut self, piece: Piece) {
        match (piece, self.pieces.last_mut()) {
            (Piece::Text(text), _) if text.is_empty() => {}
            (Piece::Text(text), Some(Piece::Text(last))) => last.push_str(&text),
            // Two runs are one.
            (Piece::Any, Some(Piece::Any)) => {}
            (piece, _) => self.pieces.push(piece),
        }
    }

    fn push_character(&mut self, character: char) {
        match self.pieces.last_mut() {
            Some(Piece::Text(text)) => text.push(character),
            _ => self.pieces.push(Piece::Text(character.into())),
        }
    }

    pub fn extend(&mut self, other: &Pattern) {
        for piece in &other.pieces {
            self.push(piece.clone());
        }
    }

    /// What may stand before it.
    pub fn starting_anywhere(self) -> Self {
        let mut pattern = Self::default();
        pattern.push(Piece::Any);
        pattern.extend(&self);
        pattern
    }

    /// What may stand behind it.
    pub fn ending_anywhere(mut self) -> Self {
        self.push(Piece::Any);
        self
    }

    /// As LIKE has it. `escape` stands before what LIKE would take for a wildcard.
    pub fn to_like(&self, escape: Option<char>) -> String {
        let mut like = String::new();
        for piece in &self.pieces {
            match piece {
                Piece::Any => like.push('%'),
                Piece::One => like.push('_'),
                Piece::Text(text) => {
                    for character in text.chars() {
                        if matches!(character, '%' | '_') {
                            like.extend(escape);
                        }
                        like.push(character);
                    }
                }
            }
        }
        like
    }
}

/// The escape character that these patterns ask for: one that is in none of them, if any has a `%` or a `_` to the letter.
pub fn escape_for(patterns: &[Pattern]) -> Option<char> {
    let texts = || patterns.iter().flat_map(Pattern::texts);
    if !texts().any(|text| text.contains(['%', '_'])) {
        return None;
    }
    let usual = "!#~^|$&=;@+:".chars();
    // There are more of these than any file has characters that differ.
    let unusual = '\u{a1}'..=char::MAX;
    usual
        .chain(unusual)
        .find(|candidate| !texts().any(|text| text.contains(*candidate)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_those_of_sigma() {
        let check = |given: &str, like: &str| {
            let pattern = Pattern::parse(given);
            let escape = escape_for(std::slice::from_ref(&pattern));
            assert_eq!(pattern.to_like(escape), like, "{given}");
        };
        check(r"\wmic.exe", r"\wmic.exe");
        check(r"\\wmic.exe", r"\wmic.exe");
        check(r"\\\wmic.exe", r"\\wmic.exe");
        check(r"\\\\wmic.exe", r"\\wmic.exe");
        check(r"a*b?c", "a%b_c");
        check(r"a\*b\?c", "a*b?c");
        check(r"a\\*", r"a\%");
        check(r"a\\\*", r"a\*");
        check(r"a\", r"a\");
        check("a**b", "a%b");
        check("100%_*", "100!%!_%");
        check("100%!", "100#%!");
        check("", "");
        check("😀?", "😀_");
        check(r"*\", r"%\");
    }

    #[test]
    fn anchors() {
        let pattern = Pattern::parse("*a").starting_anywhere().ending_anywhere();
        assert_eq!(pattern.to_like(None), "%a%");
        assert!(
            Pattern::parse("")
                .starting_anywhere()
                .ending_anywhere()
                .is_anything()
        );
        assert_eq!(Pattern::text("*").as_text(), Some("*"));
        assert_eq!(Pattern::default().as_text(), Some(""));
    }
}
