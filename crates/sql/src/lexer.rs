//! Text to tokens, as section "Tokens" of ksqlDB's grammar has them. Linear in the text; every token knows its bytes.

use crate::{Error, ErrorKind, Position, Span};

#[derive(Debug, Clone, PartialEq)]
pub struct Token {
    pub kind: TokenKind,
    pub span: Span,
}

#[derive(Debug, Clone, PartialEq)]
pub enum TokenKind {
    /// An unquoted word: a keyword or a name, as written.
    Word(String),
    /// Between back-quotes or double quotes, doubled ones undone.
    Quoted(String),
    /// Between single quotes, doubled ones undone.
    String(String),
    /// Digits only.
    Integer(String),
    /// With a point and no exponent.
    Decimal(String),
    /// With an exponent.
    Floating(String),
    /// `${name}`, which no variable replaced.
    Variable(String),
    /// An operator or a bracket: one of [`SYMBOLS`].
    Symbol(&'static str),
    End,
}

/// Longer ones first: the first that fits is taken.
const SYMBOLS: &[&str] = &[
    "->", ":=", "=>", "||", "<>", "!=", "<=", ">=", "=", "<", ">", "+", "-", "*", "/", "%", "(",
    ")", "[", "]", ",", ".", ";", ":",
];

/// All tokens of a text and an [`TokenKind::End`] at its end; comments and blanks are dropped.
pub fn tokenize(text: &str) -> Result<Vec<Token>, Error> {
    let mut lexer = Lexer { text, at: 0 };
    let mut tokens = Vec::with_capacity(text.len() / 6 + 1);
    loop {
        let token = lexer.next()?;
        let is_end = token.kind == TokenKind::End;
        tokens.push(token);
        if is_end {
            return Ok(tokens);
        }
    }
}

/// Reads one token after the other.
pub struct Lexer<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Lexer<'a> {
    pub fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    pub fn next(&mut self) -> Result<Token, Error> {
        self.skip_blanks()?;
        let start = self.at;
        let bytes = self.text.as_bytes();
        let Some(&first) = bytes.get(start) else {
            return Ok(self.token(start, TokenKind::End));
        };
        let kind = match first {
            b'\'' => TokenKind::String(self.quoted(b'\'')?),
            b'`' => TokenKind::Quoted(self.quoted(b'`')?),
            b'"' => TokenKind::Quoted(self.quoted(b'"')?),
            b'0'..=b'9' => self.number(),
            b'.' if bytes.get(start + 1).is_some_and(u8::is_ascii_digit) => self.number(),
            b'A'..=b'Z' | b'a'..=b'z' | b'_' => self.word(),
            b'$' if bytes.get(start + 1) == Some(&b'{') => self.variable()?,
            _ => self.symbol()?,
        };
        Ok(self.token(start, kind))
    }

    fn token(&self, start: usize, kind: TokenKind) -> Token {
        Token {
            kind,
            span: Span::new(start, self.at),
        }
    }

    /// Blanks, `-- …` and `/* … */`, which does not nest.
    fn skip_blanks(&mut self) -> Result<(), Error> {
        let bytes = self.text.as_bytes();
        loop {
            let rest = &bytes[self.at..];
            match rest {
                [b' ' | b'\t' | b'\r' | b'\n', ..] => self.at += 1,
                [b'-', b'-', ..] => {
                    self.at = self.text[self.at..]
                        .find(['\r', '\n'])
                        .map_or(bytes.len(), |end| self.at + end + 1);
                }
                [b'/', b'*', ..] => match self.text[self.at + 2..].find("*/") {
                    Some(end) => self.at += end + 4,
                    None => {
                        return Err(
                            self.unfinished(self.at, "the comment that begins here has no `*/`")
                        );
                    }
                },
                _ => return Ok(()),
            }
        }
    }

    fn quoted(&mut self, quote: u8) -> Result<String, Error> {
        let start = self.at;
        let bytes = self.text.as_bytes();
        let mut value = String::new();
        let mut from = start + 1;
        loop {
            let Some(length) = bytes[from..].iter().position(|byte| *byte == quote) else {
                self.at = bytes.len();
                let what = if quote == b'\'' { "string" } else { "name" };
                return Err(
                    self.unfinished(start, &format!("the {what} that begins here is not closed"))
                );
            };
            let end = from + length;
            value.push_str(&self.text[from..end]);
            if bytes.get(end + 1) != Some(&quote) {
                self.at = end + 1;
                return Ok(value);
            }
            value.push(quote as char);
            from = end + 2;
        }
    }

