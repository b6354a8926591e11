//! Why a statement of a scenario failed, and which of ksqlDB's exceptions that is.

use crate::{Error, ErrorKind, testing::Difference};

/// What a statement failed with.
#[derive(Debug)]
pub struct Failure {
    /// In ksqlDB's words where there are any.
    pub error: Error,
    /// For an ASSERT that does not hold: what is there instead.
    pub difference: Option<Box<Difference>>,
    class: Class,
}

/// What ksqlDB would have thrown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Class {
    ParseFailed,
    Statement,
    /// Without a statement.
    Ksql,
    Server,
    Assertion,
    Defect,
}

const PARSE_FAILED: &str = "io.confluent.ksql.parser.exception.ParseFailedException";
const STATEMENT: &str = "io.confluent.ksql.util.KsqlStatementException";
const KSQL: &str = "io.confluent.ksql.util.KsqlException";
const SERVER: &str = "io.confluent.ksql.util.KsqlServerException";
const ASSERTION: &str = "java.lang.AssertionError";
const ILLEGAL_STATE: &str = "java.lang.IllegalStateException";
const RUNTIME: &str = "java.lang.RuntimeException";
const EXCEPTION: &str = "java.lang.Exception";
const ERROR: &str = "java.lang.Error";
const THROWABLE: &str = "java.lang.Throwable";

impl Class {
    /// Itself and what it extends, as ksqlDB declares it.
    fn ancestry(self) -> &'static [&'static str] {
        match self {
            Self::ParseFailed => &[PARSE_FAILED, STATEMENT, KSQL, RUNTIME, EXCEPTION, THROWABLE],
            Self::Statement => &[STATEMENT, KSQL, RUNTIME, EXCEPTION, THROWABLE],
            Self::Ksql => &[KSQL, RUNTIME, EXCEPTION, THROWABLE],
            Self::Server => &[SERVER, KSQL, RUNTIME, EXCEPTION, THROWABLE],
            Self::Assertion => &[ASSERTION, ERROR, THROWABLE],
            Self::Defect => &[ILLEGAL_STATE, RUNTIME, EXCEPTION, THROWABLE],
        }
    }
}

impl Failure {
    /// The text is no statement.
    pub fn unparsed(error: Error) -> Self {
        Self::new(Class::ParseFailed, error)
    }

    /// The statement was refused, or could not be carried out.
    pub(super) fn of_statement(error: Error) -> Self {
        let class = match error.kind {
            ErrorKind::User
            | ErrorKind::Unsupported
            | ErrorKind::Forbidden
            | ErrorKind::HasRows => Class::Statement,
            // ASSERT TOPIC.
            ErrorKind::Assertion => Class::Ksql,
            ErrorKind::External => Class::Server,
            ErrorKind::Internal => Class::Defect,
        };
        Self::new(class, error)
    }

    /// A source is not as ASSERT STREAM has it.
    pub(super) fn of_source(error: Error) -> Self {
        Self::new(Class::Ksql, error)
    }

    /// Records are not what an ASSERT says.
    pub(super) fn of_records(error: Error, difference: Difference) -> Self {
        Self {
            difference: Some(Box::new(difference)),
            ..Self::new(Class::Assertion, error)
        }
    }

    fn new(class: Class, error: Error) -> Self {
        Self {
            error,
            difference: None,
            class,
        }
    }

    /// The statement in which it happened.
    pub(super) fn within(self, statement: &str) -> Self {
        Self {
            error: self.error.within(statement),
            ..self
        }
    }

    /// The Java class that ksqlDB would have thrown.
    pub fn class(&self) -> &'static str {
        self.class.ancestry()[0]
    }

    /// Whether it is trouble of the broker's or of ours, and says nothing of the statement: no test expects that.
    pub fn is_trouble(&self) -> bool {
        matches!(self.error.kind, ErrorKind::External | ErrorKind::Internal)
    }

    /// Whether an exception that is expected is this one or one that it extends; the package may be left out.
    pub fn is_a(&self, class: &str) -> bool {
        let ancestry = self.class.ancestry();
        ancestry.iter().any(|known| is_named(known, class))
    }

    /// The classes that a failure can have, and what they extend.
    pub fn classes() -> &'static [&'static str] {
        &[
            PARSE_FAILED,
            STATEMENT,
            KSQL,
            SERVER,
            ASSERTION,
            ILLEGAL_STATE,
            RUNTIME,
            EXCEPTION,
            ERROR,
            THROWABLE,
        ]
    }

    /// Whether any failure can be of this class.
    pub fn is_class(class: &str) -> bool {
        Self::classes().iter().any(|known| is_named(known, class))
    }
}

fn is_named(class: &str, name: &str) -> bool {
    class == name || class.rsplit('.').next() == Some(name)
}

#[cfg(test)]
mod tests {
    use super::Failure;
    use crate::Error;

    #[test]
    fn a_class_fits_if_it_is_the_one_thrown_or_one_above_it() {
        let parse = Failure::unparsed(Error::user("line 1:1: Syntax Error"));
        assert!(parse.is_a("io.confluent.ksql.parser.exception.ParseFailedException"));
        assert!(parse.is_a("KsqlException"));
        let refused = Failure::of_statement(Error::user("FOO does not exist."));
        assert!(refused.is_a("io.confluent.ksql.util.KsqlStatementException"));
        assert!(!refused.is_a("ParseFailedException"));
        assert!(!refused.is_a("java.lang.AssertionError"));
        assert!(!refused.is_a("io.elsewhere.KsqlStatementException"));
        assert!(Failure::is_class("AssertionError"));
        assert!(!Failure::is_class("KsqlStatement"));
    }
}
