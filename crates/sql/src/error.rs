//! What is wrong with a text, and where.

use crate::{Position, Span};

/// A text that is not a statement. Displays as the message alone; [`Error::render`] shows the place.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{message}")]
pub struct Error {
    pub kind: ErrorKind,
    /// The whole message, in ksqlDB's words where the reference gives them: `line 1:8: Syntax Error…`.
    pub message: String,
    /// Where in the text that was given.
    pub span: Span,
    /// What to do about it, if that is known.
    pub hint: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    Syntax,
    /// Nested deeper, or longer, than the limits allow.
    TooComplex,
    /// A variable whose value is not a literal or an identifier.
    Variable,
}

impl Error {
    pub fn position(&self, text: &str) -> Position {
        Position::of(text, self.span.start)
    }
}