    /// Digits, a decimal, a floating number; or a name that begins with a digit, such as `1R`.
    fn number(&mut self) -> TokenKind {
        let start = self.at;
        self.skip(|byte| byte.is_ascii_digit());
        let digits = self.at;
        if digits > start && self.peek(0).is_some_and(is_name_part) && !self.is_floating() {
            self.skip(is_name_part);
            return TokenKind::Word(self.text[start..self.at].to_owned());
        }
        let mut is_decimal = false;
        if self.peek(0) == Some(b'.') {
            is_decimal = true;
            self.at += 1;
            self.skip(|byte| byte.is_ascii_digit());
        }
        if self.at_exponent() {
            self.at += 1;
            if matches!(self.peek(0), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.skip(|byte| byte.is_ascii_digit());
            return TokenKind::Floating(self.text[start..self.at].to_owned());
        }
        let text = self.text[start..self.at].to_owned();
        if is_decimal {
            TokenKind::Decimal(text)
        } else {
            TokenKind::Integer(text)
        }
    }

    /// Whether digits and what follows are a number, not a name: `1E5` and `1E+5x` begin with one, `1E5x` is a name.
    fn is_floating(&self) -> bool {
        let is_signed = matches!(self.peek(1), Some(b'+' | b'-'));
        let after = self.text.as_bytes()[self.at + 1..]
            .iter()
            .find(|byte| !byte.is_ascii_digit());
        self.at_exponent() && (is_signed || !after.is_some_and(|byte| is_name_part(*byte)))
    }

    /// `E`, an optional sign and a digit.
    fn at_exponent(&self) -> bool {
        let sign = usize::from(matches!(self.peek(1), Some(b'+' | b'-')));
        matches!(self.peek(0), Some(b'e' | b'E'))
            && self
                .peek(1 + sign)
                .is_some_and(|byte| byte.is_ascii_digit())
    }

    fn word(&mut self) -> TokenKind {
        let start = self.at;
        self.skip(is_name_part);
        TokenKind::Word(self.text[start..self.at].to_owned())
    }

    fn variable(&mut self) -> Result<TokenKind, Error> {
        let start = self.at;
        let Some(name) = variable_at(&self.text[start..]) else {
            return Err(self.error(start, "the variable that begins here is not `${name}`"));
        };
        self.at += name.len() + 3;
        Ok(TokenKind::Variable(name.to_owned()))
    }

    fn symbol(&mut self) -> Result<TokenKind, Error> {
        let rest = &self.text[self.at..];
        if let Some(symbol) = SYMBOLS.iter().find(|symbol| rest.starts_with(**symbol)) {
            self.at += symbol.len();
            return Ok(TokenKind::Symbol(symbol));
        }
        let character = rest.chars().next().unwrap_or(' ');
        let hint = match character {
            '@' => {
                Some("a name that begins with `@` stands between back-quotes: `` `@timestamp` ``")
            }
            '\u{2018}' | '\u{2019}' => Some("a text stands between straight quotes: `'text'`"),
            '\u{201c}' | '\u{201d}' => Some("a name stands between straight quotes or back-quotes"),
            _ => None,
        };
        let shown: String = character.escape_debug().collect();
        let mut error = self.error(self.at, &format!("token recognition error at: '{shown}'"));
        error.hint = hint.map(str::to_owned);
        Err(error)
    }

    fn peek(&self, ahead: usize) -> Option<u8> {
        self.text.as_bytes().get(self.at + ahead).copied()
    }

    fn skip(&mut self, belongs: impl Fn(u8) -> bool) {
        while self.peek(0).is_some_and(&belongs) {
            self.at += 1;
        }
    }

    /// More text may make it right.
    fn unfinished(&self, at: usize, message: &str) -> Error {
        Error {
            kind: ErrorKind::Unfinished,
            ..self.error(at, message)
        }
    }

    fn error(&self, at: usize, message: &str) -> Error {
        let Position { line, column } = Position::of(self.text, at);
        Error {
            kind: ErrorKind::Syntax,
            message: format!("line {line}:{column}: Syntax Error\n{message}"),
            span: Span::new(at, (at + 1).min(self.text.len())),
            hint: None,
        }
    }
}

/// The name of a variable if the text begins with one: `${name}`.
pub fn variable_at(text: &str) -> Option<&str> {
    let inner = text.strip_prefix("${")?;
    let length = inner.bytes().position(|byte| !is_name_part(byte))?;
    let is_name =
        inner.as_bytes()[length] == b'}' && length > 0 && !inner.as_bytes()[0].is_ascii_digit();
    is_name.then(|| &inner[..length])
}

/// What may follow the first character of an unquoted name.
fn is_name_part(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'@'
}

#[cfg(test)]
mod tests {
    use super::{TokenKind, tokenize};

    fn check(text: &str, expected: &[TokenKind]) {
        let tokens = tokenize(text).unwrap();
        let kinds: Vec<_> = tokens.into_iter().map(|token| token.kind).collect();
        assert_eq!(kinds[..kinds.len() - 1], *expected, "{text}");
    }

    #[test]
    fn numbers_are_told_from_names() {
        use TokenKind::{Decimal, Floating, Integer, Symbol, Word};
        check(
            "1 1. .5 1.5E-3 1E3",
            &[
                Integer("1".into()),
                Decimal("1.".into()),
                Decimal(".5".into()),
                Floating("1.5E-3".into()),
                Floating("1E3".into()),
            ],
        );
        check(
            "1R 2e 1e5x 1e5@",
            &[
                Word("1R".into()),
                Word("2e".into()),
                Word("1e5x".into()),
                Word("1e5@".into()),
            ],
        );
        check(
            "1e+5x 1.5e3x 1.e",
            &[
                Floating("1e+5".into()),
                Word("x".into()),
                Floating("1.5e3".into()),
                Word("x".into()),
                Decimal("1.".into()),
                Word("e".into()),
            ],
        );
        check("a.b", &[Word("a".into()), Symbol("."), Word("b".into())]);
    }

    #[test]
    fn quotes_are_doubled_to_stand_for_themselves() {
        use TokenKind::{Quoted, String};
        check(
            r#"'it''s' `a``b` "c""d" 'back\'"#,
            &[
                String("it's".into()),
                Quoted("a`b".into()),
                Quoted("c\"d".into()),
                String("back\\".into()),
            ],
        );
    }

    #[test]
    fn comments_are_blanks() {
        check("-- a\n/* b ' */ x", &[TokenKind::Word("x".into())]);
        check("-- a\rx --@test: b\r\n", &[TokenKind::Word("x".into())]);
        check("/* /* */ x", &[TokenKind::Word("x".into())]);
    }

    #[test]
    fn what_is_not_closed_is_said_with_its_beginning() {
        let error = tokenize("SELECT\n 'abc").unwrap_err();
        assert_eq!(
            error.message,
            "line 2:2: Syntax Error\nthe string that begins here is not closed"
        );
    }
}
