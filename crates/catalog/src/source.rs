//! Streams and tables: a name and a shape for what is in a topic.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{FormatSpec, Schema};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    pub name: String,
    pub kind: SourceKind,
    pub topic: String,
    pub schema: Schema,
    pub key_format: FormatSpec,
    pub value_format: FormatSpec,
    /// The column that dates a row; the record's own timestamp if absent.
    pub timestamp: Option<TimestampColumn>,
    /// Declared with SOURCE: nothing may write to it.
    pub is_source: bool,
    /// The query that fills it, for CREATE … AS SELECT.
    pub created_by: Option<String>,
    /// The statement that made it, variables put in.
    pub statement: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimestampColumn {
    pub column: String,
    /// A Java `DateTimeFormatter` pattern; for STRING columns.
    pub format: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum SourceKind {
    Stream,
    Table,
}

/// `STREAM`, `TABLE`.
impl fmt::Display for SourceKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Stream => "STREAM",
            Self::Table => "TABLE",
        })
    }
}
