//! The tokens that are still to be read, and the errors that name the next one.

use crate::{
    Error, ErrorKind, Ident, Position, Span,
    expression::MAX_DEPTH,
    keywords::is_reserved,
    lexer::{Token, TokenKind, tokenize},
};

/// The longest piece of a statement that an error repeats, in characters.
const SHOWN_STATEMENT: usize = 200;

pub struct Cursor<'a> {
    text: &'a str,
    tokens: Vec<Token>,
    at: usize,
    depth: usize,
}

impl<'a> Cursor<'a> {
    pub fn new(text: &'a str) -> Result<Self, Error> {
        Ok(Self {
            text,
            tokens: tokenize(text).map_err(|error| with_statement(error, text))?,
            at: 0,
            depth: 0,
        })
    }

    /// The token `ahead` of the next one; the end has no end.
    pub fn peek(&self, ahead: usize) -> &TokenKind {
        let last = self.tokens.len() - 1;
        &self.tokens[(self.at + ahead).min(last)].kind
    }

    /// Where the next token stands.
    pub fn span(&self) -> Span {
        self.tokens[self.at.min(self.tokens.len() - 1)].span
    }

    /// From `start` to the end of the token that was read last.
    pub fn span_from(&self, start: Span) -> Span {
        let last = self.tokens[self.at.saturating_sub(1)].span;
        Span::new(start.start, last.end.max(start.start))
    }

    pub fn advance(&mut self) -> Token {
        let token = self.tokens[self.at.min(self.tokens.len() - 1)].clone();
        self.at = (self.at + 1).min(self.tokens.len() - 1);
        token
    }

    pub fn position(&self) -> usize {
        self.at
    }

    /// Goes back to a [`Cursor::position`].
    pub fn rewind(&mut self, position: usize) {
        self.at = position;
    }

    pub fn is_word(&self, ahead: usize, word: &str) -> bool {
        matches!(self.peek(ahead), TokenKind::Word(found) if found.eq_ignore_ascii_case(word))
    }

    pub fn is_symbol(&self, ahead: usize, symbol: &str) -> bool {
        matches!(self.peek(ahead), TokenKind::Symbol(found) if *found == symbol)
    }

    pub fn is_end(&self) -> bool {
        *self.peek(0) == TokenKind::End
    }

    /// Reads the word if it is next.
    pub fn eat(&mut self, word: &str) -> bool {
        let is_next = self.is_word(0, word);
        self.at += usize::from(is_next);
        is_next
    }

    /// Reads all of these words if they are next, or none.
    pub fn eat_all(&mut self, words: &[&str]) -> bool {
        let are_next = words
            .iter()
            .enumerate()
            .all(|(ahead, word)| self.is_word(ahead, word));
        self.at += if are_next { words.len() } else { 0 };
        are_next
    }

    pub fn eat_symbol(&mut self, symbol: &str) -> bool {
        let is_next = self.is_symbol(0, symbol);
        self.at += usize::from(is_next);
        is_next
    }

    pub fn expect(&mut self, word: &str) -> Result<(), Error> {
        if self.eat(word) {
            return Ok(());
        }
        Err(self.expected(&format!("'{word}'")))
    }

    pub fn expect_symbol(&mut self, symbol: &str) -> Result<(), Error> {
        if self.eat_symbol(symbol) {
            return Ok(());
        }
        // `STRUCT<a ARRAY<INT>>` and its kin: the lexer knows no `>>`, so each closes one.
        Err(self.expected(&format!("'{symbol}'")))
    }

    /// A name: quoted as it is, unquoted in upper case and not reserved.
    pub fn identifier(&mut self) -> Result<Ident, Error> {
        let span = self.span();
        match self.peek(0) {
            TokenKind::Quoted(name) => {
                let ident = Ident::new(name.clone(), span);
                self.at += 1;
                Ok(ident)
            }
            TokenKind::Word(word) => {
                let folded = word.to_ascii_uppercase();
                if is_reserved(&folded) {
                    return Err(self.reserved(word));
                }
                self.at += 1;
                Ok(Ident::new(folded, span))
            }
            _ => Err(self.expected("identifier")),
        }
    }

    /// A name that is not folded, or a text: what PRINT and ASSERT TOPIC take. Any word may be one.
    pub fn name_as_written(&mut self) -> Result<Ident, Error> {
        let span = self.span();
        let (TokenKind::Quoted(name) | TokenKind::Word(name) | TokenKind::String(name)) =
            self.peek(0)
        else {
            return Err(self.expected("identifier or STRING"));
        };
        let ident = Ident::new(name.clone(), span);
        self.at += 1;
        Ok(ident)
    }

