//! Text to tree.

mod cursor;
mod expression;
mod primary;
mod query;
mod statement;
mod types;

use cursor::Cursor;
pub(crate) use cursor::shorten;

use crate::{
    Error, ErrorKind, Expression, Position, Span, Statement, Variables,
    lexer::{Lexer, TokenKind},
};

/// The longest statement that is read, in bytes.
pub const MAX_STATEMENT: usize = 32 << 20;

/// One statement's own text, without its semicolon and with the comments in it.
#[derive(Debug, Clone, PartialEq)]
pub struct StatementText {
    pub text: String,
    /// Where it stands in the script.
    pub span: Span,
}

/// A statement, and its text after the variables were put in.
#[derive(Debug, Clone, PartialEq)]
pub struct ParsedStatement {
    pub statement: Statement,
    pub text: String,
}

/// Cuts a script at its semicolons; a last statement without one is an error, a blank rest is not a statement.
pub fn split(script: &str) -> Result<Vec<StatementText>, Error> {
    let mut lexer = Lexer::new(script);
    let mut statements = Vec::new();
    let mut first: Option<Span> = None;
    loop {
        let token = lexer.next()?;
        match (token.kind, first) {
            (TokenKind::End, None) => return Ok(statements),
            (TokenKind::End, Some(start)) => {
                return Err(missing_semicolon(script, start, token.span));
            }
            (TokenKind::Symbol(";"), None) => {}
            (TokenKind::Symbol(";"), Some(start)) => {
                let span = Span::new(start.start, token.span.start);
                let text = script[span.start..span.end].trim_end().to_owned();
                statements.push(StatementText { text, span });
                first = None;
            }
            (_, None) => first = Some(token.span),
            _ => {}
        }
    }
}

fn missing_semicolon(script: &str, start: Span, end: Span) -> Error {
    let Position { line, column } = Position::of(script, end.start);
    Error {
        kind: ErrorKind::Unfinished,
        message: format!(
            "line {line}:{column}: Syntax Error\nmissing ';' at '<EOF>'\nStatement: {}",
            shorten(script[start.start..].trim(), 200)
        ),
        span: Span::new(end.start, end.start),
        hint: Some("end the statement with a semicolon".to_owned()),
    }
}

/// Puts the variables in and parses.
///
/// Spans in the statement are places in [`ParsedStatement::text`]; an error's span is a place in the text that was given.
pub fn parse_statement(text: &str, variables: &Variables) -> Result<ParsedStatement, Error> {
    check_length(text.len())?;
    let substituted = variables.put_into(text)?;
    match statement(&substituted.text) {
        Ok(statement) => Ok(ParsedStatement {
            statement,
            text: substituted.text,
        }),
        Err(error) => Err(Error {
            span: substituted.original(error.span),
            ..error
        }),
    }
}

fn statement(text: &str) -> Result<Statement, Error> {
    let mut cursor = Cursor::new(text)?;
    let statement = statement::statement(&mut cursor)?;
    cursor.eat_symbol(";");
    if !cursor.is_end() {
        return Err(cursor.expected_end());
    }
    Ok(statement)
}

/// Refuses what is longer than [`MAX_STATEMENT`].
pub(crate) fn check_length(length: usize) -> Result<(), Error> {
    if length <= MAX_STATEMENT {
        return Ok(());
    }
    Err(Error {
        kind: ErrorKind::TooComplex,
        message: format!("the statement has {length} bytes; at most {MAX_STATEMENT} are read"),
        span: Span::new(0, 0),
        hint: None,
    })
}

/// Parses one expression and nothing else: for predicates given on the command line.
pub fn parse_expression(text: &str) -> Result<Expression, Error> {
    check_length(text.len())?;
    let mut cursor = Cursor::of_expression(text)?;
    let expression = expression::expression(&mut cursor)?;
    if !cursor.is_end() {
        return Err(cursor.expected_end());
    }
    Ok(expression)
}
