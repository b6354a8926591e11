//! What went wrong, for a person and for a program.

use weir_sql::{Position, Span};

use crate::mask::{without_secrets, without_secrets_of};

/// Displays as the message alone; [`Error::render`] shows the place and the remedy.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{message}")]
pub struct Error {
    /// Who must act.
    pub kind: ErrorKind,
    /// In ksqlDB's words where there are any.
    pub message: String,
    /// The statement that failed, if one did.
    pub statement: Option<String>,
    /// Where in the statement, in bytes.
    pub span: Option<Span>,
    /// Whether the message is to begin with the place, once the statement is known.
    pub says_place: bool,
    /// What to do about it, if that is known.
    pub hint: Option<String>,
}

/// Who must act.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// The statement, or what it names.
    User,
    /// We: ksqlDB has what the statement asks for, and this version has not.
    Unsupported,
    /// The broker, the disk, the network: the same may work later.
    External,
    /// A defect of ours.
    Internal,
    /// Whoever gives rights: the broker does not let this service do it.
    Forbidden,
    /// The statement has rows, and the caller takes none ([`crate::Session::remote`]).
    HasRows,
    /// Nobody: ASSERT found it otherwise.
    Assertion,
}

impl Error {
    /// The statement, or what it names, is wrong.
    pub fn user(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::User, message)
    }

    /// The broker, the disk or the network did not do its part.
    pub fn external(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::External, message)
    }

    /// We did not.
    pub fn internal(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Internal, message)
    }

    pub(crate) fn has_rows() -> Self {
        Self::new(
            ErrorKind::HasRows,
            "SELECT and PRINT have rows, and none are taken here",
        )
    }

    /// ksqlDB has it, this version has not.
    pub fn unsupported(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Unsupported, message)
    }

    /// What a statement claims is not so.
    pub fn assertion(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Assertion, message)
    }

    fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            statement: None,
            span: None,
            says_place: false,
            hint: None,
        }
    }

    /// The same with its place in the statement, unless one is known already.
    pub(crate) fn about(mut self, span: Span) -> Self {
        self.span.get_or_insert(span);
        self
    }

    /// The same with what to do about it.
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The statement in which it happened; kept if one is known already.
    ///
    /// What the message repeats of the statement has no secrets in it.
    pub fn within(mut self, statement: &str) -> Self {
        self.message = without_secrets_of(statement, self.message);
        if let (true, Some(span)) = (std::mem::take(&mut self.says_place), self.span) {
            let Position { line, column } = Position::of(statement, span.start);
            self.message = format!("Line: {line}, Col: {column}: {}", self.message);
        }
        self.statement.get_or_insert_with(|| statement.to_owned());
        self
    }

    /// The statement in which it happened, as it may be shown: without secrets.
    pub fn statement_shown(&self) -> Option<String> {
        let statement = self.statement.as_deref()?;
        Some(without_secrets(statement).into_owned())
    }

    /// The same error as one of the script in which the statement begins at byte `start`: line, column and the place
    /// marked are then those of the script.
    pub fn placed(mut self, script: &str, start: usize) -> Self {
        let inner = self.statement.take().unwrap_or_default();
        let offset = self.span.map_or(0, |span| span.start);
        let rest = script.get(start..).unwrap_or_default();
        let span = match self.span {
            Some(span) if rest.starts_with(&inner) => {
                Span::new(start + span.start, start + span.end)
            }
            // Variables were put in: the statement is not as the script has it. Or the place is not known.
            _ => Span::new(start, start + rest.find('\n').unwrap_or(rest.len())),
        };
        let (from, to) = (
            Position::of(&inner, offset),
            Position::of(script, span.start),
        );
        // The parser names the place twice, before it quotes the statement; of a number it names the column after.
        for beyond in [0, 1] {
            let here = format!("line {}:{}", from.line, from.column + beyond);
            if self.message.contains(&here) {
                let there = format!("line {}:{}", to.line, to.column + beyond);
                self.message = self.message.replacen(&here, &there, 2);
                break;
            }
        }
        self.message = self.message.replacen(
            &format!("Line: {}, Col: {}", from.line, from.column),
            &format!("Line: {}, Col: {}", to.line, to.column),
            1,
        );
        self.statement = Some(script.to_owned());
        self.span = Some(span);
        self
    }

    /// Line and column in the statement.
    pub fn position(&self) -> Option<Position> {
        Some(Position::of(self.statement.as_ref()?, self.span?.start))
    }

    /// The message, the place marked, and the hint, as a person reads them; secrets in the statement are covered.
    pub fn render(&self) -> String {
        weir_sql::render(
            &self.message,
            &without_secrets(self.statement.as_deref().unwrap_or("")),
            self.span.filter(|_| self.statement.is_some()),
            self.hint.as_deref(),
        )
    }
}

impl From<weir_sql::Error> for Error {
    fn from(error: weir_sql::Error) -> Self {
        Self {
            span: Some(error.span),
            hint: error.hint,
            ..Self::user(error.message)
        }
    }
}

impl From<weir_plan::Error> for Error {
    fn from(error: weir_plan::Error) -> Self {
        let kind = match error.kind {
            weir_plan::ErrorKind::Unsupported => ErrorKind::Unsupported,
            _ => ErrorKind::User,
        };
        Self {
            span: error.span,
            says_place: error.says_place,
            hint: error.hint,
            ..Self::new(kind, error.message)
        }
    }
}

impl From<weir_catalog::Error> for Error {
    fn from(error: weir_catalog::Error) -> Self {
        Self::user(error.to_string())
    }
}

impl From<weir_kafka::Error> for Error {
    fn from(error: weir_kafka::Error) -> Self {
        use weir_kafka::ErrorKind::{
            InUse, Invalid, TooLarge, TopicExists, Unauthorized, UnknownTopic, Unsupported,
        };
        match error.kind {
            Unauthorized => Self::new(ErrorKind::Forbidden, error.message),
            InUse | Invalid | TooLarge | TopicExists | UnknownTopic | Unsupported => {
                Self::user(error.message)
            }
            _ => Self::external(error.message),
        }
    }
}

impl From<weir_runtime::Error> for Error {
    fn from(error: weir_runtime::Error) -> Self {
        let kind = match error.kind {
            weir_runtime::ErrorKind::User => ErrorKind::User,
            weir_runtime::ErrorKind::External => ErrorKind::External,
            weir_runtime::ErrorKind::Internal => ErrorKind::Internal,
        };
        Self::new(kind, error.message)
    }
}

#[cfg(test)]
mod tests {
    use weir_sql::Span;

    use super::Error;

    #[test]
    fn a_place_in_a_statement_becomes_one_in_its_script() {
        let script = "SET 'a'='b';\n\n  SELECT\n  x FROM y;";
        let start = script.find("SELECT").unwrap();
        let error = Error {
            span: Some(Span::new(9, 10)),
            ..Error::user("line 2:3: Syntax Error")
        };
        let placed = error.within("SELECT\n  x FROM y").placed(script, start);
        let expected = "\
error: line 4:3: Syntax Error
  4 |   x FROM y;
        ^
";
        assert_eq!(placed.render(), expected);
    }

    #[test]
    fn without_a_place_it_is_the_statements_first_line() {
        let script = "SET 'a'='b'; DROP STREAM\n x;";
        let error = Error::user("no such stream").within("DROP STREAM\n x");
        let expected = "\
error: no such stream
  1 | SET 'a'='b'; DROP STREAM
                   ^^^^^^^^^^^
";
        assert_eq!(error.placed(script, 13).render(), expected);
    }
}
