//! What SET and DEFINE change: for later statements of one caller.

use std::collections::BTreeMap;

use tokio_util::sync::{CancellationToken, DropGuard};
use weir_sql::Variables;

use crate::{Error, properties};

/// A caller's own settings and variables.
#[derive(Debug, Clone, Default)]
pub struct Session {
    /// Properties that SET changed, by ksqlDB's names.
    pub properties: BTreeMap<String, String>,
    /// What DEFINE gave names to.
    pub variables: Variables,
    /// Whether the caller is somebody else's machine: RUN SCRIPT would read this one's files.
    pub(crate) is_remote: bool,
    /// Whether the caller has no use for rows: SELECT and PRINT are refused.
    pub(crate) takes_no_rows: bool,
    /// Told when the caller has gone: what only waits stops waiting.
    pub(crate) has_gone: CancellationToken,
    /// For a statement that is read again: the settings that decided what it made when it was accepted.
    pub(crate) logged: Option<BTreeMap<String, String>>,
}

impl Session {
    /// For statements that come from another machine: they read no file of this one. When the guard that it gives is
    /// dropped, nobody waits for their answers any more.
    pub fn remote(self) -> (Self, DropGuard) {
        let has_gone = CancellationToken::new();
        let guard = has_gone.clone().drop_guard();
        let session = Self {
            is_remote: true,
            has_gone,
            ..self
        };
        (session, guard)
    }

    /// For callers that take answers and no rows: SELECT and PRINT are refused, with all statements beside them.
    pub fn without_rows(self) -> Self {
        Self {
            takes_no_rows: true,
            ..self
        }
    }

    /// What SET does: later statements of this session run with it. Gives the value before.
    pub fn set_property(&mut self, name: &str, value: &str) -> Result<Option<String>, Error> {
        let name = properties::settable(name)?;
        properties::check_value(name, value)?;
        Ok(self.properties.insert(name.to_owned(), value.to_owned()))
    }
}