    /// The name of a source: letters, digits, `_` and `-` only, quoted or not.
    pub fn source_name(&mut self) -> Result<Ident, Error> {
        let ident = self.identifier()?;
        let is_allowed =
            |character: char| character.is_ascii_alphanumeric() || "_-".contains(character);
        if ident.value.is_empty() || !ident.value.chars().all(is_allowed) {
            let Position { line, column } = Position::of(self.text, ident.span.start);
            return Err(Error {
                kind: ErrorKind::Syntax,
                message: format!(
                    "Illegal argument at Line: {line}, Col: {column}. Source names may only contain alphanumeric values, '_' or '-'. Got: '{}'",
                    shorten(&ident.value, 80)
                ),
                span: ident.span,
                hint: None,
            });
        }
        Ok(ident)
    }

    pub fn string(&mut self) -> Result<String, Error> {
        let TokenKind::String(value) = self.peek(0) else {
            return Err(self.expected("STRING"));
        };
        let value = value.clone();
        self.at += 1;
        Ok(value)
    }

    /// A whole number that is not negative.
    pub fn number(&mut self) -> Result<u64, Error> {
        let TokenKind::Integer(digits) = self.peek(0) else {
            return Err(self.expected("INTEGER_VALUE"));
        };
        let value = digits.parse().map_err(|_| self.invalid_number(digits))?;
        self.at += 1;
        Ok(value)
    }

    pub fn invalid_number(&self, digits: &str) -> Error {
        let Position { line, column } = Position::of(self.text, self.span().start);
        self.error(
            format!(
                "line {line}:{column}: Invalid numeric literal: {}",
                shorten(digits, 80)
            ),
            None,
        )
    }

    /// Runs `read` one level deeper; refuses what nests too deep.
    pub fn nested<T>(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<T, Error>,
    ) -> Result<T, Error> {
        if self.depth >= MAX_DEPTH {
            return Err(self.too_complex());
        }
        self.depth += 1;
        let result = read(self);
        self.depth -= 1;
        result
    }

    pub fn too_complex(&self) -> Error {
        let Position { line, column } = Position::of(self.text, self.span().start);
        Error {
            kind: ErrorKind::TooComplex,
            message: format!(
                "line {line}:{column}: the statement nests more than {MAX_DEPTH} levels deep here"
            ),
            span: self.span(),
            hint: Some(
                "AND, OR and || take any number of operands; other operators need a shorter chain"
                    .to_owned(),
            ),
        }
    }

    /// The next token is not what the grammar wants here.
    pub fn expected(&self, wanted: &str) -> Error {
        if let TokenKind::Word(word) = self.peek(0)
            && wanted == "identifier"
            && is_reserved(&word.to_ascii_uppercase())
        {
            return self.reserved(word);
        }
        let found = self.found();
        self.syntax(
            &format!("mismatched input {found} expecting {wanted}"),
            None,
        )
    }

    fn reserved(&self, word: &str) -> Error {
        self.syntax(
            &format!(
                "\"{word}\" is a reserved keyword and it can't be used as an identifier. You can use it as an identifier by escaping it as '{word}' "
            ),
            Some(format!("write `{word}` between back-quotes")),
        )
    }

    pub fn unknown_statement(&self) -> Error {
        let shown = match self.peek(0) {
            TokenKind::Word(word) | TokenKind::Quoted(word) => shorten(word, 80),
            _ => self.found(),
        };
        self.syntax(&format!("Unknown statement '{shown}'"), None)
    }

    pub fn syntax(&self, what: &str, hint: Option<String>) -> Error {
        let Position { line, column } = Position::of(self.text, self.span().start);
        self.error(
            format!(
                "line {line}:{column}: Syntax Error\n{what}\nStatement: {}",
                shorten(self.text.trim(), SHOWN_STATEMENT)
            ),
            hint,
        )
    }

    fn error(&self, message: String, hint: Option<String>) -> Error {
        Error {
            kind: ErrorKind::Syntax,
            message,
            span: self.span(),
            hint,
        }
    }

    /// The next token as an error shows it.
    fn found(&self) -> String {
        if self.is_end() {
            return "'<EOF>'".to_owned();
        }
        let span = self.span();
        format!("'{}'", shorten(&self.text[span.start..span.end], 80))
    }
}

fn with_statement(mut error: Error, text: &str) -> Error {
    error.message = format!(
        "{}\nStatement: {}",
        error.message,
        shorten(text.trim(), SHOWN_STATEMENT)
    );
    error
}

/// At most `most` characters, with a mark where it was cut.
pub fn shorten(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
