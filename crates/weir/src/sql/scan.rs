//! A statement's words as somebody types them: nothing is wrong yet, and nothing is left out, blanks and comments neither.
//!
//! The engine reads statements; this only tells the kinds of words apart, for colours and for completion.

use std::ops::Range;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Blank,
    Comment,
    /// A keyword or a name.
    Word,
    /// A name between back-quotes or double quotes.
    Quoted,
    /// Between single quotes.
    Text,
    Number,
    /// `${name}`
    Variable,
    Symbol,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    pub kind: Kind,
    pub span: Range<usize>,
    /// Whether what begins with a quote, or with `/*`, has its end.
    pub is_closed: bool,
}

impl Token {
    pub fn text<'a>(&self, of: &'a str) -> &'a str {
        &of[self.span.clone()]
    }

    /// Whether it is this keyword.
    pub fn is(&self, of: &str, word: &str) -> bool {
        self.kind == Kind::Word && self.text(of).eq_ignore_ascii_case(word)
    }

    pub fn is_symbol(&self, of: &str, symbol: &str) -> bool {
        self.kind == Kind::Symbol && self.text(of) == symbol
    }

    /// The name that it is, as the engine has it: in upper case, or as it stands between quotes.
    pub fn name(&self, of: &str) -> Option<String> {
        let text = self.text(of);
        match self.kind {
            Kind::Word => Some(text.to_uppercase()),
            Kind::Quoted if self.is_closed => {
                let quote = &text[..1];
                Some(text[1..text.len() - 1].replace(&quote.repeat(2), quote))
            }
            _ => None,
        }
    }
}

/// All tokens of a text, blanks and comments too: their spans are the whole text.
pub fn tokens(text: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut at = 0;
    while at < text.len() {
        let (kind, length, is_closed) = next(&text[at..]);
        tokens.push(Token {
            kind,
            span: at..at + length,
            is_closed,
        });
        at += length;
    }
    tokens
}

/// The same without blanks and comments.
pub fn words(text: &str) -> Vec<Token> {
    let mut tokens = tokens(text);
    tokens.retain(|token| !matches!(token.kind, Kind::Blank | Kind::Comment));
    tokens
}

/// The first keywords of a statement, in upper case, up to `most`.
pub fn first_words(text: &str, most: usize) -> Vec<String> {
    let words = words(text).into_iter();
    let first = words
        .take_while(|token| token.kind == Kind::Word)
        .take(most);
    first.map(|token| token.text(text).to_uppercase()).collect()
}

fn next(rest: &str) -> (Kind, usize, bool) {
    let bytes = rest.as_bytes();
    let is_name = |c: char| c.is_alphanumeric() || c == '_' || c == '@';
    let until =
        |belongs: &dyn Fn(char) -> bool| rest.find(|c: char| !belongs(c)).unwrap_or(rest.len());
    let first = rest.chars().next().unwrap_or(' ');
    match bytes {
        [b'-', b'-', ..] => (Kind::Comment, rest.find('\n').unwrap_or(rest.len()), true),
        [b'/', b'*', ..] => match rest[2..].find("*/") {
            Some(end) => (Kind::Comment, end + 4, true),
            None => (Kind::Comment, rest.len(), false),
        },
        [b'\'', ..] => quoted(rest, Kind::Text, '\''),
        [b'`', ..] => quoted(rest, Kind::Quoted, '`'),
        [b'"', ..] => quoted(rest, Kind::Quoted, '"'),
        [b'$', b'{', ..] => match rest.find('}') {
            Some(end) => (Kind::Variable, end + 1, true),
            None => (Kind::Symbol, 1, true),
        },
        [b'-', b'>', ..] => (Kind::Symbol, 2, true),
        [b'0'..=b'9', ..] => {
            let length = until(&|c| is_name(c) || c == '.');
            (Kind::Number, length, true)
        }
        _ if first.is_whitespace() => (Kind::Blank, until(&char::is_whitespace), true),
        _ if is_name(first) => (Kind::Word, until(&is_name), true),
        _ => (Kind::Symbol, first.len_utf8(), true),
    }
}

fn quoted(rest: &str, kind: Kind, quote: char) -> (Kind, usize, bool) {
    let mut from = 1;
    while let Some(found) = rest[from..].find(quote) {
        let end = from + found + 1;
        if !rest[end..].starts_with(quote) {
            return (kind, end, true);
        }
        from = end + 1;
    }
    (kind, rest.len(), false)
}

#[cfg(test)]
mod tests {
    use super::{Kind, first_words, tokens, words};

    #[test]
    fn the_whole_text_is_tokens() {
        for text in [
            "SELECT a->b, `c``d`, 'it''s', 1.5e3 FROM s -- end\nWHERE x = ${v};",
            "'never closed",
            "/* never closed",
            "ü日本 @x 1R $ ${",
            "",
        ] {
            let all: String = tokens(text).iter().map(|token| token.text(text)).collect();
            assert_eq!(all, text);
        }
    }

    #[test]
    fn kinds_are_told_apart() {
        let text = "a->`b` 'c' 1 --d";
        let kinds: Vec<_> = words(text).iter().map(|token| token.kind).collect();
        use Kind::{Number, Quoted, Symbol, Text, Word};
        assert_eq!(kinds, [Word, Symbol, Quoted, Text, Number]);
        assert_eq!(words("`a``b`")[0].name("`a``b`"), Some("a`b".to_owned()));
        assert_eq!(words("`open")[0].name("`open"), None);
    }

    #[test]
    fn comments_come_before_the_first_word() {
        assert_eq!(
            first_words("-- look\n/* x */ run Script 'a'", 2),
            ["RUN", "SCRIPT"]
        );
        assert_eq!(first_words("SELECT * FROM s", 3), ["SELECT"]);
    }
}
