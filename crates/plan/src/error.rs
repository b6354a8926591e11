//! Why a statement has no plan.

use weir_sql::Span;

/// Displays as the message alone, in ksqlDB's words where the reference gives them.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{message}")]
pub struct Error {
    pub kind: ErrorKind,
    pub message: String,
    /// The place in the statement's text, if there is one.
    pub span: Option<Span>,
    /// Whether ksqlDB's message begins with the place: `Line: 1, Col: 8: …`.
    pub says_place: bool,
    /// What to do about it, if that is known.
    pub hint: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    UnknownSource,
    UnknownColumn,
    UnknownFunction,
    UnknownTopic,
    Type,
    Key,
    Property,
    Exists,
    /// ksqlDB has it, this version does not yet; the message says so.
    Unsupported,
    Invalid,
}

impl Error {
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            span: None,
            says_place: false,
            hint: None,
        }
    }

    pub fn at(mut self, span: Span) -> Self {
        self.span.get_or_insert(span);
        self
    }

    /// The place, which the message itself begins with, as ksqlDB's does.
    pub fn saying(mut self, span: Span) -> Self {
        self.says_place = true;
        self.at(span)
    }

    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}
