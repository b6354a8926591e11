//! The tokens that are still to be read, and the errors that name the next one.

use std::mem;

use crate::{
    Error, ErrorKind, Ident, Position, Span,
    deep::deep,
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
    /// How many brackets are open: what the parser's own recursion is bounded by.
    depth: usize,
    /// How high the tree is that was read since [`Cursor::beside`]: what everyone else's recursion is bounded by.
    height: usize,
    /// What the statement that an error shows ends with.
    terminator: &'static str,
}

impl<'a> Cursor<'a> {
    pub fn new(text: &'a str) -> Result<Self, Error> {
        Ok(Self {
            text,
            tokens: tokenize(text).map_err(|error| with_statement(error, text))?,
            at: 0,
            depth: 0,
            height: 0,
            terminator: ";",
        })
    }

    /// Over a text that is an expression and not a statement.
    pub fn of_expression(text: &'a str) -> Result<Self, Error> {
        let mut cursor = Self::new(text)?;
        cursor.terminator = "";
        Ok(cursor)
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
        Err(self.expected(&format!("'{symbol}'")))
    }

    /// A name: quoted as it is, unquoted in upper case and not reserved.
    pub fn identifier(&mut self) -> Result<Ident, Error> {
        let span = self.span();
        let name = match self.peek(0) {
            TokenKind::Quoted(name) => name.clone(),
            TokenKind::Word(word) => {
                let folded = word.to_ascii_uppercase();
                if is_reserved(&folded) {
                    return Err(self.reserved(word));
                }
                folded
            }
            _ => return Err(self.expected("identifier")),
        };
        self.at += 1;
        Ok(Ident::new(name, span))
    }

    /// Whether [`Cursor::identifier`] would read the token `ahead` of the next one.
    pub fn is_identifier(&self, ahead: usize) -> bool {
        match self.peek(ahead) {
            TokenKind::Quoted(_) => true,
            TokenKind::Word(word) => !is_reserved(&word.to_ascii_uppercase()),
            _ => false,
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
            let message = format!(
                "Illegal argument at Line: {line}, Col: {column}. Source names may only contain alphanumeric values, '_' or '-'. Got: '{}'",
                shorten(&ident.value, 80)
            );
            return Err(self.refusal(message, ident.span, None));
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
        let value = digits
            .parse()
            .map_err(|_| self.invalid_number("", digits))?;
        self.at += 1;
        Ok(value)
    }

    /// Runs `read` one level deeper, with room on the stack; refuses what nests too deep.
    pub fn nested<T>(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<T, Error>,
    ) -> Result<T, Error> {
        if self.depth >= MAX_DEPTH {
            return Err(self.too_complex());
        }
        self.depth += 1;
        let result = deep(|| self.beside(read));
        self.depth -= 1;
        result
    }

    /// Reads one operand next to others: the higher of them counts, not their sum.
    pub fn beside<T>(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let others = mem::take(&mut self.height);
        let result = read(self);
        self.height = self.height.max(others);
        result
    }

    /// A node stands on what was read; refuses a tree that is too high.
    ///
    /// Brackets alone do not bound a tree: `(a + a + …) + a + …` is as high as all its chains together.
    pub fn raise(&mut self) -> Result<(), Error> {
        if self.height >= MAX_DEPTH {
            return Err(self.too_complex());
        }
        self.height += 1;
        Ok(())
    }

    pub fn too_complex(&self) -> Error {
        let Position { line, column } = self.place();
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

    /// The next token is not the one, or not one of the few, that the grammar wants here.
    pub fn expected(&self, wanted: &str) -> Error {
        if let TokenKind::Variable(name) = self.peek(0) {
            return self.undefined(name);
        }
        if let TokenKind::Word(word) = self.peek(0)
            && wanted == "identifier"
            && is_reserved(&word.to_ascii_uppercase())
        {
            return self.reserved(word);
        }
        self.syntax(&format!("Expecting {wanted}"), None)
    }

    /// Nothing in the grammar begins like this: an expression, a type, the second word of a statement.
    pub fn no_viable(&self, wanted: &str) -> Error {
        if let TokenKind::Variable(name) = self.peek(0) {
            return self.undefined(name);
        }
        let Position { line, column } = self.place();
        let what = format!(
            "Syntax error at or near {} at line {line}:{column}",
            self.found()
        );
        self.syntax(&what, Some(format!("{wanted} should stand here")))
    }

    /// The statement is whole, and something follows.
    pub fn expected_end(&self) -> Error {
        if let TokenKind::Variable(name) = self.peek(0) {
            return self.undefined(name);
        }
        let hint = format!("{} does not go on what stands before it", self.found());
        self.syntax("", Some(hint))
    }

    /// A variable that is still there when the text is parsed has no value.
    fn undefined(&self, name: &str) -> Error {
        let name = shorten(name, 80);
        let Position { line, column } = self.place();
        self.error(
            format!("Illegal argument at Line: {line}, Col: {column}. Got: '${{{name}}}'"),
            Some(format!(
                "the variable `{name}` has no value: DEFINE {name} = '…';"
            )),
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
        self.syntax(&format!("Unknown statement {}", self.found()), None)
    }

    pub fn syntax(&self, what: &str, hint: Option<String>) -> Error {
        let Position { line, column } = self.place();
        self.error(
            format!(
                "line {line}:{column}: Syntax Error\n{what}\nStatement: {}",
                shown_statement(self.text, self.terminator)
            ),
            hint,
        )
    }

    /// A number that no type has room for; `sign` is what stands before its digits.
    pub fn invalid_number(&self, sign: &str, digits: &str) -> Error {
        let is_long = digits.len() > 18 && digits.bytes().all(|byte| byte.is_ascii_digit());
        let hint = format!("integers go from {} to {}", i64::MIN, i64::MAX);
        self.refused_number(
            "Invalid numeric literal",
            sign,
            digits,
            is_long.then_some(hint),
        )
    }

    /// A number of the right form that is too large for DOUBLE.
    pub fn overflowing_number(&self, sign: &str, digits: &str) -> Error {
        let hint = format!("the largest DOUBLE is {:?}", f64::MAX);
        self.refused_number("Number overflows DOUBLE", sign, digits, Some(hint))
    }

    fn refused_number(&self, why: &str, sign: &str, digits: &str, hint: Option<String>) -> Error {
        let Position { line, column } = self.place();
        // ksqlDB counts this column from the number's second character.
        let column = column + 1 - sign.len();
        self.error(
            format!(
                "Failed to prepare statement: line {line}:{column}: {why}: {sign}{}",
                shorten(digits, 80)
            ),
            hint,
        )
    }

    /// What is wrong in itself, not for its place: the message is the caller's.
    pub fn refusal(&self, message: String, span: Span, hint: Option<String>) -> Error {
        Error {
            kind: ErrorKind::Syntax,
            message,
            span,
            hint,
        }
    }

    fn place(&self) -> Position {
        Position::of(self.text, self.span().start)
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
        shown_statement(text, ";")
    );
    error
}

/// The statement as an error repeats it: cut short, or whole and with its semicolon.
fn shown_statement(text: &str, terminator: &str) -> String {
    let text = text.trim();
    let shown = shorten(text, SHOWN_STATEMENT);
    if shown.len() == text.len() && !shown.ends_with(terminator) {
        shown + terminator
    } else {
        shown
    }
}

/// At most `most` characters, with a mark where it was cut.
pub fn shorten(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
