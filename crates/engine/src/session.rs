//! What SET and DEFINE change: for later statements of one caller.

use std::collections::BTreeMap;

use weir_sql::Variables;

/// A caller's own settings and variables.
#[derive(Debug, Clone, Default)]
pub struct Session {
    /// Properties that SET changed, by ksqlDB's names.
    pub properties: BTreeMap<String, String>,
    /// What DEFINE gave names to.
    pub variables: Variables,
    /// Settings that were in force when a statement that is read again was accepted.
    pub(crate) logged: BTreeMap<String, String>,
}
