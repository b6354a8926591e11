//! Text to tree.

use crate::{Error, Expression, Span, Statement, Variables};

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
pub fn split(_script: &str) -> Result<Vec<StatementText>, Error> {
    todo!()
}

/// Puts the variables in and parses; spans are places in the substituted text.
pub fn parse_statement(_text: &str, _variables: &Variables) -> Result<ParsedStatement, Error> {
    todo!()
}

/// Parses one expression and nothing else: for predicates given on the command line.
pub fn parse_expression(_text: &str) -> Result<Expression, Error> {
    todo!()
}
